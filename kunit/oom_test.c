// SPDX-License-Identifier: GPL-2.0
/* OOM: notifiers, the choice of a victim, and the wait for its memory. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/page/account.h"
#include "../src/page/gfp.h"
#include "../src/page/held.h"
#include "../src/pressure/oom.h"
#include "../src/pressure/slowpath.h"
#include "holder.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

/* The real umbra_oom(), but a victim has unlimited time. */
static enum umbra_oom_result oom_patiently(struct umbra *u,
					   const struct umbra_request *rq)
{
	enum umbra_oom_result hope = umbra_oom(u, rq);
	struct umbra_account *account;

	spin_lock_irq(&u->accounts.lock);
	list_for_each_entry(account, &u->accounts.list, list)
		if (account->fate == ACCOUNT_KILLED)
			account->deadline = jiffies + TEST_HANG_S * HZ;
	spin_unlock_irq(&u->accounts.lock);
	return hope;
}

static struct umbra *start(struct kunit *test, enum umbra_oom_policy policy)
{
	static struct umbra_slow_ops patient_ops;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);

	patient_ops = umbra_slow_ops;
	patient_ops.oom = oom_patiently;
	u->slow_ops = &patient_ops;
	u->oom.policy = policy;
	return u;
}

static unsigned long kills(struct umbra *u)
{
	return umbra_zone_events(u->zones, EVENT_OOM_KILL);
}

static struct page *ask(struct umbra *u)
{
	return umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
}

static void oom_kills_no_task_by_default(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_FAIL);
	struct holder *h = umbra_test_holder(test, u, PAGES, false);

	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 0);
}

static void oom_kills_the_largest_owner_and_waits_for_it(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *less = umbra_test_holder(test, u, PAGES / 4, false);
	struct holder *most = umbra_test_holder(test, u, PAGES / 2, false);
	struct holder *least = umbra_test_holder(test, u, PAGES / 4, false);
	struct page *page = ask(u);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(most->killed));
	KUNIT_EXPECT_TRUE(test, most->may_use_reserves);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(less->killed));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(least->killed));
	umbra_free_page(u, page);
}

/* Kill a task for a request. Returns whether the request may try again. */
static bool kill_for(struct kunit *test, struct umbra *u)
{
	struct umbra_request rq;
	bool hope;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_KERNEL, 0, 0,
						 NULL, 0), 0);
	mutex_lock(&u->oom.lock);
	hope = umbra_oom(u, &rq);
	mutex_unlock(&u->oom.lock);
	return hope;
}

/* The victim frees its memory just after the request has failed. */
static void oom_tries_again_before_a_second_kill(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *first = umbra_test_holder(test, u, PAGES / 2, false);
	struct holder *second = umbra_test_holder(test, u, PAGES / 4, false);

	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(!atomic_long_read(&first->account->pages)));
	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	KUNIT_EXPECT_EQ(test, kills(u), 2);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(second->killed)));
}

static void oom_counts_held_pages(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct umbra_account *pinner = umbra_test_account(test, u);
	struct holder *plain = umbra_test_holder(test, u, PAGES / 16, false);
	struct page *pages[PAGES / 8];
	struct page *page;
	LIST_HEAD(hoard);
	unsigned int i;

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(pinner, PAGES / 8, PAGES),
			0);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = umbra_test_alloc(test, u, GFP_KERNEL, 0);
		page_ref_inc(pages[i]);
		umbra_free_pages_account(u, pages[i], 0, pinner);
	}
	umbra_account_set_opener(pinner, task_tgid(plain->task));
	umbra_account_set_opener(plain->account, NULL);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	/* The kill counts the held pages, and the task frees them. */
	page = ask(u);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(plain->killed));
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		page_ref_dec(pages[i]);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), ARRAY_SIZE(pages));
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

/* Jiffies that a victim has to free memory, and a waiting request to notice. */
#define VICTIM_PERIOD (5 * HZ)

/* A request that kills, and tries again when the time of the victim is over. */
struct impatient {
	struct umbra_slow_ops ops;
	struct umbra_account *victim;
	unsigned long begin;		/* jiffies */
	unsigned long given;		/* deadline of the victim */
	bool is_late;			/* so the request kills again */
};

static enum umbra_oom_result oom_impatiently(struct umbra *u,
					     const struct umbra_request *rq)
{
	struct impatient *i = container_of(u->slow_ops, struct impatient,
					   ops);
	bool is_first = i->victim->fate == ACCOUNT_SPARED;
	enum umbra_oom_result hope;
	unsigned long now = jiffies;

	if (!is_first)
		i->victim->deadline = now - 1;
	hope = umbra_oom(u, rq);
	if (is_first)
		i->given = i->victim->deadline;
	else
		i->is_late |= time_after(jiffies, now - 1 + VICTIM_PERIOD);
	return hope;
}

/*
 * Request a page while no memory is freed. Returns false if that took too long
 * for a result.
 */
