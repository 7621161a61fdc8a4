// SPDX-License-Identifier: GPL-2.0
/* Trace events, and the names of values that they print. */
#include <sim/text.h>
#include <sim/trace.h>
#include "../../src/parse/gfp.h"
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

/* The text is valid until the next call. */
const char *sim_gfp_names(unsigned long gfp)
{
	static char text[LINE];
	const struct umbra_gfp_name *n;
	size_t len = 0;

	if (!gfp)
		return "none";
	for (n = umbra_gfp_names; n->name; n++) {
		if ((gfp & n->flags) != n->flags)
			continue;
		len += scnprintf(text + len, sizeof(text) - len, "%s%s",
				 len ? "|" : "", n->name);
		gfp &= ~(unsigned long)n->flags;
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

/**
 * umbra_sim_gfp_parse() - read flags of a request
 * @text: names and numbers, with '|' between them
 * @gfp: filled in
 *
 * Return: 0 or a negative errno value, see umbra_parse_gfp().
 */
int umbra_sim_gfp_parse(const char *text, gfp_t *gfp)
{
	return umbra_parse_gfp(text, gfp);
}
