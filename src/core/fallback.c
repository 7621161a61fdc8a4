// SPDX-License-Identifier: GPL-2.0
/*
 * What to take when the lists of a migratetype are empty: the largest block
 * of another type. A block of whole pageblocks is claimed, its pageblocks
 * change type; a smaller one is stolen, and the rest of it stays with the
 * type of its pageblock. Everything here runs under the zone lock.
 */
#include <linux/lockdep.h>
#include <linux/module.h>
#include "frame.h"

/* Where to look, best first. */
static const enum umbra_migratetype
fallbacks[UMBRA_NR_TYPES][UMBRA_NR_TYPES - 1] = {
	[UMBRA_UNMOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_MOVABLE },
	[UMBRA_MOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE },
	[UMBRA_RECLAIMABLE] = { UMBRA_UNMOVABLE, UMBRA_MOVABLE },
};

static void claim_pageblocks(struct umbra *u, u32 index, unsigned int order,
			     enum umbra_migratetype type)
{
	u32 block = index >> u->pb_order;
	u32 end = (index + (1U << order)) >> u->pb_order;

	for (; block < end; block++)
		u->pageblocks[block].type = type;
}

/**
 * umbra_fallback_take() - take a block from the lists of another type
 * @zone: the zone to take from
 * @order: order wanted
 * @type: type wanted, whose own lists have nothing
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if the zone has none.
 */
u32 umbra_fallback_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type)
{
	int found;
	u32 index;
	int i;

	lockdep_assert_held(&zone->lock);

	for (found = UMBRA_MAX_ORDER; found >= (int)order; found--) {
		for (i = 0; i < UMBRA_NR_TYPES - 1; i++) {
			index = umbra_freelist_pop(zone, found,
						   fallbacks[type][i]);
			if (index == UMBRA_NO_FRAME)
				continue;
			if (found >= (int)zone->umbra->pb_order)
				claim_pageblocks(zone->umbra, index, found,
						 type);
			return umbra_freelist_split(zone, index, found, order);
		}
	}
	return UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_fallback_take);
