// SPDX-License-Identifier: GPL-2.0
/*
 * The last steps of the slow path, as in __alloc_pages_may_oom(),
 * __alloc_pages_cpuset_fallback() and should_reclaim_retry() of Linux 7.3: the
 * look before a task is killed keeps to the allowed nodes, a request that cannot
 * fail looks at the others before it waits, and a request for a costly order
 * ends although reclaim frees pages. A script stands for reclaim and OOM.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/pressure/oom.h"
#include "../src/pressure/slowpath.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define COSTLY 5
#define RECLAIMS 17		/* of a request without progress */

struct wall {
	struct umbra_slow_ops ops;
	struct umbra *u;
	struct list_head hoard[2];	/* all pages of each node */
	unsigned int frees;	/* node whose pages the last reclaim frees */
	unsigned int progress;	/* reclaims that claim to have freed pages */
	bool oom_helps;
	unsigned int nr_reclaims, nr_compacts, nr_ooms, nr_waits;
};

static struct wall *wall_of(struct umbra *u)
{
	return container_of(u->slow_ops, struct wall, ops);
}

/* The pages come late: no step between here and OOM tries to take one. */
static unsigned long late_reclaim(struct umbra *u,
				  const struct umbra_request *rq)
{
	struct wall *w = wall_of(u);

	if (++w->nr_reclaims == RECLAIMS)
		umbra_test_give_all(u, &w->hoard[w->frees]);
	return w->nr_reclaims <= w->progress ? 32 : 0;
}

static enum umbra_compact_result
no_compact(struct umbra *u, const struct umbra_request *rq,
	   enum umbra_compact_priority priority, u32 *index)
{
	wall_of(u)->nr_compacts++;
	return UMBRA_COMPACT_COMPLETE;
}

static bool not_suitable(struct umbra *u, const struct umbra_request *rq)
{
	return false;
}

static unsigned long much_reclaimable(const struct umbra_zone *zone)
{
	return PAGES;
}

/* The count has an end, so that a request which never ends fails the test. */
static enum umbra_oom_result count_oom(struct umbra *u,
				       const struct umbra_request *rq)
{
	struct wall *w = wall_of(u);

	return ++w->nr_ooms < 4 && w->oom_helps ? UMBRA_OOM_PROGRESS :
						  UMBRA_OOM_NOTHING;
}

/* Frees a page of node 0, so that a wrong wait ends. */
static void count_wait(struct umbra *u, int seen)
{
	struct wall *w = wall_of(u);
	struct page *page = list_first_entry(&w->hoard[0], struct page, lru);

	w->nr_waits++;
	list_del(&page->lru);
	umbra_free_page(u, page);
}

static struct wall *wall(struct kunit *test, struct umbra *u)
{
	struct wall *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	INIT_LIST_HEAD(&w->hoard[0]);
	INIT_LIST_HEAD(&w->hoard[1]);
	w->u = u;
	w->ops = (struct umbra_slow_ops) {
		.reclaim = late_reclaim,
		.compact = no_compact,
		.compact_suitable = not_suitable,
		.reclaimable = much_reclaimable,
		.oom = count_oom,
		.wait = count_wait,
		.wake_kswapd = umbra_slow_ops.wake_kswapd,
	};
	return w;
}

/* All pages of both nodes are in use, and only node 0 is allowed. */
static struct wall *build(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, 2, 2 * PAGES);
	struct wall *w = wall(test, u);
	unsigned int nid;

	for (nid = 0; nid < 2; nid++)
		umbra_test_take_all(u, nid, GFP_KERNEL | __GFP_THISNODE, 0,
				    &w->hoard[nid]);
	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	u->slow_ops = &w->ops;
	return w;
}

static void tear_down(struct wall *w, struct page *page)
{
	unsigned int nid;

	w->u->slow_ops = &umbra_slow_ops;
	if (page)
		umbra_free_page(w->u, page);
	for (nid = 0; nid < 2; nid++)
		umbra_test_give_all(w->u, &w->hoard[nid]);
}

