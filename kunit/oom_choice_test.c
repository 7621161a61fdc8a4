// SPDX-License-Identifier: GPL-2.0
/* OOM: which process is killed for a request, and when none is. */
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/page/account.h"
#include "holder.h"
#include "test_util.h"

#define NODE_PAGES TEST_BLOCK
#define EIGHTH (NODE_PAGES / 8)

/* The processes of an account; one of them is a task of the test. */
enum member_kind {
	MEMBER_OPENER = 1,	/* the task opened the file */
	MEMBER_USER,		/* it uses the file, another task opened it */
	MEMBER_HEIR,		/* it uses the file; the opener is gone */
	MEMBER_ADOPTED,		/* it uses the file, which nobody opened */
	MEMBER_ABANDONED,	/* it opened the file; the user is gone */
	MEMBER_GONE,		/* no process lives */
	MEMBER_INIT,		/* process 1 opened the file */
	MEMBER_PROTECTED,	/* the task has the lowest oom_score_adj */
	MEMBER_KERNEL		/* no process has ever used the account */
};

struct member {
	enum member_kind kind;
	unsigned int eighths;	/* of the pages of a node */
	int nid;
};

#define MEMBERS 4
#define NONE (-1)

struct choice_case {
	const char *name;
	struct member members[MEMBERS];
	unsigned int allowed;	/* nodes; 0: all */
	unsigned int offline;	/* nodes */
	int killed;		/* the member, or NONE: the request fails */
};

static const struct choice_case choice_cases[] = {
	{ "the largest",
	  { { MEMBER_OPENER, 1 }, { MEMBER_OPENER, 4 }, { MEMBER_OPENER, 2 } },
	  .killed = 1 },
	{ "the user, not the opener",
	  { { MEMBER_OPENER, 0 }, { MEMBER_USER, 4 } }, .killed = 1 },
	{ "the user of a file that was passed on",
	  { { MEMBER_OPENER, 1 }, { MEMBER_HEIR, 6 } }, .killed = 1 },
	{ "the user of a file without opener",
	  { { MEMBER_OPENER, 1 }, { MEMBER_ADOPTED, 6 } }, .killed = 1 },
	{ "none that has no page", { { MEMBER_OPENER, 0 } }, .killed = NONE },
	{ "the opener if the user is gone",
	  { { MEMBER_OPENER, 1 }, { MEMBER_ABANDONED, 6 } }, .killed = 1 },
	{ "no innocent for a file without process",
	  { { MEMBER_OPENER, 1 }, { MEMBER_GONE, 5 }, { MEMBER_OPENER, 1 } },
	  .killed = NONE },
	{ "the largest beside a small file without process",
	  { { MEMBER_OPENER, 5 }, { MEMBER_GONE, 1 } }, .killed = 0 },
	{ "not process 1",
	  { { MEMBER_INIT, 5 }, { MEMBER_OPENER, 2 } }, .killed = 1 },
	{ "none but process 1", { { MEMBER_INIT, 7 } }, .killed = NONE },
	{ "not a protected process",
	  { { MEMBER_PROTECTED, 5 }, { MEMBER_OPENER, 2 } }, .killed = 1 },
	{ "not an account of the kernel",
	  { { MEMBER_KERNEL, 5 }, { MEMBER_OPENER, 2 } }, .killed = 1 },
	{ "the largest where the request may go",
	  { { MEMBER_OPENER, 6, 0 }, { MEMBER_OPENER, 2, 1 } },
	  .allowed = BIT(1), .killed = 1 },
	{ "in spite of a file without process elsewhere",
	  { { MEMBER_GONE, 6, 0 }, { MEMBER_OPENER, 2, 1 } },
	  .allowed = BIT(1), .killed = 1 },
	{ "none where no zone can serve",
	  { { MEMBER_OPENER, 6, 0 }, { MEMBER_OPENER, 2, 1 } },
	  .allowed = BIT(1), .offline = BIT(1), .killed = NONE },
};

KUNIT_ARRAY_PARAM_DESC(choice, choice_cases, name);

static int nothing_fn(void *arg)
{
	return 0;
}

static bool is_gone(struct pid *pid)
{
	bool gone;

	rcu_read_lock();
	gone = !pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	return gone;
}

/* The pid of a task that has ended; the caller drops the reference. */
static struct pid *pid_of_the_dead(struct kunit *test)
{
	struct task_struct *task = kthread_create(nothing_fn, NULL,
						  "umbra_gone");
	struct pid *pid;

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	pid = get_pid(task_tgid(task));
	kthread_stop(task);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(is_gone(pid)));
	return pid;
}

