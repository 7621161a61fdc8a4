// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction: moving small blocks together to make large free blocks. This file
 * decides, as the host does, which zones to compact and when a run is done.
 * Several tasks may compact a zone at once; each task has its own isolated and
 * stashed blocks.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include "../buddy/fallback.h"
#include "../buddy/fragmentation.h"
#include "../buddy/watermark.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/held.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "compact.h"
#include "compact_hints.h"
#include "compact_move.h"
#include "compact_scan.h"
#include "compaction.h"
#include "lru.h"
#include <trace/events/umbra_compaction.h>

/**
 * umbra_compact_gap() - get the free pages that compaction needs for an order
 * @order: order of the wanted block
 *
 * Compaction needs free pages as targets for the pages that it moves, and a
 * larger block that it splits for them. It moves a batch at a time, so that it
 * never needs more than a batch.
 *
 * Context: any.
 * Return: number of pages, in addition to a watermark.
 */
unsigned long umbra_compact_gap(unsigned int order)
{
	return min(2UL << order, COMPACT_CLUSTER_MAX);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_gap);

/*
 * Does a zone have enough free pages above @mark to be compacted, if @more
 * pages were free in addition?
 */
static bool has_room(const struct umbra_zone *zone, unsigned int order,
		     unsigned long mark, enum umbra_zone_type highest,
		     unsigned long more)
{
	mark += umbra_compact_gap(order);
	if (order > PAGE_ALLOC_COSTLY_ORDER)
		mark += umbra_mark(zone, UMBRA_WMARK_LOW) -
			umbra_mark(zone, UMBRA_WMARK_MIN);
	/* ALLOC_CMA, because movable blocks can go to CMA pageblocks. */
	return umbra_watermark_with(zone, 0, mark, highest, ALLOC_CMA, more);
}

/* Is free memory fragmented, rather than short? True for all small orders. */
static bool is_fragmented(struct umbra_zone *zone, unsigned int order)
{
	unsigned int threshold =
		READ_ONCE(zone->umbra->compact.extfrag_threshold);
	unsigned long nr_free[UMBRA_NR_ORDERS];
	struct umbra_free_blocks b;
	int index;

	if (order <= PAGE_ALLOC_COSTLY_ORDER)
		return true;
	umbra_snapshot_buddyinfo(zone, nr_free);
	umbra_count_free_blocks(&b, nr_free, order);
	index = umbra_fragmentation_index(&b, order);
	return index < 0 || index > (int)threshold;
}

/**
 * umbra_compact_zone_suitable() - test whether compaction of a zone may help
 * @zone: the zone
 * @order: order of the wanted block
 * @mark: watermark that the free pages must stay above
 * @highest: highest zone that the request may use
 *
 * Context: any but NMI; takes the zone lock.
 * Return: true if enough pages are free for compaction, and fragmentation is
 * what the block is missing for.
 */
bool umbra_compact_zone_suitable(struct umbra_zone *zone, unsigned int order,
				 unsigned long mark,
				 enum umbra_zone_type highest)
{
	enum umbra_compact_result ret = UMBRA_COMPACT_CONTINUE;

	if (!has_room(zone, order, mark, highest, 0))
		ret = UMBRA_COMPACT_SKIPPED;
	else if (!is_fragmented(zone, order))
		ret = UMBRA_COMPACT_NOT_SUITABLE_ZONE;
	trace_umbra_compaction_suitable(zone->nid, zone->type, order, ret);
	return ret == UMBRA_COMPACT_CONTINUE;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_zone_suitable);

/**
 * umbra_compact_is_needed() - decide whether to compact a zone for an order
 * @zone: the zone
 * @order: order of the wanted block
 * @highest: highest zone that the request may use
 * @flags: ALLOC_* of the request, including its watermark
 * @async: whether to compact only if success is likely
 *
 * Context: any but NMI; takes the zone lock.
 * Return: UMBRA_COMPACT_SUCCESS if the zone has a block already,
 * UMBRA_COMPACT_SKIPPED if compaction cannot help, else
 * UMBRA_COMPACT_CONTINUE.
 */
