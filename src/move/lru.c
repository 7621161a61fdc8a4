// SPDX-License-Identifier: GPL-2.0
/*
 * The LRU lists of a node: registered blocks that can be reclaimed, the least
 * recently used block last. A new block is inactive. A block that is used again
 * becomes active, and is not reclaimed before it is inactive again.
 */
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/xarray.h>
#include "../core/core.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "lru.h"
#include "registry.h"

/* Blocks that are passed over in one hold of the xa_lock: bounds the hold. */
#define PASS_MOST 1024

static struct umbra_lru *lru_of(struct umbra *u, u32 index)
{
	return &u->nodes[umbra_frame_zone(u, index)->nid].lru;
}

/* The LRU list that the marks of a block select. xa_lock held. */
enum umbra_lru_list umbra_lru_list_of(struct umbra *u, u32 index)
{
	lockdep_assert_held(&u->movables.xa_lock);

	if (xa_get_mark(&u->movables, index, MARK_ISOLATED))
		return LRU_LIST_ISOLATED;
	return xa_get_mark(&u->movables, index, MARK_ACTIVE) ?
	       LRU_LIST_ACTIVE : LRU_LIST_INACTIVE;
}

static void count_lru(struct umbra *u, u32 index, enum umbra_lru_list list,
		      long nr_pages)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	struct umbra_lru *lru = lru_of(u, index);

	lru->seq++;
	WRITE_ONCE(lru->nr[list], lru->nr[list] + nr_pages);
	WRITE_ONCE(zone->nr_lru[list], zone->nr_lru[list] + nr_pages);
}

/* Add a block to the list that its marks select. xa_lock held. */
void umbra_lru_link(struct umbra *u, u32 index)
{
	enum umbra_lru_list list = umbra_lru_list_of(u, index);

	lockdep_assert_held(&u->movables.xa_lock);

	list_add(movable_link(u, index), &lru_of(u, index)->lists[list]);
	count_lru(u, index, list, movable_pages(u, index));
}

/* Remove a block from its list. xa_lock held. */
void umbra_lru_unlink(struct umbra *u, u32 index)
{
	lockdep_assert_held(&u->movables.xa_lock);

	list_del_init(movable_link(u, index));
	count_lru(u, index, umbra_lru_list_of(u, index),
		  -(long)movable_pages(u, index));
}

/*
 * Set or clear a mark of a block, and move a listed block to the list that its
 * marks select then. xa_lock held.
 */
void umbra_movable_change_mark(struct umbra *u, u32 index, xa_mark_t mark,
			       bool set)
{
	bool listed = movable_is_listed(u, index);

	lockdep_assert_held(&u->movables.xa_lock);

	if (listed)
		umbra_lru_unlink(u, index);
	if (set)
		__xa_set_mark(&u->movables, index, mark);
	else
		__xa_clear_mark(&u->movables, index, mark);
	if (listed)
		umbra_lru_link(u, index);
}

/**
 * umbra_zone_reclaimable() - count the pages of a zone that may be reclaimed
 * @zone: the zone
 *
 * Context: any.
 * Return: number of pages on the LRU lists and of isolated pages. Pages of
 * shrinkers are unknown and not counted.
 */
unsigned long umbra_zone_reclaimable(const struct umbra_zone *zone)
{
	unsigned long pages = 0;
	unsigned int list;

	for (list = 0; list < UMBRA_NR_LRU_LISTS; list++)
		pages += READ_ONCE(zone->nr_lru[list]);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_zone_reclaimable);

/* Mark a registered block as isolated. xa_lock held. */
void umbra_movable_begin(struct umbra *u, u32 index,
			 struct umbra_movable *movable)
{
	lockdep_assert_held(&u->movables.xa_lock);

	umbra_movable_change_mark(u, index, MARK_ISOLATED, true);
	atomic_inc(&movable->nr_isolated);
}

/**
 * umbra_lru_add() - let a registered block be reclaimed
 * @u: instance that the block came from
 * @page: first page of the block
 *
 * The block becomes the newest of the inactive blocks.
 *
 * Context: Process context, does not sleep. Takes a lock that is not safe
 * against interrupts.
 * Return: 0, or -EINVAL if the block is not registered, or its owner has no
 * reclaim callback.
 */
