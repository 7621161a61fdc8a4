// SPDX-License-Identifier: GPL-2.0
/* Migration: the state that moves with a block, and blocks that stay. */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/owner.h"
#include "../src/core/span.h"
#include "../src/move/movable.h"
#include "../src/page/free.h"
#include "../src/page/give.h"
#include "../src/page/held.h"
#include "mover.h"

#define PAGES (4 * TEST_BLOCK)

static struct umbra *ghost_debugged(struct kunit *test, unsigned int debug)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .debug = debug,
	};

	return umbra_test_ghost_layout(test, &layout, PAGES);
}

/*
 * An instance with one movable block at the bottom and free memory at the top,
 * so that compaction moves the block.
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

static void lru_position_survives_migration(struct kunit *test)
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
	/* The second access makes the block active. */
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
	{ "nine failures", 9, -EAGAIN, 10, true },
	{ "ten failures", 10, -EAGAIN, 10, false },
	{ "a permanent failure", 1, -EBUSY, 1, false },
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

static void the_old_block_is_held_by_its_references(struct kunit *test)
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
	{ "with all debugging", GFP_HIGHUSER_MOVABLE, 8,
	  UMBRA_DEBUG_OWNER | UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS },
};

KUNIT_ARRAY_PARAM_DESC(state, state_cases, name);

static void a_block_keeps_its_state_when_it_migrates(struct kunit *test)
{
	const struct state_case *c = test->param_value;
	struct umbra *u = one_to_move(test, c->debug);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_owner before, after;
	struct page *src, *dst;
	int count;
	u8 frame;
	u32 token;

	/* The block is at the bottom of the zone. */
	src = umbra_test_take_at(test, u, 0, c->order);
	umbra_make_allocated(u, 0, c->order, c->gfp);
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
struct race {
	struct umbra *u;
	struct mover *m;
	struct umbra_test_barrier barrier;
	unsigned long start;		/* jiffies */
	unsigned long rounds;
	atomic_t done;
	u32 tokens[512];
	unsigned long nr_refused;
	unsigned long nr_freed;
};

/* One thread compacts, the other frees blocks and allocates new ones. */
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
	for (i = 0; umbra_test_goes_on(r->start, i < r->rounds,
				       READ_ONCE(r->m->nr_moved)); i++) {
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
	r->start = jiffies;
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

#define PLACES 500

/* The place of the block in round @i; never the same twice in a row. */
static u32 place(unsigned int i)
{
	return 8 * i;
}

/* One thread migrates a block, the other tries to free it, which must fail. */
static void move_or_free(void *arg, unsigned int self)
{
	struct race *r = arg;
	unsigned int i;

	umbra_test_meet(&r->barrier);
	while (self && (i = atomic_read(&r->done)) < PLACES - 1) {
		struct page *page = umbra_index_to_page(r->u, place(i));

		r->nr_freed += !umbra_free_pages_account(r->u, page, 1, NULL);
		cond_resched();
	}
	for (i = 0; !self && i < PLACES - 1; i++) {
		r->nr_refused += !umbra_movable_isolate(r->u, place(i)) ||
				 umbra_movable_migrate(r->u, place(i + 1),
						       place(i),
						       UMBRA_MIGRATE_SYNC,
						       UMBRA_MIGRATE_FOR_RANGE);
		atomic_set(&r->done, i + 1);
		cond_resched();
	}
}

static void a_migrating_block_cannot_be_freed(struct kunit *test)
{
	struct umbra *u = ghost_debugged(test, 0);
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->u = u;
	r->m = umbra_test_mover(test, u);
	for (i = 0; i < PLACES; i++)
		umbra_test_take_at(test, u, place(i), 1);
	umbra_test_mover_add(test, r->m, umbra_index_to_page(u, place(0)), 1);
	for (i = 1; i < PLACES; i++)
		frame_set(u, place(i), FRAME_PCP, 1);
	umbra_test_start_pair(test, move_or_free, r);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, r->nr_freed, 0);
	KUNIT_EXPECT_EQ(test, r->nr_refused, 0);
	KUNIT_EXPECT_EQ(test, r->m->nr_moved, PLACES - 1);
	umbra_test_mover_count(test, r->m);
	for (i = 0; i < PLACES - 1; i++)
		umbra_free_block(u, place(i), 1, true, NULL);
	umbra_test_empty(u);
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

static void two_compacting_tasks_migrate_each_block_once(struct kunit *test)
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

/* An owner that adds new blocks to the LRU lists. */
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
	KUNIT_ASSERT_TRUE(test, umbra_movable_isolate(u, src));
	frame_set(u, dst, FRAME_PCP, 1);
	KUNIT_EXPECT_EQ(test, umbra_movable_migrate(u, dst, src,
						    UMBRA_MIGRATE_SYNC,
						    UMBRA_MIGRATE_FOR_RANGE), 0);
	umbra_free_block(u, src, 1, true, NULL);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_INACTIVE], 2);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_ISOLATED], 0);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 2);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_lru[LRU_LIST_INACTIVE], 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK);
}

static struct kunit_case migrate_cases[] = {
	KUNIT_CASE(lru_position_survives_migration),
	KUNIT_CASE_PARAM(a_migration_that_fails_for_now_is_tried_again,
			 fail_gen_params),
	KUNIT_CASE(the_old_block_is_held_by_its_references),
	KUNIT_CASE_PARAM(a_block_keeps_its_state_when_it_migrates,
			 state_gen_params),
	KUNIT_CASE(a_migrating_block_cannot_be_freed),
	KUNIT_CASE_SLOW(blocks_are_freed_while_they_migrate),
	KUNIT_CASE(two_compacting_tasks_migrate_each_block_once),
	KUNIT_CASE(a_block_listed_while_it_migrates_is_listed_once),
	{}
};

static struct kunit_suite migrate_suite = {
	.name = "umbra_migrate",
	.test_cases = migrate_cases,
};

kunit_test_suite(migrate_suite);
