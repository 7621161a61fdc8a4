// SPDX-License-Identifier: GPL-2.0
/*
 * HELD frames: pages that others still referenced (a pin, a pipe, a mapping)
 * when their owner freed them. The host does not report the end of the last
 * reference, so HELD frames are checked again: by delayed work, by kswapd, in
 * the slow path before an allocation fails or waits, before a charge is
 * refused, by compaction of a whole node and allocation of a range, by the
 * invariant checker, and when the instance stops.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/report.h"
#include "../core/span.h"
#include "account.h"
#include "held.h"

/**
 * umbra_frame_lose() - make a frame OFFLINE for good, and report it
 * @zone: the zone of the frame
 * @index: a frame that is on no list and not in use
 * @why: start of the report: "WHY pfn ..."
 *
 * The descriptor may belong to the host already, so this does not write it.
 *
 * Context: zone lock held.
 */
void umbra_frame_lose(struct umbra_zone *zone, u32 index, const char *why)
{
	lockdep_assert_held(&zone->lock);

	if (!umbra_assert(zone->umbra, index,
			  frame_state(frame_read(zone->umbra, index)) !=
			  FRAME_FREE) ||
	    !umbra_assert(zone->umbra, index, zone->nr_managed > 0))
		return;
	frame_set(zone->umbra, index, FRAME_OFFLINE, 0);
	zone->nr_managed--;
	zone->seq++;
	umbra_report_frame(zone->umbra, why, index);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_frame_lose);

/* The period of the delayed work doubles from min to max. */
#define HELD_PERIOD_MIN (HZ / 10)
#define HELD_PERIOD_MAX HZ

/*
 * Change the number of HELD frames. Pageblocks only count them, because a list
 * would need links in their descriptors. After a stray put_page() the host owns
 * a descriptor and could overwrite its links.
 */
static void held_count(struct umbra_zone *zone, u32 index, int change)
{
	struct umbra *u = zone->umbra;

	lockdep_assert_held(&zone->lock);

	u->pageblocks[index >> u->pb_order].nr_held += change;
	zone->nr_held += change;
	zone->seq++;
}

/*
 * Charge a HELD frame. The account is in page_private, where no memory is needed
 * for it. After a stray put_page() the host may have overwritten that, so there
 * is a copy; without memory for the copy the account is lost in that case.
 */
static void held_charge(struct umbra_zone *zone, u32 index,
			struct umbra_account *account)
{
	struct xarray *copies = &zone->umbra->held_accounts;

	lockdep_assert_held(&zone->lock);

	umbra_account_hold(account);
	set_page_private(umbra_index_to_page(zone->umbra, index),
			 (unsigned long)account);
	if (!account)
		return;
	xa_lock(copies);
	__xa_store(copies, index, account,
		   GFP_NOWAIT | __GFP_NOMEMALLOC | __GFP_NOWARN);
	xa_unlock(copies);
}

/* Take back the charge of a HELD frame; @stray: the host has its descriptor. */
static void held_uncharge(struct umbra_zone *zone, u32 index, bool stray)
{
	struct xarray *copies = &zone->umbra->held_accounts;
	struct page *page = umbra_index_to_page(zone->umbra, index);
	struct umbra_account *account;

	lockdep_assert_held(&zone->lock);

	xa_lock(copies);
	account = __xa_erase(copies, index);
	xa_unlock(copies);
	if (!stray) {
		account = (struct umbra_account *)page_private(page);
		set_page_private(page, 0);
	}
	umbra_account_unhold(account);
}

/**
 * umbra_held_add() - make a frame HELD
 * @zone: the zone of the frame
 * @index: a frame that is on no list and not in use
 * @account: account that the frame stays charged to, or NULL
 *
 * Context: zone lock held.
 */
void umbra_held_add(struct umbra_zone *zone, u32 index,
		    struct umbra_account *account)
{
	u8 frame = frame_read(zone->umbra, index);

	lockdep_assert_held(&zone->lock);

	if (!umbra_assert(zone->umbra, index,
			  frame_state(frame) == FRAME_TAIL ||
			  frame_state(frame) == FRAME_PCP))
		return;
	held_charge(zone, index, account);
	frame_set(zone->umbra, index, FRAME_HELD, 0);
	held_count(zone, index, 1);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_held_add);

