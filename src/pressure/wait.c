// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for memory: requests that must not fail wait for pages to be freed,
 * and tasks may wait for a zone to fall below its low watermark.
 */
#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../page/held.h"
#include "../page/pcp.h"
#include "../page/pcp_drain.h"
#include "../page/pcp_setup.h"
#include "wait.h"

/* Time until a waiting request tries to reclaim again, in jiffies. */
#define MEMORY_WAIT HZ

static void wake_waiters(struct irq_work *work)
{
	struct umbra_waiters *w = container_of(work, struct umbra_waiters,
					       wake);

	if (atomic_read(&w->nr_waiting))
		wake_up_all(&w->memory);
	wake_up_poll(&w->low, EPOLLPRI);
}

/**
 * umbra_pressure_events() - count the times that a zone fell below its low mark
 * @u: instance
 *
 * Context: Any context, does not sleep.
 * Return: the number of times; umbra_pressure_wait() is woken when it grows.
 */
unsigned long umbra_pressure_events(struct umbra *u)
{
	return atomic_long_read(&u->wait.nr_low);
}
EXPORT_SYMBOL_GPL(umbra_pressure_events);

/**
 * umbra_pressure_wait() - get the wait queue for memory that falls short
 * @u: instance
 *
 * Context: Any context, does not sleep.
 * Return: the wait queue, which lives as long as the instance.
 */
struct wait_queue_head *umbra_pressure_wait(struct umbra *u)
{
	return &u->wait.low;
}
EXPORT_SYMBOL_GPL(umbra_pressure_wait);

/*
 * Make every zone look for waiters at its next change. Context: any but NMI;
 * takes the zone locks one after the other.
 */
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
 * Resize the caches of the CPUs, and drain them if @drain is set. While a
 * request waits, the caches keep no pages; see umbra_pcp_resize().
 */
static void resize_caches(struct umbra *u, bool drain)
{
	mutex_lock(&u->control_lock);
	umbra_pcp_resize(u);
	if (drain)
		umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, true);
	mutex_unlock(&u->control_lock);
}

/**
 * umbra_memory_wait_begin() - register a request that waits for memory
 * @u: the instance
 *
 * Each free is counted from now on. Free pages in the caches of the CPUs, and
 * HELD pages that are not referenced any more, are put back to the zones.
 *
 * Context: may sleep; takes control_lock.
 */
void umbra_memory_wait_begin(struct umbra *u)
{
	atomic_inc(&u->wait.nr_waiting);
	umbra_pressure_watch(u);
	resize_caches(u, true);
	umbra_held_rescan(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_memory_wait_begin);

/* Undo umbra_memory_wait_begin(). Context: may sleep; takes control_lock. */
void umbra_memory_wait_end(struct umbra *u)
{
	if (atomic_dec_and_test(&u->wait.nr_waiting))
		resize_caches(u, false);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_memory_wait_end);

/* A count that grows when memory is freed while a request waits. */
int umbra_memory_freed(struct umbra *u)
{
	return atomic_read(&u->wait.nr_freed);
}

/**
 * umbra_memory_wait() - wait until memory is freed
 * @u: the instance, after umbra_memory_wait_begin()
 * @seen: umbra_memory_freed() before the last attempt of the caller
 *
 * Also returns after a limited time, because there may be pages to reclaim.
 *
 * Context: may sleep.
 */
void umbra_memory_wait(struct umbra *u, int seen)
{
	wait_event_timeout(u->wait.memory,
			   umbra_memory_freed(u) != seen, MEMORY_WAIT);
}

/* Initialize the wait queues. Context: any. */
void umbra_wait_init(struct umbra *u)
{
	init_waitqueue_head(&u->wait.memory);
	init_waitqueue_head(&u->wait.low);
	init_irq_work(&u->wait.wake, wake_waiters);
}

/* Wait for the last wakeup, after the last free. Context: may sleep. */
void umbra_wait_destroy(struct umbra *u)
{
	irq_work_sync(&u->wait.wake);
}
