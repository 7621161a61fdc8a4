// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that their owners let go of: to another place, or for good.
 *
 * An owner registers a block with a struct umbra_movable, which has the
 * callbacks, and may put it on the LRU lists. Who wants to move or to reclaim
 * a block isolates it first: of several that want to, one gets it, and its
 * owner, who may want it back at the same moment, waits. The registration is
 * by head, in umbra.movables; its xa_lock guards that, the marks, and the lists,
 * which are linked by the descriptors' lru.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "debug.h"
#include "frame.h"

#define MARK_ACTIVE	XA_MARK_0	/* its list, when not isolated */
#define MARK_ACCESSED	XA_MARK_1
#define MARK_ISOLATED	XA_MARK_2

static struct umbra_lru *lru_of(struct umbra *u, u32 index)
{
	return &u->nodes[umbra_frame_zone(u, index)->nid].lru;
}

static struct list_head *link_of(struct umbra *u, u32 index)
{
	return &umbra_index_to_page(u, index)->lru;
}

static unsigned long pages_of(const struct umbra *u, u32 index)
{
	return 1UL << frame_order(frame_read(u, index));
}

/* The list that a block belongs to by its marks. xa_lock held. */
static enum umbra_lru_list list_of(struct umbra *u, u32 index)
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

	WRITE_ONCE(lru->nr[list], lru->nr[list] + nr_pages);
	WRITE_ONCE(zone->nr_lru[list], zone->nr_lru[list] + nr_pages);
}

static bool is_listed(struct umbra *u, u32 index)
{
	return !list_empty(link_of(u, index));
}

static void lru_link(struct umbra *u, u32 index)
{
	enum umbra_lru_list list = list_of(u, index);

	lockdep_assert_held(&u->movables.xa_lock);

	list_add(link_of(u, index), &lru_of(u, index)->lists[list]);
	count_lru(u, index, list, pages_of(u, index));
}

static void lru_unlink(struct umbra *u, u32 index)
{
	lockdep_assert_held(&u->movables.xa_lock);

	list_del_init(link_of(u, index));
	count_lru(u, index, list_of(u, index), -(long)pages_of(u, index));
}

/* Set or clear a mark of a block; if it is listed, its list follows. */
static void change_mark(struct umbra *u, u32 index, xa_mark_t mark, bool set)
{
	bool listed = is_listed(u, index);

	if (listed)
		lru_unlink(u, index);
	if (set)
		__xa_set_mark(&u->movables, index, mark);
	else
		__xa_clear_mark(&u->movables, index, mark);
	if (listed)
		lru_link(u, index);
}

static bool has_mark(struct umbra *u, u32 index, xa_mark_t mark)
{
	return xa_get_mark(&u->movables, index, mark);
}

static void wake_owners(struct umbra *u)
{
	if (wq_has_sleeper(&u->pressure.movable_wait))
		wake_up_all(&u->pressure.movable_wait);
}

/**
 * umbra_set_movable() - let a block be moved, or reclaimed
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 * @movable: how; outlives the registration
 *
 * From now on the lru of the first page is umbra's, and the block cannot be
 * freed before umbra_clear_movable().
 *
 * Context: may sleep. The caller owns the block.
 * Return: 0; -EINVAL if this is no allocated block of that order, -EBUSY if it is
 * registered already, -ENOMEM.
 */
int umbra_set_movable(struct umbra *u, struct page *page, unsigned int order,
		      struct umbra_movable *movable)
{
	u32 index = umbra_page_to_index(u, page);
	int err = umbra_expose_pages(u, page, order);

	if (err)
		return err;
	xa_lock(&u->movables);
	if (xa_load(&u->movables, index)) {
		err = -EBUSY;
	} else {
		INIT_LIST_HEAD(&page->lru);
		err = __xa_insert(&u->movables, index, movable,
				  GFP_KERNEL | __GFP_NOWARN);
	}
	xa_unlock(&u->movables);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_set_movable);

static bool try_clear(struct umbra *u, u32 index)
{
	bool isolated;

	xa_lock(&u->movables);
	isolated = has_mark(u, index, MARK_ISOLATED);
	if (!isolated && xa_load(&u->movables, index)) {
		if (is_listed(u, index))
			lru_unlink(u, index);
		__xa_erase(&u->movables, index);
	}
	xa_unlock(&u->movables);
	return !isolated;
}