static bool ask_impatiently(struct kunit *test, struct umbra *u,
			    struct impatient *i)
{
	const struct umbra_slow_ops *ops = u->slow_ops;
	struct page *page;

	i->ops = umbra_slow_ops;
	i->ops.oom = oom_impatiently;
	i->begin = jiffies;
	u->slow_ops = &i->ops;
	page = ask(u);
	u->slow_ops = ops;
	if (page)
		umbra_free_page(u, page);
	if (!i->is_late)
		KUNIT_EXPECT_NULL(test, page);
	return !i->is_late;
}

static bool is_passed_over(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *clings = umbra_test_holder(test, u, PAGES / 4 * 3, true);
	struct holder *gives = umbra_test_holder(test, u, PAGES / 4, false);
	struct impatient i = { .victim = clings->account };

	if (!ask_impatiently(test, u, &i))
		return false;
	KUNIT_EXPECT_GE(test, (long)(i.given - i.begin), VICTIM_PERIOD);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(clings->killed)));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(gives->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	/* Its memory is what lacks, so no other task is killed for it. */
	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(gives->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->accounts.nr_victims), 0);
	return true;
}

static void oom_fails_and_kills_no_other_if_a_victim_frees_nothing(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_passed_over(test)));
}

static void oom_fails_if_no_task_can_be_killed(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct umbra_account *account = umbra_test_account(test, u);
	LIST_HEAD(hoard);

	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, PAGES, PAGES), 0);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_EQ(test, kills(u), 0);
	umbra_account_uncharge(account, PAGES);
	umbra_test_give_all(u, &hoard);
}

static void oom_kills_no_task_for_requests_with_another_way(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_ATOMIC, GFP_KERNEL | __GFP_NORETRY,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_KERNEL | __GFP_THISNODE,
	};
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *h = umbra_test_holder(test, u, PAGES, false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++)
		KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, gfps[i] |
							 __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
						  4));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 0);
}

/* Returns false if the time of the victim was over too early. */
static bool is_waited_for(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *h = umbra_test_holder(test, u, PAGES, true);
	unsigned long begin;
	bool hope, is_late;

	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	h->account->deadline = jiffies - 1;
	umbra_account_uncharge(h->account, 1);
	begin = jiffies;
	hope = kill_for(test, u);
	is_late = time_after(jiffies, begin + VICTIM_PERIOD);
	if (!is_late) {
		KUNIT_EXPECT_TRUE(test, hope);
		KUNIT_EXPECT_EQ(test, (int)h->account->fate,
				(int)ACCOUNT_KILLED);
		h->account->deadline = jiffies - 1;
		KUNIT_EXPECT_FALSE(test, kill_for(test, u));
		KUNIT_EXPECT_EQ(test, (int)h->account->fate,
				(int)ACCOUNT_PASSED_OVER);
	}
	KUNIT_EXPECT_EQ(test, umbra_account_charge(h->account, 1, PAGES), 0);
	return !is_late;
}

/* A victim frees its memory little by little. */
static void oom_waits_as_long_as_memory_comes_back(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_waited_for(test)));
}

/* Another process has opened the file, and keeps it. */
static void oom_kills_the_opener_if_the_user_frees_nothing(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *opener = umbra_test_holder(test, u, 0, false);
	struct holder *user = umbra_test_holder(test, u, PAGES / 2, true);
	unsigned int i;

	umbra_account_set_opener(user->account, task_tgid(opener->task));
	umbra_account_set_user(user->account, task_tgid(user->task));
	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(user->killed)));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(opener->killed));
	user->account->deadline = jiffies - 1;
	/* The first request fails, and the next one kills again. */
	for (i = 0; i < 2 && kills(u) < 2; i++)
		kill_for(test, u);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(opener->killed)));
	user->account->deadline = jiffies - 1;
	for (i = 0; i < 3; i++)
		kill_for(test, u);
	KUNIT_EXPECT_EQ(test, kills(u), 2);
}

static void oom_does_not_fail_a_request_for_an_old_kill(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *clings = umbra_test_holder(test, u, PAGES / 4, true);
	struct holder *gives;
	struct page *page;

	KUNIT_EXPECT_TRUE(test, kill_for(test, u));
	clings->account->deadline = jiffies - 6 * HZ;
	gives = umbra_test_holder(test, u, PAGES / 4 * 3, false);
	page = ask(u);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(gives->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 2);
	if (page)
		umbra_free_page(u, page);
}

/* The account is charged for more pages than exist, but has none allocated. */
static void oom_counts_allocated_pages_and_not_charges(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *has = umbra_test_holder(test, u, PAGES, false);
	struct holder *asks = umbra_test_holder(test, u, 0, false);
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_account_charge(asks->account, 2 * PAGES,
						   2 * PAGES), 0);
	umbra_account_promise(asks->account, 2 * PAGES);
	page = ask(u);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(has->killed));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(asks->killed));
	umbra_account_promise(asks->account, -2L * PAGES);
	umbra_account_uncharge(asks->account, 2 * PAGES);
	if (page)
		umbra_free_page(u, page);
}

