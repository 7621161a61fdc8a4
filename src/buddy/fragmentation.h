/* SPDX-License-Identifier: GPL-2.0 */
/* Fragmentation of a zone; see fragmentation.c. */
#ifndef _UMBRA_FRAGMENTATION_H
#define _UMBRA_FRAGMENTATION_H

#include "../core/core.h"

/**
 * struct umbra_free_blocks - free blocks of a zone, summed for an order
 * @pages: free pages
 * @total: free blocks of any order
 * @suitable: blocks of the order that fit in the free blocks
 */
struct umbra_free_blocks {
	u64 pages;
	u64 total;
	u64 suitable;
};

unsigned long umbra_snapshot_buddyinfo(struct umbra_zone *zone,
				       unsigned long nr_free[UMBRA_NR_ORDERS]);
void umbra_snapshot_pagetypes(struct umbra_zone *zone,
			      unsigned long nr_free[UMBRA_NR_ORDERS]
						   [UMBRA_NR_TYPES]);
unsigned long umbra_free_in_pageblocks(const struct umbra_zone *zone);
void umbra_count_free_blocks(struct umbra_free_blocks *b,
			     const unsigned long nr_free[UMBRA_NR_ORDERS],
			     unsigned int order);
int umbra_fragmentation_index(const struct umbra_free_blocks *b,
			      unsigned int order);
int umbra_unusable_index(const struct umbra_free_blocks *b, unsigned int order);

#endif /* _UMBRA_FRAGMENTATION_H */
