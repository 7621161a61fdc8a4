// SPDX-License-Identifier: GPL-2.0
/*
 * The last resort of a request. Registered notifiers may free memory. Then, if
 * the policy is to kill, the process of the account with the most pages is
 * killed, so that its file is closed; victim.c chooses it. One process of an
 * account is killed. If the memory is not freed in time, for example because
 * another process has the file open, the account is passed over from then on.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
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
#include "victim.h"
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

/* Describe the process of an account. RCU read lock held. */
static void name_process(struct holder *holder, struct umbra_account *account)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	struct task_struct *task;
	unsigned long flags;
	struct pid *pid;

	spin_lock_irqsave(&a->lock, flags);
	pid = umbra_victim_of(account) ?: account->opener;
	task = pid_task(pid, PIDTYPE_TGID);
	holder->pid = pid_nr(pid);
	strscpy(holder->comm, task ? task->comm : "-", sizeof(holder->comm));
	spin_unlock_irqrestore(&a->lock, flags);
}

/*
 * Insert an account into the sorted table, if it has enough pages. RCU read
 * lock held.
 */
static void insert_holder(struct holder *holders,
			  struct umbra_account *account)
{
	long pages = umbra_account_pages_had(account);
	unsigned int i = HOLDERS_TOLD;

	if (pages <= holders[HOLDERS_TOLD - 1].pages)
		return;
	while (--i && holders[i - 1].pages < pages)
		holders[i] = holders[i - 1];
	holders[i] = (struct holder) {
		.pages = pages,
		.held = atomic_long_read(&account->held),
	};
	name_process(&holders[i], account);
}

/**
 * umbra_oom_report_holders() - print the accounts with the most pages
 * @u: the instance
 *
 * Prints nothing if no account has pages.
 *
 * Context: any but NMI; takes accounts.lock for one account at a time. On
 * PREEMPT_RT not with preemption or interrupts off.
 */
