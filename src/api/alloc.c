// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation of one block.
 *
 * Most allocations are hits: the first zone of the request has plenty of free
 * pages, and the cache of this CPU has a block. A walk of the zones would end
 * at the same cache, so a hit skips it. Every other allocation walks the zones
 * and, if no zone has a block for it, goes the slow path.
 */
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/decision.h"
#include "../core/latency.h"
#include "../core/report.h"
#include "../core/request.h"
#include "../core/section.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/gfp.h"
#include "../page/give.h"
#include "../page/mempolicy.h"
#include "../page/pcp.h"
#include "../pressure/kswapd.h"
#include "../pressure/slowpath.h"
#include <trace/events/umbra.h>

/*
 * Pop a block from this CPU's cache of the first zone of the request. That zone
 * must have so many free pages that no watermark can matter. UMBRA_NO_FRAME is
 * no failure of the request: the caller must then walk the zones.
 */
static __always_inline u32 pop_hit(struct umbra *u, gfp_t gfp,
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
	if (nid < 0) {
		if (unlikely(umbra_mempolicy_is_set(u)))
			goto out;
		nid = near;
	}
	first = READ_ONCE(u->nodes[nid].first[gfp & __GFP_THISNODE ?
					      UMBRA_ZONELIST_NOFALLBACK :
					      UMBRA_ZONELIST_FALLBACK]
					     [kind->highest]);
	zone = &u->zones[first - 1];
	if (unlikely(!first || READ_ONCE(zone->fast_orders) <= order ||
		     READ_ONCE(zone->flags) & (BIT(ZONE_FLAG_BOOSTED) |
					       BIT(ZONE_FLAG_KSWAPD_AWAKE) |
					       BIT(ZONE_FLAG_SUSPECT))))
		goto out;
	pcp = per_cpu_ptr(zone->pcp, cpu);
	if (unlikely(!pcp_begin(pcp)))
		goto out;
	index = pcp_pop(pcp, u, order, kind->type);
	if (unlikely(zone->nid != near) && index != UMBRA_NO_FRAME)
		pcp->events[EVENT_NUMA_OTHER]++;
	if (unlikely(gfp & __GFP_ACCOUNT) && index != UMBRA_NO_FRAME)
		pcp->events[EVENT_ACCOUNT] += 1UL << order;
	pcp_end(pcp);
out:
	preempt_enable();
	return index;
}

/* Give a popped block to the caller; NULL if memory of the block has failed. */
static __always_inline struct page *finish_hit(struct umbra *u, u32 index,
					       unsigned int order, gfp_t gfp)
{
	struct page *page = umbra_give(u, index, order, gfp, 0);

	if (trace_umbra_page_alloc_enabled() && page)
		trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order,
				       gfp, umbra_gfp_kind(u, gfp)->type);
	return page;
}

/* Allocate from this CPU's cache; NULL if the caller must walk the zones. */
static __always_inline struct page *alloc_hit(struct umbra *u, gfp_t gfp,
					      unsigned int order, int nid)
{
	u32 index;

	gfp = current_gfp_context(gfp);
	index = pop_hit(u, gfp, order, nid);
	if (unlikely(index == UMBRA_NO_FRAME))
		return NULL;
	return finish_hit(u, index, order, gfp);
}

/*
 * Allocate by a walk of the zones, then by the slow path. If a block turns out
 * to have failed memory, try again. Set @slow, if not NULL, on the slow path.
 */
static __always_inline struct page *walk(struct umbra *u, gfp_t gfp,
					 unsigned int order, int nid,
					 const umbra_nodemask_t *nodemask,
					 unsigned int flags, bool *slow)
{
	struct umbra_request rq;
	struct page *page;
	gfp_t shown;		/* as the host's event shows them */
	u32 index;
	int err;

	err = umbra_request_init(&rq, u, gfp, order, nid, nodemask, flags);
	if (unlikely(err)) {
		if (err == -EINVAL)
			umbra_report_flags(u, "allocation", gfp);
		else if (err == -ENXIO)
			umbra_report_node(u, nid);
		return NULL;
	}
	umbra_tell_request(u, &rq);
	do {
		shown = rq.gfp | (rq.hardwall ? __GFP_HARDWALL : 0);
		index = umbra_take_waking(u, &rq);
		if (unlikely(index == UMBRA_NO_FRAME) &&
		    !(flags & ALLOC_TRYLOCK)) {
			if (slow)
				*slow = true;
			shown = rq.gfp;
			index = umbra_take_slow(u, &rq, nodemask);
		}
		if (unlikely(index == UMBRA_NO_FRAME)) {
			trace_umbra_page_alloc(-1UL, order, shown, rq.type);
			umbra_tell_done(u, &rq, index);
			return NULL;
		}
		page = umbra_give_block(u, index, order, rq.gfp, rq.flags);
	} while (unlikely(!page) && !(flags & ALLOC_TRYLOCK) &&
		 !umbra_is_bad(u));
	umbra_tell_done(u, &rq, page ? index : UMBRA_NO_FRAME);
	if (likely(page) && trace_umbra_page_alloc_enabled())
		trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order,
				       shown, rq.type);
	return page;
}

