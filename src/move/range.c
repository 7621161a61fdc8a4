// SPDX-License-Identifier: GPL-2.0
/* Moving everything that can move out of a range, to anywhere outside. */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../page/free.h"
#include "../page/gfp.h"
#include "../page/take.h"
#include "capture.h"
#include "compact_move.h"
#include "compact_scan.h"
#include "compaction.h"
#include "movable.h"
#include "range.h"
#include <trace/events/umbra.h>

/* How often a range is gone over, for what cannot be isolated just now. */
#define RANGE_PASSES 5

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
		    !umbra_has_hwpoison(u, index, order))
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

	if (umbra_has_hwpoison(u, src, order))
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
	umbra_compact_give_up(u, src);
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
