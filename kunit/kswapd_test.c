// SPDX-License-Identifier: GPL-2.0
/* kswapd, which reclaims before requests have to. */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include "../src/api/instance.h"
#include "../src/buddy/watermark.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/kcompactd.h"
#include "../src/move/lru.h"
#include "../src/move/shrink.h"
#include "../src/page/gfp.h"
#include "../src/pressure/boost.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "../src/pressure/throttle.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)
#define MIN_PAGES 256		/* pages of the min watermark */
#define FAILURES_MOST 16

/* An owner that gives its pages back, or refuses. */
struct owner {
	struct umbra_movable movable;
	struct umbra *u;
	bool stubborn;
	bool greedy;		/* takes a page of DMA for each it gives back */
};

/* A real owner must not allocate here; the test has no lock that matters. */
static int take_another(struct owner *o)
{
	struct page *page = umbra_alloc_page(o->u, __GFP_DMA | __GFP_HIGH |
					     __GFP_NOWARN);

	if (!page)
		return -EBUSY;
	return umbra_set_movable(o->u, page, 0, &o->movable) ?:
	       umbra_lru_add(o->u, page);
}

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	if (READ_ONCE(o->greedy))
		return take_another(o);
	return READ_ONCE(o->stubborn) ? -EBUSY : 0;
}

static int owner_migrate(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	return -EBUSY;
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
	return o;
}

/* kcompactd would take free pages off the lists at any time. */
static void without_compaction(struct umbra *u)
{
	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
}

/* Until kswapd has started it can record wishes, but not be woken. */
static bool kswapd_sleeps(struct umbra *u)
{
	return wq_has_sleeper(&u->nodes[0].kswapd->wait);
}

static struct umbra *start(struct kunit *test, bool boost)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.min_free_kbytes = MIN_PAGES * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 100,
		.watermark_boost_factor = boost ? 15000 : 0,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);

	without_compaction(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(kswapd_sleeps(u)));
	return u;
}

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

static unsigned long free_pages_of(struct umbra *u)
{
	return READ_ONCE(u->zones[0].nr_free_pages);
}

static bool is_above_high(struct umbra *u)
{
	return free_pages_of(u) > umbra_mark(u->zones, UMBRA_WMARK_HIGH);
}

static bool has_given_up(struct umbra *u)
{
	return umbra_node_is_hopeless(u->nodes);
}

static bool is_unboosted(struct umbra *u)
{
	return !READ_ONCE(u->zones[0].watermark_boost);
}

static bool has_stolen(struct umbra *u)
{
	return events(u, EVENT_PGSTEAL_KSWAPD);
}

static bool has_scanned(struct umbra *u)
{
	return events(u, EVENT_PGSCAN_KSWAPD);
}

/* Put @nr pages on the inactive list. */
static void list_pages_of(struct kunit *test, struct umbra *u, struct owner *o,
			  gfp_t gfp, unsigned long nr)
{
	struct page *page;

	while (nr--) {
		page = umbra_test_alloc(test, u, gfp, 0);
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

/* Take pages of a zone until @left pages are free. */
static void take_zone_until(struct umbra_zone *zone, gfp_t gfp,
			    unsigned long left, struct list_head *pages)
{
	struct page *page;

	while (READ_ONCE(zone->nr_free_pages) > left) {
		page = umbra_alloc_page(zone->umbra,
					gfp | __GFP_HIGH | __GFP_NOWARN);
		if (!page)
			break;
		list_add(&page->lru, pages);
	}
}

/* The same, for an instance with one zone. */
static void take_until(struct umbra *u, unsigned long left,
		       struct list_head *pages)
{
	take_zone_until(u->zones, 0, left, pages);
}

static void give_back_the_rest(struct umbra *u, struct owner *o,
			       struct list_head *hoard)
{
	WRITE_ONCE(o->stubborn, false);
	umbra_test_give_all(u, hoard);
	while (umbra_zone_reclaimable(u->zones))
		umbra_reclaim(u, PAGES);
}

static void kswapd_wakes_below_low_and_sleeps_at_high(struct kunit *test)
{
	struct umbra *u = start(test, false);
	unsigned long low = umbra_mark(u->zones, UMBRA_WMARK_LOW);
	struct owner *o = owner_create(test);
	struct page *page;
	LIST_HEAD(hoard);

	list_pages(test, u, o, PAGES / 2);
	take_until(u, low, &hoard);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), 0);
	page = umbra_alloc_page(u, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, &hoard);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_above_high(u)));
	KUNIT_EXPECT_GT(test, events(u, EVENT_PAGEOUTRUN), 0);
	KUNIT_EXPECT_GT(test, events(u, EVENT_PGSTEAL_KSWAPD), 0);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_DIRECT), 0);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_ALLOCSTALL_NORMAL), 0);
	/* kswapd reclaims only the pages that it needs. */
	KUNIT_EXPECT_GT(test, umbra_zone_reclaimable(u->zones), PAGES / 4);
	give_back_the_rest(u, o, &hoard);
}

