// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits for memory: a request that may not fail, those who want to hear
 * that a zone is low, and a kswapd that gave up. They are told by whoever
 * changes what a zone has free, if the zone is watched; that is under its lock
 * and in any context, so they are woken from an irq_work.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include "core.h"

/* A page that is freed says little if it was freed as soon as this. */
#define PAUSE (HZ / 50)

/* How long a request waits before it looks for things to reclaim again. */
#define MEMORY_WAIT HZ

static void wake_waiters(struct irq_work *work)
{
	struct umbra_waiters *w = container_of(work, struct umbra_waiters,
					       wake);

	if (atomic_read(&w->nr_waiting))
		wake_up_all(&w->memory);
	wake_up_poll(&w->low, EPOLLPRI);
}

/* Note that a zone fell below low, or rose above. Returns whether it fell. */
static bool note_low(struct umbra_zone *zone)
{
	bool low = zone->nr_free_pages < umbra_wmark(zone, UMBRA_WMARK_LOW);

	if (low == test_bit(ZONE_FLAG_BELOW_LOW, &zone->flags))
		return false;
	if (!low)
		clear_bit(ZONE_FLAG_BELOW_LOW, &zone->flags);
	else
		set_bit(ZONE_FLAG_BELOW_LOW, &zone->flags);
	return low;
}

/**
 * umbra_node_freed() - tell a kswapd that gave up of a page that was freed
 * @node: the node of the page
 *
 * kswapd tries again from then on; but a page that is freed right after it gave
 * up is only remembered, so that pages that come and go do not keep it busy.
 *
 * Context: any.
 */
void umbra_node_freed(struct umbra_node *node)
{
	if (time_after(jiffies, READ_ONCE(node->kswapd_gave_up) + PAUSE))
		atomic_set(&node->kswapd_failures, 0);
	else
		WRITE_ONCE(node->kswapd_freed, true);
}

/**
 * umbra_zone_changed() - tell of what is free in a zone that is watched
 * @zone: the zone
 * @orders: orders it has plenty of now; 0 if a watermark may be near
 *
 * Context: any; zone lock held.
 */
void umbra_zone_changed(struct umbra_zone *zone, unsigned int orders)
{
	struct umbra_waiters *w = &zone->umbra->wait;
	struct umbra_node *node = &zone->umbra->nodes[zone->nid];
	bool more = zone->nr_free_pages > zone->nr_free_before;
	bool wake = note_low(zone);

	lockdep_assert_held(&zone->lock);

	if (wake)
		atomic_long_inc(&w->nr_low);
	zone->nr_free_before = zone->nr_free_pages;
	WRITE_ONCE(zone->fast_orders, orders);
	zone->is_watched = !orders || atomic_read(&w->nr_waiting) ||
			   umbra_node_is_hopeless(node);
	if (more && umbra_node_is_hopeless(node))
		umbra_node_freed(node);
	if (more && atomic_read(&w->nr_waiting)) {
		atomic_inc(&w->nr_freed);
		wake = true;
	}
	if (wake)
		irq_work_queue(&w->wake);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_zone_changed);

/**
 * umbra_pressure_events() - how often a zone fell below its low watermark
 * @u: the instance
 *
 * Context: any.
 * Return: the number; umbra_pressure_wait() is woken when it grows.
 */
unsigned long umbra_pressure_events(struct umbra *u)
{
	return atomic_long_read(&u->wait.nr_low);
}
EXPORT_SYMBOL_GPL(umbra_pressure_events);

/**
 * umbra_pressure_wait() - where to wait for memory to fall short
 * @u: the instance
 *
 * Context: any.
 * Return: the wait queue, as long as the instance lives.
 */
struct wait_queue_head *umbra_pressure_wait(struct umbra *u)
{
	return &u->wait.low;
}
EXPORT_SYMBOL_GPL(umbra_pressure_wait);

/* Have every zone look whether somebody waits. Context: any but NMI. */
void umbra_pressure_watch(struct umbra *u)
{
	struct umbra_zone *zone;
	unsigned long flags;

	for_each_umbra_zone(u, zone) {
		spin_lock_irqsave(&zone->lock, flags);
		zone->is_watched = true;
		umbra_zone_unlock(zone, flags);
	}
}

/*
 * Caches keep nothing as long as somebody waits; see umbra_pcp_resize(). What
 * they have comes back.
 */
static void resize_caches(struct umbra *u, bool drain)
{
	mutex_lock(&u->control);
	umbra_pcp_resize(u);
	if (drain)
		umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, true);
	mutex_unlock(&u->control);
}

/**
 * umbra_memory_wait_begin() - hear of all that is freed from now on
 * @u: the instance
 *
 * What is free already, in caches of CPUs or held back, comes to the free lists.
 *
 * Context: may sleep.
 */
void umbra_memory_wait_begin(struct umbra *u)
{
	atomic_inc(&u->wait.nr_waiting);
	umbra_pressure_watch(u);
	resize_caches(u, true);
	umbra_held_rescan(u);
}

void umbra_memory_wait_end(struct umbra *u)
{
	if (atomic_dec_and_test(&u->wait.nr_waiting))
		resize_caches(u, false);
}

/* What to compare with later, to know whether something was freed meanwhile. */
int umbra_memory_freed(struct umbra *u)
{
	return atomic_read(&u->wait.nr_freed);
}

/**
 * umbra_memory_wait() - wait until something is freed
 * @u: the instance; after umbra_memory_wait_begin()
 * @seen: as umbra_memory_freed() said before the caller last looked
 *
 * After a while it returns even so: something to reclaim may have come.
 *
 * Context: may sleep.
 */
void umbra_memory_wait(struct umbra *u, int seen)
{
	wait_event_timeout(u->wait.memory,
			   umbra_memory_freed(u) != seen, MEMORY_WAIT);
}

/* Context: any. */
void umbra_wait_init(struct umbra *u)
{
	init_waitqueue_head(&u->wait.memory);
	init_waitqueue_head(&u->wait.low);
	init_irq_work(&u->wait.wake, wake_waiters);
}

/* No page is freed any more. Context: may sleep. */
void umbra_wait_destroy(struct umbra *u)
{
	irq_work_sync(&u->wait.wake);
}