enum umbra_compact_result umbra_compact_is_needed(struct umbra_zone *zone,
						  unsigned int order,
						  enum umbra_zone_type highest,
						  unsigned int flags,
						  bool async)
{
	unsigned long mark = umbra_mark(zone, flags & ALLOC_WMARK_MASK);

	if (umbra_watermark_ok(zone, order, mark, highest, flags))
		return UMBRA_COMPACT_SUCCESS;
	/* Without ALLOC_CMA a request cannot use a block in CMA pageblocks. */
	if (order > PAGE_ALLOC_COSTLY_ORDER && async && !(flags & ALLOC_CMA) &&
	    !umbra_watermark_ok(zone, 0, mark + umbra_compact_gap(order),
				highest, 0))
		return UMBRA_COMPACT_SKIPPED;
	return umbra_compact_zone_suitable(zone, order, mark, highest) ?
	       UMBRA_COMPACT_CONTINUE : UMBRA_COMPACT_SKIPPED;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_is_needed);

/**
 * umbra_compact_suitable() - test whether reclaim makes room for compaction
 * @u: the instance
 * @rq: the request
 *
 * Context: any.
 * Return: true if, after reclaim, a zone that @rq may use would have enough
 * free pages to be compacted.
 */
bool umbra_compact_suitable(struct umbra *u, const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		unsigned long more = umbra_zone_reclaimable(zone);

		/* Do not reclaim a whole zone for one block of a high order. */
		more /= max(rq->order, 1U);
		if (has_room(zone, rq->order,
			     umbra_mark(zone, UMBRA_WMARK_MIN), rq->highest,
			     more))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_suitable);

static unsigned int zone_score(struct umbra_zone *zone)
{
	unsigned long nr_free[UMBRA_NR_ORDERS];
	struct umbra_free_blocks b;

	umbra_snapshot_buddyinfo(zone, nr_free);
	umbra_count_free_blocks(&b, nr_free, zone->umbra->pb_order);
	if (!b.pages)
		return 0;
	return div64_u64((b.pages - (b.suitable << zone->umbra->pb_order)) *
			 100, b.pages);
}

/**
 * umbra_compact_score() - get the score of fragmentation of a node
 * @u: the instance
 * @nid: the node
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: percentage of the free pages that are in blocks smaller than a
 * pageblock, as an average of the zones weighted by their size.
 */
unsigned int umbra_compact_score(struct umbra *u, unsigned int nid)
{
	unsigned long pages = 1, score = 0;
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		if (zone->nid == nid)
			pages += READ_ONCE(zone->nr_managed);
	for_each_umbra_zone(u, zone)
		if (zone->nid == nid)
			score += READ_ONCE(zone->nr_managed) *
				 zone_score(zone) / pages;
	return score;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_score);

/* Proactive compaction starts above the high score and ends at the low one. */
unsigned int umbra_compact_score_wmark(const struct umbra *u, bool low)
{
	unsigned int mark = 100 -
		READ_ONCE(u->compact.proactiveness);

	return low ? mark : min(mark + min(10U, mark / 2), 100U);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_score_wmark);

/* Does the zone have a free block that the request may use? */
static bool has_block(const struct umbra_compaction *c)
{
	struct umbra_zone *zone = c->zone;
	unsigned int types = BIT(c->type), type;
	bool found = false;
	unsigned long flags;

	if (c->type == UMBRA_MOVABLE)
		types |= BIT(UMBRA_CMA);
	spin_lock_irqsave(&zone->lock, flags);
	for (type = 0; type < UMBRA_ISOLATE; type++)
		if (types & BIT(type) && zone->listed[type] >> c->order)
			found = true;
	found = found || umbra_fallback_can_claim(zone, c->order, c->type);
	spin_unlock_irqrestore(&zone->lock, flags);
	return found;
}

