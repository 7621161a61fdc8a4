// SPDX-License-Identifier: GPL-2.0
/*
 * When and where compaction runs: suitability, deferral, hints, and kcompactd.
 */
#include <linux/compaction.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include "../src/buddy/fragmentation.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/move/compact_hints.h"
#include "../src/move/kcompactd.h"
#include "mover.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (4 * TEST_BLOCK)
#define BLOCKS (PAGES / PB)

static struct umbra *ghost(struct kunit *test)
{
	return umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
}

static enum umbra_compact_result needed(struct umbra *u, unsigned int order,
					unsigned int flags)
{
	return umbra_compact_is_needed(u->zones, order, UMBRA_ZONE_NORMAL,
				       flags, false);
}

/* Free pages, of 4096. None of them is next to another one. */
static u32 nr_free_pages;

static enum layout_kind some_free(u32 index)
{
	return index % 2 || index / 2 >= nr_free_pages ? LAYOUT_UNMOVABLE :
							 LAYOUT_FREE;
}

struct suit_case {
	const char *name;
	unsigned int order;
	u32 free;
	enum umbra_compact_result result;
};

/* Without watermarks: more than twice the block must be free, but at most 32. */
static const struct suit_case suit_cases[] = {
	{ "order 1, only the gap free", 1, 4, UMBRA_COMPACT_SKIPPED },
	{ "order 1, a page more free", 1, 5, UMBRA_COMPACT_CONTINUE },
	{ "order 3, only the gap free", 3, 16, UMBRA_COMPACT_SKIPPED },
	{ "order 3, a page more free", 3, 17, UMBRA_COMPACT_CONTINUE },
	{ "order 4, only the gap free", 4, 32, UMBRA_COMPACT_SKIPPED },
	{ "order 4, a page more free", 4, 33, UMBRA_COMPACT_CONTINUE },
	{ "order 9, only the gap free", 9, 32, UMBRA_COMPACT_SKIPPED },
	{ "order 9, a page more free", 9, 33, UMBRA_COMPACT_CONTINUE },
	{ "order 0, a block is free", 0, 100, UMBRA_COMPACT_SUCCESS },
};

KUNIT_ARRAY_PARAM_DESC(suit, suit_cases, name);

static void compaction_needs_a_gap_of_free_pages(struct kunit *test)
{
	const struct suit_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	nr_free_pages = c->free;
	umbra_test_lay_out(test, m, some_free);
	KUNIT_EXPECT_EQ(test, needed(u, c->order, ALLOC_WMARK_MIN), c->result);
	umbra_test_request(test, u, &rq, GFP_KERNEL, c->order);
	KUNIT_EXPECT_EQ(test, umbra_compact_suitable(u, &rq),
			c->result != UMBRA_COMPACT_SKIPPED);
	umbra_test_empty(u);
}

/* linux/compaction.h has the function in all kernels with compaction. */
static void the_gap_is_that_of_the_host(struct kunit *test)
{
#ifdef CONFIG_COMPACTION
	unsigned int order;

	if (compact_gap(UMBRA_MAX_ORDER) != COMPACT_CLUSTER_MAX)
		kunit_skip(test, "before 7.3 the gap of the host has no limit");
	for (order = 0; order <= UMBRA_MAX_ORDER; order++)
		KUNIT_EXPECT_EQ(test, umbra_compact_gap(order),
				compact_gap(order));
#else
	kunit_skip(test, "the host has no compaction");
#endif
}

static void compaction_respects_the_watermark(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_zone *zone = u->zones;
	struct umbra_request rq;

	nr_free_pages = 100;
	umbra_test_lay_out(test, m, some_free);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_MIN], 83);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_LOW], 90);
	KUNIT_EXPECT_EQ(test, needed(u, 3, ALLOC_WMARK_MIN),
			UMBRA_COMPACT_CONTINUE);
	KUNIT_EXPECT_EQ(test, needed(u, 3, ALLOC_WMARK_LOW),
			UMBRA_COMPACT_SKIPPED);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_MIN], 84);
	KUNIT_EXPECT_EQ(test, needed(u, 3, ALLOC_WMARK_MIN),
			UMBRA_COMPACT_SKIPPED);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 3);
	KUNIT_EXPECT_FALSE(test, umbra_compact_suitable(u, &rq));
	/* The pages that could be reclaimed count in part. */
	WRITE_ONCE(zone->nr_lru[LRU_LIST_INACTIVE], 3);
	KUNIT_EXPECT_TRUE(test, umbra_compact_suitable(u, &rq));
	WRITE_ONCE(zone->nr_lru[LRU_LIST_INACTIVE], 0);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_MIN], 0);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_LOW], 0);
	umbra_test_empty(u);
}

