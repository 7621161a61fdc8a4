// SPDX-License-Identifier: GPL-2.0
/* Migration: what goes with a block when it moves, and what does not move. */
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "../src/core/debug.h"
#include "../src/core/snapshot.h"
#include "mover.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (4 * TEST_BLOCK)

static struct umbra *ghost_debugged(struct kunit *test, unsigned int debug)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .debug = debug,
	};

	return umbra_test_ghost_layout(test, &layout, PAGES);
}

/*
 * An instance with one block at the bottom that its owner lets move, and room at
 * the top: compaction moves it.
 */
static struct umbra *one_to_move(struct kunit *test, unsigned int debug)
{
	struct umbra *u = ghost_debugged(test, debug);

	umbra_test_take_at(test, u, PAGES - 64, 0);
	return u;
}

static struct umbra_lru *lru(struct umbra *u)
{
	return &u->nodes[0].lru;
}

static void lists_and_marks_survive_migration(struct kunit *test)
{
	struct umbra *u = one_to_move(test, 0);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page;
	u32 tokens[4], i;

	/* Not listed, inactive, accessed once, active. */
	for (i = 0; i < 4; i++) {
		page = umbra_test_take_at(test, u, 8 * i, 1);
		tokens[i] = umbra_test_mover_add(test, m, page, 1);
		if (i)
			KUNIT_EXPECT_EQ(test, umbra_lru_add(u, page), 0);
		if (i >= 2)
			umbra_mark_accessed(u, page);
		if (i >= 3)
			umbra_mark_accessed(u, page);
	}
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 4);
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_INACTIVE], 4);
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_ACTIVE], 2);
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_ISOLATED], 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_lru[LRU_LIST_INACTIVE], 4);
	/* The one that was accessed once is active after the second time. */
	for (i = 0; i < 3; i++) {
		u32 index = umbra_test_mover_find(m, tokens[i]);

		umbra_mark_accessed(u, umbra_index_to_page(u, index));
	}
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_INACTIVE], 2);
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_ACTIVE], 4);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
	KUNIT_EXPECT_EQ(test, lru(u)->nr[LRU_LIST_ACTIVE], 0);
}

struct fail_case {
	const char *name;
	unsigned int fail;
	int err;
	unsigned int asked;
	bool moved;
};

static const struct fail_case fail_cases[] = {
	{ "never", 0, 0, 1, true },
	{ "once", 1, -EAGAIN, 2, true },
	{ "nine times", 9, -EAGAIN, 10, true },
	{ "too often", 10, -EAGAIN, 10, false },
	{ "for good", 1, -EBUSY, 1, false },
};

KUNIT_ARRAY_PARAM_DESC(fail, fail_cases, name);

static void a_migration_that_fails_for_now_is_tried_again(struct kunit *test)
{
	const struct fail_case *c = test->param_value;
	struct umbra *u = one_to_move(test, UMBRA_DEBUG_GUARD);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page = umbra_test_take_at(test, u, 40, 0);
	u32 token = umbra_test_mover_add(test, m, page, 0);

	m->fail = c->fail;
	m->err = c->err;
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_asked, c->asked);
	KUNIT_EXPECT_EQ(test, m->nr_moved, c->moved);
	KUNIT_EXPECT_EQ(test, m->nr_isolated, 1);
	KUNIT_EXPECT_EQ(test, m->nr_putback, !c->moved);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_find(m, token) != 40, c->moved);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, m), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 2);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_block_that_migrated_from_is_held_by_its_references(struct kunit *test)
{
	struct umbra *u = one_to_move(test, UMBRA_DEBUG_GUARD);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_no_background(u);
	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 40, 3), 3);
	m->hold = true;
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	KUNIT_EXPECT_PTR_EQ(test, m->held, umbra_index_to_page(u, 40));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1 - 8 - 1);
	UMBRA_EXPECT_FRAME(test, u, m->held, FRAME_HELD, 0);
	umbra_test_judge(test, u);
	page_ref_dec(m->held);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1 - 8);
	umbra_test_empty(u);
}

struct state_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
	unsigned int debug;
};

static const struct state_case state_cases[] = {
	{ "a movable page", GFP_HIGHUSER_MOVABLE, 0, 0 },
	{ "an unmovable page", GFP_KERNEL, 0, 0 },
	{ "a block", GFP_HIGHUSER_MOVABLE, 5, 0 },
	{ "a compound block", GFP_HIGHUSER_MOVABLE | __GFP_COMP, 3, 0 },
	{ "guarded", GFP_HIGHUSER_MOVABLE | __GFP_COMP, 3, UMBRA_DEBUG_GUARD },
	{ "with its owner", GFP_HIGHUSER_MOVABLE, 2, UMBRA_DEBUG_OWNER },
	{ "all that can be debugged", GFP_HIGHUSER_MOVABLE, 8,
	  UMBRA_DEBUG_OWNER | UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS },
};

