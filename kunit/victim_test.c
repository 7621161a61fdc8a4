// SPDX-License-Identifier: GPL-2.0
/*
 * OOM: the state of a process that may be killed, what one call leaves for the
 * next one, and the references that the choice takes.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/page/account.h"
#include "../src/page/gfp.h"
#include "../src/pressure/oom.h"
#include "holder.h"
#include "test_util.h"

#define NODE_PAGES TEST_BLOCK
#define EIGHTH (NODE_PAGES / 8)

static struct umbra *start(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_PAGES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_PAGES },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
						 2 * NODE_PAGES);

	u->oom.policy = UMBRA_OOM_KILL;
	return u;
}

static unsigned long kills(struct umbra *u)
{
	return umbra_test_events(u, EVENT_OOM_KILL);
}

/* The last resort of a request for a page. */
static enum umbra_oom_result oom(struct kunit *test, struct umbra *u)
{
	enum umbra_oom_result result;
	struct umbra_request rq;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_USER, 0, 0, NULL,
						 0), 0);
	mutex_lock(&u->oom.lock);
	result = umbra_oom(u, &rq);
	mutex_unlock(&u->oom.lock);
	return result;
}

struct life_case {
	const char *name;
	int live;		/* threads that have not begun to exit */
	int exit_state;		/* of the leader */
	enum umbra_oom_result result;
	unsigned int kills;
};

static const struct life_case life_cases[] = {
	{ "lives", 1, 0, UMBRA_OOM_PROGRESS, 1 },
	{ "its leader has ended", 1, EXIT_ZOMBIE, UMBRA_OOM_PROGRESS, 1 },
	{ "exits, and has its files", 0, 0, UMBRA_OOM_PROGRESS, 0 },
	{ "has ended", 0, EXIT_ZOMBIE, UMBRA_OOM_NOTHING, 0 },
};

KUNIT_ARRAY_PARAM_DESC(life, life_cases, name);

/* The memory of a process that exits comes back, so that none is killed. */
static void a_process_that_exits_is_not_killed(struct kunit *test)
{
	const struct life_case *c = test->param_value;
	struct umbra *u = start(test);
	struct holder *h = umbra_test_holder(test, u, EIGHTH, true);
	enum umbra_oom_result first, second;

	atomic_set(&h->task->signal->live, c->live);
	h->task->exit_state = c->exit_state;
	first = oom(test, u);
	second = oom(test, u);
	h->task->exit_state = 0;
	atomic_set(&h->task->signal->live, 1);
	wake_up_process(h->task);
	KUNIT_EXPECT_EQ(test, (int)first, (int)c->result);
	KUNIT_EXPECT_EQ(test, (int)second, (int)c->result);
	KUNIT_EXPECT_EQ(test, kills(u), c->kills);
	if (c->kills)
		KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(h->killed)));
	else
		KUNIT_EXPECT_FALSE(test, READ_ONCE(h->killed));
}

/* The references to an account, and to its process. */
struct refs {
	unsigned int account, pid;
};

static struct refs refs_of(const struct holder *h)
{
	return (struct refs) {
		.account = refcount_read(&h->account->ref),
		.pid = refcount_read(&task_tgid(h->task)->count),
	};
}

/* Each account is better than the one before, and the first one is hopeless. */
static void a_choice_drops_what_it_does_not_kill(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *h[] = {
		umbra_test_holder(test, u, EIGHTH, true),
		umbra_test_holder(test, u, 2 * EIGHTH, true),
		umbra_test_holder(test, u, 4 * EIGHTH, true),
	};
	struct refs before[ARRAY_SIZE(h)], after;
	unsigned int i;

	h[0]->account->fate = ACCOUNT_PASSED_OVER;
	for (i = 0; i < ARRAY_SIZE(h); i++)
		before[i] = refs_of(h[i]);
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(h[2]->killed)));
	for (i = 0; i < ARRAY_SIZE(h); i++) {
		after = refs_of(h[i]);
		KUNIT_EXPECT_EQ(test, after.account, before[i].account);
		/* The account of a victim has its process. */
		KUNIT_EXPECT_EQ(test, after.pid, before[i].pid + (i == 2));
	}
}