int umbra_lru_add(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);
	struct umbra_movable *movable;
	int err = -EINVAL;

	if (index == UMBRA_NO_FRAME)
		return err;
	xa_lock(&u->movables);
	movable = movable_of(u, index);
	if (movable && movable->ops->reclaim) {
		err = 0;
		if (!movable_is_listed(u, index))
			umbra_lru_link(u, index);
	}
	xa_unlock(&u->movables);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_lru_add);

/**
 * umbra_lru_del() - stop the reclaim of a block
 * @u: instance that the block came from
 * @page: first page of the block; a block that is not listed is ignored
 *
 * Does not wait for a callback that already has the block. The lock of the
 * owner must decide which of the two comes first.
 *
 * Context: Process context, does not sleep. Takes a lock that is not safe
 * against interrupts.
 */
void umbra_lru_del(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	if (index == UMBRA_NO_FRAME)
		return;
	xa_lock(&u->movables);
	if (xa_load(&u->movables, index)) {
		if (movable_is_listed(u, index))
			umbra_lru_unlink(u, index);
		__xa_clear_mark(&u->movables, index, MARK_ACTIVE);
		__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
	}
	xa_unlock(&u->movables);
}
EXPORT_SYMBOL_GPL(umbra_lru_del);

/**
 * umbra_mark_accessed() - note that a block is in use
 * @u: instance that the block came from
 * @page: first page of the block
 *
 * An inactive block that is accessed once gets a second chance. A block that is
 * accessed twice becomes active.
 *
 * Context: Process context, does not sleep. Takes a lock that is not safe
 * against interrupts.
 */
void umbra_mark_accessed(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	if (index == UMBRA_NO_FRAME)
		return;
	xa_lock(&u->movables);
	if (!xa_load(&u->movables, index) || !movable_is_listed(u, index)) {
		xa_unlock(&u->movables);
		return;
	}
	if (!movable_has_mark(u, index, MARK_ACCESSED)) {
		__xa_set_mark(&u->movables, index, MARK_ACCESSED);
	} else if (!movable_has_mark(u, index, MARK_ACTIVE)) {
		umbra_movable_change_mark(u, index, MARK_ACTIVE, true);
		__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
		umbra_count(umbra_frame_zone(u, index), EVENT_PGACTIVATE,
			    movable_pages(u, index));
	}
	xa_unlock(&u->movables);
}
EXPORT_SYMBOL_GPL(umbra_mark_accessed);

/* Make a block the newest of its list. xa_lock held. */
static void rotate(struct umbra *u, u32 index, enum umbra_lru_list list)
{
	lru_of(u, index)->seq++;
	list_move(movable_link(u, index), &lru_of(u, index)->lists[list]);
}

/* Limits of a walk over a list in one hold of the xa_lock. */
struct walk {
	unsigned int most;	/* blocks that may still be passed over */
	u32 first;		/* first block passed over, or UMBRA_NO_FRAME */
};

/*
 * Find the oldest block of a list in a zone up to @highest. A block of a higher
 * zone becomes the newest, and its pages are added to @passed. Returns
 * UMBRA_NO_FRAME if the walk has reached its limit, or has seen every block.
 * xa_lock held.
 */
static u32 oldest_up_to(struct umbra *u, const struct umbra_lru *lru,
			enum umbra_lru_list list, enum umbra_zone_type highest,
			unsigned long *passed, struct walk *walk)
{
	const struct list_head *head = &lru->lists[list];
	struct page *page;
	u32 index;

	for (; walk->most && !list_empty(head); walk->most--) {
		page = list_last_entry(head, struct page, lru);
		index = umbra_page_to_index(u, page);
		if (umbra_frame_zone(u, index)->type <= highest)
			return index;
		if (index == walk->first)
			break;
		if (walk->first == UMBRA_NO_FRAME)
			walk->first = index;
		*passed += movable_pages(u, index);
		umbra_count(umbra_frame_zone(u, index), EVENT_PGSKIP,
			    movable_pages(u, index));
		rotate(u, index, list);
	}
	return UMBRA_NO_FRAME;
}

