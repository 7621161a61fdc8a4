// SPDX-License-Identifier: GPL-2.0
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "order_cases.h"
#include "test_util.h"

static u32 take(struct umbra *u, unsigned int order)
{
	struct umbra_zone *zone = u->zones;
	u32 index;

	spin_lock_irq(&zone->lock);
	index = umbra_freelist_take(zone, order, UMBRA_MOVABLE);
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

static void give_range(struct umbra *u, u32 index, u32 end)
{
	struct umbra_zone *zone = u->zones;

	spin_lock_irq(&zone->lock);
	umbra_freelist_free_range(zone, index, end);
	spin_unlock_irq(&zone->lock);
}

/* Set the stored type of a pageblock that is not on the free lists. */
static void set_type(struct umbra *u, u32 index, u8 type)
{
	struct umbra_pageblock *pb = &u->pageblocks[index >> u->pb_order];
	unsigned long pages = 1UL << u->pb_order;

	if (pb->type == UMBRA_HIGHATOMIC)
		u->zones->nr_reserved_highatomic -= pages;
	pb->type = type;
	if (type == UMBRA_HIGHATOMIC)
		u->zones->nr_reserved_highatomic += pages;
}

static void a_split_leaves_one_half_of_each_larger_order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int order;
	u32 index;

	index = take(u, c->order);
	KUNIT_ASSERT_NE(test, index, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, index & ((1U << c->order) - 1), 0);
	for (order = 0; order <= UMBRA_MAX_ORDER; order++)
		KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, order),
				order >= c->order && order < UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u),
			TEST_BLOCK - (1UL << c->order));
	give(u, index, c->order);
}

static void halves_freed_merge_up_to_the_largest_block(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	u32 size = 1U << c->order;
	u32 index;

	for (index = 0; index < TEST_BLOCK; index += size)
		KUNIT_ASSERT_NE(test, take(u, c->order), UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, take(u, 0), UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);

	/* Only the odd blocks have free buddies to merge with. */
	for (index = 0; index < TEST_BLOCK; index += 2 * size)
		give(u, index, c->order);
	if (c->order < UMBRA_MAX_ORDER)
		KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, c->order),
				TEST_BLOCK / size / 2);
	for (index = size; index < TEST_BLOCK; index += 2 * size)
		give(u, index, c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK);
}

static void single_frames_freed_in_any_order_merge_whole(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct rnd_state rnd;
	u16 *indices;
	u32 i;

	indices = kunit_kzalloc(test, TEST_BLOCK * sizeof(*indices),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, indices);
	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < TEST_BLOCK; i++) {
		u32 j = prandom_u32_state(&rnd) % (i + 1);

		KUNIT_ASSERT_NE(test, take(u, 0), UMBRA_NO_FRAME);
		indices[i] = indices[j];
		indices[j] = i;
	}
	for (i = 0; i < TEST_BLOCK; i++)
		give(u, indices[i], 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
}

struct pair_case {
	const char *name;
	u8 first, last;		/* stored types, in the order of the frees */
	bool merge;
};

#define ISOLATED (UMBRA_MOVABLE | UMBRA_PB_ISOLATED)

static const struct pair_case pair_cases[] = {
	{ "unmovable, movable", UMBRA_UNMOVABLE, UMBRA_MOVABLE, true },
	{ "unmovable, reclaimable", UMBRA_UNMOVABLE, UMBRA_RECLAIMABLE, true },
	{ "movable, unmovable", UMBRA_MOVABLE, UMBRA_UNMOVABLE, true },
	{ "movable, reclaimable", UMBRA_MOVABLE, UMBRA_RECLAIMABLE, true },
	{ "reclaimable, unmovable", UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE, true },
	{ "reclaimable, movable", UMBRA_RECLAIMABLE, UMBRA_MOVABLE, true },
	{ "movable, highatomic", UMBRA_MOVABLE, UMBRA_HIGHATOMIC, false },
	{ "highatomic, movable", UMBRA_HIGHATOMIC, UMBRA_MOVABLE, false },
	{ "unmovable, cma", UMBRA_UNMOVABLE, UMBRA_CMA, false },
	{ "cma, movable", UMBRA_CMA, UMBRA_MOVABLE, false },
	{ "cma, highatomic", UMBRA_CMA, UMBRA_HIGHATOMIC, false },
	{ "movable, isolated", UMBRA_MOVABLE, ISOLATED, false },
	{ "isolated, movable", ISOLATED, UMBRA_MOVABLE, false },
	{ "isolated, cma", ISOLATED, UMBRA_CMA, false },
	{ "two of cma", UMBRA_CMA, UMBRA_CMA, true },
	{ "two of highatomic", UMBRA_HIGHATOMIC, UMBRA_HIGHATOMIC, true },
	{ "two isolated of two types", ISOLATED,
	  UMBRA_UNMOVABLE | UMBRA_PB_ISOLATED, true },
};

