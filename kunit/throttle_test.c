// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that wait for kswapd below half of the reserve, as in
 * throttle_direct_reclaim() of Linux 7.3: which node they wait for, how long,
 * and what ends the wait. An owner stops kswapd in the middle of its work.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/kcompactd.h"
#include "../src/move/lru.h"
#include "../src/page/gfp.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "../src/pressure/throttle.h"
#include "test_util.h"

#define MIN_PAGES 256		/* pages of the min watermark of a node */

struct owner {
	struct umbra_movable movable;
	struct completion entered, go;
	bool keeps;		/* its pages */
};

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	complete(&o->entered);
	wait_for_completion(&o->go);
	return READ_ONCE(o->keeps) ? -EBUSY : 0;
}

static const struct umbra_movable_operations owner_ops = {
	.reclaim = owner_reclaim,
};

/* An instance whose reserve is nearly used up, and pages that kswapd frees. */
struct site {
	struct umbra *u;
	struct umbra_zone *zone;	/* with the reserve */
	struct umbra_kswapd *kswapd;
	struct owner owner;
	struct list_head hoard;
};

static void list_pages(struct kunit *test, struct site *s, unsigned long nr)
{
	while (nr--) {
		struct page *page = umbra_alloc_pages_node(s->u, s->zone->nid,
							   GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_ASSERT_EQ(test, umbra_set_movable(s->u, page, 0,
							&s->owner.movable), 0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(s->u, page), 0);
	}
}

/* Leave half of what ends a wait. GFP_ATOMIC wakes kswapd, __GFP_HIGH not. */
static void use_up(struct site *s, gfp_t gfp)
{
	struct page *page;

	while (READ_ONCE(s->zone->nr_free_pages) > MIN_PAGES / 4) {
		page = umbra_alloc_pages_node(s->u, s->zone->nid,
					      gfp | __GFP_THISNODE |
					      __GFP_NOWARN, 0);
		if (!page)
			break;
		list_add(&page->lru, &s->hoard);
	}
}

static bool sleeps(struct umbra_kswapd *k)
{
	return wq_has_sleeper(&k->wait);
}

/* Where zone Movable is. It has no part of the reserve. */
enum movable { MOVABLE_NONE, MOVABLE_ABOVE, MOVABLE_ALONE };

static struct site *start(struct kunit *test, enum movable movable)
{
	static const struct umbra_zone_layout zones[][2] = {
		[MOVABLE_ABOVE] = {
			{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
			  .nr_frames = 4 * TEST_BLOCK },
			{ .nid = 0, .type = UMBRA_ZONE_MOVABLE,
			  .nr_frames = TEST_BLOCK },
		},
		[MOVABLE_ALONE] = {
			{ .nid = 0, .type = UMBRA_ZONE_MOVABLE,
			  .nr_frames = TEST_BLOCK },
			{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
			  .nr_frames = 4 * TEST_BLOCK },
		},
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.nr_zones = movable ? 2 : 0,
		.zones = zones[movable],
		.min_free_kbytes = MIN_PAGES * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 100,
		.background = true,
	};
	struct site *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	INIT_LIST_HEAD(&s->hoard);
	init_completion(&s->owner.entered);
	init_completion(&s->owner.go);
	umbra_movable_init(&s->owner.movable, &owner_ops, NULL);
	s->u = umbra_test_ghost_layout(test, &layout,
				       (movable ? 5 : 4) * TEST_BLOCK);
	for (s->zone = s->u->zones; s->zone->type != UMBRA_ZONE_NORMAL;)
		s->zone++;
	s->kswapd = s->u->nodes[s->zone->nid].kswapd;
	umbra_compact_set_proactiveness(s->u, 0);
	umbra_compact_stop(s->u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(sleeps(s->kswapd)));
	return s;
}

/* Let kswapd stop in the middle of its work. */
static struct site *start_stuck(struct kunit *test, enum movable movable)
{
	struct site *s = start(test, movable);

	list_pages(test, s, TEST_BLOCK);
	use_up(s, GFP_ATOMIC);
	KUNIT_ASSERT_TRUE(test,
			  wait_for_completion_timeout(&s->owner.entered,
						      TEST_HANG_S * HZ));
	return s;
}

static void finish(struct site *s)
{
	complete_all(&s->owner.go);
	umbra_background_stop(s->u);
	umbra_test_give_all(s->u, &s->hoard);
	while (umbra_zone_reclaimable(s->zone))
		umbra_reclaim(s->u, TEST_BLOCK);
}

static unsigned long times_throttled(struct site *s)
{
	return umbra_test_events(s->u, EVENT_PGSCAN_THROTTLE);
}

/* A task with a request, which is no kernel thread while it waits. */
struct waiter {
	struct umbra *u;
	struct umbra_request rq;
	struct task_struct *task;
	struct completion ready;
	unsigned long begin, end;	/* jiffies */
	bool killed, done;
};

static int waiter_fn(void *arg)
{
	struct waiter *w = arg;

	allow_signal(SIGKILL);
	complete(&w->ready);
	w->begin = jiffies;
	current->flags &= ~PF_KTHREAD;
	w->killed = umbra_kswapd_throttle(w->u, &w->rq);
	current->flags |= PF_KTHREAD;
	w->end = jiffies;
	WRITE_ONCE(w->done, true);
	flush_signals(current);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void waiter_stop(void *arg)
{
	kthread_stop(arg);
}

static struct waiter *waiter(struct kunit *test, struct site *s, gfp_t gfp)
{
	struct waiter *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->u = s->u;
	init_completion(&w->ready);
	KUNIT_ASSERT_EQ(test, umbra_request_init(&w->rq, s->u, gfp, 0, 0, NULL,
						 0), 0);
	w->task = kthread_run(waiter_fn, w, "umbra_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(w->task));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, waiter_stop,
							w->task), 0);
	wait_for_completion(&w->ready);
	return w;
}

struct time_case {
	const char *name;
	gfp_t gfp;
	unsigned int seconds;
};

/* As the host, but that waits without limit with __GFP_FS. */
static const struct time_case time_cases[] = {
	{ "GFP_NOFS", GFP_NOFS, 1 },
	{ "GFP_KERNEL", GFP_KERNEL, 10 },
};

KUNIT_ARRAY_PARAM_DESC(time, time_cases, name);

/* Returns false if the task ran too late for a result. */
static bool waits(struct kunit *test, struct site *s, const struct time_case *c)
{
	struct waiter *w = waiter(test, s, c->gfp);

	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_FALSE(test, w->killed);
	KUNIT_EXPECT_GE(test, w->end - w->begin, c->seconds * HZ);
	return w->end - w->begin < (c->seconds + 1) * HZ;
}

/* A request must go on in the end when kswapd is stuck. */
static void a_wait_for_a_stuck_kswapd_has_a_limit(struct kunit *test)
{
	const struct time_case *c = test->param_value;
	struct site *s = start_stuck(test, MOVABLE_NONE);

	KUNIT_EXPECT_EQ(test, times_throttled(s), 0);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(waits(test, s, c)));
	KUNIT_EXPECT_GE(test, times_throttled(s), 1);
	finish(s);
}

