/* SPDX-License-Identifier: GPL-2.0 */
/* The transition of a block to its caller; see give.c. */
#ifndef _UMBRA_GIVE_H
#define _UMBRA_GIVE_H

#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/span.h"

struct page *umbra_give_block(struct umbra *u, u32 index, unsigned int order,
			      gfp_t gfp, unsigned int flags);

/* Change a block in hand to state ALLOC. */
static inline void umbra_make_allocated(struct umbra *u, u32 index,
					unsigned int order, gfp_t gfp)
{
	enum umbra_frame_state state = FRAME_ALLOC;

	if (gfp & __GFP_MOVABLE)
		state |= FRAME_MOVABLE;
	if (gfp & __GFP_COMP && order)
		state |= FRAME_COMP;
	umbra_debug_alloc(u, index, order, gfp);
	frame_set(u, index, state, order);
}

/* As umbra_give_block(), which is called only for __GFP_ZERO. */
static inline struct page *umbra_give(struct umbra *u, u32 index,
				      unsigned int order, gfp_t gfp,
				      unsigned int flags)
{
	if (unlikely(gfp & __GFP_ZERO))
		return umbra_give_block(u, index, order, gfp, flags);
	umbra_make_allocated(u, index, order, gfp);
	return umbra_index_to_page(u, index);
}

#endif /* _UMBRA_GIVE_H */