KUNIT_ARRAY_PARAM_DESC(pair, pair_cases, name);

static void buddies_merge_over_pageblocks_of_mergeable_types(struct kunit *test)
{
	const struct pair_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	u32 size = 1U << TEST_PB_ORDER;
	u8 type;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	set_type(u, 0, c->first);
	set_type(u, size, c->last);
	give(u, 0, TEST_PB_ORDER);
	give(u, size, TEST_PB_ORDER);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), c->merge);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, TEST_PB_ORDER),
			c->merge ? 0 : 2);
	umbra_test_judge(test, u);

	/*
	 * The block that was free first takes the type of the other one, if it
	 * may.
	 */
	type = c->merge && umbra_type_is_mergeable(c->last) ? c->last :
							      c->first;
	KUNIT_EXPECT_EQ(test, u->pageblocks[0].type, type);
	KUNIT_EXPECT_EQ(test, u->pageblocks[1].type, c->last);
}

static void small_blocks_merge_up_to_the_border_of_a_type(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 4, TEST_BLOCK);
	u32 index;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	for (index = 0; index < TEST_BLOCK; index += 32)
		set_type(u, index, UMBRA_CMA);
	for (index = 0; index < TEST_BLOCK; index++)
		give(u, index, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, 4), TEST_BLOCK / 16);
	KUNIT_EXPECT_EQ(test, u->zones->free_area[4].nr_free[UMBRA_MOVABLE],
			TEST_BLOCK / 32);
}

static void a_block_over_many_pageblocks_is_freed_by_type(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 4, TEST_BLOCK);
	struct umbra_free_area *area = u->zones->free_area;
	unsigned int order;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	set_type(u, 3 * 16, UMBRA_CMA);
	set_type(u, 16, UMBRA_UNMOVABLE);
	give(u, 0, UMBRA_MAX_ORDER);

	KUNIT_EXPECT_EQ(test, frame_read(u, 0), frame_make(FRAME_FREE, 5));
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, 0), UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, area[5].nr_free[UMBRA_UNMOVABLE], 1);
	KUNIT_EXPECT_EQ(test, area[4].nr_free[UMBRA_MOVABLE], 1);
	KUNIT_EXPECT_EQ(test, area[4].nr_free[UMBRA_CMA], 1);
	for (order = 6; order < UMBRA_MAX_ORDER; order++)
		KUNIT_EXPECT_EQ(test, area[order].nr_free[UMBRA_MOVABLE], 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK);
}

static void splitting_over_pageblocks_uses_their_types(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 4, TEST_BLOCK);
	struct umbra_zone *zone = u->zones;
	unsigned int order;
	u32 index;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	spin_lock_irq(&zone->lock);
	umbra_freelist_set_types(u, 0, UMBRA_MAX_ORDER, UMBRA_RECLAIMABLE);
	umbra_freelist_split(zone, 0, UMBRA_MAX_ORDER, 1);
	spin_unlock_irq(&zone->lock);
	for (order = 1; order < UMBRA_MAX_ORDER; order++) {
		KUNIT_EXPECT_EQ(test, frame_read(u, 1U << order),
				frame_make(FRAME_FREE, order));
		KUNIT_EXPECT_EQ(test, zone->free_area[order].nr_free[UMBRA_RECLAIMABLE],
				1);
	}
	for (index = 0; index < TEST_BLOCK; index += 16)
		KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index),
				UMBRA_RECLAIMABLE);
	give(u, 0, 1);
}