static void oom_kills_no_task_for_a_dying_task(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *h = umbra_test_holder(test, u, PAGES, false);

	sigaddset(&current->pending.signal, SIGKILL);
	set_tsk_thread_flag(current, TIF_SIGPENDING);
	KUNIT_EXPECT_NULL(test, ask(u));
	sigdelset(&current->pending.signal, SIGKILL);
	clear_tsk_thread_flag(current, TIF_SIGPENDING);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 0);
}

/* The same for one that has no signal, but is past the point of no return. */
static void oom_kills_no_task_for_an_exiting_task(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *h = umbra_test_holder(test, u, PAGES, false);
	struct page *page;

	current->flags |= PF_EXITING;
	page = ask(u);
	current->flags &= ~PF_EXITING;
	KUNIT_EXPECT_NULL(test, page);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
	KUNIT_EXPECT_EQ(test, kills(u), 0);
}

/* A notifier, called before a task is killed. */
struct notifier {
	struct notifier_block nb;
	struct umbra *u;
	struct page *page;
	unsigned int nr;
	unsigned long actions;	/* all that it was called with */
	bool asks;		/* requests a page in the callback */
	struct page *got;
};

static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct notifier *n = container_of(nb, struct notifier, nb);
	unsigned long *freed = data;

	n->nr++;
	n->actions |= action;
	if (n->asks)
		n->got = ask(n->u);
	if (!n->page)
		return NOTIFY_OK;
	umbra_free_page(n->u, n->page);
	n->page = NULL;
	*freed += 1;
	return NOTIFY_OK;
}

static void an_oom_notifier_that_frees_prevents_a_kill(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_KILL);
	struct holder *h = umbra_test_holder(test, u, PAGES - 1, true);
	struct notifier n = { .nb.notifier_call = notify, .u = u };
	struct page *page;

	n.page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	KUNIT_ASSERT_EQ(test, umbra_register_oom_notifier(u, &n.nb), 0);
	page = ask(u);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, n.nr, 1);
	KUNIT_EXPECT_EQ(test, n.actions, 0);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
	/*
	 * The notifier has no page left. It is also called if no task may be
	 * killed.
	 */
	u->oom.policy = UMBRA_OOM_FAIL;
	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_EQ(test, n.nr, 2);
	KUNIT_EXPECT_EQ(test, umbra_unregister_oom_notifier(u, &n.nb), 0);
	KUNIT_EXPECT_EQ(test, umbra_unregister_oom_notifier(u, &n.nb),
			-ENOENT);
	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_EQ(test, n.nr, 2);
	if (page)
		umbra_free_page(u, page);
}

static void an_oom_notifier_cannot_allocate(struct kunit *test)
{
	struct umbra *u = start(test, UMBRA_OOM_FAIL);
	struct notifier n = {
		.nb.notifier_call = notify, .u = u, .asks = true,
	};
	LIST_HEAD(hoard);

	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	KUNIT_ASSERT_EQ(test, umbra_register_oom_notifier(u, &n.nb), 0);
	KUNIT_EXPECT_NULL(test, ask(u));
	KUNIT_EXPECT_EQ(test, n.nr, 1);
	KUNIT_EXPECT_NULL(test, n.got);
	KUNIT_EXPECT_EQ(test, umbra_unregister_oom_notifier(u, &n.nb), 0);
	umbra_test_give_all(u, &hoard);
}

static struct kunit_case oom_cases[] = {
	KUNIT_CASE(oom_kills_no_task_by_default),
	KUNIT_CASE(oom_kills_the_largest_owner_and_waits_for_it),
	KUNIT_CASE(oom_tries_again_before_a_second_kill),
	KUNIT_CASE(oom_counts_held_pages),
	KUNIT_CASE(oom_fails_and_kills_no_other_if_a_victim_frees_nothing),
	KUNIT_CASE(oom_kills_no_task_for_a_dying_task),
	KUNIT_CASE(oom_kills_no_task_for_an_exiting_task),
	KUNIT_CASE(oom_fails_if_no_task_can_be_killed),
	KUNIT_CASE(oom_kills_no_task_for_requests_with_another_way),
	KUNIT_CASE(oom_waits_as_long_as_memory_comes_back),
	KUNIT_CASE(oom_kills_the_opener_if_the_user_frees_nothing),
	KUNIT_CASE(oom_does_not_fail_a_request_for_an_old_kill),
	KUNIT_CASE(oom_counts_allocated_pages_and_not_charges),
	KUNIT_CASE(an_oom_notifier_that_frees_prevents_a_kill),
	KUNIT_CASE(an_oom_notifier_cannot_allocate),
	{}
};

static struct kunit_suite oom_suite = {
	.name = "umbra_oom",
	.test_cases = oom_cases,
};

kunit_test_suite(oom_suite);
