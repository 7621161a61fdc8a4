// SPDX-License-Identifier: GPL-2.0
/*
 * The free of a block.
 *
 * A free first changes the head to state PCP by an atomic compare-and-exchange
 * of its byte in the frame map. From then on the block is in hand, and only
 * this CPU uses it. A block that only umbra references goes to the cache of
 * this CPU, if the cache accepts it. Other blocks are put back to the zone, and
 * frames that others still reference become HELD.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/report.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "account.h"
#include "free.h"
#include "held.h"
#include "later.h"
#include "pcp.h"
#include "zone_blocks.h"
#include <trace/events/umbra.h>

/*
 * Put a block in hand back to its zone, after the blocks that wait for a free.
 * Returns the pages of the block that became HELD.
 */
static unsigned long to_zone(struct umbra_zone *zone, u32 index,
			     unsigned int order, bool whole,
			     struct umbra_account *account)
{
	unsigned long held, waited, flags;

	umbra_count(zone, EVENT_PGFREE, 1UL << order);
	spin_lock_irqsave(&zone->lock, flags);
	waited = umbra_later_flush(zone);
	held = umbra_free_locked(zone, index, order, whole, account);
	umbra_zone_unlock(zone, flags);

	if (held | waited)
		umbra_held_rescan_later(zone->umbra);
	return held;
}

/*
 * Begin the free of a block in hand. Returns true if only umbra references it,
 * so that it may be in a cache.
 */
static __always_inline bool begin_free(struct umbra *u,
				       const struct umbra_zone *zone, u32 index,
				       unsigned int order, bool scan)
{
	struct page *page = umbra_index_to_page(u, index);
	bool whole;

	umbra_debug_free(u, index, order);
	whole = umbra_page_use_of(page) == PAGE_USE_NONE;
	if (unlikely(scan || u->debug & UMBRA_DEBUG_REFS))
		whole = whole && umbra_tails_reset(page, order);
	if (unlikely(!whole || umbra_zone_is_suspect(zone)))
		return false;
	/* The next owner must not find what this one leaves. */
	set_page_private(page, 0);
	umbra_debug_poison(u, index, 1U << order);
	return true;
}

/* See umbra_free_block(). */
static __always_inline unsigned long free_block(struct umbra *u, u32 index,
						unsigned int order, bool scan,
						struct umbra_account *account)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	bool whole = begin_free(u, zone, index, order, scan);

	if (likely(whole) && pcp_free(zone, index, order))
		return 0;
	return to_zone(zone, index, order, whole, account);
}

/**
 * umbra_free_block() - free a block that has left the allocated state
 * @u: the instance
 * @index: head of the block, in state PCP
 * @order: order of the block
 * @scan: check the reference count of every frame, not only of the head
 * @account: account that the block is charged to, or NULL
 *
 * Context: any but NMI; may take the zone lock.
 * Return: number of pages that became HELD.
 */
unsigned long umbra_free_block(struct umbra *u, u32 index, unsigned int order,
			       bool scan, struct umbra_account *account)
{
	return free_block(u, index, order, scan, account);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_free_block);

/**
 * umbra_free_is_whole() - check all reference counts of a block in hand
 * @u: the instance
 * @index: head of the block, in state PCP
 * @order: order of the block
 *
 * With UMBRA_DEBUG_POISON a whole block is filled with the pattern.
 *
 * Context: any.
 * Return: true if only umbra references the pages of the block.
 */
bool umbra_free_is_whole(struct umbra *u, u32 index, unsigned int order)
{
	struct page *page = umbra_index_to_page(u, index);

	if (umbra_page_use_of(page) != PAGE_USE_NONE ||
	    !umbra_tails_reset(page, order))
		return false;
	set_page_private(page, 0);
	umbra_debug_poison(u, index, 1U << order);
	return true;
}

