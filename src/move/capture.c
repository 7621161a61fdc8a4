// SPDX-License-Identifier: GPL-2.0
/* A freed block, and the larger one it becomes a part of, for one request. */
#include <linux/module.h>
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
 * A block for @rq out of the free one that @index lies in now, or UMBRA_NO_FRAME
 * if that is too small, or a request of this type has no business there. Zone
 * lock held.
 */
static u32 capture(struct umbra_zone *zone, u32 index,
		   const struct umbra_request *rq)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u32 head = umbra_frame_head(u, index);
	u32 wanted = index & ~((1U << rq->order) - 1);
	u8 frame = head == UMBRA_NO_FRAME ? 0 : frame_read(u, head);

	if (frame_state(frame) != FRAME_FREE ||
	    frame_order(frame) < rq->order || !umbra_type_is_mergeable(type))
		return UMBRA_NO_FRAME;
	/* What cannot move is not to be strewn over movable pageblocks. */
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
 * umbra_free_captured() - free a block past the caches, and take what it makes
 * @u: the instance
 * @index: its head, in state PCP; umbra_debug_free() has seen it
 * @order: its order
 * @rq: who wants a block that this one becomes a part of; or NULL
 *
 * Nobody else can get that block in between. No watermark counts: what is taken
 * is what was made for it. Neither an allocation nor a free is counted.
 *
 * Context: any but NMI; takes the zone lock.
 * Return: the head of a block of the order that @rq wants, in state PCP, or
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
EXPORT_SYMBOL_IF_KUNIT(umbra_free_captured);
