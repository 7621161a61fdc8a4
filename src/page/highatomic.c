// SPDX-License-Identifier: GPL-2.0
/*
 * The highatomic reserve of a zone: pageblocks for requests of order > 0 that
 * are urgent and cannot wait.
 */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/request.h"
#include "highatomic.h"
#include "zonelist.h"

/* The limit of the reserve, in pages. */
static unsigned long highatomic_limit(const struct umbra_zone *zone)
{
	unsigned long percent = READ_ONCE(zone->nr_managed) / 100;
	unsigned long pageblock = 1UL << zone->umbra->pb_order;

	return percent < pageblock ? 0 : ALIGN(percent, pageblock);
}

/* May all pageblocks of a block change their type? Zone lock held. */
static bool is_convertible(const struct umbra *u, u32 index, unsigned int order)
{
	u32 end = index + (1U << order);

	for (; index < end; index += 1U << u->pb_order)
		if (!umbra_type_is_mergeable(umbra_frame_type(u, index)))
			return false;
	return true;
}

/**
 * umbra_highatomic_reserve() - add the pageblock of a block to the reserve
 * @zone: the zone of the block
 * @index: a block in hand, for a request with ALLOC_HIGHATOMIC
 * @order: order of the block
 *
 * The limit of the reserve is a hundredth of the zone, rounded up to
 * pageblocks. A zone has no reserve if its hundredth is less than a pageblock.
 *
 * Context: any but NMI; takes the zone lock.
 */
void umbra_highatomic_reserve(struct umbra_zone *zone, u32 index,
			      unsigned int order)
{
	struct umbra *u = zone->umbra;
	unsigned long limit = highatomic_limit(zone), flags;

	if (READ_ONCE(zone->nr_reserved_highatomic) >= limit)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	/* Untaken: another CPU may reserve the last pageblock meanwhile. */
	if (zone->nr_reserved_highatomic < limit &&
	    is_convertible(u, index, order)) {
		if (order < u->pb_order)
			umbra_freelist_move(zone,
					    umbra_pageblock_start(u, index),
					    UMBRA_HIGHATOMIC);
		else
			umbra_freelist_set_types(u, index, order,
						 UMBRA_HIGHATOMIC);
		zone->nr_reserved_highatomic += max(1UL << order,
						    1UL << u->pb_order);
		umbra_tell_reserve(zone, index, order);
		zone->seq++;
	}
	umbra_zone_unlock(zone, flags);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_highatomic_reserve);

/*
 * Change the type of one reserved pageblock that has a free block. Returns
 * false if the zone has none. Zone lock held.
 */
static bool unreserve_one(struct umbra_zone *zone, enum umbra_migratetype type)
{
	struct umbra *u = zone->umbra;
	unsigned int order;

	lockdep_assert_held(&zone->lock);

	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		unsigned long size = max(1UL << order, 1UL << u->pb_order);
		u32 index = umbra_freelist_first(zone, order,
						 UMBRA_HIGHATOMIC);

		if (index == UMBRA_NO_FRAME)
			continue;
		if (order < u->pb_order) {
			umbra_freelist_move(zone,
					    umbra_pageblock_start(u, index),
					    type);
		} else {
			if (!umbra_freelist_remove(zone, index, order))
				return false;
			umbra_freelist_set_types(u, index, order, type);
			umbra_freelist_free(zone, index, order);
		}
		zone->nr_reserved_highatomic -= size;
		return true;
	}
	return false;
}

/**
 * umbra_highatomic_unreserve() - remove a pageblock from a reserve
 * @u: the instance
 * @rq: a request that is about to fail; the pageblock gets its type
 * @force: true to remove the last reserved pageblock of a zone, too
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: true if a pageblock with free pages changed type.
 */
bool umbra_highatomic_unreserve(struct umbra *u,
				const struct umbra_request *rq, bool force)
{
	unsigned long pageblock = 1UL << u->pb_order, flags;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_request_zone(u, zone, ref, rq) {
		bool done = false;

		if (READ_ONCE(zone->nr_reserved_highatomic) <=
		    (force ? 0 : pageblock))
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		/* Untaken: another CPU may take the last pageblock meanwhile. */
		if (zone->nr_reserved_highatomic)
			done = unreserve_one(zone, rq->type);
		umbra_zone_unlock(zone, flags);
		if (done)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_highatomic_unreserve);
