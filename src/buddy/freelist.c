// SPDX-License-Identifier: GPL-2.0
/*
 * The free lists of a zone: split, merge, and the counters. Only this file
 * writes umbra_free_area and the FREE state, under the zone lock.
 *
 * Invariant: a free block is on the list of its order and of the type of its
 * pageblocks, and has no free buddy in its zone to merge with. Blocks below the
 * size of a pageblock merge with any free buddy. Larger blocks merge if both
 * have the same type, or if both types fall back to each other; the buddy that
 * was free first then gets the type of the other one. Two pageblocks that were
 * free when they were isolated stay apart.
 */
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "freelist.h"
#include "freelist_address.h"
#include "taken.h"

/* Create empty lists. Returns 0 or -ENOMEM. Context: may sleep. */
int umbra_freelist_init(struct umbra_zone *zone)
{
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[type]);
	return zone->umbra->policy.lowest ?
	       umbra_freelist_address_create(zone) : 0;
}

/* Undo umbra_freelist_init(). Context: may sleep. */
void umbra_freelist_exit(struct umbra_zone *zone)
{
	umbra_freelist_address_destroy(zone);
}

/* The memory that umbra_freelist_init() allocated, in bytes. Context: any. */
size_t umbra_freelist_bytes(const struct umbra_zone *zone)
{
	return umbra_freelist_address_bytes(zone);
}

static void account(struct umbra_zone *zone, enum umbra_migratetype type,
		    long nr_pages)
{
	zone->seq++;
	if (type == UMBRA_ISOLATE) {
		zone->nr_isolated += nr_pages;
		return;
	}
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages + nr_pages);
	if (type == UMBRA_CMA)
		WRITE_ONCE(zone->nr_free_cma, zone->nr_free_cma + nr_pages);
	else if (type == UMBRA_HIGHATOMIC)
		WRITE_ONCE(zone->nr_free_highatomic,
			   zone->nr_free_highatomic + nr_pages);
}

/* Is a frame neither free, allocated nor offline, so that it can be freed? */
static bool is_in_hand(u8 frame)
{
	return frame_state(frame) == FRAME_TAIL ||
	       frame_state(frame) == FRAME_PCP ||
	       frame_state(frame) == FRAME_HELD;
}

/*
 * Put a block in hand on its list, without a change of the number of free pages.
 * Returns false if it is not in hand.
 */
static bool link_block(struct umbra_zone *zone, u32 index, unsigned int order,
		       bool to_tail)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	struct umbra_free_area *area = &zone->free_area[order];
	struct page *page = umbra_index_to_page(u, index);

	if (!umbra_assert(u, index, is_in_hand(frame_read(u, index))))
		return false;
	frame_set(u, index, FRAME_FREE, order);
	if (to_tail)
		list_add_tail(&page->lru, &area->free_list[type]);
	else
		list_add(&page->lru, &area->free_list[type]);
	WRITE_ONCE(area->nr_free[type], area->nr_free[type] + 1);
	zone->listed[type] |= BIT(order);
	if (zone->by_address)
		umbra_freelist_address_note(zone, index, order, type);
	return true;
}

static void freelist_add(struct umbra_zone *zone, u32 index,
			 unsigned int order, bool to_tail)
{
	if (link_block(zone, index, order, to_tail))
		account(zone, umbra_frame_type(zone->umbra, index),
			1L << order);
}

/* Put a block in hand at the end of its list, unmerged. Zone lock held. */
void umbra_freelist_append(struct umbra_zone *zone, u32 index,
			   unsigned int order)
{
	lockdep_assert_held(&zone->lock);

	freelist_add(zone, index, order, true);
}

static bool is_linked(const struct list_head *link)
{
	return link->next->prev == link && link->prev->next == link;
}

/* As umbra_freelist_remove(), without a change of the number of free pages. */
static bool unlink_block(struct umbra_zone *zone, u32 index,
			 unsigned int order)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	struct umbra_free_area *area = &zone->free_area[order];
	struct list_head *link = &umbra_index_to_page(u, index)->lru;

	if (!umbra_assert(u, index, frame_is(u, index, FRAME_FREE, order)) ||
	    !umbra_assert(u, index, area->nr_free[type] > 0) ||
	    !umbra_assert(u, index, is_linked(link)))
		return false;
	list_del(link);
	WRITE_ONCE(area->nr_free[type], area->nr_free[type] - 1);
	if (!area->nr_free[type])
		zone->listed[type] &= ~BIT(order);
	frame_set(u, index, FRAME_TAIL, 0);
	return true;
}

