// SPDX-License-Identifier: GPL-2.0
/*
 * defrag_mode: requests that must not fragment pageblocks. The values follow
 * from __alloc_pages_slowpath() and get_page_from_freelist() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include "../src/api/tune.h"
#include "../src/buddy/fragmentation.h"
#include "../src/buddy/freelist.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/move/compact_hints.h"
#include "../src/pressure/direct.h"
#include "../src/pressure/slowpath.h"
#include "mover.h"

#define PB BIT(TEST_PB_ORDER)
#define PAGES (2 * TEST_BLOCK)
#define FOREVER 1000
#define MARK 100
#define ASYNC UMBRA_COMPACT_PRIO_ASYNC
#define LIGHT UMBRA_COMPACT_PRIO_LIGHT
#define FULL UMBRA_COMPACT_PRIO_FULL

static void set_defrag(struct kunit *test, struct umbra *u)
{
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_DEFRAG_MODE, 1), 0);
}

/* Half of each pageblock is free, in blocks of order 4. */
static enum layout_kind half_is_free(u32 index)
{
	return index % 32 < 16 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
}

static enum layout_kind nothing_is_free(u32 index)
{
	return LAYOUT_UNMOVABLE;
}

static void set_types(struct umbra *u, enum umbra_migratetype type)
{
	struct umbra_zone *zone = u->zones;
	unsigned long flags;
	u32 index;

	spin_lock_irqsave(&zone->lock, flags);
	for_each_umbra_pageblock(u, index, zone->start, zone->end)
		umbra_freelist_move(zone, index, type);
	umbra_zone_unlock(zone, flags);
}

struct calls {
	unsigned int reclaim;
	unsigned int compact[3];	/* by priority */
	unsigned int oom;
};

struct slow_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
	bool off;		/* defrag_mode is 0 */
	bool memalloc;
	enum umbra_migratetype types;	/* of the pageblocks; 0: Movable */
	bool full;		/* no page is free, but all can be reclaimed */
	bool progress;		/* reclaim claims it, each time */
	enum umbra_compact_result compacts_to;
	struct calls calls;
	bool fails;
};

static const struct slow_case slow_cases[] = {
	{ .name = "without defrag_mode a request falls back at once",
	  .gfp = GFP_KERNEL, .off = true },
	{ .name = "nowait falls back at once", .gfp = GFP_NOWAIT },
	{ .name = "atomic falls back at once", .gfp = GFP_ATOMIC },
	{ .name = "atomic of a high order falls back at once",
	  .gfp = GFP_ATOMIC, .order = 4 },
	{ .name = "a request that does not wake kswapd fails",
	  .gfp = __GFP_HIGH, .fails = true },
	{ .name = "memalloc falls back at once", .gfp = __GFP_MEMALLOC },
	{ .name = "a memalloc task falls back at once", .gfp = GFP_KERNEL,
	  .memalloc = true },
	{ .name = "a task that helps to free memory has no fallback",
	  .gfp = GFP_KERNEL | __GFP_NOMEMALLOC, .memalloc = true,
	  .fails = true },
	{ .name = "a movable request finds its own type",
	  .gfp = GFP_HIGHUSER_MOVABLE },

	{ .name = "16 retries of reclaim come before the fallback",
	  .gfp = GFP_KERNEL,
	  .calls = { .reclaim = 17, .compact = { [LIGHT] = 17 } } },
	{ .name = "noio does not compact before the fallback",
	  .gfp = GFP_NOIO, .calls = { .reclaim = 17 } },
	{ .name = "reclaimable falls back as unmovable does",
	  .gfp = GFP_KERNEL | __GFP_RECLAIMABLE,
	  .calls = { .reclaim = 17, .compact = { [LIGHT] = 17 } } },
	{ .name = "a high order compacts first",
	  .gfp = GFP_KERNEL, .order = 2,
	  .calls = { .reclaim = 17,
		     .compact = { [ASYNC] = 1, [LIGHT] = 17 } } },
	{ .name = "nofail falls back",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL,
	  .calls = { .reclaim = 17, .compact = { [LIGHT] = 17 } } },
	{ .name = "noretry fails",
	  .gfp = GFP_KERNEL | __GFP_NORETRY,
	  .calls = { .reclaim = 1, .compact = { [LIGHT] = 1 } },
	  .fails = true },
	{ .name = "a costly order fails",
	  .gfp = GFP_KERNEL, .order = 4,
	  .calls = { .reclaim = 1, .compact = { [ASYNC] = 1, [LIGHT] = 1 } },
	  .fails = true },
	{ .name = "retry_mayfail of a costly order falls back",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .order = 4,
	  .calls = { .reclaim = 17,
		     .compact = { [ASYNC] = 1, [LIGHT] = 17 } } },
	{ .name = "movable does not compact for order 0",
	  .gfp = GFP_KERNEL | __GFP_MOVABLE, .types = UMBRA_RECLAIMABLE,
	  .calls = { .reclaim = 17 } },

	{ .name = "progress does not count for a pageblock",
	  .gfp = GFP_KERNEL, .progress = true,
	  .calls = { .reclaim = 17, .compact = { [LIGHT] = 17 } } },
	{ .name = "compaction that fails is tried harder",
	  .gfp = GFP_KERNEL, .progress = true,
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .reclaim = 18,
		     .compact = { [LIGHT] = 17, [FULL] = 1 } } },
	{ .name = "compaction that succeeds in vain is tried 16 times again",
	  .gfp = GFP_KERNEL, .progress = true,
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .reclaim = 50,
		     .compact = { [LIGHT] = 33, [FULL] = 17 } } },

	{ .name = "the tries begin anew with the fallback",
	  .gfp = GFP_KERNEL, .full = true,
	  .calls = { .reclaim = 34, .compact = { [LIGHT] = 17 }, .oom = 1 },
	  .fails = true },
	{ .name = "movable tries once more with the fallback",
	  .gfp = GFP_KERNEL | __GFP_MOVABLE, .full = true,
	  .calls = { .reclaim = 18, .oom = 1 }, .fails = true },
};

