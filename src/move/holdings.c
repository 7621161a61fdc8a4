// SPDX-License-Identifier: GPL-2.0
/*
 * The registered pages of each account in some zones. An account itself counts
 * the pages of all zones.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/xarray.h>
#include "../core/core.h"
#include "../page/account.h"
#include "holdings.h"
#include "registry.h"

/* Blocks that are counted in one hold of the xa_lock. */
#define HOLDINGS_BATCH 1024

/**
 * umbra_holdings_reset() - begin to count
 * @u: the instance
 *
 * Context: process context; oom.lock held.
 */
void umbra_holdings_reset(struct umbra *u)
{
	struct umbra_account *account;

	lockdep_assert_held(&u->oom.lock);

	rcu_read_lock();
	list_for_each_entry_rcu(account, &u->accounts.list, list)
		account->elsewhere = 0;
	rcu_read_unlock();
}

static struct umbra_account *account_of(struct umbra *u, u32 index)
{
	struct umbra_movable *movable = movable_of(u, index);

	if (movable)
		return movable->account;
	return xa_untag_pointer(xa_load(&u->movables, index));
}

/* Count a batch. Returns whether the zone may have more blocks. */
static bool count_batch(struct umbra_zone *zone, unsigned long *index)
{
	struct umbra *u = zone->umbra;
	unsigned int batch = HOLDINGS_BATCH;
	struct umbra_account *account;
	void *entry;

	xa_lock(&u->movables);
	while (batch-- && (entry = xa_find(&u->movables, index, zone->end - 1,
					   XA_PRESENT))) {
		account = account_of(u, *index);
		if (account)
			account->elsewhere += movable_pages(u, *index);
		++*index;
	}
	xa_unlock(&u->movables);
	return entry;
}

/**
 * umbra_holdings_count() - add the registered pages of a zone to their accounts
 * @zone: the zone
 *
 * Adds to umbra_account.elsewhere.
 *
 * Context: may sleep; oom.lock held. Takes the xa_lock of the registry for one
 * batch at a time.
 */
void umbra_holdings_count(struct umbra_zone *zone)
{
	unsigned long index = zone->start;

	lockdep_assert_held(&zone->umbra->oom.lock);

	while (count_batch(zone, &index))
		cond_resched();
}
