/* SPDX-License-Identifier: GPL-2.0 */
/* Accounts: the pages of one user of an instance. */
#ifndef _UMBRA_ACCOUNT_H
#define _UMBRA_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct pid;
struct umbra;

/* The state of the processes of an account, for the OOM killer. */
enum umbra_account_fate {
	ACCOUNT_SPARED,		/* none was killed yet */
	ACCOUNT_KILLED,		/* one was killed: pages must become free soon */
	ACCOUNT_PASSED_OVER	/* a kill does not help */
};

struct umbra_account {
	struct umbra *umbra;	/* NULL after the instance is destroyed */
	refcount_t ref;
	atomic_long_t pages;	/* charged pages, with HELD ones */
	atomic_long_t promised;	/* charged pages that are not allocated yet */
	atomic_long_t held;	/* HELD pages */

	/* Members up to @deadline are written under umbra.accounts.lock. */
	struct list_head list;	/* RCU */
	/* Thread groups, or NULL. */
	struct pid *opener;
	struct pid *user;	/* the last that allocated or faulted */
	struct pid *victim;	/* the one that was killed */
	enum umbra_account_fate fate;
	long left;		/* pages at the last check of a victim */
	unsigned long deadline;	/* jiffies: end of the wait for fewer pages */

	unsigned long user_since;	/* jiffies of the last change of @user */
	unsigned long elsewhere;	/* oom.lock; see victim.c */
	struct rcu_head rcu;
};

/* The pages of an account, without promised pages that it does not have yet. */
static inline long umbra_account_pages_had(const struct umbra_account *account)
{
	long pages = atomic_long_read(&account->pages);

	return max(pages - atomic_long_read(&account->promised), 0L);
}

void umbra_accounts_init(struct umbra *u);
void umbra_accounts_leave(struct umbra *u);
void umbra_account_set_fate(struct umbra_account *account,
			    enum umbra_account_fate fate);
void umbra_account_set_pid(struct umbra_account *account, struct pid **where,
			   struct pid *pid);
void umbra_account_charge_more(struct umbra_account *account,
			       unsigned long nr_pages);
void umbra_account_get(struct umbra_account *account);
void umbra_account_drop(struct umbra_account *account);
void umbra_account_hold(struct umbra_account *account);
void umbra_account_unhold(struct umbra_account *account);
bool umbra_oom_is_victim(struct umbra *u);

#endif /* _UMBRA_ACCOUNT_H */
