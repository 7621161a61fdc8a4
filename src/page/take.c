// SPDX-License-Identifier: GPL-2.0
/*
 * The walk of the zones that a request allows, nearest node first. The block
 * comes from the first zone that stays above its watermark: from the cache of
 * this CPU, else from the free lists of the zone. With zone_reclaim_mode, a near
 * node may be brought above it by reclaim.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>
#include <linux/topology.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "highatomic.h"
#include "pcp.h"
#include "take.h"
#include "zone_blocks.h"
#include "zonelist.h"

static u32 zone_take_one(struct umbra_zone *zone,
			 const struct umbra_request *rq)
{
	enum umbra_take_mode mode = TAKE_NORMAL;
	u32 index = umbra_pcp_alloc(zone, rq);

	if (likely(index != UMBRA_NO_FRAME))
		return index;
	if (!umbra_zone_take(zone, rq, &index, 1, ZONE_TAKE_RESERVES, &mode))
		return UMBRA_NO_FRAME;
	umbra_count_alloc(rq, zone, 1);
	if (unlikely(rq->flags & ALLOC_HIGHATOMIC &&
		     (rq->flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN &&
		     !(rq->flags & ALLOC_TRYLOCK)))
		umbra_highatomic_reserve(zone, index, rq->order);
	return index;
}

/* Pages that a zone keeps: the high watermark, and the most for low requests. */
static unsigned long kept_pages(const struct umbra_zone *zone)
{
	unsigned long reserve = 0;
	unsigned int type;

	for (type = zone->type + 1; type < UMBRA_NR_ZONE_TYPES; type++)
		reserve = max(reserve, READ_ONCE(zone->lowmem_reserve[type]));
	return min(reserve + READ_ONCE(zone->watermark[UMBRA_WMARK_HIGH]),
		   READ_ONCE(zone->nr_managed));
}

/*
 * Pages of a node that may be dirty: free ones above what the zones keep, and
 * those that reclaim could have. kswapd can balance the node then without I/O.
 */
static unsigned long dirtyable_pages(const struct umbra *u,
				     const struct umbra_node *node)
{
	unsigned long free = 0, kept = 0;
	int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		const struct umbra_zone *zone = umbra_node_zone(u, node, type);

		if (!zone)
			continue;
		free += READ_ONCE(zone->nr_free_pages);
		kept += kept_pages(zone);
	}
	return free - min(free, kept) +
	       READ_ONCE(node->lru.nr[LRU_LIST_INACTIVE]) +
	       READ_ONCE(node->lru.nr[LRU_LIST_ACTIVE]);
}

/* Is the node of a zone below its limit of dirty pages? */
static bool is_dirty_ok(const struct umbra_zone *zone)
{
	const struct umbra *u = zone->umbra;
	unsigned int percent = READ_ONCE(u->dirty_limit);
	unsigned long pages;

	if (!percent)
		return true;
	pages = dirtyable_pages(u, &u->nodes[zone->nid]) * percent / 100;
	if (rt_or_dl_task(current))
		pages += pages / 4;
	return umbra_node_dirty(u, zone->nid) <= pages;
}

/* Does a zone stay above its watermark after the request? */
static bool is_above_watermark(struct umbra_zone *zone,
			       const struct umbra_request *rq)
{
	/* One flag for all caches: below high they must not grow. */
	if (!test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags)) {
		if (umbra_watermark_fast(zone, rq->order,
					 umbra_mark(zone, UMBRA_WMARK_HIGH),
					 rq->highest, rq->flags))
			return true;
		set_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
	}
	if (rq->flags & ALLOC_NO_WATERMARKS)
		return true;
	return umbra_watermark_fast(zone, rq->order,
				    umbra_mark(zone, rq->flags &
						ALLOC_WMARK_MASK),
				    rq->highest, rq->flags);
}

/*
 * With zone_reclaim_mode, free pages of a near node rather than use a far one.
 * Returns whether the zone is above its watermark then.
 */
static noinline bool reclaim_near(struct umbra_zone *zone,
				  const struct umbra_request *rq)
{
	const struct umbra *u = zone->umbra;
	bool (*reclaim)(struct umbra_zone *zone,
			const struct umbra_request *rq) =
		READ_ONCE(u->node_reclaim);

	if (likely(!reclaim) ||
	    umbra_distance(u, rq->preferred->nid, zone->nid) > RECLAIM_DISTANCE)
		return false;
	return reclaim(zone, rq) &&
	       umbra_watermark_ok(zone, rq->order,
				  umbra_mark(zone, rq->flags &
						   ALLOC_WMARK_MASK),
				  rq->highest, rq->flags);
}

/*
 * Is a zone too far for a pass with ALLOC_NOFRAGMENT? With defrag_mode, whole
 * pageblocks are worth more than a near node.
 */