KUNIT_ARRAY_PARAM_DESC(slow, slow_cases, name);

struct script {
	struct umbra_slow_ops ops;
	const struct slow_case *c;
	struct calls calls;
	unsigned int nr_suitable;
	struct page *made;	/* the pageblock that compaction makes, or NULL */
};

static struct script *script_of(struct umbra *u)
{
	return container_of(u->slow_ops, struct script, ops);
}

static unsigned long scripted_reclaim(struct umbra *u,
				      const struct umbra_request *rq)
{
	struct script *s = script_of(u);

	/* A count that never ends must end. */
	return ++s->calls.reclaim < FOREVER && s->c->progress;
}

static enum umbra_compact_result
scripted_compact(struct umbra *u, const struct umbra_request *rq,
		 enum umbra_compact_priority priority, u32 *index)
{
	struct script *s = script_of(u);

	s->calls.compact[priority]++;
	if (s->made)
		umbra_free_pages(u, s->made, TEST_PB_ORDER);
	s->made = NULL;
	return s->c->compacts_to;
}

static bool scripted_suitable(struct umbra *u, const struct umbra_request *rq)
{
	script_of(u)->nr_suitable++;
	return true;
}

static unsigned long scripted_reclaimable(const struct umbra_zone *zone)
{
	return script_of(zone->umbra)->c->full ? PAGES : 0;
}

static enum umbra_oom_result scripted_oom(struct umbra *u,
					  const struct umbra_request *rq)
{
	script_of(u)->calls.oom++;
	return UMBRA_OOM_NOTHING;
}

static const struct umbra_slow_ops scripted_ops = {
	.reclaim = scripted_reclaim,
	.compact = scripted_compact,
	.compact_suitable = scripted_suitable,
	.reclaimable = scripted_reclaimable,
	.oom = scripted_oom,
};

static void a_request_falls_back_when_nothing_else_helps(struct kunit *test)
{
	const struct slow_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct script s = { .ops = scripted_ops, .c = c };
	unsigned int noreclaim = 0, i;
	struct page *page;

	umbra_test_lay_out(test, m, c->full ? nothing_is_free : half_is_free);
	set_types(u, c->types ?: UMBRA_MOVABLE);
	if (!c->off)
		set_defrag(test, u);
	s.ops.wake_kswapd = umbra_slow_ops.wake_kswapd;
	u->slow_ops = &s.ops;
	if (c->memalloc)
		noreclaim = memalloc_noreclaim_save();
	page = umbra_alloc_pages(u, c->gfp | __GFP_NOWARN, c->order);
	if (c->memalloc)
		memalloc_noreclaim_restore(noreclaim);
	u->slow_ops = &umbra_slow_ops;
	KUNIT_EXPECT_EQ(test, !page, c->fails);
	KUNIT_EXPECT_EQ(test, s.calls.reclaim, c->calls.reclaim);
	for (i = 0; i < ARRAY_SIZE(s.calls.compact); i++)
		KUNIT_EXPECT_EQ_MSG(test, s.calls.compact[i],
				    c->calls.compact[i], "priority %u", i);
	KUNIT_EXPECT_EQ(test, s.calls.oom, c->calls.oom);
	/* A request that reclaim and compaction make a pageblock for gives up. */
	KUNIT_EXPECT_EQ(test, s.nr_suitable, 0);
	umbra_test_empty(u);
}

