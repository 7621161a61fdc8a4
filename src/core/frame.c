// SPDX-License-Identifier: GPL-2.0
/* Names of frame states, and the search for the head of a block. */
#include <linux/module.h>
#include "core.h"
#include "frame.h"

static const char * const state_names[] = {
	[FRAME_OFFLINE] = "offline",
	[FRAME_FREE] = "free",
	[FRAME_TAIL] = "tail",
	[FRAME_PCP] = "pcp",
	[FRAME_HELD] = "held",
	[FRAME_LATER] = "freed later",
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

/* The name of a state, or "invalid". Context: any. */
const char *umbra_frame_state_name(enum umbra_frame_state state)
{
	if (state >= FRAME_NR_STATES || !state_names[state])
		return "invalid";
	return state_names[state];
}
EXPORT_SYMBOL_IF_KUNIT(umbra_frame_state_name);

/*
 * The head of the block that contains frame @index, or UMBRA_NO_FRAME if no
 * block covers the frame. The answer is a guess, unless the caller holds the
 * zone lock or owns the block.
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

/*
 * Reset the descriptors of a block after the first, up to one with another
 * reference. Returns true if there is none.
 */
bool umbra_tails_reset(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1UL << order; i++) {
		if (umbra_page_use_of(page + i) != PAGE_USE_NONE)
			return false;
		set_page_private(page + i, 0);
	}
	return true;
}
