// SPDX-License-Identifier: GPL-2.0
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
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

static void set_type(struct umbra *u, u32 index, enum umbra_migratetype type)
{
	u->pageblocks[index >> u->pb_order].type = type;
}

static void taking_a_block_leaves_one_half_of_each_larger_order(struct kunit *test)
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

	/* The even blocks have no buddies to merge with, the odd ones have. */
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

static void buddies_of_two_types_stay_apart(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_free_area *area = &u->zones->free_area[TEST_PB_ORDER];
	u32 size = 1U << TEST_PB_ORDER;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	set_type(u, size, UMBRA_UNMOVABLE);
	give(u, 0, TEST_PB_ORDER);
	give(u, size, TEST_PB_ORDER);
	KUNIT_EXPECT_EQ(test, area->nr_free[UMBRA_MOVABLE], 1);
	KUNIT_EXPECT_EQ(test, area->nr_free[UMBRA_UNMOVABLE], 1);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 0);
	umbra_test_judge(test, u);

	/* Back to one type, and they merge. */
	KUNIT_ASSERT_EQ(test, take(u, TEST_PB_ORDER), 0);
	set_type(u, 0, UMBRA_UNMOVABLE);
	give(u, 0, TEST_PB_ORDER);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
}

static void small_blocks_merge_up_to_the_border_of_a_type(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, 4, TEST_BLOCK);
	u32 index;

	KUNIT_ASSERT_EQ(test, take(u, UMBRA_MAX_ORDER), 0);
	for (index = 0; index < TEST_BLOCK; index += 32)
		set_type(u, index, UMBRA_RECLAIMABLE);
	for (index = 0; index < TEST_BLOCK; index++)
		give(u, index, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, 4), TEST_BLOCK / 16);
	KUNIT_EXPECT_EQ(test, u->zones->free_area[4].nr_free[UMBRA_MOVABLE],
			TEST_BLOCK / 32);
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

static void a_run_of_frames_becomes_the_largest_aligned_blocks(struct kunit *test)
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
	index = umbra_freelist_pop(zone, UMBRA_MAX_ORDER, UMBRA_MOVABLE);
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
	KUNIT_EXPECT_EQ(test, umbra_freelist_pop(zone, 3, UMBRA_MOVABLE),
			UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_freelist_take(zone, 0, UMBRA_UNMOVABLE),
			UMBRA_NO_FRAME);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 1);
}

static struct kunit_case freelist_cases[] = {
	KUNIT_CASE_PARAM(taking_a_block_leaves_one_half_of_each_larger_order,
			 order_gen_params),
	KUNIT_CASE_PARAM(halves_freed_merge_up_to_the_largest_block,
			 order_gen_params),
	KUNIT_CASE(single_frames_freed_in_any_order_merge_whole),
	KUNIT_CASE(buddies_of_two_types_stay_apart),
	KUNIT_CASE(small_blocks_merge_up_to_the_border_of_a_type),
	KUNIT_CASE(the_block_freed_last_is_taken_first),
	KUNIT_CASE_PARAM(a_run_of_frames_becomes_the_largest_aligned_blocks,
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
