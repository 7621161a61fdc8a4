// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for memory: requests that may not fail, and tasks that want to hear
 * that a zone is low.
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
#include "../page/pcp_setup.h"
#include "wait.h"

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
	mutex_lock(&u->control_lock);
	umbra_pcp_resize(u);
	if (drain)
		umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, true);
	mutex_unlock(&u->control_lock);
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
