// SPDX-License-Identifier: GPL-2.0
/*
 * Moving isolated blocks: a batch of compaction to where the free scanner
 * found room, and everything that is in a range to anywhere outside.
 */
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "compact.h"
#include "debug.h"
#include <trace/events/umbra.h>

/* How often an owner who says -EAGAIN is asked. */
#define PASSES_ASYNC 3
#define PASSES_SYNC 10

/* How often a range is gone over, for what cannot be isolated just now. */
#define RANGE_PASSES 5

/*
 * Move one block of a batch. Returns 0, what the owner said, -ENOMEM if there is
 * no room for anything, or -EBUSY for a block of this size.
 */
static int move_one(struct umbra_compaction *c, u32 src)
{
	struct umbra *u = c->zone->umbra;
	unsigned int order = frame_order(frame_read(u, src));
	u32 dst = umbra_compact_target(c, order), captured;
	int err;

	if (dst == UMBRA_NO_FRAME)
		return c->nr_stashed ? -EBUSY : -ENOMEM;
	err = umbra_movable_migrate(u, dst, src, c->mode);
	if (err) {
		umbra_compact_return(c, dst, order);
		/* For want of anything but room, others may have more luck. */
		return err == -ENOMEM ? -EBUSY : err;
	}
	c->batch.nr_pages -= 1U << order;
	c->nr_moved += 1U << order;
	umbra_debug_free(u, src, order);
	captured = umbra_free_captured(u, src, order,
				       c->captured == UMBRA_NO_FRAME ? c->rq :
								       NULL);
	if (captured != UMBRA_NO_FRAME)
		c->captured = captured;
	return 0;
}

/* Put a block back that stays where it is; its owner was asked often enough. */
static void give_up(struct umbra *u, u32 src)
{
	umbra_count(umbra_frame_zone(u, src), EVENT_PGMIGRATE_FAIL,
		    1UL << frame_order(frame_read(u, src)));
	umbra_movable_putback(u, src);
}

static void let_go(struct umbra_compaction *c, u32 src)
{
	struct umbra *u = c->zone->umbra;
	unsigned int order = frame_order(frame_read(u, src));

	c->batch.nr_pages -= 1U << order;
	c->nr_failed += 1U << order;
	give_up(u, src);
}

/*
 * Ask for every block of the batch once; those to be asked for again stay in it.
 * Returns 0, -EBUSY if one could not be moved, or -ENOMEM.
 */
static int move_pass(struct umbra_compaction *c, bool is_last)
{
	struct umbra_isolated *batch = &c->batch;
	unsigned int i, left = 0;
	int err, ret = 0;

	for (i = 0; i < batch->nr; i++) {
		err = ret == -ENOMEM ? -ENOMEM : move_one(c, batch->frames[i]);
		if (!err)
			continue;
		if (err == -EAGAIN && !is_last) {
			batch->frames[left++] = batch->frames[i];
			continue;
		}
		ret = err == -ENOMEM ? -ENOMEM : -EBUSY;
		let_go(c, batch->frames[i]);
	}
	batch->nr = left;
	return ret;
}

/**
 * umbra_compact_move() - move a batch to where there is room
 * @c: the run; its batch is empty afterwards
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if not all of it could be moved, -ENOMEM if for want of room.
 */
int umbra_compact_move(struct umbra_compaction *c)
{
	unsigned int passes = c->mode == UMBRA_MIGRATE_ASYNC ? PASSES_ASYNC :
							       PASSES_SYNC;
	unsigned long moved = c->nr_moved, failed = c->nr_failed;
	unsigned int pass;
	int err, ret = 0;

	for (pass = 1; c->batch.nr; pass++) {
		/* Whoever has the owner's lock may have to get on first. */
		if (pass > 1 && c->mode == UMBRA_MIGRATE_SYNC)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
		err = move_pass(c, pass >= passes || ret == -ENOMEM);
		if (err && ret != -ENOMEM)
			ret = err;
	}
	trace_umbra_migrate_pages(c->nr_moved - moved, c->nr_failed - failed,
				  c->mode, UMBRA_MIGRATE_FOR_COMPACTION);
	return ret;
}

/* What asks for a zone that will do for whoever has a block of @zone. */
static gfp_t gfp_of_zone(const struct umbra_zone *zone)
{
	switch (zone->type) {
	case UMBRA_ZONE_DMA:
		return __GFP_DMA;
	case UMBRA_ZONE_DMA32:
		return __GFP_DMA32;
	case UMBRA_ZONE_NORMAL:
		return 0;
	default:
		return __GFP_HIGHMEM;
	}
}

