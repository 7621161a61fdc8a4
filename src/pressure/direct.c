// SPDX-License-Identifier: GPL-2.0
/* Direct reclaim: a task reclaims for its own request. */
#include <linux/minmax.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include "../core/core.h"
#include "../core/latency.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/shrink.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "direct.h"
#include "kswapd.h"
#include <trace/events/umbra.h>

/* Run one pass of reclaim over every node that the request may use. */
static void shrink_nodes(struct umbra *u, const struct umbra_request *rq,
			 struct umbra_scan *scan)
{
	umbra_nodemask_t seen = 0;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		if (seen & BIT(zone->nid))
			continue;
		seen |= BIT(zone->nid);
		umbra_shrink_node(u, &u->nodes[zone->nid], scan);
	}
}

/**
 * umbra_reclaim_direct() - reclaim for a request in the context of its task
 * @u: the instance
 * @rq: the request
 *
 * If the reserve is used up, the task waits for kswapd first.
 *
 * Context: may sleep.
 * Return: number of pages freed; 1 if the task was killed while it waited, so
 * that no other task is killed for its request.
 */
unsigned long umbra_reclaim_direct(struct umbra *u,
				   const struct umbra_request *rq)
{
	u64 start = local_clock();
	struct umbra_scan scan = {
		.gfp = rq->gfp,
		.order = rq->order,
		.highest = rq->highest,
		.nr_to_reclaim = max(SWAP_CLUSTER_MAX,
				     umbra_compact_gap(rq->order)),
	};
	unsigned int noreclaim;

	if (umbra_kswapd_throttle(u, rq))
		return 1;
	umbra_count(rq->preferred, EVENT_ALLOCSTALL, 1);
	trace_umbra_direct_reclaim_begin(rq->order, rq->gfp);
	noreclaim = memalloc_noreclaim_save();
	for (scan.priority = UMBRA_SCAN_PRIORITY; scan.priority >= 0;
	     scan.priority--) {
		shrink_nodes(u, rq, &scan);
		if (scan.nr_reclaimed >= scan.nr_to_reclaim)
			break;
	}
	memalloc_noreclaim_restore(noreclaim);
	trace_umbra_direct_reclaim_end(scan.nr_reclaimed);
	umbra_latency_add(u, LATENCY_RECLAIM, rq->order, start);
	return scan.nr_reclaimed;
}
