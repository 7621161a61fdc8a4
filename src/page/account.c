// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: the number of pages that one user of an instance has.
 *
 * A user creates an account and charges its pages to it. Every HELD frame has a
 * reference to the account that it is charged to. So an account may outlive its
 * user, until no frame that the user freed is HELD.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../core/core.h"
#include "account.h"

/* Create the empty list of accounts. Context: any. */
void umbra_accounts_init(struct umbra *u)
{
	spin_lock_init(&u->accounts.lock);
	INIT_LIST_HEAD(&u->accounts.list);
}

/* Detach accounts from an instance that is destroyed. Context: any. */
void umbra_accounts_leave(struct umbra *u)
{
	struct umbra_account *account, *next;
	unsigned long flags;

	spin_lock_irqsave(&u->accounts.lock, flags);
	list_for_each_entry_safe(account, next, &u->accounts.list, list) {
		list_del_rcu(&account->list);
		account->umbra = NULL;
	}
	spin_unlock_irqrestore(&u->accounts.lock, flags);
}

/* Set the fate of an account and count victims; accounts.lock held. */
void umbra_account_set_fate(struct umbra_account *account,
			    enum umbra_account_fate fate)
{
	struct umbra_accounts *a = &account->umbra->accounts;

	lockdep_assert_held(&a->lock);

	if (account->fate == ACCOUNT_KILLED)
		atomic_dec(&a->nr_victims);
	if (fate == ACCOUNT_KILLED)
		atomic_inc(&a->nr_victims);
	WRITE_ONCE(account->fate, fate);
}

/* Add an account to the list that the OOM killer reads. Context: any. */
static void account_remember(struct umbra_account *account)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	list_add_tail_rcu(&account->list, &a->list);
	spin_unlock_irqrestore(&a->lock, flags);
}

/* Replace a process of an account, and its reference. Context: any but NMI. */
void umbra_account_set_pid(struct umbra_account *account, struct pid **where,
			   struct pid *pid)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;
	struct pid *old;

	get_pid(pid);
	spin_lock_irqsave(&a->lock, flags);
	old = *where;
	WRITE_ONCE(*where, pid);
	spin_unlock_irqrestore(&a->lock, flags);
	put_pid(old);
}

/* Remove an account from the list. Context: any. */
static void account_forget(struct umbra_account *account)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	a->victim_is_gone |= account->fate == ACCOUNT_KILLED;
	umbra_account_set_fate(account, ACCOUNT_SPARED);
	list_del_rcu(&account->list);
	spin_unlock_irqrestore(&a->lock, flags);
	/* A reader of the list may still have the account, without a reference. */
	umbra_account_set_pid(account, &account->opener, NULL);
	umbra_account_set_pid(account, &account->user, NULL);
	umbra_account_set_pid(account, &account->victim, NULL);
}

/**
 * umbra_account_create() - create an account without pages
 * @u: instance whose pages will be charged
 *
 * Context: Process context, may sleep.
 * Return: the account, which umbra_account_put() drops, or NULL if there is no
 * memory for it.
 */
struct umbra_account *umbra_account_create(struct umbra *u)
{
	struct umbra_account *account;

	account = kzalloc_obj(*account, GFP_KERNEL_ACCOUNT);
	if (!account)
		return NULL;
	account->umbra = u;
	refcount_set(&account->ref, 1);
	account_remember(account);
	return account;
}
EXPORT_SYMBOL_GPL(umbra_account_create);

/**
 * umbra_account_put() - drop the reference of a user to an account
 * @account: account
 *
 * The account lives until no held page is charged to it.
 *
 * Context: Any context except NMI, does not sleep. On PREEMPT_RT not with
 * preemption or interrupts off.
 */
void umbra_account_put(struct umbra_account *account)
{
	if (!refcount_dec_and_test(&account->ref))
		return;
	if (account->umbra) {
		account_forget(account);
	} else {
		put_pid(account->opener);
		put_pid(account->user);
		put_pid(account->victim);
	}
	kfree_rcu(account, rcu);
}
EXPORT_SYMBOL_GPL(umbra_account_put);

/**
 * umbra_account_uncharge() - take back a charge for pages not allocated
 * @account: account
 * @nr_pages: number of pages
 *
 * umbra_free_pages_account() takes the charge of freed pages back by itself.
 *
 * Context: Any context, does not sleep.
 */
