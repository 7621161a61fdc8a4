// SPDX-License-Identifier: GPL-2.0
/* Freeing a block, and capturing the merged block for one request. */
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../page/free.h"
#include "../page/held.h"
#include "../page/zone_blocks.h"
#include "capture.h"

/*
 * Take a block for @rq out of the free block that contains @index. Returns
 * UMBRA_NO_FRAME if the free block is too small, or @rq must not use it. Zone
 * lock held.
 */
static u32 capture(struct umbra_zone *zone, u32 index,
		   const struct umbra_request *rq)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u32 head = umbra_frame_head(u, index);
	u32 wanted = index & ~((1U << rq->order) - 1);
	u8 frame = frame_read_head(u, head);

	lockdep_assert_held(&zone->lock);

	if (frame_state(frame) != FRAME_FREE ||
	    frame_order(frame) < rq->order || !umbra_type_is_mergeable(type))
		return UMBRA_NO_FRAME;
	/* A block that cannot move must not fragment a movable pageblock. */
	if (rq->order < u->pb_order && type == UMBRA_MOVABLE &&
	    rq->type != UMBRA_MOVABLE)
		return UMBRA_NO_FRAME;
	if (!umbra_freelist_remove(zone, head, frame_order(frame)))
		return UMBRA_NO_FRAME;
	frame_set(u, wanted, FRAME_PCP, rq->order);
	umbra_freelist_free_range(zone, head, wanted);
	umbra_freelist_free_range(zone, wanted + (1U << rq->order),
				  head + (1U << frame_order(frame)));
	return wanted;
}

/**
 * umbra_free_captured() - free a block to its zone, and capture the result
 * @u: the instance
 * @index: head of the block, in state PCP, after umbra_debug_free()
 * @order: order of the block
 * @rq: request that waits for a larger block, or NULL
 *
 * The block merges with its free buddies. If the merged block is large enough
 * for @rq, it is taken under the same hold of the zone lock, so that no other
 * task can take it. Watermarks are not tested, because the block was made for
 * @rq. Neither an allocation nor a free is counted.
 *
 * Context: any but NMI; takes the zone lock.
 * Return: head of a block of the order of @rq, in state PCP, or
 * UMBRA_NO_FRAME.
 */
u32 umbra_free_captured(struct umbra *u, u32 index, unsigned int order,
			const struct umbra_request *rq)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	bool whole = umbra_free_is_whole(u, index, order);
	unsigned long held, flags;
	u32 captured = UMBRA_NO_FRAME;

	spin_lock_irqsave(&zone->lock, flags);
	held = umbra_free_locked(zone, index, order, whole, NULL);
	if (rq)
		captured = capture(zone, index, rq);
	umbra_zone_unlock(zone, flags);
	if (held)
		umbra_held_rescan_later(u);
	return captured;
}