static void kswapd_gives_up_and_resumes_when_a_page_is_freed(struct kunit *test)
{
	struct umbra *u = start(test, false);
	struct umbra_node *node = &u->nodes[0];
	struct owner *o = owner_create(test);
	unsigned long runs;
	struct page *page;
	LIST_HEAD(hoard);

	o->stubborn = true;
	list_pages(test, u, o, 256);
	take_until(u, MIN_PAGES, &hoard);
	KUNIT_EXPECT_FALSE(test, umbra_node_is_hopeless(node));
	page = umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(u)));
	runs = events(u, EVENT_PAGEOUTRUN);
	KUNIT_EXPECT_EQ(test, runs, FAILURES_MOST);
	umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	schedule_timeout_uninterruptible(HZ / 20);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), runs);
	WRITE_ONCE(o->stubborn, false);
	page = list_first_entry(&hoard, struct page, lru);
	list_del(&page->lru);
	umbra_free_page(u, page);
	KUNIT_EXPECT_FALSE(test, umbra_node_is_hopeless(node));
	page = umbra_alloc_page(u, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, &hoard);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_stolen(u)));
	KUNIT_EXPECT_GT(test, events(u, EVENT_PAGEOUTRUN), runs);
	give_back_the_rest(u, o, &hoard);
}

/* A page freed right after kswapd gave up also resets it, a little later. */
static void kswapd_resumes_for_a_page_freed_at_once(struct kunit *test)
{
	struct umbra *u = start(test, false);
	struct owner *o = owner_create(test);
	struct page *page;
	LIST_HEAD(hoard);

	o->stubborn = true;
	list_pages(test, u, o, 256);
	take_until(u, MIN_PAGES, &hoard);
	umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(u)));
	/* kswapd may run again at once and give up once more. */
	WRITE_ONCE(o->stubborn, false);
	page = list_first_entry(&hoard, struct page, lru);
	list_del(&page->lru);
	umbra_free_page(u, page);
	schedule_timeout_uninterruptible(HZ / 20);
	page = umbra_alloc_page(u, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, &hoard);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_stolen(u)));
	give_back_the_rest(u, o, &hoard);
}

static unsigned long boost(struct umbra_zone *zone)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	umbra_watermark_boost(zone);
	umbra_zone_unlock(zone, flags);
	return READ_ONCE(zone->watermark_boost);
}

static void boosts_end_where_kswapd_gave_up(struct kunit *test)
{
	struct umbra *u = start(test, true);
	struct owner *o = owner_create(test);
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES, &hoard);
	umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(u)));
	KUNIT_EXPECT_GT(test, boost(u->zones), 0);
	umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_unboosted(u)));
	give_back_the_rest(u, o, &hoard);
}

