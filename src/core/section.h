/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections of per-CPU caches.
 *
 * Only the CPU of a cache uses the cache, in a section with preemption off. A
 * plain flag marks the section. An interrupt inside a section sees the flag and
 * uses the zone instead of the cache. An interrupt just before a section ends
 * its own section before it returns. So a section needs no atomic operation and
 * no lock, and never waits. Another CPU drains the cache by an interrupt on the
 * CPU of the cache.
 */
#ifndef _UMBRA_SECTION_H
#define _UMBRA_SECTION_H

#include <linux/cache.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include "core.h"
#include "request.h"
#include "stats.h"

/* Blocks in the array of a list, and in a group: see pcp_list.c. */
#define PCP_GROUP 13

/* Orders that have lists: the cheap ones, and the pageblock order. */
#define PCP_LOW_ORDERS (PAGE_ALLOC_COSTLY_ORDER + 1)
#define PCP_LOW_LISTS (PCP_LOW_ORDERS * UMBRA_PCPTYPES)
#define PCP_LISTS (PCP_LOW_LISTS + 2)

struct umbra_pcp_list {
	u32 frames[PCP_GROUP];	/* the newest blocks, oldest first */
	u32 nr;			/* number of @frames */
	u32 top;		/* newest group, or UMBRA_NO_FRAME */
	u32 bottom;		/* oldest group, or UMBRA_NO_FRAME */
};

/* A hit touches one cache line of a list. */
static_assert(sizeof(struct umbra_pcp_list) == 64);

struct umbra_pcp {
	bool busy;		/* a section is open */
	bool freed_high_order;	/* the last free was of a cheap order > 0 */
	u8 alloc_factor;	/* log2 of the batches in the next refill */
	int count;		/* pages in the cache */
	int high;		/* pages, from pcp_high_min to pcp_high_max */
	int free_count;		/* pages freed in a row */
	unsigned long allocs[UMBRA_NR_ORDERS];	/* blocks, in sections */
	unsigned long frees[UMBRA_NR_ORDERS];	/* blocks, in sections */
	struct umbra_pcp_list lists[PCP_LISTS] ____cacheline_aligned_in_smp;
	u32 single[UMBRA_NR_ORDERS][UMBRA_PCPTYPES];	/* or UMBRA_NO_FRAME */
	unsigned long events[UMBRA_NR_EVENTS];	/* counted in sections */
	unsigned long shared[UMBRA_NR_EVENTS];	/* counted outside */
} ____cacheline_aligned_in_smp;

/* Open a section; false if this CPU is inside one. Preemption must be off. */
static inline bool pcp_begin(struct umbra_pcp *pcp)
{
	if (unlikely(READ_ONCE(pcp->busy)))
		return false;
	WRITE_ONCE(pcp->busy, true);
	barrier();
	return true;
}

static inline void pcp_end(struct umbra_pcp *pcp)
{
	barrier();
	WRITE_ONCE(pcp->busy, false);
}

/* Disable preemption and open a section; NULL if this CPU is inside one. */
static inline struct umbra_pcp *pcp_enter(struct umbra_zone *zone)
{
	struct umbra_pcp *pcp;

	preempt_disable();
	pcp = this_cpu_ptr(zone->pcp);
	if (likely(pcp_begin(pcp)))
		return pcp;
	preempt_enable();
	return NULL;
}

static inline void pcp_leave(struct umbra_pcp *pcp)
{
	pcp_end(pcp);
	preempt_enable();
}

/* Open a section of @pcp; false if the task runs on another CPU now. */
static inline bool pcp_enter_again(struct umbra_zone *zone,
				   struct umbra_pcp *pcp)
{
	struct umbra_pcp *now = pcp_enter(zone);

	if (likely(now == pcp))
		return true;
	if (now)
		pcp_leave(now);
	return false;
}

/*
 * Count @blocks with __GFP_ACCOUNT, and blocks that are not of the preferred
 * node or not of the node of the CPU. In a section.
 */
static inline void pcp_count_node(struct umbra_pcp *pcp,
				  const struct umbra_request *rq,
				  const struct umbra_zone *zone,
				  unsigned long blocks)
{
	if (unlikely(rq->gfp & __GFP_ACCOUNT))
		pcp->events[EVENT_ACCOUNT] += blocks << rq->order;
	if (unlikely(zone->nid != rq->preferred->nid)) {
		pcp->events[EVENT_NUMA_MISS] += blocks;
		umbra_count(rq->preferred, EVENT_NUMA_FOREIGN, blocks);
	}
	if (unlikely(zone->nid != umbra_current_node(zone->umbra)))
		pcp->events[EVENT_NUMA_OTHER] += blocks;
}

#endif /* _UMBRA_SECTION_H */
