/* SPDX-License-Identifier: GPL-2.0 */
/* The migratetypes of pageblocks of the host, which it does not export. */
#ifndef _UMBRA_PAGEBLOCK_H
#define _UMBRA_PAGEBLOCK_H

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

static inline unsigned int umbra_host_pageblock_type(unsigned long pfn)
{
#ifdef UMBRA_HAS_PAGEBLOCKS
	unsigned long *bits = section_to_usemap(__pfn_to_section(pfn));
	unsigned long nr = (pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order;
	unsigned long word = nr * NR_PAGEBLOCK_BITS;
	unsigned long flags = READ_ONCE(bits[word / BITS_PER_LONG]) >>
			      word % BITS_PER_LONG;

#ifdef PAGEBLOCK_ISO_MASK
	if (flags & PAGEBLOCK_ISO_MASK)
		return MIGRATE_ISOLATE;
#endif
	return flags & UMBRA_PAGEBLOCK_TYPE;
#else
	return MIGRATE_MOVABLE;
#endif
}

#endif /* _UMBRA_PAGEBLOCK_H */