/*
 * Allocate, and record the time of an allocation without the slow path. The
 * slow path records its own time.
 */
static noinline struct page *alloc_timed(struct umbra *u, gfp_t gfp,
					 unsigned int order, int nid,
					 const umbra_nodemask_t *nodemask)
{
	u64 start = local_clock();
	struct page *page = NULL;
	bool slow = false;

	if (!nodemask && !(u->debug & (UMBRA_DEBUG_ALL | UMBRA_DEBUG_RECORD)))
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

/* Allocate from a node, or from other nodes of the mask. */
static struct page *alloc_from(struct umbra *u, gfp_t gfp, unsigned int order,
			       int nid, const umbra_nodemask_t *nodemask)
{
	struct page *page = NULL;

	if (!nodemask && !umbra_debug_is_on(u))
		page = alloc_hit(u, gfp, order, nid);
	return page ? page : alloc_block(u, gfp, order, nid, nodemask, 0);
}

/*
 * Allocate from the nodes that the memory policy of the task chooses. As in the
 * host, nodes that only come first are not reclaimed.
 */
static noinline struct page *alloc_by_policy(struct umbra *u, gfp_t gfp,
					     unsigned int order)
{
	struct umbra_node_choice choice;
	const umbra_nodemask_t *nodes;
	struct page *page = NULL;
	struct umbra_zone *zone;

	umbra_mempolicy_choose(u, gfp, &choice);
	nodes = choice.nodes == UMBRA_ALL_NODES ? NULL : &choice.nodes;
	if (choice.is_first) {
		page = alloc_from(u, (gfp | __GFP_NOWARN) &
				  ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL),
				  order, choice.nid, nodes);
		nodes = NULL;
	}
	if (!page)
		page = alloc_from(u, gfp, order, choice.nid, nodes);
	if (page && choice.interleaves) {
		zone = umbra_frame_zone(u, umbra_page_to_index(u, page));
		if (zone->nid == choice.nid)
			umbra_count(zone, EVENT_NUMA_INTERLEAVE, 1);
	}
	return page;
}

/**
 * umbra_alloc_pages_nodemask() - allocate a block of pages
 * @u: instance
 * @gfp: flags as for alloc_pages()
 * @order: order of the block, 2^@order pages, at most %UMBRA_MAX_ORDER
 * @nid: preferred node. Negative: as the memory policy of the task says, else
 *	the node of this CPU
 * @nodemask: nodes that the request may use, or NULL for all; with a nodemask no
 *	memory policy applies
 *
 * The block belongs to the caller until umbra_free_pages(). It is not a page
 * reference: the caller must never drop the reference that each page has.
 *
 * Context: May sleep if @gfp has %__GFP_DIRECT_RECLAIM; otherwise any context
 * except NMI. May take zone locks. On PREEMPT_RT not with preemption or
 * interrupts off.
 * Return: the first page of the block, which is aligned to its size, or NULL.
 * An @order or node out of range and contradictory flags are reported and fail.
 * A request that fails is reported, except with %__GFP_NOWARN. An instance that
 * is bad serves only requests with %__GFP_NOFAIL, and reports no others.
 */
struct page *umbra_alloc_pages_nodemask(struct umbra *u, gfp_t gfp,
					unsigned int order, int nid,
					const umbra_nodemask_t *nodemask)
{
	if (unlikely(order > UMBRA_MAX_ORDER)) {
		umbra_report_order(u, "allocation", order);
		return NULL;
	}
	/* A hit must not reschedule, so only debug kernels check before it. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (unlikely(umbra_debug_fail_alloc(u, gfp, order)))
		return NULL;
	/*
	 * With debugging on, use a single path, so that a caller has a single
	 * stack in the records.
	 */
	if (likely(!nodemask && !umbra_debug_is_on(u))) {
		struct page *page = alloc_hit(u, gfp, order, nid);

		if (likely(page))
			return page;
	}
	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (nid < 0 && !nodemask && unlikely(umbra_mempolicy_is_set(u)))
		return alloc_by_policy(u, gfp, order);
	return alloc_block(u, gfp, order, nid, nodemask, 0);
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages_nodemask);

/**
 * umbra_alloc_pages_nolock() - allocate a block without waiting for a lock
 * @u: instance
 * @gfp: %__GFP_ACCOUNT or 0; the memory is zeroed in any case
 * @nid: preferred node; negative for the node of this CPU
 * @order: order of the block, at most %PAGE_ALLOC_COSTLY_ORDER, or that of a
 *	pageblock
 *
 * Takes a block from the cache of this CPU, or from a zone whose lock is free,
 * down to the min watermark. The function fails easily, and without a report.
 *
 * Context: Any context, NMI included; does not sleep. On PREEMPT_RT, in a hard
 * interrupt only the cache of this CPU is used.
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
