// SPDX-License-Identifier: GPL-2.0
/* Trace events, and the names of values that they print. */
#include <sim/text.h>
#include <sim/trace.h>
#include "internal.h"

#define LINE	512

bool sim_events_on;

static void (*event_fn)(void *arg, const char *event, const char *text);
static void *event_arg;

void umbra_sim_set_event(void (*fn)(void *arg, const char *event,
				    const char *text), void *arg)
{
	event_fn = fn;
	event_arg = arg;
	sim_events_on = fn;
}

void sim_event(const char *name, const char *fmt, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	event_fn(event_arg, name, text);
}

const char *sim_symbol_name(long value, const struct sim_symbol *symbols,
			    size_t nr)
{
	while (nr--)
		if (symbols[nr].value == value)
			return symbols[nr].name;
	return "?";
}

#define GFP(name)	{ name, #name }

/* Those of several flags come first, because a name stands for all its bits. */
static const struct gfp_name {
	gfp_t flags;
	const char *name;
} gfp_names[] = {
	GFP(GFP_TRANSHUGE), GFP(GFP_TRANSHUGE_LIGHT), GFP(GFP_HIGHUSER_MOVABLE),
	GFP(GFP_HIGHUSER), GFP(GFP_USER), GFP(GFP_KERNEL_ACCOUNT),
	GFP(GFP_KERNEL), GFP(GFP_NOFS), GFP(GFP_ATOMIC), GFP(GFP_NOIO),
	GFP(GFP_NOWAIT), GFP(GFP_DMA), GFP(GFP_DMA32), GFP(__GFP_HIGHMEM),
	GFP(__GFP_MOVABLE), GFP(__GFP_RECLAIMABLE), GFP(__GFP_HIGH),
	GFP(__GFP_IO), GFP(__GFP_FS), GFP(__GFP_ZERO),
	GFP(__GFP_DIRECT_RECLAIM), GFP(__GFP_KSWAPD_RECLAIM), GFP(__GFP_WRITE),
	GFP(__GFP_NOWARN), GFP(__GFP_RETRY_MAYFAIL), GFP(__GFP_NOFAIL),
	GFP(__GFP_NORETRY), GFP(__GFP_MEMALLOC), GFP(__GFP_COMP),
	GFP(__GFP_NOMEMALLOC), GFP(__GFP_HARDWALL), GFP(__GFP_THISNODE),
	GFP(__GFP_ACCOUNT),
	/* read, and printed by the names above */
	GFP(__GFP_DMA), GFP(__GFP_DMA32), GFP(__GFP_RECLAIM),
};

/* The text is valid until the next call. */
const char *sim_gfp_names(unsigned long gfp)
{
	static char text[LINE];
	unsigned int i;
	size_t len = 0;

	if (!gfp)
		return "none";
	for (i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		gfp_t flags = gfp_names[i].flags;

		if ((gfp & flags) != flags)
			continue;
		len += scnprintf(text + len, sizeof(text) - len, "%s%s",
				 len ? "|" : "", gfp_names[i].name);
		gfp &= ~(unsigned long)flags;
	}
	if (gfp)
		scnprintf(text + len, sizeof(text) - len, "%s0x%lx",
			  len ? "|" : "", gfp);
	return text;
}

void for_each_kernel_tracepoint(void (*fn)(struct tracepoint *tp, void *data),
				void *data)
{
	struct tracepoint **tp;

	for (tp = __start_sim_tracepoints; tp < __stop_sim_tracepoints; tp++)
		fn(*tp, data);
}

int tracepoint_probe_register(struct tracepoint *tp, void *probe, void *data)
{
	if (tp->probe)
		return -EEXIST;
	tp->probe = probe;
	tp->data = data;
	return 0;
}

int tracepoint_probe_unregister(struct tracepoint *tp, void *probe, void *data)
{
	if (tp->probe != probe || tp->data != data)
		return -ENOENT;
	tp->probe = NULL;
	return 0;
}

static int flag_of(const char *word, gfp_t *flags)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++)
		if (!strcmp(word, gfp_names[i].name)) {
			*flags = gfp_names[i].flags;
			return 0;
		}
	return kstrtouint(word, 0, flags);
}

/**
 * umbra_sim_gfp_parse() - read flags of a request
 * @text: names and numbers, with '|' between them
 * @gfp: filled in
 *
 * Return: 0, or -EINVAL for another word.
 */
int umbra_sim_gfp_parse(const char *text, gfp_t *gfp)
{
	char copy[LINE], *rest = copy, *word;
	gfp_t flags;

	if (strscpy(copy, text) < 0)
		return -EINVAL;
	*gfp = 0;
	while ((word = strsep(&rest, "|"))) {
		if (flag_of(word, &flags))
			return -EINVAL;
		*gfp |= flags;
	}
	return 0;
}
