// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks whose free waits for a context that may take a zone lock.
 *
 * A block that only umbra references is linked to the list of its zone, in state
 * PCP. As in the host, the next free to the zone takes the list along. A block
 * that others may reference is in state LATER without a link: after a stray
 * put_page() the host could overwrite the link. A flag of the zone says that
 * such blocks exist, and a walk of the frame map finds them.
 *
 * An irq_work and then a work item free both kinds soon.
 */
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "held.h"
#include "later.h"
#include "zone_blocks.h"

/* The link of a block is the lru of its first page. */
static struct llist_node *link_of(struct umbra *u, u32 index)
{
	BUILD_BUG_ON(sizeof(struct llist_node) >
		     sizeof_field(struct page, lru));
	return (struct llist_node *)&umbra_index_to_page(u, index)->lru;
}

static u32 index_of(struct umbra *u, struct llist_node *node)
{
	return umbra_page_to_index(u, container_of((struct list_head *)node,
						   struct page, lru));
}

/**
 * __umbra_later_flush() - free the linked blocks of a zone
 * @zone: the zone
 *
 * Context: zone lock held.
 * Return: number of pages that became HELD, because memory of a block failed
 * meanwhile.
 */
unsigned long __umbra_later_flush(struct umbra_zone *zone)
{
	struct llist_node *node = llist_del_all(&zone->later), *next;
	unsigned long held = 0;

	lockdep_assert_held(&zone->lock);

	for (; node; node = next) {
		u32 index = index_of(zone->umbra, node);
		unsigned int order = frame_order(frame_read(zone->umbra,
							    index));

		next = node->next;
		held += umbra_free_locked(zone, index, order, true, NULL);
		umbra_count(zone, EVENT_PGFREE, 1UL << order);
	}
	return held;
}

/* Free the blocks in state LATER whose heads are in one pageblock. */
static void free_unlinked(struct umbra_zone *zone, u32 index, u32 end)
{
	lockdep_assert_held(&zone->lock);

	for (; index < end; index++) {
		u8 frame = frame_read(zone->umbra, index);
		unsigned int order = frame_order(frame);

		if (frame_state(frame) != FRAME_LATER)
			continue;
		frame_set(zone->umbra, index, FRAME_PCP, order);
		umbra_free_locked(zone, index, order, false, NULL);
		umbra_count(zone, EVENT_PGFREE, 1UL << order);
	}
}

static void free_zone(struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long flags;
	u32 index;

	spin_lock_irqsave(&zone->lock, flags);
	umbra_later_flush(zone);
	umbra_zone_unlock(zone, flags);
	if (!test_and_clear_bit(ZONE_FLAG_LATER, &zone->flags))
		return;
	for_each_umbra_pageblock(u, index, zone->start, zone->end) {
		spin_lock_irqsave(&zone->lock, flags);
		free_unlinked(zone, index, umbra_pageblock_end(u, index));
		umbra_zone_unlock(zone, flags);
		cond_resched();
	}
}

static void free_all(struct umbra *u)
{
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		free_zone(zone);
}

/**
 * umbra_later_free() - free the blocks that wait, for a request that lacks memory
 * @u: the instance
 * @may_sleep: whether the request may sleep, so that blocks in state LATER are
 *	searched, too
 *
 * The work item may wait for a worker, which needs memory of the host.
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: true if a block waited.
 */
bool umbra_later_free(struct umbra *u, bool may_sleep)
{
	struct umbra_zone *zone;
	unsigned long flags;
	bool found = false;

	for_each_umbra_zone(u, zone) {
		bool linked = !llist_empty(&zone->later);

		if (may_sleep && test_bit(ZONE_FLAG_LATER, &zone->flags)) {
			free_zone(zone);
			found = true;
		} else if (linked) {
			spin_lock_irqsave(&zone->lock, flags);
			umbra_later_flush(zone);
			umbra_zone_unlock(zone, flags);
			found = true;
		}
	}
	return found;
}

static void work_fn(struct work_struct *work)
{
	struct umbra *u = container_of(work, struct umbra, later.work);

	free_all(u);
	umbra_held_rescan_later(u);
}

static void irq_fn(struct irq_work *irq)
{
	struct umbra *u = container_of(irq, struct umbra, later.irq);

	queue_work(u->wq, &u->later.work);
}

/**
 * umbra_free_later() - free a block soon, without a lock now
 * @zone: the zone of the block
 * @index: head of the block, in state PCP or allocated, and in no use
 * @order: order of the block
 * @whole: whether only umbra references the block; if not, every page of it is
 *	checked
 *
 * Context: any, NMI included.
 */
void umbra_free_later(struct umbra_zone *zone, u32 index, unsigned int order,
		      bool whole)
{
	struct umbra *u = zone->umbra;

	if (whole) {
		llist_add(link_of(u, index), &zone->later);
	} else {
		frame_set(u, index, FRAME_LATER, order);
		smp_mb__before_atomic();	/* the walk follows the flag */
		set_bit(ZONE_FLAG_LATER, &zone->flags);
	}
	irq_work_queue(&u->later.irq);
}

/* Prepare the irq_work and the work item. Context: any. */
void umbra_later_init(struct umbra *u)
{
	init_irq_work(&u->later.irq, irq_fn);
	INIT_WORK(&u->later.work, work_fn);
}

/* Free what is left. No block may come from now on. Context: may sleep. */
void umbra_later_stop(struct umbra *u)
{
	irq_work_sync(&u->later.irq);
	cancel_work_sync(&u->later.work);
	free_all(u);
}
