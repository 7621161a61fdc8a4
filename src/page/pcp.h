/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cache that a CPU has of a zone; see section.h for what keeps it apart from
 * others.
 *
 * Blocks are kept as frame indices. Those of the orders that the host keeps are
 * on a list for each order and type: the newest in a line of their own, older
 * ones in groups that are written down in descriptors of the very blocks
 * (pcp_list.c). Of every other order and type one block is kept. So a hit
 * touches the head of the cache, the line of the list, and the byte of the block
 * in the frame map; and what is kept costs no memory.
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
			   u32 index, unsigned int order);
void umbra_pcp_drain(struct umbra *u, umbra_nodemask_t nodes, int cpu,
		     bool force);
void umbra_pcp_drain_dead(struct umbra *u, unsigned int cpu);
unsigned long umbra_pcp_count(const struct umbra_zone *zone, int cpu);

/* A refill or a free grows to at most 2^this batches. */
#define PCP_SCALE_MAX 5

/* Blocks that a drain brings back at once. */
#define PCP_DRAIN_BLOCKS 256

/*
 * The list of an order and type, or -1 for an order that has none. A block of
 * several pageblocks may be of several types.
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

static inline u32 pcp_list_pop(const struct umbra *u,
			       struct umbra_pcp_list *list)
{
	if (likely(list->nr))
		return list->frames[--list->nr];
	if (list->top == UMBRA_NO_FRAME)
		return UMBRA_NO_FRAME;
	return umbra_pcp_unspill(u, list);
}

static inline void pcp_list_push(const struct umbra *u,
				 struct umbra_pcp_list *list, u32 frame)
{
	if (unlikely(list->nr == PCP_GROUP))
		umbra_pcp_spill(u, list);
	list->frames[list->nr++] = frame;
}

/* A block of an order and type, or UMBRA_NO_FRAME. In a section; counts it. */
static inline u32 pcp_pop(struct umbra_pcp *pcp, const struct umbra *u,
			  unsigned int order, enum umbra_migratetype type)
{
	int list = pcp_list_of(u, order, type);
	u32 index;

	if (likely(list >= 0)) {
		pcp->free_count >>= 1;
		index = pcp_list_pop(u, &pcp->lists[list]);
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
 * The type of the lists that a block goes to, or -1 if it is not to be kept: it
 * is isolated, or of several pageblocks that are not alike.
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
 * Count a free, of an order that has a list. Cheap orders that are freed in a
 * row without being allocated are better off merged: returns whether all there
 * is should be freed. In a section.
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

/* Is a cache surely below its limit, with nothing to decide? In a section. */
static inline bool pcp_is_roomy(const struct umbra_pcp *pcp,
				const struct umbra_zone *zone)
{
	return pcp->count < pcp->high &&
	       pcp->count < READ_ONCE(zone->pcp_high_max) &&
	       !(READ_ONCE(zone->flags) & BIT(ZONE_FLAG_BELOW_HIGH));
}

/*
 * Put a block in state PCP that nobody references into the cache of this CPU.
 * False if the cache does not take it, and it must go to the zone. Any context
 * but NMI; takes the zone lock when the cache has too much.
 */
static inline bool pcp_free(struct umbra_zone *zone, u32 index,
			    unsigned int order)
{
	const struct umbra *u = zone->umbra;
	struct umbra_pcp *pcp = pcp_enter(zone);
	int list, type, batch;
	bool free_high;

	if (unlikely(!pcp))
		return false;
	/* Looked at inside: who isolates or suspects drains afterwards. */
	if (unlikely(!READ_ONCE(zone->pcp_high_max) ||
		     umbra_zone_is_suspect(zone)))
		goto err_leave;
	if (pcp_list_of(u, order, 0) < 0)
		return umbra_pcp_free_single(zone, pcp, index, order);
	type = pcp_type_of(u, index, order);
	if (unlikely(type < 0))
		goto err_leave;
	list = pcp_list_of(u, order, type);
	pcp_list_push(u, &pcp->lists[list], index);
	pcp->count += 1 << order;
	pcp->frees[order]++;
	batch = READ_ONCE(zone->pcp_batch);
	free_high = pcp_note_free(pcp, zone, order, batch);
	if (likely(!free_high && pcp_is_roomy(pcp, zone)))
		pcp_leave(pcp);
	else
		umbra_pcp_settle(zone, pcp, list, batch, free_high);
	return true;

err_leave:
	pcp_leave(pcp);
	return false;
}

#endif /* _UMBRA_PCP_H */
