// SPDX-License-Identifier: GPL-2.0
/* When a request need not look at watermarks, and when it must. */
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include "../src/buddy/watermark.h"
#include "../src/core/core.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define PAGES (16 * TEST_BLOCK)

/* Of 4 MiB: marks of 1024, 1280 and 1536 pages, and a largest block on top. */
#define RESERVE_KBYTES 4096
#define HIGH_MARK 1536
#define PLENTY (HIGH_MARK + TEST_BLOCK)

static struct umbra *ghost(struct kunit *test, int pcp_batch)
{
	struct umbra_layout layout;
	struct umbra *u;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.background = false;
	layout.min_free_kbytes = RESERVE_KBYTES;
	layout.pcp_batch = pcp_batch;
	layout.pcp_high = pcp_batch ? 64 : 0;
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	KUNIT_ASSERT_EQ(test, u->zones->watermark[UMBRA_WMARK_HIGH],
			HIGH_MARK);
	return u;
}

/* Take single pages until @left are free. */
static void take_all_but(struct kunit *test, struct umbra *u,
			 unsigned long left, struct list_head *pages)
{
	while (umbra_test_nr_free(u) > left) {
		struct page *page = umbra_alloc_page(u, GFP_ATOMIC |
						     __GFP_MEMALLOC);

		KUNIT_ASSERT_NOT_NULL(test, page);
		list_add(&page->lru, pages);
	}
}

static void plenty_begins_a_block_above_the_high_mark(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct umbra_zone *zone = u->zones;
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, zone->fast_orders, UMBRA_NR_ORDERS);
	take_all_but(test, u, PLENTY + 1, &pages);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, UMBRA_NR_ORDERS);
	take_all_but(test, u, PLENTY, &pages);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, 0);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, UMBRA_NR_ORDERS);
}

/* Of an order that only the reserve for urgent requests has, there is none. */
static void plenty_is_of_orders_that_are_free(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct umbra_zone *zone = u->zones;
	struct page *pages[PAGES / TEST_BLOCK], *page;
	unsigned int nr = 0, i;

	while ((page = umbra_alloc_pages(u, GFP_ATOMIC | __GFP_MEMALLOC |
					 __GFP_NOWARN, UMBRA_MAX_ORDER)))
		pages[nr++] = page;
	KUNIT_ASSERT_EQ(test, nr, PAGES / TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, 0);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, umbra_split_page(u, pages[i],
						       UMBRA_MAX_ORDER), 0);
	/* Of every second block all but the first page of the upper half. */
	for (i = 0; i < nr * TEST_BLOCK; i++)
		if (i % TEST_BLOCK != TEST_BLOCK / 2 && i / TEST_BLOCK % 2)
			umbra_free_page(u, pages[i / TEST_BLOCK] +
					i % TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, UMBRA_MAX_ORDER);
	for (i = 0; i < nr * TEST_BLOCK; i++)
		if (i % TEST_BLOCK == TEST_BLOCK / 2 || !(i / TEST_BLOCK % 2))
			umbra_free_page(u, pages[i / TEST_BLOCK] +
					i % TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, zone->fast_orders, UMBRA_NR_ORDERS);
}

/* A page in a cache is not for who may not go below the marks. */
static void a_hit_does_not_pass_a_watermark(struct kunit *test)
{
	struct umbra *u = ghost(test, 8);
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	umbra_test_no_background(u);
	take_all_but(test, u, 512, &pages);
	page = list_first_entry(&pages, struct page, lru);
	list_del(&page->lru);
	umbra_drain_pages(u);
	umbra_free_page(u, page);
	KUNIT_ASSERT_EQ(test, umbra_pcp_count(u->zones, -1), 1);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 1);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_NOWAIT |
						   __GFP_MEMALLOC), page);
	umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
	umbra_drain_pages(u);
	page = umbra_alloc_page(u, GFP_NOWAIT);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
}

static void tunables_move_what_is_plenty(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);

	mutex_lock(&u->control_lock);
	u->min_free_kbytes = PAGES << (PAGE_SHIFT - 10);
	umbra_watermark_setup(u);
	KUNIT_EXPECT_EQ(test, u->zones->fast_orders, 0);
	u->min_free_kbytes = 0;
	umbra_watermark_setup(u);
	KUNIT_EXPECT_EQ(test, u->zones->fast_orders, UMBRA_NR_ORDERS);
	mutex_unlock(&u->control_lock);
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

static void the_checker_finds_plenty_that_is_none(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
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
	KUNIT_CASE(plenty_begins_a_block_above_the_high_mark),
	KUNIT_CASE(plenty_is_of_orders_that_are_free),
	KUNIT_CASE(a_hit_does_not_pass_a_watermark),
	KUNIT_CASE(tunables_move_what_is_plenty),
	KUNIT_CASE(the_checker_finds_plenty_that_is_none),
	{}
};

static struct kunit_suite plenty_suite = {
	.name = "umbra_plenty",
	.test_cases = plenty_cases,
};

kunit_test_suite(plenty_suite);
