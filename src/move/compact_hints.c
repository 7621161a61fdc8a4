// SPDX-License-Identifier: GPL-2.0
/*
 * The hints of compaction: the positions where the scanners of a zone continue,
 * the pageblocks that are not worth a scan, and the number of recent failures.
 * Hints only save work. The zone lock guards them, except for the skip bits of
 * the pageblocks, which are atomic.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "compact_hints.h"
#include "compaction.h"
#include <trace/events/umbra_compaction.h>

/* Fewer than 2^MAX_DEFER_SHIFT attempts in a row are deferred. */
#define MAX_DEFER_SHIFT 6U

static u32 last_block(const struct umbra_zone *zone)
{
	return zone->end - (1U << zone->umbra->pb_order);
}

static void set_positions(struct umbra_zone *zone, u32 migrate, u32 free)
{
	zone->compact.cached_migrate[0] = migrate;
	zone->compact.cached_migrate[1] = migrate;
	zone->compact.cached_free = free;
}

/* Set up the hints of all zones. Returns 0 or -ENOMEM. Context: may sleep. */
int umbra_compact_hints_create(struct umbra *u)
{
	struct umbra_zone *zone;

	u->compact.skip_blocks =
		umbra_large_zalloc(BITS_TO_LONGS(umbra_nr_pageblocks(u)),
				   sizeof(long), GFP_KERNEL, "skip hints");
	if (!u->compact.skip_blocks)
		return -ENOMEM;
	for_each_umbra_zone(u, zone) {
		zone->compact.first_migrate = zone->start;
		zone->compact.first_free = last_block(zone);
		set_positions(zone, zone->start, last_block(zone));
	}
	return 0;
}

void umbra_compact_hints_destroy(struct umbra *u)
{
	kvfree(u->compact.skip_blocks);
}

/* Does a hint let the run skip the pageblock of @index? */
bool umbra_compact_is_skipped(const struct umbra_compaction *c, u32 index)
{
	const struct umbra *u = c->zone->umbra;

	return !c->ignore_hints && test_bit(index >> u->pb_order,
					    u->compact.skip_blocks);
}

/* Set the skip hint of the pageblock of @index. */
void umbra_compact_skip(const struct umbra_compaction *c, u32 index)
{
	struct umbra *u = c->zone->umbra;

	set_bit(index >> u->pb_order, u->compact.skip_blocks);
}

/* Let the migrate scanner of later runs start at @index or above. */
void umbra_compact_pass_source(const struct umbra_compaction *c, u32 index)
{
	struct umbra_zone_compact *z = &c->zone->compact;
	unsigned long flags;

	spin_lock_irqsave(&c->zone->lock, flags);
	z->cached_migrate[0] = max(z->cached_migrate[0], index);
	if (c->mode != UMBRA_MIGRATE_ASYNC)
		z->cached_migrate[1] = max(z->cached_migrate[1], index);
	spin_unlock_irqrestore(&c->zone->lock, flags);
}

/* Let the free scanner of later runs start below the pageblock of @index. */
void umbra_compact_pass_target(const struct umbra_compaction *c, u32 index)
{
	struct umbra_zone_compact *z = &c->zone->compact;
	u32 start = compact_block_start(c, index);
	unsigned long flags;

	umbra_compact_skip(c, index);
	if (start == c->zone->start)
		return;
	spin_lock_irqsave(&c->zone->lock, flags);
	z->cached_free = min(z->cached_free, start -
			     (1U << c->zone->umbra->pb_order));
	spin_unlock_irqrestore(&c->zone->lock, flags);
}

/*
 * Does the pageblock at @index have a block to move (if @source), or a free
 * block to move to (if @target)?
 */
static bool is_useful(struct umbra *u, u32 index, bool source, bool target)
{
	u32 end = umbra_pageblock_end(u, index);

	while (index < end) {
		u8 frame = frame_read(u, index);

		if (target && frame_state(frame) == FRAME_FREE)
			return true;
		if (source && frame_is_allocated(frame) &&
		    frame_has(frame, FRAME_EXPOSED) &&
		    umbra_is_movable(u, index))
			return true;
		index += 1U << frame_order(frame);
	}
	return false;
}

/*
 * Clear the skip hint of a pageblock if the pageblock is useful again. Returns
 * whether a scanner may start there.
 */
static bool reset_block(struct umbra_zone *zone, u32 index, bool source,
			bool target)
{
	struct umbra *u = zone->umbra;
	u8 frame = frame_read(u, index);

	if (frame_is_allocated(frame) && frame_order(frame) >= u->pb_order)
		return false;
	if (source && target &&
	    !test_bit(index >> u->pb_order, u->compact.skip_blocks))
		return true;
	if (!source && umbra_frame_type(u, index) != UMBRA_MOVABLE &&
	    umbra_frame_type(u, index) != UMBRA_CMA)
		return false;
	if (!is_useful(u, index, source, target))
		return false;
	clear_bit(index >> u->pb_order, u->compact.skip_blocks);
	return true;
}

