/* SPDX-License-Identifier: GPL-2.0 */
/* Accounts: the pages of one user of an instance. */
#ifndef _UMBRA_ACCOUNT_H
#define _UMBRA_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>

struct umbra;

/* The state of the opener of an account, for the OOM killer. */
enum umbra_account_fate {
	ACCOUNT_SPARED,		/* not killed yet */
	ACCOUNT_KILLED,		/* killed: its pages must become free soon */
	ACCOUNT_PASSED_OVER	/* a kill of the opener does not help */
};

struct umbra_account {
	struct umbra *umbra;	/* NULL after the instance is destroyed */
	refcount_t ref;
	atomic_long_t pages;	/* charged pages, with HELD ones */
	atomic_long_t promised;	/* charged pages that are not allocated yet */
	atomic_long_t held;	/* HELD pages */

	/* Guarded by umbra.accounts.lock. */
	struct list_head list;
	struct pid *opener;	/* thread group, or NULL */
	enum umbra_account_fate fate;
	long left;		/* pages at the last check of a victim */
	unsigned long deadline;	/* jiffies: end of the wait for fewer pages */
};

void umbra_accounts_init(struct umbra *u);
void umbra_accounts_leave(struct umbra *u);
void umbra_account_set_fate(struct umbra_account *account,
			    enum umbra_account_fate fate);
void umbra_account_get(struct umbra_account *account);
void umbra_account_drop(struct umbra_account *account);
void umbra_account_hold(struct umbra_account *account);
void umbra_account_unhold(struct umbra_account *account);
bool umbra_oom_is_victim(struct umbra *u);

#endif /* _UMBRA_ACCOUNT_H */
