/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a request in the slow path: slowpath.c has the steps, retry.c
 * decides whether another attempt is worth it.
 *
 * Private to pressure/.
 */
#ifndef _UMBRA_SLOW_H
#define _UMBRA_SLOW_H

#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include "../core/core.h"
#include "../core/request.h"
#include "../move/compact.h"

/* The state of a request in the slow path. */
struct slow {
	struct umbra *u;
	struct umbra_request rq;
	const umbra_nodemask_t *nodemask;	/* of the caller, or NULL */
	unsigned int seq;	/* of the zonelists at the begin step */
	umbra_nodemask_t allowed;	/* allowed nodes at the begin step */
	u32 index;		/* head of the block, or UMBRA_NO_FRAME */
	unsigned int stalled;	/* seconds in the last report */
	unsigned long start;	/* in jiffies */
	bool compact_first;
	bool drained;
	bool unbound;		/* has tried reserves or nodes beyond its own */
	bool is_victim;		/* its task is dying: has a victim's reserves */
	bool waiting;		/* registered as a waiter for memory */
	int freed;		/* umbra_memory_freed() at the last attempt */
	unsigned long reclaimed;	/* pages freed by the last reclaim */
	unsigned int no_progress;	/* reclaims in a row without progress */
	enum umbra_compact_result compacted;
	enum umbra_compact_priority priority;
	unsigned int compact_retries;
};

static inline bool slow_is_costly(const struct slow *s)
{
	return s->rq.order > PAGE_ALLOC_COSTLY_ORDER;
}

static inline bool slow_can_reclaim(const struct slow *s)
{
	return s->rq.gfp & __GFP_DIRECT_RECLAIM &&
	       !(current->flags & PF_MEMALLOC);
}

/* Compaction needs __GFP_IO, because moving a block may need I/O. */
static inline bool slow_can_compact(const struct slow *s)
{
	return slow_can_reclaim(s) && s->rq.gfp & __GFP_IO;
}

static inline unsigned int slow_work_order(const struct slow *s)
{
	return umbra_work_order(s->u, &s->rq);
}

/* Do reclaim and compaction work for a larger order than that of the request? */
static inline bool slow_is_promoted(const struct slow *s)
{
	return slow_work_order(s) != s->rq.order;
}

#endif /* _UMBRA_SLOW_H */