/* Store the outermost useful pageblocks, where the scanners will start. */
static void store_first(struct umbra_zone *zone, u32 migrate, u32 free)
{
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (migrate < free) {
		z->first_migrate = migrate;
		z->first_free = free;
	}
	set_positions(zone, migrate, free);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Evaluate all pageblocks of a zone again, from both ends of the zone. */
static void reset_hints(struct umbra_zone *zone)
{
	u32 step = 1U << zone->umbra->pb_order;
	u32 low = zone->start, high = last_block(zone);
	u32 migrate = high, free = low;
	bool source_set = false, free_set = false;

	for (; low < high; low += step, high -= step) {
		if (reset_block(zone, low, true, source_set) && !source_set) {
			source_set = true;
			migrate = low;
		}
		if (reset_block(zone, high, free_set, true) && !free_set) {
			free_set = true;
			free = high;
		}
		cond_resched();
	}
	/* No pageblock is useful: the scanners start where they meet. */
	if (migrate >= free) {
		migrate = min(low, last_block(zone));
		free = migrate;
	}
	store_first(zone, migrate, free);
}

/**
 * umbra_compact_flush_hints() - evaluate the pageblocks of a node again
 * @u: the instance
 * @nid: the node
 *
 * A zone is evaluated only if its scanners have met in a run for a request
 * since the last call. kswapd calls this before it sleeps.
 *
 * Context: may sleep; takes the zone locks one after the other.
 */
void umbra_compact_flush_hints(struct umbra *u, unsigned int nid)
{
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone) {
		if (zone->nid != nid || !READ_ONCE(zone->compact.flush_skip))
			continue;
		WRITE_ONCE(zone->compact.flush_skip, false);
		reset_hints(zone);
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_flush_hints);

/* Is this the first attempt after the longest deferral? */
static bool is_restarting(struct umbra_zone *zone, int order)
{
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;
	bool yes;

	spin_lock_irqsave(&zone->lock, flags);
	yes = order >= (int)z->order_failed &&
	      z->defer_shift == MAX_DEFER_SHIFT &&
	      z->considered >= 1U << z->defer_shift && z->flush_skip;
	if (yes)
		WRITE_ONCE(z->flush_skip, false);
	spin_unlock_irqrestore(&zone->lock, flags);
	return yes;
}

/* Set the start positions of the scanners. */
void umbra_compact_begin(struct umbra_compaction *c)
{
	struct umbra_zone *zone = c->zone;
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;

	if (is_restarting(zone, c->order))
		reset_hints(zone);
	if (c->whole_zone) {
		c->migrate = zone->start;
		c->free = last_block(zone);
		return;
	}
	spin_lock_irqsave(&zone->lock, flags);
	if (z->cached_migrate[0] >= zone->end)
		z->cached_migrate[0] = zone->start;
	if (z->cached_migrate[1] >= zone->end)
		z->cached_migrate[1] = zone->start;
	c->migrate = z->cached_migrate[c->mode != UMBRA_MIGRATE_ASYNC];
	c->free = z->cached_free;
	c->whole_zone = c->migrate <= z->first_migrate;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* The scanners have met: let the next run start at the ends of the zone. */
void umbra_compact_begin_anew(struct umbra_compaction *c)
{
	struct umbra_zone *zone = c->zone;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	set_positions(zone, zone->start, last_block(zone));
	if (c->rq)
		WRITE_ONCE(zone->compact.flush_skip, true);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Stashed blocks up to @highest were put back: scan their pageblocks again. */
void umbra_compact_end(struct umbra_compaction *c, u32 highest)
{
	struct umbra_zone_compact *z = &c->zone->compact;
	unsigned long flags;

	spin_lock_irqsave(&c->zone->lock, flags);
	z->cached_free = max(z->cached_free, compact_block_start(c, highest));
	spin_unlock_irqrestore(&c->zone->lock, flags);
}

/* Compaction of a zone failed: defer the next attempts. */
void umbra_compact_defer(struct umbra_zone *zone, unsigned int order)
{
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	z->considered = 0;
	z->defer_shift = min(z->defer_shift + 1, MAX_DEFER_SHIFT);
	z->order_failed = min(z->order_failed, order);
	trace_umbra_compaction_defer_compaction(zone->nid, zone->type, order,
						z->considered, z->defer_shift,
						z->order_failed);
	spin_unlock_irqrestore(&zone->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_defer);

/* Must this attempt be deferred? Counts the attempt. */
bool umbra_compact_is_deferred(struct umbra_zone *zone, unsigned int order)
{
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;
	bool deferred = false;

	spin_lock_irqsave(&zone->lock, flags);
	if (order >= z->order_failed) {
		z->considered = min(z->considered + 1, 1U << z->defer_shift);
		deferred = z->considered < 1U << z->defer_shift;
	}
	if (deferred)
		trace_umbra_compaction_deferred(zone->nid, zone->type, order,
						z->considered, z->defer_shift,
						z->order_failed);
	spin_unlock_irqrestore(&zone->lock, flags);
	return deferred;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_is_deferred);

static void end_deferral(struct umbra_zone *zone, unsigned int order,
			 bool worked)
{
	struct umbra_zone_compact *z = &zone->compact;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (worked) {
		z->considered = 0;
		z->defer_shift = 0;
	}
	z->order_failed = max(z->order_failed, order + 1);
	trace_umbra_compaction_defer_reset(zone->nid, zone->type, order,
					   z->considered, z->defer_shift,
					   z->order_failed);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Compaction made a block of @order: do not defer this order any more. */
void umbra_compact_expect(struct umbra_zone *zone, unsigned int order)
{
	end_deferral(zone, order, false);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_expect);

/**
 * umbra_compact_worked() - note that compaction gave a request its block
 * @zone: zone of the block
 * @order: order of the request
 *
 * Context: any but NMI; takes the zone lock.
 */
void umbra_compact_worked(struct umbra_zone *zone, unsigned int order)
{
	WRITE_ONCE(zone->compact.flush_skip, false);
	end_deferral(zone, order, true);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_worked);
