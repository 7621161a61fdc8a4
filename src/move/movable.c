// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that their owners let go of: to another place, or for good.
 *
 * An owner registers a block with a struct umbra_movable, which has the
 * callbacks, and may put it on the LRU lists. Who wants to move or to reclaim
 * a block isolates it first: of several that want to, one gets it, and its
 * owner, who may want it back at the same moment, waits.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/owner.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/account.h"
#include "../page/free.h"
#include "lru.h"
#include "movable.h"
#include "registry.h"

static void wake_owners(struct umbra *u)
{
	if (wq_has_sleeper(&u->movable_wait))
		wake_up_all(&u->movable_wait);
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
	isolated = movable_has_mark(u, index, MARK_ISOLATED);
	if (!isolated && xa_load(&u->movables, index)) {
		if (movable_is_listed(u, index))
			umbra_lru_unlink(u, index);
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
		wait_event(u->movable_wait, try_clear(u, index));
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
	wait_event(u->movable_wait,
		   !atomic_read_acquire(&movable->nr_isolated));
}
EXPORT_SYMBOL_GPL(umbra_movable_retire);

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
	/* What is read of the pages now was written before others let go. */
	smp_acquire__after_ctrl_dep();
	return false;
}
EXPORT_SYMBOL_GPL(umbra_page_is_pinned);

/* The block and its owner are free to go. xa_lock held. */
static void end_isolation(struct umbra_movable *movable)
{
	atomic_dec_return_release(&movable->nr_isolated);
}

/* A block is not isolated any more, and stays where it is. */
static void let_go(struct umbra *u, u32 index, struct umbra_movable *movable)
{
	xa_lock(&u->movables);
	umbra_movable_change_mark(u, index, MARK_ISOLATED, false);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
}

/* Ask the owner of an isolated block; if he refuses, it is not any more. */
static bool may_isolate(struct umbra *u, u32 index,
			struct umbra_movable *movable)
{
	if (!movable->ops->isolate ||
	    movable->ops->isolate(movable, umbra_index_to_page(u, index),
				  frame_order(frame_read(u, index))))
		return true;
	let_go(u, index, movable);
	return false;
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
	if (movable && !movable_has_mark(u, index, MARK_ISOLATED))
		umbra_movable_begin(u, index, movable);
	else
		movable = NULL;
	xa_unlock(&u->movables);
	return movable && may_isolate(u, index, movable) ? movable : NULL;
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
	let_go(u, index, movable);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_putback);

/*
 * Make @dst an allocated and registered block as @src is. Returns 0, -ENOMEM, or
 * -EAGAIN if its pageblock was isolated.
 */
static int prepare_target(struct umbra *u, u32 dst, u32 src,
			  struct umbra_movable *movable,
			  enum umbra_migrate_mode mode)
{
	gfp_t gfp = mode == UMBRA_MIGRATE_ASYNC ? GFP_NOWAIT : GFP_NOIO;
	u8 frame = frame_read(u, src);
	int err;

	umbra_debug_alloc(u, dst, frame_order(frame), GFP_HIGHUSER_MOVABLE);
	umbra_owner_copy(u, dst, src);
	INIT_LIST_HEAD(movable_link(u, dst));
	xa_lock(&u->movables);
	/* Not what this task may have of the host because it frees memory. */
	err = __xa_insert(&u->movables, dst, movable,
			  gfp | __GFP_NOMEMALLOC | __GFP_NOWARN);
	if (!err) {
		__xa_set_mark(&u->movables, dst, MARK_ISOLATED);
		frame_set(u, dst, frame_state(frame), frame_order(frame));
	}
	xa_unlock(&u->movables);
	/* Whoever isolated its pageblock meanwhile has seen one or the other. */
	if (!err && umbra_frame_type(u, dst) == UMBRA_ISOLATE)
		err = -EAGAIN;
	return err;
}

static void abandon_target(struct umbra *u, u32 dst)
{
	unsigned int order = frame_order(frame_read(u, dst));

	xa_lock(&u->movables);
	frame_set(u, dst, FRAME_PCP, order);
	__xa_erase(&u->movables, dst);
	xa_unlock(&u->movables);
	umbra_debug_free(u, dst, order);
}

/*
 * @dst is what @src was. Its owner, who has it already, may have put it on the
 * lists, too. xa_lock held.
 */
static void replace_registration(struct umbra *u, u32 dst, u32 src)
{
	bool listed = movable_is_listed(u, src) || movable_is_listed(u, dst);

	if (movable_has_mark(u, src, MARK_ACTIVE))
		__xa_set_mark(&u->movables, dst, MARK_ACTIVE);
	if (movable_has_mark(u, src, MARK_ACCESSED))
		__xa_set_mark(&u->movables, dst, MARK_ACCESSED);
	if (movable_is_listed(u, src))
		umbra_lru_unlink(u, src);
	if (movable_is_listed(u, dst))
		umbra_lru_unlink(u, dst);
	__xa_clear_mark(&u->movables, dst, MARK_ISOLATED);
	if (listed)
		umbra_lru_link(u, dst);
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
 * free, charged to nobody; or an error, and nothing has changed: -ENOMEM, -EAGAIN
 * if another place is needed, or what the owner's callback returned.
 */
int umbra_movable_migrate(struct umbra *u, u32 dst, u32 src,
			  enum umbra_migrate_mode mode)
{
	struct umbra_movable *movable = umbra_movable_of(u, src);
	unsigned int order = frame_order(frame_read(u, src));
	int err = prepare_target(u, dst, src, movable, mode);

	if (!err)
		err = movable->ops->migrate(movable,
					    umbra_index_to_page(u, dst),
					    umbra_index_to_page(u, src), order,
					    mode);
	if (err) {
		abandon_target(u, dst);
		return err;
	}
	xa_lock(&u->movables);
	frame_set(u, src, FRAME_PCP, order);
	replace_registration(u, dst, src);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
	umbra_count(umbra_frame_zone(u, src), EVENT_PGMIGRATE_SUCCESS,
		    1UL << order);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_migrate);

/**
 * umbra_movable_reclaim() - have an owner give up a block
 * @u: the instance
 * @index: its head, as umbra_lru_isolate() gave it
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

	if (!may_isolate(u, index, movable))
		return 0;
	/* Whoever gives the last block up may be gone with it. */
	umbra_account_get(account);
	if (movable->ops->reclaim(movable, umbra_index_to_page(u, index), order,
				  gfp)) {
		umbra_movable_putback(u, index);
		umbra_account_drop(account);
		return 0;
	}
	xa_lock(&u->movables);
	if (movable_is_listed(u, index))
		umbra_lru_unlink(u, index);
	/* Never allocated and not registered: it is nobody's to free. */
	frame_set(u, index, FRAME_PCP, order);
	__xa_erase(&u->movables, index);
	end_isolation(movable);
	xa_unlock(&u->movables);
	held = umbra_free_block(u, index, order, true, account);
	wake_owners(u);
	if (account)
		umbra_account_uncharge(account, (1UL << order) - held);
	umbra_account_drop(account);
	return (1UL << order) - held;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_reclaim);

/* Context: any. */
void umbra_movables_init(struct umbra *u)
{
	xa_init(&u->movables);
	init_waitqueue_head(&u->movable_wait);
}

/* Registrations that owners left behind go. Context: any. */
void umbra_movables_destroy(struct umbra *u)
{
	xa_destroy(&u->movables);
}
