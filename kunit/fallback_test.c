// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include "../src/buddy/fallback.h"
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
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

	/*
	 * The next request uses the rest of the claimed block, and claims no
	 * other.
	 */
	umbra_free_pages(u, page, 0);
	page = umbra_alloc_pages(u, GFP_KERNEL, 9);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, page) / TEST_BLOCK,
			index / TEST_BLOCK);
	umbra_free_pages(u, page, 9);
}

enum outcome { CLAIMED, STOLEN, REFUSED };

/* A pageblock whose first frames are in use: is it claimed as a whole? */
struct decision_case {
	const char *name;
	enum umbra_migratetype wanted;
	u8 from;		/* type of the pageblock, as stored */
	u32 free, movable;	/* frames of 512; the rest is unmovable */
	unsigned int order;
	unsigned int flags;
	enum outcome outcome;
};

#define ISOLATED (UMBRA_MOVABLE | UMBRA_PB_ISOLATED)

static const struct decision_case decision_cases[] = {
	{ "unmovable, half of a movable block free", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 256, 256, 0, 0, CLAIMED },
	{ "unmovable, a page less than half", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 255, 257, 0, 0, STOLEN },
	{ "unmovable, half free or alike", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 255, 256, 0, 0, CLAIMED },
	{ "unmovable, little free, all alike", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 1, 0, 0, 0, CLAIMED },
	{ "unmovable, little free, none alike", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 16, 496, 3, 0, STOLEN },
	{ "unmovable, half of a reclaimable block free", UMBRA_UNMOVABLE,
	  UMBRA_RECLAIMABLE, 256, 0, 4, 0, CLAIMED },
	{ "unmovable, no page known to be alike", UMBRA_UNMOVABLE,
	  UMBRA_RECLAIMABLE, 255, 0, 0, 0, STOLEN },
	{ "reclaimable, half free or alike", UMBRA_RECLAIMABLE,
	  UMBRA_MOVABLE, 128, 384 - 128, 7, 0, CLAIMED },
	{ "reclaimable, a page less", UMBRA_RECLAIMABLE,
	  UMBRA_MOVABLE, 128, 257, 7, 0, STOLEN },
	{ "reclaimable, no page known to be alike", UMBRA_RECLAIMABLE,
	  UMBRA_UNMOVABLE, 255, 0, 0, 0, STOLEN },
	{ "reclaimable, half of an unmovable block free", UMBRA_RECLAIMABLE,
	  UMBRA_UNMOVABLE, 256, 256, 8, 0, CLAIMED },
	{ "movable, no large block free", UMBRA_MOVABLE,
	  UMBRA_UNMOVABLE, 8, 504, 0, 0, STOLEN },
	{ "movable, no large block free, of order 3", UMBRA_MOVABLE,
	  UMBRA_RECLAIMABLE, 15, 497, 3, 0, STOLEN },
	{ "movable, a large block free, all alike", UMBRA_MOVABLE,
	  UMBRA_UNMOVABLE, 16, 496, 0, 0, CLAIMED },
	{ "movable, half free or alike", UMBRA_MOVABLE,
	  UMBRA_RECLAIMABLE, 16, 240, 4, 0, CLAIMED },
	{ "movable, a page less", UMBRA_MOVABLE,
	  UMBRA_RECLAIMABLE, 16, 239, 4, 0, STOLEN },
	{ "movable, half free", UMBRA_MOVABLE,
	  UMBRA_UNMOVABLE, 256, 0, 0, 0, CLAIMED },
	{ "movable, a whole pageblock", UMBRA_MOVABLE,
	  UMBRA_UNMOVABLE, 512, 0, 9, 0, CLAIMED },
	{ "part of a pageblock with nofragment", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 256, 256, 0, ALLOC_NOFRAGMENT, REFUSED },
	{ "a whole pageblock with nofragment", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 512, 0, 0, ALLOC_NOFRAGMENT, CLAIMED },
	{ "no block of the order", UMBRA_UNMOVABLE,
	  UMBRA_MOVABLE, 255, 257, 8, 0, REFUSED },
	{ "unmovable from highatomic", UMBRA_UNMOVABLE,
	  UMBRA_HIGHATOMIC, 512, 0, 0, 0, REFUSED },
	{ "movable from highatomic", UMBRA_MOVABLE,
	  UMBRA_HIGHATOMIC, 512, 0, 0, ALLOC_CMA, REFUSED },
	{ "unmovable from cma", UMBRA_UNMOVABLE,
	  UMBRA_CMA, 512, 0, 0, 0, REFUSED },
	{ "reclaimable from cma", UMBRA_RECLAIMABLE,
	  UMBRA_CMA, 512, 0, 9, 0, REFUSED },
	{ "movable without ALLOC_CMA from cma", UMBRA_MOVABLE,
	  UMBRA_CMA, 512, 0, 0, 0, REFUSED },
	{ "unmovable from isolated", UMBRA_UNMOVABLE,
	  ISOLATED, 512, 0, 0, 0, REFUSED },
	{ "movable from isolated", UMBRA_MOVABLE,
	  ISOLATED, 512, 0, 0, ALLOC_CMA, REFUSED },
	{ "reclaimable from isolated", UMBRA_RECLAIMABLE,
	  ISOLATED, 256, 256, 0, 0, REFUSED },
};