void umbra_account_uncharge(struct umbra_account *account,
			    unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &account->pages);
}
EXPORT_SYMBOL_GPL(umbra_account_uncharge);

/* Charge pages that exist already, also beyond a limit. Context: any. */
void umbra_account_charge_more(struct umbra_account *account,
			       unsigned long nr_pages)
{
	atomic_long_add(nr_pages, &account->pages);
}

/**
 * umbra_account_promise() - note that charged pages are not allocated yet
 * @account: account
 * @nr_pages: number of pages; negative when they were allocated, or will not be
 *
 * The search for the account with the most pages leaves such pages out.
 *
 * Context: Any context, does not sleep.
 */
void umbra_account_promise(struct umbra_account *account, long nr_pages)
{
	atomic_long_add(nr_pages, &account->promised);
}
EXPORT_SYMBOL_GPL(umbra_account_promise);

/**
 * umbra_account_pages() - count the pages charged to an account
 * @account: account
 *
 * Context: Any context, does not sleep.
 * Return: the number of pages, held pages counted in.
 */
unsigned long umbra_account_pages(struct umbra_account *account)
{
	return atomic_long_read(&account->pages);
}
EXPORT_SYMBOL_GPL(umbra_account_pages);

/**
 * umbra_account_held() - count the held pages charged to an account
 * @account: account
 *
 * Context: Any context, does not sleep.
 * Return: the number of pages that were freed and are still referenced.
 */
unsigned long umbra_account_held(struct umbra_account *account)
{
	return atomic_long_read(&account->held);
}
EXPORT_SYMBOL_GPL(umbra_account_held);

/* Get a reference to @account, which may be NULL. Context: any. */
void umbra_account_get(struct umbra_account *account)
{
	if (account)
		refcount_inc(&account->ref);
}

/* Undo umbra_account_get(). Context: any. */
void umbra_account_drop(struct umbra_account *account)
{
	if (account)
		umbra_account_put(account);
}

/* Count a frame of @account, which may be NULL, as HELD. Context: any. */
void umbra_account_hold(struct umbra_account *account)
{
	if (!account)
		return;
	umbra_account_get(account);
	atomic_long_inc(&account->held);
}

/* Undo umbra_account_hold(), and uncharge the frame. Context: any. */
void umbra_account_unhold(struct umbra_account *account)
{
	if (!account)
		return;
	atomic_long_dec(&account->held);
	umbra_account_uncharge(account, 1);
	umbra_account_put(account);
}

/**
 * umbra_account_set_opener() - set the process that OOM kills for an account
 * @account: account
 * @pid: thread group, or NULL for none, as at first
 *
 * The process that umbra_account_set_user() names is killed instead, as long as
 * it lives.
 *
 * Context: Any context except NMI, does not sleep. On PREEMPT_RT not with
 * preemption or interrupts off.
 */
void umbra_account_set_opener(struct umbra_account *account, struct pid *pid)
{
	umbra_account_set_pid(account, &account->opener, pid);
}
EXPORT_SYMBOL_GPL(umbra_account_set_opener);

/**
 * umbra_account_set_user() - note the process that uses the pages of an account
 * @account: account
 * @pid: thread group that allocates or touches pages now
 *
 * Costs a comparison if the process is the same as before, and has an effect
 * once a jiffy if several processes take turns.
 *
 * Context: As umbra_account_set_opener().
 */
void umbra_account_set_user(struct umbra_account *account, struct pid *pid)
{
	unsigned long now = jiffies;

	if (READ_ONCE(account->user) == pid ||
	    (account->user && READ_ONCE(account->user_since) == now))
		return;
	WRITE_ONCE(account->user_since, now);
	umbra_account_set_pid(account, &account->user, pid);
}
EXPORT_SYMBOL_GPL(umbra_account_set_user);

/**
 * umbra_oom_is_victim() - test whether the current task was killed for memory
 * @u: the instance
 *
 * Context: any.
 * Return: true if it was killed, until its pages are free or the OOM killer has
 * waited for them too long.
 */
bool umbra_oom_is_victim(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	struct umbra_account *account;
	bool found = false;

	if (likely(!atomic_read(&a->nr_victims)) || !in_task())
		return false;
	rcu_read_lock();
	list_for_each_entry_rcu(account, &a->list, list)
		found |= READ_ONCE(account->fate) == ACCOUNT_KILLED &&
			 READ_ONCE(account->victim) == task_tgid(current);
	rcu_read_unlock();
	return found;
}
