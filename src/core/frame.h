/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame map: one byte per frame, with the state in the upper and the order
 * in the lower half. The map decides what every frame is.
 *
 * The head of a block carries the state and the order of the block. All other
 * frames of the block are TAIL, so that a split or a merge writes one byte.
 *
 * The shape of blocks (which frame is a head, and its order) changes only under
 * the zone lock. The state of an allocated head may change without the lock, by
 * compare-and-exchange: the owner changes it to EXPOSED, a free changes it to
 * PCP. If two CPUs free one block, one exchange fails.
 */
#ifndef _UMBRA_FRAME_H
#define _UMBRA_FRAME_H

#include <linux/mm.h>
#include <linux/string.h>
#include "core.h"

enum umbra_frame_state {
	FRAME_OFFLINE,		/* hole, hardware poison, or lost to the host */
	FRAME_FREE,		/* head of a block on a free list */
	FRAME_TAIL,		/* inside a block */
	FRAME_PCP,		/* head of a block in a cache, or in hand */
	FRAME_HELD,		/* freed, but others still reference it */
	FRAME_LATER,		/* head of a block that is freed later */
	FRAME_ALLOC = 8,	/* head of an allocated block, plus any of: */
	FRAME_EXPOSED = 9,	/* others may reference the tails */
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

/* Is a frame the head of a block in a state and of an order? */
static inline bool frame_is(const struct umbra *u, u32 index,
			    enum umbra_frame_state state, unsigned int order)
{
	return frame_read(u, index) == frame_make(state, order);
}

/* The byte of a head that may be missing; 0 for UMBRA_NO_FRAME. */
static inline u8 frame_read_head(const struct umbra *u, u32 head)
{
	return head == UMBRA_NO_FRAME ? 0 : frame_read(u, head);
}

/* Set the byte of a frame. The caller owns the frame or holds the zone lock. */
static inline void frame_set(struct umbra *u, u32 index,
			     enum umbra_frame_state state, unsigned int order)
{
	WRITE_ONCE(u->map[index], frame_make(state, order));
}

/* Make frames in hand tails of a block that the caller frees next. */
static inline void frame_set_tails(struct umbra *u, u32 index, u32 nr)
{
	memset(u->map + index, frame_make(FRAME_TAIL, 0), nr);
}

static inline bool frame_is_allocated(u8 frame)
{
	return frame_state(frame) & FRAME_ALLOC;
}

/* Does the state of a frame include FRAME_EXPOSED, _COMP or _MOVABLE? */
static inline bool frame_has(u8 frame, enum umbra_frame_state state)
{
	return (frame_state(frame) & state) == state;
}

/*
 * Change the byte of an allocated head from @old to @state and the same order.
 * Returns false if the byte is not @old any more.
 */
static inline bool frame_leave(struct umbra *u, u32 index, u8 old,
			       enum umbra_frame_state state)
{
	return try_cmpxchg(&u->map[index], &old,
			   frame_make(state, frame_order(old)));
}

/* The use of a page after its owner has freed it, from its descriptor. */
enum umbra_page_use {
	PAGE_USE_NONE,		/* only umbra references the page */
	PAGE_USE_HELD,		/* others reference it, too */
	PAGE_USE_STRAY,		/* base reference lost: the host owns it */
	PAGE_USE_HWPOISON,	/* its memory has failed */
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
bool umbra_tails_reset(struct page *page, unsigned int order);

#endif /* _UMBRA_FRAME_H */
