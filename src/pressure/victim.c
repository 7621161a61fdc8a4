// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of the process that is killed for a request.
 *
 * The account with the most pages decides, of those pages that the request may
 * use. Its process is the one that last allocated or touched pages; if that one
 * is gone, the one that opened the file. If neither lives, or a kill did not
 * help before, then no process is killed: the memory of others is not what the
 * request lacks. Processes that must not be killed, as in the host, are left
 * out, and so are accounts of the kernel.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../move/holdings.h"
#include "../page/account.h"
#include "../page/zonelist.h"
#include "victim.h"

/**
 * umbra_victim_can_help() - test whether free memory would serve a request
 * @u: the instance
 * @rq: the request
 *
 * Context: any.
 * Return: true if a zone that @rq may use would serve it if all its pages were
 * free.
 */
bool umbra_victim_can_help(struct umbra *u, const struct umbra_request *rq)
{
	unsigned long block = 1UL << rq->order;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		unsigned long managed = READ_ONCE(zone->nr_managed);
		unsigned long free = READ_ONCE(zone->nr_free_pages);

		if (umbra_watermark_with(zone, 0,
					 umbra_mark(zone, UMBRA_WMARK_MIN) +
					 block - 1, rq->highest, rq->flags,
					 managed - min(managed, free)))
			return true;
	}
	return false;
}

/* Does a thread of a group still have its files? RCU read lock held. */
static bool has_files(struct task_struct *task)
{
	struct task_struct *thread;

	for_each_thread(task, thread)
		if (!READ_ONCE(thread->exit_state))
			return true;
	return false;
}

/*
 * The thread group of a pid, or NULL if its memory has come back already. RCU
 * read lock held.
 */
static struct task_struct *living(struct pid *pid)
{
	struct task_struct *task = pid_task(pid, PIDTYPE_TGID);

	if (task && (atomic_read(&task->signal->live) || has_files(task)))
		return task;
	return NULL;
}

/**
 * umbra_victim_is_exiting() - test whether a process exits by itself
 * @pid: thread group
 *
 * Context: any but NMI.
 * Return: true if the memory of the process comes back without a kill.
 */
bool umbra_victim_is_exiting(struct pid *pid)
{
	struct task_struct *task;
	bool exiting;

	rcu_read_lock();
	task = living(pid);
	exiting = task && !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return exiting;
}

/**
 * umbra_victim_of() - get the process that is killed for an account
 * @account: the account
 *
 * Context: accounts.lock and the RCU read lock held.
 * Return: its thread group, or NULL if no process of the account lives.
 */
struct pid *umbra_victim_of(const struct umbra_account *account)
{
	lockdep_assert_held(&account->umbra->accounts.lock);

	if (living(account->user))
		return account->user;
	return living(account->opener) ? account->opener : NULL;
}

/* The use of a kill for an account. */
enum prospect {
	PROSPECT_NONE,		/* the account does not count */
	PROSPECT_HOPELESS,	/* its pages do not come back */
	PROSPECT_KILL
};

/* accounts.lock and the RCU read lock held. */
static enum prospect prospect_of(const struct umbra_account *account,
				 struct pid *pid)
{
	struct task_struct *task;

	if (!account->opener && !account->user)
		return PROSPECT_NONE;
	if (account->fate != ACCOUNT_SPARED || !pid)
		return PROSPECT_HOPELESS;
	task = living(pid);
	if (!task || is_global_init(task) ||
	    task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return PROSPECT_NONE;
	return PROSPECT_KILL;
}

/* Is there a process that may be killed? */
static bool has_candidate(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	struct umbra_account *account;
	unsigned long flags;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(account, &a->list, list) {
		spin_lock_irqsave(&a->lock, flags);
		found = prospect_of(account, umbra_victim_of(account)) ==
			PROSPECT_KILL;
		spin_unlock_irqrestore(&a->lock, flags);
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
}

/* Count the pages of each account in zones that a request may not use. */
static void count_elsewhere(struct umbra *u, const struct umbra_request *rq)
{
	DECLARE_BITMAP(allowed, UMBRA_MAX_ZONES) = {};
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq)
		__set_bit(zone - u->zones, allowed);
	umbra_holdings_reset(u);
	for_each_umbra_zone(u, zone)
		if (!test_bit(zone - u->zones, allowed))
			umbra_holdings_count(zone);
}

/* Drop the references of a victim. Context: any but NMI. */
void umbra_victim_release(struct umbra_victim *victim)
{
	if (!victim->account)
		return;
	put_pid(victim->pid);
	umbra_account_put(victim->account);
	victim->account = NULL;
}

/*
 * Compare an account with the best one so far. *@most is the number of its
 * pages. RCU read lock held.
 */
static void consider(struct umbra_account *account, long *most,
		     struct umbra_victim *best)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	struct umbra_victim old = {};
	enum prospect prospect;
	unsigned long flags;
	struct pid *pid;
	long pages;

	pages = umbra_account_pages_had(account) - (long)account->elsewhere;
	if (pages <= *most)
		return;
	spin_lock_irqsave(&a->lock, flags);
	pid = umbra_victim_of(account);
	prospect = prospect_of(account, pid);
	/* Untaken: the account is being freed, and so are its pages. */
	if (prospect == PROSPECT_KILL && !refcount_inc_not_zero(&account->ref))
		prospect = PROSPECT_NONE;
	if (prospect != PROSPECT_NONE) {
		*most = pages;
		old = *best;
		*best = (struct umbra_victim) {};
	}
	if (prospect == PROSPECT_KILL) {
		best->account = account;
		best->pid = get_pid(pid);
	}
	spin_unlock_irqrestore(&a->lock, flags);
	umbra_victim_release(&old);
}

/**
 * umbra_victim_select() - choose the process to kill for a request
 * @u: the instance
 * @rq: the request
 * @victim: set to the process and its account; umbra_victim_release() drops it
 *
 * Context: may sleep; oom.lock held.
 * Return: true, or false if no process should be killed.
 */
bool umbra_victim_select(struct umbra *u, const struct umbra_request *rq,
			 struct umbra_victim *victim)
{
	struct umbra_account *account;
	long most = 0;

	lockdep_assert_held(&u->oom.lock);

	*victim = (struct umbra_victim) {};
	if (!has_candidate(u))
		return false;
	count_elsewhere(u, rq);
	rcu_read_lock();
	list_for_each_entry_rcu(account, &u->accounts.list, list)
		consider(account, &most, victim);
	rcu_read_unlock();
	return victim->account;
}
