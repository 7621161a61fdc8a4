// SPDX-License-Identifier: GPL-2.0
/*
 * The goals of kswapd: orders, boosts, and what requests want while kswapd
 * works. The values follow from balance_pgdat(), kswapd_try_to_sleep() and
 * wakeup_kswapd() of Linux 7.3.
 */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/buddy/watermark.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/move/kcompactd.h"
#include "../src/move/lru.h"
#include "../src/move/shrink.h"
#include "../src/page/gfp.h"
#include "../src/page/pcp.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "../src/pressure/throttle.h"
#include "mover.h"

#define PAGES (4 * TEST_BLOCK)
#define MANY_PAGES (32 * TEST_BLOCK)
#define MIN_PAGES 128		/* pages of the min watermark */
#define BATCH 8

static bool sleeps(struct umbra *u)
{
	return wq_has_sleeper(&u->nodes[0].kswapd->wait);
}

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

static struct umbra *start(struct kunit *test, unsigned long nr_pages,
			   bool compaction)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.min_free_kbytes = MIN_PAGES * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 100,
		.watermark_boost_factor = 15000,
		.pcp_batch = BATCH,
		.pcp_high = 64 * BATCH,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, nr_pages);

	umbra_compact_set_proactiveness(u, 0);
	if (!compaction)
		umbra_compact_stop(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	return u;
}

/* End all background work, and free everything. */
static void finish(struct umbra *u)
{
	umbra_background_stop(u);
	umbra_test_empty(u);
}

/* Every eighth page is free, all others are movable. */
static enum layout_kind an_eighth_is_free(u32 index)
{
	return index % 8 ? LAYOUT_MOVABLE : LAYOUT_FREE;
}

static enum layout_kind an_eighth_is_free_for_good(u32 index)
{
	return index % 8 ? LAYOUT_UNMOVABLE : LAYOUT_FREE;
}

static enum layout_kind half_is_movable(u32 index)
{
	return index % 2 ? LAYOUT_UNMOVABLE : LAYOUT_MOVABLE;
}

static bool can_take(struct umbra *u, unsigned int order)
{
	struct page *page = umbra_alloc_pages(u, GFP_NOWAIT | __GFP_NOWARN,
					      order);

	if (page)
		umbra_free_pages(u, page, order);
	return page;
}

/* Free pages on one CPU. Returns the pages in its cache after that. */
static unsigned long free_some(struct umbra *u, struct list_head *pages,
			       unsigned int nr)
{
	struct page *page;

	while (nr--) {
		page = list_first_entry(pages, struct page, lru);
		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	return umbra_pcp_count(u->zones, -1);
}

static void kcompactd_makes_the_block_that_kswapd_was_woken_for(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, true);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, an_eighth_is_free);
	umbra_test_mover_list(m);
	KUNIT_EXPECT_FALSE(test, can_take(u, 4));
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_pages_in(u->zones, 4)));
	KUNIT_EXPECT_TRUE(test, can_take(u, 4));
	KUNIT_EXPECT_GT(test, events(u, EVENT_COMPACT_DAEMON_WAKE), 0);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	/* kswapd leaves the work to compaction once enough pages are free. */
	KUNIT_EXPECT_LT(test, events(u, EVENT_PGSTEAL_KSWAPD), 4 * MIN_PAGES);
	finish(u);
}

static void an_order_that_kswapd_failed_for_is_forgotten(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, false);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, an_eighth_is_free_for_good);
	KUNIT_EXPECT_FALSE(test, can_take(u, 5));
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(events(u, EVENT_PAGEOUTRUN) > 0));
	schedule_timeout_uninterruptible(HZ / 4);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), 1);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	finish(u);
}

/* With nothing to reclaim, kswapd cannot help a request that waits for it. */
static void a_zone_without_reclaimable_pages_throttles_nobody(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, false);
	struct umbra_request rq;
	LIST_HEAD(pages);
	bool killed;

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	umbra_test_take_all(u, 0, GFP_ATOMIC | __GFP_MEMALLOC, 0, &pages);
	free_some(u, &pages, MIN_PAGES / 4);
	umbra_drain_pages(u);
	KUNIT_ASSERT_EQ(test, READ_ONCE(u->zones->nr_free_pages),
			MIN_PAGES / 4);
	atomic_set(&u->nodes[0].kswapd_failures, 0);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 0);
	current->flags &= ~PF_KTHREAD;
	killed = umbra_kswapd_throttle(u, &rq);
	current->flags |= PF_KTHREAD;
	KUNIT_EXPECT_FALSE(test, killed);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_THROTTLE), 0);
	umbra_test_give_all(u, &pages);
	finish(u);
}

