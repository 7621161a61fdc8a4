// SPDX-License-Identifier: GPL-2.0
/* Obstacles in places that could be free: their numbers, order, and text. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/page/held.h"
#include "../src/study/blame.h"
#include "mover.h"
#include "test_util.h"

#define PB_ORDER 5
#define PLACE BIT(PB_ORDER)

/* A page of one kind at some places; everything else is free. */
static enum layout_kind kinds(u32 index)
{
	switch (index / PLACE) {
	case 1:
		return index % 4 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	case 2:
		return index % 2 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	case 3:
		return index % PLACE == 7 ? LAYOUT_UNMOVABLE : LAYOUT_MOVABLE;
	case 4:
		return index % PLACE < 2 ? LAYOUT_UNMOVABLE : LAYOUT_FREE;
	default:
		return LAYOUT_FREE;
	}
}

static struct umbra_blame *blame(struct kunit *test, struct umbra *u,
				 unsigned int order)
{
	struct umbra_blame *b = umbra_blame(u, order);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	return b;
}

/* The place at a frame of the only zone, if it is not free. */
static const struct umbra_place *place_at(struct kunit *test,
					  const struct umbra_blame *b,
					  u32 index)
{
	const struct umbra_zone_blame *z = &b->zones[0];
	u32 i;

	for (i = 0; i < BLAME_PLACES; i++) {
		if (i < z->nr_moves && z->moves[i].index == index)
			return &z->moves[i];
		if (i < z->nr_stuck && z->stuck[i].index == index)
			return &z->stuck[i];
	}
	KUNIT_FAIL(test, "no place at %u", index);
	return &z->moves[0];
}

static void expect(struct kunit *test, const struct umbra_place *p, u32 free,
		   u32 moves, u32 stuck, u32 culprit)
{
	KUNIT_EXPECT_EQ(test, p->free, free);
	KUNIT_EXPECT_EQ(test, p->moves, moves);
	KUNIT_EXPECT_EQ(test, p->stuck, stuck);
	KUNIT_EXPECT_EQ(test, p->culprit, culprit);
}

static struct umbra *laid_out(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, PB_ORDER, TEST_BLOCK);

	umbra_test_lay_out(test, umbra_test_mover(test, u), kinds);
	return u;
}

static void pages_of_each_kind_are_counted(struct kunit *test)
{
	struct umbra *u = laid_out(test);
	struct umbra_blame *b = blame(test, u, PB_ORDER);

	KUNIT_EXPECT_EQ(test, b->zones[0].nr_free, TEST_BLOCK / PLACE - 4);
	KUNIT_EXPECT_EQ(test, b->zones[0].nr_moves, 2);
	KUNIT_EXPECT_EQ(test, b->zones[0].nr_stuck, 2);
	KUNIT_EXPECT_TRUE(test, b->is_exact);
	expect(test, place_at(test, b, PLACE), PLACE * 3 / 4, PLACE / 4, 0,
	       UMBRA_NO_FRAME);
	expect(test, place_at(test, b, 3 * PLACE), 0, PLACE - 1, 1,
	       3 * PLACE + 7);
	expect(test, place_at(test, b, 4 * PLACE), PLACE - 2, 0, 2, 4 * PLACE);
	kvfree(b);
	umbra_test_empty(u);
}

/* Each place has one more page to move than the one before; the last are free. */
static enum layout_kind stairs(u32 index)
{
	return index % PLACE < index / PLACE % 16 ? LAYOUT_MOVABLE :
						    LAYOUT_FREE;
}

static void the_cheapest_places_are_kept_in_order(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, PB_ORDER, TEST_BLOCK);
	struct umbra_blame *b;
	u32 i;

	umbra_test_lay_out(test, umbra_test_mover(test, u), stairs);
	b = blame(test, u, PB_ORDER);
	KUNIT_EXPECT_EQ(test, b->zones[0].nr_free, 2);
	KUNIT_EXPECT_EQ(test, b->zones[0].nr_moves, 30);
	for (i = 0; i < BLAME_PLACES; i++)
		KUNIT_EXPECT_EQ(test, b->zones[0].moves[i].moves, 1 + i / 2);
	kvfree(b);
	umbra_test_empty(u);
}

/* A largest block begins in the middle of the places of the zone. */
static void a_zone_may_begin_anywhere(struct kunit *test)
{
	const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = PLACE },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = 2 * TEST_BLOCK - PLACE },
	};
	struct umbra_layout layout = {
		.pb_order = PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  2 * TEST_BLOCK);
	struct umbra_blame *b = blame(test, u, PB_ORDER);

	KUNIT_EXPECT_EQ(test, b->zones[0].nr_free, 1);
	KUNIT_EXPECT_EQ(test, b->zones[1].nr_free, 2 * TEST_BLOCK / PLACE - 1);
	KUNIT_EXPECT_EQ(test, b->zones[1].nr_stuck, 0);
	kvfree(b);
}

