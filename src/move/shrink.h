/* SPDX-License-Identifier: GPL-2.0 */
/* One pass of reclaim over a node; see shrink.c. */
#ifndef _UMBRA_SHRINK_H
#define _UMBRA_SHRINK_H

#include "../core/core.h"

/**
 * struct umbra_scan - one pass of reclaim over a node
 * @gfp: what callbacks may do
 * @order: order that is wanted
 * @highest: pages of higher zones are of no use
 * @priority: so much of it is looked at: 1/2^priority
 * @nr_to_reclaim: when to stop, in pages
 * @nr_reclaimed: pages freed so far
 * @nr_scanned: pages of LRU lists looked at so far
 * @is_kswapd: who does it
 * @waited: for what others had isolated
 */
struct umbra_scan {
	gfp_t gfp;
	unsigned int order;
	enum umbra_zone_type highest;
	int priority;
	unsigned long nr_to_reclaim;
	unsigned long nr_reclaimed;
	unsigned long nr_scanned;
	bool is_kswapd;
	bool waited;
};

#define UMBRA_SCAN_PRIORITY 12

unsigned long umbra_zone_reclaimable(const struct umbra_zone *zone);
void umbra_shrink_node(struct umbra *u, struct umbra_node *node,
		       struct umbra_scan *scan);

#endif /* _UMBRA_SHRINK_H */
