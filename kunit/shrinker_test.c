// SPDX-License-Identifier: GPL-2.0
/* Shrinkers, and the notification of low memory. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/move/shrink.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

/* A cache of single pages with a shrinker. */
struct cache {
	struct umbra_shrinker shrinker;
	struct umbra *u;
	struct list_head pages;
	unsigned long nr;
	unsigned int nr_scans;
	unsigned long most;	/* objects in the largest call */
	bool stop;
	gfp_t gfp;
	int nid;
};

static unsigned long cache_count(struct umbra_shrinker *shrinker,
				 struct umbra_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);

	return c->nr ?: UMBRA_SHRINK_EMPTY;
}

static unsigned long cache_scan(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);
	unsigned long freed = 0;

	c->nr_scans++;
	c->gfp = sc->gfp;
	c->nid = sc->nid;
	c->most = max(c->most, sc->nr_to_scan);
	if (c->stop)
		return UMBRA_SHRINK_STOP;
	while (c->nr && freed < sc->nr_to_scan) {
		struct page *page = list_first_entry(&c->pages, struct page,
						     lru);

		list_del(&page->lru);
		umbra_free_page(c->u, page);
		c->nr--;
		freed++;
	}
	return freed;
}

static struct cache *cache_create(struct kunit *test, struct umbra *u,
				  unsigned int nr)
{
	struct cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->u = u;
	c->shrinker.count = cache_count;
	c->shrinker.scan = cache_scan;
	c->shrinker.seeks = UMBRA_DEFAULT_SEEKS;
	INIT_LIST_HEAD(&c->pages);
	while (c->nr < nr) {
		list_add(&umbra_test_alloc(test, u, GFP_KERNEL, 0)->lru,
			 &c->pages);
		c->nr++;
	}
	umbra_register_shrinker(u, &c->shrinker);
	return c;
}

static void a_shrinker_is_asked_for_more_at_high_priority(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = {
		.gfp = GFP_NOFS,
		.priority = 4,
		.nr_to_reclaim = PAGES,
	};

	c->shrinker.batch = 16;
	/* (512 >> 4) * 4 / 2 objects, in calls of 16 */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 512 - 64);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 4);
	KUNIT_EXPECT_EQ(test, c->most, 16);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 64);
	KUNIT_EXPECT_EQ(test, (__force u32)c->gfp, (__force u32)GFP_NOFS);
	KUNIT_EXPECT_EQ(test, c->nid, 0);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_SLABS_SCANNED), 64);
	/* At the highest priority the shrinker is asked for everything. */
	scan.priority = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_shrinker_that_stops_is_asked_for_the_rest(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = { .gfp = GFP_KERNEL, .priority = 2 };

	c->shrinker.batch = 256;
	c->stop = true;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 1);
	KUNIT_EXPECT_EQ(test, c->nr, 512);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->shrinker.nr_deferred[0]),
			256);
	/* A pass that needs only a part keeps the rest for later. */
	scan.priority = UMBRA_SCAN_PRIORITY;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->shrinker.nr_deferred[0]),
			256);
	c->stop = false;
	scan.priority = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

/*
 * Of the work that a pass left, the next one does the share of its priority. The
 * rest is kept, up to twice the number of objects.
 */
static void deferred_work_is_done_by_the_share_of_the_priority(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.nr_to_reclaim = PAGES,
		.priority = 2,
	};

	c->shrinker.batch = 16;
	c->stop = true;
	/* 512 / 4 * 4 / 2 objects are left. */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 1);
	c->stop = false;
	scan.priority = 4;
	/* 256 / 16 of the rest, and 512 / 16 * 4 / 2 of its own */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 512 - 16 - 64);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 16 + 64);
	/* 240 / 16 of the rest and 27 * 4 / 2 of its own: 4 calls of 16 */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 432 - 64);
	/* Twice the objects is the most that is kept, and so the most done. */
	c->stop = true;
	scan.priority = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->shrinker.nr_deferred[0]),
			2 * 368);
	c->stop = false;
	scan.priority = 4;
	/* 736 / 16 of the rest and 23 * 4 / 2 of its own: 5 calls of 16 */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 368 - 80);
	umbra_reclaim(u, PAGES);
	umbra_unregister_shrinker(u, &c->shrinker);
}

