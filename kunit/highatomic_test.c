// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/page/highatomic.h"
#include "test_util.h"

#define MIB_PAGES (1UL << (20 - PAGE_SHIFT))

/* A request that fails before the last of the reserve is released. */
#define GFP_NORETRY (GFP_KERNEL | __GFP_NORETRY)

static struct umbra *with_marks(struct kunit *test, unsigned int pb_order,
				unsigned long nr_pages)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = pb_order,
		.min_free_kbytes = UMBRA_AUTO,
		.watermark_scale_factor = 10,
	};

	return umbra_test_ghost_layout(test, &layout, nr_pages);
}

static void chain(struct kunit *test, struct umbra *u, gfp_t gfp,
		  unsigned int order, struct list_head *pages)
{
	struct page *page = umbra_alloc_pages(u, gfp, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, pages);
}

/*
 * Allocate down to the min watermark, in large blocks and then in small ones.
 */
static void fill(struct kunit *test, struct umbra *u, struct list_head *pages)
{
	umbra_test_take_all(u, 0, GFP_KERNEL, UMBRA_MAX_ORDER, pages);
	umbra_test_take_all(u, 0, GFP_KERNEL, 5, pages);
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, pages);
	KUNIT_ASSERT_EQ(test, u->zones->nr_free_pages,
			umbra_mark(u->zones, UMBRA_WMARK_MIN));
}

static void high_order_atomics_reserve_when_memory_is_low(struct kunit *test)
{
	struct umbra *u = with_marks(test, TEST_PB_ORDER, 200 * MIB_PAGES);
	struct umbra_zone *zone = u->zones;
	struct page *page;
	LIST_HEAD(pages);

	chain(test, u, GFP_ATOMIC, 3, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	fill(test, u, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	chain(test, u, GFP_ATOMIC, 0, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	chain(test, u, GFP_KERNEL | __GFP_HIGH, 1, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);

	chain(test, u, GFP_ATOMIC, 1, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 512);
	page = list_first_entry(&pages, struct page, lru);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, umbra_page_to_index(u, page)),
			UMBRA_HIGHATOMIC);
	KUNIT_EXPECT_GT(test, zone->nr_free_highatomic, 0);
	umbra_test_judge(test, u);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 512);
}

/*
 * With a GiB the low watermark is about 1286 pages, so that 1700 free pages are
 * enough for a request that may use the 512 reserved ones among them.
 */
static void free_pages_of_the_reserve_count_for_those_who_may_use_it(struct kunit *test)
{
	struct umbra *u = with_marks(test, TEST_PB_ORDER, 1024 * MIB_PAGES);
	struct umbra_zone *zone = u->zones;
	unsigned long wakes;
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_KERNEL, UMBRA_MAX_ORDER, &pages);
	umbra_test_take_all(u, 0, GFP_KERNEL, 5, &pages);
	page = umbra_test_alloc(test, u, GFP_ATOMIC, 1);
	umbra_free_pages(u, page, 1);
	KUNIT_ASSERT_EQ(test, zone->nr_free_highatomic, 512);
	page = list_last_entry(&pages, struct page, lru);
	list_del(&page->lru);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);
	while (zone->nr_free_pages > 1700)
		chain(test, u, GFP_NORETRY, 0, &pages);
	KUNIT_ASSERT_EQ(test, zone->nr_free_pages, 1700);
	KUNIT_ASSERT_GT(test, 1700 - 3, umbra_mark(zone, UMBRA_WMARK_LOW));
	KUNIT_ASSERT_LT(test, 1700 - 3 - 512,
			umbra_mark(zone, UMBRA_WMARK_LOW));

	wakes = umbra_test_events(u, EVENT_KSWAPD_WAKE);
	page = umbra_test_alloc(test, u, GFP_ATOMIC, 2);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_KSWAPD_WAKE), wakes);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 512);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 508);
	umbra_free_pages(u, page, 2);
	umbra_test_give_all(u, &pages);
}