/* A quarter of the zone is free, in blocks of order 1. */
static enum layout_kind pairs(u32 index)
{
	return index % 8 < 2 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
}

static void compaction_respects_the_extfrag_threshold(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	unsigned long nr_free[UMBRA_NR_ORDERS];
	struct umbra_free_blocks b;
	int index;

	umbra_test_lay_out(test, m, pairs);
	umbra_snapshot_buddyinfo(u->zones, nr_free);
	umbra_count_free_blocks(&b, nr_free, 4);
	index = umbra_fragmentation_index(&b, 4);
	KUNIT_ASSERT_GT(test, index, 500);
	KUNIT_EXPECT_EQ(test, needed(u, 4, 0), UMBRA_COMPACT_CONTINUE);
	WRITE_ONCE(u->compact.extfrag_threshold, index - 1);
	KUNIT_EXPECT_EQ(test, needed(u, 4, 0), UMBRA_COMPACT_CONTINUE);
	WRITE_ONCE(u->compact.extfrag_threshold, index);
	KUNIT_EXPECT_EQ(test, needed(u, 4, 0), UMBRA_COMPACT_SKIPPED);
	/* The threshold does not apply to orders that are not costly. */
	WRITE_ONCE(u->compact.extfrag_threshold, 1000);
	KUNIT_EXPECT_EQ(test, needed(u, 3, 0), UMBRA_COMPACT_CONTINUE);
	umbra_test_empty(u);
}

/*
 * Let a request fail. Returns whether the zone was compacted for it. The counter
 * compact_stall does not count deferred attempts.
 */
static bool compacts(struct kunit *test, struct umbra *u, gfp_t gfp,
		     unsigned int order)
{
	unsigned long before = umbra_zone_events(u->zones, EVENT_COMPACT_STALL);
	unsigned long failed = umbra_zone_events(u->zones, EVENT_COMPACT_FAIL);
	unsigned long stalls;

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, gfp | __GFP_NOWARN,
						  order));
	stalls = umbra_zone_events(u->zones, EVENT_COMPACT_STALL) - before;
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_COMPACT_FAIL),
			failed + stalls);
	return stalls;
}

/* The number of failing requests until the zone is compacted, from 1. */
static unsigned int requests_until_compaction(struct kunit *test,
					      struct umbra *u)
{
	unsigned int n = 1;

	while (n < 1000 && !compacts(test, u, GFP_HIGHUSER_MOVABLE, 3))
		n++;
	return n;
}

static void each_failure_of_compaction_defers_it_longer(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	unsigned int i;

	umbra_test_lay_out(test, m, umbra_test_quarter_pinned);
	KUNIT_EXPECT_EQ(test, requests_until_compaction(test, u), 1);
	for (i = 1; i <= 8; i++)
		KUNIT_EXPECT_EQ(test, requests_until_compaction(test, u),
				1 << min(i, 6U));
	umbra_test_empty(u);
}

static void success_ends_the_deferral_of_small_orders(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;

	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(zone, 5));
	umbra_compact_defer(zone, 5);
	KUNIT_EXPECT_TRUE(test, umbra_compact_is_deferred(zone, 5));
	umbra_compact_defer(zone, 5);
	umbra_compact_expect(zone, 4);
	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(zone, 4));
	KUNIT_EXPECT_TRUE(test, umbra_compact_is_deferred(zone, 5));
	umbra_compact_worked(zone, 5);
	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(zone, 6));
	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(zone, 10));
}

static void full_compaction_is_not_deferred(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_quarter_pinned);
	KUNIT_EXPECT_TRUE(test, compacts(test, u, GFP_HIGHUSER_MOVABLE, 3));
	KUNIT_EXPECT_FALSE(test, compacts(test, u, GFP_HIGHUSER_MOVABLE, 3));
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 3);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_COMPLETE);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_FULL),
			UMBRA_COMPACT_COMPLETE);
	KUNIT_EXPECT_EQ(test, requests_until_compaction(test, u), 8);
	umbra_test_empty(u);
}

static void asynchronous_compaction_does_not_defer(struct kunit *test)
{
	const gfp_t once = GFP_HIGHUSER_MOVABLE | __GFP_NORETRY;
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, umbra_test_quarter_pinned);
	KUNIT_EXPECT_TRUE(test, compacts(test, u, once, 5));
	KUNIT_EXPECT_TRUE(test, compacts(test, u, once, 5));
	KUNIT_EXPECT_TRUE(test, compacts(test, u, GFP_HIGHUSER_MOVABLE, 3));
	umbra_test_empty(u);
}

