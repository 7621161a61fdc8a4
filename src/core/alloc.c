// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation, top to bottom.
 *
 * An allocation walks the zones that its request allows, nearest node first,
 * and takes a block from the first one that stays above its watermark: from
 * the cache of this CPU, else from the free lists.
 *
 * Most end before that begins: if the first zone has plenty, and this CPU's
 * cache has a block, the walk could come to nothing else.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/sched/rt.h>
#include "debug.h"
#include "latency.h"
#include "pcp.h"
#include <trace/events/umbra.h>

/*
 * May the lock of a zone be tried for here? Not where that is no real attempt,
 * or where the lock is one that sleeps.
 */
static bool can_trylock(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return !in_nmi() && !in_hardirq();
	return IS_ENABLED(CONFIG_SMP) || !in_nmi();
}

/* One block of a zone. Zone lock held. */
static u32 take_block(struct umbra_zone *zone, const struct umbra_request *rq,
		      bool reserves, enum umbra_take_mode *mode)
{
	u32 index = UMBRA_NO_FRAME;

	if (reserves && rq->flags & ALLOC_HIGHATOMIC)
		index = umbra_freelist_take(zone, rq->order, UMBRA_HIGHATOMIC);
	if (index == UMBRA_NO_FRAME)
		index = umbra_fallback_rmqueue(zone, rq->order, rq->type,
					       rq->flags, mode);
	/* To fail now is worse than to fail a high order later. */
	if (index == UMBRA_NO_FRAME && reserves &&
	    rq->flags & (ALLOC_OOM | ALLOC_NON_BLOCK))
		index = umbra_freelist_take(zone, rq->order, UMBRA_HIGHATOMIC);
	return index;
}

/*
 * Several blocks at once, if nothing else could be chosen for any of them: from
 * the lists of the type itself, as long as those have some. Zone lock held.
 */
static unsigned int take_alike(struct umbra_zone *zone,
			       const struct umbra_request *rq, u32 *frames,
			       unsigned int nr, bool lines)
{
	if (nr < 2 || zone->by_address ||
	    (rq->flags & ALLOC_CMA && zone->nr_free_cma))
		return 0;
	return umbra_freelist_take_many(zone, rq->order, rq->type, frames, nr,
					lines);
}

/**
 * umbra_zone_take() - take blocks off the free lists of a zone
 * @zone: the zone
 * @rq: what is wanted
 * @frames: filled in; each block is in state PCP, in the hands of this CPU
 * @nr: how many at most, in one hold of the lock
 * @how: ZONE_TAKE_*
 *
 * Context: any; takes the zone lock, and with ALLOC_TRYLOCK only if it is
 * free.
 * Return: how many were taken.
 */
unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, unsigned int how)
{
	enum umbra_take_mode mode = TAKE_NORMAL;
	unsigned int got, i;
	unsigned long flags;

	if (unlikely(rq->flags & ALLOC_TRYLOCK)) {
		if (!can_trylock() ||
		    !spin_trylock_irqsave(&zone->lock, flags))
			return 0;
	} else {
		spin_lock_irqsave(&zone->lock, flags);
	}
	got = take_alike(zone, rq, frames, nr, how & ZONE_TAKE_LINES);
	if (how & ZONE_TAKE_LINES && got && zone->listed[rq->type] >> rq->order)
		nr = got;
	for (; got < nr; got++) {
		frames[got] = take_block(zone, rq, how & ZONE_TAKE_RESERVES,
					 &mode);
		if (frames[got] == UMBRA_NO_FRAME)
			break;
	}
	for (i = 0; i < got; i++)
		frame_set(zone->umbra, frames[i], FRAME_PCP, rq->order);
	umbra_zone_unlock(zone, flags);
	return got;
}

static u32 zone_take_one(struct umbra_zone *zone,
			 const struct umbra_request *rq)
{
	u32 index = umbra_pcp_alloc(zone, rq);

	if (likely(index != UMBRA_NO_FRAME))
		return index;
	if (!umbra_zone_take(zone, rq, &index, 1, ZONE_TAKE_RESERVES))
		return UMBRA_NO_FRAME;
	umbra_count_alloc(rq, zone, 1);
	if (unlikely(rq->flags & ALLOC_HIGHATOMIC &&
		     (rq->flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN &&
		     !(rq->flags & ALLOC_TRYLOCK)))
		umbra_highatomic_reserve(zone, index, rq->order);
	return index;
}

/* Does a wall around the allowed nodes let a request have a zone? */
bool umbra_zone_is_allowed(const struct umbra_zone *zone,
			   const struct umbra_request *rq)
{
	if (likely(!(rq->flags & ALLOC_CPUSET)) || in_interrupt())
		return true;
	return !rq->hardwall || tsk_is_oom_victim(current) ||
	       READ_ONCE(zone->umbra->allowed_nodes) & BIT(zone->nid);
}

/* Has the node of a zone few enough dirty pages to be given more? */
static bool is_dirty_ok(const struct umbra_zone *zone)
{
	const struct umbra *u = zone->umbra;
	unsigned int percent = READ_ONCE(u->dirty_limit);
	const struct umbra_node *node = &u->nodes[zone->nid];
	unsigned long pages = 0;
	int type;

	if (!percent)
		return true;
	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		const struct umbra_zone *other = umbra_node_zone(u, node, type);

		if (other)
			pages += READ_ONCE(other->nr_managed);
	}
	pages = pages * percent / 100;
	if (rt_or_dl_task(current))
		pages += pages / 4;
	return umbra_node_dirty(u, zone->nid) <= pages;
}

