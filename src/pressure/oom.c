// SPDX-License-Identifier: GPL-2.0
/*
 * The last resort of a request. Registered notifiers may free memory. Then, if
 * the policy is to kill, the opener of the account with the most pages is
 * killed, so that its file is closed. The opener of an account is killed only
 * once. If the memory is not freed in time, for example because another task
 * has the file open, the account is passed over from then on.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../page/account.h"
#include "oom.h"
#include <trace/events/umbra.h>

/*
 * Time without progress until a victim is passed over, in jiffies. The exit of a
 * task that maps much takes that long on a busy machine.
 */
#define VICTIM_PERIOD (5 * HZ)

/* Number of accounts in a report. */
#define HOLDERS_TOLD 16

/**
 * umbra_register_oom_notifier() - have a notifier called when memory is out
 * @u: instance
 * @nb: notifier; its argument points to an unsigned long, to which it adds the
 *	number of pages it freed. It may sleep, and must only try locks that are
 *	held around an allocation
 *
 * The notifier is called before a process is killed or the request fails.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EEXIST if the notifier is registered already.
 */
int umbra_register_oom_notifier(struct umbra *u, struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&u->oom.notifiers, nb);
}
EXPORT_SYMBOL_GPL(umbra_register_oom_notifier);

/**
 * umbra_unregister_oom_notifier() - undo umbra_register_oom_notifier()
 * @u: instance
 * @nb: registered notifier
 *
 * Context: Process context, may sleep. Not from a notifier.
 * Return: 0, or -ENOENT if the notifier was not registered.
 */
int umbra_unregister_oom_notifier(struct umbra *u, struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&u->oom.notifiers,
						  nb);
}
EXPORT_SYMBOL_GPL(umbra_unregister_oom_notifier);

/* The pages of an account, without promised pages that it does not have yet. */
static long pages_of(const struct umbra_account *account)
{
	long pages = atomic_long_read(&account->pages);

	return max(pages - atomic_long_read(&account->promised), 0L);
}

/* Initialize the lock and the notifiers. Context: any. */
void umbra_oom_init(struct umbra *u)
{
	mutex_init(&u->oom.lock);
	BLOCKING_INIT_NOTIFIER_HEAD(&u->oom.notifiers);
}

/* One line in the table of the largest accounts. */
struct holder {
	pid_t pid;
	long pages;
	long held;
	char comm[TASK_COMM_LEN];
};

/* Insert an account into the sorted table, if it has enough pages. */
static void insert_holder(struct holder *holders,
			  const struct umbra_account *account)
{
	struct task_struct *task;
	unsigned int i = HOLDERS_TOLD;

	if (pages_of(account) <= holders[HOLDERS_TOLD - 1].pages)
		return;
	while (--i && holders[i - 1].pages < pages_of(account))
		holders[i] = holders[i - 1];
	holders[i] = (struct holder) {
		.pid = pid_nr(account->opener),
		.pages = pages_of(account),
		.held = atomic_long_read(&account->held),
	};
	rcu_read_lock();
	task = pid_task(account->opener, PIDTYPE_TGID);
	strscpy(holders[i].comm, task ? task->comm : "-",
		sizeof(holders[i].comm));
	rcu_read_unlock();
}

/**
 * umbra_oom_report_holders() - print the accounts with the most pages
 * @u: the instance
 *
 * Prints nothing if no account has pages.
 *
 * Context: any but NMI; takes accounts.lock.
 */
void umbra_oom_report_holders(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	struct holder holders[HOLDERS_TOLD] = {};
	struct umbra_account *account;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&a->lock, flags);
	list_for_each_entry(account, &a->list, list)
		insert_holder(holders, account);
	spin_unlock_irqrestore(&a->lock, flags);
	if (!holders[0].pages)
		return;
	pr_warn("%s: [  pid  ]      pages       held name\n", u->name);
	for (i = 0; i < HOLDERS_TOLD && holders[i].pages; i++)
		pr_warn("%s: [%7d] %10ld %10ld %s\n", u->name, holders[i].pid,
			holders[i].pages, holders[i].held, holders[i].comm);
}

/* The decision for a request; a higher number has precedence. */
enum verdict {
	VERDICT_KILL,
	VERDICT_WAIT,		/* for a task that was killed */
	VERDICT_FAIL
};

/*
 * Judge an account whose opener was killed. The request waits while memory of
 * the account is being freed. When all of it is freed, the request tries again
 * before another task is killed. If no memory is freed in time, the request
 * fails. If the deadline is long past, no request has waited for it, and
 * another task may be killed.
 */
static enum verdict judge_killed(struct umbra_account *account)
{
	unsigned long now = jiffies;
	long pages = pages_of(account);

	if (!pages) {
		umbra_account_set_fate(account, ACCOUNT_PASSED_OVER);
		return VERDICT_WAIT;
	}
	if (pages < account->left) {
		account->left = pages;
		account->deadline = now + VICTIM_PERIOD;
	}
	if (!time_after(now, account->deadline))
		return VERDICT_WAIT;
	umbra_account_set_fate(account, ACCOUNT_PASSED_OVER);
	return time_after(now, account->deadline + VICTIM_PERIOD) ?
	       VERDICT_KILL : VERDICT_FAIL;
}