struct account_case {
	const char *name;
	u8 type;
	bool free, cma, highatomic, isolated;
};

static const struct account_case account_cases[] = {
	{ "unmovable", UMBRA_UNMOVABLE, .free = true },
	{ "movable", UMBRA_MOVABLE, .free = true },
	{ "reclaimable", UMBRA_RECLAIMABLE, .free = true },
	{ "highatomic", UMBRA_HIGHATOMIC, .free = true, .highatomic = true },
	{ "cma", UMBRA_CMA, .free = true, .cma = true },
	{ "isolated", ISOLATED, .isolated = true },
	{ "isolated cma", UMBRA_CMA | UMBRA_PB_ISOLATED, .isolated = true },
};

KUNIT_ARRAY_PARAM_DESC(account, account_cases, name);

static void free_pages_are_counted_by_type(struct kunit *test)
{
	const struct account_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	struct umbra_zone *zone = u->zones;

	KUNIT_ASSERT_EQ(test, take(u, 9), 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_pages, 0);
	set_type(u, 0, c->type);
	give_range(u, 100, 500);
	KUNIT_EXPECT_EQ(test, zone->nr_free_pages, c->free ? 400 : 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_cma, c->cma ? 400 : 0);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic,
			c->highatomic ? 400 : 0);
	KUNIT_EXPECT_EQ(test, zone->nr_isolated, c->isolated ? 400 : 0);
	give_range(u, 0, 100);
	give_range(u, 500, 512);
}

static void moving_a_pageblock_moves_its_free_pages(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 512);
	struct umbra_zone *zone = u->zones;
	unsigned int moved;

	KUNIT_ASSERT_EQ(test, take(u, 3), 0);
	spin_lock_irq(&zone->lock);
	moved = umbra_freelist_move(zone, 0, UMBRA_CMA);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, moved, 504);
	KUNIT_EXPECT_EQ(test, zone->nr_free_cma, 504);
	KUNIT_EXPECT_EQ(test, zone->nr_free_pages, 504);
	KUNIT_EXPECT_EQ(test, zone->free_area[3].nr_free[UMBRA_CMA], 1);
	KUNIT_EXPECT_EQ(test, zone->free_area[3].nr_free[UMBRA_MOVABLE], 0);
	KUNIT_EXPECT_EQ(test, take(u, 0), UMBRA_NO_FRAME);
	give(u, 0, 3);
	KUNIT_EXPECT_EQ(test, zone->free_area[9].nr_free[UMBRA_CMA], 1);
}

/* Take all frames of a small instance one by one. */
static void take_singles(struct kunit *test, struct umbra *u, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, take(u, 0), i);
}

static void expect_list(struct kunit *test, struct umbra *u,
			unsigned int order, const u32 *expected,
			unsigned int nr)
{
	struct list_head *list =
		&u->zones->free_area[order].free_list[UMBRA_MOVABLE];
	unsigned int i = 0;
	struct page *page;

	list_for_each_entry(page, list, lru) {
		if (i < nr)
			KUNIT_EXPECT_EQ_MSG(test, umbra_page_to_index(u, page),
					    expected[i], "entry %u", i);
		i++;
	}
	KUNIT_EXPECT_EQ(test, i, nr);
}

static void a_block_about_to_grow_goes_to_the_tail(struct kunit *test)
{
	static const u32 expected[] = { 16, 4, 0, 8, 32 };
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);

	take_singles(test, u, 64);
	give_range(u, 10, 12);
	give_range(u, 34, 36);
	give(u, 0, 0);
	give(u, 8, 0);		/* 8-9 would have the buddy 10-11 */
	give(u, 4, 0);
	give(u, 32, 0);		/* 32-33 would have the buddy 34-35 */
	give(u, 16, 0);
	expect_list(test, u, 0, expected, ARRAY_SIZE(expected));
	give_range(u, 1, 4);
	give_range(u, 5, 8);
	give(u, 9, 0);
	give_range(u, 12, 16);
	give_range(u, 17, 32);
	give(u, 33, 0);
	give_range(u, 36, 64);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, 6), 1);
}