/* May a block of the zone be taken without going below its watermark? */
static bool is_above_watermark(struct umbra_zone *zone,
			       const struct umbra_request *rq)
{
	/* Once for all caches: below high they should not grow. */
	if (!test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags)) {
		if (umbra_watermark_fast(zone, rq->order,
					 umbra_wmark(zone, UMBRA_WMARK_HIGH),
					 rq->highest, rq->flags))
			return true;
		set_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
	}
	if (rq->flags & ALLOC_NO_WATERMARKS)
		return true;
	return umbra_watermark_fast(zone, rq->order,
				    umbra_wmark(zone, rq->flags &
						ALLOC_WMARK_MASK),
				    rq->highest, rq->flags);
}

/* Has a pass that spares the pageblocks gone as far as it should? */
static bool is_too_far(const struct umbra_zone *zone,
		       const struct umbra_request *rq)
{
	return rq->flags & ALLOC_NOFRAGMENT && zone->nid != rq->preferred->nid;
}

/* Note in @boosted a zone whose watermarks were raised: kswapd must hear of it. */
static void note_boosted(struct umbra_zone *zone, struct umbra_zone **boosted)
{
	if (boosted && !*boosted &&
	    test_and_clear_bit(ZONE_FLAG_BOOSTED, &zone->flags))
		*boosted = zone;
}

static u32 take_pass(struct umbra *u, const struct umbra_request *rq,
		     struct umbra_zone **boosted)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	u32 index;

	for_each_umbra_zoneref(u, zone, ref, rq->zonelist, rq->highest,
			       rq->nodemask) {
		if (!umbra_zone_is_allowed(zone, rq))
			continue;
		if (unlikely(rq->spread_dirty) && !is_dirty_ok(zone))
			continue;
		/* To be near is worth more than whole pageblocks. */
		if (is_too_far(zone, rq))
			break;
		if (!is_above_watermark(zone, rq))
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

/**
 * umbra_take() - take a block from the first zone that has one to give
 * @u: the instance
 * @rq: the request
 * @boosted: set to a zone for which the caller must wake kswapd, if there is
 *	one and the request may wake kswapd; NULL leaves that to the next request
 *
 * Context: any.
 * Return: a block in state PCP, or UMBRA_NO_FRAME.
 */
u32 umbra_take(struct umbra *u, const struct umbra_request *rq,
	       struct umbra_zone **boosted)
{
	struct umbra_request again;
	u32 index;

	/* No zone was fit when the request was made: none is now. */
	if (unlikely(!rq->preferred))
		return UMBRA_NO_FRAME;
	index = take_pass(u, rq, boosted);
	if (likely(index != UMBRA_NO_FRAME) || !(rq->flags & ALLOC_NOFRAGMENT))
		return index;
	again = *rq;
	again.flags &= ~ALLOC_NOFRAGMENT;
	return take_pass(u, &again, boosted);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_take);

/* Zero a block; false if a page of it turned out to be poisoned. */
static bool zero_block(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++) {
		if (PageHWPoison(page + i))
			return false;
		clear_highpage(page + i);
	}
	return true;
}

/**
 * umbra_hand_out() - give a block that is in this CPU's hands to a caller
 * @u: the instance
 * @index: its head
 * @order: its order
 * @gfp: of the request
 * @flags: of the request; with ALLOC_TRYLOCK nothing is waited for
 *
 * Context: any.
 * Return: the first page, or NULL if memory of the block has failed; then the
 * rest of it is free again, and another is needed.
 */
struct page *umbra_hand_out(struct umbra *u, u32 index, unsigned int order,
			    gfp_t gfp, unsigned int flags)
{
	struct page *page = umbra_index_to_page(u, index);

	umbra_alloc_prepare(u, index, order, gfp);
	if (!(gfp & __GFP_ZERO) || !u->has_memory || zero_block(page, order))
		return page;
	/* A free may wait for a lock: who may not loses the block instead. */
	if (flags & ALLOC_TRYLOCK)
		return NULL;
	frame_set(u, index, FRAME_PCP, order);
	umbra_free_block(u, index, order, true, NULL);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_hand_out);

