// SPDX-License-Identifier: GPL-2.0
/* Requests that a watermark stops, and requests that may pass it. */
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include "../src/buddy/watermark.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/section.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/highatomic.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define NR_PAGES (4 * TEST_BLOCK)

struct check_case {
	const char *name;
	unsigned int flags;
	unsigned int order;
	unsigned long most;	/* highest mark that allows the request */
};

/* A zone with 4096 free pages. */
static const struct check_case check_cases[] = {
	{ "no flags", 0, 0, 4095 },
	{ "non-block alone", ALLOC_NON_BLOCK, 0, 4095 },
	{ "min reserve", ALLOC_MIN_RESERVE, 0, 8190 },
	{ "min reserve, non-block", ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 0,
	  10920 },
	{ "oom", ALLOC_OOM, 0, 8190 },
	{ "min reserve, oom", ALLOC_MIN_RESERVE | ALLOC_OOM, 0, 16380 },
	{ "min reserve, non-block, oom",
	  ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK | ALLOC_OOM, 0, 21840 },
	{ "order 3", 0, 3, 4088 },
	{ "order 10", 0, 10, 3072 },
	{ "order 3, min reserve", ALLOC_MIN_RESERVE, 3, 8176 },
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, name);

static void a_mark_is_lower_for_requests_with_reserves(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, NR_PAGES);

	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(u->zones, c->order, c->most,
						   UMBRA_ZONE_NORMAL,
						   c->flags));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(u->zones, c->order,
						    c->most + 1,
						    UMBRA_ZONE_NORMAL,
						    c->flags));
	KUNIT_EXPECT_TRUE(test, umbra_watermark_fast(u->zones, c->order,
						     c->most,
						     UMBRA_ZONE_NORMAL,
						     c->flags));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_fast(u->zones, c->order,
						      c->most + 1,
						      UMBRA_ZONE_NORMAL,
						      c->flags));
}

static void free_pages_without_a_block_are_not_enough(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, NR_PAGES);
	LIST_HEAD(pages);
	u32 i;

	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_free(u), 0);
	for (i = 0; i < NR_PAGES; i += 2) {
		struct page *page = umbra_index_to_page(u, i);

		list_del(&page->lru);
		umbra_free_pages(u, page, 0);
	}
	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(u->zones, 0, NR_PAGES / 4,
						   UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(u->zones, 1, 0,
						    UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
						  1));
	umbra_test_give_all(u, &pages);
}

static void cma_counts_for_requests_that_may_use_it(struct kunit *test)
{
	static const struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = TEST_BLOCK,
	};
	struct umbra *u = umbra_test_ghost_zones(test, &zone, 1, NR_PAGES);
	const unsigned long rest = NR_PAGES - TEST_BLOCK;
	LIST_HEAD(pages);

	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(u->zones, 0, rest - 1,
						   UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(u->zones, 0, rest,
						    UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(u->zones, 0, NR_PAGES - 1,
						   UMBRA_ZONE_NORMAL,
						   ALLOC_CMA));

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages),
			rest);
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(u->zones, 0, 0,
						    UMBRA_ZONE_NORMAL,
						    ALLOC_RESERVES));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(u->zones, 10, 0,
						    UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(u->zones, 10, 0,
						   UMBRA_ZONE_NORMAL,
						   ALLOC_CMA));
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_HIGHUSER_MOVABLE,
						  0, &pages), TEST_BLOCK);
	umbra_test_give_all(u, &pages);
}

/* By the size of the zones alone it would be 90 KiB. */
static void the_least_reserve_is_128_kib(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 128 },
		{ .type = UMBRA_ZONE_MOVABLE, .nr_frames = TEST_BLOCK - 128 },
	};
	struct umbra_layout layout;
	struct umbra *u;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pb_order = 4;
	layout.nr_zones = ARRAY_SIZE(zones);
	layout.zones = zones;
	u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, u->min_free_kbytes, 128);
}