/*
 * Change an allocated block of @order to @state, or add the bits of @state if
 * that is an allocated state. Returns the old byte of the frame map, or 0 if
 * @index is not the head of an allocated block of @order.
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

static noinline int refuse_free(struct umbra *u, struct page *page, u32 index,
				unsigned int order)
{
	if (order > UMBRA_MAX_ORDER)
		umbra_report_order(u, "free", order);
	else
		umbra_report_free(u, page, index, order);
	return -EINVAL;
}

static __always_inline int finish_free(struct umbra *u, u32 index,
				       unsigned int order, bool scan,
				       struct umbra_account *account)
{
	unsigned long held;

	if (trace_umbra_page_free_enabled())
		trace_umbra_page_free(umbra_index_to_pfn(u, index), order);
	held = free_block(u, index, order, scan, account);
	if (account)
		umbra_account_uncharge(account, (1UL << order) - held);
	return 0;
}

/*
 * Free an exposed block. A block that is registered as movable must not be
 * freed, because it may be isolated. Every registered block is exposed, so only
 * this function looks for a registration.
 */
static noinline int free_exposed(struct umbra *u, struct page *page, u32 index,
				 unsigned int order,
				 struct umbra_account *account)
{
	if (unlikely(umbra_is_movable(u, index)) ||
	    !change_allocated(u, index, order, FRAME_PCP))
		return refuse_free(u, page, index, order);
	return finish_free(u, index, order, true, account);
}

/**
 * umbra_free_pages_account() - free a block that is charged to an account
 * @u: instance that the block came from
 * @page: first page of the block
 * @order: order of the block
 * @account: account that was charged for it, or NULL
 *
 * Free pages are uncharged. Pages that are still referenced are held, and stay
 * charged until their last reference is gone.
 *
 * A block of another instance, one that is not allocated, and one of another
 * order are reported with the state of the frame and a stack; then nothing
 * changes.
 *
 * Context: Any context except NMI, does not sleep. May take a zone lock; on
 * PREEMPT_RT not with preemption or interrupts off.
 * Return: 0, or -EINVAL if the free was refused.
 */
int umbra_free_pages_account(struct umbra *u, struct page *page,
			     unsigned int order, struct umbra_account *account)
{
	u32 index = umbra_page_to_index(u, page);

	if (index != UMBRA_NO_FRAME &&
	    unlikely(frame_has(frame_read(u, index), FRAME_EXPOSED)))
		return free_exposed(u, page, index, order, account);
	if (unlikely(!change_allocated(u, index, order, FRAME_PCP)))
		return refuse_free(u, page, index, order);
	return finish_free(u, index, order, false, account);
}
EXPORT_SYMBOL_GPL(umbra_free_pages_account);

/* Put a block in hand back to its zone, unless that must wait for the lock. */
static bool to_zone_nolock(struct umbra_zone *zone, u32 index,
			   unsigned int order)
{
	unsigned long flags;
	bool suspect;

	if (!umbra_can_trylock() || !spin_trylock_irqsave(&zone->lock, flags))
		return false;
	suspect = umbra_zone_is_suspect(zone);
	if (!suspect)
		umbra_free_locked(zone, index, order, true, NULL);
	umbra_zone_unlock(zone, flags);
	if (suspect)
		return false;
	umbra_count(zone, EVENT_PGFREE, 1UL << order);
	return true;
}

/**
 * umbra_free_pages_nolock() - free a block without waiting for a lock
 * @u: instance that the block came from
 * @page: first page of the block
 * @order: order of the block
 *
 * The block may come from any allocation of @u. It goes to the cache of this
 * CPU, which may become larger than its limit, or to its zone if the lock of the
 * zone is free. Otherwise the block waits, in state PCP, until the next free to
 * its zone, or for a work item. A block with pages that are still referenced
 * always waits for the work item, in state LATER; then these pages are held.
 *
 * A wrong free is reported and changes nothing, as by umbra_free_pages().
 *
 * Context: Any context, NMI included; does not sleep. On PREEMPT_RT, a free in a
 * hard interrupt does not use the zone.
 * Return: 0, or -EINVAL if the free was refused.
 */
