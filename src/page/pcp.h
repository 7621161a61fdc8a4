/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cache of a CPU for a zone. Sections (section.h) protect it.
 *
 * A cache stores blocks as frame indices. Orders that the host also caches have
 * lists by type: orders up to the costly one have a list for each type, and the
 * order of a pageblock has one for movable blocks and one for all others. The
 * newest blocks of a list are in one cache line. Older blocks are in groups,
 * which are written into the descriptors of the blocks themselves (pcp_list.c).
 * For every other order and type a fast cache keeps one block. So a hit touches
 * the head of the cache, the line of the list, and the byte of the block in the
 * frame map; and the groups need no memory.
 */
#ifndef _UMBRA_PCP_H
#define _UMBRA_PCP_H

#include "../core/core.h"
#include "../core/section.h"
#include "pcp_list.h"

u32 umbra_pcp_alloc(struct umbra_zone *zone, const struct umbra_request *rq);
unsigned int umbra_pcp_alloc_bulk(struct umbra_zone *zone,
				  const struct umbra_request *rq, u32 *frames,
				  unsigned int nr);
void umbra_pcp_settle(struct umbra_zone *zone, struct umbra_pcp *pcp, int list,
		      int batch, bool free_high);
bool umbra_pcp_free_single(struct umbra_zone *zone, struct umbra_pcp *pcp,
			   u32 index, unsigned int order, bool nolock);
bool umbra_pcp_free_nolock(struct umbra_zone *zone, u32 index,
			   unsigned int order);
void umbra_pcp_put_back(struct umbra_zone *zone, const u32 *frames,
			unsigned int nr);
unsigned long umbra_pcp_count(const struct umbra_zone *zone, int cpu);

/* The log2 of the batches in the largest refill or free. */
#define PCP_SCALE_MAX 5

/*
 * Blocks moved in one hold of the zone lock: bounds how long the lock is held,
 * and the arrays of frames on the stack.
 */
#define PCP_MOVE 192

/*
 * The number of the list of an order and type, or -1 if the order has no list.
 * Larger blocks than a pageblock may have several types, so they have no list.
 */
static inline int pcp_list_of(const struct umbra *u, unsigned int order,
			      enum umbra_migratetype type)
{
	if (order < PCP_LOW_ORDERS && order <= u->pb_order)
		return order * UMBRA_PCPTYPES + type;
	if (order == u->pb_order)
		return PCP_LOW_LISTS + (type == UMBRA_MOVABLE);
	return -1;
}

/* Pop the newest block of a list, or UMBRA_NO_FRAME. In a section. */
static inline u32 pcp_list_pop(const struct umbra *u,
			       struct umbra_pcp_list *list)
{
	if (likely(list->nr))
		return list->frames[--list->nr];
	if (list->top == UMBRA_NO_FRAME)
		return UMBRA_NO_FRAME;
	return umbra_pcp_unspill(u, list);
}

/* Push a block to a list. In a section. */
static inline void pcp_list_push(const struct umbra *u,
				 struct umbra_pcp_list *list, u32 frame)
{
	if (unlikely(list->nr == PCP_GROUP))
		umbra_pcp_spill(u, list);
	list->frames[list->nr++] = frame;
}

/* Pop and count a block, or return UMBRA_NO_FRAME. In a section. */
static inline u32 pcp_pop(struct umbra_pcp *pcp, const struct umbra *u,
			  unsigned int order, enum umbra_migratetype type)
{
	int list = pcp_list_of(u, order, type);
	u32 index;

	if (likely(list >= 0)) {
		index = pcp_list_pop(u, &pcp->lists[list]);
		if (likely(index != UMBRA_NO_FRAME))
			pcp->free_count >>= 1;
	} else {
		index = pcp->single[order][type];
		pcp->single[order][type] = UMBRA_NO_FRAME;
	}
	if (likely(index != UMBRA_NO_FRAME)) {
		pcp->count -= 1 << order;
		pcp->allocs[order]++;
	}
	return index;
}