static void a_block_that_merged_is_placed_by_its_new_size(struct kunit *test)
{
	static const u32 expected[] = { 16, 8 };
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);

	take_singles(test, u, 64);
	give_range(u, 12, 16);
	give(u, 16, 0);
	give(u, 17, 0);		/* 16-19 would have no free buddy */
	give(u, 8, 0);
	give(u, 9, 0);		/* 8-11 would have the buddy 12-15 */
	expect_list(test, u, 1, expected, ARRAY_SIZE(expected));
	give_range(u, 0, 8);
	give_range(u, 10, 12);
	give_range(u, 18, 64);
}

#define PLACE_PAGES (4 * TEST_BLOCK)
#define PLACE_OTHER (3 * TEST_BLOCK)

/* Is a block placed behind another one that is free, at PLACE_OTHER? */
struct place_case {
	const char *name;
	unsigned int order;
	u32 index;		/* of the block */
	u32 near;		/* a free block of the next order */
	bool behind;
};

/* As buddy_merge_likely() of Linux 7.3 decides. */
static const struct place_case place_cases[] = {
	{ "lower half, below a buddy", 3, 0, 16, true },
	{ "upper half, below a buddy", 3, 8, 16, true },
	{ "lower half, above a buddy", 3, 16, 0, true },
	{ "upper half, above a buddy", 3, 24, 0, true },
	{ "lower half, beside no buddy", 3, 16, 32, false },
	{ "upper half, beside no buddy", 3, 24, 32, false },
	{ "a page, below a buddy", 0, 1, 2, true },
	{ "order 8, below a buddy", 8, 256, 512, true },
	{ "order 8, above a buddy", 8, 512, 0, true },
	{ "order 9 never, below", 9, 0, TEST_BLOCK, false },
	{ "order 9 never, above", 9, TEST_BLOCK, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(place, place_cases, name);

static bool is_within(u32 i, u32 index, unsigned int order)
{
	return i >= index && i < index + (1U << order);
}

static void a_block_about_to_merge_twice_is_taken_last(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PLACE_PAGES);
	u32 i, first;

	for (i = 0; i < PLACE_PAGES; i += TEST_BLOCK)
		KUNIT_ASSERT_NE(test, take(u, UMBRA_MAX_ORDER), UMBRA_NO_FRAME);
	give(u, PLACE_OTHER, c->order);
	give(u, c->near, c->order + 1);
	give(u, c->index, c->order);
	first = take(u, c->order);
	KUNIT_EXPECT_EQ(test, first, c->behind ? PLACE_OTHER : c->index);
	give(u, first, c->order);
	for (i = 0; i < PLACE_PAGES; i++)
		if (!is_within(i, PLACE_OTHER, c->order) &&
		    !is_within(i, c->near, c->order + 1) &&
		    !is_within(i, c->index, c->order))
			give(u, i, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 4);
	/* Inside of a free block, a frame has nothing of the blocks before. */
	for (i = 1; i < TEST_BLOCK; i++)
		KUNIT_EXPECT_EQ(test, frame_read(u, i),
				frame_make(FRAME_TAIL, 0));
}

static void a_block_that_changes_type_goes_to_the_tail(struct kunit *test)
{
	static const u32 expected[] = { 512, 0 };
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_zone *zone = u->zones;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	set_type(u, 0, UMBRA_RECLAIMABLE);
	give(u, 0, 3);
	give(u, 512, 3);
	spin_lock_irq(&zone->lock);
	umbra_freelist_move(zone, 0, UMBRA_MOVABLE);
	spin_unlock_irq(&zone->lock);
	expect_list(test, u, 3, expected, ARRAY_SIZE(expected));
	give_range(u, 8, 512);
	give_range(u, 520, TEST_BLOCK);
}

static void the_block_freed_last_is_taken_first(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	u32 a, b, between;

	a = take(u, 0);
	between = take(u, 0);
	b = take(u, 0);
	KUNIT_ASSERT_NE(test, b, UMBRA_NO_FRAME);
	give(u, a, 0);
	KUNIT_EXPECT_EQ(test, take(u, 0), a);
	give(u, a, 0);
	give(u, between, 0);
	give(u, b, 0);
}

struct range_case {
	const char *name;
	u32 index, end;
	unsigned long blocks[UMBRA_NR_ORDERS];
};

static const struct range_case range_cases[] = {
	{ "nothing", 5, 5, {} },
	{ "one frame", 5, 6, { 1 } },
	{ "everything", 0, 1024, { [10] = 1 } },
	{ "all but the first", 1, 1024,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "all but the last", 0, 1023,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "unaligned at both ends", 3, 21, { 2, 0, 2, 1 } },
	{ "across the middle", 511, 514, { 1, 1 } },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void a_run_of_frames_becomes_large_aligned_blocks(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int order;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	give_range(u, c->index, c->end);
	for (order = 0; order <= UMBRA_MAX_ORDER; order++)
		KUNIT_EXPECT_EQ_MSG(test, umbra_test_blocks(u, order),
				    c->blocks[order], "order %u", order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), c->end - c->index);
	give_range(u, 0, c->index);
	give_range(u, c->end, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
}

static void splitting_frees_the_upper_halves(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_zone *zone = u->zones;
	u32 index;

	spin_lock_irq(&zone->lock);
	index = umbra_freelist_take_first(zone, UMBRA_MAX_ORDER, UMBRA_MOVABLE);
	index = umbra_freelist_split(zone, index, UMBRA_MAX_ORDER, 8);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, index, 0);
	KUNIT_EXPECT_EQ(test, frame_read(u, 256), frame_make(FRAME_FREE, 8));
	KUNIT_EXPECT_EQ(test, frame_read(u, 512), frame_make(FRAME_FREE, 9));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK - 256);
	give(u, index, 8);
}

