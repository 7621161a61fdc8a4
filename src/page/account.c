// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: how many pages one user of an instance has.
 *
 * An account is charged by its user and outlives it while frames that the
 * user freed are still held by references of others: every HELD frame has a
 * reference to the account it is charged to.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../core/core.h"
#include "account.h"

/* Context: any. */
void umbra_accounts_init(struct umbra *u)
{
	spin_lock_init(&u->accounts.lock);
	INIT_LIST_HEAD(&u->accounts.list);
}

/* The instance is about to go; accounts may stay. Context: any. */
void umbra_accounts_leave(struct umbra *u)
{
	struct umbra_account *account, *next;
	unsigned long flags;

	spin_lock_irqsave(&u->accounts.lock, flags);
	list_for_each_entry_safe(account, next, &u->accounts.list, list) {
		list_del(&account->list);
		account->umbra = NULL;
	}
	spin_unlock_irqrestore(&u->accounts.lock, flags);
}

/* Change what becomes of an account; accounts.lock held. */
void umbra_account_set_fate(struct umbra_account *account,
			    enum umbra_account_fate fate)
{
	struct umbra_accounts *a = &account->umbra->accounts;

	lockdep_assert_held(&a->lock);

	if (account->fate == ACCOUNT_KILLED)
		atomic_dec(&a->nr_victims);
	if (fate == ACCOUNT_KILLED)
		atomic_inc(&a->nr_victims);
	account->fate = fate;
}

/* From now on the account may be one to free. Context: any. */
static void account_remember(struct umbra_account *account)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	list_add_tail(&account->list, &a->list);
	spin_unlock_irqrestore(&a->lock, flags);
}

/* An account is about to go. Context: any. */
static void account_forget(struct umbra_account *account)
{
	struct umbra_accounts *a;
	unsigned long flags;

	if (!account->umbra) {
		put_pid(account->opener);
		return;
	}
	a = &account->umbra->accounts;
	spin_lock_irqsave(&a->lock, flags);
	a->victim_is_gone |= account->fate == ACCOUNT_KILLED;
	umbra_account_set_fate(account, ACCOUNT_SPARED);
	list_del(&account->list);
	spin_unlock_irqrestore(&a->lock, flags);
	put_pid(account->opener);
}

/**
 * umbra_account_create() - make an account with nothing charged to it
 * @u: the instance whose pages will be charged
 *
 * Context: may sleep.
 * Return: the account, to be dropped with umbra_account_put(), or NULL if
 * there is no memory for it.
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
 * umbra_account_put() - drop a user's reference to an account
 * @account: the account
 *
 * The account goes when no HELD frame is charged to it any more.
 *
 * Context: any.
 */
void umbra_account_put(struct umbra_account *account)
{
	if (!refcount_dec_and_test(&account->ref))
		return;
	account_forget(account);
	kfree(account);
}
EXPORT_SYMBOL_GPL(umbra_account_put);

/**
 * umbra_account_uncharge() - take back a charge for pages not allocated
 * @account: the account
 * @nr_pages: how many, in pages
 *
 * Pages freed with umbra_free_pages_account() are uncharged by that.
 *
 * Context: any.
 */
void umbra_account_uncharge(struct umbra_account *account,
			    unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &account->pages);
}
EXPORT_SYMBOL_GPL(umbra_account_uncharge);

/**
 * umbra_account_promise() - say that charged pages are yet to be allocated
 * @account: the account
 * @nr_pages: how many, in pages; negative once they are, or will not be
 *
 * Who is charged first and allocates then has not got them yet, if somebody looks
 * for who has the most.
 *
 * Context: any.
 */
void umbra_account_promise(struct umbra_account *account, long nr_pages)
{
	atomic_long_add(nr_pages, &account->promised);
}
EXPORT_SYMBOL_GPL(umbra_account_promise);

/**
 * umbra_account_pages() - the pages charged to an account, held ones included
 * @account: the account
 *
 * Context: any.
 * Return: the number of pages.
 */
unsigned long umbra_account_pages(struct umbra_account *account)
{
	return atomic_long_read(&account->pages);
}
EXPORT_SYMBOL_GPL(umbra_account_pages);

/**
 * umbra_account_held() - the pages freed to an account but still referenced
 * @account: the account
 *
 * Context: any.
 * Return: the number of pages.
 */
unsigned long umbra_account_held(struct umbra_account *account)
{
	return atomic_long_read(&account->held);
}
EXPORT_SYMBOL_GPL(umbra_account_held);

/* Keep @account (may be NULL) until umbra_account_drop(). Context: any. */
void umbra_account_get(struct umbra_account *account)
{
	if (account)
		refcount_inc(&account->ref);
}

void umbra_account_drop(struct umbra_account *account)
{
	if (account)
		umbra_account_put(account);
}

/* A frame charged to @account (may be NULL) becomes HELD. */
void umbra_account_hold(struct umbra_account *account)
{
	if (!account)
		return;
	umbra_account_get(account);
	atomic_long_inc(&account->held);
}

/* A HELD frame charged to @account (may be NULL) is HELD no more. */
void umbra_account_unhold(struct umbra_account *account)
{
	if (!account)
		return;
	atomic_long_dec(&account->held);
	umbra_account_uncharge(account, 1);
	umbra_account_put(account);
}

/**
 * umbra_account_set_opener() - say whose death would free an account's pages
 * @account: the account
 * @pid: a thread group, or NULL for nobody, as it is at first
 *
 * Context: any.
 */
void umbra_account_set_opener(struct umbra_account *account, struct pid *pid)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;
	struct pid *old;

	spin_lock_irqsave(&a->lock, flags);
	old = account->opener;
	account->opener = get_pid(pid);
	spin_unlock_irqrestore(&a->lock, flags);
	put_pid(old);
}
EXPORT_SYMBOL_GPL(umbra_account_set_opener);

/**
 * umbra_oom_is_victim() - was the current task killed for its memory
 * @u: the instance
 *
 * Context: any.
 * Return: true until its memory is back, or was waited for too long.
 */
bool umbra_oom_is_victim(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	struct umbra_account *account;
	unsigned long flags;
	bool found = false;

	if (likely(!atomic_read(&a->nr_victims)) || !in_task())
		return false;
	spin_lock_irqsave(&a->lock, flags);
	list_for_each_entry(account, &a->list, list)
		found |= account->fate == ACCOUNT_KILLED &&
			 account->opener == task_tgid(current);
	spin_unlock_irqrestore(&a->lock, flags);
	return found;
}
