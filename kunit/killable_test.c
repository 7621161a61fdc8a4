// SPDX-License-Identifier: GPL-2.0
/* Work for a task that must end: it stops waiting, and stops working. */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include "../src/api/tune.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/page/pcp_setup.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

/* A task that gets a fatal signal while it waits in @fn. */
struct victim {
	struct umbra *u;
	int (*fn)(struct umbra *u);
	struct completion ready, done;
	int err;
};

static int victim_fn(void *arg)
{
	struct victim *v = arg;

	allow_signal(SIGKILL);
	complete(&v->ready);
	v->err = v->fn(v->u);
	complete(&v->done);
	flush_signals(current);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int isolate(struct umbra *u)
{
	return umbra_isolate_range(u, 0, PAGES);
}

static int alloc_contig(struct umbra *u)
{
	return umbra_alloc_contig_range(u, 0, PAGES, GFP_KERNEL);
}

static int drain_node(struct umbra *u)
{
	return umbra_drain_node(u, 0);
}

static int drain_cpu(struct umbra *u)
{
	return umbra_drain_cpu(u, cpumask_first(cpu_possible_mask));
}

static int compact(struct umbra *u)
{
	return umbra_compact(u);
}

static int set_online(struct umbra *u)
{
	return umbra_set_node_online(u, 0, true);
}

static int set_allowed(struct umbra *u)
{
	return umbra_set_allowed_nodes(u, 1);
}

static int tune_caches(struct umbra *u)
{
	return umbra_pcp_tune(u, 1, 1);
}

static int tune(struct umbra *u)
{
	return umbra_tune(u, TUNE_DIRTY_LIMIT, 50);
}

static int tune_lowmem(struct umbra *u)
{
	static const int ratio[UMBRA_NR_ZONE_TYPES] = { 7, 7, 7, 7, 7 };

	return umbra_tune_lowmem_reserve(u, ratio);
}

struct wait_case {
	const char *name;
	int (*fn)(struct umbra *u);
	bool ranges;		/* waits for ranges_lock, not for control_lock */
};

static const struct wait_case wait_cases[] = {
	{ "isolate a range", isolate, true },
	{ "allocate a range", alloc_contig, true },
	{ "drain a node", drain_node },
	{ "drain a CPU", drain_cpu },
	{ "compact", compact },
	{ "set a node online", set_online },
	{ "set the allowed nodes", set_allowed },
	{ "tune the caches", tune_caches },
	{ "tune", tune },
	{ "tune the lowmem reserve", tune_lowmem },
};

KUNIT_ARRAY_PARAM_DESC(wait, wait_cases, name);

static void a_fatal_signal_ends_the_wait_for_a_lock(struct kunit *test)
{
	const struct wait_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mutex *lock = c->ranges ? &u->ranges_lock : &u->control_lock;
	struct victim v = { .u = u, .fn = c->fn };
	struct task_struct *task;
	bool ended;

	init_completion(&v.ready);
	init_completion(&v.done);
	mutex_lock(lock);
	task = kthread_run(victim_fn, &v, "umbra_victim");
	if (IS_ERR(task)) {
		mutex_unlock(lock);
		KUNIT_FAIL_AND_ABORT(test, "no thread");
	}
	/* An earlier signal would be ignored. */
	wait_for_completion(&v.ready);
	send_sig(SIGKILL, task, 1);
	ended = wait_for_completion_timeout(&v.done, TEST_HANG_S * HZ);
	mutex_unlock(lock);
	kthread_stop(task);
	KUNIT_EXPECT_TRUE(test, ended);
	KUNIT_EXPECT_EQ(test, v.err, -EINTR);
	KUNIT_EXPECT_EQ(test, umbra_tuned(u, TUNE_DIRTY_LIMIT), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	umbra_test_judge(test, u);
}

/* An owner whose first reclaimed block ends the task that reclaims. */
struct owner {
	struct umbra_movable movable;
	unsigned int nr_reclaimed;
};

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	if (!o->nr_reclaimed++)
		send_sig(SIGKILL, current, 1);
	return 0;
}

static const struct umbra_movable_operations owner_ops = {
	.reclaim = owner_reclaim,
};

static int reclaim_all(struct umbra *u)
{
	return umbra_reclaim(u, PAGES);
}

static void a_fatal_signal_ends_reclaim_after_one_batch(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct victim v = { .u = u, .fn = reclaim_all };
	struct owner o = {};
	struct task_struct *task;
	unsigned int i;

	umbra_movable_init(&o.movable, &owner_ops, NULL);
	for (i = 0; i < PAGES; i++) {
		struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

		KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0, &o.movable),
				0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	}
	init_completion(&v.ready);
	init_completion(&v.done);
	task = kthread_run(victim_fn, &v, "umbra_victim");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&v.done);
	kthread_stop(task);
	KUNIT_EXPECT_LE(test, o.nr_reclaimed, SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, v.err, o.nr_reclaimed);
	for (i = 0; i < PAGES; i++) {
		struct page *page = umbra_index_to_page(u, i);

		if (!umbra_is_movable(u, i))
			continue;
		umbra_clear_movable(u, page);
		umbra_free_pages(u, page, 0);
	}
}

static struct kunit_case killable_cases[] = {
	KUNIT_CASE_PARAM(a_fatal_signal_ends_the_wait_for_a_lock,
			 wait_gen_params),
	KUNIT_CASE(a_fatal_signal_ends_reclaim_after_one_batch),
	{}
};

static struct kunit_suite killable_suite = {
	.name = "umbra_killable",
	.test_cases = killable_cases,
};

kunit_test_suite(killable_suite);
