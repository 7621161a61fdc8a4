// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from a change of what a zone has free: which orders it has plenty
 * of, and that waiters are woken and kswapd tries again. This is under the zone
 * lock and in any context, so waiters are woken from an irq_work.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include "../core/core.h"
#include "zone.h"

/* A page that is freed says little if it was freed as soon as this. */
#define PAUSE (HZ / 50)

/* Note that a zone fell below low, or rose above. Returns whether it fell. */
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
