// SPDX-License-Identifier: GPL-2.0
/* The results of compaction, and the blocks that it must not move. */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include "../src/buddy/freelist.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/page/give.h"
#include "mover.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (4 * TEST_BLOCK)
#define BLOCKS (PAGES / PB)

static struct umbra *ghost(struct kunit *test)
{
	return umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
}

/*
 * Every fourth page is movable, and one page in each of the first three
 * pageblocks is not.
 */
static enum layout_kind quarter_and_unmovable(u32 index)
{
	if (index < 3 * PB && index % PB == 200)
		return LAYOUT_UNMOVABLE;
	return umbra_test_quarter(index);
}

static enum layout_kind quarter_and_pinned(u32 index)
{
	if (index < 3 * PB && index % PB == 200)
		return LAYOUT_PINNED;
	return umbra_test_quarter(index);
}

static enum layout_kind all_unmovable(u32 index)
{
	return umbra_test_quarter(index) == LAYOUT_FREE ? LAYOUT_FREE :
							  LAYOUT_UNMOVABLE;
}

struct whole_case {
	const char *name;
	enum layout_kind (*kind)(u32 index);
	unsigned int whole;	/* pageblocks that become free */
};

/*
 * A quarter of 8 pageblocks fills two. One pageblock stays in use, where the
 * scanners meet.
 */
static const struct whole_case whole_cases[] = {
	{ "all movable", umbra_test_quarter, 5 },
	{ "some unmovable", quarter_and_unmovable, 2 },
	{ "some pinned", quarter_and_pinned, 2 },
	{ "all pinned", umbra_test_quarter_pinned, 0 },
	{ "all unmovable", all_unmovable, 0 },
};

KUNIT_ARRAY_PARAM_DESC(whole, whole_cases, name);

static void compaction_frees_every_pageblock_it_can(struct kunit *test)
{
	const struct whole_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	unsigned long nr_free;
	unsigned int nr;

	umbra_test_lay_out(test, m, c->kind);
	nr = umbra_test_mover_count(test, m);
	nr_free = umbra_test_nr_free(u);
	KUNIT_EXPECT_EQ(test, umbra_test_pages_in(u->zones, 2), 0);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_GE(test, umbra_test_pages_in(u->zones, TEST_PB_ORDER),
			c->whole * PB);
	if (!c->whole)
		KUNIT_EXPECT_EQ(test, umbra_test_pages_in(u->zones, 2), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), nr_free);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, m), nr);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones,
						EVENT_PGMIGRATE_SUCCESS),
			m->nr_moved);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
}

static void compaction_does_not_move_pinned_pages(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	u32 i, tokens[3];

	umbra_test_lay_out(test, m, quarter_and_pinned);
	for (i = 0; i < 3; i++)
		tokens[i] = m->tokens[i * PB + 200];
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, m->tokens[i * PB + 200], tokens[i]);
	/*
	 * The owner denies isolation, so compaction must not ask it to migrate.
	 */
	m->deny = true;
	m->nr_asked = 0;
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void compaction_does_not_move_a_referenced_page(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page = umbra_index_to_page(u, 1);
	u32 token;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	token = m->tokens[1];
	page_ref_inc(page);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->tokens[1], token);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_NE(test, m->tokens[1], token);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void compaction_moves_blocks_of_two_owners(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *a = umbra_test_mover(test, u);
	struct mover *b = umbra_test_mover(test, u);
	u32 index;

	for (index = 0; index < PAGES; index += 16) {
		umbra_test_mover_add(test, a, umbra_test_take_at(test, u, index,
								 0), 0);
		umbra_test_mover_add(test, b,
				     umbra_test_take_at(test, u, index + 4, 2),
				     2);
	}
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_GT(test, a->nr_moved, 0);
	KUNIT_EXPECT_GT(test, b->nr_moved, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, a), PAGES / 16);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, b), PAGES / 16);
	KUNIT_EXPECT_GE(test, umbra_test_pages_in(u->zones, TEST_PB_ORDER),
			4 * PB);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
}

/*
 * In one pageblock all pages but the first are free; in the others no page is.
 */
static enum layout_kind nearly_free(u32 index)
{
	if (index >= PAGES - 2 * PB)
		return index % 2 ? LAYOUT_MOVABLE : LAYOUT_FREE;
	return index % 8 ? LAYOUT_FREE : LAYOUT_MOVABLE;
}

