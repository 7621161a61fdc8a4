// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/page/held.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define NODE_FRAMES TEST_BLOCK
#define NR_NUMA (EVENT_NUMA_OTHER - EVENT_NUMA_HIT + 1)

struct cache_case {
	const char *name;
	int batch;
	int high;
};

static const struct cache_case cache_cases[] = {
	{ "without caches", 0, 0 },
	{ "with caches", 8, 64 },
	{ "with caches that size themselves", UMBRA_AUTO, UMBRA_AUTO },
};

KUNIT_ARRAY_PARAM_DESC(cache, cache_cases, name);

/* Two nodes, with every CPU on node 0. */
static struct umbra *two_nodes(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
	};
	const struct cache_case *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.pcp_batch = c->batch,
		.pcp_high = c->high,
	};
	u8 *cpu_node = kunit_kzalloc(test, nr_cpu_ids, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cpu_node);
	layout.cpu_node = cpu_node;
	return umbra_test_ghost_layout(test, &layout, 2 * NODE_FRAMES);
}

static unsigned long events(struct umbra *u, unsigned int zone,
			    enum umbra_event event)
{
	return umbra_zone_events(&u->zones[zone], event);
}

/* The NUMA counters of both zones. */
struct numa {
	unsigned long zone[2][NR_NUMA];
};

static void numa_read(struct umbra *u, struct numa *numa)
{
	unsigned int zone, i;

	for (zone = 0; zone < 2; zone++)
		for (i = 0; i < NR_NUMA; i++)
			numa->zone[zone][i] = events(u, zone,
						     EVENT_NUMA_HIT + i);
}

/* Expect these increments of hit, miss, foreign, local and other. */
static void numa_expect(struct kunit *test, struct umbra *u,
			const struct numa *before,
			const unsigned long (*expected)[NR_NUMA])
{
	struct numa now;
	unsigned int zone, i;

	numa_read(u, &now);
	for (zone = 0; zone < 2; zone++)
		for (i = 0; i < NR_NUMA; i++)
			KUNIT_EXPECT_EQ_MSG(test, now.zone[zone][i] -
					    before->zone[zone][i],
					    expected[zone][i], "node %u, %s",
					    zone,
					    umbra_event_name(EVENT_NUMA_HIT +
							     i));
}

/*
 * Allocate and free @times blocks one after another, so that caches are used
 * too.
 */
static void alloc_and_free(struct kunit *test, struct umbra *u, int nid,
			   unsigned int order, const umbra_nodemask_t *mask,
			   unsigned int times)
{
	while (times--) {
		struct page *page;

		page = umbra_alloc_pages_nodemask(u, GFP_KERNEL, order, nid,
						  mask);
		KUNIT_ASSERT_NOT_NULL(test, page);
		umbra_free_pages(u, page, order);
	}
}

static void the_preferred_node_is_a_hit(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	struct numa before;

	numa_read(u, &before);
	alloc_and_free(test, u, 0, 0, NULL, 10);
	alloc_and_free(test, u, UMBRA_NO_NODE, 3, NULL, 5);
	alloc_and_free(test, u, 1, 0, NULL, 7);
	alloc_and_free(test, u, 1, 5, NULL, 1);
	numa_expect(test, u, &before, (const unsigned long [2][NR_NUMA]) {
		{ 15, 0, 0, 15, 0 },
		{ 8, 0, 0, 0, 8 },
	});
}

static void another_node_is_a_miss_and_foreign(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	struct numa before;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_THISNODE, 0, &pages);
	numa_read(u, &before);
	alloc_and_free(test, u, 0, 0, NULL, 10);
	alloc_and_free(test, u, 0, 2, NULL, 3);
	numa_expect(test, u, &before, (const unsigned long [2][NR_NUMA]) {
		{ 0, 0, 13, 0, 0 },
		{ 0, 13, 0, 0, 13 },
	});
	umbra_test_give_all(u, &pages);

	umbra_test_take_all(u, 1, GFP_KERNEL | __GFP_THISNODE, 0, &pages);
	numa_read(u, &before);
	alloc_and_free(test, u, 1, 0, NULL, 4);
	numa_expect(test, u, &before, (const unsigned long [2][NR_NUMA]) {
		{ 0, 4, 0, 4, 0 },
		{ 0, 0, 4, 0, 0 },
	});
	umbra_test_give_all(u, &pages);
}