static void a_working_kswapd_ends_a_boost_itself(struct kunit *test)
{
	struct umbra *u = start(test, true);
	struct owner *o = owner_create(test);
	LIST_HEAD(hoard);

	list_pages(test, u, o, 256);
	take_until(u, MIN_PAGES + 16, &hoard);
	KUNIT_EXPECT_GT(test, boost(u->zones), 0);
	umbra_boost_end_later(u);
	KUNIT_EXPECT_FALSE(test, work_pending(&u->boost_work));
	KUNIT_EXPECT_FALSE(test, umbra_boost_end_now(u));
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_unboosted(u)));
	give_back_the_rest(u, o, &hoard);
}

/*
 * Without the boost enough is free, but kswapd is not woken and cannot end it.
 */
static void no_request_fails_because_of_a_boost(struct kunit *test)
{
	struct umbra *u = start(test, true);
	struct owner *o = owner_create(test);
	struct page *page;
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES + 16, &hoard);
	KUNIT_EXPECT_GT(test, boost(u->zones), 16);
	page = umbra_alloc_page(u, __GFP_DIRECT_RECLAIM | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, is_unboosted(u));
	if (page)
		list_add(&page->lru, &hoard);
	give_back_the_rest(u, o, &hoard);
}

static void kswapd_is_not_woken_where_enough_is_free(struct kunit *test)
{
	struct umbra *u = start(test, false);

	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	umbra_kswapd_wake(u->zones, GFP_ATOMIC, UMBRA_MAX_ORDER,
			  UMBRA_ZONE_NORMAL);
	schedule_timeout_uninterruptible(HZ / 20);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), 0);
}

/* A request, and the number of calls of throttle() for it. */
struct throttled {
	struct umbra_request rq;
	unsigned long times;
};

/* Throttle a task that is no kernel thread. Returns whether it was killed. */
static bool throttle(struct umbra *u, struct throttled *t)
{
	bool killed;

	t->times++;
	current->flags &= ~PF_KTHREAD;
	killed = umbra_kswapd_throttle(u, &t->rq);
	current->flags |= PF_KTHREAD;
	return killed;
}

static bool has_half_of_the_reserve(struct umbra *u)
{
	return free_pages_of(u) > MIN_PAGES / 2;
}

/*
 * Below half of the reserve a request waits for kswapd. Kernel threads never
 * wait, so the test clears that flag.
 */
static void kswapd_wakes_the_requests_it_throttled(struct kunit *test)
{
	struct umbra *u = start(test, false);
	struct owner *o = owner_create(test);
	struct throttled t = {};
	LIST_HEAD(hoard);

	list_pages(test, u, o, 1024);
	take_until(u, MIN_PAGES / 4, &hoard);
	KUNIT_ASSERT_FALSE(test, has_half_of_the_reserve(u));
	KUNIT_ASSERT_EQ(test, umbra_request_init(&t.rq, u, GFP_KERNEL, 0, 0,
						 NULL, 0), 0);
	KUNIT_EXPECT_FALSE(test, umbra_kswapd_throttle(u, &t.rq));
	KUNIT_EXPECT_FALSE(test, has_half_of_the_reserve(u));
	/* A request must also go on when kswapd is too slow. */
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(!throttle(u, &t) &&
						has_half_of_the_reserve(u)));
	KUNIT_EXPECT_GT(test, events(u, EVENT_PGSTEAL_KSWAPD), 0);
	KUNIT_EXPECT_GE(test, events(u, EVENT_PGSCAN_THROTTLE), 1);
	KUNIT_EXPECT_LE(test, events(u, EVENT_PGSCAN_THROTTLE), t.times);
	give_back_the_rest(u, o, &hoard);
}

static void a_kswapd_that_gave_up_throttles_no_request(struct kunit *test)
{
	struct umbra *u = start(test, false);
	struct owner *o = owner_create(test);
	struct throttled t = {};
	unsigned long waited;
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES / 4, &hoard);
	KUNIT_ASSERT_EQ(test, umbra_request_init(&t.rq, u, GFP_KERNEL, 0, 0,
						 NULL, 0), 0);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(!throttle(u, &t) &&
						has_given_up(u)));
	waited = events(u, EVENT_PGSCAN_THROTTLE);
	KUNIT_EXPECT_FALSE(test, throttle(u, &t));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_THROTTLE), waited);
	give_back_the_rest(u, o, &hoard);
}