/* A shrinker with seeks of 0 is asked for half, at every priority. */
static void cheap_objects_are_halved_by_a_pass(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.nr_to_reclaim = PAGES,
		.priority = UMBRA_SCAN_PRIORITY,
	};

	c->shrinker.seeks = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 256);
	KUNIT_EXPECT_EQ(test, c->most, 128);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 128);
	umbra_reclaim(u, PAGES);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_shrinker_frees_for_a_request(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, PAGES);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, c->nr_scans, 0);
	umbra_free_page(u, page);
	umbra_reclaim(u, PAGES);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_removed_shrinker_is_not_called(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 0);

	c->nr = 1;
	umbra_unregister_shrinker(u, &c->shrinker);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 0);
}

static unsigned long endless_count(struct umbra_shrinker *shrinker,
				   struct umbra_shrink_control *sc)
{
	return 1000;
}

static unsigned long endless_scan(struct umbra_shrinker *shrinker,
				  struct umbra_shrink_control *sc)
{
	container_of(shrinker, struct cache, shrinker)->nr_scans++;
	return sc->nr_to_scan;
}

static void reclaim_counts_freed_pages_and_not_claims(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 0);
	LIST_HEAD(hoard);

	/*
	 * The shrinker claims to free objects again and again, but frees no
	 * page.
	 */
	c->shrinker.count = endless_count;
	c->shrinker.scan = endless_scan;
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_GT(test, c->nr_scans, 0);
	umbra_test_give_all(u, &hoard);
	umbra_unregister_shrinker(u, &c->shrinker);
}

/* The shrinker claims much more than it frees. */
static unsigned long boastful_scan(struct umbra_shrinker *shrinker,
				   struct umbra_shrink_control *sc)
{
	return cache_scan(shrinker, sc) + 1000;
}

static void a_claim_counts_as_the_pages_that_were_freed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 64);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.nr_to_reclaim = PAGES,
	};
	unsigned int i;

	/* Pages that were freed before this pass do not count for it. */
	for (i = 0; i < 100; i++)
		umbra_free_page(u, umbra_test_alloc(test, u, GFP_KERNEL, 0));
	c->shrinker.scan = boastful_scan;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 64);
	umbra_unregister_shrinker(u, &c->shrinker);
}

/* One signal each time that a zone falls below its low watermark. */
static void pressure_is_signalled_once_per_crossing(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 64 * 4,
		.watermark_scale_factor = 100,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	unsigned long before = umbra_pressure_events(u);
	struct page *page;
	LIST_HEAD(hoard);

	umbra_test_take_all(u, 0, GFP_ATOMIC, 0, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	page = list_first_entry(&hoard, struct page, lru);
	list_del(&page->lru);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	umbra_test_give_all(u, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	umbra_test_take_all(u, 0, GFP_ATOMIC, 0, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 2);
	umbra_test_give_all(u, &hoard);
}

static struct kunit_case shrinker_cases[] = {
	KUNIT_CASE(a_shrinker_is_asked_for_more_at_high_priority),
	KUNIT_CASE(a_shrinker_that_stops_is_asked_for_the_rest),
	KUNIT_CASE(deferred_work_is_done_by_the_share_of_the_priority),
	KUNIT_CASE(cheap_objects_are_halved_by_a_pass),
	KUNIT_CASE(a_shrinker_frees_for_a_request),
	KUNIT_CASE(a_removed_shrinker_is_not_called),
	KUNIT_CASE(reclaim_counts_freed_pages_and_not_claims),
	KUNIT_CASE(a_claim_counts_as_the_pages_that_were_freed),
	KUNIT_CASE(pressure_is_signalled_once_per_crossing),
	{}
};

static struct kunit_suite shrinker_suite = {
	.name = "umbra_shrinker",
	.test_cases = shrinker_cases,
};

kunit_test_suite(shrinker_suite);