static void an_empty_list_gives_nothing(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_zone *zone = u->zones;

	spin_lock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, umbra_freelist_take_first(zone, 3, UMBRA_MOVABLE),
			UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_freelist_take(zone, 0, UMBRA_UNMOVABLE),
			UMBRA_NO_FRAME);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
}

static struct kunit_case freelist_cases[] = {
	KUNIT_CASE_PARAM(a_split_leaves_one_half_of_each_larger_order,
			 order_gen_params),
	KUNIT_CASE_PARAM(halves_freed_merge_up_to_the_largest_block,
			 order_gen_params),
	KUNIT_CASE(single_frames_freed_in_any_order_merge_whole),
	KUNIT_CASE_PARAM(buddies_merge_over_pageblocks_of_mergeable_types,
			 pair_gen_params),
	KUNIT_CASE(small_blocks_merge_up_to_the_border_of_a_type),
	KUNIT_CASE(a_block_over_many_pageblocks_is_freed_by_type),
	KUNIT_CASE(splitting_over_pageblocks_uses_their_types),
	KUNIT_CASE_PARAM(free_pages_are_counted_by_type, account_gen_params),
	KUNIT_CASE(moving_a_pageblock_moves_its_free_pages),
	KUNIT_CASE(a_block_about_to_grow_goes_to_the_tail),
	KUNIT_CASE(a_block_that_merged_is_placed_by_its_new_size),
	KUNIT_CASE_PARAM(a_block_about_to_merge_twice_is_taken_last,
			 place_gen_params),
	KUNIT_CASE(a_block_that_changes_type_goes_to_the_tail),
	KUNIT_CASE(the_block_freed_last_is_taken_first),
	KUNIT_CASE_PARAM(a_run_of_frames_becomes_large_aligned_blocks,
			 range_gen_params),
	KUNIT_CASE(splitting_frees_the_upper_halves),
	KUNIT_CASE(an_empty_list_gives_nothing),
	{}
};

static struct kunit_suite freelist_suite = {
	.name = "umbra_freelist",
	.test_cases = freelist_cases,
};

kunit_test_suite(freelist_suite);