/**
 * umbra_lru_isolate() - isolate the oldest inactive blocks of a node
 * @u: the instance
 * @node: the node
 * @highest: highest zone; blocks of higher zones are passed over
 * @frames: heads of the isolated blocks, on return
 * @nr: size of @frames; the scan ends after @nr blocks, or @nr pages or more
 * @seen: numbers of pages scanned and passed over, which the call increases
 *
 * A block that was accessed since its last scan becomes active instead.
 *
 * Context: process context; takes the xa_lock of the registry.
 * Return: number of isolated blocks.
 */
unsigned int umbra_lru_isolate(struct umbra *u, struct umbra_node *node,
			       enum umbra_zone_type highest, u32 *frames,
			       unsigned int nr, struct umbra_lru_seen *seen)
{
	unsigned long end = seen->scanned + nr;
	struct walk walk = { .most = PASS_MOST, .first = UMBRA_NO_FRAME };
	unsigned int got = 0, looked;
	u32 index;

	xa_lock(&u->movables);
	for (looked = 0; looked < nr && seen->scanned < end; looked++) {
		index = oldest_up_to(u, &node->lru, LRU_LIST_INACTIVE, highest,
				     &seen->passed, &walk);
		if (index == UMBRA_NO_FRAME)
			break;
		seen->scanned += movable_pages(u, index);
		if (movable_has_mark(u, index, MARK_ACCESSED)) {
			__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
			umbra_movable_change_mark(u, index, MARK_ACTIVE, true);
			umbra_count(umbra_frame_zone(u, index),
				    EVENT_PGACTIVATE, movable_pages(u, index));
			continue;
		}
		if (seen->keep_exposed &&
		    frame_has(frame_read(u, index), FRAME_EXPOSED)) {
			rotate(u, index, LRU_LIST_INACTIVE);
			continue;
		}
		umbra_movable_begin(u, index, movable_of(u, index));
		frames[got++] = index;
	}
	xa_unlock(&u->movables);
	return got;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_lru_isolate);

/**
 * umbra_lru_age() - make the oldest active blocks of a node inactive
 * @u: the instance
 * @node: the node
 * @highest: highest zone; blocks of higher zones are passed over
 * @nr: the scan ends when @seen has @nr scanned pages or more
 * @seen: numbers of pages scanned and passed over, which the call increases
 *
 * A block that was accessed since its last scan stays active.
 *
 * Context: process context; takes the xa_lock of the registry.
 */
void umbra_lru_age(struct umbra *u, struct umbra_node *node,
		   enum umbra_zone_type highest, unsigned long nr,
		   struct umbra_lru_seen *seen)
{
	struct walk walk = { .most = PASS_MOST, .first = UMBRA_NO_FRAME };
	u32 index;

	xa_lock(&u->movables);
	/* Look at each block once. */
	nr = min(nr, seen->scanned + node->lru.nr[LRU_LIST_ACTIVE]);
	while (seen->scanned < nr) {
		index = oldest_up_to(u, &node->lru, LRU_LIST_ACTIVE, highest,
				     &seen->passed, &walk);
		if (index == UMBRA_NO_FRAME)
			break;
		seen->scanned += movable_pages(u, index);
		if (movable_has_mark(u, index, MARK_ACCESSED)) {
			__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
			rotate(u, index, LRU_LIST_ACTIVE);
			continue;
		}
		umbra_movable_change_mark(u, index, MARK_ACTIVE, false);
		umbra_count(umbra_frame_zone(u, index), EVENT_PGDEACTIVATE,
			    movable_pages(u, index));
	}
	xa_unlock(&u->movables);
}

/* Make empty lists, before a block is registered. Context: any. */
void umbra_lru_create(struct umbra *u)
{
	unsigned int nid, list;

	for (nid = 0; nid < u->nr_nodes; nid++)
		for (list = 0; list < UMBRA_NR_LRU_LISTS; list++)
			INIT_LIST_HEAD(&u->nodes[nid].lru.lists[list]);
}