KUNIT_ARRAY_PARAM_DESC(state, state_cases, name);

static void a_block_is_after_migration_what_it_was(struct kunit *test)
{
	const struct state_case *c = test->param_value;
	struct umbra *u = one_to_move(test, c->debug);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_owner before, after;
	struct page *src, *dst;
	int count;
	u8 frame;
	u32 token;

	/* At the bottom of the zone. */
	src = umbra_test_take_at(test, u, 0, c->order);
	umbra_alloc_prepare(u, 0, c->order, c->gfp);
	if (c->debug & UMBRA_DEBUG_GUARD)
		for (count = 0; count < 1 << c->order; count++)
			page_ref_dec(src + count);
	count = page_ref_count(src);
	token = umbra_test_mover_add(test, m, src, c->order);
	frame = umbra_test_frame(u, src);
	umbra_owner_get(u, 0, &before);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	dst = umbra_index_to_page(u, umbra_test_mover_find(m, token));
	KUNIT_EXPECT_PTR_NE(test, dst, src);
	KUNIT_EXPECT_EQ(test, umbra_test_frame(u, dst), frame);
	umbra_test_expect_block(test, u, dst, c->order, c->gfp & __GFP_COMP);
	KUNIT_EXPECT_EQ(test, page_ref_count(dst), count);
	KUNIT_EXPECT_EQ(test, page_ref_count(src), UMBRA_BASE_COUNT);
	if (c->debug & UMBRA_DEBUG_OWNER) {
		KUNIT_EXPECT_TRUE(test,
				  umbra_owner_get(u, umbra_page_to_index(u, dst),
						  &after));
		KUNIT_EXPECT_EQ(test, after.ts_ns, before.ts_ns);
		KUNIT_EXPECT_EQ(test, after.gfp, before.gfp);
	}
	umbra_test_judge(test, u);
	umbra_test_empty(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/* The range is 512-2047. */
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
	{ "a block that begins before", 0, 10, LAYOUT_MOVABLE, 0 },
	{ "a pinned page", 700, 0, LAYOUT_PINNED, -EBUSY },
	{ "a pinned block that begins before", 0, 10, LAYOUT_PINNED, -EBUSY },
	{ "an unmovable page", 700, 0, LAYOUT_UNMOVABLE, -EBUSY },
	{ "a pinned page outside", 511, 0, LAYOUT_PINNED, 0 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void what_can_migrate_makes_way_for_a_range(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct umbra *u = ghost_debugged(test, 0);
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

static void a_range_is_busy_if_there_is_no_room_to_migrate(struct kunit *test)
{
	struct umbra *u = ghost_debugged(test, 0);
	struct mover *m = umbra_test_mover(test, u);
	LIST_HEAD(pages);

	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 100, 0), 0);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 100, 101, GFP_KERNEL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	umbra_test_mover_count(test, m);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 100, 101, GFP_KERNEL),
			0);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void what_can_migrate_leaves_an_isolated_range(struct kunit *test)
{
	struct umbra *u = ghost_debugged(test, UMBRA_DEBUG_GUARD);
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

struct race {
	struct umbra *u;
	struct mover *m;
	struct umbra_test_barrier barrier;
	unsigned long rounds;
	atomic_t done;
	u32 tokens[512];
	unsigned long nr_refused;
};

/* One compacts, the other frees blocks and allocates new ones. */
static void compact_and_free(void *arg, unsigned int self)
{
	struct race *r = arg;
	unsigned long i;

	umbra_test_meet(&r->barrier);
	if (!self) {
		while (!atomic_read(&r->done)) {
			umbra_compact(r->u);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < r->rounds; i++) {
		u32 *token = &r->tokens[get_random_u32_below(512)];
		unsigned int order = i % 4;
		struct page *page;

		if (*token)
			umbra_test_mover_drop(r->m, *token);
		*token = 0;
		page = umbra_alloc_pages(r->u, GFP_NOWAIT | __GFP_NOWARN |
					 __GFP_MOVABLE, order);
		if (page) {
			*token = umbra_test_mover_try(r->m, page, order);
			r->nr_refused += !*token;
		}
		cond_resched();
	}
	atomic_set(&r->done, 1);
}

static void blocks_are_freed_while_they_migrate(struct kunit *test)
{
	struct umbra *u = one_to_move(test, UMBRA_DEBUG_GUARD);
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i, nr = 0;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->u = u;
	r->m = umbra_test_mover(test, u);
	r->rounds = max(umbra_test_ops / 100, 1000UL);
	umbra_test_start_pair(test, compact_and_free, r);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, r->nr_refused, 0);
	KUNIT_EXPECT_GT(test, r->m->nr_moved, 0);
	for (i = 0; i < ARRAY_SIZE(r->tokens); i++)
		nr += !!r->tokens[i];
	KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, r->m), nr);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static enum layout_kind third(u32 index)
{
	return index % 3 ? LAYOUT_FREE : LAYOUT_MOVABLE;
}

static void compact_both(void *arg, unsigned int self)
{
	struct race *r = arg;

	umbra_test_meet(&r->barrier);
	umbra_compact(r->u);
}

static void two_that_compact_migrate_each_block_once(struct kunit *test)
{
	struct umbra *u = ghost_debugged(test, UMBRA_DEBUG_GUARD);
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int round, nr;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->u = u;
	r->m = umbra_test_mover(test, u);
	for (round = 0; round < 10; round++) {
		umbra_test_lay_out(test, r->m, third);
		nr = umbra_test_mover_count(test, r->m);
		umbra_test_start_pair(test, compact_both, r);
		umbra_test_join_pair();
		KUNIT_EXPECT_EQ(test, umbra_test_mover_count(test, r->m), nr);
		KUNIT_EXPECT_GT(test,
				umbra_test_pages_in(u->zones, TEST_PB_ORDER),
				0);
		umbra_test_judge(test, u);
		umbra_test_empty(u);
		memset(r->m->tokens, 0, u->nr_frames * sizeof(u32));
	}
}

/* An owner who lists what he has just got. */
struct lister {
	struct umbra_movable movable;
	struct umbra *u;
};

static int lister_migrate(struct umbra_movable *movable, struct page *dst,
			  struct page *src, unsigned int order,
			  enum umbra_migrate_mode mode)
{
	struct lister *l = container_of(movable, struct lister, movable);

	return umbra_lru_add(l->u, dst);
}

static int lister_reclaim(struct umbra_movable *movable, struct page *page,
			  unsigned int order, gfp_t gfp)
{
	return 0;
}

static const struct umbra_movable_operations lister_ops = {
	.migrate = lister_migrate,
	.reclaim = lister_reclaim,
};

static void a_block_listed_while_it_migrates_is_listed_once(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct lister l = { .u = u };
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 1);
	struct page *to = umbra_test_alloc(test, u, GFP_KERNEL, 1);
	u32 src = umbra_page_to_index(u, page);
	u32 dst = umbra_page_to_index(u, to);

	umbra_movable_init(&l.movable, &lister_ops, NULL);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 1, &l.movable), 0);
	KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	KUNIT_ASSERT_NOT_NULL(test, umbra_movable_isolate(u, src));
	frame_set(u, dst, FRAME_PCP, 1);
	KUNIT_EXPECT_EQ(test, umbra_movable_migrate(u, dst, src,
						    UMBRA_MIGRATE_SYNC), 0);
	umbra_free_block(u, src, 1, true, NULL);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_INACTIVE], 2);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_ISOLATED], 0);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 2);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_INACTIVE], 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK);
}

