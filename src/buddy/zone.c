// SPDX-License-Identifier: GPL-2.0
/*
 * Consequences of a change of the free pages of a zone: umbra_zone.fast_orders
 * changes, waiters wake up, and kswapd tries again. The zone lock is held, in
 * any context, so an irq_work wakes the waiters.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include "../core/core.h"
#include "zone.h"

/* A free this soon after kswapd gave up does not start it again. */
#define PAUSE (HZ / 50)

/* Update ZONE_FLAG_BELOW_LOW. Returns true if the zone fell below low. */
static bool note_low(struct umbra_zone *zone)
{
	bool low = zone->nr_free_pages < umbra_mark(zone, UMBRA_WMARK_LOW);

	if (low == test_bit(ZONE_FLAG_BELOW_LOW, &zone->flags))
		return false;
	if (!low)
		clear_bit(ZONE_FLAG_BELOW_LOW, &zone->flags);
	else
		set_bit(ZONE_FLAG_BELOW_LOW, &zone->flags);
	return low;
}

/**
 * umbra_node_freed() - let a kswapd that gave up try again after a free
 * @node: the node of the freed page
 *
 * A page that is freed right after kswapd gave up is only noted. Otherwise
 * pages that are allocated and freed again would keep kswapd busy.
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
 * umbra_zone_changed() - report a change of the free pages of a zone
 * @zone: the zone
 * @orders: the new umbra_zone.fast_orders
 *
 * Context: any; zone lock held.
 */
void umbra_zone_changed(struct umbra_zone *zone, unsigned int orders)
{
	struct umbra_waiters *w = &zone->umbra->wait;
	struct umbra_node *node = &zone->umbra->nodes[zone->nid];
	bool more = zone->nr_free_pages > zone->nr_free_before;
	bool wake;

	lockdep_assert_held(&zone->lock);

	wake = note_low(zone);
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
