/* SPDX-License-Identifier: GPL-2.0 */
/* How the free memory of a zone is cut up. */
#ifndef _UMBRA_FRAGMENTATION_H
#define _UMBRA_FRAGMENTATION_H

#include "../core/core.h"

/**
 * struct umbra_free_blocks - free blocks of a zone, as an order sees them
 * @pages: in pages
 * @total: blocks of any order
 * @suitable: blocks of the order that could be cut
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
void umbra_count_free_blocks(struct umbra_free_blocks *b,
			     const unsigned long nr_free[UMBRA_NR_ORDERS],
			     unsigned int order);
int umbra_fragmentation_index(const struct umbra_free_blocks *b,
			      unsigned int order);
int umbra_unusable_index(const struct umbra_free_blocks *b, unsigned int order);

#endif /* _UMBRA_FRAGMENTATION_H */