static void a_request_without_io_does_not_compact(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	umbra_test_request(test, u, &rq, GFP_NOIO | __GFP_MOVABLE, 5);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_FULL),
			UMBRA_COMPACT_SKIPPED);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	umbra_test_empty(u);
}

static unsigned int count_skipped(struct umbra *u)
{
	return bitmap_weight(u->compact.skip_blocks, umbra_nr_pageblocks(u));
}

static void useless_pageblocks_are_skipped_by_compaction(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_zone_compact *z = &u->zones->compact;
	struct umbra_request rq;
	u32 i;

	umbra_test_lay_out(test, m, umbra_test_quarter_pinned);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 5);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_COMPLETE);
	KUNIT_EXPECT_GE(test, count_skipped(u), BLOCKS / 2);
	KUNIT_EXPECT_TRUE(test, z->flush_skip);
	/* Every page can be moved now, but the pageblocks are still skipped. */
	for (i = 0; i < PAGES; i++)
		m->tokens[i] &= ~TOKEN_PINNED;
	umbra_compact_worked(u->zones, 5);
	m->nr_asked = 0;
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	/* The scanners look again once the hints are reset. */
	umbra_compact_flush_hints(u, 0);
	KUNIT_EXPECT_FALSE(test, z->flush_skip);
	KUNIT_EXPECT_EQ(test, count_skipped(u), 0);
	umbra_compact_worked(u->zones, 5);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void full_compaction_ignores_hints(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	bitmap_fill(u->compact.skip_blocks, umbra_nr_pageblocks(u));
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 5);
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 0);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_FULL),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	umbra_test_empty(u);
}

/* The first attempt after the longest deferral also resets the hints. */
static void hints_end_when_compaction_restarts(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_request rq;
	unsigned int n;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	bitmap_fill(u->compact.skip_blocks, umbra_nr_pageblocks(u));
	u->zones->compact.flush_skip = true;
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 5);
	for (n = 0; n < 6; n++)
		umbra_compact_defer(u->zones, 5);
	for (n = 1; n < 64; n++)
		KUNIT_ASSERT_EQ(test,
				umbra_test_compact(u, &rq,
						   UMBRA_COMPACT_PRIO_LIGHT),
				UMBRA_COMPACT_DEFERRED);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	umbra_test_empty(u);
}

/* The first three pageblocks have no movable page. */
static enum layout_kind late_movables(u32 index)
{
	if (index < 3 * PB)
		return index % 4 == 1 ? LAYOUT_UNMOVABLE : LAYOUT_FREE;
	return umbra_test_quarter(index);
}

static void compaction_continues_where_it_stopped(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_zone_compact *z = &u->zones->compact;
	struct umbra_request rq;
	unsigned long scanned;

	umbra_test_lay_out(test, m, late_movables);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 5);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, z->cached_migrate[1], 3 * PB);
	KUNIT_EXPECT_GE(test, z->cached_migrate[0], 3 * PB);
	scanned = umbra_zone_events(u->zones, EVENT_COMPACT_MIGRATE_SCANNED);
	KUNIT_EXPECT_GE(test, scanned, 3 * PB);
	umbra_test_request(test, u, &rq, GFP_HIGHUSER_MOVABLE, 7);
	KUNIT_EXPECT_EQ(test,
			umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_LE(test, umbra_zone_events(u->zones,
						EVENT_COMPACT_MIGRATE_SCANNED),
			scanned + 2 * PB);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void compaction_counts_scanned_and_moved_pages(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_zone *zone = u->zones;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_GT(test, umbra_zone_events(zone,
						EVENT_COMPACT_MIGRATE_SCANNED),
			PAGES / 4);
	KUNIT_EXPECT_GT(test, umbra_zone_events(zone,
						EVENT_COMPACT_FREE_SCANNED),
			PAGES / 8);
	/* Each moved page is isolated once as a source and once as a target. */
	KUNIT_EXPECT_GE(test, umbra_zone_events(zone, EVENT_COMPACT_ISOLATED),
			2 * m->nr_moved);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_PGMIGRATE_SUCCESS),
			m->nr_moved);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_PGMIGRATE_FAIL), 0);
	umbra_test_empty(u);
}

static struct umbra *background(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	return u;
}

static bool has_in_pageblocks(struct umbra *u, unsigned long pages)
{
	return umbra_test_pages_in(u->zones, TEST_PB_ORDER) >= pages;
}

