// SPDX-License-Identifier: GPL-2.0
/* Names of the flags of a request, as the host spells them. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>
#include "gfp.h"

#define GFP(name)	{ name, #name }

const struct umbra_gfp_name umbra_gfp_names[] = {
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
	{}
};
EXPORT_SYMBOL_IF_KUNIT(umbra_gfp_names);

static int parse_word(const char *word, gfp_t *flags)
{
	const struct umbra_gfp_name *n;
	unsigned int number;
	int err;

	for (n = umbra_gfp_names; n->name; n++)
		if (!strcmp(word, n->name)) {
			*flags = n->flags;
			return 0;
		}
	err = kstrtouint(word, 0, &number);
	*flags = (__force gfp_t)number;
	return err;
}

/**
 * umbra_parse_gfp() - read the flags of a request
 * @text: names and numbers, with '|' between them
 * @gfp: filled in
 *
 * Context: any.
 * Return: 0, or -EINVAL for another word, or for a text of %UMBRA_GFP_TEXT or
 * more bytes; -ERANGE for a number of more than 32 bits.
 */
int umbra_parse_gfp(const char *text, gfp_t *gfp)
{
	char copy[UMBRA_GFP_TEXT], *rest = copy, *word;
	gfp_t flags;
	int err;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	*gfp = 0;
	while ((word = strsep(&rest, "|"))) {
		err = parse_word(word, &flags);
		if (err)
			return err;
		*gfp |= flags;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_parse_gfp);