KUNIT_ARRAY_PARAM_DESC(decision, decision_cases, name);

static void move_block(struct umbra *u, u32 index, u8 type)
{
	struct umbra_pageblock *pb = &u->pageblocks[index >> u->pb_order];
	struct umbra_zone *zone = u->zones;
	unsigned long pages = 1UL << u->pb_order;

	spin_lock_irq(&zone->lock);
	if (pb->type == UMBRA_HIGHATOMIC)
		zone->nr_reserved_highatomic -= pages;
	if (type == UMBRA_HIGHATOMIC)
		zone->nr_reserved_highatomic += pages;
	umbra_freelist_move(zone, index, type);
	spin_unlock_irq(&zone->lock);
}

static u32 rmqueue(struct umbra *u, unsigned int order,
		   enum umbra_migratetype type, unsigned int flags,
		   enum umbra_take_mode *mode)
{
	struct umbra_zone *zone = u->zones;
	u32 index;

	spin_lock_irq(&zone->lock);
	index = umbra_fallback_take(zone, order, type, flags, mode);
	spin_unlock_irq(&zone->lock);
	return index;
}

static void give(struct umbra *u, u32 index, unsigned int order)
{
	struct umbra_zone *zone = u->zones;

	spin_lock_irq(&zone->lock);
	umbra_freelist_free(zone, index, order);
	spin_unlock_irq(&zone->lock);
}

/* Allocate a run of frames page by page, whatever their type. */
static void use(struct kunit *test, struct umbra *u, u32 start, u32 end,
		gfp_t gfp)
{
	if (start < end)
		KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, start, end,
							       gfp), 0);
}

static void a_pageblock_is_claimed_if_enough_of_it_fits(struct kunit *test)
{
	const struct decision_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	enum umbra_take_mode mode = TAKE_NORMAL;
	struct umbra_zone *zone = u->zones;
	u32 used = 512 - c->free, index;

	use(test, u, 0, c->movable, GFP_HIGHUSER_MOVABLE);
	use(test, u, c->movable, used, GFP_KERNEL);
	move_block(u, 0, c->from);

	index = rmqueue(u, c->order, c->wanted, c->flags, &mode);
	KUNIT_EXPECT_EQ(test, index == UMBRA_NO_FRAME, c->outcome == REFUSED);
	KUNIT_EXPECT_EQ(test, u->pageblocks[0].type,
			c->outcome == CLAIMED ? c->wanted : c->from);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_FALLBACK_CLAIM),
			c->outcome == CLAIMED);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_FALLBACK_STEAL),
			c->outcome == STOLEN);
	KUNIT_EXPECT_EQ(test, mode,
			c->outcome == STOLEN ? TAKE_STEAL : TAKE_NORMAL);
	if (index != UMBRA_NO_FRAME)
		give(u, index, c->order);
	umbra_test_judge(test, u);
	move_block(u, 0, UMBRA_MOVABLE);
	umbra_free_contig_range(u, 0, used);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 512);
}

