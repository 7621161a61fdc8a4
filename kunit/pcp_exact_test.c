// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches that decide as those of the host. The values follow from
 * nr_pcp_alloc(), nr_pcp_free(), free_pcppages_bulk() and rmqueue_pcplist() of
 * Linux 7.3. The same of the policy fast is beside them.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/section.h"
#include "../src/page/pcp_drain.h"
#include "pcp_util.h"

#define MOST 256

static unsigned int nr_cached(struct umbra *u, struct page **pages,
			      unsigned int nr)
{
	unsigned int i, cached = 0;

	for (i = 0; i < nr; i++)
		cached += frame_state(umbra_test_frame(u, pages[i])) ==
			  FRAME_PCP;
	return cached;
}

static void free_all(struct umbra *u, struct page **pages, unsigned int nr,
		     unsigned int order)
{
	while (nr--)
		umbra_free_pages(u, pages[nr], order);
}

struct exact_case {
	const char *policy;
	int refill;		/* pages that a refill leaves in the cache */
	int bulk;		/* the same after a bulk request */
};

static const struct exact_case exact_cases[] = {
	{ "mainline", 62, 59 },
	{ "fast", 63, 0 },
};

KUNIT_ARRAY_PARAM_DESC(exact, exact_cases, policy);

static void a_refill_has_the_size_of_a_batch(struct kunit *test)
{
	const struct exact_case *c = test->param_value;
	struct umbra *u = ghost_of(test, c->policy, 63, 1000);
	struct page *page;

	umbra_test_one_cpu(test);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, count(u), c->refill);
	umbra_free_page(u, page);
}

struct parts_case {
	const char *name;
	unsigned int free;	/* pages that the zone has */
	unsigned int taken;	/* pages that the refill takes */
};

/* One hold of the zone lock takes 192 pages, and the refill is of 256. */
static const struct parts_case parts_cases[] = {
	{ "a whole refill", 1000, 256 },
	{ "the zone ends in the second part", 200, 200 },
	{ "the zone ends with the first part", 192, 192 },
	{ "the zone ends in the first part", 100, 100 },
};

KUNIT_ARRAY_PARAM_DESC(parts, parts_cases, name);

static void a_refill_in_parts_keeps_the_order_of_the_zone(struct kunit *test)
{
	const struct parts_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, 8, 2000);
	struct umbra_pcp *pcp = per_cpu_ptr(u->zones->pcp,
					    umbra_test_one_cpu(test));
	unsigned long rest = umbra_test_nr_free(u) - c->free;
	gfp_t gfp = GFP_NOWAIT | __GFP_MEMALLOC;
	struct page *first = NULL;
	struct page *page;
	LIST_HEAD(pages);
	unsigned int i;

	while (rest--) {
		page = umbra_test_alloc(test, u, gfp, 0);
		list_add(&page->lru, &pages);
	}
	umbra_drain_pages(u);
	pcp->alloc_factor = 5;
	for (i = 0; i < c->taken; i++) {
		page = umbra_test_alloc(test, u, gfp, 0);
		list_add(&page->lru, &pages);
		if (!first)
			first = page;
		KUNIT_EXPECT_EQ_MSG(test, page - first, i, "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, count(u), c->taken - 1 - i,
				    "page %u", i);
	}
	umbra_test_give_all(u, &pages);
}

static void a_bulk_request_refills_the_cache(struct kunit *test)
{
	const struct exact_case *c = test->param_value;
	struct umbra *u = ghost_of(test, c->policy, 63, 1000);
	struct page *pages[4] = {};

	umbra_test_one_cpu(test);
	KUNIT_ASSERT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 4,
						     pages), 4);
	KUNIT_EXPECT_EQ(test, count(u), c->bulk);
	free_all(u, pages, 4, 0);
}

static void the_list_that_grew_is_emptied_first(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, 8, 64);
	struct page *cold[40], *hot[24];
	unsigned int i;

	umbra_test_one_cpu(test);
	for (i = 0; i < ARRAY_SIZE(cold); i++) {
		cold[i] = umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE);
		KUNIT_ASSERT_NOT_NULL(test, cold[i]);
	}
	alloc_many(test, u, hot, ARRAY_SIZE(hot), 0);
	for (i = 0; i < ARRAY_SIZE(cold); i++)
		umbra_free_page(u, cold[i]);
	/* Each hit halves the number of pages that the next drain frees. */
	for (i = 0; i < 10; i++)
		umbra_free_page(u, umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE));
	for (i = 0; i < ARRAY_SIZE(hot); i++)
		umbra_free_page(u, hot[i]);
	/* The 64th page reached the limit: 26 pages, from this list first. */
	KUNIT_EXPECT_EQ(test, nr_cached(u, hot, ARRAY_SIZE(hot)), 0);
	KUNIT_EXPECT_EQ(test, nr_cached(u, cold, ARRAY_SIZE(cold)), 38);
	KUNIT_EXPECT_EQ(test, count(u), 38);
}

