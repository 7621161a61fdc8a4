// SPDX-License-Identifier: GPL-2.0
/* Names of the states of frames, and the block that a frame is in. */
#include <linux/module.h>
#include "core.h"
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

/* Is every page of a block, but for the first, referenced by umbra alone? */
bool umbra_tails_are_unused(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1UL << order; i++)
		if (umbra_page_use_of(page + i) != PAGE_USE_NONE)
			return false;
	return true;
}
