/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame map: one byte a frame, state in the upper and order in the lower
 * half. It is the authority on what every frame is.
 *
 * The head of a block carries the block's state and order, every other frame
 * of it is TAIL, so that splitting and merging write one byte each.
 *
 * The shape of blocks (which frame is a head, and of which order) changes
 * under the zone lock only. The state of an allocated head may change without
 * it, by compare-and-exchange: to EXPOSED by its owner, and to PCP by whoever
 * frees it. Of two that free one block, one wins.
 */
#ifndef _UMBRA_FRAME_H
#define _UMBRA_FRAME_H

#include <linux/mm.h>
#include <linux/string.h>
#include "core.h"

enum umbra_frame_state {
	FRAME_OFFLINE,		/* a hole, poisoned, or lost to the host */
	FRAME_FREE,		/* head of a block on a free list */
	FRAME_TAIL,		/* inside a block */
	FRAME_PCP,		/* head of a block in the hands of one CPU */
	FRAME_HELD,		/* freed, but still referenced by somebody */
	FRAME_ALLOC = 8,	/* head of an allocated block, with any of: */
	FRAME_EXPOSED = 9,	/* others may reference its tails */
	FRAME_COMP = 10,	/* a compound page */
	FRAME_MOVABLE = 12,	/* allocated as movable */
	FRAME_NR_STATES = 16
};

static inline u8 frame_make(enum umbra_frame_state state, unsigned int order)
{
	return state << 4 | order;
}

static inline enum umbra_frame_state frame_state(u8 frame)
{
	return frame >> 4;
}

static inline unsigned int frame_order(u8 frame)
{
	return frame & 15;
}

static inline u8 frame_read(const struct umbra *u, u32 index)
{
	return READ_ONCE(u->map[index]);
}

/* Set a frame's byte; for those who own the frame or hold the zone lock. */
static inline void frame_set(struct umbra *u, u32 index,
			     enum umbra_frame_state state, unsigned int order)
{
	WRITE_ONCE(u->map[index], frame_make(state, order));
}

/* Make frames that nobody has the insides of a block that is to be freed. */
static inline void frame_set_tails(struct umbra *u, u32 index, u32 nr)
{
	memset(u->map + index, frame_make(FRAME_TAIL, 0), nr);
}

static inline bool frame_is_allocated(u8 frame)
{
	return frame_state(frame) & FRAME_ALLOC;
}

/* Does an allocated head have what FRAME_EXPOSED, _COMP or _MOVABLE says? */
static inline bool frame_has(u8 frame, enum umbra_frame_state state)
{
	return (frame_state(frame) & state) == state;
}

/*
 * Change an allocated head from @old to @state, keeping its order. False if
 * the frame is not @old any more.
 */
static inline bool frame_leave(struct umbra *u, u32 index, u8 old,
			       enum umbra_frame_state state)
{
	return try_cmpxchg(&u->map[index], &old,
			   frame_make(state, frame_order(old)));
}

/* Who holds a page that its owner has freed, told from its descriptor. */
enum umbra_page_use {
	PAGE_USE_NONE,		/* only umbra */
	PAGE_USE_HELD,		/* somebody else too */
	PAGE_USE_STRAY,		/* our reference was dropped: the host has it */
	PAGE_USE_HWPOISON,	/* nobody should */
};

static inline enum umbra_page_use umbra_page_use_of(struct page *page)
{
	int count = page_ref_count(page);

	if (unlikely(PageHWPoison(page)))
		return PAGE_USE_HWPOISON;
	if (likely(count == UMBRA_BASE_COUNT))
		return PAGE_USE_NONE;
	return count > UMBRA_BASE_COUNT ? PAGE_USE_HELD : PAGE_USE_STRAY;
}

const char *umbra_frame_state_name(enum umbra_frame_state state);
u32 umbra_frame_head(const struct umbra *u, u32 index);
bool umbra_tails_are_unused(struct page *page, unsigned int order);

#endif /* _UMBRA_FRAME_H */