struct direct_case {
	const char *name;
	unsigned int order;
	enum umbra_compact_priority priority;
};

static const struct direct_case direct_cases[] = {
	{ "order 3, async", 3, UMBRA_COMPACT_PRIO_ASYNC },
	{ "order 4, async", 4, UMBRA_COMPACT_PRIO_ASYNC },
	{ "order 9, async", 9, UMBRA_COMPACT_PRIO_ASYNC },
	{ "order 3, light", 3, UMBRA_COMPACT_PRIO_LIGHT },
	{ "order 9, light", 9, UMBRA_COMPACT_PRIO_LIGHT },
	{ "order 5, full", 5, UMBRA_COMPACT_PRIO_FULL },
	{ "order 9, full", 9, UMBRA_COMPACT_PRIO_FULL },
	{ "order 10, full", 10, UMBRA_COMPACT_PRIO_FULL },
};

KUNIT_ARRAY_PARAM_DESC(direct, direct_cases, name);

static void a_request_gets_the_block_that_compaction_made(struct kunit *test)
{
	const struct direct_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	u32 index = UMBRA_NO_FRAME;
	struct umbra_request rq;
	unsigned long nr_free, allocs;
	unsigned int nr;

	umbra_test_lay_out(test, m, nearly_free);
	nr = umbra_test_mover_count(test, m);
	nr_free = umbra_test_nr_free(u);
	KUNIT_ASSERT_EQ(test, umbra_test_pages_in(u->zones, 3), 0);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, c->order);
	allocs = umbra_zone_events(u->zones, EVENT_PGALLOC);
	KUNIT_EXPECT_EQ(test, umbra_compact_direct(u, &rq, c->priority, &index),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_ASSERT_NE(test, index, UMBRA_NO_FRAME);
	/*
	 * The block is in the hands of the request. It was never on a free
	 * list.
	 */
	KUNIT_EXPECT_EQ(test, frame_read(u, index),
			frame_make(FRAME_PCP, c->order));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u),
			nr_free - (1UL << c->order));
	/* As in the host, where this is no allocation from a free list. */
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_PGALLOC),
			allocs);
	umbra_give_block(u, index, c->order, rq.gfp, 0);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, m), nr);
	umbra_test_empty(u);
}

struct thieves {
	struct umbra *u;
	struct umbra_request rq;
	struct umbra_test_barrier barrier;
	atomic_t done;
	unsigned int captured, stolen;
};

static enum layout_kind one_block(u32 index)
{
	if (index < PB)
		return index % 8 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	return index % 2 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
}

static void steal(void *arg, unsigned int self)
{
	struct thieves *t = arg;
	u32 index = UMBRA_NO_FRAME;
	struct page *page;

	umbra_test_meet(&t->barrier);
	if (!self) {
		umbra_compact_direct(t->u, &t->rq, UMBRA_COMPACT_PRIO_FULL,
				     &index);
		if (index != UMBRA_NO_FRAME) {
			t->captured++;
			umbra_give_block(t->u, index, t->rq.order, t->rq.gfp, 0);
		}
		atomic_set(&t->done, 1);
		return;
	}
	while (!atomic_read(&t->done)) {
		page = umbra_alloc_pages(t->u, GFP_NOWAIT | __GFP_MOVABLE |
					 __GFP_NOWARN, TEST_PB_ORDER);
		if (page) {
			t->stolen++;
			umbra_free_pages(t->u, page, TEST_PB_ORDER);
		}
		cond_resched();
	}
}

static void a_captured_block_is_not_given_to_another_request(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct thieves *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->u = u;
	umbra_test_request(test, u, &t->rq, GFP_HIGHUSER_MOVABLE,
			   TEST_PB_ORDER);
	umbra_test_lay_out(test, m, one_block);
	umbra_test_start_pair(test, steal, t);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, t->captured, 1);
	KUNIT_EXPECT_EQ(test, t->stolen, 0);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static enum layout_kind first_block_movable(u32 index)
{
	if (index < PB)
		return index % 8 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	if (index >= PAGES - PB)
		return index % 2 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
	return LAYOUT_UNMOVABLE;
}

