// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation and free, top to bottom. A free first takes the head out of the
 * allocated state with one atomic exchange of its byte in the frame map; from
 * then on the block is in the hands of this CPU alone. Then the references
 * decide which frames go back to the free lists.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "frame.h"
#include <trace/events/umbra.h>

static u32 zone_take(struct umbra_zone *zone, const struct umbra_request *rq)
{
	unsigned long flags;
	u32 index;

	spin_lock_irqsave(&zone->lock, flags);
	index = umbra_freelist_take(zone, rq->order, rq->type);
	if (index == UMBRA_NO_FRAME)
		index = umbra_fallback_take(zone, rq->order, rq->type);
	if (index != UMBRA_NO_FRAME)
		frame_set(zone->umbra, index, FRAME_ALLOC, rq->order);
	spin_unlock_irqrestore(&zone->lock, flags);
	return index;
}

static u32 take(struct umbra *u, const struct umbra_request *rq)
{
	struct umbra_zone *zone;
	u32 index;

	do {
		for_each_umbra_zone(u, zone) {
			index = zone_take(zone, rq);
			if (index != UMBRA_NO_FRAME)
				return index;
		}
	} while (umbra_held_rescan(u));
	return UMBRA_NO_FRAME;
}

static bool block_is_unused(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		if (umbra_page_use(page + i) != PAGE_USE_NONE)
			return false;
	return true;
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
		umbra_freelist_free_range(zone, run, index);
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
	umbra_freelist_free_range(zone, run, end);
	return held;
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
	unsigned long held = 0, flags;
	bool whole;

	whole = block_is_unused(page, scan ? order : 0);
	spin_lock_irqsave(&zone->lock, flags);
	if (likely(whole && !zone->suspect))
		umbra_freelist_free(zone, index, order);
	else
		held = free_apart(zone, index, order, account);
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
 * umbra_alloc_pages() - allocate a block of pages
 * @u: the instance
 * @gfp: %__GFP_ZERO zeroes the block; %__GFP_MOVABLE and %__GFP_RECLAIMABLE
 *	choose the lists it comes from
 * @order: size, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * The block belongs to the caller until umbra_free_pages(). It is not a page
 * reference: the caller never drops the reference that each page came with.
 *
 * Context: any but NMI, whatever @gfp is: this takes what is free and never
 * waits for memory. On PREEMPT_RT not with preemption or interrupts off.
 * Return: the first page, aligned to its size, or NULL if no block is free.
 * An @order out of range is reported and gives NULL.
 */
struct page *umbra_alloc_pages(struct umbra *u, gfp_t gfp, unsigned int order)
{
	struct umbra_request rq;
	struct page *page;
	u32 index;

	if (unlikely(order > UMBRA_MAX_ORDER)) {
		umbra_report_order(u, "allocation", order);
		return NULL;
	}
	umbra_request_init(&rq, gfp, order);
	for (;;) {
		index = take(u, &rq);
		if (index == UMBRA_NO_FRAME) {
			trace_umbra_page_alloc(-1UL, order, gfp, rq.type);
			return NULL;
		}
		page = umbra_index_to_page(u, index);
		if (!(gfp & __GFP_ZERO) || !u->has_memory ||
		    zero_block(page, order))
			break;
		frame_set(u, index, FRAME_PCP, order);
		free_block(u, index, order, true, NULL);
	}
	trace_umbra_page_alloc(umbra_index_to_pfn(u, index), order, gfp,
			       rq.type);
	return page;
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages);

/*
 * Change an allocated block of @order to @state. Returns the byte it had in the
 * frame map, or 0 if it is not an allocated block of that order.
 */
static u8 change_allocated(struct umbra *u, u32 index, unsigned int order,
			   enum umbra_frame_state state)
{
	u8 frame;

	if (index == UMBRA_NO_FRAME)
		return 0;
	do {
		frame = frame_read(u, index);
		if (!frame_is_allocated(frame) || frame_order(frame) != order)
			return 0;
	} while (frame_state(frame) != state &&
		 !frame_leave(u, index, frame, state));
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
			  frame_state(frame) == FRAME_EXPOSED, account);
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