/* One percent of 200 MiB is 512 pages, or 16 pageblocks of this size. */
static void the_reserve_is_a_hundredth_at_most(struct kunit *test)
{
	struct umbra *u = with_marks(test, 5, 200 * MIB_PAGES);
	struct umbra_zone *zone = u->zones;
	unsigned long reserved = 0;
	unsigned int i, grown = 0;
	LIST_HEAD(pages);
	LIST_HEAD(atomic);

	umbra_test_take_all(u, 0, GFP_KERNEL, 5, &pages);
	for (i = 0; i < 200; i++) {
		while (zone->nr_free_pages < 300) {
			struct page *page = list_first_entry(&pages,
							     struct page, lru);

			list_del(&page->lru);
			umbra_free_pages(u, page, 5);
		}
		chain(test, u, GFP_ATOMIC, 4, &atomic);
		KUNIT_ASSERT_GE(test, zone->nr_reserved_highatomic, reserved);
		KUNIT_ASSERT_LE(test, zone->nr_reserved_highatomic, 512);
		KUNIT_ASSERT_EQ(test, zone->nr_reserved_highatomic % 32, 0);
		grown += zone->nr_reserved_highatomic > reserved;
		reserved = zone->nr_reserved_highatomic;
	}
	KUNIT_EXPECT_EQ(test, reserved, 512);
	KUNIT_EXPECT_EQ(test, grown, 16);
	umbra_test_judge(test, u);
	umbra_test_give_all(u, &atomic);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 512);
	umbra_test_give_all(u, &pages);
}

static void a_small_zone_reserves_nothing(struct kunit *test)
{
	struct umbra *u = with_marks(test, TEST_PB_ORDER, 100 * MIB_PAGES);
	LIST_HEAD(pages);

	fill(test, u, &pages);
	chain(test, u, GFP_ATOMIC, 1, &pages);
	chain(test, u, GFP_ATOMIC, 3, &pages);
	KUNIT_EXPECT_EQ(test, u->zones->nr_reserved_highatomic, 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_highatomic, 0);
	umbra_test_give_all(u, &pages);
}

/* 1024 pages without watermarks; one or two pageblocks of 8 are reserved. */
static struct umbra *with_reserve(struct kunit *test, unsigned int nr)
{
	struct umbra *u = umbra_test_ghost(test, 3, TEST_BLOCK);
	struct page *page[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = umbra_alloc_pages(u, GFP_ATOMIC, 3);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
	}
	/* The reserved pageblocks are not buddies, so they do not merge. */
	for (i = 0; i < nr; i++)
		umbra_highatomic_reserve(u->zones,
					 umbra_page_to_index(u, page[2 * i]),
					 3);
	for (i = 0; i < ARRAY_SIZE(page); i++)
		umbra_free_pages(u, page[i], 3);
	KUNIT_ASSERT_EQ(test, u->zones->nr_reserved_highatomic, 8 * nr);
	KUNIT_ASSERT_EQ(test,
			u->zones->free_area[3].nr_free[UMBRA_HIGHATOMIC], nr);
	return u;
}

struct user_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
	unsigned long left;	/* pages of 8 left when the request fails */
};

static const struct user_case user_cases[] = {
	{ "kernel, noretry", GFP_NORETRY, 0, 8 },
	{ "movable, noretry", GFP_HIGHUSER_MOVABLE | __GFP_NORETRY, 0, 8 },
	{ "high, noretry", GFP_NORETRY | __GFP_HIGH, 0, 8 },
	{ "kernel, costly", GFP_KERNEL, 4, 8 },
	{ "atomic", GFP_ATOMIC, 0, 0 },
	{ "atomic, order 1", GFP_ATOMIC, 1, 0 },
	{ "cannot wait", GFP_NOWAIT, 0, 0 },
	{ "cannot wait, nomemalloc", GFP_NOWAIT | __GFP_NOMEMALLOC, 0, 8 },
	{ "kernel", GFP_KERNEL, 0, 0 },
	{ "kernel, order 3", GFP_KERNEL, 3, 0 },
};

KUNIT_ARRAY_PARAM_DESC(user, user_cases, name);

static void the_reserve_is_for_requests_that_cannot_wait(struct kunit *test)
{
	const struct user_case *c = test->param_value;
	struct umbra *u = with_reserve(test, 1);
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, c->gfp, c->order, &pages);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_highatomic, c->left);
	if (!c->order)
		KUNIT_EXPECT_EQ(test, u->zones->nr_free_pages, c->left);
	umbra_test_judge(test, u);
	umbra_test_give_all(u, &pages);
}

/* One pageblock stays reserved as long as other ways are left. */
static void the_reserve_is_released_before_a_request_fails(struct kunit *test)
{
	struct umbra *u = with_reserve(test, 2);
	struct umbra_zone *zone = u->zones;
	struct page *page;
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_NORETRY, 0, &pages),
			TEST_BLOCK - 8);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 8);
	page = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, umbra_page_to_index(u, page)),
			UMBRA_MOVABLE);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, 0);
	umbra_test_give_all(u, &pages);
}

