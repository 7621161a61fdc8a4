/* SPDX-License-Identifier: GPL-2.0 */
/* One pass of reclaim over a node; see shrink.c. */
#ifndef _UMBRA_SHRINK_H
#define _UMBRA_SHRINK_H

#include "../core/core.h"

/**
 * struct umbra_scan - parameters and results of reclaim
 * @gfp: limits of what callbacks may do
 * @order: order of the wanted block
 * @highest: highest zone to reclaim from
 * @priority: part of the LRU lists to scan in a pass, as 1/2^priority
 * @nr_to_reclaim: number of freed pages that ends a pass over a node
 * @nr_reclaimed: number of pages freed so far
 * @nr_scanned: number of pages of the LRU lists scanned so far
 * @is_kswapd: whether kswapd reclaims
 * @is_direct: whether a request reclaims for itself
 * @is_proactive: whether pages are reclaimed before a request needs them
 * @waited: whether the task has waited for isolated blocks
 * @keep_exposed: whether blocks that user space may have mapped stay
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
	bool is_direct;
	bool is_proactive;
	bool waited;
	bool keep_exposed;
};

/* The priority of the first pass, as in the host. */
#define UMBRA_SCAN_PRIORITY 12

unsigned long umbra_shrinkers_count(struct umbra *u, unsigned int nid,
				    gfp_t gfp);
void umbra_shrink_node(struct umbra *u, struct umbra_node *node,
		       struct umbra_scan *scan);
unsigned long umbra_shrink_nodes(struct umbra *u, unsigned long nr_pages,
				 bool is_proactive);

#endif /* _UMBRA_SHRINK_H */
