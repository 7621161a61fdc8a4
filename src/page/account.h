/* SPDX-License-Identifier: GPL-2.0 */
/* Accounts: the pages of one user of an instance. */
#ifndef _UMBRA_ACCOUNT_H
#define _UMBRA_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>

struct umbra;

/* What has become of the opener of an account. */
enum umbra_account_fate {
	ACCOUNT_SPARED,
	ACCOUNT_KILLED,		/* its opener was, and memory is to come back */
	ACCOUNT_PASSED_OVER	/* killing its opener does not help */
};

struct umbra_account {
	struct umbra *umbra;	/* NULL when that is gone */
	refcount_t ref;
	atomic_long_t pages;	/* charged, held ones counted in */
	atomic_long_t promised;	/* of them, those not allocated yet */
	atomic_long_t held;

	/* Guarded by accounts_lock of the instance. */
	struct list_head list;
	struct pid *opener;	/* thread group, or NULL */
	enum umbra_account_fate fate;
	long left;		/* pages it had when last looked at, if killed */
	unsigned long deadline;	/* jiffies: when fewer should be left */
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