static bool has_whole_blocks(const struct umbra_compaction *c)
{
	return umbra_watermark_whole(c->zone, c->order,
				     umbra_mark(c->zone, UMBRA_WMARK_HIGH),
				     c->highest, 0);
}

static const struct umbra_node *node_of(const struct umbra_zone *zone)
{
	return &zone->umbra->nodes[zone->nid];
}

static bool should_end(const struct umbra_compaction *c)
{
	return c->contended || fatal_signal_pending(current);
}

/*
 * The result of a run, or if the run is not done UMBRA_COMPACT_CONTINUE, or
 * UMBRA_COMPACT_NO_SUITABLE_PAGE after a look for a block.
 */
static enum umbra_compact_result find_result(struct umbra_compaction *c)
{
	if (compact_has_met(c)) {
		umbra_compact_begin_anew(c);
		return c->whole_zone ? UMBRA_COMPACT_COMPLETE :
				       UMBRA_COMPACT_PARTIAL_SKIPPED;
	}
	if (c->proactive) {
		if (should_end(c))
			return UMBRA_COMPACT_CONTENDED;
		if (umbra_node_kswapd_is_awake(node_of(c->zone)))
			return UMBRA_COMPACT_PARTIAL_SKIPPED;
		return zone_score(c->zone) >
		       umbra_compact_score_wmark(c->zone->umbra, true) ?
		       UMBRA_COMPACT_CONTINUE : UMBRA_COMPACT_SUCCESS;
	}
	if (c->order == COMPACT_WHOLE)
		return UMBRA_COMPACT_CONTINUE;
	/* Finish the pageblock, so that later requests need fewer fallbacks. */
	if (c->migrate != compact_block_start(c, c->migrate))
		return UMBRA_COMPACT_CONTINUE;
	/* Whole pageblocks can be claimed, so the types of blocks do not matter. */
	if (c->whole_blocks)
		return has_whole_blocks(c) ? UMBRA_COMPACT_SUCCESS :
					     UMBRA_COMPACT_CONTINUE;
	if (has_block(c))
		return UMBRA_COMPACT_SUCCESS;
	return should_end(c) ? UMBRA_COMPACT_CONTENDED :
			       UMBRA_COMPACT_NO_SUITABLE_PAGE;
}

/* The result of a run, or UMBRA_COMPACT_CONTINUE if the run is not done. */
static enum umbra_compact_result result_of(struct umbra_compaction *c)
{
	enum umbra_compact_result ret = find_result(c);

	trace_umbra_compaction_finished(c->zone->nid, c->zone->type, c->order,
					ret);
	return ret == UMBRA_COMPACT_NO_SUITABLE_PAGE ? UMBRA_COMPACT_CONTINUE :
						       ret;
}

/*
 * Isolate and move one batch. Returns the result of the run, or
 * UMBRA_COMPACT_CONTINUE if the run is not done.
 */
static enum umbra_compact_result step(struct umbra_compaction *c)
{
	int err;

	switch (umbra_compact_isolate(c)) {
	case COMPACT_SCAN_ABORT:
		umbra_compact_putback(c->zone->umbra, &c->batch);
		return UMBRA_COMPACT_CONTENDED;
	case COMPACT_SCAN_NONE:
		break;
	case COMPACT_SCAN_SOME:
		err = umbra_compact_move(c);
		if (err == -ENOMEM && !compact_has_met(c))
			return UMBRA_COMPACT_CONTENDED;
		break;
	}
	return c->captured == UMBRA_NO_FRAME ? UMBRA_COMPACT_CONTINUE :
					       UMBRA_COMPACT_SUCCESS;
}

static void begin(struct umbra_compaction *c)
{
	unsigned int order;

	c->contended = false;
	c->captured = UMBRA_NO_FRAME;
	c->batch.nr = 0;
	c->batch.nr_pages = 0;
	c->nr_stashed = 0;
	c->nr_moved = 0;
	c->nr_failed = 0;
	c->migrate_scanned = 0;
	c->free_scanned = 0;
	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		INIT_LIST_HEAD(&c->stash[order]);
	umbra_compact_begin(c);
}

