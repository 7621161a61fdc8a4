/* SPDX-License-Identifier: GPL-2.0 */
/* The migratetypes of pageblocks of the host, which it does not export. */
#ifndef _UMBRA_PAGEBLOCK_H
#define _UMBRA_PAGEBLOCK_H

#include <linux/bits.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>

/*
 * Can the types be read? Without sparse memory they are elsewhere. 6.17 gave
 * isolation a bit of its own.
 */
#ifdef CONFIG_SPARSEMEM
#define UMBRA_HAS_PAGEBLOCKS
#endif

#define UMBRA_PAGEBLOCK_TYPE 7	/* the bits of the type */

/* Find the word with the bits of a pageblock, and the first of them. */
#ifdef UMBRA_HAS_PAGEBLOCKS
static inline unsigned long *umbra_host_pageblock_word(unsigned long pfn,
						       unsigned int *bit)
{
	unsigned long *bits = section_to_usemap(__pfn_to_section(pfn));
	unsigned long nr = (pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order;

	*bit = nr * NR_PAGEBLOCK_BITS % BITS_PER_LONG;
	return bits + nr * NR_PAGEBLOCK_BITS / BITS_PER_LONG;
}
#endif

static inline unsigned int umbra_host_pageblock_type(unsigned long pfn)
{
#ifdef UMBRA_HAS_PAGEBLOCKS
	unsigned int bit;
	unsigned long *word = umbra_host_pageblock_word(pfn, &bit);
	unsigned long flags = READ_ONCE(*word) >> bit;

#ifdef PAGEBLOCK_ISO_MASK
	if (flags & PAGEBLOCK_ISO_MASK)
		return MIGRATE_ISOLATE;
#endif
	return flags & UMBRA_PAGEBLOCK_TYPE;
#else
	return MIGRATE_MOVABLE;
#endif
}

#ifdef UMBRA_HAS_PAGEBLOCKS
/*
 * Make a pageblock movable whose pages the caller has. The caller must hold the
 * zone lock, and nothing else may change the pageblocks next to it.
 */
static inline void umbra_host_make_movable(unsigned long pfn)
{
	unsigned int bit;
	unsigned long *word = umbra_host_pageblock_word(pfn, &bit);
	unsigned long rest = *word & ~((unsigned long)UMBRA_PAGEBLOCK_TYPE << bit);

	WRITE_ONCE(*word, rest | (unsigned long)MIGRATE_MOVABLE << bit);
}
#endif

#endif /* _UMBRA_PAGEBLOCK_H */
