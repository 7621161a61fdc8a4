// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation and free, top to bottom.
 *
 * An allocation walks the zones that its request allows, nearest node first,
 * and takes a block from the first one that stays above its watermark: from
 * the cache of this CPU, else from the free lists.
 *
 * A free first takes the head out of the allocated state with one atomic
 * exchange of its byte in the frame map; from then on the block is in the
 * hands of this CPU alone. Then the references decide which frames go back.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/sched/rt.h>
#include "debug.h"
#include "frame.h"
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

/**
 * umbra_zone_take() - take blocks off the free lists of a zone
 * @zone: the zone
 * @rq: what is wanted
 * @frames: filled in; each block is in state PCP, in the hands of this CPU
 * @nr: how many at most, in one hold of the lock
 * @reserves: the highatomic reserve may be used, if the request allows it
 *
 * Context: any; takes the zone lock, and with ALLOC_TRYLOCK only if it is
 * free.
 * Return: how many were taken.
 */
unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, bool reserves)
{
	enum umbra_take_mode mode = TAKE_NORMAL;
	unsigned long flags;
	unsigned int i;

	if (unlikely(rq->flags & ALLOC_TRYLOCK)) {
		if (!can_trylock() ||
		    !spin_trylock_irqsave(&zone->lock, flags))
			return 0;
	} else {
		spin_lock_irqsave(&zone->lock, flags);
	}
	for (i = 0; i < nr; i++) {
		frames[i] = take_block(zone, rq, reserves, &mode);
		if (frames[i] == UMBRA_NO_FRAME)
			break;
		frame_set(zone->umbra, frames[i], FRAME_PCP, rq->order);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return i;
}

static u32 zone_take_one(struct umbra_zone *zone,
			 const struct umbra_request *rq)
{
	u32 index = umbra_pcp_alloc(zone, rq);

	if (likely(index != UMBRA_NO_FRAME))
		return index;
	if (!umbra_zone_take(zone, rq, &index, 1, true))
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
	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		if (node->zones[type])
			pages += READ_ONCE(u->zones[node->zones[type] - 1].nr_managed);
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

static u32 take_pass(struct umbra *u, const struct umbra_request *rq)
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
		    unlikely(test_bit(ZONE_FLAG_BOOSTED, &zone->flags)) &&
		    test_and_clear_bit(ZONE_FLAG_BOOSTED, &zone->flags)) {
			umbra_count(zone, EVENT_KSWAPD_WAKE, 1);
			umbra_watermark_wake(u, false);
		}
		if (likely(index != UMBRA_NO_FRAME))
			return index;
	}
	return UMBRA_NO_FRAME;
}

/**
 * umbra_take() - take a block from the first zone that has one to give
 * @u: the instance
 * @rq: what is wanted
 *
 * Context: any.
 * Return: a block in state PCP, or UMBRA_NO_FRAME.
 */
u32 umbra_take(struct umbra *u, const struct umbra_request *rq)
{
	struct umbra_request again;
	u32 index;

	/* No zone was fit when the request was made: none is now. */
	if (unlikely(!rq->preferred))
		return UMBRA_NO_FRAME;
	index = take_pass(u, rq);
	if (likely(index != UMBRA_NO_FRAME) || !(rq->flags & ALLOC_NOFRAGMENT))
		return index;
	again = *rq;
	again.flags &= ~ALLOC_NOFRAGMENT;
	return take_pass(u, &again);
}

static bool block_is_unused(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		if (umbra_page_use(page + i) != PAGE_USE_NONE)
			return false;
	return true;
}

static void free_run(struct umbra_zone *zone, u32 index, u32 end)
{
	umbra_debug_poison(zone->umbra, index, end - index);
	umbra_freelist_free_range(zone, index, end);
}

/*
 * Free the frames of a block one by one, each as its references demand.
 * Returns how many became HELD.
 */
static unsigned long free_apart(struct umbra_zone *zone, u32 index,
				unsigned int order,
				struct umbra_account *account)
{
	struct page *page = umbra_index_to_page(zone->umbra, index);
	u32 end = index + (1U << order);
	unsigned long held = 0;
	u32 run = index;

	lockdep_assert_held(&zone->lock);

	for (; index < end; index++, page++) {
		enum umbra_page_use use = umbra_page_use(page);

		if (use == PAGE_USE_NONE)
			continue;
		free_run(zone, run, index);
		run = index + 1;
		if (use == PAGE_USE_HELD) {
			umbra_held_add(zone, index, account);
			held++;
		} else {
			umbra_frame_lose(zone, index, use == PAGE_USE_POISON ?
					 "hardware poison in" :
					 "stray put_page() of");
		}
	}
	free_run(zone, run, end);
	return held;
}

/**
 * umbra_free_locked() - put a block that is in this CPU's hands on the lists
 * @zone: the zone of the block
 * @index: its head, in state PCP
 * @order: its order
 * @looked_at: its references were looked at, and nobody holds it
 * @account: the account it is charged to, or NULL
 *
 * Context: zone lock held.
 * Return: how many pages became HELD.
 */
unsigned long umbra_free_locked(struct umbra_zone *zone, u32 index,
				unsigned int order, bool looked_at,
				struct umbra_account *account)
{
	if (unlikely(!looked_at || zone->suspect))
		return free_apart(zone, index, order, account);
	umbra_freelist_free(zone, index, order);
	return 0;
}

/*
 * Free a block that has left the allocated state. @scan: look at every
 * frame's references, not just the head's. Returns how many became HELD.
 */
