/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooks of debugging in allocation and free. A static key disables them as long
 * as no instance uses debugging.
 */
#ifndef _UMBRA_DEBUG_H
#define _UMBRA_DEBUG_H

#include <linux/fault-inject.h>
#include <linux/jump_label.h>
#include "core.h"

DECLARE_STATIC_KEY_FALSE(umbra_debug_key);

bool umbra_debug_is_intact(struct umbra *u, u32 index);
void __umbra_debug_poison(struct umbra *u, u32 index, u32 nr);
void __umbra_debug_alloc(struct umbra *u, u32 index, unsigned int order,
			 gfp_t gfp);
void __umbra_debug_free(struct umbra *u, u32 index, unsigned int order);
int umbra_debug_create(struct umbra *u, unsigned int debug);
void umbra_debug_switch(struct umbra *u, unsigned int bit, bool on);
void umbra_debug_destroy(struct umbra *u);

static inline bool umbra_debug_is_on(const struct umbra *u)
{
	return static_branch_unlikely(&umbra_debug_key) && u->debug;
}

/* An allocation must call this before it gives a block in hand. */
static inline void umbra_debug_alloc(struct umbra *u, u32 index,
				     unsigned int order, gfp_t gfp)
{
	if (umbra_debug_is_on(u))
		__umbra_debug_alloc(u, index, order, gfp);
}

/* A free must call this before it checks the reference counts of a block. */
static inline void umbra_debug_free(struct umbra *u, u32 index,
				    unsigned int order)
{
	if (umbra_debug_is_on(u))
		__umbra_debug_free(u, index, order);
}

/* A free must call this for frames that only umbra references. */
static inline void umbra_debug_poison(struct umbra *u, u32 index, u32 nr)
{
	if (static_branch_unlikely(&umbra_debug_key) &&
	    u->debug & UMBRA_DEBUG_POISON)
		__umbra_debug_poison(u, index, nr);
}

/* Must the request fail by fault injection? */
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

#endif /* _UMBRA_DEBUG_H */