/* Check a HELD frame. Returns true if it is HELD no more. Zone lock held. */
bool umbra_held_check(struct umbra_zone *zone, u32 index)
{
	struct umbra *u = zone->umbra;
	struct page *page = umbra_index_to_page(u, index);

	lockdep_assert_held(&zone->lock);

	if (!umbra_assert(u, index, zone->nr_held > 0) ||
	    !umbra_assert(u, index,
			  u->pageblocks[index >> u->pb_order].nr_held > 0))
		return false;
	switch (umbra_page_use_of(page)) {
	case PAGE_USE_HELD:
		return false;
	case PAGE_USE_NONE:
		held_uncharge(zone, index, false);
		umbra_debug_poison(zone->umbra, index, 1);
		umbra_freelist_free(zone, index, 0);
		break;
	case PAGE_USE_HWPOISON:
		held_uncharge(zone, index, false);
		umbra_frame_lose(zone, index, "hardware poison in");
		break;
	case PAGE_USE_STRAY:
		held_uncharge(zone, index, true);
		umbra_frame_lose(zone, index, "stray put_page() of held");
		break;
	}
	held_count(zone, index, -1);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_held_check);

/*
 * Call @fn for every HELD frame, and hold the zone lock for one pageblock at a
 * time. Returns the number of calls that returned true.
 */
static unsigned long walk_held(struct umbra *u, bool may_sleep,
			       bool (*fn)(struct umbra_zone *zone, u32 index))
{
	unsigned long yes = 0, block, flags;

	for (block = 0; block < umbra_nr_pageblocks(u); block++) {
		u32 index = block << u->pb_order;
		u32 end = umbra_pageblock_end(u, index);
		struct umbra_zone *zone = umbra_frame_zone(u, index);

		if (!READ_ONCE(u->pageblocks[block].nr_held))
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		for (; index < end; index++)
			if (frame_state(frame_read(u, index)) == FRAME_HELD)
				yes += fn(zone, index);
		umbra_zone_unlock(zone, flags);
		if (may_sleep)
			cond_resched();
	}
	return yes;
}

static bool is_any_held(const struct umbra *u)
{
	const struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		if (READ_ONCE(zone->nr_held))
			return true;
	return false;
}

/**
 * umbra_held_rescan() - free HELD frames that only umbra still references
 * @u: the instance
 *
 * Context: any; takes the zone locks one after the other.
 * Return: number of frames that are not HELD any more.
 */
unsigned long umbra_held_rescan(struct umbra *u)
{
	return is_any_held(u) ? walk_held(u, false, umbra_held_check) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_held_rescan);

static void look_again(struct umbra *u)
{
	if (!READ_ONCE(u->stopping))
		queue_delayed_work(u->wq, &u->held_work,
				   READ_ONCE(u->held_period));
}

/* Check HELD frames soon. Context: any, but no zone lock held. */
void umbra_held_rescan_later(struct umbra *u)
{
	WRITE_ONCE(u->held_period, HELD_PERIOD_MIN);
	look_again(u);
}

static void held_work_fn(struct work_struct *work)
{
	struct umbra *u = container_of(to_delayed_work(work), struct umbra,
				       held_work);

	if (walk_held(u, true, umbra_held_check))
		WRITE_ONCE(u->held_period, HELD_PERIOD_MIN);
	else
		WRITE_ONCE(u->held_period,
			   min(2 * READ_ONCE(u->held_period),
			       (unsigned long)HELD_PERIOD_MAX));
	if (is_any_held(u))
		look_again(u);
}

/* Prepare the delayed work and the copies of accounts. Context: any. */
void umbra_held_init(struct umbra *u)
{
	xa_init_flags(&u->held_accounts,
		      XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	INIT_DELAYED_WORK(&u->held_work, held_work_fn);
}

static bool held_forget(struct umbra_zone *zone, u32 index)
{
	held_uncharge(zone, index, false);
	return true;
}

/*
 * Drop the references of HELD frames to their accounts when the instance stops.
 * The frames stay HELD. Context: may sleep.
 */
void umbra_held_forget(struct umbra *u)
{
	walk_held(u, true, held_forget);
	xa_destroy(&u->held_accounts);
}
