// SPDX-License-Identifier: GPL-2.0
/* The highatomic reserve of a zone: pageblocks for urgent requests. */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/request.h"
#include "highatomic.h"
#include "zonelist.h"

/* How many pages of a zone may be kept for high-order atomic requests. */
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
 * umbra_highatomic_reserve() - keep the pageblock of a block for its like
 * @zone: the zone of the block
 * @index: a block just allocated to a high-order request that cannot wait
 * @order: its order
 *
 * At least one pageblock, at most about a hundredth of the zone; nothing if
 * that is less than a pageblock.
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
	if (zone->nr_reserved_highatomic < limit &&
	    is_convertible(u, index, order)) {
		if (order < u->pb_order)
			umbra_freelist_move(zone,
					    index & ~((1U << u->pb_order) - 1),
					    UMBRA_HIGHATOMIC);
		else
			umbra_freelist_set_types(u, index, order,
						 UMBRA_HIGHATOMIC);
		zone->nr_reserved_highatomic += max(1UL << order,
						    1UL << u->pb_order);
		zone->seq++;
	}
	umbra_zone_unlock(zone, flags);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_highatomic_reserve);

/* Give one reserved pageblock of a zone another type. Zone lock held. */
static bool unreserve_one(struct umbra_zone *zone, enum umbra_migratetype type)
{
	struct umbra *u = zone->umbra;
	unsigned int order;

	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		unsigned long size = max(1UL << order, 1UL << u->pb_order);
		u32 index = umbra_freelist_first(zone, order,
						 UMBRA_HIGHATOMIC);

		if (index == UMBRA_NO_FRAME)
			continue;
		zone->nr_reserved_highatomic -= size;
		if (order < u->pb_order) {
			umbra_freelist_move(zone,
					    index & ~((1U << u->pb_order) - 1),
					    type);
		} else {
			if (!umbra_freelist_remove(zone, index, order))
				return false;
			umbra_freelist_set_types(u, index, order, type);
			umbra_freelist_free(zone, index, order);
		}
		return true;
	}
	return false;
}

/**
 * umbra_highatomic_unreserve() - let a request have what is reserved
 * @u: the instance
 * @rq: a request that is about to fail; the pageblock takes its type
 * @force: the last reserved pageblock of a zone too
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

	for_each_umbra_zoneref(u, zone, ref, rq->zonelist, rq->highest,
			       rq->nodemask) {
		bool done = false;

		if (READ_ONCE(zone->nr_reserved_highatomic) <=
		    (force ? 0 : pageblock))
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		if (zone->nr_reserved_highatomic)
			done = unreserve_one(zone, rq->type);
		umbra_zone_unlock(zone, flags);
		if (done)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_highatomic_unreserve);
