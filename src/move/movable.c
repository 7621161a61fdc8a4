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
#include <trace/events/umbra.h>

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

/* End an isolation; its owner may free @movable at once. xa_lock held. */
static void end_isolation(struct umbra_movable *movable)
{
	atomic_dec_return_release(&movable->nr_isolated);
}

/* End the registration of a block that is not isolated. xa_lock held. */
static void unregister(struct umbra *u, u32 index)
{
	if (!xa_load(&u->movables, index))
		return;
	if (movable_is_listed(u, index))
		umbra_lru_unlink(u, index);
	__xa_erase(&u->movables, index);
}

/* Replace the entry of a registered block; its marks stay. xa_lock held. */
static void set_entry(struct umbra *u, u32 index, void *p, unsigned long tag)
{
	/* Needs no memory, because there is an entry already. */
	__xa_store(&u->movables, index, xa_tag_pointer(p, tag), GFP_NOWAIT);
}

static bool try_clear(struct umbra *u, u32 index)
{
	bool isolated;

	xa_lock(&u->movables);
	isolated = movable_has_mark(u, index, MARK_ISOLATED);
	if (!isolated)
		unregister(u, index);
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

/*
 * Leave a freed block to the task that has isolated it. It is uncharged at once,
 * so that its owner can have another one. xa_lock held.
 */
static void hand_over(struct umbra *u, u32 index, struct umbra_account *account)
{
	struct umbra_movable *movable = movable_of(u, index);

	if (movable_is_listed(u, index))
		umbra_lru_unlink(u, index);
	umbra_account_get(account);
	if (account)
		umbra_account_uncharge(account, movable_pages(u, index));
	set_entry(u, index, account, ENTRY_FREED);
	end_isolation(movable);
}

/* How far the free of a registered block has come. */
enum free_step {
	FREE_WAITS,		/* for a callback that has the block */
	FREE_UNREGISTERED,	/* the block can be freed */
	FREE_HANDED_OVER	/* another task frees the block */
};

static enum free_step try_free(struct umbra *u, u32 index,
			       struct umbra_account *account)
{
	enum free_step step = FREE_WAITS;

	xa_lock(&u->movables);
	if (!movable_has_mark(u, index, MARK_ISOLATED)) {
		unregister(u, index);
		step = FREE_UNREGISTERED;
	} else if (!xa_pointer_tag(xa_load(&u->movables, index))) {
		hand_over(u, index, account);
		step = FREE_HANDED_OVER;
	}
	xa_unlock(&u->movables);
	return step;
}

/**
 * umbra_free_movable() - end the registration of a block, and free it
 * @u: instance that the block came from
 * @page: first page of the block
 * @order: order of the block
 * @account: account that is charged for it, or NULL
 *
 * If another task has isolated the block, for example as one of many that it
 * moves, that task frees the block soon. Only a callback that has this very
 * block is waited for. As with umbra_clear_movable(), the owner must first make
 * sure that no callback finds the block any more.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: 0, or -EINVAL if the free was refused, see
 * umbra_free_pages_account().
 */
int umbra_free_movable(struct umbra *u, struct page *page, unsigned int order,
		       struct umbra_account *account)
{
	u32 index = umbra_page_to_index(u, page);
	enum free_step step;

	might_sleep();
	if (index != UMBRA_NO_FRAME &&
	    frame_order(frame_read(u, index)) == order) {
		wait_event(u->movable_wait,
			   (step = try_free(u, index, account)) != FREE_WAITS);
		if (step == FREE_HANDED_OVER) {
			wake_owners(u);
			return 0;
		}
	}
	return umbra_free_pages_account(u, page, order, account);
}
EXPORT_SYMBOL_GPL(umbra_free_movable);

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

/*
 * Take a block in hand whose owner does not use it any more, and end its
 * registration. State first: an allocated block without registration can be
 * freed. Returns the entry of the registry. xa_lock held.
 */
static void *take_in_hand(struct umbra *u, u32 index, unsigned int order)
{
	frame_set(u, index, FRAME_PCP, order);
	return __xa_erase(&u->movables, index);
}

/*
 * Free an isolated block for its owner, which has freed it. Pages that become
 * HELD are charged again.
 */
static void free_for_owner(struct umbra *u, u32 index)
{
	unsigned int order = frame_order(frame_read(u, index));
	struct umbra_account *account;
	unsigned long held;

	if (trace_umbra_page_free_enabled())
		trace_umbra_page_free(umbra_index_to_pfn(u, index), order);
	xa_lock(&u->movables);
	account = xa_untag_pointer(take_in_hand(u, index, order));
	xa_unlock(&u->movables);
	held = umbra_free_block(u, index, order, true, account);
	if (account)
		umbra_account_charge_more(account, held);
	umbra_account_drop(account);
}

/*
 * Begin a callback for an isolated block. Returns the owner; or NULL if the
 * owner had freed the block, which is free now.
 */
static struct umbra_movable *begin_callback(struct umbra *u, u32 index)
{
	struct umbra_movable *movable;

	xa_lock(&u->movables);
	movable = movable_of(u, index);
	if (movable)
		set_entry(u, index, movable, ENTRY_BUSY);
	xa_unlock(&u->movables);
	if (!movable)
		free_for_owner(u, index);
	return movable;
}

/* End a callback for a block that stays isolated. */
static void end_callback(struct umbra *u, u32 index,
			 struct umbra_movable *movable)
{
	xa_lock(&u->movables);
	set_entry(u, index, movable, 0);
	xa_unlock(&u->movables);
	wake_owners(u);
}

/* End a callback and the isolation of a block that stays where it is. */
static void let_go(struct umbra *u, u32 index, struct umbra_movable *movable)
{
	xa_lock(&u->movables);
	set_entry(u, index, movable, 0);
	umbra_movable_change_mark(u, index, MARK_ISOLATED, false);
	end_isolation(movable);
	xa_unlock(&u->movables);
	wake_owners(u);
}

/*
 * Ask the owner of an isolated block, in a callback. If the owner refuses, the
 * callback and the isolation end.
 */
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
 * Return: true, or false if @index is not the head of a block that can be
 * isolated.
 */
bool umbra_movable_isolate(struct umbra *u, u32 index)
{
	struct umbra_movable *movable;
	bool asks = false;

	xa_lock(&u->movables);
	movable = movable_of(u, index);
	if (movable && movable_has_mark(u, index, MARK_ISOLATED))
		movable = NULL;
	if (movable) {
		umbra_movable_begin(u, index, movable);
		asks = movable->ops->isolate;
		if (asks)
			set_entry(u, index, movable, ENTRY_BUSY);
	}
	xa_unlock(&u->movables);
	if (!asks)
		return movable;
	if (!may_isolate(u, index, movable))
		return false;
	end_callback(u, index, movable);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_isolate);

/* Release an isolated block that stays where it is, in a callback. */
static void put_back(struct umbra *u, u32 index, struct umbra_movable *movable)
{
	if (movable->ops->putback)
		movable->ops->putback(movable, umbra_index_to_page(u, index),
				      frame_order(frame_read(u, index)));
	let_go(u, index, movable);
}

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
	struct umbra_movable *movable = begin_callback(u, index);

	if (movable)
		put_back(u, index, movable);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_movable_putback);

