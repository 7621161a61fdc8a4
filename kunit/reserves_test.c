// SPDX-License-Identifier: GPL-2.0
/*
 * The last means of a request: reserves, nodes that are not allowed, and patience.
 * The values follow from __alloc_pages_slowpath(),
 * __alloc_pages_may_oom(), out_of_memory() and check_retry_cpuset() of Linux
 * 7.3.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/move/kcompactd.h"
#include "../src/pressure/kswapd_node.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define MIN_PAGES 128		/* pages of the min watermark of a zone */

static const struct umbra_zone_layout two_nodes[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
};

static const struct umbra_zone_layout normal_and_movable[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	{ .nid = 1, .type = UMBRA_ZONE_MOVABLE, .nr_frames = PAGES },
};

/* An instance with a reserve, in one node or two. */
static struct umbra *start(struct kunit *test, unsigned int nr_nodes,
			   bool background)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = nr_nodes,
		.zones = two_nodes,
		.min_free_kbytes = nr_nodes * MIN_PAGES * (PAGE_SIZE >> 10),
		.background = background,
	};

	return umbra_test_ghost_layout(test, &layout, nr_nodes * PAGES);
}

static struct page *take(struct umbra *u, gfp_t gfp)
{
	return umbra_alloc_page(u, gfp | __GFP_NOWARN);
}

static void set_killed(bool killed)
{
	if (killed) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_tsk_thread_flag(current, TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		clear_tsk_thread_flag(current, TIF_SIGPENDING);
	}
}

static void a_request_that_must_not_fail_may_use_the_whole_reserve(struct kunit *test)
{
	struct umbra *u = start(test, 1, false);
	unsigned long left;
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	umbra_test_take_all(u, 0, GFP_ATOMIC, 0, &pages);
	umbra_drain_pages(u);
	left = umbra_test_nr_free(u);
	KUNIT_EXPECT_GT(test, left, 0);
	while (umbra_test_nr_free(u)) {
		page = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOFAIL);
		list_add(&page->lru, &pages);
		umbra_drain_pages(u);
	}
	umbra_test_give_all(u, &pages);
}

/* The owner of some pages, which gives one back when memory is out. */
struct giver {
	struct notifier_block nb;
	struct umbra *u;
	struct list_head *pages;
	unsigned int calls;
};

/* Number of calls before a page is freed, without a word. */
#define PATIENCE 3

static int give_silently(struct notifier_block *nb, unsigned long event,
			 void *freed)
{
	struct giver *g = container_of(nb, struct giver, nb);
	struct page *page;

	if (++g->calls == PATIENCE) {
		page = list_first_entry(g->pages, struct page, lru);
		list_del(&page->lru);
		umbra_free_page(g->u, page);
		umbra_drain_pages(g->u);
	}
	return NOTIFY_OK;
}

/* Take all pages, then one more, while the notifier is registered. */
static struct page *take_one_more(struct kunit *test, struct giver *g,
				  gfp_t gfp)
{
	struct page *page;

	g->nb.notifier_call = give_silently;
	umbra_test_take_all(g->u, 0, GFP_KERNEL | __GFP_MEMALLOC, 0, g->pages);
	KUNIT_ASSERT_EQ(test, umbra_register_oom_notifier(g->u, &g->nb), 0);
	page = take(g->u, gfp);
	umbra_unregister_oom_notifier(g->u, &g->nb);
	return page;
}

static void a_request_without_fs_tries_until_memory_is_freed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	LIST_HEAD(pages);
	struct giver g = { .u = u, .pages = &pages };
	struct page *page;

	u->oom.policy = UMBRA_OOM_KILL;
	page = take_one_more(test, &g, GFP_NOFS);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, g.calls, PATIENCE);
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
}

static void a_killed_task_does_not_try_for_ever(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	LIST_HEAD(pages);
	struct page *page;

	u->oom.policy = UMBRA_OOM_KILL;
	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_MEMALLOC, 0, &pages);
	set_killed(true);
	page = take(u, GFP_NOFS);
	set_killed(false);
	KUNIT_EXPECT_NULL(test, page);
	umbra_test_give_all(u, &pages);
}

static void a_killed_task_may_use_half_of_the_reserve(struct kunit *test)
{
	struct umbra *u = start(test, 1, false);
	unsigned long left, used;
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	u->oom.policy = UMBRA_OOM_KILL;
	/* Until only the reserve is left. */
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	umbra_drain_pages(u);
	left = umbra_test_nr_free(u);
	set_killed(true);
	used = umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	set_killed(false);
	umbra_drain_pages(u);
	KUNIT_EXPECT_GT(test, used, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), left - used);
	KUNIT_EXPECT_EQ(test, left - used, MIN_PAGES / 2);
	umbra_test_give_all(u, &pages);
}

