/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cache that a CPU has of a zone.
 *
 * It is touched in sections, by its own CPU alone and with preemption off. A
 * section is marked by a plain flag: an interrupt that comes inside one sees
 * the flag set and goes to the zone instead; one that comes before has left
 * its own section by the time it returns. So nothing here is atomic, and no
 * section waits for anything or takes a lock. Another CPU that wants what is
 * in the cache asks this one by an interrupt.
 *
 * Blocks are kept as frame indices, on a list for each order and type. A list
 * is a stack of chunks of a cache line each, so a hit touches the line of the
 * list, one chunk, and the byte of the block in the frame map.
 */
#ifndef _UMBRA_PCP_H
#define _UMBRA_PCP_H

#include <linux/cache.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include "frame.h"

#define PCP_CHUNK_FRAMES 14
#define PCP_NO_CHUNK U16_MAX

/* Orders that are cached: the cheap ones, and the pageblock's. */
#define PCP_LOW_ORDERS (PAGE_ALLOC_COSTLY_ORDER + 1)
#define PCP_LOW_LISTS (PCP_LOW_ORDERS * UMBRA_PCPTYPES)
#define PCP_LISTS (PCP_LOW_LISTS + 2)

struct umbra_pcp_chunk {
	u32 frames[PCP_CHUNK_FRAMES];	/* oldest first */
	u16 nr;
	u16 older;			/* next chunk down, or PCP_NO_CHUNK */
	u16 newer;			/* next chunk up, or PCP_NO_CHUNK */
};

struct umbra_pcp_list {
	u16 top;			/* chunk with the newest, or none */
	u16 bottom;			/* chunk with the oldest, or none */
};

struct umbra_pcp {
	bool busy;		/* a section is open */
	bool freed_high_order;	/* the last free was of a cheap order > 0 */
	u8 alloc_factor;	/* log2 of how many batches the next refill has */
	u16 free_chunk;		/* unused chunks, linked by older */
	int count;		/* pages */
	int high;		/* pages, between the zone's high_min and _max */
	int free_count;		/* pages freed in a row */
	struct umbra_pcp_chunk *chunks;
	struct umbra_pcp_list lists[PCP_LISTS];
	unsigned long events[UMBRA_NR_EVENTS];	/* counted in sections */
	unsigned long shared[UMBRA_NR_EVENTS];	/* with this_cpu_add() */
} ____cacheline_aligned_in_smp;

/* Open a section; NULL if this CPU is inside one. */
static inline struct umbra_pcp *pcp_enter(struct umbra_zone *zone)
{
	struct umbra_pcp *pcp;

	preempt_disable();
	pcp = this_cpu_ptr(zone->pcp);
	if (unlikely(READ_ONCE(pcp->busy))) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(pcp->busy, true);
	barrier();
	return pcp;
}

static inline void pcp_leave(struct umbra_pcp *pcp)
{
	barrier();
	WRITE_ONCE(pcp->busy, false);
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

/* The list of an order and type, or -1 for an order that is not cached. */
static inline int pcp_list_of(const struct umbra *u, unsigned int order,
			      enum umbra_migratetype type)
{
	/* A block of several pageblocks may be of several types. */
	if (order < PCP_LOW_ORDERS && order <= u->pb_order)
		return order * UMBRA_PCPTYPES + type;
	if (order == u->pb_order)
		return PCP_LOW_LISTS + (type == UMBRA_MOVABLE);
	return -1;
}

static inline u32 pcp_pop(struct umbra_pcp *pcp, struct umbra_pcp_list *list)
{
	struct umbra_pcp_chunk *chunk;
	u16 top = list->top;

	if (top == PCP_NO_CHUNK)
		return UMBRA_NO_FRAME;
	chunk = &pcp->chunks[top];
	if (!chunk->nr) {
		if (chunk->older == PCP_NO_CHUNK)
			return UMBRA_NO_FRAME;
		list->top = chunk->older;
		chunk->older = pcp->free_chunk;
		pcp->free_chunk = top;
		chunk = &pcp->chunks[list->top];
		chunk->newer = PCP_NO_CHUNK;
	}
	return chunk->frames[--chunk->nr];
}

static inline bool pcp_push(struct umbra_pcp *pcp, struct umbra_pcp_list *list,
			    u32 frame)
{
	struct umbra_pcp_chunk *chunk;
	u16 top = list->top;

	if (unlikely(top == PCP_NO_CHUNK ||
		     pcp->chunks[top].nr == PCP_CHUNK_FRAMES)) {
		u16 fresh = pcp->free_chunk;

		if (fresh == PCP_NO_CHUNK)
			return false;
		chunk = &pcp->chunks[fresh];
		pcp->free_chunk = chunk->older;
		chunk->nr = 0;
		chunk->older = top;
		chunk->newer = PCP_NO_CHUNK;
		if (top == PCP_NO_CHUNK)
			list->bottom = fresh;
		else
			pcp->chunks[top].newer = fresh;
		list->top = fresh;
	} else {
		chunk = &pcp->chunks[top];
	}
	chunk->frames[chunk->nr++] = frame;
	return true;
}

#endif /* _UMBRA_PCP_H */