/*
 * Judge all accounts whose opener was killed, and return the highest verdict.
 * An account that was destroyed since the last call has freed all its memory.
 * accounts.lock held.
 */
static enum verdict judge_all(struct umbra_accounts *a)
{
	enum verdict verdict = a->victim_is_gone ? VERDICT_WAIT : VERDICT_KILL;
	struct umbra_account *account;

	lockdep_assert_held(&a->lock);

	a->victim_is_gone = false;
	list_for_each_entry(account, &a->list, list)
		if (account->fate == ACCOUNT_KILLED)
			verdict = max(verdict, judge_killed(account));
	return verdict;
}

/* The untried account with the most pages, or NULL. accounts.lock held. */
static struct umbra_account *find_most(struct umbra_accounts *a)
{
	struct umbra_account *account, *most = NULL;

	lockdep_assert_held(&a->lock);

	list_for_each_entry(account, &a->list, list)
		if (account->fate == ACCOUNT_SPARED && account->opener &&
		    pages_of(account) > (most ? pages_of(most) : 0))
			most = account;
	return most;
}

/*
 * Select the account whose opener must be killed. Returns the account and the
 * opener, with a reference to each, or NULL. Sets *@verdict in any case.
 */
static struct umbra_account *select_victim(struct umbra *u,
					   enum verdict *verdict,
					   struct pid **opener)
{
	struct umbra_accounts *a = &u->accounts;
	struct umbra_account *most = NULL;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	*verdict = judge_all(a);
	if (*verdict == VERDICT_KILL)
		most = find_most(a);
	if (most && refcount_inc_not_zero(&most->ref)) {
		umbra_account_set_fate(most, ACCOUNT_KILLED);
		most->left = pages_of(most);
		most->deadline = jiffies + VICTIM_PERIOD;
		*opener = get_pid(most->opener);
	} else {
		most = NULL;
	}
	spin_unlock_irqrestore(&a->lock, flags);
	if (*verdict == VERDICT_KILL && !most)
		*verdict = VERDICT_FAIL;
	return most;
}

static void pass_over(struct umbra_account *account)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	umbra_account_set_fate(account, ACCOUNT_PASSED_OVER);
	spin_unlock_irqrestore(&a->lock, flags);
}

/* Kill the opener of an account. Returns 0, or an error if it has exited. */
static int kill_opener(struct umbra_account *account, struct pid *opener,
		       const struct umbra_request *rq)
{
	struct umbra *u = account->umbra;
	int err = kill_pid(opener, SIGKILL, 1);

	pr_warn("%s: %s process %d, whose file has %ld pages\n", u->name,
		err ? "cannot find" : "killed", pid_nr(opener),
		pages_of(account));
	if (err)
		return err;
	umbra_count(rq->preferred, EVENT_OOM_KILL, 1);
	trace_umbra_oom_kill(pid_nr(opener), pages_of(account));
	return 0;
}

/* Kill the opener with the most pages, or wait for an earlier victim. */
static enum verdict kill_somebody(struct umbra *u,
				  const struct umbra_request *rq)
{
	struct umbra_account *account;
	enum verdict verdict;
	bool reported = false;
	struct pid *opener;

	while ((account = select_victim(u, &verdict, &opener))) {
		if (!reported) {
			pr_warn("%s: out of memory: %s asked for order:%u, mode:%#x(%pGg)\n",
				u->name, current->comm, rq->order,
				(__force unsigned int)rq->gfp, &rq->gfp);
			umbra_oom_report_holders(u);
		}
		reported = true;
		if (kill_opener(account, opener, rq))
			pass_over(account);
		else
			verdict = VERDICT_WAIT;
		put_pid(opener);
		umbra_account_put(account);
		if (verdict == VERDICT_WAIT)
			break;
	}
	return verdict;
}

/* Judge the earlier victims, but kill no other task. */
static enum verdict wait_for_killed(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	enum verdict verdict;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	verdict = judge_all(a);
	spin_unlock_irqrestore(&a->lock, flags);
	return verdict;
}

/**
 * umbra_oom() - find memory for a request by notifiers, or by a kill
 * @u: the instance
 * @rq: the request
 *
 * Context: may sleep; the caller must hold oom.lock.
 * Return: true if memory was freed or will be freed soon, so that the request
 * should try again.
 */
bool umbra_oom(struct umbra *u, const struct umbra_request *rq)
{
	unsigned long freed = 0;
	enum verdict verdict;
	unsigned int reclaim;

	lockdep_assert_held(&u->oom.lock);

	/* An allocation by a notifier must not wait for oom.lock. */
	reclaim = memalloc_noreclaim_save();
	blocking_notifier_call_chain(&u->oom.notifiers, 0, &freed);
	memalloc_noreclaim_restore(reclaim);
	if (freed)
		return true;
	if (READ_ONCE(u->oom.policy) != UMBRA_OOM_KILL)
		return false;
	/* A dying task frees memory itself, so kill no other task for it. */
	if (fatal_signal_pending(current))
		return false;
	verdict = rq->gfp & __GFP_FS ? kill_somebody(u, rq) :
				       wait_for_killed(u);
	if (verdict == VERDICT_WAIT)
		schedule_timeout_killable(1);
	return verdict == VERDICT_WAIT;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_oom);