/*
 * Make @dst allocated and registered, as @src is. Returns 0, -ENOMEM, or
 * -EAGAIN if the pageblock of @dst is isolated.
 */
static int prepare_target(struct umbra *u, u32 dst, u32 src,
			  struct umbra_movable *movable,
			  enum umbra_migrate_mode mode,
			  enum umbra_migrate_reason reason)
{
	gfp_t gfp = mode == UMBRA_MIGRATE_ASYNC ? GFP_NOWAIT : GFP_NOIO;
	u8 frame = frame_read(u, src);
	int err;

	umbra_debug_alloc(u, dst, frame_order(frame), GFP_HIGHUSER_MOVABLE);
	umbra_owner_move(u, dst, src, reason);
	INIT_LIST_HEAD(movable_link(u, dst));
	xa_lock(&u->movables);
	/* The task may have PF_MEMALLOC, but must not use these reserves. */
	err = __xa_insert(&u->movables, dst, xa_tag_pointer(movable, ENTRY_BUSY),
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
	take_in_hand(u, dst, order);
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
	set_entry(u, dst, movable_of(u, dst), 0);
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
 * @reason: why the block is moved
 *
 * On success the owner uses @dst, and the caller has @src in hand: it must free
 * the block, and no account is charged for it. An error changes nothing.
 *
 * Context: may sleep; takes the xa_lock of the registry.
 * Return: 0; -ENOENT if the owner has freed @src, which is not isolated any
 * more then; -ENOMEM if there is no memory for the registration, -EAGAIN if the
 * pageblock of @dst is isolated, or the error of the owner.
 */
int umbra_movable_migrate(struct umbra *u, u32 dst, u32 src,
			  enum umbra_migrate_mode mode,
			  enum umbra_migrate_reason reason)
{
	struct umbra_movable *movable = begin_callback(u, src);
	unsigned int order;
	int err;

	if (!movable)
		return -ENOENT;
	order = frame_order(frame_read(u, src));
	err = prepare_target(u, dst, src, movable, mode, reason);
	if (!err)
		err = movable->ops->migrate(movable,
					    umbra_index_to_page(u, dst),
					    umbra_index_to_page(u, src), order,
					    mode);
	if (err) {
		abandon_target(u, dst);
		end_callback(u, src, movable);
		/* To the caller -ENOENT says that the block is gone. */
		return err == -ENOENT ? -EBUSY : err;
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
	struct umbra_movable *movable = begin_callback(u, index);
	struct umbra_account *account;
	unsigned int order;
	unsigned long held;

	if (!movable || !may_isolate(u, index, movable))
		return 0;
	order = frame_order(frame_read(u, index));
	account = movable->account;
	/* Keep the account, which the owner may drop with its last block. */
	umbra_account_get(account);
	if (movable->ops->reclaim(movable, umbra_index_to_page(u, index), order,
				  gfp)) {
		put_back(u, index, movable);
		umbra_account_drop(account);
		return 0;
	}
	xa_lock(&u->movables);
	if (movable_is_listed(u, index))
		umbra_lru_unlink(u, index);
	take_in_hand(u, index, order);
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
	xa_init_flags(&u->movables, XA_FLAGS_ACCOUNT);
	init_waitqueue_head(&u->movable_wait);
}

/* Drop the registrations that owners left behind. Context: any. */
void umbra_movables_destroy(struct umbra *u)
{
	xa_destroy(&u->movables);
}