/* Only one block is free, in a pageblock of this type. */
struct type_case {
	const char *name;
	enum umbra_migratetype type;
	unsigned int flags;
	bool counts;
};

static const struct type_case type_cases[] = {
	{ "unmovable", UMBRA_UNMOVABLE, 0, true },
	{ "movable", UMBRA_MOVABLE, 0, true },
	{ "reclaimable", UMBRA_RECLAIMABLE, 0, true },
	{ "CMA", UMBRA_CMA, 0, false },
	{ "CMA, for a request that may use it", UMBRA_CMA, ALLOC_CMA, true },
	{ "CMA, with the reserve", UMBRA_CMA, ALLOC_OOM, false },
	{ "highatomic", UMBRA_HIGHATOMIC, 0, false },
	{ "highatomic, with the reserve", UMBRA_HIGHATOMIC, ALLOC_OOM, true },
	{ "highatomic, for an urgent request", UMBRA_HIGHATOMIC,
	  ALLOC_HIGHATOMIC, true },
	{ "highatomic, with CMA", UMBRA_HIGHATOMIC, ALLOC_CMA, false },
	{ "isolated", UMBRA_ISOLATE, 0, false },
	{ "isolated, with CMA", UMBRA_ISOLATE, ALLOC_CMA | ALLOC_OOM, false },
};

KUNIT_ARRAY_PARAM_DESC(type, type_cases, name);

static void a_block_counts_if_its_type_may_be_used(struct kunit *test)
{
	const struct type_case *c = test->param_value;
	struct umbra_zone *zone = kunit_kzalloc(test, sizeof(*zone), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, zone);
	zone->nr_free_pages = 1000;
	zone->free_area[3].nr_free[c->type] = 1;
	KUNIT_EXPECT_EQ(test, umbra_watermark_ok(zone, 3, 0, UMBRA_ZONE_NORMAL,
						 c->flags), c->counts);
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(zone, 4, 0,
						    UMBRA_ZONE_NORMAL,
						    c->flags));
}

/* With pageblocks of 8 pages, one percent of 1024 pages may be reserved. */
static void highatomic_counts_for_requests_that_may_use_it(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 3, TEST_BLOCK);
	struct umbra_zone *zone = u->zones;
	struct page *page = umbra_alloc_pages(u, GFP_ATOMIC, 1);
	unsigned int flag;

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_highatomic_reserve(zone, umbra_page_to_index(u, page), 1);
	KUNIT_ASSERT_EQ(test, zone->nr_free_highatomic, 6);
	umbra_free_pages(u, page, 1);
	KUNIT_ASSERT_EQ(test, zone->nr_free_highatomic, 8);

	KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(zone, 0, 1024 - 8 - 1,
						   UMBRA_ZONE_NORMAL, 0));
	KUNIT_EXPECT_FALSE(test, umbra_watermark_ok(zone, 0, 1024 - 8,
						    UMBRA_ZONE_NORMAL, 0));
	for (flag = ALLOC_OOM; flag <= ALLOC_MIN_RESERVE; flag <<= 1)
		KUNIT_EXPECT_TRUE(test, umbra_watermark_ok(zone, 0, 1024 - 1,
							   UMBRA_ZONE_NORMAL,
							   flag));
}

/*
 * 4096 pages with watermarks of 16, 20 and 24. One block of order 8 is free and
 * the rest is allocated, so a request of another type must claim half a
 * pageblock.
 */
static struct umbra *nearly_full(struct kunit *test, unsigned long nr_pages,
				 unsigned int boost_factor,
				 struct list_head *pages)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 16 * (PAGE_SIZE >> 10),
		.watermark_boost_factor = boost_factor,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, nr_pages);

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_test_take_all(u, 0, GFP_HIGHUSER_MOVABLE,
						  8, pages),
			nr_pages / 256 - 1);
	KUNIT_ASSERT_EQ(test, umbra_mark(u->zones, UMBRA_WMARK_HIGH), 24);
	return u;
}

