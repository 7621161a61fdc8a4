// SPDX-License-Identifier: GPL-2.0
/* Cached blocks must not bypass the watermarks of their zone. */
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include "../src/api/tune.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/highatomic.h"
#include "../src/page/pcp.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (16 * TEST_BLOCK)
#define BATCH 8

/* A reserve of 4 MiB leads to watermarks of 1024, 1280 and 1536 pages. */
#define RESERVE_KBYTES 4096
#define MIN_MARK 1024
#define LOW_MARK 1280
#define HIGH_MARK 1536

/* Above this many pages a cached page is given without a watermark check. */
#define PLENTY (HIGH_MARK + TEST_BLOCK)

/* A request that cannot wait, and may not use reserves. */
#define TRY (GFP_NOWAIT | __GFP_NOWARN)

/* A request that ignores watermarks. */
#define URGENT (GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN)

static struct umbra *ghost(struct kunit *test, unsigned int pb_order)
{
	struct umbra_layout layout;
	struct umbra *u;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.background = false;
	layout.pb_order = pb_order;
	layout.min_free_kbytes = RESERVE_KBYTES;
	layout.pcp_batch = BATCH;
	layout.pcp_high = 64;
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	KUNIT_ASSERT_EQ(test, u->zones->watermark[UMBRA_WMARK_MIN], MIN_MARK);
	KUNIT_ASSERT_EQ(test, u->zones->watermark[UMBRA_WMARK_LOW], LOW_MARK);
	KUNIT_ASSERT_EQ(test, u->zones->watermark[UMBRA_WMARK_HIGH],
			HIGH_MARK);
	umbra_test_one_cpu(test);
	umbra_test_no_background(u);
	return u;
}

static unsigned long nr_cached(struct umbra *u)
{
	return umbra_pcp_count(u->zones, -1);
}

static unsigned long wakes(struct umbra *u)
{
	return umbra_zone_events(u->zones, EVENT_KSWAPD_WAKE);
}

static struct page *pop(struct list_head *pages)
{
	struct page *page = list_first_entry(pages, struct page, lru);

	list_del(&page->lru);
	return page;
}

/*
 * Allocate all but @left pages, which are then free in the zone, and one more
 * page, which is then the only one in the cache of this CPU.
 */
static struct page *leave(struct kunit *test, struct umbra *u,
			  unsigned long left, struct list_head *pages)
{
	struct page *page;

	umbra_test_take_all(u, 0, URGENT, 0, pages);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_free(u) + nr_cached(u), 0);
	while (umbra_test_nr_free(u) + nr_cached(u) < left)
		umbra_free_page(u, pop(pages));
	umbra_drain_pages(u);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_free(u), left);
	page = pop(pages);
	umbra_free_page(u, page);
	KUNIT_ASSERT_EQ(test, nr_cached(u), 1);
	return page;
}

struct mark_case {
	const char *name;
	unsigned long left;
	bool given;
	bool wakes;
};

static const struct mark_case mark_cases[] = {
	{ "half of the zone", PAGES / 2, true, false },
	{ "plenty", PLENTY + 1, true, false },
	{ "a page less than plenty", PLENTY, true, false },
	{ "a page above high", HIGH_MARK + 1, true, false },
	{ "a page above low", LOW_MARK + 1, true, false },
	{ "low", LOW_MARK, true, true },
	{ "a page above min", MIN_MARK + 1, true, true },
	{ "min", MIN_MARK, false, true },
	{ "half of min", MIN_MARK / 2, false, true },
};

KUNIT_ARRAY_PARAM_DESC(mark, mark_cases, name);

static void a_cached_page_is_given_as_the_watermarks_allow(struct kunit *test)
{
	const struct mark_case *c = test->param_value;
	struct umbra *u = ghost(test, TEST_PB_ORDER);
	unsigned long before;
	struct page *cached, *page;
	LIST_HEAD(pages);

	cached = leave(test, u, c->left, &pages);
	before = wakes(u);
	page = umbra_alloc_page(u, TRY);
	KUNIT_EXPECT_PTR_EQ(test, page, c->given ? cached : NULL);
	KUNIT_EXPECT_EQ(test, wakes(u) > before, c->wakes);
	if (!page)
		page = umbra_alloc_page(u, URGENT);
	KUNIT_EXPECT_PTR_EQ(test, page, cached);
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
}

static void requests_of_every_order_keep_the_min_watermark(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = ghost(test, TEST_PB_ORDER);
	unsigned long nr;
	LIST_HEAD(pages);

	nr = umbra_test_take_all(u, 0, TRY, c->order, &pages);
	KUNIT_EXPECT_GT(test, nr, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u) + nr_cached(u),
			PAGES - (nr << c->order));
	KUNIT_EXPECT_GE(test, umbra_test_nr_free(u) + nr_cached(u), MIN_MARK);
	umbra_test_give_all(u, &pages);
}