static unsigned long free_block(struct umbra *u, u32 index, unsigned int order,
				bool scan, struct umbra_account *account)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	struct page *page = umbra_index_to_page(u, index);
	unsigned long held, flags;
	bool whole;

	umbra_debug_free(u, index, order);
	whole = block_is_unused(page, scan || u->debug & UMBRA_DEBUG_REFS ?
				order : 0);
	if (likely(whole && !READ_ONCE(zone->suspect))) {
		umbra_debug_poison(u, index, 1U << order);
		if (umbra_pcp_free(zone, index, order))
			return 0;
	}
	umbra_count(zone, EVENT_PGFREE, 1UL << order);
	spin_lock_irqsave(&zone->lock, flags);
	held = umbra_free_locked(zone, index, order, whole, account);
	spin_unlock_irqrestore(&zone->lock, flags);

	if (held)
		umbra_held_rescan_later(u);
	return held;
}

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
 * umbra_alloc_prepare() - make a block that is in this CPU's hands allocated
 * @u: the instance
 * @index: its head
 * @order: its order
 * @gfp: of the request
 *
 * Context: any.
 */
void umbra_alloc_prepare(struct umbra *u, u32 index, unsigned int order,
			 gfp_t gfp)
{
	enum umbra_frame_state state = FRAME_ALLOC;

	if (gfp & __GFP_MOVABLE)
		state |= FRAME_MOVABLE;
	if (gfp & __GFP_COMP && order)
		state |= FRAME_COMP;
	umbra_debug_alloc(u, index, order, gfp);
	frame_set(u, index, state, order);
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
	free_block(u, index, order, true, NULL);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_hand_out);

static struct page *alloc_block(struct umbra *u, gfp_t gfp, unsigned int order,
				int nid, const umbra_nodemask_t *nodemask,
				unsigned int flags)
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
		index = umbra_take(u, &rq);
		if (unlikely(index == UMBRA_NO_FRAME) &&
		    !(flags & ALLOC_TRYLOCK))
			index = umbra_take_slow(u, &rq, nodemask);
		if (unlikely(index == UMBRA_NO_FRAME)) {
			trace_umbra_page_alloc(-1UL, order, gfp, rq.type);
			return NULL;
		}
		page = umbra_hand_out(u, index, order, rq.gfp, rq.flags);
	} while (unlikely(!page) && !(flags & ALLOC_TRYLOCK));
	if (unlikely(!page))
		return NULL;
	trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order, gfp,
			       rq.type);
	return page;
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
	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (unlikely(umbra_debug_fail_alloc(u, gfp, order)))
		return NULL;
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

/*
 * Change an allocated block of @order to @state, or add what @state says to an
 * allocated one. Returns the byte it had in the frame map, or 0 if it is not an
 * allocated block of that order.
 */
static u8 change_allocated(struct umbra *u, u32 index, unsigned int order,
			   enum umbra_frame_state state)
{
	enum umbra_frame_state next;
	u8 frame;

	if (index == UMBRA_NO_FRAME)
		return 0;
	do {
		frame = frame_read(u, index);
		if (!frame_is_allocated(frame) || frame_order(frame) != order)
			return 0;
		next = state & FRAME_ALLOC ? frame_state(frame) | state : state;
	} while (frame_state(frame) != next &&
		 !frame_leave(u, index, frame, next));
	return frame;
}

/**
 * umbra_free_pages_account() - free a block charged to an account
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 * @account: the account that was charged for it, or NULL
 *
 * What is free is uncharged. Pages that somebody still references are HELD
 * and stay charged until the last reference is gone.
 *
 * A block that is not @u's, not allocated, or of another order is reported
 * with the state of the frame and a stack, and nothing changes.
 *
 * Context: any but NMI; on PREEMPT_RT not with preemption or interrupts off.
 * Return: 0, or -EINVAL if the free was refused.
 */
int umbra_free_pages_account(struct umbra *u, struct page *page,
			     unsigned int order, struct umbra_account *account)
{
	u32 index = umbra_page_to_index(u, page);
	u8 frame = change_allocated(u, index, order, FRAME_PCP);
	unsigned long held;

	if (unlikely(!frame)) {
		if (order > UMBRA_MAX_ORDER)
			umbra_report_order(u, "free", order);
		else
			umbra_report_free(u, page, index, order);
		return -EINVAL;
	}
	trace_umbra_page_free(umbra_index_to_pfn(u, index), order);
	held = free_block(u, index, order,
			  frame_has(frame, FRAME_EXPOSED), account);
	if (account)
		umbra_account_uncharge(account, (1UL << order) - held);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_free_pages_account);

/**
 * umbra_free_pages() - free a block
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 *
 * Like umbra_free_pages_account() without an account: a free that is wrong
 * is reported and changes nothing.
 *
 * Context: any but NMI; on PREEMPT_RT not with preemption or interrupts off.
 */
void umbra_free_pages(struct umbra *u, struct page *page, unsigned int order)
{
	umbra_free_pages_account(u, page, order, NULL);
}
EXPORT_SYMBOL_GPL(umbra_free_pages);

/**
 * umbra_expose_pages() - say that others may reference every page of a block
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 *
 * To be called before pages of a block are mapped to user space or otherwise
 * referenced one by one. From then on a free looks at every page's count.
 *
 * Context: any. The caller owns the block.
 * Return: 0, or -EINVAL if this is no allocated block of that order.
 */
int umbra_expose_pages(struct umbra *u, struct page *page, unsigned int order)
{
	u32 index = umbra_page_to_index(u, page);

	return change_allocated(u, index, order, FRAME_EXPOSED) ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(umbra_expose_pages);

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
