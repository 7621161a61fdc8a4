// SPDX-License-Identifier: GPL-2.0
/*
 * Node reclaim: with zone_reclaim_mode, a request that finds a near node below
 * its watermark reclaims from that node before it uses a farther one.
 *
 * The pages on the LRU lists stand for the page cache of the host, and blocks
 * that user space may have mapped for mapped pages. Objects of shrinkers stand
 * for pages of slabs.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mempolicy.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/shrink.h"
#include "node_reclaim.h"

/* The priority of the first pass, as in the host: a 16th of the lists. */
#define NODE_RECLAIM_PRIORITY 4

/* A percentage of the pages of a node, rounded down for each zone. */
static unsigned long percent_of(const struct umbra *u,
				const struct umbra_node *node,
				unsigned int percent)
{
	unsigned long pages = 0;
	int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		const struct umbra_zone *zone = umbra_node_zone(u, node, type);

		if (zone)
			pages += READ_ONCE(zone->nr_managed) * percent / 100;
	}
	return pages;
}

/* The pages on the LRU lists of a node that need no I/O. */
static unsigned long nr_clean(const struct umbra *u,
			      const struct umbra_node *node)
{
	unsigned long pages = READ_ONCE(node->lru.nr[LRU_LIST_INACTIVE]) +
			      READ_ONCE(node->lru.nr[LRU_LIST_ACTIVE]);

	return pages - min(pages, umbra_node_dirty(u, node->nid));
}

static bool has_cpu(const struct umbra *u, unsigned int nid)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (u->cpu_node[cpu] == nid)
			return true;
	return false;
}

/*
 * Has a node more to reclaim than the share that it should keep? Asks shrinkers, so
 * the task must be in a scope of reclaim.
 */
static bool is_worth_it(struct umbra *u, const struct umbra_node *node,
			gfp_t gfp)
{
	return nr_clean(u, node) >
	       percent_of(u, node, READ_ONCE(u->min_unmapped_ratio)) ||
	       umbra_shrinkers_count(u, node->nid, gfp) >
	       percent_of(u, node, READ_ONCE(u->min_slab_ratio));
}

/* Reclaim until a request could have its pages. Returns the pages freed. */
static unsigned long reclaim(struct umbra *u, struct umbra_node *node,
			     const struct umbra_request *rq, gfp_t gfp,
			     unsigned int mode)
{
	unsigned long wanted = 1UL << rq->order;
	struct umbra_scan scan = {
		.gfp = gfp,
		.order = rq->order,
		.highest = rq->highest,
		.priority = NODE_RECLAIM_PRIORITY,
		.nr_to_reclaim = max(wanted, SWAP_CLUSTER_MAX),
		.is_direct = true,
		.keep_exposed = !(mode & RECLAIM_UNMAP),
	};

	cond_resched();
	do {
		umbra_shrink_node(u, node, &scan);
	} while (scan.nr_reclaimed < wanted && --scan.priority >= 0);
	return scan.nr_reclaimed;
}

/*
 * Reclaim from the node of a zone for a request that may sleep. A node with CPUs
 * is left to them. Only one task reclaims from a node at a time.
 */
static bool node_reclaim(struct umbra_zone *zone,
			 const struct umbra_request *rq)
{
	struct umbra *u = zone->umbra;
	struct umbra_node *node = &u->nodes[zone->nid];
	unsigned int mode = READ_ONCE(u->zone_reclaim_mode), noreclaim;
	gfp_t gfp = rq->gfp;
	unsigned long freed = 0;
	bool worth;

	if (!gfpflags_allow_blocking(rq->gfp) || current->flags & PF_MEMALLOC)
		return false;
	if ((int)zone->nid != umbra_current_node(u) &&
	    has_cpu(u, zone->nid))
		return false;
	if (test_and_set_bit_lock(node->nid, &u->reclaimed_nodes))
		return false;
	if (!(mode & RECLAIM_WRITE))
		gfp &= ~(__GFP_IO | __GFP_FS);
	noreclaim = memalloc_noreclaim_save();
	worth = is_worth_it(u, node, gfp);
	if (worth)
		freed = reclaim(u, node, rq, gfp, mode);
	memalloc_noreclaim_restore(noreclaim);
	clear_bit_unlock(node->nid, &u->reclaimed_nodes);
	if (!worth)
		return false;
	umbra_count(zone, freed >> rq->order ? EVENT_ZONE_RECLAIM_SUCCESS :
					       EVENT_ZONE_RECLAIM_FAILED, 1);
	return freed;
}

/* Set the shares to the defaults of the host; the mode is 0. Context: any. */
void umbra_node_reclaim_init(struct umbra *u)
{
	u->min_unmapped_ratio = 1;
	u->min_slab_ratio = 5;
}

/* Set zone_reclaim_mode. Context: any; umbra.control_lock held. */
void umbra_node_reclaim_set_mode(struct umbra *u, unsigned int mode)
{
	WRITE_ONCE(u->zone_reclaim_mode, mode);
	WRITE_ONCE(u->node_reclaim, mode ? node_reclaim : NULL);
}