/* Later failures of the order must not be deferred at once. */
static void a_pageblock_from_compaction_is_noted_as_its_success(struct kunit *test)
{
	static const struct slow_case c = {
		.compacts_to = UMBRA_COMPACT_CONTENDED,
	};
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct script s = { .ops = scripted_ops, .c = &c };
	struct mover *m = umbra_test_mover(test, u);
	struct page *page;
	u32 index;

	umbra_test_lay_out(test, m, half_is_free);
	set_types(u, UMBRA_MOVABLE);
	for (index = 0; index < PB; index++)
		if (half_is_free(index) == LAYOUT_UNMOVABLE)
			umbra_free_page(u, umbra_index_to_page(u, index));
	s.made = umbra_test_alloc(test, u, GFP_KERNEL, TEST_PB_ORDER);
	set_types(u, UMBRA_MOVABLE);
	set_defrag(test, u);
	s.ops.wake_kswapd = umbra_slow_ops.wake_kswapd;
	u->slow_ops = &s.ops;
	page = umbra_alloc_page(u, GFP_KERNEL);
	u->slow_ops = &umbra_slow_ops;
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, s.calls.compact[LIGHT], 1);
	KUNIT_EXPECT_EQ(test, u->zones->compact.order_failed,
			TEST_PB_ORDER + 1);
	umbra_test_empty(u);
}

/* The failures of pageblocks count, and not those of the order of the request. */
static void failures_to_make_pageblocks_defer_compaction(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	/* Lower orders are not deferred. */
	umbra_compact_expect(u->zones, TEST_PB_ORDER - 1);
	umbra_compact_defer(u->zones, TEST_PB_ORDER);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 1);
	KUNIT_EXPECT_NE(test, umbra_test_compact(u, &rq, LIGHT),
			UMBRA_COMPACT_DEFERRED);
	set_defrag(test, u);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, umbra_test_compact(u, &rq, LIGHT),
			UMBRA_COMPACT_DEFERRED);
	umbra_test_empty(u);
}

struct direct_case {
	const char *name;
	bool on;
	gfp_t gfp;
	bool scans;
};

static const struct direct_case direct_cases[] = {
	{ "unmovable", true, GFP_KERNEL, false },
	{ "unmovable without compaction", true, GFP_NOIO, true },
	{ "movable", true, GFP_KERNEL | __GFP_MOVABLE, true },
	{ "off", false, GFP_KERNEL, true },
};

KUNIT_ARRAY_PARAM_DESC(direct, direct_cases, name);

/* As for a costly order: enough pages are free for compaction. */
static void reclaim_leaves_a_pageblock_to_compaction(struct kunit *test)
{
	const struct direct_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;
	unsigned long freed;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	umbra_test_mover_list(m);
	if (c->on)
		set_defrag(test, u);
	umbra_test_request(test, u, &rq, c->gfp, 0);
	freed = umbra_reclaim_direct(u, &rq);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSCAN_DIRECT) > 0,
			c->scans);
	KUNIT_EXPECT_EQ(test, freed > 1, c->scans);
	umbra_test_empty(u);
}

static enum layout_kind all_is_movable(u32 index)
{
	return LAYOUT_MOVABLE;
}

struct room_case {
	const char *name;
	bool on;
};

static const struct room_case room_cases[] = {
	{ "defrag_mode", true },
	{ "off", false },
};

KUNIT_ARRAY_PARAM_DESC(room, room_cases, name);

/* Compaction needs the mark and 32 pages; reclaim for one page does not. */
static void reclaim_goes_on_until_compaction_has_room(struct kunit *test)
{
	const struct room_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, all_is_movable);
	umbra_test_mover_list(m);
	if (c->on)
		set_defrag(test, u);
	WRITE_ONCE(u->zones->watermark[UMBRA_WMARK_MIN], MARK);
	WRITE_ONCE(u->zones->watermark[UMBRA_WMARK_LOW], MARK);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 0);
	KUNIT_EXPECT_GT(test, umbra_reclaim_direct(u, &rq), 0);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u) >
			MARK + umbra_compact_gap(TEST_PB_ORDER), c->on);
	WRITE_ONCE(u->zones->watermark[UMBRA_WMARK_MIN], 0);
	WRITE_ONCE(u->zones->watermark[UMBRA_WMARK_LOW], 0);
	umbra_test_empty(u);
}