static void chain(struct kunit *test, struct umbra *u, gfp_t gfp,
		  unsigned int order, struct list_head *pages)
{
	struct page *page = umbra_alloc_pages(u, gfp, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, pages);
}

static void a_claim_boosts_by_a_pageblock_up_to_a_limit(struct kunit *test)
{
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, NR_PAGES, 300000, &pages);
	struct umbra_zone *zone = u->zones;
	u32 i;

	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 512);
	KUNIT_EXPECT_EQ(test, umbra_mark(zone, UMBRA_WMARK_MIN), 16 + 512);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_FALLBACK_CLAIM), 1);

	/* Halves of pageblocks: the boosted watermarks are not reached. */
	for (i = 0; i < NR_PAGES / 512; i++) {
		struct page *page = umbra_index_to_page(u, i * 512);

		if (zone->nr_free_pages > 4 * 256)
			break;
		if (umbra_page_order(u, page) != 8)
			continue;
		list_del(&page->lru);
		umbra_free_pages(u, page, 8);
	}
	chain(test, u, GFP_KERNEL | __GFP_RECLAIMABLE, 0, &pages);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 720);
	chain(test, u, GFP_KERNEL, 8, &pages);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_FALLBACK_CLAIM), 3);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 720);

	mutex_lock(&u->control_lock);
	umbra_watermark_setup(u);
	mutex_unlock(&u->control_lock);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
	umbra_test_give_all(u, &pages);
}

struct boost_case {
	const char *name;
	unsigned long nr_pages;
	unsigned int factor;
	unsigned long boost;
};

static const struct boost_case boost_cases[] = {
	{ "at least a pageblock", NR_PAGES, 15000, 512 },
	{ "four pageblocks are enough", 4 * 512, 15000, 512 },
	{ "a small zone", 2 * 512, 15000, 0 },
	{ "boost factor 0", NR_PAGES, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(boost, boost_cases, name);

static void a_boost_depends_on_the_zone(struct kunit *test)
{
	const struct boost_case *c = test->param_value;
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, c->nr_pages, c->factor, &pages);

	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_FALLBACK_CLAIM),
			1);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, c->boost);
	umbra_test_give_all(u, &pages);
}

/* The zone is boosted, but the request has no __GFP_KSWAPD_RECLAIM. */
static void a_boost_does_not_wake_kswapd_without_the_flag(struct kunit *test)
{
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, NR_PAGES, 15000, &pages);
	unsigned long before = umbra_zone_events(u->zones, EVENT_KSWAPD_WAKE);

	chain(test, u, __GFP_DIRECT_RECLAIM, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 512);
	KUNIT_EXPECT_FALSE(test, test_bit(ZONE_FLAG_BOOSTED, &u->zones->flags));
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_KSWAPD_WAKE),
			before);
	umbra_test_give_all(u, &pages);
}

static void a_zone_without_marks_is_not_boosted(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, NR_PAGES);
	bool boosted;

	WRITE_ONCE(u->watermark_boost_factor, 15000);
	spin_lock_irq(&u->zones->lock);
	boosted = umbra_watermark_boost(u->zones);
	spin_unlock_irq(&u->zones->lock);
	KUNIT_EXPECT_FALSE(test, boosted);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 0);
}

static bool fast_ok(struct umbra_zone *zone, enum umbra_wmark mark,
		    unsigned int flags)
{
	return umbra_watermark_fast(zone, 0, umbra_mark(zone, mark),
				    UMBRA_ZONE_NORMAL, flags);
}