int umbra_free_pages_nolock(struct umbra *u, struct page *page,
			    unsigned int order)
{
	u32 index = umbra_page_to_index(u, page);
	struct umbra_zone *zone;
	bool exposed, whole;

	exposed = index != UMBRA_NO_FRAME &&
		  frame_has(frame_read(u, index), FRAME_EXPOSED);
	if ((exposed && umbra_is_movable(u, index)) ||
	    !change_allocated(u, index, order, FRAME_PCP))
		return refuse_free(u, page, index, order);
	trace_umbra_page_free(umbra_index_to_pfn(u, index), order);
	zone = umbra_frame_zone(u, index);
	whole = begin_free(u, zone, index, order, exposed);
	if (!whole || (!umbra_pcp_free_nolock(zone, index, order) &&
		       !to_zone_nolock(zone, index, order)))
		umbra_free_later(zone, index, order, whole);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_free_pages_nolock);

/*
 * Take an allocated page in hand to free it with its neighbours. Returns false
 * if the page is not free with them: it was refused, or is not free yet.
 */
static bool take_in_hand(struct umbra *u, u32 index)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	struct page *page = umbra_index_to_page(u, index);

	if ((frame_has(frame_read(u, index), FRAME_EXPOSED) &&
	     umbra_is_movable(u, index)) ||
	    !change_allocated(u, index, 0, FRAME_PCP)) {
		refuse_free(u, page, index, 0);
		return false;
	}
	if (trace_umbra_page_free_enabled())
		trace_umbra_page_free(umbra_index_to_pfn(u, index), 0);
	umbra_debug_free(u, index, 0);
	if (!umbra_zone_is_suspect(zone) && umbra_free_is_whole(u, index, 0))
		return true;
	to_zone(zone, index, 0, false, NULL);
	return false;
}

/* Free pages in hand, in blocks as large as their alignment allows. */
static void free_in_hand(struct umbra *u, u32 index, u32 end)
{
	struct umbra_zone *zone;
	unsigned long flags;
	unsigned int order;

	for (; index < end; index += 1U << order) {
		zone = umbra_frame_zone(u, index);
		order = min3(index ? __ffs(index) : UMBRA_MAX_ORDER,
			     __fls(min(end, zone->end) - index),
			     UMBRA_MAX_ORDER);
		if (order) {
			spin_lock_irqsave(&zone->lock, flags);
			frame_set_tails(u, index, 1U << order);
			frame_set(u, index, FRAME_PCP, order);
			zone->seq++;
			spin_unlock_irqrestore(&zone->lock, flags);
		}
		if (!pcp_free(zone, index, order))
			to_zone(zone, index, order, true, NULL);
	}
}

/**
 * umbra_free_run() - free single pages that are next to each other
 * @u: the instance
 * @index: first page
 * @nr: number of pages, each allocated as a block of order 0
 *
 * As in the host, pages are freed together as the largest aligned blocks that
 * they make. A page that is not allocated so is reported and stays as it is;
 * one that is referenced is held.
 *
 * Context: any but NMI; may take zone locks one after the other.
 */
void umbra_free_run(struct umbra *u, u32 index, u32 nr)
{
	u32 end = index + nr, run = index;

	for (; index < end; index++) {
		if (take_in_hand(u, index))
			continue;
		free_in_hand(u, run, index);
		run = index + 1;
	}
	free_in_hand(u, run, end);
}

/**
 * umbra_expose_pages() - announce references to every page of a block
 * @u: instance that the block came from
 * @page: first page of the block, which the caller owns
 * @order: order of the block
 *
 * Must be called before pages of a block are mapped to user space, or
 * referenced one by one. From then on a free reads the count of every page.
 *
 * Context: Any context, does not sleep.
 * Return: 0, or -EINVAL if @page is no allocated block of that order.
 */
int umbra_expose_pages(struct umbra *u, struct page *page, unsigned int order)
{
	u32 index = umbra_page_to_index(u, page);

	return change_allocated(u, index, order, FRAME_EXPOSED) ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(umbra_expose_pages);