/* In use in the pageblock of a page, with the page itself. */
static unsigned int nr_used_beside(struct umbra *u, const struct page *page)
{
	u32 index = umbra_pageblock_start(u, umbra_page_to_index(u, page));
	u32 end = index + PB;
	unsigned int nr = 0;

	for (; index < end; index++)
		nr += frame_is_allocated(frame_read(u, index));
	return nr;
}

struct made_case {
	const char *name;
	bool on;
	unsigned int order;
};

static const struct made_case made_cases[] = {
	{ "defrag_mode", true, 0 },
	{ "defrag_mode, a high order", true, 2 },
	{ "off", false, 0 },
};

KUNIT_ARRAY_PARAM_DESC(made, made_cases, name);

/* Compaction makes the pageblock, though pages of other pageblocks are free. */
static void an_unmovable_request_gets_a_whole_pageblock(struct kunit *test)
{
	const struct made_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct page *page;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	KUNIT_ASSERT_EQ(test, umbra_free_in_pageblocks(u->zones), 0);
	if (c->on)
		set_defrag(test, u);
	page = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	if (c->on) {
		u32 index = umbra_page_to_index(u, page);

		KUNIT_EXPECT_EQ(test, nr_used_beside(u, page), 1);
		KUNIT_EXPECT_EQ(test, (int)umbra_pageblock_type(u, index),
				(int)UMBRA_UNMOVABLE);
		KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	} else {
		KUNIT_EXPECT_GT(test, nr_used_beside(u, page), 1);
		KUNIT_EXPECT_EQ(test, m->nr_moved, 0);
	}
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static const struct umbra_zone_layout two_nodes[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
};

/* Only node 1 has a whole pageblock. */
static enum layout_kind node_0_is_in_pieces(u32 index)
{
	return index < TEST_BLOCK ? half_is_free(index) : LAYOUT_FREE;
}

static int node_of(struct kunit *test, struct umbra *u, gfp_t gfp)
{
	struct page *page = umbra_alloc_pages_node(u, 0, gfp, 0);
	int nid;

	KUNIT_ASSERT_NOT_NULL(test, page);
	nid = umbra_page_node(u, page);
	umbra_free_page(u, page);
	return nid;
}

static void a_whole_pageblock_is_worth_more_than_a_near_node(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes, 2,
						 2 * TEST_BLOCK);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, node_0_is_in_pieces);
	KUNIT_EXPECT_EQ(test, node_of(test, u, GFP_NOWAIT), 0);
	umbra_test_empty(u);
	umbra_test_lay_out(test, m, node_0_is_in_pieces);
	set_types(u, UMBRA_MOVABLE);
	set_defrag(test, u);
	KUNIT_EXPECT_EQ(test, node_of(test, u, GFP_NOWAIT), 1);
	KUNIT_EXPECT_EQ(test, node_of(test, u, GFP_NOWAIT | __GFP_MOVABLE), 0);
	KUNIT_EXPECT_EQ(test, node_of(test, u, GFP_NOWAIT | __GFP_THISNODE),
			0);
	umbra_test_empty(u);
}

static struct kunit_case defrag_cases[] = {
	KUNIT_CASE_PARAM(a_request_falls_back_when_nothing_else_helps,
			 slow_gen_params),
	KUNIT_CASE(a_pageblock_from_compaction_is_noted_as_its_success),
	KUNIT_CASE(failures_to_make_pageblocks_defer_compaction),
	KUNIT_CASE_PARAM(reclaim_leaves_a_pageblock_to_compaction,
			 direct_gen_params),
	KUNIT_CASE_PARAM(reclaim_goes_on_until_compaction_has_room,
			 room_gen_params),
	KUNIT_CASE_PARAM(an_unmovable_request_gets_a_whole_pageblock,
			 made_gen_params),
	KUNIT_CASE(a_whole_pageblock_is_worth_more_than_a_near_node),
	{}
};

static struct kunit_suite defrag_suite = {
	.name = "umbra_defrag",
	.test_cases = defrag_cases,
};

kunit_test_suite(defrag_suite);