/* 255 pages are free, and the boosted min watermark is 528. */
static void a_boost_does_not_stop_urgent_single_pages(struct kunit *test)
{
	const gfp_t urgent = GFP_KERNEL | __GFP_HIGH | __GFP_NOWARN;
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, NR_PAGES, 15000, &pages);

	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_ASSERT_EQ(test, u->zones->watermark_boost, 512);
	KUNIT_ASSERT_EQ(test, u->zones->nr_free_pages, 255);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
						  0));
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, urgent, 1));
	KUNIT_EXPECT_TRUE(test, fast_ok(u->zones, UMBRA_WMARK_MIN,
					ALLOC_WMARK_MIN | ALLOC_MIN_RESERVE));
	KUNIT_EXPECT_FALSE(test, fast_ok(u->zones, UMBRA_WMARK_LOW,
					 ALLOC_WMARK_LOW | ALLOC_MIN_RESERVE));
	chain(test, u, urgent, 0, &pages);
	umbra_test_take_all(u, 0, urgent, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_pages, 8);
	umbra_test_give_all(u, &pages);
}

/* No kswapd reclaims, so a boost must not fail a request that can wait. */
static void a_boost_ends_before_a_waiting_request_fails(struct kunit *test)
{
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, NR_PAGES, 15000, &pages);

	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_ASSERT_EQ(test, u->zones->watermark_boost, 512);
	WRITE_ONCE(u->stopping, false);
	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 0);
	umbra_test_give_all(u, &pages);
}

/*
 * The boost ends too late for the failing request, but in time for the next
 * one.
 */
static void a_boost_ends_after_a_nowait_request_fails(struct kunit *test)
{
	LIST_HEAD(pages);
	struct umbra *u = nearly_full(test, NR_PAGES, 15000, &pages);
	struct page *page;

	chain(test, u, GFP_KERNEL, 0, &pages);
	KUNIT_ASSERT_EQ(test, u->zones->watermark_boost, 512);
	WRITE_ONCE(u->stopping, false);
	page = umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	if (page)
		list_add(&page->lru, &pages);
	flush_work(&u->boost_work);
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 0);
	chain(test, u, GFP_NOWAIT, 0, &pages);
	umbra_test_give_all(u, &pages);
}

/* Each class takes its pages, and leaves the reserve to the next class. */
static void lowmem_is_kept_for_requests_that_need_it(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = 1024 },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 3072 },
		{ .type = UMBRA_ZONE_HIGHMEM, .nr_frames = 4096 },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.lowmem_reserve_ratio = { 16, 256, 32 },
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, 8192);
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_HIGHUSER, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[2].nr_free_pages, 32);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_free_pages, 128);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 448);
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_free_pages, 0);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 192);
	umbra_test_take_all(u, 0, GFP_DMA, 0, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 0);
	KUNIT_EXPECT_EQ(test, u->zones[2].nr_free_pages, 32);
	umbra_test_give_all(u, &pages);
}

static void a_zone_that_lost_all_its_pages_keeps_none(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = 1024 },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 3072 },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.lowmem_reserve_ratio = { 16 },
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, 4096);
	struct umbra_zone *dma = u->zones;

	KUNIT_EXPECT_EQ(test, dma->lowmem_reserve[UMBRA_ZONE_NORMAL], 192);
	mutex_lock(&u->control_lock);
	dma->nr_managed = 0;
	umbra_watermark_setup(u);
	KUNIT_EXPECT_EQ(test, dma->lowmem_reserve[UMBRA_ZONE_NORMAL], 0);
	dma->nr_managed = 1024;
	umbra_watermark_setup(u);
	KUNIT_EXPECT_EQ(test, dma->lowmem_reserve[UMBRA_ZONE_NORMAL], 192);
	mutex_unlock(&u->control_lock);
}

