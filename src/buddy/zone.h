/* SPDX-License-Identifier: GPL-2.0 */
/* Release of the lock of a zone; see zone.c. */
#ifndef _UMBRA_ZONE_H
#define _UMBRA_ZONE_H

#include "../core/core.h"

void umbra_node_freed(struct umbra_node *node);
void umbra_zone_changed(struct umbra_zone *zone, unsigned int orders);

/*
 * Update umbra_zone.fast_orders and release the lock of a zone. A function that
 * changes the free pages or the watermarks of a zone must release the lock by
 * this function.
 */
static inline void umbra_zone_unlock(struct umbra_zone *zone,
				     unsigned long flags)
	__releases(&zone->lock)
{
	unsigned long useful = zone->nr_free_pages - zone->nr_free_cma -
			       zone->nr_free_highatomic;
	unsigned int orders = 0;

	if (useful > zone->fast_mark)
		orders = fls(zone->listed[UMBRA_UNMOVABLE] |
			     zone->listed[UMBRA_MOVABLE] |
			     zone->listed[UMBRA_RECLAIMABLE]);
	if (unlikely(zone->fast_orders != orders || zone->is_watched))
		umbra_zone_changed(zone, orders);
	spin_unlock_irqrestore(&zone->lock, flags);
}

#endif /* _UMBRA_ZONE_H */
