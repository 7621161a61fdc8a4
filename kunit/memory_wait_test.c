// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that wait for another task: for a free, or for the end of a drain.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include "../src/core/core.h"
#include "../src/pressure/slowpath.h"
#include "../src/pressure/wait.h"
#include "test_util.h"

static struct umbra *with_caches(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 8,
		.pcp_high = 64,
	};

	return umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
}

/* Another thread frees a page while a __GFP_NOFAIL request waits. */
struct waiter {
	struct umbra_slow_ops ops;
	struct umbra *u;
	struct page *kept;
	struct page *got;
	bool waited;
	bool missed;
};

/* Wait like a request that looks again only when it is woken. */
static void wait_to_be_woken(struct umbra *u, int seen)
{
	struct waiter *w = container_of(u->slow_ops, struct waiter, ops);
	long left = wait_event_timeout(u->wait.memory,
				       atomic_read(&u->wait.nr_freed) !=
				       seen, TEST_HANG_S * HZ);

	/* On timeout: a free that woke no request is found now. */
	if (left <= 1)
		w->missed = true;
}

static void wait_or_free(void *arg, unsigned int self)
{
	struct waiter *w = arg;
	struct wait_queue_head *queue = &w->u->wait.memory;

	if (!self) {
		w->got = umbra_alloc_page(w->u, GFP_KERNEL | __GFP_NOFAIL);
		return;
	}
	w->waited = TEST_WAIT_UNTIL(wq_has_sleeper(queue));
	umbra_free_page(w->u, w->kept);
}

/* The free goes into the cache of its CPU, unless caches are off meanwhile. */
static void nofail_wakes_when_a_page_is_freed(struct kunit *test)
{
	struct umbra *u = with_caches(test);
	struct waiter w = { .ops = umbra_slow_ops, .u = u };
	LIST_HEAD(hoard);

	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &hoard);
	w.kept = list_first_entry(&hoard, struct page, lru);
	list_del(&w.kept->lru);
	w.ops.wait = wait_to_be_woken;
	u->slow_ops = &w.ops;
	umbra_test_start_pair(test, wait_or_free, &w);
	umbra_test_join_pair();
	u->slow_ops = &umbra_slow_ops;
	KUNIT_EXPECT_TRUE(test, w.waited);
	KUNIT_EXPECT_FALSE(test, w.missed);
	KUNIT_EXPECT_PTR_EQ(test, w.got, w.kept);
	umbra_free_page(u, w.got);
	umbra_test_give_all(u, &hoard);
	umbra_drain_pages(u);
}

/* All free pages are in the cache of a CPU, and the drain lock is taken. */
struct busy {
	struct umbra_test_barrier barrier;
	struct umbra *u;
	struct list_head hoard;
	struct page *got;
};

static void drain_or_hold_the_lock(void *arg, unsigned int self)
{
	struct busy *b = arg;
	struct page *page;
	unsigned int i;

	if (!self) {
		umbra_test_meet(&b->barrier);
		b->got = umbra_alloc_page(b->u, GFP_KERNEL | __GFP_NOWARN);
		return;
	}
	for (i = 0; i < 4; i++) {
		page = list_first_entry(&b->hoard, struct page, lru);
		list_del(&page->lru);
		umbra_free_page(b->u, page);
	}
	mutex_lock(&b->u->control_lock);
	umbra_test_meet(&b->barrier);
	schedule_timeout_uninterruptible(HZ / 20);
	mutex_unlock(&b->u->control_lock);
}

static void a_request_waits_for_a_drain_before_it_fails(struct kunit *test)
{
	struct umbra *u = with_caches(test);
	struct busy b = { .u = u };

	INIT_LIST_HEAD(&b.hoard);
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &b.hoard);
	umbra_test_start_pair(test, drain_or_hold_the_lock, &b);
	umbra_test_join_pair();
	KUNIT_EXPECT_NOT_NULL(test, b.got);
	if (b.got)
		umbra_free_page(u, b.got);
	umbra_test_give_all(u, &b.hoard);
	umbra_drain_pages(u);
}

/* Take a page, and free it later. Returns how many frees were counted. */
static int frees_of(struct kunit *test, struct umbra *u, struct page **page)
{
	int before = atomic_read(&u->wait.nr_freed), taken;

	if (*page) {
		umbra_free_page(u, *page);
		*page = NULL;
		return atomic_read(&u->wait.nr_freed) - before;
	}
	*page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	taken = atomic_read(&u->wait.nr_freed) - before;
	KUNIT_EXPECT_EQ(test, taken, 0);
	return taken;
}

/* Much is free, so that a page more or less changes nothing else. */
static void each_free_counts_while_a_request_waits(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 4 * TEST_BLOCK);
	struct page *page = NULL;
	unsigned int i;

	frees_of(test, u, &page);
	KUNIT_EXPECT_EQ(test, frees_of(test, u, &page), 0);
	frees_of(test, u, &page);
	umbra_memory_wait_begin(u);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, frees_of(test, u, &page), 1);
		frees_of(test, u, &page);
	}
	umbra_memory_wait_end(u);
	frees_of(test, u, &page);
	frees_of(test, u, &page);
	KUNIT_EXPECT_EQ(test, frees_of(test, u, &page), 0);
}

struct failures_case {
	const char *name;
	int failures;		/* of kswapd; from 16 on it has given up */
	int pause;		/* jiffies since it gave up */
	int left;		/* failures after a free */
	bool noted;
	bool watched;		/* the zone looks for a reason to act */
};

static const struct failures_case failures_cases[] = {
	{ "it has given up", 16, HZ, 0, false },
	{ "it has given up just now", 16, 0, 16, true },
	{ "it has failed", 15, HZ, 15, false, true },
};

KUNIT_ARRAY_PARAM_DESC(failures, failures_cases, name);

/* The same for kswapd: a free, and nothing else, lets it try again. */
static void a_free_lets_kswapd_try_again(struct kunit *test)
{
	const struct failures_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 4 * TEST_BLOCK);
	struct umbra_node *node = &u->nodes[0];
	struct page *first, *page;

	/* From the first change on, the zone knows how many pages are free. */
	u->zones->is_watched = true;
	first = umbra_test_alloc(test, u, GFP_KERNEL, UMBRA_MAX_ORDER);
	atomic_set(&node->kswapd_failures, c->failures);
	node->kswapd_freed = false;
	u->zones->is_watched = true;
	page = umbra_test_alloc(test, u, GFP_KERNEL, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, atomic_read(&node->kswapd_failures), c->failures);
	node->kswapd_gave_up = jiffies - c->pause;
	u->zones->is_watched |= c->watched;
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, atomic_read(&node->kswapd_failures), c->left);
	KUNIT_EXPECT_EQ(test, node->kswapd_freed, c->noted);
	umbra_free_pages(u, first, UMBRA_MAX_ORDER);
	atomic_set(&node->kswapd_failures, 0);
}

static struct kunit_case memory_wait_cases[] = {
	KUNIT_CASE(nofail_wakes_when_a_page_is_freed),
	KUNIT_CASE(a_request_waits_for_a_drain_before_it_fails),
	KUNIT_CASE(each_free_counts_while_a_request_waits),
	KUNIT_CASE_PARAM(a_free_lets_kswapd_try_again, failures_gen_params),
	{}
};

static struct kunit_suite memory_wait_suite = {
	.name = "umbra_memory_wait",
	.test_cases = memory_wait_cases,
};

kunit_test_suite(memory_wait_suite);
