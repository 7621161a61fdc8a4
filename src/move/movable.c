// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that their owners can move or give up.
 *
 * An owner registers a block with a struct umbra_movable, which has the
 * callbacks, and may add the block to the LRU lists. A task must isolate a
 * block before it moves or reclaims the block. Only one task at a time can
 * isolate a block. The owner waits if it wants to end the registration
 * meanwhile.
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
 * umbra_set_movable() - let a block be moved or reclaimed
 * @u: instance that the block came from
 * @page: first page of the block, which the caller owns
 * @order: order of the block
 * @movable: owner with its callbacks; must outlive the registration
 *
 * The lru field of the first page is umbra's from now on. The block cannot be
 * freed before umbra_clear_movable().
 *
 * Context: Process context, may sleep.
 * Return: 0. -EINVAL: @page is no allocated block of that order. -EBUSY: the
 * block is registered already. -ENOMEM: no memory for the registration.
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
 * umbra_clear_movable() - end the registration of a block
 * @u: instance that the block came from
 * @page: first page of the block; a block that is not registered is ignored
 *
 * Waits until no callback has the block. To know which page the block is then,
 * the owner must first make sure that no callback finds the block any more:
 * such a block stays where it is.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
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
 * umbra_movable_init() - initialise a struct umbra_movable
 * @movable: structure to fill in
 * @ops: callbacks of the owner
 * @account: account that reclaimed blocks are charged to, or NULL
 *
 * Context: Any context, does not sleep.
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
 * umbra_movable_retire() - wait until no callback of an owner runs
 * @u: instance
 * @movable: owner without registered blocks
 *
 * A callback that gave a block up may not have returned yet when the owner
 * finds that the block is gone.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 */
void umbra_movable_retire(struct umbra *u, struct umbra_movable *movable)
{
	wait_event(u->movable_wait,
		   !atomic_read_acquire(&movable->nr_isolated));
}
EXPORT_SYMBOL_GPL(umbra_movable_retire);

/**
 * umbra_page_is_pinned() - test whether a block has other references
 * @u: instance that the block came from
 * @page: first page of the block, which must be allocated
 * @order: order of the block
 *
 * For callbacks, after all mappings were taken down. A pinned block must stay.
 *
 * Context: Any context, does not sleep.
 * Return: true if a page of the block has references that are not umbra's.
 */
bool umbra_page_is_pinned(struct umbra *u, struct page *page,
			  unsigned int order)
{
	int ours = UMBRA_BASE_COUNT + !!(u->debug & UMBRA_DEBUG_GUARD);
	u32 i;

	for (i = 0; i < 1U << order; i++)
		if (page_ref_count(page + i) != ours)
			return true;
	/* Read the pages after the last writes of the earlier references. */
	smp_acquire__after_ctrl_dep();
	return false;
}
EXPORT_SYMBOL_GPL(umbra_page_is_pinned);

/* End an isolation; its owner may free @movable at once. xa_lock held. */
static void end_isolation(struct umbra_movable *movable)
{
	atomic_dec_return_release(&movable->nr_isolated);
}

/* End the isolation of a block that stays where it is. */
static void let_go(struct umbra *u, u32 index, struct umbra_movable *movable)
{
	xa_lock(&u->movables);
	umbra_movable_change_mark(u, index, MARK_ISOLATED, false);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
}

/* Ask the owner of an isolated block. If it refuses, end the isolation. */
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
 * umbra_movable_isolate() - isolate a registered block
 * @u: the instance
 * @index: any frame
 *
 * Until umbra_movable_putback() the block stays allocated, and no other task
 * moves or reclaims it.
 *
 * Context: may sleep if the isolate callback sleeps; takes the xa_lock of the
 * registry.
 * Return: owner of the block, or NULL if @index is not the head of a block that
 * can be isolated.
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
 * umbra_movable_putback() - release an isolated block that was not moved
 * @u: the instance
 * @index: head of the block
 *
 * Context: may sleep if the putback callback sleeps; takes the xa_lock of the
 * registry.
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
 * Make @dst allocated and registered, as @src is. Returns 0, -ENOMEM, or
 * -EAGAIN if the pageblock of @dst is isolated.
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
	/* The task may have PF_MEMALLOC, but must not use these reserves. */
	err = __xa_insert(&u->movables, dst, movable,
			  gfp | __GFP_NOMEMALLOC | __GFP_NOWARN);
	if (!err) {
		__xa_set_mark(&u->movables, dst, MARK_ISOLATED);
		frame_set(u, dst, frame_state(frame), frame_order(frame));
	}
	xa_unlock(&u->movables);
	/* A task that isolates the pageblock sees @dst, or is seen here. */
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
 * Replace the registration of @src by that of @dst, with the same marks. The
 * owner uses @dst already, and may have added it to the LRU lists. xa_lock
 * held.
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
 * umbra_movable_migrate() - let an owner move a block to another place
 * @u: the instance
 * @dst: head of a block of the same order, which the caller has in hand
 * @src: head of an isolated block
 * @mode: mode of migration, which limits how long the owner may wait
 *
 * On success the owner uses @dst, and the caller has @src in hand: it must free
 * the block, and no account is charged for it. An error changes nothing.
 *
 * Context: may sleep; takes the xa_lock of the registry.
 * Return: 0; -ENOMEM if there is no memory for the registration, -EAGAIN if the
 * pageblock of @dst is isolated, or the error of the owner.
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
 * umbra_movable_reclaim() - let an owner give up a block
 * @u: the instance
 * @index: head of the block, which umbra_lru_isolate() isolated
 * @gfp: limits of what the owner may do
 *
 * The isolation ends, even if the owner keeps the block.
 *
 * Context: may sleep; takes the xa_lock of the registry.
 * Return: number of pages freed, without HELD pages; 0 if the owner keeps the
 * block.
 */
unsigned long umbra_movable_reclaim(struct umbra *u, u32 index, gfp_t gfp)
{
	struct umbra_movable *movable = umbra_movable_of(u, index);
	unsigned int order = frame_order(frame_read(u, index));
	struct umbra_account *account = movable->account;
	unsigned long held;

	if (!may_isolate(u, index, movable))
		return 0;
	/* Keep the account, which the owner may drop with its last block. */
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
	/* State first: an allocated block without registration can be freed. */
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

/* Make an empty registry. Context: any. */
void umbra_movables_init(struct umbra *u)
{
	xa_init(&u->movables);
	init_waitqueue_head(&u->movable_wait);
}

/* Drop the registrations that owners left behind. Context: any. */
void umbra_movables_destroy(struct umbra *u)
{
	xa_destroy(&u->movables);
}
