// SPDX-License-Identifier: GPL-2.0
/*
 * A round of kswapd: reclaim from a node until one of the wanted zones is above
 * its high watermark and has a block of the wanted order, or until compaction
 * has enough free pages to make one. A round also ends the boosts of the zones.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/freezer.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/kcompactd.h"
#include "../move/shrink.h"
#include "../page/held.h"
#include "../page/zonelist.h"
#include "balance.h"
#include "kswapd_node.h"
#include "throttle.h"
#include "wait.h"
#include <trace/events/umbra_vmscan.h>

/*
 * Is a zone above its high watermark, with a block of @order? With defrag_mode
 * and an order above 0, only whole free pageblocks count. A round wakes kcompactd
 * to make them, as soon as compaction has enough free pages.
 */
static bool is_above_high(const struct umbra_zone *zone, unsigned int order,
			  int highest)
{
	unsigned long mark = umbra_mark(zone, UMBRA_WMARK_HIGH);

	if (order && READ_ONCE(zone->umbra->defrag_mode))
		return umbra_watermark_whole(zone, order, mark, highest, 0);
	return umbra_watermark_ok(zone, order, mark, highest, 0);
}

/* Is a zone of a node above its mark? A node without managed pages needs none. */
bool umbra_kswapd_is_balanced(const struct umbra_kswapd *k,
			      unsigned int order, int highest)
{
	const struct umbra_zone *zone;
	bool any = false;
	int next;

	for_each_node_zone(k, zone, next, highest) {
		if (is_above_high(zone, order, highest))
			return true;
		any |= READ_ONCE(zone->nr_managed) > 0;
	}
	return !any;
}

unsigned long umbra_kswapd_boosts(const struct umbra_kswapd *k, int highest)
{
	const struct umbra_zone *zone;
	unsigned long boost = 0;
	int next;

	for_each_node_zone(k, zone, next, highest)
		boost += READ_ONCE(zone->watermark_boost);
	return boost;
}

/* The number of pages that one step should free at most. */
static unsigned long pages_to_reclaim(const struct umbra_kswapd *k,
				      int highest)
{
	const struct umbra_zone *zone;
	unsigned long pages = 0;
	int next;

	for_each_node_zone(k, zone, next, highest)
		pages += max(umbra_mark(zone, UMBRA_WMARK_HIGH),
			     SWAP_CLUSTER_MAX);
	return pages;
}

/* Reduce each boost by its value at the start of the round. */
static void end_boosts(struct umbra_kswapd *k, int highest,
		       const unsigned long *boosts)
{
	struct umbra_zone *zone;
	int next;

	for_each_node_zone(k, zone, next, highest)
		umbra_watermark_unboost(zone, boosts[zone->type]);
	umbra_compact_wake(k->u, k->node->nid, k->u->pb_order, highest);
}

/* The state of a round. */
struct round {
	struct umbra_kswapd *k;
	struct umbra_scan scan;
	unsigned long boost;	/* pages to reclaim for boosts alone, or 0 */
	bool interrupted;	/* ended early, so no failure is counted */
};

/* Reclaim once. Returns false if the round is over. */
static bool reclaim_step(struct round *r)
{
	struct umbra_kswapd *k = r->k;
	unsigned long pages = pages_to_reclaim(k, r->scan.highest);
	unsigned long before = r->scan.nr_reclaimed, freed;
	unsigned long scanned = r->scan.nr_scanned;
	bool more_effort = true;

	/* A boost is not worth a thorough search, nor I/O. */
	if (r->boost && r->scan.priority == UMBRA_SCAN_PRIORITY - 2)
		more_effort = false;
	r->scan.gfp = r->boost ? GFP_NOIO : GFP_KERNEL;
	r->scan.nr_to_reclaim = pages;
	umbra_shrink_node(k->u, k->node, &r->scan);
	freed = r->scan.nr_reclaimed - before;
	scanned = r->scan.nr_scanned - scanned;
	/* Compaction has enough room now: reclaim for order 0 only. */
	if (r->scan.order &&
	    r->scan.nr_reclaimed >= umbra_compact_gap(r->scan.order))
		r->scan.order = 0;
	umbra_throttle_check(k);
	cond_resched();
	r->interrupted = kthread_should_stop() || freezing(current);
	if (r->interrupted)
		return false;
	r->boost -= min(r->boost, freed);
	if (r->boost && !freed)
		return false;
	if (!freed || (more_effort && max(scanned, freed) < pages))
		r->scan.priority--;
	return r->scan.priority >= 1;
}