static void without_a_zone_in_the_allowed_nodes_a_hardwall_request_fails(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, normal_and_movable, 2,
						 2 * PAGES);
	unsigned long stalls;
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(1)), 0);
	stalls = umbra_test_events(u, EVENT_ALLOCSTALL_NORMAL);
	KUNIT_EXPECT_NULL(test, take(u, GFP_KERNEL | __GFP_HARDWALL));
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_ALLOCSTALL_NORMAL),
			stalls);
	page = take(u, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, page);
	if (page)
		umbra_free_page(u, page);
}

static void a_nodemask_without_an_allowed_node_is_dropped(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes, 2,
						 2 * PAGES);
	umbra_nodemask_t mask = BIT(1);
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	page = umbra_alloc_pages_nodemask(u, GFP_KERNEL | __GFP_HARDWALL |
					  __GFP_NOWARN, 0, 0, &mask);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 0);
	umbra_free_page(u, page);
}

static void a_task_that_exits_may_leave_the_allowed_nodes(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes, 2,
						 2 * PAGES);
	gfp_t gfp = GFP_NOWAIT | __GFP_HARDWALL;
	struct page *page;
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	umbra_test_take_all(u, 0, gfp, 0, &pages);
	KUNIT_EXPECT_NULL(test, take(u, gfp));
	current->flags |= PF_EXITING;
	page = take(u, gfp);
	current->flags &= ~PF_EXITING;
	KUNIT_EXPECT_NOT_NULL(test, page);
	if (page) {
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
		umbra_free_page(u, page);
	}
	umbra_test_give_all(u, &pages);
}

static bool kswapd_sleeps(struct umbra *u, unsigned int nid)
{
	return wq_has_sleeper(&u->nodes[nid].kswapd->wait);
}

/* Its reserves free the request from its nodemask, also in waking kswapd. */
static void a_request_with_reserves_wakes_kswapd_of_all_nodes(struct kunit *test)
{
	struct umbra *u = start(test, 2, true);
	struct umbra_zone *other = &u->zones[1];
	umbra_nodemask_t mask = BIT(0);
	struct page *page;
	LIST_HEAD(pages);

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(kswapd_sleeps(u, 1)));
	umbra_test_take_all(u, 0, GFP_ATOMIC | __GFP_THISNODE | __GFP_MEMALLOC,
			    0, &pages);
	umbra_test_take_all(u, 1, GFP_NOWAIT | __GFP_THISNODE, 0, &pages);
	KUNIT_ASSERT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_node_is_hopeless(&u->nodes[1]) &&
					  kswapd_sleeps(u, 1)));
	/* Let it run again. */
	atomic_set(&u->nodes[1].kswapd_failures, 0);
	page = umbra_alloc_pages_nodemask(u, GFP_ATOMIC | __GFP_MEMALLOC |
					  __GFP_NOWARN, 0, 0, &mask);
	KUNIT_EXPECT_NOT_NULL(test, page);
	if (page) {
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
		list_add(&page->lru, &pages);
	}
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_node_is_hopeless(&u->nodes[1])));
	KUNIT_EXPECT_GT(test, umbra_zone_events(other, EVENT_PAGEOUTRUN),
			UMBRA_KSWAPD_FAILURES);
	umbra_background_stop(u);
	umbra_test_give_all(u, &pages);
}

static struct kunit_case reserves_cases[] = {
	KUNIT_CASE(a_request_that_must_not_fail_may_use_the_whole_reserve),
	KUNIT_CASE(a_request_without_fs_tries_until_memory_is_freed),
	KUNIT_CASE(a_killed_task_does_not_try_for_ever),
	KUNIT_CASE(a_killed_task_may_use_half_of_the_reserve),
	KUNIT_CASE(without_a_zone_in_the_allowed_nodes_a_hardwall_request_fails),
	KUNIT_CASE(a_nodemask_without_an_allowed_node_is_dropped),
	KUNIT_CASE(a_task_that_exits_may_leave_the_allowed_nodes),
	KUNIT_CASE(a_request_with_reserves_wakes_kswapd_of_all_nodes),
	{}
};

static struct kunit_suite reserves_suite = {
	.name = "umbra_reserves",
	.test_cases = reserves_cases,
};

kunit_test_suite(reserves_suite);