static void the_oldest_pages_of_a_list_leave_first(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, 8, 64);
	struct page *pages[64], *other;
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	for (i = 0; i < 63; i++)
		umbra_free_page(u, pages[i]);
	/* Misses of another list halve the number to a batch. */
	for (i = 0; i < 4; i++) {
		other = umbra_test_alloc(test, u, GFP_KERNEL, 5);
		umbra_free_pages(u, other, 5);
	}
	for (i = 0; i < 5; i++) {
		other = umbra_test_alloc(test, u, GFP_KERNEL, 0);
		umbra_free_page(u, other);
	}
	umbra_free_page(u, pages[63]);
	KUNIT_EXPECT_EQ(test, nr_cached(u, pages, 8), 0);
	KUNIT_EXPECT_EQ(test, nr_cached(u, pages + 8, 56), 56);
}

static void orders_above_the_costly_one_are_not_cached(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, 8, 4096);
	struct page *pages[16];
	unsigned long whole = umbra_test_blocks(u, UMBRA_MAX_ORDER);

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 4);
	free_all(u, pages, ARRAY_SIZE(pages), 4);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), whole);
	/* That of a pageblock is, as huge pages of the host. */
	alloc_many(test, u, pages, 1, TEST_PB_ORDER);
	free_all(u, pages, 1, TEST_PB_ORDER);
	KUNIT_EXPECT_EQ(test, count(u), 1 << TEST_PB_ORDER);
}

static void a_miss_halves_the_number_of_frees_once(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, 8, 200);
	struct page *pages[194], *pair;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	free_all(u, pages, 64, 0);
	/* 64 frees become 32, and 6 pages of the refill stay. */
	pair = umbra_test_alloc(test, u, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, count(u), 70);
	free_all(u, pages + 64, 130, 0);
	KUNIT_EXPECT_EQ(test, count(u), 200 - (32 + 130));
	umbra_free_pages(u, pair, 1);
}

/* Each batch ends with a whole block: 12 pages of order 3 are 16. */
static void a_drain_goes_by_batches(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, 12, 100);
	struct page *large[5], *small[60];

	umbra_test_one_cpu(test);
	alloc_many(test, u, large, ARRAY_SIZE(large), 3);
	alloc_many(test, u, small, ARRAY_SIZE(small), 0);
	free_all(u, large, ARRAY_SIZE(large), 3);
	KUNIT_EXPECT_EQ(test, count(u), 40);
	free_all(u, small, ARRAY_SIZE(small), 0);
	/* 88 pages: 60, then twice 12, then 4. */
	KUNIT_EXPECT_EQ(test, count(u), 0);
}

/* Let the cache of this CPU have a limit between two bounds, and fill it. */
static struct umbra_pcp *busy_cache(struct kunit *test, struct umbra *u,
				    struct page **pages, unsigned int nr)
{
	struct umbra_zone *zone = u->zones;
	struct umbra_pcp *pcp;

	umbra_test_one_cpu(test);
	pcp = per_cpu_ptr(zone->pcp, raw_smp_processor_id());
	alloc_many(test, u, pages, nr, 0);
	WRITE_ONCE(zone->pcp_high_min, 20);
	pcp->high = 200;
	free_all(u, pages, nr, 0);
	return pcp;
}

/* decay_pcp_high() of the host does so once a second. */
static void an_idle_cache_shrinks_by_an_eighth(struct kunit *test)
{
	static const int limits[] = { 175, 154, 135, 119, 105 };
	static const int counts[] = { 150, 150, 135, 119, 105 };
	struct umbra *u = ghost_sized(test, 8, 200);
	struct page *pages[150];
	struct umbra_pcp *pcp = busy_cache(test, u, pages, ARRAY_SIZE(pages));
	unsigned int i;

	KUNIT_EXPECT_EQ(test, count(u), ARRAY_SIZE(pages));
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		umbra_pcp_decay(u);
		KUNIT_EXPECT_EQ(test, pcp->high, limits[i]);
		KUNIT_EXPECT_EQ(test, count(u), counts[i]);
	}
	for (i = 0; i < 40; i++)
		umbra_pcp_decay(u);
	KUNIT_EXPECT_EQ(test, pcp->high, 20);
	KUNIT_EXPECT_EQ(test, count(u), 20);
}

static void caches_shrink_in_the_background(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 8,
		.pcp_high = 200,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  16 * TEST_BLOCK);
	struct page *pages[190];

	busy_cache(test, u, pages, ARRAY_SIZE(pages));
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(count(u) < ARRAY_SIZE(pages)));
}

static struct kunit_case pcp_exact_cases[] = {
	KUNIT_CASE_PARAM(a_refill_has_the_size_of_a_batch, exact_gen_params),
	KUNIT_CASE_PARAM(a_refill_in_parts_keeps_the_order_of_the_zone,
			 parts_gen_params),
	KUNIT_CASE_PARAM(a_bulk_request_refills_the_cache, exact_gen_params),
	KUNIT_CASE(the_list_that_grew_is_emptied_first),
	KUNIT_CASE(the_oldest_pages_of_a_list_leave_first),
	KUNIT_CASE(orders_above_the_costly_one_are_not_cached),
	KUNIT_CASE(a_miss_halves_the_number_of_frees_once),
	KUNIT_CASE(a_drain_goes_by_batches),
	KUNIT_CASE(an_idle_cache_shrinks_by_an_eighth),
	KUNIT_CASE(caches_shrink_in_the_background),
	{}
};

static struct kunit_suite pcp_exact_suite = {
	.name = "umbra_pcp_exact",
	.test_cases = pcp_exact_cases,
};

kunit_test_suite(pcp_exact_suite);
