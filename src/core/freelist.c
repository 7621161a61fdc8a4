// SPDX-License-Identifier: GPL-2.0
/*
 * The free lists of a zone: split, merge, and the counters. The only writer
 * of umbra_free_area and of the FREE state. Everything here runs under the
 * zone lock.
 *
 * Invariant: a free block is on the list of its order and of its pageblock's
 * type, and has no free buddy of its order and type in its zone.
 */
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "frame.h"

void umbra_freelist_init(struct umbra_zone *zone)
{
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[type]);
}

static void freelist_add(struct umbra_zone *zone, u32 index,
			 unsigned int order)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	struct umbra_free_area *area = &zone->free_area[order];

	frame_set(u, index, FRAME_FREE, order);
	list_add(&umbra_index_to_page(u, index)->lru, &area->free_list[type]);
	area->nr_free[type]++;
	zone->nr_free_pages += 1UL << order;
	zone->seq++;
}

/**
 * umbra_freelist_remove() - take one block off its list
 * @zone: the zone of the block
 * @index: the head of a free block
 * @order: order of the block
 *
 * All of the block is TAIL until the caller says what it is.
 *
 * Context: zone lock held.
 */
void umbra_freelist_remove(struct umbra_zone *zone, u32 index,
			   unsigned int order)
{
	struct umbra *u = zone->umbra;
	struct umbra_free_area *area = &zone->free_area[order];

	lockdep_assert_held(&zone->lock);

	list_del(&umbra_index_to_page(u, index)->lru);
	area->nr_free[umbra_frame_type(u, index)]--;
	zone->nr_free_pages -= 1UL << order;
	zone->seq++;
	frame_set(u, index, FRAME_TAIL, 0);
}

/* May the free block @index of @order merge with its buddy? */
static bool buddy_is_mergeable(struct umbra_zone *zone, u32 index, u32 buddy,
			       unsigned int order)
{
	struct umbra *u = zone->umbra;

	if (buddy < zone->start || buddy + (1U << order) > zone->end)
		return false;
	if (frame_read(u, buddy) != frame_make(FRAME_FREE, order))
		return false;
	return order < u->pb_order ||
	       umbra_frame_type(u, index) == umbra_frame_type(u, buddy);
}

/**
 * umbra_freelist_free() - put a block on the free lists, merged
 * @zone: the zone of the block
 * @index: first frame; the frames of the block must be nobody's
 * @order: order of the block
 *
 * Context: zone lock held.
 */
void umbra_freelist_free(struct umbra_zone *zone, u32 index,
			 unsigned int order)
{
	lockdep_assert_held(&zone->lock);

	for (; order < UMBRA_MAX_ORDER; order++) {
		u32 buddy = index ^ (1U << order);

		if (!buddy_is_mergeable(zone, index, buddy, order))
			break;
		umbra_freelist_remove(zone, buddy, order);
		frame_set(zone->umbra, index, FRAME_TAIL, 0);
		index &= ~(1U << order);
	}
	freelist_add(zone, index, order);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_free);

/**
 * umbra_freelist_free_range() - put any run of frames on the free lists
 * @zone: the zone of the frames
 * @index: first frame
 * @end: the frame after the last
 *
 * Context: zone lock held.
 */
void umbra_freelist_free_range(struct umbra_zone *zone, u32 index, u32 end)
{
	lockdep_assert_held(&zone->lock);

	while (index < end) {
		unsigned int order = min_t(unsigned int, UMBRA_MAX_ORDER,
					   __fls(end - index));

		if (index)
			order = min_t(unsigned int, order, __ffs(index));
		umbra_freelist_free(zone, index, order);
		index += 1U << order;
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_free_range);

/**
 * umbra_freelist_split() - cut a block down, freeing its upper halves
 * @zone: the zone of the block
 * @index: first frame of a block that is off the lists
 * @order: order of the block
 * @wanted: order to cut down to
 *
 * Context: zone lock held.
 * Return: @index, the head of a block of order @wanted.
 */
u32 umbra_freelist_split(struct umbra_zone *zone, u32 index,
			 unsigned int order, unsigned int wanted)
{
	lockdep_assert_held(&zone->lock);

	while (order > wanted) {
		order--;
		freelist_add(zone, index + (1U << order), order);
	}
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_split);

/**
 * umbra_freelist_pop() - take the first block of one list
 * @zone: the zone to take from
 * @order: order of the list
 * @type: type of the list
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if the list is empty.
 */
u32 umbra_freelist_pop(struct umbra_zone *zone, unsigned int order,
		       enum umbra_migratetype type)
{
	struct page *page;
	u32 index;

	lockdep_assert_held(&zone->lock);

	page = list_first_entry_or_null(&zone->free_area[order].free_list[type],
					struct page, lru);
	if (!page)
		return UMBRA_NO_FRAME;
	index = umbra_page_to_index(zone->umbra, page);
	umbra_freelist_remove(zone, index, order);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_pop);

/**
 * umbra_freelist_take() - take a block of an order and type, splitting
 * @zone: the zone to take from
 * @order: order wanted
 * @type: type wanted
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if no list of @type has a
 * block that is large enough.
 */
u32 umbra_freelist_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type)
{
	unsigned int found;
	u32 index;

	for (found = order; found < UMBRA_NR_ORDERS; found++) {
		index = umbra_freelist_pop(zone, found, type);
		if (index != UMBRA_NO_FRAME)
			return umbra_freelist_split(zone, index, found, order);
	}
	return UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_take);