void umbra_oom_report_holders(struct umbra *u)
{
	struct holder holders[HOLDERS_TOLD] = {};
	struct umbra_account *account;
	unsigned int i;

	rcu_read_lock();
	list_for_each_entry_rcu(account, &u->accounts.list, list)
		insert_holder(holders, account);
	rcu_read_unlock();
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
 * The kill of the process that used a file did not help. If another process
 * opened the file, that one is next; else the account is passed over.
 * accounts.lock held.
 */
static void give_up(struct umbra_account *account)
{
	struct pid *user = account->user;

	if (!account->opener || account->victim == account->opener) {
		umbra_account_set_fate(account, ACCOUNT_PASSED_OVER);
		return;
	}
	umbra_account_set_fate(account, ACCOUNT_SPARED);
	WRITE_ONCE(account->user, NULL);
	put_pid(user);
}

/*
 * Judge an account whose process was killed. The request waits while memory of
 * the account is being freed. When all of it is freed, the request tries again
 * before another task is killed. If no memory is freed in time, the request
 * fails. If the deadline is long past, no request has waited for it, and
 * another task may be killed. accounts.lock held.
 */
static enum verdict judge_killed(struct umbra_account *account)
{
	unsigned long now = jiffies;
	long pages = umbra_account_pages_had(account);

	if (!pages) {
		umbra_account_set_fate(account, ACCOUNT_SPARED);
		return VERDICT_WAIT;
	}
	if (pages < account->left) {
		account->left = pages;
		account->deadline = now + VICTIM_PERIOD;
	}
	if (!time_after(now, account->deadline))
		return VERDICT_WAIT;
	give_up(account);
	return time_after(now, account->deadline + VICTIM_PERIOD) ?
	       VERDICT_KILL : VERDICT_FAIL;
}

/*
 * Judge all accounts whose process was killed, and return the highest verdict.
 * An account that was destroyed since the last call has freed all its memory.
 */
static enum verdict judge_all(struct umbra *u)
{
	struct umbra_accounts *a = &u->accounts;
	struct umbra_account *account;
	enum verdict verdict;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	verdict = a->victim_is_gone ? VERDICT_WAIT : VERDICT_KILL;
	a->victim_is_gone = false;
	spin_unlock_irqrestore(&a->lock, flags);
	if (!atomic_read(&a->nr_victims))
		return verdict;
	rcu_read_lock();
	list_for_each_entry_rcu(account, &a->list, list) {
		if (READ_ONCE(account->fate) != ACCOUNT_KILLED)
			continue;
		spin_lock_irqsave(&a->lock, flags);
		if (account->fate == ACCOUNT_KILLED)
			verdict = max(verdict, judge_killed(account));
		spin_unlock_irqrestore(&a->lock, flags);
	}
	rcu_read_unlock();
	return verdict;
}

static void set_fate(struct umbra_account *account,
		     enum umbra_account_fate fate)
{
	struct umbra_accounts *a = &account->umbra->accounts;
	unsigned long flags;

	spin_lock_irqsave(&a->lock, flags);
	account->left = umbra_account_pages_had(account);
	account->deadline = jiffies + VICTIM_PERIOD;
	umbra_account_set_fate(account, fate);
	spin_unlock_irqrestore(&a->lock, flags);
}

/*
 * Kill a process, unless it exits by itself. If it is gone already, its account
 * is passed over.
 */
static void kill_victim(const struct umbra_victim *victim,
			const struct umbra_request *rq)
{
	struct umbra_account *account = victim->account;
	/* After the kill the pages come back at once. */
	long pages = umbra_account_pages_had(account);
	struct umbra *u = account->umbra;
	int err;

	umbra_account_set_pid(account, &account->victim, victim->pid);
	set_fate(account, ACCOUNT_KILLED);
	if (umbra_victim_is_exiting(victim->pid))
		return;
	err = kill_pid(victim->pid, SIGKILL, 1);
	pr_warn("%s: %s process %d, whose file has %ld pages\n", u->name,
		err ? "cannot find" : "killed", pid_nr(victim->pid), pages);
	if (err) {
		set_fate(account, ACCOUNT_PASSED_OVER);
		return;
	}
	umbra_count(rq->preferred, EVENT_OOM_KILL, 1);
	trace_umbra_oom_kill(pid_nr(victim->pid), pages);
}

/* Kill a process, or wait for one that was killed before. */
static enum verdict kill_process(struct umbra *u,
				 const struct umbra_request *rq)
{
	enum verdict verdict = judge_all(u);
	struct umbra_victim victim;

	if (verdict != VERDICT_KILL)
		return verdict;
	if (!umbra_victim_can_help(u, rq) ||
	    !umbra_victim_select(u, rq, &victim))
		return VERDICT_FAIL;
	pr_warn("%s: out of memory: %s asked for order:%u, mode:%#x(%pGg)\n",
		u->name, current->comm, rq->order,
		(__force unsigned int)rq->gfp, &rq->gfp);
	umbra_oom_report_holders(u);
	kill_victim(&victim, rq);
	umbra_victim_release(&victim);
	return VERDICT_WAIT;
}

/**
 * umbra_oom() - find memory for a request by notifiers, or by a kill
 * @u: the instance
 * @rq: the request
 *
 * Nothing is killed for a request without %__GFP_FS, which tries again until
 * memory is freed, as in the host.
 *
 * Context: may sleep; the caller must hold oom.lock.
 * Return: the next act of the request.
 */
enum umbra_oom_result umbra_oom(struct umbra *u,
				const struct umbra_request *rq)
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
		return UMBRA_OOM_PROGRESS;
	if (READ_ONCE(u->oom.policy) != UMBRA_OOM_KILL)
		return UMBRA_OOM_NOTHING;
	if (fatal_signal_pending(current) || current->flags & PF_EXITING)
		return UMBRA_OOM_DYING;
	verdict = rq->gfp & __GFP_FS ? kill_process(u, rq) : VERDICT_WAIT;
	if (verdict == VERDICT_FAIL)
		return UMBRA_OOM_NOTHING;
	schedule_timeout_killable(1);
	return UMBRA_OOM_PROGRESS;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_oom);