/* The preferred node is the first one that the mask allows. */
static void a_nodemask_causes_no_miss(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	const umbra_nodemask_t mask = BIT(1);
	struct numa before;

	numa_read(u, &before);
	alloc_and_free(test, u, 0, 0, &mask, 6);
	alloc_and_free(test, u, 0, 4, &mask, 1);
	numa_expect(test, u, &before, (const unsigned long [2][NR_NUMA]) {
		{ 0, 0, 0, 0, 0 },
		{ 7, 0, 0, 0, 7 },
	});
}

static void every_page_of_a_bulk_is_counted(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	struct page *pages[100] = {};
	unsigned long nr = 0, more;
	struct numa before;

	numa_read(u, &before);
	while (nr < ARRAY_SIZE(pages)) {
		more = umbra_alloc_pages_bulk(u, GFP_KERNEL, 1, NULL,
					      ARRAY_SIZE(pages), pages);
		KUNIT_ASSERT_GT(test, more, nr);
		nr = more;
	}
	numa_expect(test, u, &before, (const unsigned long [2][NR_NUMA]) {
		{ 0, 0, 0, 0, 0 },
		{ 100, 0, 0, 0, 100 },
	});
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGALLOC), 100);
	umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGFREE), 100);
}

static void allocated_and_freed_pages_are_counted(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	unsigned long sum = 0;
	unsigned int order;
	LIST_HEAD(pages);

	for (order = 0; order < TEST_PB_ORDER; order++) {
		struct page *page = umbra_alloc_pages_node(u, 0, GFP_KERNEL,
							   order);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_ASSERT_EQ(test, umbra_page_node(u, page), 0);
		list_add(&page->lru, &pages);
		sum += 1UL << order;
		KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGALLOC), sum);
	}
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), 0);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGALLOC), sum);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), sum);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), sum);
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGALLOC), 0);
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGFREE), 0);
}

static void a_refused_request_is_not_counted_as_allocated(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	unsigned long nr;
	LIST_HEAD(pages);

	nr = umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	KUNIT_EXPECT_EQ(test, nr, 2 * NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_FAIL), 1);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGALLOC), NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGALLOC), NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_NUMA_FOREIGN), NODE_FRAMES);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, events(u, 1, EVENT_PGFREE), NODE_FRAMES);
}

/* A held page counts as freed once, when its owner frees it. */
static void a_held_page_is_freed_once(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	struct page *page = umbra_alloc_pages_node(u, 0, GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), 1);
	page_ref_dec(page);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGFREE), 1);
}

static void account_is_counted_in_pages(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		struct page *page = umbra_alloc_pages_node(u, 0,
							   GFP_KERNEL_ACCOUNT,
							   2);

		KUNIT_ASSERT_NOT_NULL(test, page);
		umbra_free_pages(u, page, 2);
	}
	alloc_and_free(test, u, 0, 2, NULL, 5);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_ACCOUNT), 20);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PGALLOC), 40);
}

static void drained_pages_are_counted(struct kunit *test)
{
	struct umbra *u = two_nodes(test);
	const struct cache_case *c = test->param_value;
	unsigned long cached, drained;

	alloc_and_free(test, u, 0, 0, NULL, 1);
	cached = umbra_pcp_count(&u->zones[0], -1);
	drained = events(u, 0, EVENT_PCP_DRAIN);
	KUNIT_EXPECT_EQ(test, !!cached, !!c->batch);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, events(u, 0, EVENT_PCP_DRAIN) - drained, cached);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, NODE_FRAMES);
}

static void every_event_has_a_name_of_its_own(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a < UMBRA_NR_EVENTS; a++)
		for (b = a + 1; b <= UMBRA_NR_EVENTS; b++)
			KUNIT_EXPECT_STRNEQ(test, umbra_event_name(a),
					    umbra_event_name(b));
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE_PARAM(the_preferred_node_is_a_hit, cache_gen_params),
	KUNIT_CASE_PARAM(another_node_is_a_miss_and_foreign, cache_gen_params),
	KUNIT_CASE_PARAM(a_nodemask_causes_no_miss, cache_gen_params),
	KUNIT_CASE_PARAM(every_page_of_a_bulk_is_counted, cache_gen_params),
	KUNIT_CASE_PARAM(allocated_and_freed_pages_are_counted,
			 cache_gen_params),
	KUNIT_CASE_PARAM(a_refused_request_is_not_counted_as_allocated,
			 cache_gen_params),
	KUNIT_CASE_PARAM(a_held_page_is_freed_once, cache_gen_params),
	KUNIT_CASE_PARAM(account_is_counted_in_pages, cache_gen_params),
	KUNIT_CASE_PARAM(drained_pages_are_counted, cache_gen_params),
	KUNIT_CASE(every_event_has_a_name_of_its_own),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "umbra_stats",
	.test_cases = stats_cases,
};

kunit_test_suite(stats_suite);