/**
 * umbra_clear_movable() - have a block to oneself again
 * @u: the instance the block came from
 * @page: its first page; not registered is fine
 *
 * Waits for a callback that has the block to end. To know which page that is,
 * the owner first sees to it that no callback finds the block any more: then
 * it stays where it is.
 *
 * Context: may sleep; without the locks that callbacks take.
 */
void umbra_clear_movable(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	might_sleep();
	if (index != UMBRA_NO_FRAME)
		wait_event(u->pressure.movable_wait, try_clear(u, index));
}
EXPORT_SYMBOL_GPL(umbra_clear_movable);

/**
 * umbra_movable_init() - make a struct umbra_movable
 * @movable: filled in
 * @ops: its callbacks
 * @account: what blocks that are reclaimed were charged to, or NULL
 *
 * Context: any.
 */
void umbra_movable_init(struct umbra_movable *movable,
			const struct umbra_movable_operations *ops,
			struct umbra_account *account)
{
	movable->ops = ops;
	movable->account = account;
	atomic_set(&movable->nr_isolated, 0);
}
EXPORT_SYMBOL_GPL(umbra_movable_init);

/**
 * umbra_movable_retire() - wait until no callback runs any more
 * @u: the instance
 * @movable: no block is registered with it
 *
 * After a block was reclaimed its owner knows nothing of it; but the callback
 * that gave it away may not have returned yet.
 *
 * Context: may sleep; without the locks that callbacks take.
 */
void umbra_movable_retire(struct umbra *u, struct umbra_movable *movable)
{
	wait_event(u->pressure.movable_wait,
		   !atomic_read_acquire(&movable->nr_isolated));
}
EXPORT_SYMBOL_GPL(umbra_movable_retire);

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
		if (!is_listed(u, index))
			lru_link(u, index);
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
		if (is_listed(u, index))
			lru_unlink(u, index);
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
	if (!xa_load(&u->movables, index) || !is_listed(u, index)) {
		xa_unlock(&u->movables);
		return;
	}
	if (!has_mark(u, index, MARK_ACCESSED)) {
		__xa_set_mark(&u->movables, index, MARK_ACCESSED);
	} else if (!has_mark(u, index, MARK_ACTIVE)) {
		change_mark(u, index, MARK_ACTIVE, true);
		__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
		umbra_count(umbra_frame_zone(u, index), EVENT_PGACTIVATE,
			    pages_of(u, index));
	}
	xa_unlock(&u->movables);
}
EXPORT_SYMBOL_GPL(umbra_mark_accessed);

/**
 * umbra_page_is_pinned() - does anyone but its owner hold a block
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 *
 * For callbacks, once all mappings are gone: what is pinned has to stay.
 *
 * Context: any. The block is allocated.
 * Return: true if a page of the block has other references than umbra's.
 */