/* Let the caches of the CPUs be small while kswapd reclaims. */
static void set_reclaim_active(const struct umbra_kswapd *k, int highest,
			       bool active)
{
	struct umbra_zone *zone;
	int next;

	for_each_node_zone(k, zone, next, highest) {
		if (active)
			set_bit(ZONE_FLAG_RECLAIM_ACTIVE, &zone->flags);
		else
			clear_bit(ZONE_FLAG_RECLAIM_ACTIVE, &zone->flags);
	}
}

/*
 * Reclaim until the node is balanced, or has enough free pages for compaction.
 * Returns false if the round ended before.
 */
static bool reclaim(struct round *r)
{
	do {
		bool balanced = umbra_kswapd_is_balanced(r->k, r->scan.order,
					    r->scan.highest);

		if (balanced && !r->boost)
			return true;
		/* An unbalanced node needs reclaim with or without a boost. */
		if (!balanced && r->boost) {
			r->boost = 0;
			r->scan.priority = UMBRA_SCAN_PRIORITY;
		}
	} while (reclaim_step(r));
	return false;
}

static void note_failure(struct umbra_kswapd *k)
{
	int failures;

	WRITE_ONCE(k->node->kswapd_gave_up, jiffies);
	WRITE_ONCE(k->node->kswapd_freed, false);
	failures = atomic_inc_return(&k->node->kswapd_failures);
	trace_umbra_kswapd_reclaim_fail(k->node->nid, failures);
}

/*
 * Run a round for a goal. Returns the order that the node was balanced for,
 * which is 0 if compaction must do the rest.
 */
unsigned int umbra_kswapd_balance(struct umbra_kswapd *k,
				  const struct umbra_kswapd_goal *goal)
{
	struct round r = {
		.k = k,
		.scan = {
			.order = goal->order,
			.highest = goal->highest,
			.priority = UMBRA_SCAN_PRIORITY,
			.is_kswapd = true,
		},
		.boost = umbra_kswapd_boosts(k, goal->highest),
	};
	unsigned long boosts[UMBRA_NR_ZONE_TYPES] = {};
	struct umbra_zone *zone, *any = NULL;
	bool boosted = r.boost, balanced;
	int next;

	for_each_node_zone(k, zone, next, goal->highest) {
		boosts[zone->type] = READ_ONCE(zone->watermark_boost);
		any = zone;
	}
	if (any)
		umbra_count(any, EVENT_PAGEOUTRUN, 1);
	trace_umbra_balance_pgdat_begin(k->node->nid, goal->order,
					goal->highest);
	umbra_held_rescan(k->u);
	set_reclaim_active(k, goal->highest, true);
	balanced = reclaim(&r);
	set_reclaim_active(k, goal->highest, false);
	if (r.scan.nr_reclaimed)
		atomic_set(&k->node->kswapd_failures, 0);
	else if (!balanced && !boosted && !r.interrupted)
		note_failure(k);
	if (boosted)
		end_boosts(k, goal->highest, boosts);
	if (umbra_node_is_hopeless(k->node)) {
		umbra_throttle_check(k);
		umbra_pressure_watch(k->u);
	}
	trace_umbra_balance_pgdat_end(k->node->nid, r.scan.order, goal->highest,
				      r.scan.nr_reclaimed);
	return r.scan.order;
}