/**
 * umbra_freelist_remove() - take one block off its list
 * @zone: the zone of the block
 * @index: the head of a free block
 * @order: order of the block
 *
 * All frames of the block become TAIL; the caller must set the new state.
 *
 * Context: zone lock held.
 * Return: false if the block is not on that list. The instance is bad then, and
 * the caller must leave the block alone.
 */
bool umbra_freelist_remove(struct umbra_zone *zone, u32 index,
			   unsigned int order)
{
	lockdep_assert_held(&zone->lock);

	if (!unlink_block(zone, index, order))
		return false;
	account(zone, umbra_frame_type(zone->umbra, index), -(1L << order));
	return true;
}

static bool is_free_block(const struct umbra_zone *zone, u32 index,
			  unsigned int order)
{
	return index >= zone->start && index + (1U << order) <= zone->end &&
	       frame_is(zone->umbra, index, FRAME_FREE, order);
}

/* Is @buddy a free block of @order that may merge with block @index? */
static bool buddy_is_mergeable(struct umbra_zone *zone, u32 index, u32 buddy,
			       unsigned int order)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype ours, theirs;

	if (!is_free_block(zone, buddy, order))
		return false;
	if (order < u->pb_order)
		return true;
	ours = umbra_frame_type(u, index);
	theirs = umbra_frame_type(u, buddy);
	return ours == theirs || (umbra_type_is_mergeable(ours) &&
				  umbra_type_is_mergeable(theirs));
}

/*
 * Set the type of all pageblocks of a block that is off the lists. Zone lock
 * held.
 */
void umbra_freelist_set_types(struct umbra *u, u32 index, unsigned int order,
			      enum umbra_migratetype type)
{
	u32 block = index >> u->pb_order;
	u32 end = (index + (1U << order)) >> u->pb_order;

	lockdep_assert_held(&umbra_frame_zone(u, index)->lock);

	for (; block < end; block++)
		WRITE_ONCE(u->pageblocks[block].type, type);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_set_types);

/* If the buddy of a block became free, would their merged block merge again? */
static bool is_about_to_grow(struct umbra_zone *zone, u32 index,
			     unsigned int order)
{
	if (order >= UMBRA_MAX_ORDER - 1)
		return false;
	index &= ~(1U << order);
	return is_free_block(zone, index ^ (2U << order), order + 1);
}

/*
 * Requests read the number of free pages without the lock, and must not see it
 * fall while a block merges. The block goes to the tail of its list if @to_tail,
 * or if the policy says so.
 */
static void free_merged(struct umbra_zone *zone, u32 index, unsigned int order,
			bool to_tail)
{
	struct umbra *u = zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	unsigned int part = order;

	account(zone, type, 1L << order);
	for (; order < UMBRA_MAX_ORDER; order++) {
		u32 buddy = index ^ (1U << order);
		enum umbra_migratetype theirs;

		if (!buddy_is_mergeable(zone, index, buddy, order))
			break;
		if (!unlink_block(zone, buddy, order))
			break;
		theirs = umbra_frame_type(u, buddy);
		if (theirs != type) {
			account(zone, type, 1L << order);
			account(zone, theirs, -(1L << order));
			umbra_freelist_set_types(u, buddy, order, type);
		}
		frame_set(u, index, FRAME_TAIL, 0);
		index &= ~(1U << order);
	}
	to_tail |= u->policy.to_tail(order, is_about_to_grow(zone, index,
							     order));
	umbra_tell_free(zone, index, part, order, type, to_tail);
	if (!link_block(zone, index, order, to_tail))
		account(zone, type, -(1L << order));
}

/**
 * umbra_freelist_free() - put a block on the free lists and merge it
 * @zone: the zone of the block
 * @index: first frame; the block must be off the lists and out of use
 * @order: order of the block
 *
 * Each pageblock of a larger block is freed on its own, because their types may
 * differ.
 *
 * Context: zone lock held.
 */
void umbra_freelist_free(struct umbra_zone *zone, u32 index,
			 unsigned int order)
{
	unsigned int part = min(order, zone->umbra->pb_order);
	u32 end = index + (1U << order);

	lockdep_assert_held(&zone->lock);

	for (; index < end; index += 1U << part)
		free_merged(zone, index, part, false);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_free);

/**
 * umbra_freelist_free_range() - put a run of frames on the free lists
 * @zone: the zone of the frames
 * @index: first frame
 * @end: frame after the last
 *
 * Context: zone lock held.
 */