static unsigned long pfn_of(const struct umbra_zone *zone, u32 index)
{
	return umbra_index_to_pfn(zone->umbra, min(index, zone->end - 1));
}

/**
 * umbra_compact_zone() - run compaction over one zone
 * @c: parameters of the run; its results on return
 *
 * Context: may sleep; takes the zone lock.
 * Return: result of the run, never UMBRA_COMPACT_CONTINUE.
 */
enum umbra_compact_result umbra_compact_zone(struct umbra_compaction *c)
{
	struct umbra_zone *zone = c->zone;
	enum umbra_compact_result ret;

	begin(c);
	trace_umbra_compaction_begin(pfn_of(zone, zone->start),
				     pfn_of(zone, c->migrate),
				     pfn_of(zone, c->free),
				     pfn_of(zone, zone->end - 1) + 1,
				     c->mode != UMBRA_MIGRATE_ASYNC);
	do {
		ret = umbra_is_bad(zone->umbra) ? UMBRA_COMPACT_SKIPPED :
						  result_of(c);
		if (ret == UMBRA_COMPACT_CONTINUE)
			ret = step(c);
	} while (ret == UMBRA_COMPACT_CONTINUE);
	umbra_compact_release(c);
	umbra_count(zone, EVENT_COMPACT_MIGRATE_SCANNED, c->migrate_scanned);
	umbra_count(zone, EVENT_COMPACT_FREE_SCANNED, c->free_scanned);
	trace_umbra_compaction_end(pfn_of(zone, zone->start),
				   pfn_of(zone, c->migrate),
				   pfn_of(zone, c->free),
				   pfn_of(zone, zone->end - 1) + 1,
				   c->mode != UMBRA_MIGRATE_ASYNC, ret);
	return ret;
}

/* Compact a zone for a request. A captured block goes to *@index. */
static enum umbra_compact_result
compact_for_request(struct umbra_zone *zone, const struct umbra_request *rq,
		    enum umbra_compact_priority priority, u32 *index)
{
	unsigned int order = umbra_work_order(zone->umbra, rq);
	bool async = priority == UMBRA_COMPACT_PRIO_ASYNC;
	bool full = priority == UMBRA_COMPACT_PRIO_FULL;
	struct umbra_compaction c = {
		.zone = zone,
		.rq = rq,
		.order = order,
		.type = rq->type,
		.flags = rq->flags,
		.mode = async ? UMBRA_MIGRATE_ASYNC : UMBRA_MIGRATE_SYNC_LIGHT,
		.whole_zone = full,
		.ignore_hints = full,
		.any_target = full,
	};
	enum umbra_compact_result ret;

	ret = umbra_compact_is_needed(zone, order, rq->highest, rq->flags,
				      async);
	if (ret != UMBRA_COMPACT_CONTINUE)
		return ret;
	ret = umbra_compact_zone(&c);
	if (c.captured == UMBRA_NO_FRAME)
		return ret;
	*index = c.captured;
	return UMBRA_COMPACT_SUCCESS;
}

static void note_result(struct umbra_zone *zone, unsigned int order,
			enum umbra_compact_priority priority,
			enum umbra_compact_result ret)
{
	if (ret == UMBRA_COMPACT_SUCCESS)
		umbra_compact_expect(zone, order);
	else if (priority != UMBRA_COMPACT_PRIO_ASYNC &&
		 (ret == UMBRA_COMPACT_COMPLETE ||
		  ret == UMBRA_COMPACT_PARTIAL_SKIPPED))
		umbra_compact_defer(zone, order);
}