/* An owner that can be held inside its callback, and keeps or gives its pages. */
struct owner {
	struct umbra_movable movable;
	bool keeps;
	gfp_t gfp;			/* of the last call */
	bool holds;			/* stops in the next call */
	struct completion entered;
	struct completion go;
};

static int owner_migrate(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	return -EBUSY;
}

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	o->gfp = gfp;
	if (READ_ONCE(o->holds)) {
		WRITE_ONCE(o->holds, false);
		complete(&o->entered);
		wait_for_completion(&o->go);
	}
	return READ_ONCE(o->keeps) ? -EBUSY : 0;
}

static const struct umbra_movable_operations owner_ops = {
	.migrate = owner_migrate,
	.reclaim = owner_reclaim,
};

static struct owner *owner_create(struct kunit *test)
{
	struct owner *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, o);
	umbra_movable_init(&o->movable, &owner_ops, NULL);
	init_completion(&o->entered);
	init_completion(&o->go);
	return o;
}

/* Allocate pages that are on the inactive list. */
static void list_pages_of(struct kunit *test, struct umbra *u, struct owner *o,
			  gfp_t gfp, unsigned long nr)
{
	struct page *page;

	while (nr--) {
		page = umbra_alloc_pages_node(u, 0, gfp, 0);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0,
							&o->movable), 0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	}
}

static void list_pages(struct kunit *test, struct umbra *u, struct owner *o,
		       unsigned long nr)
{
	list_pages_of(test, u, o, GFP_KERNEL, nr);
}

static bool is_unboosted(struct umbra *u)
{
	return !READ_ONCE(u->zones[0].watermark_boost);
}

/* Boost the zone, wake kswapd, and wait for it. Returns the boost, in pages. */
static unsigned long boost(struct kunit *test, struct umbra *u)
{
	struct umbra_zone *zone = u->zones;
	unsigned long flags, pages;

	spin_lock_irqsave(&zone->lock, flags);
	umbra_watermark_boost(zone);
	umbra_zone_unlock(zone, flags);
	pages = READ_ONCE(zone->watermark_boost);
	KUNIT_EXPECT_GT(test, pages, 0);
	umbra_kswapd_wake(zone, 0, 0, zone->type);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_unboosted(u)));
	return pages;
}

static void kswapd_reclaims_a_boost_without_io(struct kunit *test)
{
	struct umbra *u = start(test, MANY_PAGES, false);
	struct owner *o = owner_create(test);
	unsigned long pages;

	list_pages(test, u, o, MANY_PAGES / 2);
	pages = boost(test, u);
	KUNIT_EXPECT_GE(test, events(u, EVENT_PGSTEAL_KSWAPD), pages);
	/* The share of a pass is a 1024th of the list at most. */
	KUNIT_EXPECT_LT(test, events(u, EVENT_PGSTEAL_KSWAPD),
			pages + (MANY_PAGES / 2 >> (UMBRA_SCAN_PRIORITY - 2)));
	KUNIT_EXPECT_EQ(test, (__force unsigned int)(o->gfp &
						     (__GFP_IO | __GFP_FS)), 0);
	finish(u);
}

static void kswapd_gives_a_boost_up_that_frees_nothing(struct kunit *test)
{
	struct umbra *u = start(test, MANY_PAGES, false);
	struct owner *o = owner_create(test);

	o->keeps = true;
	list_pages(test, u, o, MANY_PAGES / 2);
	boost(test, u);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_KSWAPD),
			MANY_PAGES / 2 >> UMBRA_SCAN_PRIORITY);
	finish(u);
}

static void a_boost_leaves_a_short_list_alone(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, false);
	struct owner *o = owner_create(test);

	list_pages(test, u, o, PAGES / 4);
	boost(test, u);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_KSWAPD), 0);
	finish(u);
}