void umbra_freelist_free_range(struct umbra_zone *zone, u32 index, u32 end)
{
	lockdep_assert_held(&zone->lock);

	while (index < end) {
		unsigned int order = __fls(end - index);

		if (index)
			order = min_t(unsigned int, order, __ffs(index));
		order = min_t(unsigned int, order, UMBRA_MAX_ORDER);
		umbra_freelist_free(zone, index, order);
		index += 1U << order;
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_free_range);

/**
 * umbra_freelist_split() - split a block and free its upper halves
 * @zone: the zone of the block
 * @index: first frame of a block that is off the lists
 * @order: order of the block
 * @wanted: order of the block that remains
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
		freelist_add(zone, index + (1U << order), order, false);
	}
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_split);

/**
 * umbra_freelist_first() - find the next block to take off a list
 * @zone: the zone
 * @order: order of the list
 * @type: type of the list
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if the list is empty.
 */
u32 umbra_freelist_first(struct umbra_zone *zone, unsigned int order,
			 enum umbra_migratetype type)
{
	struct list_head *list = &zone->free_area[order].free_list[type];
	u32 index;

	lockdep_assert_held(&zone->lock);

	if (list_empty(list))
		return UMBRA_NO_FRAME;
	if (zone->by_address)
		return umbra_freelist_lowest(zone, BIT(order), type);
	index = umbra_page_to_index(zone->umbra,
				    list_first_entry(list, struct page, lru));
	if (!umbra_assert(zone->umbra, index,
			  index >= zone->start && index < zone->end))
		return UMBRA_NO_FRAME;
	return index;
}

/**
 * umbra_freelist_take_first() - take the next block of one list
 * @zone: the zone to take from
 * @order: order of the list
 * @type: type of the list
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if the list is empty.
 */
u32 umbra_freelist_take_first(struct umbra_zone *zone, unsigned int order,
			      enum umbra_migratetype type)
{
	u32 index;

	lockdep_assert_held(&zone->lock);

	index = umbra_freelist_first(zone, order, type);
	if (index == UMBRA_NO_FRAME ||
	    !umbra_freelist_remove(zone, index, order))
		return UMBRA_NO_FRAME;
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_take_first);

/**
 * umbra_freelist_cut() - take a part of a free block
 * @zone: the zone of the block
 * @index: the head of the block
 * @order: order of the block
 * @wanted: order of the part
 * @type: the type that all pageblocks of the block get, or have
 *
 * The rest of the block counts as free all the time.
 *
 * Context: zone lock held.
 * Return: the head of the part, or UMBRA_NO_FRAME if the block is not on its list.
 */
u32 umbra_freelist_cut(struct umbra_zone *zone, u32 index, unsigned int order,
		       unsigned int wanted, enum umbra_migratetype type)
{
	enum umbra_migratetype before = umbra_frame_type(zone->umbra, index);

	lockdep_assert_held(&zone->lock);

	if (!unlink_block(zone, index, order))
		return UMBRA_NO_FRAME;
	if (type != before) {
		account(zone, type, 1L << order);
		account(zone, before, -(1L << order));
		umbra_freelist_set_types(zone->umbra, index, order, type);
	}
	while (order > wanted) {
		order--;
		link_block(zone, index + (1U << order), order, false);
	}
	account(zone, type, -(1L << wanted));
	return index;
}

/* As umbra_freelist_take_first(), but the block still counts as free. */
static u32 unlink_first(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type)
{
	u32 index = umbra_freelist_first(zone, order, type);

	if (index == UMBRA_NO_FRAME || !unlink_block(zone, index, order))
		return UMBRA_NO_FRAME;
	return index;
}

/**
 * umbra_freelist_take() - take a block of an order and type
 * @zone: the zone to take from
 * @order: order wanted
 * @type: type wanted
 *
 * The block is split from the smallest free block of at least @order. With a
 * policy by address it is split from the lowest one of at least @order.
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if no list of @type has a
 * block of at least @order.
 */
u32 umbra_freelist_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type)
{
	unsigned int larger = zone->listed[type] >> order;
	unsigned int found;
	u32 index;

	lockdep_assert_held(&zone->lock);

	if (!larger)
		return UMBRA_NO_FRAME;
	if (zone->by_address) {
		index = umbra_freelist_lowest(zone, larger << order, type);
		if (!umbra_assert(zone->umbra, index, index != UMBRA_NO_FRAME))
			return UMBRA_NO_FRAME;
		found = frame_order(frame_read(zone->umbra, index));
	} else {
		found = order + __ffs(larger);
		index = umbra_freelist_first(zone, found, type);
		if (!umbra_assert(zone->umbra, index, index != UMBRA_NO_FRAME))
			return UMBRA_NO_FRAME;
	}
	umbra_taken(zone, index, found, order, type, 1);
	return umbra_freelist_cut(zone, index, found, order, type);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_take);