/*
 * A quarter of a pageblock is free, and a quarter is movable, in blocks of 16
 * pages: together half of it fits a movable request.
 */
static void a_movable_block_counts_with_all_its_pages(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	enum umbra_take_mode mode = TAKE_NORMAL;
	LIST_HEAD(blocks);
	unsigned int i;
	u32 index;

	use(test, u, 0, 256, GFP_KERNEL);
	for (i = 0; i < 8; i++)
		list_add(&umbra_test_alloc(test, u, GFP_HIGHUSER_MOVABLE,
					   4)->lru, &blocks);
	move_block(u, 0, UMBRA_UNMOVABLE);
	index = rmqueue(u, 0, UMBRA_MOVABLE, 0, &mode);
	KUNIT_EXPECT_NE(test, index, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, u->pageblocks[0].type, UMBRA_MOVABLE);
	give(u, index, 0);
	while (!list_empty(&blocks)) {
		struct page *page = list_first_entry(&blocks, struct page, lru);

		list_del(&page->lru);
		umbra_free_pages(u, page, 4);
	}
	umbra_free_contig_range(u, 0, 256);
}

/* A mode that failed is not tried again under the same lock. */
static void after_a_steal_no_pageblock_is_claimed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	enum umbra_take_mode mode = TAKE_STEAL;
	u32 index = rmqueue(u, 0, UMBRA_UNMOVABLE, 0, &mode);

	KUNIT_EXPECT_NE(test, index, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, u->pageblocks[0].type, UMBRA_MOVABLE);
	give(u, index, 0);
	mode = TAKE_CLAIM;
	index = rmqueue(u, 0, UMBRA_UNMOVABLE, 0, &mode);
	KUNIT_EXPECT_EQ(test, mode, TAKE_NORMAL);
	KUNIT_EXPECT_EQ(test, u->pageblocks[0].type, UMBRA_UNMOVABLE);
	give(u, index, 0);
}

/* The smallest sufficient block is stolen, so that large blocks stay. */
static void the_smallest_block_is_stolen(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	enum umbra_take_mode mode = TAKE_NORMAL;
	u32 index;

	use(test, u, 0, 512, GFP_HIGHUSER_MOVABLE);
	umbra_free_contig_range(u, 64, 64);
	umbra_free_contig_range(u, 8, 4);
	umbra_free_contig_range(u, 32, 2);
	index = rmqueue(u, 2, UMBRA_UNMOVABLE, 0, &mode);
	KUNIT_EXPECT_EQ(test, index, 8);
	KUNIT_EXPECT_EQ(test, mode, TAKE_STEAL);
	give(u, index, 2);
	umbra_free_contig_range(u, 0, 8);
	umbra_free_contig_range(u, 12, 20);
	umbra_free_contig_range(u, 34, 30);
	umbra_free_contig_range(u, 128, 384);
}

/*
 * The largest block of any type is taken before a smaller one of the preferred
 * type.
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

/* The host's table of fallbacks. */
static const struct prefer_case prefer_cases[] = {
	{ "unmovable", UMBRA_UNMOVABLE,
	  { UMBRA_UNMOVABLE, UMBRA_RECLAIMABLE, UMBRA_MOVABLE } },
	{ "movable", UMBRA_MOVABLE,
	  { UMBRA_MOVABLE, UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE } },
	{ "reclaimable", UMBRA_RECLAIMABLE,
	  { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE, UMBRA_MOVABLE } },
};

KUNIT_ARRAY_PARAM_DESC(prefer, prefer_cases, name);

static void of_equal_blocks_the_preferred_type_is_taken(struct kunit *test)
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

static void an_empty_zone_gives_no_block(struct kunit *test)
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
		index = umbra_fallback_take(zone, 0, type, ALLOC_CMA,
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

static bool is_cma(struct umbra *u, const struct page *page)
{
	return type_of(u, umbra_page_to_index(u, page)) == UMBRA_CMA;
}

static struct umbra *ghost_with_cma(struct kunit *test)
{
	struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL,
		.nr_cma = TEST_BLOCK,
	};

	return umbra_test_ghost_zones(test, &zone, 1, 2 * TEST_BLOCK);
}

