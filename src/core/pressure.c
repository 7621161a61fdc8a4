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

/* How long a request waits before it looks for things to reclaim again. */
#define MEMORY_WAIT HZ

static void wake_waiters(struct irq_work *work)
{
	struct umbra_pressure *p = container_of(work, struct umbra_pressure,
						wake);

	if (atomic_read(&p->nr_waiting))
		wake_up_all(&p->memory_wait);
	wake_up_poll(&p->low_wait, EPOLLPRI);
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
 * umbra_zone_changed() - tell of what is free in a zone that is watched
 * @zone: the zone
 * @orders: orders it has plenty of now; 0 if a watermark may be near
 *
 * Context: any; zone lock held.
 */
void umbra_zone_changed(struct umbra_zone *zone, unsigned int orders)
{
	struct umbra_pressure *p = &zone->umbra->pressure;
	struct umbra_node *node = &zone->umbra->nodes[zone->nid];
	bool more = zone->nr_free_pages > zone->nr_free_before;
	bool wake = note_low(zone);

	lockdep_assert_held(&zone->lock);

	if (wake)
		atomic_long_inc(&p->nr_low);
	zone->nr_free_before = zone->nr_free_pages;
	WRITE_ONCE(zone->fast_orders, orders);
	zone->is_watched = !orders || atomic_read(&p->nr_waiting) ||
			   umbra_kswapd_gave_up(node);
	if (more && umbra_kswapd_gave_up(node))
		umbra_kswapd_retry(node);
	if (more && atomic_read(&p->nr_waiting)) {
		atomic_inc(&p->nr_freed);
		wake = true;
	}
	if (wake)
		irq_work_queue(&p->wake);
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
	return atomic_long_read(&u->pressure.nr_low);
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
	return &u->pressure.low_wait;
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
	atomic_inc(&u->pressure.nr_waiting);
	umbra_pressure_watch(u);
	resize_caches(u, true);
	umbra_held_rescan(u);
}

void umbra_memory_wait_end(struct umbra *u)
{
	if (atomic_dec_and_test(&u->pressure.nr_waiting))
		resize_caches(u, false);
}

/* What to compare with later, to know whether something was freed meanwhile. */
int umbra_memory_freed(struct umbra *u)
{
	return atomic_read(&u->pressure.nr_freed);
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
	wait_event_timeout(u->pressure.memory_wait,
			   umbra_memory_freed(u) != seen, MEMORY_WAIT);
}

/* Context: any. */
void umbra_pressure_init(struct umbra *u)
{
	struct umbra_pressure *p = &u->pressure;

	xa_init(&u->movables);
	p->ops = &umbra_slow_ops;
	init_rwsem(&p->shrinkers_lock);
	INIT_LIST_HEAD(&p->shrinkers);
	init_waitqueue_head(&p->movable_wait);
	init_waitqueue_head(&p->memory_wait);
	init_waitqueue_head(&p->low_wait);
	init_irq_work(&p->wake, wake_waiters);
	mutex_init(&p->oom_lock);
	BLOCKING_INIT_NOTIFIER_HEAD(&p->oom_notifiers);
	spin_lock_init(&p->accounts_lock);
	INIT_LIST_HEAD(&p->accounts);
	p->extfrag_threshold = 500;
	p->compaction_proactiveness = 20;
}

/* Nothing runs by itself any more. Context: may sleep. */
void umbra_pressure_stop(struct umbra *u)
{
	umbra_kswapd_stop(u);
	umbra_compact_stop(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pressure_stop);

/*
 * Nobody frees any more, not even the caches of a CPU that goes offline: none of
 * this is looked at. Context: may sleep.
 */
void umbra_pressure_destroy(struct umbra *u)
{
	umbra_kswapd_destroy(u);
	irq_work_sync(&u->pressure.wake);
}