/*
 * The number of blocks of @order to split off a block of order @found, at most
 * @want. With @enough the number is rounded down to whole cache lines of the
 * frame map.
 */
static unsigned int nr_of_block(unsigned int want, unsigned int order,
				unsigned int found, bool enough)
{
	unsigned int pages = want << order;

	if (!enough || pages >= 1U << found || 1U << found < SMP_CACHE_BYTES)
		return min(want, 1U << (found - order));
	return round_down(pages, SMP_CACHE_BYTES) >> order;
}

/**
 * umbra_freelist_take_many() - take several blocks of an order and type
 * @zone: the zone to take from; its policy must not be by address
 * @order: order wanted
 * @type: type wanted
 * @frames: filled in with the heads of the blocks
 * @nr: number of blocks, at most
 * @lines: rather take fewer blocks than share a cache line of the frame map
 *	with another CPU
 *
 * Repeated calls of umbra_freelist_take() would take the same blocks. This is
 * faster, because it splits a large block only once.
 *
 * Context: zone lock held.
 * Return: number of blocks taken.
 */
unsigned int umbra_freelist_take_many(struct umbra_zone *zone,
				      unsigned int order,
				      enum umbra_migratetype type, u32 *frames,
				      unsigned int nr, bool lines)
{
	unsigned int got = 0, larger;

	lockdep_assert_held(&zone->lock);

	while (got < nr && (larger = zone->listed[type] >> order)) {
		unsigned int found = order + __ffs(larger);
		unsigned int want = nr - got;
		bool enough = lines && (want << order) % SMP_CACHE_BYTES <=
				       (nr << order) / 2;
		unsigned int n = nr_of_block(want, order, found, enough);
		u32 index, end;
		long taken;

		if (!n)
			break;
		index = unlink_first(zone, found, type);
		if (!umbra_assert(zone->umbra, index, index != UMBRA_NO_FRAME))
			break;
		umbra_taken(zone, index, found, order, type, n);
		end = index + (1U << found);
		taken = (long)n << order;
		for (; n; n--, index += 1U << order)
			frames[got++] = index;
		/* Free the rest as the largest aligned blocks. */
		while (index < end) {
			unsigned int left = __ffs(index);

			link_block(zone, index, left, false);
			index += 1U << left;
		}
		account(zone, type, -taken);
	}
	return got;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_take_many);

/**
 * umbra_freelist_move() - change the type of a pageblock
 * @zone: the zone of the pageblock
 * @index: its first frame; no free block may cross its ends
 * @type: the new type, as in struct umbra_pageblock
 *
 * Free blocks move to the lists of the new type.
 *
 * Context: zone lock held.
 * Return: number of pages moved.
 */
unsigned int umbra_freelist_move(struct umbra_zone *zone, u32 index, u8 type)
{
	struct umbra *u = zone->umbra;
	struct umbra_pageblock *pb = &u->pageblocks[index >> u->pb_order];
	u32 end = umbra_pageblock_end(u, index);
	u8 old = pb->type;
	unsigned int moved = 0;

	lockdep_assert_held(&zone->lock);

	while (index < end) {
		u8 frame = frame_read(u, index);

		if (frame_state(frame) != FRAME_FREE) {
			index++;
			continue;
		}
		WRITE_ONCE(pb->type, old);
		if (!umbra_freelist_remove(zone, index, frame_order(frame)))
			break;
		WRITE_ONCE(pb->type, type);
		freelist_add(zone, index, frame_order(frame), true);
		moved += 1U << frame_order(frame);
		index += 1U << frame_order(frame);
	}
	WRITE_ONCE(pb->type, type);
	return moved;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_move);

/**
 * umbra_freelist_remerge() - merge a pageblock whose type changed
 * @zone: the zone of the pageblock
 * @index: its first frame
 *
 * A pageblock that is one free block may be able to merge with its buddy now. It
 * goes to the tail of its list.
 *
 * Context: zone lock held.
 */
void umbra_freelist_remerge(struct umbra_zone *zone, u32 index)
{
	unsigned int order = zone->umbra->pb_order;

	lockdep_assert_held(&zone->lock);

	if (order == UMBRA_MAX_ORDER || !is_free_block(zone, index, order))
		return;
	if (umbra_freelist_remove(zone, index, order))
		free_merged(zone, index, order, true);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_freelist_remerge);