/* Let kswapd reclaim for order 0, and hold it inside a callback. */
static void hold_kswapd(struct kunit *test, struct umbra *u, struct owner *o,
			struct list_head *pages)
{
	struct umbra_zone *zone = u->zones;
	struct page *page;

	o->holds = true;
	while (READ_ONCE(zone->nr_free_pages) >=
	       umbra_mark(zone, UMBRA_WMARK_LOW)) {
		page = umbra_alloc_pages_node(u, 0, GFP_ATOMIC |
					      __GFP_THISNODE, 0);
		KUNIT_ASSERT_NOT_NULL(test, page);
		list_add(&page->lru, pages);
	}
	umbra_kswapd_wake(zone, GFP_KERNEL, 0, zone->type);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&o->entered,
							  TEST_HANG_S * HZ), 0);
}

static void caches_are_small_while_kswapd_works(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, false);
	struct owner *o = owner_create(test);
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	list_pages(test, u, o, PAGES / 4);
	hold_kswapd(test, u, o, &pages);
	umbra_drain_pages(u);
	KUNIT_EXPECT_LE(test, free_some(u, &pages, 20 * BATCH), 4 * BATCH);
	complete(&o->go);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	umbra_drain_pages(u);
	KUNIT_EXPECT_GT(test, free_some(u, &pages, 20 * BATCH), 4 * BATCH);
	umbra_test_give_all(u, &pages);
	finish(u);
}

static void a_kswapd_at_work_begins_another_round_for_a_new_order(struct kunit *test)
{
	struct umbra *u = start(test, PAGES, false);
	struct owner *o = owner_create(test);
	struct mover *m = umbra_test_mover(test, u);
	u32 index;
	LIST_HEAD(pages);

	umbra_test_lay_out(test, m, half_is_movable);
	for (index = 0; index < u->nr_frames; index += 2) {
		struct page *page = umbra_index_to_page(u, index);

		umbra_clear_movable(u, page);
		KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0,
							&o->movable), 0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	}
	hold_kswapd(test, u, o, &pages);
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 5, UMBRA_ZONE_NORMAL);
	complete(&o->go);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(events(u, EVENT_PAGEOUTRUN) > 1));
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	finish(u);
}

static int node_of(struct umbra *u, gfp_t gfp)
{
	struct page *page = umbra_alloc_pages_node(u, 0, gfp | __GFP_NOWARN, 0);
	int nid = -1;

	if (page) {
		nid = umbra_page_node(u, page);
		umbra_free_page(u, page);
	}
	return nid;
}

static void nodes_whose_kswapd_sleeps_serve_first(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.nr_zones = 2,
		.zones = zones,
		.min_free_kbytes = 2 * MIN_PAGES * (PAGE_SIZE >> 10),
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, 2 * PAGES);
	struct owner *o = owner_create(test);
	LIST_HEAD(pages);

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL), 0);
	list_pages_of(test, u, o, GFP_KERNEL | __GFP_THISNODE, PAGES / 4);
	hold_kswapd(test, u, o, &pages);
	/* Node 0 has free pages again, but its kswapd works. */
	free_some(u, &pages, PAGES / 4);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL), 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_THISNODE), 0);
	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 1, false), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 1, true), 0);
	complete(&o->go);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL), 0);
	umbra_test_give_all(u, &pages);
	finish(u);
}

static struct kunit_case kswapd_goal_cases[] = {
	KUNIT_CASE(kcompactd_makes_the_block_that_kswapd_was_woken_for),
	KUNIT_CASE(an_order_that_kswapd_failed_for_is_forgotten),
	KUNIT_CASE(a_zone_without_reclaimable_pages_throttles_nobody),
	KUNIT_CASE(kswapd_reclaims_a_boost_without_io),
	KUNIT_CASE(kswapd_gives_a_boost_up_that_frees_nothing),
	KUNIT_CASE(a_boost_leaves_a_short_list_alone),
	KUNIT_CASE(caches_are_small_while_kswapd_works),
	KUNIT_CASE(nodes_whose_kswapd_sleeps_serve_first),
	KUNIT_CASE(a_kswapd_at_work_begins_another_round_for_a_new_order),
	{}
};

static struct kunit_suite kswapd_goal_suite = {
	.name = "umbra_kswapd_goal",
	.test_cases = kswapd_goal_cases,
};

kunit_test_suite(kswapd_goal_suite);
