// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include "test_util.h"

static const gfp_t gfp_of[UMBRA_PCPTYPES] = {
	[UMBRA_UNMOVABLE] = GFP_KERNEL,
	[UMBRA_MOVABLE] = GFP_HIGHUSER_MOVABLE,
	[UMBRA_RECLAIMABLE] = GFP_KERNEL | __GFP_RECLAIMABLE,
};

static enum umbra_migratetype type_of(struct umbra *u, u32 index)
{
	return umbra_frame_type(u, index);
}

static void a_whole_block_of_another_type_is_claimed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 2 * TEST_BLOCK);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	u32 index;

	KUNIT_ASSERT_NOT_NULL(test, page);
	index = umbra_page_to_index(u, page) & ~(TEST_BLOCK - 1);
	KUNIT_EXPECT_EQ(test, type_of(u, index), UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, type_of(u, index + 512), UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, type_of(u, index ^ TEST_BLOCK), UMBRA_MOVABLE);
	KUNIT_EXPECT_EQ(test,
			u->zones->free_area[9].nr_free[UMBRA_UNMOVABLE], 1);
	umbra_test_judge(test, u);

	/* What comes next finds the rest, and claims no more. */
	umbra_free_pages(u, page, 0);
	page = umbra_alloc_pages(u, GFP_KERNEL, 9);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, page) / TEST_BLOCK,
			index / TEST_BLOCK);
	umbra_free_pages(u, page, 9);
}

static void a_block_smaller_than_a_pageblock_is_stolen(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 256);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, type_of(u, umbra_page_to_index(u, page)),
			UMBRA_MOVABLE);
	KUNIT_EXPECT_EQ(test, u->zones->free_area[7].nr_free[UMBRA_MOVABLE], 1);
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_EQ(test, u->zones->free_area[8].nr_free[UMBRA_MOVABLE], 1);
}

/*
 * The largest block of another type is taken before a smaller one of a type
 * that is preferred.
 */
static void the_largest_block_goes_before_the_preferred_type(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 2 * TEST_BLOCK);
	struct page *whole, *half, *page;

	whole = umbra_alloc_pages(u, gfp_of[UMBRA_RECLAIMABLE], 10);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	umbra_free_pages(u, whole, 10);
	half = umbra_alloc_pages(u, gfp_of[UMBRA_RECLAIMABLE], 9);
	KUNIT_EXPECT_PTR_EQ(test, half, whole);

	page = umbra_alloc_pages(u, gfp_of[UMBRA_UNMOVABLE], 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_NE(test, umbra_page_to_index(u, page) / TEST_BLOCK,
			umbra_page_to_index(u, whole) / TEST_BLOCK);
	umbra_free_pages(u, page, 0);
	umbra_free_pages(u, half, 9);
}

struct prefer_case {
	const char *name;
	enum umbra_migratetype wanted;
	enum umbra_migratetype order[UMBRA_PCPTYPES];
};

/* As the host's table of fallbacks has it. */
static const struct prefer_case prefer_cases[] = {
	{ "unmovable", UMBRA_UNMOVABLE,
	  { UMBRA_UNMOVABLE, UMBRA_RECLAIMABLE, UMBRA_MOVABLE } },
	{ "movable", UMBRA_MOVABLE,
	  { UMBRA_MOVABLE, UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE } },
	{ "reclaimable", UMBRA_RECLAIMABLE,
	  { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE, UMBRA_MOVABLE } },
};

KUNIT_ARRAY_PARAM_DESC(prefer, prefer_cases, name);

static void of_equal_blocks_the_preferred_type_gives(struct kunit *test)
{
	const struct prefer_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER,
					   UMBRA_PCPTYPES * TEST_BLOCK);
	struct page *page[UMBRA_PCPTYPES];
	enum umbra_migratetype was[UMBRA_PCPTYPES];
	unsigned int i;

	/* One largest block of each type. */
	for (i = 0; i < UMBRA_PCPTYPES; i++) {
		page[i] = umbra_alloc_pages(u, gfp_of[i], 10);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		was[umbra_page_to_index(u, page[i]) / TEST_BLOCK] = i;
	}
	for (i = 0; i < UMBRA_PCPTYPES; i++)
		umbra_free_pages(u, page[i], 10);

	for (i = 0; i < UMBRA_PCPTYPES; i++) {
		page[i] = umbra_alloc_pages(u, gfp_of[c->wanted], 10);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		KUNIT_EXPECT_EQ(test, was[umbra_page_to_index(u, page[i]) /
					  TEST_BLOCK], c->order[i]);
		KUNIT_EXPECT_EQ(test, type_of(u, umbra_page_to_index(u,
								     page[i])),
				c->wanted);
	}
	for (i = 0; i < UMBRA_PCPTYPES; i++)
		umbra_free_pages(u, page[i], 10);
	KUNIT_EXPECT_EQ(test,
			u->zones->free_area[10].nr_free[c->wanted],
			UMBRA_PCPTYPES);
}

static void a_zone_with_nothing_gives_nothing(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 16);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 4);
	struct umbra_zone *zone = u->zones;
	unsigned int type;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (type = 0; type < UMBRA_PCPTYPES; type++) {
		enum umbra_take_mode mode = TAKE_NORMAL;
		u32 index;

		spin_lock_irq(&zone->lock);
		index = umbra_fallback_rmqueue(zone, 0, type, ALLOC_CMA,
					       &mode);
		spin_unlock_irq(&zone->lock);
		KUNIT_EXPECT_EQ(test, index, UMBRA_NO_FRAME);
	}
	umbra_free_pages(u, page, 4);
}

static void pageblocks_of_every_order_change_type_whole(struct kunit *test)
{
	unsigned int pb_order;

	for (pb_order = 0; pb_order <= UMBRA_MAX_ORDER; pb_order++) {
		struct umbra *u = umbra_test_ghost(test, pb_order, TEST_BLOCK);
		struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);
		u32 index;

		KUNIT_ASSERT_NOT_NULL(test, page);
		for (index = 0; index < TEST_BLOCK; index++)
			KUNIT_EXPECT_EQ(test, type_of(u, index),
					UMBRA_UNMOVABLE);
		umbra_free_pages(u, page, 0);
	}
}

static struct kunit_case fallback_cases[] = {
	KUNIT_CASE(a_whole_block_of_another_type_is_claimed),
	KUNIT_CASE(a_block_smaller_than_a_pageblock_is_stolen),
	KUNIT_CASE(the_largest_block_goes_before_the_preferred_type),
	KUNIT_CASE_PARAM(of_equal_blocks_the_preferred_type_gives,
			 prefer_gen_params),
	KUNIT_CASE(a_zone_with_nothing_gives_nothing),
	KUNIT_CASE(pageblocks_of_every_order_change_type_whole),
	{}
};

static struct kunit_suite fallback_suite = {
	.name = "umbra_fallback",
	.test_cases = fallback_cases,
};

kunit_test_suite(fallback_suite);
