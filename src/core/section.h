/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections of per-CPU caches.
 *
 * A cache is touched in sections, by its own CPU alone and with preemption off.
 * A section is marked by a plain flag: an interrupt that comes inside one sees
 * the flag set and goes to the zone instead; one that comes before has left
 * its own section by the time it returns. So nothing here is atomic, and no
 * section waits for anything or takes a lock. Another CPU that wants what is
 * in the cache asks this one by an interrupt.
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

/* Blocks in the line of a list, and in a group. */
#define PCP_GROUP 13

/* Orders that have lists: the cheap ones, and the pageblock's. */
#define PCP_LOW_ORDERS (PAGE_ALLOC_COSTLY_ORDER + 1)
#define PCP_LOW_LISTS (PCP_LOW_ORDERS * UMBRA_PCPTYPES)
#define PCP_LISTS (PCP_LOW_LISTS + 2)

struct umbra_pcp_list {
	u32 frames[PCP_GROUP];	/* the newest blocks, oldest first */
	u32 nr;			/* of them */
	u32 top;		/* the group of the next newest, and of the */
	u32 bottom;		/* oldest; or UMBRA_NO_FRAME both */
};

struct umbra_pcp {
	bool busy;		/* a section is open */
	bool freed_high_order;	/* the last free was of a cheap order > 0 */
	u8 alloc_factor;	/* log2 of how many batches the next refill has */
	int count;		/* pages */
	int high;		/* pages, between the zone's high_min and _max */
	int free_count;		/* pages freed in a row */
	unsigned long allocs[UMBRA_NR_ORDERS];	/* blocks, in sections */
	unsigned long frees[UMBRA_NR_ORDERS];
	struct umbra_pcp_list lists[PCP_LISTS] ____cacheline_aligned_in_smp;
	u32 single[UMBRA_NR_ORDERS][UMBRA_PCPTYPES];	/* or UMBRA_NO_FRAME */
	unsigned long events[UMBRA_NR_EVENTS];	/* counted in sections */
	unsigned long shared[UMBRA_NR_EVENTS];	/* with this_cpu_add() */
} ____cacheline_aligned_in_smp;

/* Open a section of this CPU's cache; false if one is open. Preemption off. */
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

/* Open a section; NULL if this CPU is inside one. */
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

/* Open a section of this very cache; false if that is another CPU's now. */
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

/* Count where in the nodes @blocks came from, if not as wished. In a section. */
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
