// SPDX-License-Identifier: GPL-2.0
/* Direct reclaim: a task reclaims for its own request. */
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/latency.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/shrink.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "direct.h"
#include "throttle.h"
#include <trace/events/umbra_vmscan.h>

static_assert(EVENT_ALLOCSTALL_MOVABLE - EVENT_ALLOCSTALL_DMA ==
	      UMBRA_ZONE_MOVABLE);

/*
 * Can compaction go on in a zone, or is a block there already? Then reclaim is
 * not worth its cost for a costly order. The test is for the high watermark,
 * because others take pages while compaction runs.
 */
static bool is_ready(struct umbra_zone *zone, const struct umbra_request *rq)
{
	unsigned int order = umbra_work_order(zone->umbra, rq);

	return order > PAGE_ALLOC_COSTLY_ORDER && rq->gfp & __GFP_IO &&
	       (umbra_watermark_ok(zone, order,
				   umbra_mark(zone, UMBRA_WMARK_MIN),
				   rq->highest, 0) ||
		umbra_compact_zone_suitable(zone, order,
					    umbra_mark(zone, UMBRA_WMARK_HIGH),
					    rq->highest));
}

/*
 * Run one pass of reclaim over every allowed node that the request may use,
 * even if the request itself may also use others. Returns whether a zone is
 * ready without reclaim.
 */
static bool shrink_nodes(struct umbra *u, const struct umbra_request *rq,
			 struct umbra_scan *scan)
{
	struct umbra_request walled = *rq;
	const umbra_zoneref_t *ref;
	umbra_nodemask_t seen = 0;
	struct umbra_zone *zone;
	bool ready = false;

	walled.flags |= ALLOC_CPUSET;
	walled.hardwall = true;
	for_each_allowed_zone(u, zone, ref, &walled) {
		if (is_ready(zone, rq)) {
			ready = true;
			continue;
		}
		if (seen & BIT(zone->nid))
			continue;
		seen |= BIT(zone->nid);
		umbra_shrink_node(u, &u->nodes[zone->nid], scan);
	}
	return ready;
}

/**
 * umbra_reclaim_direct() - reclaim for a request in the context of its task
 * @u: the instance
 * @rq: the request
 *
 * If the reserve is used up, the task waits for kswapd first. The order is that
 * of umbra_work_order(). For an order above %PAGE_ALLOC_COSTLY_ORDER, reclaim ends
 * where compaction can go on.
 *
 * Context: may sleep.
 * Return: number of pages freed; 1 if the task was killed while it waited, or if
 * compaction can go on without reclaim, so that no task is killed for the
 * request.
 */
unsigned long umbra_reclaim_direct(struct umbra *u,
				   const struct umbra_request *rq)
{
	u64 start = local_clock();
	struct umbra_scan scan = {
		.gfp = rq->gfp,
		.order = umbra_work_order(u, rq),
		.highest = rq->highest,
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
		.is_direct = true,
	};
	unsigned int noreclaim;
	bool ready = false;

	if (umbra_kswapd_throttle(u, rq))
		return 1;
	umbra_count(rq->preferred, EVENT_ALLOCSTALL_DMA + rq->highest, 1);
	trace_umbra_direct_reclaim_begin(scan.order, rq->gfp);
	noreclaim = memalloc_noreclaim_save();
	for (scan.priority = UMBRA_SCAN_PRIORITY;
	     scan.priority >= 0 && !ready &&
	     scan.nr_reclaimed < scan.nr_to_reclaim; scan.priority--)
		ready = shrink_nodes(u, rq, &scan);
	memalloc_noreclaim_restore(noreclaim);
	trace_umbra_direct_reclaim_end(scan.nr_reclaimed);
	umbra_latency_add(u, LATENCY_RECLAIM, rq->order, start);
	return scan.nr_reclaimed ?: ready;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_reclaim_direct);