static bool normal_is_above_high(struct umbra *u)
{
	const struct umbra_zone *zone = &u->zones[1];

	return READ_ONCE(zone->nr_free_pages) >
	       umbra_mark(zone, UMBRA_WMARK_HIGH);
}

/*
 * kswapd works for a zone whose pages are taken as fast as they are freed, when
 * another zone falls low.
 */
static void kswapd_serves_a_zone_requested_while_it_runs(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = PAGES / 4 },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 4 * 3 },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.nr_zones = 2,
		.zones = zones,
		.min_free_kbytes = MIN_PAGES * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 100,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct umbra_zone *dma = &u->zones[0], *normal = &u->zones[1];
	struct owner *greedy = owner_create(test), *o = owner_create(test);
	LIST_HEAD(hoard);

	without_compaction(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(kswapd_sleeps(u)));
	greedy->u = u;
	greedy->greedy = true;
	list_pages_of(test, u, greedy, GFP_KERNEL | __GFP_DMA, 16);
	list_pages(test, u, o, PAGES / 4);
	take_zone_until(dma, __GFP_DMA,
			umbra_mark(dma, UMBRA_WMARK_MIN), &hoard);
	umbra_kswapd_wake(dma, 0, 0, UMBRA_ZONE_DMA);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_stolen(u)));
	take_zone_until(normal, 0, umbra_mark(normal, UMBRA_WMARK_LOW) - 1,
			&hoard);
	umbra_kswapd_wake(normal, 0, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(normal_is_above_high(u)));
	WRITE_ONCE(greedy->greedy, false);
	umbra_background_stop(u);
	umbra_test_give_all(u, &hoard);
	while (umbra_zone_reclaimable(dma) || umbra_zone_reclaimable(normal))
		umbra_reclaim(u, PAGES);
}

/* The instance is destroyed while the thread reclaims. */
static void kswapd_stops_with_its_instance(struct kunit *test)
{
	struct umbra *u = start(test, false);
	struct owner *o = owner_create(test);
	unsigned long runs;
	struct page *page;
	LIST_HEAD(hoard);

	list_pages(test, u, o, PAGES / 2);
	take_until(u, 0, &hoard);
	page = umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	/* kswapd may have freed a page first. */
	if (page)
		list_add(&page->lru, &hoard);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_scanned(u)));
	umbra_background_stop(u);
	take_until(u, 0, &hoard);
	runs = events(u, EVENT_PAGEOUTRUN);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN));
	schedule_timeout_uninterruptible(HZ / 20);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), runs);
	give_back_the_rest(u, o, &hoard);
}

static struct kunit_case kswapd_cases[] = {
	KUNIT_CASE(kswapd_wakes_below_low_and_sleeps_at_high),
	KUNIT_CASE(kswapd_gives_up_and_resumes_when_a_page_is_freed),
	KUNIT_CASE(kswapd_resumes_for_a_page_freed_at_once),
	KUNIT_CASE(boosts_end_where_kswapd_gave_up),
	KUNIT_CASE(a_working_kswapd_ends_a_boost_itself),
	KUNIT_CASE(no_request_fails_because_of_a_boost),
	KUNIT_CASE(kswapd_is_not_woken_where_enough_is_free),
	KUNIT_CASE(kswapd_wakes_the_requests_it_throttled),
	KUNIT_CASE(a_kswapd_that_gave_up_throttles_no_request),
	KUNIT_CASE(kswapd_serves_a_zone_requested_while_it_runs),
	KUNIT_CASE(kswapd_stops_with_its_instance),
	{}
};

static struct kunit_suite kswapd_suite = {
	.name = "umbra_kswapd",
	.test_cases = kswapd_cases,
};

kunit_test_suite(kswapd_suite);
