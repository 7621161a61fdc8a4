// SPDX-License-Identifier: GPL-2.0
/* The charge of an account before its pages are allocated. */
#include <linux/atomic.h>
#include <linux/module.h>
#include "account.h"
#include "held.h"

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
 * @account: account
 * @nr_pages: number of pages to charge
 * @limit: maximum number of pages of the account, these included
 *
 * Held pages are looked at again before a charge is refused.
 *
 * Context: Any context except NMI, does not sleep. May take zone locks; on
 * PREEMPT_RT not with preemption or interrupts off.
 * Return: 0, or -EDQUOT if the limit is exceeded; then nothing is charged.
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
