// SPDX-License-Identifier: GPL-2.0
/*
 * From a gfp_t to a request: the highest zone, the migratetype, and the part of
 * the reserves that the request may use. Contradictory flags are refused here.
 * The slow path computes the flags again and allows more.
 */
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/rt.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/request.h"
#include "account.h"
#include "gfp.h"
#include "zonelist.h"

/* The bits below UMBRA_GFP_KINDS are exactly the bits that name a kind. */
static_assert((__force unsigned int)(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 |
				     __GFP_MOVABLE | __GFP_RECLAIMABLE) ==
	      UMBRA_GFP_KINDS - 1);

/*
 * At most one of DMA, DMA32 and HIGHMEM is valid. MOVABLE selects a zone only
 * together with HIGHMEM; without HIGHMEM it selects only the migratetype.
 */
static unsigned int zone_of(gfp_t gfp)
{
	switch (gfp & (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32)) {
	case 0:
		return UMBRA_ZONE_NORMAL;
	case __GFP_DMA:
		return UMBRA_ZONE_DMA;
	case __GFP_HIGHMEM:
		return gfp & __GFP_MOVABLE ? UMBRA_ZONE_MOVABLE :
					     UMBRA_ZONE_HIGHMEM;
	case __GFP_DMA32:
		return UMBRA_ZONE_DMA32;
	default:
		return UMBRA_NO_ZONE;
	}
}

static bool has_zone(const struct umbra *u, enum umbra_zone_type type)
{
	const struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		if (zone->type == type)
			return true;
	return false;
}

static unsigned int type_of(const struct umbra *u, gfp_t gfp)
{
	if (!u->policy.group)
		return UMBRA_UNMOVABLE;
	switch (gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE)) {
	case 0:
		return UMBRA_UNMOVABLE;
	case __GFP_MOVABLE:
		return UMBRA_MOVABLE;
	case __GFP_RECLAIMABLE:
		return UMBRA_RECLAIMABLE;
	default:
		return UMBRA_NR_TYPES;
	}
}

/*
 * The flags of the first pass of requests that prefer a zone. Without
 * defrag_mode, requests must not fragment Normal while DMA32 below it has room.
 * For other pairs of zones the check is not worth its cost.
 */
static u16 zone_nofragment(const struct umbra_zone *zone)
{
	const struct umbra *u = zone->umbra;

	if (u->defrag_mode)
		return ALLOC_NOFRAGMENT | ALLOC_DEFRAG;
	if (zone->type == UMBRA_ZONE_NORMAL &&
	    u->nodes[zone->nid].zones[UMBRA_ZONE_DMA32])
		return ALLOC_NOFRAGMENT;
	return 0;
}

static void set_nofragment(struct umbra *u)
{
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		WRITE_ONCE(zone->nofragment, zone_nofragment(zone));
}

/*
 * Turn defrag_mode on or off for requests that begin afterwards. Context: any;
 * umbra.control_lock held.
 */
void umbra_gfp_set_defrag(struct umbra *u, bool on)
{
	lockdep_assert_held(&u->control_lock);

	WRITE_ONCE(u->defrag_mode, on);
	set_nofragment(u);
}

/*
 * Fill in the table of kinds, and the flags of zones. A request for a zone that
 * no node has goes to Normal, as on a host that is configured without the zone.
 */
void umbra_gfp_init(struct umbra *u)
{
	unsigned int bits;

	for (bits = 0; bits < UMBRA_GFP_KINDS; bits++) {
		gfp_t gfp = (__force gfp_t)bits;
		unsigned int zone = zone_of(gfp), type = type_of(u, gfp);

		if (zone < UMBRA_ZONE_MOVABLE && !has_zone(u, zone))
			zone = UMBRA_ZONE_NORMAL;
		u->kinds[bits] = (struct umbra_gfp_kind) {
			.highest = type < UMBRA_NR_TYPES ? zone : UMBRA_NO_ZONE,
			.type = type,
		};
	}
	set_nofragment(u);
}