static void an_account_that_goes_leaves_its_processes(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *h = umbra_test_holder(test, u, 0, true);
	struct refs before = refs_of(h);
	struct umbra_account *account = umbra_account_create(u);

	KUNIT_ASSERT_NOT_NULL(test, account);
	umbra_account_set_opener(account, task_tgid(h->task));
	umbra_account_set_user(account, task_tgid(h->task));
	KUNIT_EXPECT_EQ(test, refs_of(h).pid, before.pid + 2);
	umbra_account_put(account);
	KUNIT_EXPECT_EQ(test, refs_of(h).pid, before.pid);
}

/* The file of the victim is closed between two requests. */
static void a_victim_that_is_gone_delays_one_kill(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *first = umbra_test_holder(test, u, 0, true);
	struct holder *next = umbra_test_holder(test, u, EIGHTH, true);
	struct umbra_account *account = umbra_account_create(u);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, account);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, 1 << 9, NODE_PAGES),
			0);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 9);
	umbra_account_set_opener(account, task_tgid(first->task));
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(first->killed)));
	umbra_free_pages_account(u, page, 9, account);
	umbra_account_put(account);
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_EQ(test, kills(u), 2);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(next->killed)));
}

/* Nobody opened the file, so no other process can be killed for it. */
static void a_user_that_frees_nothing_is_passed_over(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *clings = umbra_test_holder(test, u, 4 * EIGHTH, true);
	struct holder *other = umbra_test_holder(test, u, EIGHTH, true);
	unsigned int i;

	umbra_account_set_opener(clings->account, NULL);
	umbra_account_set_user(clings->account, task_tgid(clings->task));
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(clings->killed)));
	clings->account->deadline = jiffies - 1;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, (int)oom(test, u),
				(int)UMBRA_OOM_NOTHING);
	KUNIT_EXPECT_EQ(test, kills(u), 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(other->killed));
}

/* The process that used the file is forgotten when its opener is next. */
static void a_user_that_was_killed_is_forgotten(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *user = umbra_test_holder(test, u, EIGHTH, true);
	struct holder *opener = umbra_test_holder(test, u, 0, true);
	struct refs before = refs_of(user);

	umbra_account_set_opener(user->account, task_tgid(opener->task));
	umbra_account_set_user(user->account, task_tgid(user->task));
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(user->killed)));
	user->account->deadline = jiffies - 1;
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_NOTHING);
	/* Before, the account had it as its opener; now as its victim. */
	KUNIT_EXPECT_EQ(test, refs_of(user).pid, before.pid);
}

/* Pages elsewhere count anew for each request. */
static void each_request_counts_where_it_may_go(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *near = umbra_test_holder_on(test, u, 6 * EIGHTH, 0);
	struct holder *far = umbra_test_holder_on(test, u, 2 * EIGHTH, 1);

	umbra_set_allowed_nodes(u, BIT(1));
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(far->killed)));
	TEST_WAIT_UNTIL(!atomic_long_read(&far->account->pages));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(near->killed));
	umbra_set_allowed_nodes(u, BIT(0));
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(near->killed)));
}

static void a_process_with_one_page_is_killed(struct kunit *test)
{
	struct umbra *u = start(test);
	struct holder *h = umbra_test_holder(test, u, 1, false);

	KUNIT_EXPECT_EQ(test, (int)oom(test, u), (int)UMBRA_OOM_PROGRESS);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(h->killed)));
}

static struct kunit_case victim_cases[] = {
	KUNIT_CASE_PARAM(a_process_that_exits_is_not_killed, life_gen_params),
	KUNIT_CASE(a_choice_drops_what_it_does_not_kill),
	KUNIT_CASE(an_account_that_goes_leaves_its_processes),
	KUNIT_CASE(a_victim_that_is_gone_delays_one_kill),
	KUNIT_CASE(a_user_that_frees_nothing_is_passed_over),
	KUNIT_CASE(a_user_that_was_killed_is_forgotten),
	KUNIT_CASE(each_request_counts_where_it_may_go),
	KUNIT_CASE(a_process_with_one_page_is_killed),
	{}
};

static struct kunit_suite victim_suite = {
	.name = "umbra_victim",
	.test_cases = victim_cases,
};

kunit_test_suite(victim_suite);