/*
 * Half of the free memory is CMA. Each page from elsewhere makes CMA more than
 * half, so the next page comes from CMA.
 */
static void movable_pages_keep_cma_at_half_of_what_is_free(struct kunit *test)
{
	struct umbra *u = ghost_with_cma(test);
	struct page *pages[64];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, TEST_BLOCK);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		KUNIT_EXPECT_EQ(test, is_cma(u, pages[i]), i & 1);
	}
	umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, TEST_BLOCK);
}

/* Most of the free memory is CMA, but in single pages. */
static void a_movable_block_that_cma_lacks_comes_from_normal(struct kunit *test)
{
	struct umbra *u = ghost_with_cma(test);
	struct page *block, *page, *next;
	LIST_HEAD(normal);
	LIST_HEAD(cma);

	KUNIT_ASSERT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 3, &normal),
			TEST_BLOCK / 8);
	KUNIT_ASSERT_EQ(test, umbra_test_take_all(u, 0, GFP_HIGHUSER_MOVABLE, 0,
						  &cma), TEST_BLOCK);
	list_for_each_entry_safe(page, next, &cma, lru) {
		if (umbra_page_to_index(u, page) & 1)
			continue;
		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	block = list_first_entry(&normal, struct page, lru);
	list_del(&block->lru);
	umbra_free_pages(u, block, 3);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, TEST_BLOCK / 2);
	page = umbra_test_alloc(test, u, GFP_HIGHUSER_MOVABLE, 3);
	KUNIT_EXPECT_PTR_EQ(test, page, block);
	umbra_free_pages(u, page, 3);
	umbra_test_give_all(u, &normal);
	umbra_test_give_all(u, &cma);
}

static void only_movable_pages_come_from_cma(struct kunit *test)
{
	struct umbra *u = ghost_with_cma(test);
	enum umbra_take_mode mode = TAKE_NORMAL;
	struct page *all;
	u32 index;

	all = umbra_alloc_pages(u, GFP_KERNEL, UMBRA_MAX_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, all);
	KUNIT_EXPECT_FALSE(test, is_cma(u, all));
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, gfp_of[UMBRA_RECLAIMABLE] |
						 __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, rmqueue(u, 0, UMBRA_MOVABLE, 0, &mode),
			UMBRA_NO_FRAME);
	index = rmqueue(u, 3, UMBRA_MOVABLE, ALLOC_CMA, &mode);
	KUNIT_ASSERT_NE(test, index, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, type_of(u, index), UMBRA_CMA);
	give(u, index, 3);
	umbra_free_pages(u, all, UMBRA_MAX_ORDER);
}

/*
 * When the own type has no more blocks, CMA is used before another type is
 * claimed.
 */
static void cma_goes_before_claiming(struct kunit *test)
{
	struct umbra *u = ghost_with_cma(test);
	enum umbra_take_mode mode = TAKE_NORMAL;
	u32 cma, index;

	/* A little free CMA; all other pages are unmovable. */
	use(test, u, TEST_BLOCK + 64, 2 * TEST_BLOCK, GFP_HIGHUSER_MOVABLE);
	index = rmqueue(u, 9, UMBRA_UNMOVABLE, 0, &mode);
	KUNIT_ASSERT_NE(test, index, UMBRA_NO_FRAME);
	cma = rmqueue(u, 0, UMBRA_MOVABLE, ALLOC_CMA, &mode);
	KUNIT_ASSERT_NE(test, cma, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, type_of(u, cma), UMBRA_CMA);
	KUNIT_EXPECT_EQ(test, mode, TAKE_CMA);
	give(u, cma, 0);

	/* The next block under the same lock: from CMA again, never after a steal. */
	cma = rmqueue(u, 0, UMBRA_MOVABLE, ALLOC_CMA, &mode);
	KUNIT_EXPECT_EQ(test, type_of(u, cma), UMBRA_CMA);
	give(u, cma, 0);
	mode = TAKE_STEAL;
	cma = rmqueue(u, 0, UMBRA_MOVABLE, ALLOC_CMA, &mode);
	KUNIT_EXPECT_EQ(test, type_of(u, cma), UMBRA_UNMOVABLE);
	give(u, cma, 0);
	give(u, index, 9);
	umbra_free_contig_range(u, TEST_BLOCK + 64, TEST_BLOCK - 64);
}