/* A policy without grouping has no movable requests, so it never uses CMA. */
static unsigned int flags_cma(const struct umbra *u, gfp_t gfp)
{
	return umbra_gfp_kind(u, gfp)->type == UMBRA_MOVABLE ? ALLOC_CMA : 0;
}

/* The reserves that a request may use because it cannot wait. */
static unsigned int flags_nonblocking(gfp_t gfp, unsigned int order)
{
	if (gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))
		return 0;
	if (order && gfp & __GFP_HIGH)
		return ALLOC_NON_BLOCK | ALLOC_HIGHATOMIC;
	return ALLOC_NON_BLOCK;
}

static unsigned int flags_nofragment(const struct umbra_request *rq)
{
	unsigned int flags = 0;

	if (rq->gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (rq->preferred)
		flags |= READ_ONCE(rq->preferred->nofragment);
	return flags;
}

static void find_preferred(struct umbra_request *rq, const struct umbra *u)
{
	umbra_zonelist_next(u, rq->zonelist->refs, rq->highest, rq->nodemask,
			    &rq->preferred);
}

/* The first pass is limited to the allowed nodes, even without a hardwall. */
static void mind_allowed_nodes(struct umbra_request *rq, const struct umbra *u,
			       const umbra_nodemask_t *nodemask)
{
	if (likely(!READ_ONCE(u->walled)))
		return;
	smp_rmb();	/* pairs with umbra_set_allowed_nodes() */
	rq->hardwall = true;
	if (in_task() && !nodemask)
		rq->nodemask = READ_ONCE(u->allowed_nodes);
	else
		rq->flags |= ALLOC_CPUSET;
}

/**
 * umbra_request_init() - fill in a request for the first pass
 * @rq: filled in
 * @u: the instance
 * @gfp: flags of the caller
 * @order: order of the block, at most UMBRA_MAX_ORDER
 * @nid: preferred node, or negative for the node of the current CPU
 * @nodemask: nodes to allocate from, or NULL for all nodes
 * @flags: ALLOC_TRYLOCK or 0
 *
 * Context: any.
 * Return: 0. -EINVAL: @gfp names no zone or no migratetype. -ENXIO: there is no
 * node @nid. -EIO: the instance is bad, and @gfp has no __GFP_NOFAIL.
 */
int umbra_request_init(struct umbra_request *rq, struct umbra *u, gfp_t gfp,
		       unsigned int order, int nid,
		       const umbra_nodemask_t *nodemask, unsigned int flags)
{
	const struct umbra_gfp_kind *kind;

	if (umbra_is_bad(u) && !(gfp & __GFP_NOFAIL))
		return -EIO;
	gfp = current_gfp_context(gfp);
	if (nid < 0)
		nid = umbra_current_node(u);
	kind = umbra_gfp_kind(u, gfp);
	if (unlikely(kind->highest == UMBRA_NO_ZONE))
		return -EINVAL;
	if (unlikely(nid >= (int)u->nr_nodes))
		return -ENXIO;
	rq->gfp = gfp;
	rq->order = order;
	rq->type = kind->type;
	rq->highest = kind->highest;
	rq->nid = nid;
	rq->nodemask = nodemask ? *nodemask : UMBRA_ALL_NODES;
	rq->hardwall = false;
	rq->zonelist = &u->nodes[nid].zonelists[gfp & __GFP_THISNODE ?
						UMBRA_ZONELIST_NOFALLBACK :
						UMBRA_ZONELIST_FALLBACK];
	rq->spread_dirty = gfp & __GFP_WRITE;
	rq->flags = flags | flags_cma(u, gfp);
	mind_allowed_nodes(rq, u, nodemask);
	find_preferred(rq, u);
	rq->flags |= flags_nonblocking(gfp, order) & ALLOC_HIGHATOMIC;
	if (flags & ALLOC_TRYLOCK)
		rq->flags |= ALLOC_WMARK_MIN;
	else
		rq->flags |= ALLOC_WMARK_LOW | flags_nofragment(rq);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_request_init);

/**
 * umbra_request_slow() - change a request for the slow path
 * @rq: the request
 * @u: the instance
 * @nodemask: nodes to allocate from, or NULL for all nodes
 *
 * Context: any.
 */
void umbra_request_slow(struct umbra_request *rq, struct umbra *u,
			const umbra_nodemask_t *nodemask)
{
	gfp_t gfp = rq->gfp;

	rq->flags = ALLOC_WMARK_MIN | ALLOC_CPUSET | flags_cma(u, gfp) |
		    flags_nonblocking(gfp, rq->order);
	rq->spread_dirty = false;
	rq->hardwall = gfp & __GFP_HARDWALL;
	rq->nodemask = nodemask ? *nodemask : UMBRA_ALL_NODES;
	if (gfp & __GFP_HIGH)
		rq->flags |= ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		rq->flags |= ALLOC_KSWAPD;
	if (READ_ONCE(u->defrag_mode))
		rq->flags |= ALLOC_NOFRAGMENT | ALLOC_DEFRAG;
	if (!(gfp & __GFP_DIRECT_RECLAIM)) {
		/* An urgent request that cannot wait may use every node. */
		if (rq->flags & ALLOC_MIN_RESERVE)
			rq->flags &= ~ALLOC_CPUSET;
	} else if (rt_or_dl_task(current) && in_task()) {
		rq->flags |= ALLOC_MIN_RESERVE;
	}
	find_preferred(rq, u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_request_slow);

/**
 * umbra_request_reserves() - decide how far a request may use the reserves
 * @u: the instance
 * @rq: the request
 *
 * Context: any.
 * Return: ALLOC_NO_WATERMARKS if the request helps to free memory, ALLOC_OOM if
 * its task is a victim of an OOM killer, else 0.
 */
unsigned int umbra_request_reserves(struct umbra *u,
				    const struct umbra_request *rq)
{
	if (rq->gfp & __GFP_NOMEMALLOC)
		return 0;
	if (rq->gfp & __GFP_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (in_interrupt() && !in_serving_softirq())
		return 0;
	if (current->flags & PF_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (in_interrupt())
		return 0;
	return tsk_is_oom_victim(current) || umbra_oom_is_victim(u) ?
	       ALLOC_OOM : 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_request_reserves);

/* Names of flags in older kernels. */
static const struct umbra_gfp_name old_names[] = {
	{ "__GFP_WAIT", "may sleep and reclaim",
	  "__GFP_RECLAIM, or __GFP_DIRECT_RECLAIM to sleep alone" },
	{ "__GFP_ATOMIC", "cannot sleep, may use reserves",
	  "__GFP_HIGH without __GFP_DIRECT_RECLAIM" },
	{ "__GFP_COLD", "a page that is not in the cache of the CPU",
	  "nothing" },
	{ "__GFP_REPEAT", "try hard, may fail", "__GFP_RETRY_MAYFAIL" },
	{ "__GFP_NOTRACK", "not tracked by kmemcheck", "nothing" },
	{ "__GFP_OTHER_NODE", "statistics as of the other node", "nothing" },
	{ "GFP_TEMPORARY", "freed soon, grouped with reclaimable",
	  "GFP_KERNEL | __GFP_RECLAIMABLE" },
	{ "ALLOC_HARDER", "a part of the reserve",
	  "ALLOC_NON_BLOCK, ALLOC_HIGHATOMIC" },
};

/**
 * umbra_gfp_old_name() - get a flag of older kernels
 * @i: number of the flag, from 0
 *
 * Context: any.
 * Return: the flag, or NULL if @i is past the last one.
 */
const struct umbra_gfp_name *umbra_gfp_old_name(unsigned int i)
{
	return i < ARRAY_SIZE(old_names) ? &old_names[i] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_gfp_old_name);
