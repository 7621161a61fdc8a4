/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What debugging an instance adds to allocation and free. Without any instance
 * that asks for it a hook is a jump that is not taken.
 */
#ifndef _UMBRA_DEBUG_H
#define _UMBRA_DEBUG_H

#include <linux/jump_label.h>
#include "frame.h"

DECLARE_STATIC_KEY_FALSE(umbra_debug_key);

void __umbra_debug_alloc(struct umbra *u, u32 index, unsigned int order,
			 gfp_t gfp);
void __umbra_debug_free(struct umbra *u, u32 index, unsigned int order);
void __umbra_debug_poison(struct umbra *u, u32 index, u32 nr);
bool umbra_debug_is_intact(struct umbra *u, u32 index);

static inline bool umbra_debug_is_on(const struct umbra *u)
{
	return static_branch_unlikely(&umbra_debug_key) && u->debug;
}

/* A block is about to be handed out; it is still in this CPU's hands. */
static inline void umbra_debug_alloc(struct umbra *u, u32 index,
				     unsigned int order, gfp_t gfp)
{
	if (umbra_debug_is_on(u))
		__umbra_debug_alloc(u, index, order, gfp);
}

/* A block has come back, and its references have not been looked at. */
static inline void umbra_debug_free(struct umbra *u, u32 index,
				    unsigned int order)
{
	if (umbra_debug_is_on(u))
		__umbra_debug_free(u, index, order);
}

/* Frames that nobody references are about to be free. */
static inline void umbra_debug_poison(struct umbra *u, u32 index, u32 nr)
{
	if (static_branch_unlikely(&umbra_debug_key) &&
	    u->debug & UMBRA_DEBUG_POISON)
		__umbra_debug_poison(u, index, nr);
}

/* Make a block that is in this CPU's hands allocated. */
static inline void umbra_alloc_prepare(struct umbra *u, u32 index,
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

/* umbra_hand_out(), which is called only if there is memory to zero. */
static inline struct page *umbra_give(struct umbra *u, u32 index,
				      unsigned int order, gfp_t gfp,
				      unsigned int flags)
{
	if (unlikely(gfp & __GFP_ZERO))
		return umbra_hand_out(u, index, order, gfp, flags);
	umbra_alloc_prepare(u, index, order, gfp);
	return umbra_index_to_page(u, index);
}

/* Is this one of the requests that a test wants to fail? */
static inline bool umbra_debug_fail_alloc(struct umbra *u, gfp_t gfp,
					  unsigned int order)
{
#ifdef CONFIG_FAULT_INJECTION
	return !(gfp & __GFP_NOFAIL) &&
	       should_fail(&u->fail_alloc, 1UL << order);
#else
	return false;
#endif
}

/* owner.c */

/**
 * struct umbra_owner - who has a block, or had it last
 * @stack: where from, a handle of the stack depot
 * @free_stack: where it was freed, or 0 while it is allocated
 * @gfp: of the request
 * @ts_ns: when, by the local clock
 * @pid: thread
 * @tgid: process
 * @order: of the block
 * @valid: it was allocated at all
 * @comm: name of the thread
 */
struct umbra_owner {
	u32 stack;
	u32 free_stack;
	gfp_t gfp;
	u64 ts_ns;
	pid_t pid;
	pid_t tgid;
	u8 order;
	bool valid;
	char comm[TASK_COMM_LEN];
};

int umbra_owner_create(struct umbra *u);
void umbra_owner_destroy(struct umbra *u);
void umbra_owner_set(struct umbra *u, u32 index, unsigned int order,
		     gfp_t gfp);
void umbra_owner_split(struct umbra *u, u32 index, unsigned int order);
void umbra_owner_copy(struct umbra *u, u32 dst, u32 src);
void umbra_owner_clear(struct umbra *u, u32 index, unsigned int order);
bool umbra_owner_get(const struct umbra *u, u32 index,
		     struct umbra_owner *owner);
int umbra_owner_stack(const struct umbra_owner *owner, char *buf,
		      size_t size);

#endif /* _UMBRA_DEBUG_H */
