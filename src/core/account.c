// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: how many pages one user of an instance has.
 *
 * An account is charged by its user and outlives it while frames that the
 * user freed are still held by references of others: every HELD frame has a
 * reference to the account it is charged to.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "account.h"
#include "core.h"

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
	umbra_oom_remember(account);
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
	umbra_oom_forget(account);
	kfree(account);
}
EXPORT_SYMBOL_GPL(umbra_account_put);

static int try_charge(struct umbra_account *account, unsigned long nr_pages,
		      unsigned long limit)
{
	long old = atomic_long_read(&account->pages);

	do {
		if (nr_pages > limit || old > limit - nr_pages)
			return -EDQUOT;
	} while (!atomic_long_try_cmpxchg(&account->pages, &old,
					  old + nr_pages));
	return 0;
}

/**
 * umbra_account_charge() - charge pages before they are allocated
 * @account: the account
 * @nr_pages: how many, in pages
 * @limit: how many pages the account may have at most, these included
 *
 * Held pages are looked at again before a charge is refused.
 *
 * Context: any but NMI; on PREEMPT_RT not with preemption or interrupts off.
 * Return: 0, or -EDQUOT if the limit does not allow it; then nothing is
 * charged.
 */
int umbra_account_charge(struct umbra_account *account, unsigned long nr_pages,
			 unsigned long limit)
{
	int err = try_charge(account, nr_pages, limit);

	if (err) {
		if (umbra_account_held(account))
			umbra_held_rescan(account->umbra);
		err = try_charge(account, nr_pages, limit);
	}
	return err;
}
EXPORT_SYMBOL_GPL(umbra_account_charge);

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