static void a_part_of_a_larger_block_is_blamed_on_its_head(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, PB_ORDER, TEST_BLOCK);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, PB_ORDER + 1);
	u32 head = umbra_page_to_index(u, page);
	struct umbra_blame *b = blame(test, u, PB_ORDER);

	expect(test, place_at(test, b, head + PLACE), 0, 0, PLACE, head);
	kvfree(b);
	b = blame(test, u, 2);
	expect(test, place_at(test, b, head + 4), 0, 0, 4, head);
	kvfree(b);
	b = blame(test, u, UMBRA_MAX_ORDER);
	expect(test, place_at(test, b, 0), TEST_BLOCK - 2 * PLACE, 0, 2 * PLACE,
	       head);
	kvfree(b);
	umbra_free_pages(u, page, PB_ORDER + 1);
}

static void pages_that_others_reference_are_kept(struct kunit *test)
{
	struct umbra *u = laid_out(test);
	struct page *movable = umbra_index_to_page(u, PLACE);
	struct page *held = umbra_test_take_at(test, u, 0, 0);
	struct umbra_blame *b;

	page_ref_inc(movable);
	page_ref_inc(held);
	umbra_free_pages(u, held, 0);
	b = blame(test, u, PB_ORDER);
	expect(test, place_at(test, b, 0), PLACE - 1, 0, 1, 0);
	expect(test, place_at(test, b, PLACE), PLACE * 3 / 4, PLACE / 4 - 1, 1,
	       PLACE);
	kvfree(b);
	page_ref_dec(movable);
	page_ref_dec(held);
	umbra_held_rescan(u);
	umbra_test_empty(u);
}

static const char text[] =
	"Node 0 Normal, places of order 5: 28 free, 2 can be emptied, 2 cannot\n"
	"  pfn 0x20: 24 free, 8 to move\n"
	"  pfn 0x40: 16 free, 16 to move\n"
	"  pfn 0x60: 0 free, 31 to move, 1 kept, first by\n"
	"    pfn 0x67, order 0, of a pageblock of type Movable\n"
	"  pfn 0x80: 30 free, 0 to move, 2 kept, first by\n"
	"    pfn 0x80, order 0, of a pageblock of type Movable\n";

static void places_are_printed(struct kunit *test)
{
	struct umbra *u = laid_out(test);
	struct umbra_blame *b = blame(test, u, PB_ORDER);
	char *buf = kunit_kzalloc(test, umbra_blame_room(b), GFP_KERNEL);
	struct seq_buf s;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	seq_buf_init(&s, buf, umbra_blame_room(b));
	umbra_blame_text(b, &s);
	KUNIT_EXPECT_STREQ(test, buf, text);
	kvfree(b);
	umbra_test_empty(u);
}

static void the_owner_of_a_block_is_named(struct kunit *test)
{
	struct umbra_layout layout = {
		.pb_order = PB_ORDER,
		.debug = UMBRA_DEBUG_OWNER,
	};
	struct umbra_blame *b;
	char owner[64], *buf;
	struct page *page;
	struct seq_buf s;
	struct umbra *u;

	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "kernel without the stack depot");
	u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 1);
	b = blame(test, u, PB_ORDER);
	buf = kunit_kzalloc(test, umbra_blame_room(b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	seq_buf_init(&s, buf, umbra_blame_room(b));
	umbra_blame_text(b, &s);
	snprintf(owner, sizeof(owner), "Unmovable, pid %d (%s)\n     ",
		 current->pid, current->comm);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(buf, owner), "no %s in %s",
				  owner, buf);
	kvfree(b);
	umbra_free_pages(u, page, 1);
}

static struct kunit_case blame_cases[] = {
	KUNIT_CASE(pages_of_each_kind_are_counted),
	KUNIT_CASE(the_cheapest_places_are_kept_in_order),
	KUNIT_CASE(a_zone_may_begin_anywhere),
	KUNIT_CASE(a_part_of_a_larger_block_is_blamed_on_its_head),
	KUNIT_CASE(pages_that_others_reference_are_kept),
	KUNIT_CASE(places_are_printed),
	KUNIT_CASE(the_owner_of_a_block_is_named),
	{}
};

static struct kunit_suite blame_suite = {
	.name = "umbra_blame",
	.test_cases = blame_cases,
};

kunit_test_suite(blame_suite);