/*
 * The type of the list for a freed block, or -1 if a cache must not keep the
 * block: because its pageblock is isolated, or its pageblocks differ in type.
 */
static inline int pcp_type_of(const struct umbra *u, u32 index,
			      unsigned int order)
{
	enum umbra_migratetype type = umbra_frame_type(u, index);

	if (unlikely(order > u->pb_order) &&
	    (order > u->pb_order + 1 ||
	     type != umbra_frame_type(u, index + (1U << u->pb_order))))
		return -1;
	if (likely(umbra_type_is_mergeable(type)))
		return type;
	return type == UMBRA_ISOLATE ? -1 : UMBRA_MOVABLE;
}

/*
 * Count a free of an order that has a list. Returns true if the cache should be
 * emptied: after many frees of cheap orders above 0, so that the blocks merge.
 * In a section.
 */
static inline bool pcp_note_free(struct umbra_pcp *pcp,
				 const struct umbra_zone *zone,
				 unsigned int order, int batch)
{
	bool high_order = order && order <= PAGE_ALLOC_COSTLY_ORDER;
	bool free_high = high_order && pcp->freed_high_order &&
			 pcp->free_count >= batch +
			 READ_ONCE(zone->pcp_high_min) / 2 &&
			 pcp->count >= batch;

	pcp->freed_high_order = high_order;
	if (pcp->free_count < batch << PCP_SCALE_MAX)
		pcp->free_count += 1 << order;
	pcp->alloc_factor >>= 1;
	return free_high;
}

/* Is a cache below its limit, so that umbra_pcp_settle() has nothing to do? */
static inline bool pcp_is_roomy(const struct umbra_pcp *pcp,
				const struct umbra_zone *zone)
{
	return pcp->count < pcp->high &&
	       pcp->count < READ_ONCE(zone->pcp_high_max) &&
	       !(READ_ONCE(zone->flags) & (BIT(ZONE_FLAG_BELOW_HIGH) |
					   BIT(ZONE_FLAG_RECLAIM_ACTIVE)));
}

/* See pcp_free() and umbra_pcp_free_nolock(). */
static __always_inline bool pcp_keep(struct umbra_zone *zone, u32 index,
				     unsigned int order, bool nolock)
{
	const struct umbra *u = zone->umbra;
	struct umbra_pcp *pcp = pcp_enter(zone);
	int list, type, batch;
	bool free_high;

	if (unlikely(!pcp))
		return false;
	/*
	 * Both change before a drain. They are checked inside the section, so
	 * no block enters after the drain.
	 */
	if (unlikely(!READ_ONCE(zone->pcp_high_max) ||
		     umbra_zone_is_suspect(zone)))
		goto err_leave;
	if (pcp_list_of(u, order, 0) < 0)
		return umbra_pcp_free_single(zone, pcp, index, order, nolock);
	type = pcp_type_of(u, index, order);
	if (unlikely(type < 0))
		goto err_leave;
	list = pcp_list_of(u, order, type);
	pcp_list_push(u, &pcp->lists[list], index);
	pcp->count += 1 << order;
	pcp->frees[order]++;
	batch = READ_ONCE(zone->pcp_batch);
	free_high = pcp_note_free(pcp, zone, order, batch);
	if (nolock || likely(!free_high && pcp_is_roomy(pcp, zone)))
		pcp_leave(pcp);
	else
		umbra_pcp_settle(zone, pcp, list, batch, free_high);
	return true;

err_leave:
	pcp_leave(pcp);
	return false;
}

/*
 * Push a block in hand into the cache of this CPU; only umbra may reference it.
 * Returns false if the caller must put the block back to the zone. Context: any
 * but NMI; takes the zone lock if the cache is too large.
 */
static inline bool pcp_free(struct umbra_zone *zone, u32 index,
			    unsigned int order)
{
	return pcp_keep(zone, index, order, false);
}

#endif /* _UMBRA_PCP_H */
