// SPDX-License-Identifier: GPL-2.0
/* Ranges whose movable blocks migrate out of them. */
#include <linux/gfp.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "mover.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (4 * TEST_BLOCK)

static struct umbra *ghost(struct kunit *test, unsigned int debug)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .debug = debug,
	};

	return umbra_test_ghost_layout(test, &layout, PAGES);
}

struct range_case {
	const char *name;
	u32 at;
	unsigned int order;
	enum layout_kind kind;
	int err;
};

static const struct range_case range_cases[] = {
	{ "a movable page", 700, 0, LAYOUT_MOVABLE, 0 },
	{ "the first page", 512, 0, LAYOUT_MOVABLE, 0 },
	{ "the last page", 2047, 0, LAYOUT_MOVABLE, 0 },
	{ "a block", 768, 7, LAYOUT_MOVABLE, 0 },
	{ "a pageblock", 1024, 9, LAYOUT_MOVABLE, 0 },
	{ "the largest block", 1024, 10, LAYOUT_MOVABLE, 0 },
	{ "a block that starts before", 0, 10, LAYOUT_MOVABLE, 0 },
	{ "a pinned page", 700, 0, LAYOUT_PINNED, -EBUSY },
	{ "a pinned block that starts before", 0, 10, LAYOUT_PINNED, -EBUSY },
	{ "an unmovable page", 700, 0, LAYOUT_UNMOVABLE, -EBUSY },
	{ "a pinned page outside", 511, 0, LAYOUT_PINNED, 0 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void movable_blocks_make_way_for_a_range(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct umbra *u = ghost(test, 0);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page = umbra_test_take_at(test, u, c->at, c->order);
	bool in_range = c->at + (1U << c->order) > 512;
	u32 token = 0, index, i;

	if (c->kind != LAYOUT_UNMOVABLE)
		token = umbra_test_mover_add(test, m, page, c->order);
	if (c->kind == LAYOUT_PINNED)
		m->tokens[c->at] |= TOKEN_PINNED;
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 512, 2048,
						       GFP_KERNEL), c->err);
	KUNIT_EXPECT_EQ(test, m->nr_moved,
			in_range && c->kind == LAYOUT_MOVABLE);
	if (token) {
		index = umbra_test_mover_find(m, token);
		KUNIT_EXPECT_EQ(test, index != c->at, m->nr_moved);
		KUNIT_EXPECT_EQ(test, umbra_page_order(u,
						       umbra_index_to_page(u,
									   index)),
				c->order);
	}
	umbra_test_mover_count(test, m);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, 0);
	if (!c->err)
		for (i = 512; i < 2048; i++)
			KUNIT_ASSERT_EQ(test, frame_read(u, i),
					frame_make(FRAME_ALLOC, 0));
	umbra_test_judge(test, u);
	umbra_test_empty(u);
}

static void a_range_needs_room_for_the_blocks_that_move(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct mover *m = umbra_test_mover(test, u);
	LIST_HEAD(pages);

	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 100, 0), 0);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 100, 101, GFP_KERNEL),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	umbra_test_mover_count(test, m);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 100, 101, GFP_KERNEL),
			0);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void movable_blocks_leave_an_isolated_range(struct kunit *test)
{
	struct umbra *u = ghost(test, UMBRA_DEBUG_GUARD);
	struct mover *m = umbra_test_mover(test, u);
	u32 i;

	for (i = 0; i < 64; i++)
		umbra_test_mover_add(test, m,
				     umbra_test_take_at(test, u, 4 * i, i % 3),
				     i % 3);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, 0, PB), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 64);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, PB);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, m), 64);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, 0, PB), 0);
	umbra_test_empty(u);
}

static void nothing_moves_if_an_unmovable_page_is_in_the_range(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 100, 0), 0);
	umbra_test_take_at(test, u, PB + 96, 3);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, 2 * PB,
						       GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, PB, GFP_KERNEL),
			0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	umbra_test_empty(u);
}

/* Drains take a lock that must not be held around callbacks. */
static void caches_can_be_drained_while_a_range_is_emptied(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 100, 0), 0);
	m->drain = true;
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, 0, PB), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, 0, PB), 0);
	umbra_test_empty(u);
}

static enum layout_kind all(u32 index)
{
	return LAYOUT_MOVABLE;
}

static void room_for_the_blocks_of_a_range_is_reclaimed(struct kunit *test)
{
	struct umbra *u = ghost(test, 0);
	struct mover *m = umbra_test_mover(test, u);
	u32 index;

	umbra_test_lay_out(test, m, all);
	for (index = PB; index < PAGES; index++)
		umbra_lru_add(u, umbra_index_to_page(u, index));
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, PB, GFP_KERNEL),
			-ENOMEM);
	m->gives = true;
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, PB, GFP_KERNEL),
			0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, PB);
	KUNIT_EXPECT_LE(test, PB,
			umbra_test_events(u, EVENT_PGSTEAL_DIRECT));
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSTEAL_PROACTIVE), 0);
	umbra_test_mover_count(test, m);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
}

static const struct umbra_zone_layout normal_and_movable[] = {
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
	{ .type = UMBRA_ZONE_MOVABLE, .nr_frames = TEST_BLOCK },
};

/* A request for memory with an address must not get HighMem. */
static void a_range_is_emptied_into_suitable_zones(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, normal_and_movable, 2,
						 2 * TEST_BLOCK);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	u32 token = umbra_test_mover_add(test, m, page, 0);
	unsigned long pfn;
	LIST_HEAD(rest);
	u32 index;

	index = umbra_test_mover_find(m, token);
	pfn = ALIGN_DOWN(umbra_index_to_pfn(u, index), 512);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, pfn, pfn + 512), 0);
	index = umbra_test_mover_find(m, token);
	KUNIT_EXPECT_NE(test, ALIGN_DOWN(umbra_index_to_pfn(u, index), 512),
			pfn);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, umbra_index_to_page(u, index)),
			UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, pfn, pfn + 512), 0);
	/* If its zone has no other room, the block stays. */
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &rest);
	pfn = ALIGN_DOWN(umbra_index_to_pfn(u, index), 512);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, pfn, pfn + 512), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_find(m, token), index);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, pfn, pfn + 512), 0);
	umbra_test_give_all(u, &rest);
	umbra_test_mover_drop(m, token);
}

static struct kunit_case migrate_range_cases[] = {
	KUNIT_CASE_PARAM(movable_blocks_make_way_for_a_range, range_gen_params),
	KUNIT_CASE(nothing_moves_if_an_unmovable_page_is_in_the_range),
	KUNIT_CASE(a_range_needs_room_for_the_blocks_that_move),
	KUNIT_CASE(movable_blocks_leave_an_isolated_range),
	KUNIT_CASE(caches_can_be_drained_while_a_range_is_emptied),
	KUNIT_CASE(room_for_the_blocks_of_a_range_is_reclaimed),
	KUNIT_CASE(a_range_is_emptied_into_suitable_zones),
	{}
};

static struct kunit_suite migrate_range_suite = {
	.name = "umbra_migrate_range",
	.test_cases = migrate_range_cases,
};

kunit_test_suite(migrate_range_suite);