/* A block of @order from anywhere that is as good as @zone; or UMBRA_NO_FRAME. */
static u32 take_anywhere(struct umbra *u, unsigned int order,
			 const struct umbra_zone *zone)
{
	gfp_t gfp = gfp_of_zone(zone) | __GFP_MOVABLE | __GFP_HARDWALL |
		    __GFP_KSWAPD_RECLAIM | __GFP_NOWARN;
	struct umbra_request rq;
	u32 index;

	do {
		if (umbra_request_init(&rq, u, gfp, order, zone->nid, NULL, 0))
			return UMBRA_NO_FRAME;
		index = umbra_take(u, &rq, NULL);
		if (index == UMBRA_NO_FRAME) {
			umbra_request_slow(&rq, u, NULL);
			/* Not one that the reserves are for. */
			rq.flags &= ~ALLOC_NON_BLOCK;
			index = umbra_take(u, &rq, NULL);
		}
		if (index == UMBRA_NO_FRAME ||
		    !umbra_compact_is_poisoned(u, index, order))
			return index;
		umbra_free_block(u, index, order, true, NULL);
	} while (true);
}

/* Move one isolated block. Returns 0 or an error. */
static int move_out(struct umbra *u, u32 src, unsigned int order)
{
	struct umbra_zone *zone = umbra_frame_zone(u, src);
	int err = -EIO;
	u32 dst;

	if (umbra_compact_is_poisoned(u, src, order))
		goto err_putback;
	dst = take_anywhere(u, order, zone);
	err = -ENOMEM;
	if (dst == UMBRA_NO_FRAME)
		goto err_putback;
	err = umbra_movable_migrate(u, dst, src, UMBRA_MIGRATE_SYNC);
	if (err)
		goto err_free;
	umbra_free_block(u, src, order, true, NULL);
	return 0;

err_free:
	umbra_free_captured(u, dst, order, NULL);
	umbra_count(umbra_frame_zone(u, dst), EVENT_PGFREE, 1UL << order);
err_putback:
	give_up(u, src);
	return err;
}

struct range_result {
	unsigned long nr_moved;
	unsigned long nr_left;
	unsigned long nr_wanted;	/* pages, if there is no room for them */
};

/* Move one registered block, or count it. */
static void range_step(struct umbra *u, u32 index, u32 end,
		       struct range_result *result)
{
	unsigned int order = frame_order(frame_read(u, index));
	int err = -EBUSY;

	if (umbra_movable_isolate(u, index)) {
		order = frame_order(frame_read(u, index));
		err = move_out(u, index, order);
	}
	if (!err)
		result->nr_moved += 1UL << order;
	else
		result->nr_left += 1UL << order;
	if (err == -ENOMEM)
		result->nr_wanted = max(end - index, 1U << order);
}

static void range_pass(struct umbra *u, u32 start, u32 end,
		       struct range_result *result)
{
	u32 index = umbra_frame_head(u, start);

	result->nr_left = 0;
	result->nr_wanted = 0;
	if (index == UMBRA_NO_FRAME)
		index = start;
	while (index < end && !result->nr_wanted &&
	       !fatal_signal_pending(current)) {
		u8 frame = frame_read(u, index);

		cond_resched();
		if (umbra_movable_of(u, index))
			range_step(u, index, end, result);
		/* In somebody's hands: to be free, or to be moved to. */
		else if (frame_state(frame) == FRAME_PCP)
			result->nr_left += 1UL << frame_order(frame);
		index += 1U << frame_order(frame);
	}
}

/**
 * umbra_compact_migrate_range() - move out of a range what can be moved
 * @zone: the zone of the range
 * @start: its first frame
 * @end: the frame after its last; all its pageblocks are isolated
 *
 * Blocks of any order, and those that reach over the ends of the range too.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if something stays that is registered as movable, or in the
 * hands of somebody; -EINTR if the task is to end.
 */
int umbra_compact_migrate_range(struct umbra_zone *zone, u32 start, u32 end)
{
	struct umbra *u = zone->umbra;
	struct range_result result = {};
	unsigned int pass;

	for (pass = 1; pass <= RANGE_PASSES; pass++) {
		range_pass(u, start, end, &result);
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!result.nr_left)
			break;
		if (result.nr_wanted && !umbra_reclaim(u, result.nr_wanted))
			break;
		/* Most owners are ready the next time they are asked. */
		if (pass > 1 && pass < RANGE_PASSES)
			schedule_timeout_uninterruptible(1);
	}
	if (result.nr_moved || result.nr_left)
		trace_umbra_migrate_pages(result.nr_moved, result.nr_left,
					  UMBRA_MIGRATE_SYNC,
					  UMBRA_MIGRATE_FOR_RANGE);
	return result.nr_left ? -EBUSY : 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_migrate_range);
