// SPDX-License-Identifier: GPL-2.0
/*
 * The LRU lists of a node: registered blocks that their owners would give up,
 * those used least recently at the end. A block begins inactive; one that is
 * used again becomes active, and is left alone as long as there are others.
 */
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/xarray.h>
#include "../core/core.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "lru.h"
#include "registry.h"

/* Blocks of no use that are passed over in one hold of the lock. */
#define PASS_MOST 1024

static struct umbra_lru *lru_of(struct umbra *u, u32 index)
{
	return &u->nodes[umbra_frame_zone(u, index)->nid].lru;
}

/* The list that a block belongs to by its marks. xa_lock held. */
enum umbra_lru_list umbra_lru_list_of(struct umbra *u, u32 index)
{
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

/* Put a block on the list that it belongs to. */
void umbra_lru_link(struct umbra *u, u32 index)
{
	enum umbra_lru_list list = umbra_lru_list_of(u, index);

	lockdep_assert_held(&u->movables.xa_lock);

	list_add(movable_link(u, index), &lru_of(u, index)->lists[list]);
	count_lru(u, index, list, movable_pages(u, index));
}

void umbra_lru_unlink(struct umbra *u, u32 index)
{
	lockdep_assert_held(&u->movables.xa_lock);

	list_del_init(movable_link(u, index));
	count_lru(u, index, umbra_lru_list_of(u, index),
		  -(long)movable_pages(u, index));
}

/* Set or clear a mark of a block; if it is listed, its list follows. */
void umbra_movable_change_mark(struct umbra *u, u32 index, xa_mark_t mark,
			       bool set)
{
	bool listed = movable_is_listed(u, index);

	if (listed)
		umbra_lru_unlink(u, index);
	if (set)
		__xa_set_mark(&u->movables, index, mark);
	else
		__xa_clear_mark(&u->movables, index, mark);
	if (listed)
		umbra_lru_link(u, index);
}

/* Isolate a block that is registered. xa_lock held. */
void umbra_movable_begin(struct umbra *u, u32 index,
			 struct umbra_movable *movable)
{
	umbra_movable_change_mark(u, index, MARK_ISOLATED, true);
	atomic_inc(&movable->nr_isolated);
}

/**
 * umbra_lru_add() - let a registered block be reclaimed
 * @u: the instance the block came from
 * @page: its first page
 *
 * It becomes the newest of the inactive blocks.
 *
 * Context: process, or with bottom halves on.
 * Return: 0; -EINVAL if the block is not registered, or with nothing to reclaim
 * it by.
 */
int umbra_lru_add(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);
	struct umbra_movable *movable;
	int err = -EINVAL;

	if (index == UMBRA_NO_FRAME)
		return err;
	xa_lock(&u->movables);
	movable = xa_load(&u->movables, index);
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
 * umbra_lru_del() - let a block not be reclaimed any more
 * @u: the instance the block came from
 * @page: its first page; not listed is fine
 *
 * A callback that has the block already is not waited for: it is for the
 * owner's lock to tell which of the two came first.
 *
 * Context: process, or with bottom halves on.
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
 * umbra_mark_accessed() - say that a block is in use
 * @u: the instance the block came from
 * @page: its first page
 *
 * An inactive block that is accessed once gets a second chance, and one that is
 * accessed twice becomes active.
 *
 * Context: process, or with bottom halves on.
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

/*
 * The oldest block of a list that is of a zone up to @highest; others become
 * the newest, and are counted in @passed, in pages. UMBRA_NO_FRAME if there is
 * none, or too many others are before it. xa_lock held.
 */
static u32 oldest_up_to(struct umbra *u, const struct umbra_lru *lru,
			enum umbra_lru_list list, enum umbra_zone_type highest,
			unsigned long *passed)
{
	const struct list_head *head = &lru->lists[list];
	unsigned int most = PASS_MOST;
	struct page *page;
	u32 index;

	while (most-- && !list_empty(head)) {
		page = list_last_entry(head, struct page, lru);
		index = umbra_page_to_index(u, page);
		if (umbra_frame_zone(u, index)->type <= highest)
			return index;
		*passed += movable_pages(u, index);
		rotate(u, index, list);
	}
	return UMBRA_NO_FRAME;
}

/**
 * umbra_lru_isolate() - isolate the oldest inactive blocks of a node
 * @u: the instance
 * @node: the node
 * @highest: blocks of higher zones are passed over
 * @frames: filled in with their heads
 * @nr: its size; no more blocks are looked at, nor many more pages
 * @seen: what was looked at is added to it
 *
 * A block that was accessed meanwhile becomes active instead.
 *
 * Context: process.
 * Return: how many were isolated.
 */
unsigned int umbra_lru_isolate(struct umbra *u, struct umbra_node *node,
			       enum umbra_zone_type highest, u32 *frames,
			       unsigned int nr, struct umbra_lru_seen *seen)
{
	unsigned long end = seen->scanned + nr;
	unsigned int got = 0, looked;
	u32 index;

	xa_lock(&u->movables);
	for (looked = 0; looked < nr && seen->scanned < end; looked++) {
		index = oldest_up_to(u, &node->lru, LRU_LIST_INACTIVE, highest,
				     &seen->passed);
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
		umbra_movable_begin(u, index, xa_load(&u->movables, index));
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
 * @highest: blocks of higher zones are passed over
 * @nr: how many to look at
 * @seen: what was passed over is added to it
 *
 * One that was accessed meanwhile stays active.
 *
 * Context: process.
 */
void umbra_lru_age(struct umbra *u, struct umbra_node *node,
		   enum umbra_zone_type highest, unsigned int nr,
		   struct umbra_lru_seen *seen)
{
	u32 index;

	xa_lock(&u->movables);
	while (nr--) {
		index = oldest_up_to(u, &node->lru, LRU_LIST_ACTIVE, highest,
				     &seen->passed);
		if (index == UMBRA_NO_FRAME)
			break;
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
EXPORT_SYMBOL_IF_KUNIT(umbra_lru_age);

/* Context: before anything is registered. */
void umbra_lru_create(struct umbra *u)
{
	unsigned int nid, list;

	for (nid = 0; nid < u->nr_nodes; nid++)
		for (list = 0; list < UMBRA_NR_LRU_LISTS; list++)
			INIT_LIST_HEAD(&u->nodes[nid].lru.lists[list]);
}