static void kcompactd_compacts_for_the_order_it_is_woken_for(struct kunit *test)
{
	struct umbra *u = background(test);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, umbra_test_quarter);
	umbra_compact_wake(u, 0, 0, UMBRA_ZONE_NORMAL);
	umbra_compact_wake(u, 0, 5, UMBRA_ZONE_DMA);
	umbra_compact_wake(u, 0, 9, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_in_pageblocks(u, PB)));
	umbra_compact_stop(u);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones,
						EVENT_COMPACT_DAEMON_WAKE), 1);
	KUNIT_EXPECT_GT(test,
			umbra_zone_events(u->zones,
					  EVENT_COMPACT_DAEMON_MIGRATE_SCANNED),
			0);
	KUNIT_EXPECT_GT(test,
			umbra_zone_events(u->zones,
					  EVENT_COMPACT_DAEMON_FREE_SCANNED),
			0);
	umbra_test_mover_count(test, m);
	/* With a block of the order free, kcompactd is not woken. */
	umbra_compact_wake(u, 0, 9, UMBRA_ZONE_NORMAL);
	umbra_compact_stop(u);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones,
						EVENT_COMPACT_DAEMON_WAKE), 1);
	umbra_test_empty(u);
}

/*
 * kcompactd_do_work() of Linux 7.3 tests each zone for requests of the zone itself,
 * so pages that are kept from requests for a higher zone do not matter.
 */
static void kcompactd_compacts_a_zone_that_is_protected(struct kunit *test)
{
	const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA32, .nr_frames = PAGES / 2 },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
	};
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.lowmem_reserve_ratio = { [UMBRA_ZONE_DMA32] = 1 },
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct mover *m = umbra_test_mover(test, u);

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	umbra_test_lay_out(test, m, umbra_test_quarter);
	umbra_compact_wake(u, 0, 9, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_in_pageblocks(u, PB)));
	umbra_compact_stop(u);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static void kcompactd_compacts_a_fragmented_node_unasked(struct kunit *test)
{
	struct umbra *u = background(test);
	struct mover *m = umbra_test_mover(test, u);
	unsigned long half;

	umbra_test_lay_out(test, m, umbra_test_quarter);
	half = umbra_test_nr_free(u) / 2;
	KUNIT_EXPECT_EQ(test, umbra_compact_score(u, 0), 99);
	umbra_compact_set_proactiveness(u, 60);
	KUNIT_EXPECT_EQ(test, umbra_compact_score_wmark(u, true), 40);
	KUNIT_EXPECT_EQ(test, umbra_compact_score_wmark(u, false), 50);
	/*
	 * Two thirds of the free pages are in whole pageblocks, and some in
	 * small blocks.
	 */
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_in_pageblocks(u, half)));
	umbra_compact_stop(u);
	KUNIT_EXPECT_LE(test, umbra_compact_score(u, 0), 50);
	umbra_test_mover_count(test, m);
	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	umbra_test_empty(u);
}

static void an_instance_without_background_has_no_kcompactd(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, umbra_test_quarter);
	KUNIT_EXPECT_NULL(test, u->compact.kcompactd);
	umbra_compact_wake(u, 0, 9, UMBRA_ZONE_NORMAL);
	umbra_compact_set_proactiveness(u, 100);
	schedule_timeout_uninterruptible(HZ / 10);
	KUNIT_EXPECT_EQ(test, m->nr_asked, 0);
	umbra_test_empty(u);
}

static struct kunit_case compact_when_cases[] = {
	KUNIT_CASE_PARAM(compaction_needs_a_gap_of_free_pages,
			 suit_gen_params),
	KUNIT_CASE(the_gap_is_that_of_the_host),
	KUNIT_CASE(compaction_respects_the_watermark),
	KUNIT_CASE(compaction_respects_the_extfrag_threshold),
	KUNIT_CASE(each_failure_of_compaction_defers_it_longer),
	KUNIT_CASE(success_ends_the_deferral_of_small_orders),
	KUNIT_CASE(full_compaction_is_not_deferred),
	KUNIT_CASE(asynchronous_compaction_does_not_defer),
	KUNIT_CASE(a_request_without_io_does_not_compact),
	KUNIT_CASE(useless_pageblocks_are_skipped_by_compaction),
	KUNIT_CASE(full_compaction_ignores_hints),
	KUNIT_CASE(hints_end_when_compaction_restarts),
	KUNIT_CASE(compaction_continues_where_it_stopped),
	KUNIT_CASE(compaction_counts_scanned_and_moved_pages),
	KUNIT_CASE(kcompactd_compacts_for_the_order_it_is_woken_for),
	KUNIT_CASE(kcompactd_compacts_a_zone_that_is_protected),
	KUNIT_CASE(kcompactd_compacts_a_fragmented_node_unasked),
	KUNIT_CASE(an_instance_without_background_has_no_kcompactd),
	{}
};

static struct kunit_suite compact_when_suite = {
	.name = "umbra_compact_when",
	.test_cases = compact_when_cases,
};

kunit_test_suite(compact_when_suite);