/* DMA32 and Normal on node 0, Normal on node 1; one largest block each. */
static struct umbra *ghost_with_dma32(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA32, .nr_frames = TEST_BLOCK },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
	};

	return umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
				      3 * TEST_BLOCK);
}

static void expect_place(struct kunit *test, struct umbra *u, int nid,
			 int want_nid, int want_zone)
{
	struct page *page = umbra_alloc_pages_node(u, nid, GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), want_nid);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, page), want_zone);
	umbra_free_page(u, page);
}

static void normal_is_not_fragmented_while_dma32_has_room(struct kunit *test)
{
	struct umbra *u = ghost_with_dma32(test);
	u32 normal = TEST_BLOCK;
	struct page *page;

	/* A whole pageblock of Normal may change its type. */
	expect_place(test, u, 0, 0, UMBRA_ZONE_NORMAL);
	page = umbra_alloc_pages_node(u, 0, GFP_HIGHUSER_MOVABLE,
				      UMBRA_MAX_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, page), normal);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);

	/* Half a pageblock may not, though a claim would be possible. */
	use(test, u, normal, normal + 512 + 256, GFP_HIGHUSER_MOVABLE);
	expect_place(test, u, 0, 0, UMBRA_ZONE_DMA32);
	KUNIT_EXPECT_EQ(test, type_of(u, normal + 512), UMBRA_MOVABLE);

	/* A node with a single zone has no other zone to use. */
	use(test, u, 2 * TEST_BLOCK, 2 * TEST_BLOCK + 768,
	    GFP_HIGHUSER_MOVABLE);
	expect_place(test, u, 1, 1, UMBRA_ZONE_NORMAL);

	/* Then Normal is fragmented: the near node comes first. */
	umbra_free_contig_range(u, 2 * TEST_BLOCK, 768);
	use(test, u, 0, TEST_BLOCK, GFP_KERNEL);
	expect_place(test, u, 0, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_EQ(test, type_of(u, normal + 512), UMBRA_UNMOVABLE);

	/* When the node is empty, the other node is used. */
	use(test, u, normal + 768, 2 * TEST_BLOCK, GFP_KERNEL);
	expect_place(test, u, 0, 1, UMBRA_ZONE_NORMAL);
	umbra_free_contig_range(u, 0, 2 * TEST_BLOCK);
}

static struct kunit_case fallback_cases[] = {
	KUNIT_CASE(a_whole_block_of_another_type_is_claimed),
	KUNIT_CASE_PARAM(a_pageblock_is_claimed_if_enough_of_it_fits,
			 decision_gen_params),
	KUNIT_CASE(a_movable_block_counts_with_all_its_pages),
	KUNIT_CASE(after_a_steal_no_pageblock_is_claimed),
	KUNIT_CASE(the_smallest_block_is_stolen),
	KUNIT_CASE(the_largest_block_goes_before_the_preferred_type),
	KUNIT_CASE_PARAM(of_equal_blocks_the_preferred_type_is_taken,
			 prefer_gen_params),
	KUNIT_CASE(an_empty_zone_gives_no_block),
	KUNIT_CASE(pageblocks_of_every_order_change_type_whole),
	KUNIT_CASE(movable_pages_keep_cma_at_half_of_what_is_free),
	KUNIT_CASE(a_movable_block_that_cma_lacks_comes_from_normal),
	KUNIT_CASE(only_movable_pages_come_from_cma),
	KUNIT_CASE(cma_goes_before_claiming),
	KUNIT_CASE(normal_is_not_fragmented_while_dma32_has_room),
	{}
};

static struct kunit_suite fallback_suite = {
	.name = "umbra_fallback",
	.test_cases = fallback_cases,
};

kunit_test_suite(fallback_suite);