static enum umbra_compact_result
compact_zonelist(struct umbra *u, const struct umbra_request *rq,
		 enum umbra_compact_priority priority, u32 *index)
{
	enum umbra_compact_result best = UMBRA_COMPACT_SKIPPED, ret;
	unsigned int order = umbra_work_order(u, rq);
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		if (priority > UMBRA_COMPACT_PRIO_FULL &&
		    umbra_compact_is_deferred(zone, order)) {
			best = max_t(enum umbra_compact_result, best,
				     UMBRA_COMPACT_DEFERRED);
			continue;
		}
		ret = compact_for_request(zone, rq, priority, index);
		note_result(zone, order, priority, ret);
		best = max(best, ret);
		if (ret == UMBRA_COMPACT_SUCCESS ||
		    fatal_signal_pending(current) ||
		    (priority == UMBRA_COMPACT_PRIO_ASYNC && need_resched()))
			break;
	}
	return best;
}

/**
 * umbra_compact_direct() - compact for a request in the context of its caller
 * @u: the instance
 * @rq: the request; its umbra_work_order() must be above 0
 * @priority: effort of the compaction
 * @index: set to the head of a block in state PCP if a block was captured,
 *	which is not counted as allocated, as in the host; else unchanged
 *
 * The zones that the request may use are compacted in the order of its
 * zonelist, until one has a block. A request without %__GFP_IO does not
 * compact, as in the host.
 *
 * Context: may sleep; takes the zone locks one after the other.
 * Return: the best result of the zones.
 */
enum umbra_compact_result
umbra_compact_direct(struct umbra *u, const struct umbra_request *rq,
		     enum umbra_compact_priority priority, u32 *index)
{
	bool no_fs = !(rq->gfp & __GFP_FS);
	enum umbra_compact_result ret;
	unsigned int reclaim, nofs = 0;

	if (!(rq->gfp & __GFP_IO))
		return UMBRA_COMPACT_SKIPPED;
	trace_umbra_compaction_try_to_compact_pages(umbra_work_order(u, rq),
						    rq->gfp, priority);
	/* Callbacks have no gfp argument: the scope of the task limits them. */
	if (no_fs)
		nofs = memalloc_nofs_save();
	reclaim = memalloc_noreclaim_save();
	ret = compact_zonelist(u, rq, priority, index);
	memalloc_noreclaim_restore(reclaim);
	if (no_fs)
		memalloc_nofs_restore(nofs);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_direct);

/* Compact all zones of a node. Returns 0 or -EINTR. Context: may sleep. */
int umbra_compact_node_zones(struct umbra *u, unsigned int nid, bool proactive)
{
	struct umbra_compaction c = {
		.order = COMPACT_WHOLE,
		.type = UMBRA_UNMOVABLE,
		.mode = proactive ? UMBRA_MIGRATE_SYNC_LIGHT :
				    UMBRA_MIGRATE_SYNC,
		.whole_zone = true,
		.ignore_hints = true,
		.proactive = proactive,
	};

	for_each_umbra_zone(u, c.zone) {
		if (c.zone->nid != nid || !READ_ONCE(c.zone->nr_managed))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		umbra_compact_zone(&c);
		if (!proactive)
			continue;
		umbra_count(c.zone, EVENT_COMPACT_DAEMON_MIGRATE_SCANNED,
			    c.migrate_scanned);
		umbra_count(c.zone, EVENT_COMPACT_DAEMON_FREE_SCANNED,
			    c.free_scanned);
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * umbra_compact_node() - compact all zones of a node
 * @u: instance
 * @nid: node
 *
 * The caches of CPUs are drained first.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: 0; -EINVAL if there is no such node; -EINTR for a fatal signal.
 */
int umbra_compact_node(struct umbra *u, unsigned int nid)
{
	int err = umbra_drain_node(u, nid);

	if (err)
		return err;
	umbra_held_rescan(u);
	return umbra_compact_node_zones(u, nid, false);
}
EXPORT_SYMBOL_GPL(umbra_compact_node);

/**
 * umbra_compact() - compact all zones of an instance
 * @u: instance
 *
 * The caches of CPUs are drained first.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: 0, or -EINTR for a fatal signal.
 */
int umbra_compact(struct umbra *u)
{
	unsigned int nid;
	int err;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		err = umbra_compact_node(u, nid);
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_compact);
