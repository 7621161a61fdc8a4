// SPDX-License-Identifier: GPL-2.0
/*
 * The boost of the watermarks of a zone that fragments, as in boost_watermark()
 * of Linux 7.3: how far it grows, and what a request sees of it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include "../src/buddy/watermark.h"
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/pressure/boost.h"
#include "test_util.h"

#define PB_ORDER 4
#define PB 16			/* pages of a pageblock */

static struct umbra *start(struct kunit *test, unsigned int pb_order,
			   unsigned long nr_pages, int factor)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = pb_order,
		.min_free_kbytes = 32 * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 10,
		.watermark_boost_factor = factor,
	};

	return umbra_test_ghost_layout(test, &layout, nr_pages);
}

static bool boost(struct umbra *u)
{
	unsigned long flags;
	bool boosted;

	spin_lock_irqsave(&u->zones->lock, flags);
	boosted = umbra_watermark_boost(u->zones);
	spin_unlock_irqrestore(&u->zones->lock, flags);
	return boosted;
}

struct limit_case {
	const char *name;
	unsigned int pb_order;
	unsigned long nr_pages;
	int factor;
	unsigned long most;	/* pages; 0 for no boost */
};

/* The high watermark is 48 pages: min 32, and twice a gap of 8. */
static const struct limit_case limit_cases[] = {
	{ "factor 1.5", PB_ORDER, TEST_BLOCK, 15000, 72 },
	{ "factor 1", PB_ORDER, TEST_BLOCK, 10000, 48 },
	{ "factor 0.1: a pageblock at least", PB_ORDER, TEST_BLOCK, 1000, PB },
	{ "no factor", PB_ORDER, TEST_BLOCK, 0, 0 },
	{ "four pageblocks", 8, TEST_BLOCK, 10000, 256 },
	{ "two pageblocks", TEST_PB_ORDER, TEST_BLOCK, 10000, 0 },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void a_boost_grows_by_pageblocks_up_to_its_limit(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct umbra *u = start(test, c->pb_order, c->nr_pages, c->factor);
	struct umbra_zone *zone = u->zones;
	unsigned long pages = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, zone->watermark[UMBRA_WMARK_HIGH], 48);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, boost(u), c->most > 0);
		pages = min(pages + (1UL << c->pb_order), c->most);
		KUNIT_EXPECT_EQ(test, zone->watermark_boost, pages);
	}
}

/* All pages but @nr are allocated. */
static void leave(struct kunit *test, struct umbra *u, unsigned long nr,
		  struct list_head *pages)
{
	while (umbra_test_nr_free(u) > nr)
		list_add(&umbra_test_alloc(test, u, GFP_ATOMIC, 0)->lru, pages);
}

/* 54 pages are free: over the low watermark of 40, but not with a boost of 16. */
static void a_request_sees_the_boost_at_once(struct kunit *test)
{
	struct umbra *u = start(test, PB_ORDER, TEST_BLOCK, 15000);
	unsigned long wakes;
	LIST_HEAD(pages);

	leave(test, u, 54, &pages);
	wakes = umbra_test_events(u, EVENT_KSWAPD_WAKE);
	boost(u);
	list_add(&umbra_test_alloc(test, u, GFP_NOWAIT, 0)->lru, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE),
			wakes + 1);
	umbra_boost_end_now(u);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 0);
	wakes = umbra_test_events(u, EVENT_KSWAPD_WAKE);
	list_add(&umbra_test_alloc(test, u, GFP_NOWAIT, 0)->lru, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE), wakes);
	umbra_test_give_all(u, &pages);
}

/*
 * The mark of the first comparison of a request lies a largest block above the
 * high watermark: with the boost, 1024 + 48 + 72 pages.
 */
static void a_boost_counts_where_much_is_free(struct kunit *test)
{
	struct umbra *u = start(test, PB_ORDER, 4 * TEST_BLOCK, 15000);
	unsigned long mark = u->zones->fast_mark, most;

	boost(u);
	most = u->zones->watermark_boost;
	KUNIT_EXPECT_GT(test, most, 0);
	KUNIT_EXPECT_EQ(test, u->zones->fast_mark, mark + most);
	umbra_boost_end_now(u);
	KUNIT_EXPECT_EQ(test, u->zones->fast_mark, mark);
}

/*
 * Half of each pageblock is movable and in use. Far more pages are free than
 * the watermarks want, so that only a claim makes a request wake kswapd.
 */
static void a_claim_wakes_kswapd(struct kunit *test)
{
	struct umbra *u = start(test, PB_ORDER, TEST_BLOCK, 15000);
	struct page *quiet, *loud;
	unsigned long wakes;
	u32 i;

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, TEST_BLOCK,
						       GFP_HIGHUSER_MOVABLE),
			0);
	for (i = 0; i < TEST_BLOCK; i += PB)
		umbra_free_contig_range(u, i, PB / 2);
	wakes = umbra_test_events(u, EVENT_KSWAPD_WAKE);
	quiet = umbra_alloc_pages(u, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 3);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, PB);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE), wakes);
	loud = umbra_alloc_pages(u, GFP_KERNEL, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE),
			wakes + 1);
	KUNIT_EXPECT_NOT_NULL(test, quiet);
	KUNIT_EXPECT_NOT_NULL(test, loud);
	if (quiet)
		umbra_free_pages(u, quiet, 3);
	if (loud)
		umbra_free_pages(u, loud, 3);
	for (i = PB / 2; i < TEST_BLOCK; i += PB)
		umbra_free_contig_range(u, i, PB / 2);
}

/* A claim for a request that wakes nobody left the wake-up to the next one. */
static void a_wake_up_waits_for_a_request_that_may(struct kunit *test)
{
	struct umbra *u = start(test, PB_ORDER, TEST_BLOCK, 15000);
	struct umbra_zone *zone = u->zones;
	unsigned long wakes = umbra_test_events(u, EVENT_KSWAPD_WAKE);
	struct page *page;

	set_bit(ZONE_FLAG_BOOSTED, &zone->flags);
	page = umbra_test_alloc(test, u, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE), wakes);
	KUNIT_EXPECT_TRUE(test, test_bit(ZONE_FLAG_BOOSTED, &zone->flags));
	page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE),
			wakes + 1);
	KUNIT_EXPECT_FALSE(test, test_bit(ZONE_FLAG_BOOSTED, &zone->flags));
}

static struct kunit_case boost_cases[] = {
	KUNIT_CASE_PARAM(a_boost_grows_by_pageblocks_up_to_its_limit,
			 limit_gen_params),
	KUNIT_CASE(a_request_sees_the_boost_at_once),
	KUNIT_CASE(a_boost_counts_where_much_is_free),
	KUNIT_CASE(a_claim_wakes_kswapd),
	KUNIT_CASE(a_wake_up_waits_for_a_request_that_may),
	{}
};

static struct kunit_suite boost_suite = {
	.name = "umbra_boost",
	.test_cases = boost_cases,
};

kunit_test_suite(boost_suite);