/* Returns false if the waiter came back after its tick of a second only. */
static bool is_woken(struct kunit *test)
{
	struct site *s = start_stuck(test, MOVABLE_NONE);
	struct waiter *w = waiter(test, s, GFP_KERNEL);

	TEST_WAIT_UNTIL(wq_has_sleeper(&s->kswapd->throttle_wait));
	complete_all(&s->owner.go);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_FALSE(test, w->killed);
	KUNIT_EXPECT_GT(test, READ_ONCE(s->zone->nr_free_pages), MIN_PAGES / 2);
	finish(s);
	return w->end - w->begin < HZ;
}

static void a_wait_ends_when_kswapd_has_freed_pages(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_woken(test)));
}

static void a_kill_ends_a_wait(struct kunit *test)
{
	struct site *s = start_stuck(test, MOVABLE_NONE);
	struct waiter *w = waiter(test, s, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test,
			  TEST_WAIT_UNTIL(wq_has_sleeper(&s->kswapd->throttle_wait)));
	send_sig(SIGKILL, w->task, 1);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_TRUE(test, w->killed);
	finish(s);
}

/* Zone Movable has no part of the reserve, which lies in the next node. */
static void a_wait_is_for_the_node_of_the_reserve(struct kunit *test)
{
	struct site *s = start_stuck(test, MOVABLE_ALONE);
	struct waiter *w = waiter(test, s, GFP_NOFS | __GFP_HIGHMEM |
				  __GFP_MOVABLE);

	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_EQ(test, times_throttled(s), 1);
	KUNIT_EXPECT_GE(test, w->end - w->begin, HZ);
	finish(s);
}