/*
 * A block out of this CPU's cache of the first zone that a request would look
 * at, if that zone has so much that no watermark is near. UMBRA_NO_FRAME says
 * nothing about the request: it is to be made and tried.
 */
static __always_inline u32 take_hit(struct umbra *u, gfp_t gfp,
				    unsigned int order, int nid)
{
	const struct umbra_gfp_kind *kind = umbra_gfp_kind(u, gfp);
	u32 index = UMBRA_NO_FRAME;
	struct umbra_zone *zone;
	struct umbra_pcp *pcp;
	unsigned int first;
	int cpu, near;

	if (unlikely(READ_ONCE(u->walled) || gfp & __GFP_WRITE ||
		     nid >= (int)u->nr_nodes))
		return UMBRA_NO_FRAME;
	preempt_disable();
	cpu = smp_processor_id();
	near = u->cpu_node[cpu];
	if (nid < 0)
		nid = near;
	first = READ_ONCE(u->nodes[nid].first[gfp & __GFP_THISNODE ?
					      UMBRA_ZONELIST_NOFALLBACK :
					      UMBRA_ZONELIST_FALLBACK]
					     [kind->highest]);
	zone = &u->zones[first - 1];
	if (unlikely(!first || READ_ONCE(zone->fast_orders) <= order ||
		     READ_ONCE(zone->flags) & (BIT(ZONE_FLAG_BOOSTED) |
					       BIT(ZONE_FLAG_SUSPECT))))
		goto out;
	pcp = per_cpu_ptr(zone->pcp, cpu);
	if (unlikely(!pcp_begin(pcp)))
		goto out;
	index = pcp_take(pcp, u, order, kind->type);
	if (unlikely(zone->nid != near) && index != UMBRA_NO_FRAME)
		pcp->events[EVENT_NUMA_OTHER]++;
	if (unlikely(gfp & __GFP_ACCOUNT) && index != UMBRA_NO_FRAME)
		pcp->events[EVENT_ACCOUNT] += 1UL << order;
	pcp_end(pcp);
out:
	preempt_enable();
	return index;
}

/* A block that a hit gave, or NULL if memory of it has failed. */
static __always_inline struct page *finish_hit(struct umbra *u, u32 index,
					       unsigned int order, gfp_t gfp,
					       gfp_t context)
{
	struct page *page = umbra_give(u, index, order, context, 0);

	if (trace_umbra_page_alloc_enabled() && page)
		trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order,
				       gfp, umbra_gfp_kind(u, context)->type);
	return page;
}

/* A block out of this CPU's cache, or NULL if that is for the walk to find. */
static __always_inline struct page *alloc_hit(struct umbra *u, gfp_t gfp,
					      unsigned int order, int nid)
{
	gfp_t context = current_gfp_context(gfp);
	u32 index = take_hit(u, context, order, nid);

	if (unlikely(index == UMBRA_NO_FRAME))
		return NULL;
	return finish_hit(u, index, order, gfp, context);
}

/* The walk of the zones, and what comes after it; @slow if not NULL is told. */
static __always_inline struct page *walk(struct umbra *u, gfp_t gfp,
					 unsigned int order, int nid,
					 const umbra_nodemask_t *nodemask,
					 unsigned int flags, bool *slow)
{
	struct umbra_request rq;
	struct page *page;
	u32 index;

	if (unlikely(umbra_request_init(&rq, u, gfp, order, nid, nodemask,
					flags))) {
		umbra_report_flags(u, "allocation", gfp);
		return NULL;
	}
	do {
		index = umbra_take_waking(u, &rq);
		if (unlikely(index == UMBRA_NO_FRAME) &&
		    !(flags & ALLOC_TRYLOCK)) {
			if (slow)
				*slow = true;
			index = umbra_take_slow(u, &rq, nodemask);
		}
		if (unlikely(index == UMBRA_NO_FRAME)) {
			trace_umbra_page_alloc(-1UL, order, gfp, rq.type);
			return NULL;
		}
		page = umbra_hand_out(u, index, order, rq.gfp, rq.flags);
	} while (unlikely(!page) && !(flags & ALLOC_TRYLOCK));
	if (likely(page) && trace_umbra_page_alloc_enabled())
		trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order,
				       gfp, rq.type);
	return page;
}