static void free_memory_of_an_allowed_node_prevents_oom(struct kunit *test)
{
	struct wall *w = build(test);
	struct page *page;

	page = umbra_alloc_page(w->u, GFP_KERNEL | __GFP_NOWARN);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(w->u, page), 0);
	KUNIT_EXPECT_EQ(test, w->nr_reclaims, RECLAIMS);
	KUNIT_EXPECT_EQ(test, w->nr_ooms, 0);
	tear_down(w, page);
}

static void free_memory_of_other_nodes_does_not_prevent_oom(struct kunit *test)
{
	struct wall *w = build(test);
	struct page *page;

	w->frees = 1;
	page = umbra_alloc_page(w->u, GFP_KERNEL | __GFP_NOWARN);
	KUNIT_EXPECT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, w->nr_reclaims, RECLAIMS);
	KUNIT_EXPECT_EQ(test, w->nr_ooms, 1);
	tear_down(w, page);
}

struct last_case {
	const char *name;
	bool oom_helps;
};

static const struct last_case last_cases[] = {
	{ "a task was killed", true },
	{ "no task could be killed", false },
};

KUNIT_ARRAY_PARAM_DESC(last, last_cases, name);

static void a_request_that_cannot_fail_leaves_the_allowed_nodes_at_last(struct kunit *test)
{
	const struct last_case *c = test->param_value;
	struct wall *w = build(test);
	struct page *page;

	w->oom_helps = c->oom_helps;
	w->frees = 1;
	umbra_test_give_all(w->u, &w->hoard[1]);
	page = umbra_alloc_page(w->u, GFP_KERNEL | __GFP_HARDWALL |
				__GFP_NOFAIL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(w->u, page), 1);
	KUNIT_EXPECT_EQ(test, w->nr_ooms, 1);
	KUNIT_EXPECT_EQ(test, w->nr_waits, 0);
	tear_down(w, page);
}

static void a_request_that_can_fail_keeps_to_the_allowed_nodes(struct kunit *test)
{
	struct wall *w = build(test);
	struct page *page;

	w->frees = 1;
	umbra_test_give_all(w->u, &w->hoard[1]);
	page = umbra_alloc_page(w->u, GFP_KERNEL | __GFP_HARDWALL |
				__GFP_NOWARN);
	KUNIT_EXPECT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, w->nr_ooms, 1);
	tear_down(w, page);
}

/*
 * A block of the order is free, but the request would bring the zone below its
 * min watermark. The pages that reclaim frees are no progress for it.
 */
static void a_costly_request_ends_although_reclaim_frees_pages(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 64 * (PAGE_SIZE >> 10),
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct wall *w = wall(test, u);
	LIST_HEAD(hoard);

	umbra_test_take_all(u, 0, GFP_NOWAIT, COSTLY, &hoard);
	umbra_drain_pages(u);
	KUNIT_ASSERT_GE(test, umbra_test_nr_free(u), 1UL << COSTLY);
	u->slow_ops = &w->ops;
	w->progress = 3 * RECLAIMS;
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, gfp, COSTLY));
	KUNIT_EXPECT_EQ(test, w->nr_reclaims, RECLAIMS);
	/* One before any reclaim, and one after each. */
	KUNIT_EXPECT_EQ(test, w->nr_compacts, 1 + RECLAIMS);
	KUNIT_EXPECT_EQ(test, w->nr_ooms, 0);
	u->slow_ops = &umbra_slow_ops;
	umbra_test_give_all(u, &hoard);
}

static struct kunit_case slowpath_end_cases[] = {
	KUNIT_CASE(free_memory_of_an_allowed_node_prevents_oom),
	KUNIT_CASE(free_memory_of_other_nodes_does_not_prevent_oom),
	KUNIT_CASE_PARAM(a_request_that_cannot_fail_leaves_the_allowed_nodes_at_last,
			 last_gen_params),
	KUNIT_CASE(a_request_that_can_fail_keeps_to_the_allowed_nodes),
	KUNIT_CASE(a_costly_request_ends_although_reclaim_frees_pages),
	{}
};

static struct kunit_suite slowpath_end_suite = {
	.name = "umbra_slowpath_end",
	.test_cases = slowpath_end_cases,
};

kunit_test_suite(slowpath_end_suite);
