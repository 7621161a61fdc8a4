// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation, top to bottom.
 *
 * Most allocations are hits: if the first zone has plenty, and this CPU's cache
 * has a block, the walk of the zones could come to nothing else. The others walk
 * the zones, and then go the slow path.
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
#include "../core/latency.h"
#include "../core/report.h"
#include "../core/request.h"
#include "../core/section.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/gfp.h"
#include "../page/give.h"
#include "../page/pcp.h"
#include "../pressure/kswapd.h"
#include "../pressure/slowpath.h"
#include <trace/events/umbra.h>

/*
 * A block out of this CPU's cache of the first zone that a request would look
 * at, if that zone has so much that no watermark is near. UMBRA_NO_FRAME says
 * nothing about the request: it is to be made and tried.
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
	u32 index = pop_hit(u, context, order, nid);

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
	int err;

	err = umbra_request_init(&rq, u, gfp, order, nid, nodemask, flags);
	if (unlikely(err)) {
		if (err == -EINVAL)
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
		page = umbra_give_block(u, index, order, rq.gfp, rq.flags);
	} while (unlikely(!page) && !(flags & ALLOC_TRYLOCK) &&
		 !umbra_is_bad(u));
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