/*
 * Enough pages are free, but no block of order 3 except in the highatomic
 * reserve. A cached block does not count as free.
 */
static void a_cached_block_needs_a_free_block_of_its_order(struct kunit *test)
{
	struct umbra *u = ghost(test, 3);
	struct page *cached, *reserved, *page, *next;
	unsigned long before;
	LIST_HEAD(pages);

	cached = umbra_test_alloc(test, u, GFP_KERNEL, 3);
	reserved = umbra_test_alloc(test, u, GFP_KERNEL, 3);
	umbra_drain_pages(u);
	umbra_test_take_all(u, 0, URGENT, 0, &pages);
	umbra_highatomic_reserve(u->zones, umbra_page_to_index(u, reserved), 3);
	umbra_free_pages(u, reserved, 3);
	list_for_each_entry_safe(page, next, &pages, lru) {
		if (umbra_page_to_index(u, page) & 4)
			continue;
		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	umbra_drain_pages(u);
	KUNIT_ASSERT_EQ(test, u->zones->nr_free_highatomic, 8);
	KUNIT_ASSERT_GT(test, umbra_test_nr_free(u), PLENTY);
	umbra_free_pages(u, cached, 3);
	KUNIT_ASSERT_EQ(test, nr_cached(u), 8);

	before = wakes(u);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, TRY, 3));
	KUNIT_EXPECT_GT(test, wakes(u), before);
	KUNIT_EXPECT_EQ(test, nr_cached(u), 8);

	before = wakes(u);
	page = umbra_alloc_pages(u, TRY, 2);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, 2);
	umbra_test_give_all(u, &pages);
	umbra_drain_pages(u);
	page = umbra_alloc_pages(u, TRY, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, wakes(u), before);
}

static void a_tunable_decides_whether_a_cached_page_is_given(struct kunit *test)
{
	struct umbra *u = ghost(test, TEST_PB_ORDER);
	struct page *cached, *page;
	unsigned long before;
	LIST_HEAD(pages);

	cached = leave(test, u, PAGES / 2, &pages);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES,
					 PAGES << (PAGE_SHIFT - 11)), 0);
	before = wakes(u);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, TRY));
	KUNIT_EXPECT_GT(test, wakes(u), before);

	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 0), 0);
	before = wakes(u);
	page = umbra_alloc_page(u, TRY);
	KUNIT_EXPECT_PTR_EQ(test, page, cached);
	KUNIT_EXPECT_EQ(test, wakes(u), before);
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
}

static unsigned long findings(struct kunit *test, struct umbra *u)
{
	struct umbra_findings v;

	umbra_verify(u, &v);
	KUNIT_EXPECT_TRUE(test, v.exact);
	if (v.nr_findings)
		KUNIT_EXPECT_EQ(test, v.first[0].code, FINDING_COUNT);
	return v.nr_findings;
}

/* The summaries say which orders have plenty of blocks, and which lists any. */
static void the_checker_finds_wrong_summaries_of_a_zone(struct kunit *test)
{
	struct umbra *u = ghost(test, TEST_PB_ORDER);
	struct umbra_zone *zone = u->zones;

	KUNIT_EXPECT_EQ(test, findings(test, u), 0);
	zone->watermark[UMBRA_WMARK_HIGH] += PAGES;
	KUNIT_EXPECT_EQ(test, findings(test, u), 1);
	zone->watermark[UMBRA_WMARK_HIGH] -= PAGES;
	zone->listed[UMBRA_CMA] = BIT(3);
	KUNIT_EXPECT_EQ(test, findings(test, u), 1);
	zone->listed[UMBRA_CMA] = 0;
	KUNIT_EXPECT_EQ(test, findings(test, u), 0);
}

static struct kunit_case plenty_cases[] = {
	KUNIT_CASE_PARAM(a_cached_page_is_given_as_the_watermarks_allow,
			 mark_gen_params),
	KUNIT_CASE_PARAM(requests_of_every_order_keep_the_min_watermark,
			 order_gen_params),
	KUNIT_CASE(a_cached_block_needs_a_free_block_of_its_order),
	KUNIT_CASE(a_tunable_decides_whether_a_cached_page_is_given),
	KUNIT_CASE(the_checker_finds_wrong_summaries_of_a_zone),
	{}
};

static struct kunit_suite plenty_suite = {
	.name = "umbra_plenty",
	.test_cases = plenty_cases,
};

kunit_test_suite(plenty_suite);