/* Cached pages are not free, but must be accounted. */
static void caches_do_not_make_the_counter_drift(struct kunit *test)
{
	struct umbra_layout layout;
	unsigned long taken = 0, cached = 0, i;
	struct umbra_zone *zone;
	struct umbra *u;
	LIST_HEAD(pages);

	umbra_layout_init(&layout);
	layout.origin = "test";
	layout.has_memory = false;
	layout.background = false;
	u = umbra_test_ghost_layout(test, &layout, 16 * TEST_BLOCK);
	zone = u->zones;
	for (i = 0; i < 20000; i++) {
		struct page *page;

		if (i % 3 == 2) {
			page = list_first_entry(&pages, struct page, lru);
			list_del(&page->lru);
			umbra_free_pages(u, page, 0);
			taken--;
		} else {
			chain(test, u, GFP_KERNEL, 0, &pages);
			taken++;
		}
		KUNIT_ASSERT_EQ(test, zone->nr_free_pages +
				umbra_pcp_count(zone, -1) + taken,
				zone->nr_managed);
		cached = max(cached, umbra_pcp_count(zone, -1));
	}
	KUNIT_EXPECT_GT(test, cached, 0);
	umbra_test_judge(test, u);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_GT(test, umbra_pcp_count(zone, -1), 0);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(zone, -1), 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_pages, zone->nr_managed);
}

/* Take a page from the zone, which also refills the cache. */
static void refill(struct kunit *test, struct umbra *u, struct list_head *pages)
{
	umbra_drain_pages(u);
	chain(test, u, GFP_KERNEL, 0, pages);
}

static void caches_shrink_below_the_high_mark(struct kunit *test)
{
	struct umbra_layout layout;
	struct umbra_zone *zone;
	struct umbra_pcp *pcp;
	struct page *page;
	struct umbra *u;
	LIST_HEAD(pages);
	int high;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.background = false;
	u = umbra_test_ghost_layout(test, &layout, 64 * TEST_BLOCK);
	zone = u->zones;
	pcp = per_cpu_ptr(zone->pcp, umbra_test_one_cpu(test));
	refill(test, u, &pages);
	high = pcp->high;
	KUNIT_EXPECT_EQ(test, high, zone->pcp_high_min + zone->pcp_batch);
	refill(test, u, &pages);
	KUNIT_EXPECT_GT(test, pcp->high, high + zone->pcp_batch);
	high = pcp->high;

	set_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
	refill(test, u, &pages);
	KUNIT_EXPECT_EQ(test, pcp->high, high);
	page = list_first_entry(&pages, struct page, lru);
	list_del(&page->lru);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, pcp->high, high - zone->pcp_batch);

	/*
	 * The surplus of the cache goes back, and lifts the zone above the
	 * watermark.
	 */
	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_NOMEMALLOC, 0, &pages);
	KUNIT_EXPECT_TRUE(test, test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags));
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_FALSE(test, test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags));
}

static struct kunit_case watermark_cases[] = {
	KUNIT_CASE_PARAM(a_mark_is_lower_for_requests_with_reserves,
			 check_gen_params),
	KUNIT_CASE(free_pages_without_a_block_are_not_enough),
	KUNIT_CASE(cma_counts_for_requests_that_may_use_it),
	KUNIT_CASE(the_least_reserve_is_128_kib),
	KUNIT_CASE_PARAM(a_block_counts_if_its_type_may_be_used,
			 type_gen_params),
	KUNIT_CASE(highatomic_counts_for_requests_that_may_use_it),
	KUNIT_CASE(a_claim_boosts_by_a_pageblock_up_to_a_limit),
	KUNIT_CASE_PARAM(a_boost_depends_on_the_zone, boost_gen_params),
	KUNIT_CASE(a_boost_does_not_wake_kswapd_without_the_flag),
	KUNIT_CASE(a_zone_without_marks_is_not_boosted),
	KUNIT_CASE(a_boost_does_not_stop_urgent_single_pages),
	KUNIT_CASE(a_boost_ends_before_a_waiting_request_fails),
	KUNIT_CASE(a_boost_ends_after_a_nowait_request_fails),
	KUNIT_CASE(lowmem_is_kept_for_requests_that_need_it),
	KUNIT_CASE(a_zone_that_lost_all_its_pages_keeps_none),
	KUNIT_CASE(caches_do_not_make_the_counter_drift),
	KUNIT_CASE(caches_shrink_below_the_high_mark),
	{}
};

static struct kunit_suite watermark_suite = {
	.name = "umbra_watermark",
	.test_cases = watermark_cases,
};

kunit_test_suite(watermark_suite);