static void an_unmovable_request_captures_no_movable_block(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	u32 index = UMBRA_NO_FRAME;
	struct umbra_request rq;

	umbra_test_lay_out(test, m, first_block_movable);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 5);
	KUNIT_EXPECT_EQ(test, umbra_compact_direct(u, &rq,
						   UMBRA_COMPACT_PRIO_FULL,
						   &index),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, index, UMBRA_NO_FRAME);
	/* The request may claim every block that compaction made. */
	KUNIT_EXPECT_EQ(test, umbra_test_pages_in(u->zones, TEST_PB_ORDER), PB);
	umbra_test_empty(u);
}

struct source_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
	enum umbra_migratetype block;	/* type of the first pageblock */
	enum umbra_compact_priority priority;
	bool moves;
};

static const struct source_case source_cases[] = {
	{ "async, movable from movable", GFP_HIGHUSER_MOVABLE, 5,
	  UMBRA_MOVABLE, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "async, movable from unmovable", GFP_HIGHUSER_MOVABLE, 5,
	  UMBRA_UNMOVABLE, UMBRA_COMPACT_PRIO_ASYNC, false },
	{ "async, movable from CMA", GFP_HIGHUSER_MOVABLE, 5,
	  UMBRA_CMA, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "async, unmovable from movable", GFP_KERNEL, 5,
	  UMBRA_MOVABLE, UMBRA_COMPACT_PRIO_ASYNC, false },
	{ "async, unmovable pageblock from movable", GFP_KERNEL, 9,
	  UMBRA_MOVABLE, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "async, unmovable from unmovable", GFP_KERNEL, 5,
	  UMBRA_UNMOVABLE, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "light, unmovable from movable", GFP_KERNEL, 5,
	  UMBRA_MOVABLE, UMBRA_COMPACT_PRIO_LIGHT, true },
	{ "light, movable from unmovable", GFP_HIGHUSER_MOVABLE, 5,
	  UMBRA_UNMOVABLE, UMBRA_COMPACT_PRIO_LIGHT, true },
	{ "light, unmovable from CMA", GFP_KERNEL, 5,
	  UMBRA_CMA, UMBRA_COMPACT_PRIO_LIGHT, false },
	{ "full, movable from highatomic", GFP_HIGHUSER_MOVABLE, 5,
	  UMBRA_HIGHATOMIC, UMBRA_COMPACT_PRIO_FULL, true },
};

KUNIT_ARRAY_PARAM_DESC(source, source_cases, name);

/* Set the type of the pageblock of @index. */
static void set_type(struct umbra *u, u32 index, u8 type)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (type == UMBRA_HIGHATOMIC)
		zone->nr_reserved_highatomic += PB;
	if (umbra_frame_type(u, index) == UMBRA_HIGHATOMIC)
		zone->nr_reserved_highatomic -= PB;
	umbra_freelist_move(zone, index, type);
	umbra_zone_unlock(zone, flags);
}

static void compaction_moves_pages_out_of_suitable_blocks(struct kunit *test)
{
	const struct source_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, one_block);
	set_type(u, 0, c->block);
	umbra_test_request(test, u, &rq, c->gfp, c->order);
	umbra_test_compact(u, &rq, c->priority);
	KUNIT_EXPECT_EQ(test, m->nr_moved > 0, c->moves);
	umbra_test_mover_count(test, m);
	umbra_test_judge(test, u);
	set_type(u, 0, UMBRA_MOVABLE);
	umbra_test_empty(u);
}

struct target_case {
	const char *name;
	u8 type;		/* type of the last pageblock */
	enum umbra_compact_priority priority;
	bool fills;
};

static const struct target_case target_cases[] = {
	{ "movable", UMBRA_MOVABLE, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "CMA", UMBRA_CMA, UMBRA_COMPACT_PRIO_ASYNC, true },
	{ "unmovable", UMBRA_UNMOVABLE, UMBRA_COMPACT_PRIO_LIGHT, false },
	{ "unmovable, full", UMBRA_UNMOVABLE, UMBRA_COMPACT_PRIO_FULL, true },
	{ "highatomic", UMBRA_HIGHATOMIC, UMBRA_COMPACT_PRIO_LIGHT, false },
	{ "isolated", UMBRA_MOVABLE | UMBRA_PB_ISOLATED,
	  UMBRA_COMPACT_PRIO_FULL, false },
};

KUNIT_ARRAY_PARAM_DESC(target, target_cases, name);