static const struct umbra_zone_layout normal_and_movable[] = {
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
	{ .type = UMBRA_ZONE_MOVABLE, .nr_frames = TEST_BLOCK },
};

/* Who asked for memory with an address is not given some without. */
static void a_range_is_emptied_into_zones_that_will_do(struct kunit *test)
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
	/* Where nothing else is left of its zone, it stays. */
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &rest);
	pfn = ALIGN_DOWN(umbra_index_to_pfn(u, index), 512);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, pfn, pfn + 512), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_mover_find(m, token), index);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, pfn, pfn + 512), 0);
	umbra_test_give_all(u, &rest);
	umbra_test_mover_drop(m, token);
}

static struct kunit_case migrate_cases[] = {
	KUNIT_CASE(lists_and_marks_survive_migration),
	KUNIT_CASE_PARAM(a_migration_that_fails_for_now_is_tried_again,
			 fail_gen_params),
	KUNIT_CASE(a_block_that_migrated_from_is_held_by_its_references),
	KUNIT_CASE_PARAM(a_block_is_after_migration_what_it_was,
			 state_gen_params),
	KUNIT_CASE_PARAM(what_can_migrate_makes_way_for_a_range,
			 range_gen_params),
	KUNIT_CASE(a_range_is_busy_if_there_is_no_room_to_migrate),
	KUNIT_CASE(what_can_migrate_leaves_an_isolated_range),
	KUNIT_CASE_SLOW(blocks_are_freed_while_they_migrate),
	KUNIT_CASE(two_that_compact_migrate_each_block_once),
	KUNIT_CASE(a_range_is_emptied_into_zones_that_will_do),
	KUNIT_CASE(a_block_listed_while_it_migrates_is_listed_once),
	{}
};

static struct kunit_suite migrate_suite = {
	.name = "umbra_migrate",
	.test_cases = migrate_cases,
};

kunit_test_suite(migrate_suite);