static void set_processes(struct kunit *test, struct holder *h,
			  enum member_kind kind, struct holder *other)
{
	struct pid *dead = pid_of_the_dead(test), *init = find_get_pid(1);

	switch (kind) {
	case MEMBER_OPENER:
		break;
	case MEMBER_USER:
		umbra_account_set_opener(h->account, task_tgid(other->task));
		umbra_account_set_user(h->account, task_tgid(h->task));
		break;
	case MEMBER_HEIR:
		umbra_account_set_opener(h->account, dead);
		umbra_account_set_user(h->account, task_tgid(h->task));
		break;
	case MEMBER_ADOPTED:
		umbra_account_set_opener(h->account, NULL);
		umbra_account_set_user(h->account, task_tgid(h->task));
		break;
	case MEMBER_ABANDONED:
		umbra_account_set_user(h->account, dead);
		break;
	case MEMBER_GONE:
		umbra_account_set_opener(h->account, dead);
		umbra_account_set_user(h->account, dead);
		break;
	case MEMBER_INIT:
		umbra_account_set_opener(h->account, init);
		break;
	case MEMBER_PROTECTED:
		h->task->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
		break;
	case MEMBER_KERNEL:
		umbra_account_set_opener(h->account, NULL);
		break;
	}
	put_pid(init);
	put_pid(dead);
}

/* Two nodes, without background work and reserves. */
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

static void the_process_that_helps_is_killed(struct kunit *test)
{
	const struct choice_case *c = test->param_value;
	struct umbra *u = start(test);
	struct holder *h[MEMBERS];
	struct page *page;
	LIST_HEAD(hoard);
	int i, nr;

	for (nr = 0; nr < MEMBERS && c->members[nr].kind; nr++) {
		const struct member *m = &c->members[nr];

		h[nr] = umbra_test_holder_on(test, u, m->eighths * EIGHTH,
					     m->nid);
		set_processes(test, h[nr], m->kind, h[0]);
	}
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	if (c->allowed)
		umbra_set_allowed_nodes(u, c->allowed);
	if (c->offline)
		umbra_set_node_online(u, ilog2(c->offline), false);

	page = umbra_alloc_page(u, GFP_USER | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, !!page, c->killed != NONE);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_OOM_KILL),
			c->killed != NONE);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, READ_ONCE(h[i]->killed), i == c->killed);
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

struct room_case {
	const char *name;
	unsigned int order;
	unsigned int min;	/* watermark of a node */
	bool kills;
	unsigned int free;	/* pages that are free before a kill */
};

/* All other pages of the node are of the process, so a kill makes them free. */
static const struct room_case room_cases[] = {
	{ "a page above the watermark", 0, NODE_PAGES - 1, true },
	{ "no page above the watermark", 0, NODE_PAGES, false },
	{ "no page above the watermark, and half of them are free", 0,
	  NODE_PAGES, false, .free = NODE_PAGES / 2 },
	{ "a page above the watermark, and half of them are free", 0,
	  NODE_PAGES - 1, true, .free = NODE_PAGES / 2 },
	{ "a block above the watermark", 3, NODE_PAGES - 8, true },
	{ "a page too few for a block", 3, NODE_PAGES - 7, false },
};

KUNIT_ARRAY_PARAM_DESC(room, room_cases, name);

static void a_kill_must_make_room_for_the_request(struct kunit *test)
{
	const struct room_case *c = test->param_value;
	struct umbra *u = start(test);
	struct holder *h = umbra_test_holder_on(test, u, NODE_PAGES - c->free,
						0);
	struct page *page;
	int mark;

	umbra_set_allowed_nodes(u, BIT(0));
	for (mark = 0; mark < UMBRA_NR_WMARKS; mark++)
		WRITE_ONCE(u->zones->watermark[mark], c->min);
	page = umbra_alloc_pages(u, GFP_USER | __GFP_NOWARN, c->order);
	KUNIT_EXPECT_EQ(test, !!page, c->kills);
	KUNIT_EXPECT_EQ(test, READ_ONCE(h->killed), c->kills);
	if (page)
		umbra_free_pages(u, page, c->order);
}

static struct kunit_case oom_choice_cases[] = {
	KUNIT_CASE_PARAM(a_kill_must_make_room_for_the_request,
			 room_gen_params),
	KUNIT_CASE_PARAM(the_process_that_helps_is_killed, choice_gen_params),
	{}
};

static struct kunit_suite oom_choice_suite = {
	.name = "umbra_oom_choice",
	.test_cases = oom_choice_cases,
};

kunit_test_suite(oom_choice_suite);