static void compaction_moves_pages_into_suitable_blocks(struct kunit *test)
{
	const struct target_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;
	unsigned int in_last = 0;
	u32 index;

	umbra_test_lay_out(test, m, first_block_movable);
	set_type(u, PAGES - PB, c->type);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 5);
	umbra_test_compact(u, &rq, c->priority);
	for (index = PAGES - PB; index < PAGES; index++)
		in_last += !!m->tokens[index];
	KUNIT_EXPECT_EQ(test, in_last > 0, c->fills);
	KUNIT_EXPECT_EQ(test, in_last, m->nr_moved);
	umbra_test_mover_count(test, m);
	set_type(u, PAGES - PB, UMBRA_MOVABLE);
	umbra_test_empty(u);
}

static enum layout_kind half_of_the_last_free(u32 index)
{
	if (index < 2 * PB)
		return first_block_movable(index % PB);
	return index >= PAGES - PB / 2 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
}

/* The pages in the other half of the pageblock cannot move. */
static void a_pageblock_filled_by_compaction_becomes_movable(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, half_of_the_last_free);
	set_type(u, PAGES - PB, UMBRA_UNMOVABLE);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE,
			   TEST_PB_ORDER);
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_FULL);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, PAGES - PB), UMBRA_MOVABLE);
	umbra_test_mover_count(test, m);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
}

static void compaction_leaves_isolated_pageblocks_alone(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	u32 index;

	umbra_test_lay_out(test, m, quarter_and_pinned);
	m->deny = true;
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, 0, PB), 0);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, PAGES - PB, PAGES), 0);
	m->deny = false;
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	for (index = 0; index < PAGES; index++)
		if (index < PB || index >= PAGES - PB)
			KUNIT_ASSERT_EQ(test, !!m->tokens[index],
					quarter_and_pinned(index) !=
					LAYOUT_FREE);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, 0, PB), 0);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, PAGES - PB, PAGES), 0);
	umbra_test_empty(u);
}

static void compaction_of_a_node_does_not_change_others(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, 2, PAGES);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, umbra_test_quarter);
	KUNIT_EXPECT_EQ(test, umbra_compact_node(u, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_compact_node(u, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_pages_in(&u->zones[0], 2), 0);
	KUNIT_EXPECT_GE(test, umbra_test_pages_in(&u->zones[1], 9), PB);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_GE(test, umbra_test_pages_in(&u->zones[0], 9), PB);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

/* A policy without grouping has one type, also after compaction. */
static void compaction_without_grouping_changes_no_type(struct kunit *test)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.policy = "nogroup",
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;
	unsigned long nr_free;
	LIST_HEAD(pages);
	u32 index;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	umbra_test_request(test, u, &rq, GFP_KERNEL, TEST_PB_ORDER);
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_FULL);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	for_each_umbra_pageblock(u, index, 0, u->nr_frames)
		KUNIT_EXPECT_EQ(test, (int)umbra_frame_type(u, index),
				(int)UMBRA_UNMOVABLE);
	nr_free = umbra_test_nr_free(u);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages),
			nr_free);
	umbra_test_give_all(u, &pages);
	umbra_test_empty(u);
}

static struct kunit_case compact_cases[] = {
	KUNIT_CASE(compaction_without_grouping_changes_no_type),
	KUNIT_CASE_PARAM(compaction_frees_every_pageblock_it_can,
			 whole_gen_params),
	KUNIT_CASE(compaction_does_not_move_pinned_pages),
	KUNIT_CASE(compaction_does_not_move_a_referenced_page),
	KUNIT_CASE(compaction_moves_blocks_of_two_owners),
	KUNIT_CASE_PARAM(a_request_gets_the_block_that_compaction_made,
			 direct_gen_params),
	KUNIT_CASE(a_captured_block_is_not_given_to_another_request),
	KUNIT_CASE(an_unmovable_request_captures_no_movable_block),
	KUNIT_CASE_PARAM(compaction_moves_pages_out_of_suitable_blocks,
			 source_gen_params),
	KUNIT_CASE_PARAM(compaction_moves_pages_into_suitable_blocks,
			 target_gen_params),
	KUNIT_CASE(a_pageblock_filled_by_compaction_becomes_movable),
	KUNIT_CASE(compaction_leaves_isolated_pageblocks_alone),
	KUNIT_CASE(compaction_of_a_node_does_not_change_others),
	{}
};

static struct kunit_suite compact_suite = {
	.name = "umbra_compact",
	.test_cases = compact_cases,
};

kunit_test_suite(compact_suite);