struct wish_case {
	const char *name;
	bool movable;		/* kswapd has a wish for zone Movable */
};

static const struct wish_case wish_cases[] = {
	{ "no wish", false },
	{ "a wish for Movable", true },
};

KUNIT_ARRAY_PARAM_DESC(wish, wish_cases, name);

/* Returns false if the request was served after a tick of a second only. */
static bool is_served(struct kunit *test, bool movable)
{
	struct site *s = start(test, MOVABLE_ABOVE);
	struct waiter *w;

	complete_all(&s->owner.go);
	list_pages(test, s, TEST_BLOCK);
	use_up(s, __GFP_HIGH);
	if (movable)
		umbra_kswapd_wake(s->zone, 0, 0, UMBRA_ZONE_MOVABLE);
	KUNIT_EXPECT_EQ(test, umbra_test_events(s->u, EVENT_PAGEOUTRUN), 0);
	w = waiter(test, s, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_GT(test, READ_ONCE(s->zone->nr_free_pages), MIN_PAGES / 2);
	KUNIT_EXPECT_GT(test, umbra_test_events(s->u, EVENT_PGSTEAL_KSWAPD), 0);
	finish(s);
	return w->end - w->begin < HZ;
}

/*
 * All of zone Movable is free, so that a kswapd which may count it finds its
 * node balanced. It must work for the zone with the reserve.
 */
static void a_wait_wakes_kswapd_for_the_reserve(struct kunit *test)
{
	const struct wish_case *c = test->param_value;

	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_served(test, c->movable)));
}

static bool has_given_up(struct site *s)
{
	return umbra_node_is_hopeless(&s->u->nodes[s->zone->nid]);
}

/* Pages could be reclaimed, but their owner keeps them. */
static void nobody_waits_for_a_kswapd_that_gave_up(struct kunit *test)
{
	struct site *s = start(test, MOVABLE_NONE);
	unsigned long before;
	struct waiter *w;

	s->owner.keeps = true;
	complete_all(&s->owner.go);
	list_pages(test, s, TEST_BLOCK);
	use_up(s, GFP_ATOMIC);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(s)));
	before = times_throttled(s);
	w = waiter(test, s, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(w->done)));
	KUNIT_EXPECT_EQ(test, times_throttled(s), before);
	WRITE_ONCE(s->owner.keeps, false);
	finish(s);
}

static struct kunit_case throttle_cases[] = {
	KUNIT_CASE_PARAM_ATTR(a_wait_for_a_stuck_kswapd_has_a_limit,
			      time_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(a_wait_ends_when_kswapd_has_freed_pages),
	KUNIT_CASE(a_kill_ends_a_wait),
	KUNIT_CASE(a_wait_is_for_the_node_of_the_reserve),
	KUNIT_CASE_PARAM(a_wait_wakes_kswapd_for_the_reserve, wish_gen_params),
	KUNIT_CASE(nobody_waits_for_a_kswapd_that_gave_up),
	{}
};

static struct kunit_suite throttle_suite = {
	.name = "umbra_throttle",
	.test_cases = throttle_cases,
};

kunit_test_suite(throttle_suite);
