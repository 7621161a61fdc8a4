// SPDX-License-Identifier: GPL-2.0
/* Hardware poison: frames with failed memory go out of use. */
#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../inspect/snapshot.h"
#include "../page/held.h"

/*
 * Take a free block, make the frame at @index OFFLINE, and put back the rest.
 * Zone lock held.
 */
static void carve(struct umbra_zone *zone, u32 head, unsigned int order,
		  u32 index)
{
	lockdep_assert_held(&zone->lock);

	if (!umbra_freelist_remove(zone, head, order))
		return;
	umbra_frame_lose(zone, index, "hardware poison in");
	umbra_freelist_free_range(zone, head, index);
	umbra_freelist_free_range(zone, index + 1, head + (1U << order));
}

/*
 * A page failed while its block was in a cache or in hand, where a block cannot
 * be found. From now on every block of the zone is checked when it is put back,
 * and caches keep no blocks of the zone. The drain empties the caches.
 */
static void suspect(struct umbra_zone *zone)
{
	set_bit(ZONE_FLAG_SUSPECT, &zone->flags);
	if (!READ_ONCE(zone->umbra->stopping))
		queue_work(zone->umbra->wq, &zone->umbra->drain_work);
}

/**
 * umbra_hwpoison_pfn() - take a page out of use whose memory has failed
 * @u: instance
 * @pfn: page frame number of any page of the host
 *
 * A free page is taken out at once. An allocated page stays with its owner
 * until it is freed; its block counts as exposed from now on, so that the free
 * finds the failed page and keeps it out of use. If the page is on its way to
 * the free lists, every block of its zone is looked at again on the way from
 * now on.
 *
 * Context: Any context except NMI, does not sleep. Takes the zone lock; on
 * PREEMPT_RT not with preemption or interrupts off.
 * Return: true if the page is of @u.
 */
bool umbra_hwpoison_pfn(struct umbra *u, unsigned long pfn)
{
	u32 index = umbra_pfn_to_index(u, pfn);
	struct umbra_zone *zone;
	unsigned long flags;
	u32 head;
	u8 frame;

	if (index == UMBRA_NO_FRAME)
		return false;
	zone = umbra_frame_zone(u, index);
	spin_lock_irqsave(&zone->lock, flags);
	head = umbra_frame_head(u, index);
	frame = frame_read_head(u, head);
	if (frame_state(frame) == FRAME_FREE)
		carve(zone, head, frame_order(frame), index);
	else if (frame_state(frame) == FRAME_HELD)
		umbra_held_check(zone, index);
	else if (frame_state(frame) == FRAME_PCP ||
		 (frame_is_allocated(frame) &&
		  !frame_leave(u, head, frame,
			       frame_state(frame) | FRAME_EXPOSED)))
		suspect(zone);
	umbra_zone_unlock(zone, flags);
	return true;
}
EXPORT_SYMBOL_GPL(umbra_hwpoison_pfn);

/**
 * umbra_has_pfn() - test whether a page is of an instance
 * @u: instance
 * @pfn: page frame number
 *
 * Context: Any context, does not sleep.
 * Return: true if the page is of @u.
 */
bool umbra_has_pfn(struct umbra *u, unsigned long pfn)
{
	return umbra_pfn_to_index(u, pfn) != UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_GPL(umbra_has_pfn);

/**
 * umbra_hwpoison_scan() - take all pages out of use whose memory has failed
 * @u: instance
 *
 * Context: Process context, may sleep.
 */
void umbra_hwpoison_scan(struct umbra *u)
{
	const struct umbra_span *span;
	unsigned long i;

	for (span = u->spans; span < u->spans + u->nr_spans; span++) {
		for (i = 0; i < span->nr_pages; i++) {
			if (PageHWPoison(span->pages + i))
				umbra_hwpoison_pfn(u, span->base_pfn + i);
			if (i % UMBRA_SNAPSHOT_BATCH == 0)
				cond_resched();
		}
	}
}
EXPORT_SYMBOL_GPL(umbra_hwpoison_scan);