static bool is_too_far(const struct umbra_zone *zone,
		       const struct umbra_request *rq)
{
	return (rq->flags & (ALLOC_NOFRAGMENT | ALLOC_DEFRAG)) ==
	       ALLOC_NOFRAGMENT && zone->nid != rq->preferred->nid;
}

/* Store a zone with a new boost in @boosted: the caller must wake kswapd. */
static void note_boosted(struct umbra_zone *zone, struct umbra_zone **boosted)
{
	if (boosted && !*boosted &&
	    test_and_clear_bit(ZONE_FLAG_BOOSTED, &zone->flags))
		*boosted = zone;
}

/* Zones that a pass left out, in which another one may find a block. */
#define LEFT_FAR	BIT(0)	/* a node that would be fragmented less */
#define LEFT_BUSY	BIT(1)	/* nodes whose kswapd works */

/*
 * Walk the zones once. With @rest, nodes whose kswapd works are left out: a node
 * that is not short of memory should serve. @left gets LEFT_* bits.
 */
static __always_inline u32 take_pass(struct umbra *u,
				     const struct umbra_request *rq,
				     struct umbra_zone **boosted, bool rest,
				     unsigned int *left)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	u32 index;

	/* Not for_each_allowed_zone(), which costs a miss some instructions. */
	for_each_request_zone(u, zone, ref, rq) {
		if (!umbra_zone_is_allowed(zone, rq)) {
			umbra_tell_left_out(zone, rq, LEFT_OUT_NODE);
			continue;
		}
		if (unlikely(rq->spread_dirty) && !is_dirty_ok(zone)) {
			umbra_tell_left_out(zone, rq, LEFT_OUT_DIRTY);
			continue;
		}
		/* A near node is worth more than whole pageblocks. */
		if (is_too_far(zone, rq)) {
			*left |= LEFT_FAR;
			umbra_tell_left_out(zone, rq, LEFT_OUT_FAR);
			break;
		}
		if (rest && test_bit(ZONE_FLAG_KSWAPD_AWAKE, &zone->flags)) {
			*left |= LEFT_BUSY;
			umbra_tell_left_out(zone, rq, LEFT_OUT_KSWAPD);
			continue;
		}
		if (!is_above_watermark(zone, rq) && !reclaim_near(zone, rq))
			continue;
		index = zone_take_one(zone, rq);
		if (rq->flags & ALLOC_KSWAPD &&
		    unlikely(test_bit(ZONE_FLAG_BOOSTED, &zone->flags)))
			note_boosted(zone, boosted);
		if (likely(index != UMBRA_NO_FRAME))
			return index;
	}
	return UMBRA_NO_FRAME;
}

/*
 * Walk the zones again, with what the first pass left out: locality is worth
 * more than whole pageblocks, and these more than leaving busy nodes alone. With
 * defrag_mode, only the slow path gives whole pageblocks up.
 */
static u32 take_again(struct umbra *u, const struct umbra_request *rq,
		      struct umbra_zone **boosted, unsigned int left)
{
	struct umbra_request again = *rq;
	u32 index = UMBRA_NO_FRAME;
	bool rest = true;

	while (index == UMBRA_NO_FRAME) {
		if (left & LEFT_FAR)
			again.flags &= ~ALLOC_NOFRAGMENT;
		else if (rest && left & LEFT_BUSY)
			rest = false;
		else if (again.flags & ALLOC_NOFRAGMENT &&
			 !(again.flags & ALLOC_DEFRAG))
			again.flags &= ~ALLOC_NOFRAGMENT;
		else
			break;
		left &= ~LEFT_FAR;
		umbra_tell_again(u, &again, rest);
		index = take_pass(u, &again, boosted, rest, &left);
	}
	return index;
}

/**
 * umbra_take() - take a block for a request from the first suitable zone
 * @u: the instance
 * @rq: the request
 * @boosted: set to a zone for which the caller must wake kswapd, if any; with
 *	NULL a later request wakes kswapd
 *
 * Context: any; may sleep if the request has %__GFP_DIRECT_RECLAIM.
 * Return: a block in state PCP, or UMBRA_NO_FRAME.
 */
u32 umbra_take(struct umbra *u, const struct umbra_request *rq,
	       struct umbra_zone **boosted)
{
	unsigned int left = 0;
	u32 index;

	/* The request allows no zone. */
	if (unlikely(!rq->preferred))
		return UMBRA_NO_FRAME;
	index = take_pass(u, rq, boosted, true, &left);
	if (likely(index != UMBRA_NO_FRAME) ||
	    (!left && !(rq->flags & ALLOC_NOFRAGMENT)))
		return index;
	return take_again(u, rq, boosted, left);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_take);