static void a_partly_used_reserve_is_released(struct kunit *test)
{
	struct umbra *u = with_reserve(test, 1);
	struct umbra_zone *zone = u->zones;
	struct page *used, *page;
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_NORETRY, 0, &pages),
			TEST_BLOCK - 8);
	used = umbra_test_alloc(test, u, GFP_ATOMIC, 1);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 6);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, umbra_page_to_index(u, page)),
			UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 5);
	umbra_test_judge(test, u);
	umbra_free_page(u, page);
	umbra_free_pages(u, used, 1);
	umbra_test_give_all(u, &pages);
}

/* A reserve in use cannot be released. */
static void an_allocated_pageblock_stays_reserved(struct kunit *test)
{
	struct umbra *u = with_reserve(test, 1);
	struct page *page;
	LIST_HEAD(pages);

	page = umbra_alloc_pages(u, GFP_ATOMIC, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, u->zones->nr_free_highatomic, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages),
			TEST_BLOCK - 8);
	KUNIT_EXPECT_EQ(test, u->zones->nr_reserved_highatomic, 8);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_highatomic, 8);
	umbra_test_give_all(u, &pages);
}

/*
 * A block of several pageblocks is reserved as a whole, and released as a
 * whole.
 */
static void a_large_block_reserves_all_its_pageblocks(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 3, TEST_BLOCK);
	struct page *page = umbra_alloc_pages(u, GFP_ATOMIC, 4);
	struct umbra_zone *zone = u->zones;
	LIST_HEAD(pages);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_highatomic_reserve(zone, umbra_page_to_index(u, page), 4);
	umbra_free_pages(u, page, 4);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 16);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 16);
	KUNIT_EXPECT_EQ(test, zone->free_area[4].nr_free[UMBRA_HIGHATOMIC], 1);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_NORETRY, 0, &pages),
			TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, 0);
	umbra_test_give_all(u, &pages);
}

/* The second pageblock of the block is isolated after the allocation. */
static void an_isolated_pageblock_is_not_reserved(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 3, TEST_BLOCK);
	struct page *page = umbra_test_alloc(test, u, GFP_ATOMIC, 4);
	u32 index = umbra_page_to_index(u, page);

	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, index + 8, index + 16), 0);
	umbra_highatomic_reserve(u->zones, index, 4);
	KUNIT_EXPECT_EQ(test, u->zones->nr_reserved_highatomic, 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index + 8), UMBRA_ISOLATE);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, index + 8, index + 16),
			0);
	umbra_free_pages(u, page, 4);
}

static void cma_is_never_reserved(struct kunit *test)
{
	static const struct umbra_zone_layout all_cma = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = TEST_BLOCK,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 3,
		.nr_zones = 1,
		.zones = &all_cma,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	struct page *page = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_highatomic_reserve(u->zones, umbra_page_to_index(u, page), 1);
	KUNIT_EXPECT_EQ(test, u->zones->nr_reserved_highatomic, 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, umbra_page_to_index(u, page)),
			UMBRA_CMA);
	umbra_free_pages(u, page, 1);
}

static struct kunit_case highatomic_cases[] = {
	KUNIT_CASE(high_order_atomics_reserve_when_memory_is_low),
	KUNIT_CASE(free_pages_of_the_reserve_count_for_those_who_may_use_it),
	KUNIT_CASE(the_reserve_is_a_hundredth_at_most),
	KUNIT_CASE(a_small_zone_reserves_nothing),
	KUNIT_CASE_PARAM(the_reserve_is_for_requests_that_cannot_wait,
			 user_gen_params),
	KUNIT_CASE(the_reserve_is_released_before_a_request_fails),
	KUNIT_CASE(a_partly_used_reserve_is_released),
	KUNIT_CASE(an_allocated_pageblock_stays_reserved),
	KUNIT_CASE(a_large_block_reserves_all_its_pageblocks),
	KUNIT_CASE(an_isolated_pageblock_is_not_reserved),
	KUNIT_CASE(cma_is_never_reserved),
	{}
};

static struct kunit_suite highatomic_suite = {
	.name = "umbra_highatomic",
	.test_cases = highatomic_cases,
};

kunit_test_suite(highatomic_suite);
