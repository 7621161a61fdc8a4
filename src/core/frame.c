// SPDX-License-Identifier: GPL-2.0
/* The slow side of the frame map: names, and heads looked up from tails. */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include "frame.h"

static const char * const state_names[] = {
	[FRAME_OFFLINE] = "offline",
	[FRAME_FREE] = "free",
	[FRAME_TAIL] = "tail",
	[FRAME_PCP] = "pcp",
	[FRAME_HELD] = "held",
	[FRAME_ALLOC] = "allocated",
	[FRAME_EXPOSED] = "allocated, exposed",
	[FRAME_COMP] = "allocated, compound",
	[FRAME_COMP | FRAME_EXPOSED] = "allocated, compound, exposed",
	[FRAME_MOVABLE] = "allocated, movable",
	[FRAME_MOVABLE | FRAME_EXPOSED] = "allocated, movable, exposed",
	[FRAME_MOVABLE | FRAME_COMP] = "allocated, movable, compound",
	[FRAME_MOVABLE | FRAME_COMP | FRAME_EXPOSED] =
		"allocated, movable, compound, exposed",
};

const char *umbra_frame_state_name(enum umbra_frame_state state)
{
	if (state >= FRAME_NR_STATES || !state_names[state])
		return "invalid";
	return state_names[state];
}
EXPORT_SYMBOL_IF_KUNIT(umbra_frame_state_name);

/*
 * The head of the block that frame @index lies in, or UMBRA_NO_FRAME if no
 * block covers it. A guess unless the caller keeps the block from changing.
 */
u32 umbra_frame_head(const struct umbra *u, u32 index)
{
	unsigned int order;

	if (frame_state(frame_read(u, index)) != FRAME_TAIL)
		return index;
	for (order = 1; order <= UMBRA_MAX_ORDER; order++) {
		u32 head = index & ~((1U << order) - 1);
		u8 frame = frame_read(u, head);

		if (frame_state(frame) != FRAME_TAIL)
			return frame_order(frame) >= order ? head :
							     UMBRA_NO_FRAME;
	}
	return UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_frame_head);

/**
 * umbra_frame_lose() - take a frame out of use for good, and say so
 * @zone: the zone of the frame
 * @index: a frame that is nobody's and on no list
 * @why: what happened, for the report: "WHY pfn ..."
 *
 * The descriptor is not written: it may belong to the host already.
 *
 * Context: zone lock held.
 */
void umbra_frame_lose(struct umbra_zone *zone, u32 index, const char *why)
{
	lockdep_assert_held(&zone->lock);

	frame_set(zone->umbra, index, FRAME_OFFLINE, 0);
	zone->nr_managed--;
	zone->seq++;
	umbra_report_frame(zone->umbra, why, index);
}
