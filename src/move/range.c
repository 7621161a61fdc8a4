// SPDX-License-Identifier: GPL-2.0
/* Moving all movable blocks out of a range of frames. */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/owner.h"
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
#include "shrink.h"
#include <trace/events/umbra_compaction.h>

/* Number of passes over a range, for blocks that are isolated for a moment. */
#define RANGE_PASSES 5

/* The zone bits of a gfp for blocks that can replace a block of @zone. */
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

/* Take a block that can replace a block of @zone, or return UMBRA_NO_FRAME. */
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
			/*
			 * A migration must not use the reserves, but is worth
			 * more than whole pageblocks.
			 */
			rq.flags &= ~(ALLOC_NON_BLOCK | ALLOC_NOFRAGMENT);
			index = umbra_take(u, &rq, NULL);
		}
		if (index == UMBRA_NO_FRAME ||
		    !umbra_has_hwpoison(u, index, order))
			return index;
		umbra_free_block(u, index, order, true, NULL);
	} while (true);
}

/*
 * Move one isolated block to another place. Returns 0, -ENOENT if its owner has
 * freed it, or another error.
 */
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
	err = umbra_movable_migrate(u, dst, src, UMBRA_MIGRATE_SYNC,
				    UMBRA_MIGRATE_FOR_RANGE);
	if (!err) {
		umbra_free_block(u, src, order, true, NULL);
		return 0;
	}
	umbra_free_captured(u, dst, order, NULL);
	umbra_count(umbra_frame_zone(u, dst), EVENT_PGFREE, 1UL << order);
	if (err == -ENOENT)
		return err;
err_putback:
	umbra_compact_give_up(u, src);
	return err;
}

struct range_result {
	unsigned long nr_moved;
	unsigned long nr_left;
	unsigned long nr_wanted;	/* pages to reclaim for more room */
};

/* Try to move one registered block, and count its pages. */
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
	else if (err != -ENOENT)
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
		if (umbra_is_movable(u, index))
			range_step(u, index, end, result);
		/* Another task has the block in hand, to free or to use it. */
		else if (frame_state(frame) == FRAME_PCP ||
			 frame_state(frame) == FRAME_LATER)
			result->nr_left += 1UL << frame_order(frame);
		index += 1U << frame_order(frame);
	}
}

/**
 * umbra_compact_migrate_range() - move all movable blocks out of a range
 * @zone: zone of the range
 * @start: first frame of the range
 * @end: frame after the last one; all pageblocks of the range must be isolated
 *
 * Moves blocks of any order, and blocks that only overlap the range.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM if there is no room for a block; -EBUSY if a registered
 * block stays in the range, or another task has a block of it in hand; -EINTR on
 * a fatal signal.
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
		if (result.nr_wanted &&
		    !umbra_shrink_nodes(u, result.nr_wanted, false))
			break;
		/* Give the owners time to unlock the blocks that are left. */
		if (pass > 1 && pass < RANGE_PASSES)
			schedule_timeout_uninterruptible(1);
	}
	if (result.nr_moved || result.nr_left)
		trace_umbra_migrate_pages(result.nr_moved, result.nr_left,
					  UMBRA_MIGRATE_SYNC,
					  UMBRA_MIGRATE_FOR_RANGE);
	if (result.nr_wanted)
		return -ENOMEM;
	return result.nr_left ? -EBUSY : 0;
}
