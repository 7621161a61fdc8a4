// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of kswapd, as balance_pgdat() of Linux 7.3: how much a round scans, and
 * what its success or failure leaves.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/buddy/watermark.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/move/kcompactd.h"
#include "../src/move/lru.h"
#include "../src/move/shrink.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "test_util.h"

#define PAGES (16 * TEST_BLOCK)
#define LISTED (4 * TEST_BLOCK)
#define MIN_PAGES 256
#define FAILURES_MOST 16

struct owner {
	struct umbra_movable movable;
	bool keeps;		/* its pages */
	gfp_t gfp;		/* of the last call */
};

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	o->gfp = gfp;
	return READ_ONCE(o->keeps) ? -EBUSY : 0;
}

static const struct umbra_movable_operations owner_ops = {
	.reclaim = owner_reclaim,
};

static bool sleeps(struct umbra *u)
{
	return wq_has_sleeper(&u->nodes[0].kswapd->wait) &&
	       !READ_ONCE(u->nodes[0].kswapd_running);
}

/* LISTED pages are on the inactive list. */
static struct umbra *start(struct kunit *test, struct owner *o)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.min_free_kbytes = MIN_PAGES * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 10,
		.watermark_boost_factor = 15000,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	unsigned int i;

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	umbra_movable_init(&o->movable, &owner_ops, NULL);
	for (i = 0; i < LISTED; i++) {
		struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

		KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0,
							&o->movable), 0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	}
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	return u;
}

static unsigned long free_pages_of(struct umbra *u)
{
	return READ_ONCE(u->zones->nr_free_pages);
}

/* Take pages, without a word to kswapd, until @left are free. */
static void take_until(struct umbra *u, unsigned long left,
		       struct list_head *hoard)
{
	struct page *page;

	while (free_pages_of(u) > left) {
		page = umbra_alloc_page(u, __GFP_HIGH | __GFP_NOWARN);
		if (!page)
			break;
		list_add(&page->lru, hoard);
	}
}

static void finish(struct umbra *u, struct owner *o, struct list_head *hoard)
{
	WRITE_ONCE(o->keeps, false);
	umbra_background_stop(u);
	umbra_test_give_all(u, hoard);
	while (umbra_zone_reclaimable(u->zones))
		umbra_reclaim(u, PAGES);
}

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

static bool has_given_up(struct umbra *u)
{
	return umbra_node_is_hopeless(u->nodes);
}

/*
 * At each priority from 12 to 1 a round scans a share of the list, 2^-priority.
 * After 16 such rounds kswapd gives up.
 */
static void a_round_in_vain_scans_at_every_priority(struct kunit *test)
{
	struct owner o = { .keeps = true };
	struct umbra *u = start(test, &o);
	struct umbra_node *node = u->nodes;
	unsigned long begin = jiffies;
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES, &hoard);
	node->kswapd_gave_up = begin - HZ;
	node->kswapd_freed = true;
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(u) && sleeps(u)));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), FAILURES_MOST);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_KSWAPD),
			FAILURES_MOST * (LISTED - 1));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_KSWAPD), 0);
	KUNIT_EXPECT_FALSE(test, time_before(node->kswapd_gave_up, begin));
	KUNIT_EXPECT_FALSE(test, node->kswapd_freed);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)o.gfp,
			(__force unsigned int)GFP_KERNEL);
	finish(u, &o, &hoard);
}

static bool is_above_high(struct umbra *u)
{
	return free_pages_of(u) > umbra_mark(u->zones, UMBRA_WMARK_HIGH);
}

/* One round frees enough, and the failures before it do not count any more. */
static void a_round_with_success_forgets_failures(struct kunit *test)
{
	struct owner o = {};
	struct umbra *u = start(test, &o);
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES, &hoard);
	atomic_set(&u->nodes->kswapd_failures, FAILURES_MOST - 1);
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_above_high(u) && sleeps(u)));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->nodes->kswapd_failures), 0);
	finish(u, &o, &hoard);
}

static bool is_unboosted(struct umbra *u)
{
	return !READ_ONCE(u->zones->watermark_boost);
}

/* Pages enough are free. A boost in vain ends, and is no failure. */
static void a_boost_in_vain_is_no_failure(struct kunit *test)
{
	struct owner o = { .keeps = true };
	struct umbra *u = start(test, &o);
	unsigned long flags;
	LIST_HEAD(hoard);

	spin_lock_irqsave(&u->zones->lock, flags);
	umbra_watermark_boost(u->zones);
	umbra_zone_unlock(u->zones, flags);
	umbra_kswapd_wake(u->zones, 0, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_unboosted(u) && sleeps(u)));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->nodes->kswapd_failures), 0);
	/* The first share that is not 0, at the gentlest priority */
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_KSWAPD), 1);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)o.gfp,
			(__force unsigned int)GFP_NOIO);
	finish(u, &o, &hoard);
}

/* A node that is short of pages as well gets all of a round, in addition. */
static void a_boost_of_a_short_node_is_reclaim_in_full(struct kunit *test)
{
	struct owner o = { .keeps = true };
	struct umbra *u = start(test, &o);
	unsigned long flags;
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES, &hoard);
	spin_lock_irqsave(&u->zones->lock, flags);
	umbra_watermark_boost(u->zones);
	umbra_zone_unlock(u->zones, flags);
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(has_given_up(u) && sleeps(u)));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PAGEOUTRUN), FAILURES_MOST + 1);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_KSWAPD),
			(FAILURES_MOST + 1) * (LISTED - 1));
	KUNIT_EXPECT_EQ(test, u->zones->watermark_boost, 0);
	finish(u, &o, &hoard);
}

/* The pages come back before kswapd looks at the node, or while it works. */
static void a_round_without_work_is_no_failure(struct kunit *test)
{
	struct owner o = {};
	struct umbra *u = start(test, &o);
	LIST_HEAD(hoard);

	take_until(u, MIN_PAGES, &hoard);
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, UMBRA_ZONE_NORMAL);
	umbra_test_give_all(u, &hoard);
	/* kswapd may also find the node balanced before a round begins. */
	schedule_timeout_uninterruptible(HZ / 10);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	KUNIT_EXPECT_EQ(test, atomic_read(&u->nodes->kswapd_failures), 0);
	finish(u, &o, &hoard);
}

static struct kunit_case kswapd_round_cases[] = {
	KUNIT_CASE_SLOW(a_round_in_vain_scans_at_every_priority),
	KUNIT_CASE(a_round_with_success_forgets_failures),
	KUNIT_CASE(a_boost_in_vain_is_no_failure),
	KUNIT_CASE_SLOW(a_boost_of_a_short_node_is_reclaim_in_full),
	KUNIT_CASE(a_round_without_work_is_no_failure),
	{}
};

static struct kunit_suite kswapd_round_suite = {
	.name = "umbra_kswapd_round",
	.test_cases = kswapd_round_cases,
};

kunit_test_suite(kswapd_round_suite);