bool umbra_page_is_pinned(struct umbra *u, struct page *page,
			  unsigned int order)
{
	int ours = UMBRA_BASE_COUNT + !!(u->debug & UMBRA_DEBUG_GUARD);
	u32 i;

	for (i = 0; i < 1U << order; i++)
		if (page_ref_count(page + i) != ours)
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(umbra_page_is_pinned);

/**
 * umbra_movable_of() - with what a block is registered
 * @u: the instance
 * @index: any frame
 *
 * Context: any. A hint, unless the block is isolated.
 * Return: what umbra_set_movable() was given, or NULL.
 */
struct umbra_movable *umbra_movable_of(struct umbra *u, u32 index)
{
	return xa_load(&u->movables, index);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_of);

/* Isolate a block that is registered. xa_lock held. */
static void begin_isolation(struct umbra *u, u32 index,
			    struct umbra_movable *movable)
{
	change_mark(u, index, MARK_ISOLATED, true);
	atomic_inc(&movable->nr_isolated);
}

/* The block and its owner are free to go. xa_lock held. */
static void end_isolation(struct umbra_movable *movable)
{
	atomic_dec_return_release(&movable->nr_isolated);
}

/**
 * umbra_movable_isolate() - get hold of a registered block
 * @u: the instance
 * @index: any frame
 *
 * Until umbra_movable_putback() the block stays allocated, and nobody else
 * moves or reclaims it.
 *
 * Context: may sleep, if the owner's isolate callback does.
 * Return: with what it is registered, or NULL if it is not the head of a block
 * that can be had.
 */
struct umbra_movable *umbra_movable_isolate(struct umbra *u, u32 index)
{
	struct umbra_movable *movable;

	xa_lock(&u->movables);
	movable = xa_load(&u->movables, index);
	if (movable && !has_mark(u, index, MARK_ISOLATED))
		begin_isolation(u, index, movable);
	else
		movable = NULL;
	xa_unlock(&u->movables);
	if (movable && movable->ops->isolate &&
	    !movable->ops->isolate(movable, umbra_index_to_page(u, index),
				   frame_order(frame_read(u, index)))) {
		xa_lock(&u->movables);
		change_mark(u, index, MARK_ISOLATED, false);
		end_isolation(movable);
		xa_unlock(&u->movables);
		wake_owners(u);
		movable = NULL;
	}
	return movable;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_isolate);

/**
 * umbra_movable_putback() - let go of an isolated block that stayed
 * @u: the instance
 * @index: its head
 *
 * Context: may sleep, if the owner's putback callback does.
 */
void umbra_movable_putback(struct umbra *u, u32 index)
{
	struct umbra_movable *movable = umbra_movable_of(u, index);

	if (movable->ops->putback)
		movable->ops->putback(movable, umbra_index_to_page(u, index),
				      frame_order(frame_read(u, index)));
	xa_lock(&u->movables);
	change_mark(u, index, MARK_ISOLATED, false);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_putback);

/* Make @dst an allocated and registered block as @src is. 0 or -ENOMEM. */
static int prepare_target(struct umbra *u, u32 dst, u32 src,
			  struct umbra_movable *movable)
{
	u8 frame = frame_read(u, src);
	int err;

	umbra_debug_alloc(u, dst, frame_order(frame), GFP_HIGHUSER_MOVABLE);
	umbra_owner_copy(u, dst, src);
	frame_set(u, dst, frame_state(frame), frame_order(frame));
	INIT_LIST_HEAD(link_of(u, dst));
	xa_lock(&u->movables);
	/* Not what this task may have of the host because it frees memory. */
	err = __xa_insert(&u->movables, dst, movable,
			  GFP_NOWAIT | __GFP_NOMEMALLOC | __GFP_NOWARN);
	if (!err)
		__xa_set_mark(&u->movables, dst, MARK_ISOLATED);
	xa_unlock(&u->movables);
	return err;
}

static void abandon_target(struct umbra *u, u32 dst)
{
	unsigned int order = frame_order(frame_read(u, dst));

	xa_erase(&u->movables, dst);
	frame_set(u, dst, FRAME_PCP, order);
	umbra_debug_free(u, dst, order);
}

/*
 * @dst is what @src was. Its owner, who has it already, may have put it on the
 * lists, too. xa_lock held.
 */
static void replace_registration(struct umbra *u, u32 dst, u32 src)
{
	bool listed = is_listed(u, src) || is_listed(u, dst);

	if (has_mark(u, src, MARK_ACTIVE))
		__xa_set_mark(&u->movables, dst, MARK_ACTIVE);
	if (has_mark(u, src, MARK_ACCESSED))
		__xa_set_mark(&u->movables, dst, MARK_ACCESSED);
	if (is_listed(u, src))
		lru_unlink(u, src);
	if (is_listed(u, dst))
		lru_unlink(u, dst);
	__xa_clear_mark(&u->movables, dst, MARK_ISOLATED);
	if (listed)
		lru_link(u, dst);
	__xa_erase(&u->movables, src);
}

/**
 * umbra_movable_migrate() - have an owner move a block to another place
 * @u: the instance
 * @dst: a block of the same order in state PCP, in the hands of the caller
 * @src: the head of an isolated block
 * @mode: what may be waited for
 *
 * Context: may sleep.
 * Return: 0, and @dst is the owner's while @src, in state PCP, is the caller's to
 * free, charged to nobody; or an error, and nothing has changed: -ENOMEM, or
 * what the owner's callback returned.
 */
int umbra_movable_migrate(struct umbra *u, u32 dst, u32 src,
			  enum umbra_migrate_mode mode)
{
	struct umbra_movable *movable = umbra_movable_of(u, src);
	unsigned int order = frame_order(frame_read(u, src));
	struct umbra_zone *zone = umbra_frame_zone(u, src);
	int err = prepare_target(u, dst, src, movable);

	if (!err)
		err = movable->ops->migrate(movable,
					    umbra_index_to_page(u, dst),
					    umbra_index_to_page(u, src), order,
					    mode);
	if (err) {
		abandon_target(u, dst);
		umbra_count(zone, EVENT_PGMIGRATE_FAIL, 1UL << order);
		return err;
	}
	xa_lock(&u->movables);
	replace_registration(u, dst, src);
	end_isolation(movable);
	xa_unlock(&u->movables);
	frame_set(u, src, FRAME_PCP, order);
	wake_owners(u);
	umbra_count(zone, EVENT_PGMIGRATE_SUCCESS, 1UL << order);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_migrate);

/**
 * umbra_movable_reclaim() - have an owner give up an isolated block
 * @u: the instance
 * @index: its head
 * @gfp: what the owner may do for it
 *
 * Context: may sleep.
 * Return: how many pages were freed; 0 if the owner keeps it, which is then
 * not isolated any more.
 */
unsigned long umbra_movable_reclaim(struct umbra *u, u32 index, gfp_t gfp)
{
	struct umbra_movable *movable = umbra_movable_of(u, index);
	unsigned int order = frame_order(frame_read(u, index));
	struct umbra_account *account = movable->account;
	unsigned long held;

	/* Whoever gives the last block up may be gone with it. */
	umbra_account_get(account);
	if (movable->ops->reclaim(movable, umbra_index_to_page(u, index), order,
				  gfp)) {
		umbra_movable_putback(u, index);
		umbra_account_drop(account);
		return 0;
	}
	xa_lock(&u->movables);
	if (is_listed(u, index))
		lru_unlink(u, index);
	__xa_erase(&u->movables, index);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
	frame_set(u, index, FRAME_PCP, order);
	held = umbra_free_block(u, index, order, true, account);
	if (account)
		umbra_account_uncharge(account, (1UL << order) - held);
	umbra_account_drop(account);
	return (1UL << order) - held;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_reclaim);

/* The block that was longest on a list, or UMBRA_NO_FRAME. xa_lock held. */
static u32 oldest(struct umbra *u, const struct umbra_lru *lru,
		  enum umbra_lru_list list)
{
	if (list_empty(&lru->lists[list]))
		return UMBRA_NO_FRAME;
	return umbra_page_to_index(u, list_last_entry(&lru->lists[list],
						      struct page, lru));
}

/* Make a block the newest of its list. xa_lock held. */
static void rotate(struct umbra *u, u32 index, enum umbra_lru_list list)
{
	list_move(link_of(u, index), &lru_of(u, index)->lists[list]);
}

/**
 * umbra_lru_isolate() - isolate the oldest inactive blocks of a node
 * @u: the instance
 * @node: the node
 * @highest: blocks of higher zones are passed over
 * @frames: filled in with their heads
 * @nr: its size; at most as many blocks are looked at
 * @scanned: the pages of blocks looked at are added to it
 *
 * A block that was accessed meanwhile becomes active instead.
 *
 * Context: process.
 * Return: how many were isolated.
 */
unsigned int umbra_lru_isolate(struct umbra *u, struct umbra_node *node,
			       enum umbra_zone_type highest, u32 *frames,
			       unsigned int nr, unsigned long *scanned)
{
	unsigned int got = 0, looked;
	u32 index;

	xa_lock(&u->movables);
	for (looked = 0; looked < nr; looked++) {
		index = oldest(u, &node->lru, LRU_LIST_INACTIVE);
		if (index == UMBRA_NO_FRAME)
			break;
		if (umbra_frame_zone(u, index)->type > highest) {
			rotate(u, index, LRU_LIST_INACTIVE);
			continue;
		}
		*scanned += pages_of(u, index);
		if (has_mark(u, index, MARK_ACCESSED)) {
			__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
			change_mark(u, index, MARK_ACTIVE, true);
			umbra_count(umbra_frame_zone(u, index),
				    EVENT_PGACTIVATE, pages_of(u, index));
			continue;
		}
		begin_isolation(u, index, xa_load(&u->movables, index));
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
 * @nr: how many to look at
 *
 * One that was accessed meanwhile stays active.
 *
 * Context: process.
 */
void umbra_lru_age(struct umbra *u, struct umbra_node *node, unsigned int nr)
{
	u32 index;

	xa_lock(&u->movables);
	while (nr--) {
		index = oldest(u, &node->lru, LRU_LIST_ACTIVE);
		if (index == UMBRA_NO_FRAME)
			break;
		if (has_mark(u, index, MARK_ACCESSED)) {
			__xa_clear_mark(&u->movables, index, MARK_ACCESSED);
			rotate(u, index, LRU_LIST_ACTIVE);
			continue;
		}
		change_mark(u, index, MARK_ACTIVE, false);
		umbra_count(umbra_frame_zone(u, index), EVENT_PGDEACTIVATE,
			    pages_of(u, index));
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