/* The same ways as without a clock; what the slow path takes it counts. */
static noinline struct page *alloc_timed(struct umbra *u, gfp_t gfp,
					 unsigned int order, int nid,
					 const umbra_nodemask_t *nodemask)
{
	u64 start = local_clock();
	struct page *page = NULL;
	bool slow = false;

	if (!nodemask && !(u->debug & UMBRA_DEBUG_ALL))
		page = alloc_hit(u, gfp, order, nid);
	if (!page) {
		might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
		page = walk(u, gfp, order, nid, nodemask, 0, &slow);
	}
	if (page && !slow)
		umbra_latency_add(u, LATENCY_FAST, order, start);
	return page;
}

static noinline struct page *alloc_block(struct umbra *u, gfp_t gfp,
					 unsigned int order, int nid,
					 const umbra_nodemask_t *nodemask,
					 unsigned int flags)
{
	if (umbra_latency_is_on(u) && !(flags & ALLOC_TRYLOCK))
		return alloc_timed(u, gfp, order, nid, nodemask);
	return walk(u, gfp, order, nid, nodemask, flags, NULL);
}

/**
 * umbra_alloc_pages_nodemask() - allocate a block of pages
 * @u: the instance
 * @gfp: as of alloc_pages()
 * @order: size, 2^@order pages, at most %UMBRA_MAX_ORDER
 * @nid: the node to begin with; negative for that of the current CPU
 * @nodemask: nodes to allocate from, or NULL for all
 *
 * The block belongs to the caller until umbra_free_pages(). It is not a page
 * reference: the caller never drops the reference that each page came with.
 *
 * Context: as @gfp says: may sleep if it has %__GFP_DIRECT_RECLAIM, else any
 * but NMI. On PREEMPT_RT not with preemption or interrupts off.
 * Return: the first page, aligned to its size, or NULL. An @order out of
 * range, a node that is none, and flags that contradict each other are
 * reported and give NULL; so is a request that failed, without %__GFP_NOWARN.
 */
struct page *umbra_alloc_pages_nodemask(struct umbra *u, gfp_t gfp,
					unsigned int order, int nid,
					const umbra_nodemask_t *nodemask)
{
	if (unlikely(order > UMBRA_MAX_ORDER)) {
		umbra_report_order(u, "allocation", order);
		return NULL;
	}
	/* A hit does not sleep, and is no place to be rescheduled. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (unlikely(umbra_debug_fail_alloc(u, gfp, order)))
		return NULL;
	/* What is debugged is to have one way, which stacks are told by. */
	if (likely(!nodemask && !umbra_debug_is_on(u))) {
		struct page *page = alloc_hit(u, gfp, order, nid);

		if (likely(page))
			return page;
	}
	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	return alloc_block(u, gfp, order, nid, nodemask, 0);
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages_nodemask);

/**
 * umbra_alloc_pages_nolock() - allocate a block without waiting for a lock
 * @u: the instance
 * @gfp: %__GFP_ACCOUNT or 0; the memory is zeroed whatever it says
 * @nid: the node to begin with; negative for that of the current CPU
 * @order: at most %PAGE_ALLOC_COSTLY_ORDER, or that of a pageblock
 *
 * Takes what this CPU has, or what a zone has whose lock is free, down to the
 * min watermark. It fails readily, and says nothing.
 *
 * Context: any, NMI included. On PREEMPT_RT a hard interrupt gets what this
 * CPU has only.
 * Return: the first page of a compound block, or NULL.
 */
struct page *umbra_alloc_pages_nolock(struct umbra *u, gfp_t gfp, int nid,
				      unsigned int order)
{
	gfp = (gfp & __GFP_ACCOUNT) | __GFP_NOWARN | __GFP_ZERO |
	      __GFP_NOMEMALLOC | __GFP_COMP;
	if ((order > PAGE_ALLOC_COSTLY_ORDER && order != u->pb_order) ||
	    nid >= (int)u->nr_nodes)
		return NULL;
	return alloc_block(u, gfp, order, nid, NULL, ALLOC_TRYLOCK);
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages_nolock);

/**
 * umbra_get_info() - what an instance is made of, and how it stands
 * @u: the instance
 * @info: filled in
 *
 * Context: any. The numbers of several zones may be of different moments.
 */
void umbra_get_info(struct umbra *u, struct umbra_info *info)
{
	struct umbra_zone *zone;

	*info = (struct umbra_info) {
		.nr_nodes = u->nr_nodes,
		.max_order = UMBRA_MAX_ORDER,
		.pb_order = u->pb_order,
		.has_memory = u->has_memory,
	};
	for_each_umbra_zone(u, zone) {
		info->nr_pages += READ_ONCE(zone->nr_managed);
		info->nr_free += READ_ONCE(zone->nr_free_pages);
		info->nr_held += READ_ONCE(zone->nr_held);
	}
}
EXPORT_SYMBOL_GPL(umbra_get_info);
