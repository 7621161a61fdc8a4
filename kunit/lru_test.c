// SPDX-License-Identifier: GPL-2.0
/*
 * The LRU lists in numbers: how many pages a pass scans, when active pages age,
 * and when a task waits for pages that others have isolated. The values follow
 * from inactive_is_low(), get_scan_count() and too_many_isolated() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/move/lru.h"
#include "../src/move/movable.h"
#include "../src/move/shrink.h"
#include "../src/pressure/slowpath.h"
#include "mover.h"

#define PAGES TEST_BLOCK

/* An owner that gives its blocks back, or refuses. */
static struct mover *owner(struct kunit *test, struct umbra *u, bool gives)
{
	struct mover *m = umbra_test_mover(test, u);

	m->gives = gives;
	return m;
}

/* Put @nr new blocks on the inactive list. */
static void list_blocks(struct kunit *test, struct mover *m, gfp_t gfp,
			unsigned int order, unsigned int nr)
{
	while (nr--) {
		struct page *page = umbra_test_alloc(test, m->u, gfp, order);

		umbra_test_mover_add(test, m, page, order);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(m->u, page), 0);
	}
}

/* Make the listed blocks up to a frame active. */
static void activate(struct umbra *u, u32 end)
{
	u32 index;

	for (index = 0; index < end; index++) {
		umbra_mark_accessed(u, umbra_index_to_page(u, index));
		umbra_mark_accessed(u, umbra_index_to_page(u, index));
	}
}

static unsigned long listed(struct umbra *u, enum umbra_lru_list list)
{
	return READ_ONCE(u->nodes[0].lru.nr[list]);
}

struct share_case {
	const char *name;
	int priority;
	unsigned long share;	/* of 512 pages */
};

static const struct share_case share_cases[] = {
	{ "all at priority 0", 0, 512 },
	{ "a half at priority 1", 1, 256 },
	{ "one batch at priority 4", 4, 32 },
	{ "less than a batch at priority 6", 6, 8 },
	{ "one page at priority 9", 9, 1 },
	{ "none at priority 10", 10, 0 },
	{ "none at the first priority", UMBRA_SCAN_PRIORITY, 0 },
};

KUNIT_ARRAY_PARAM_DESC(share, share_cases, name);

static void a_pass_scans_the_share_of_its_priority(struct kunit *test)
{
	const struct share_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, false);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = 1,
		.priority = c->priority,
	};

	list_blocks(test, m, GFP_KERNEL, 0, 512);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_scanned, c->share);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSCAN_DIRECT),
			c->share);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 0);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 512);
	umbra_test_empty(u);
}

struct end_case {
	const char *name;
	bool is_kswapd, is_direct;
	unsigned long freed;	/* pages, of 32 that are wanted */
};

/* 262144 pages have a share of 64 at the first priority. */
static const struct end_case end_cases[] = {
	{ "kswapd ends with what is wanted", true, false, 32 },
	{ "a request frees its whole first share", false, true, 64 },
	{ "other reclaim ends with what is wanted", false, false, 32 },
};

KUNIT_ARRAY_PARAM_DESC(end, end_cases, name);

static void a_pass_ends_once_enough_is_freed(struct kunit *test)
{
	const struct end_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 300 * PAGES);
	struct mover *m = owner(test, u, true);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
		.priority = UMBRA_SCAN_PRIORITY,
		.is_kswapd = c->is_kswapd,
		.is_direct = c->is_direct,
	};

	list_blocks(test, m, GFP_KERNEL, 5, 8192);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, c->freed);
	KUNIT_EXPECT_EQ(test, scan.nr_scanned, c->freed);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSCAN_KSWAPD),
			c->is_kswapd ? c->freed : 0);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSTEAL_DIRECT),
			c->is_kswapd ? 0 : c->freed);
	umbra_test_empty(u);
}

struct ratio_case {
	const char *name;
	unsigned int active, inactive;
	unsigned int aged;	/* by one pass */
};

static const struct ratio_case ratio_cases[] = {
	{ "as many inactive pages", 40, 40, 0 },
	{ "one inactive page less", 40, 39, 32 },
	{ "half as many inactive pages", 40, 20, 32 },
	{ "few active pages, fewer inactive ones", 20, 10, 20 },
	{ "one inactive page more", 40, 41, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ratio, ratio_cases, name);

static void active_pages_age_while_there_are_fewer_inactive_ones(struct kunit *test)
{
	const struct ratio_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, false);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = 1,
		.priority = UMBRA_SCAN_PRIORITY,
	};

	list_blocks(test, m, GFP_KERNEL, 0, c->active);
	activate(u, u->nr_frames);
	KUNIT_ASSERT_EQ(test, listed(u, LRU_LIST_ACTIVE), c->active);
	list_blocks(test, m, GFP_KERNEL, 0, c->inactive);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), c->active - c->aged);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE),
			c->inactive + c->aged);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGDEACTIVATE),
			c->aged);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGREFILL), c->aged);
	umbra_test_empty(u);
}

static struct umbra *with_dma(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = PAGES },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	};

	return umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
				      2 * PAGES);
}

/*
 * isolate_lru_folios() scans pages of zones that are too high, skips them, and
 * goes on until it has what it wants. Of the 32 active pages that are looked at,
 * 10 were used again.
 */
static void skipped_pages_count_in_their_zone(struct kunit *test)
{
	struct umbra *u = with_dma(test);
	struct mover *m = owner(test, u, true);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_DMA,
		.nr_to_reclaim = PAGES,
		.is_kswapd = true,
	};
	unsigned int i;

	list_blocks(test, m, GFP_KERNEL, 0, 30);
	activate(u, u->nr_frames);
	list_blocks(test, m, GFP_DMA, 0, 50);
	activate(u, PAGES);
	for (i = 0; i < 10; i++)
		umbra_mark_accessed(u, umbra_index_to_page(u, i));
	list_blocks(test, m, GFP_KERNEL, 2, 10);
	list_blocks(test, m, GFP_DMA, 0, 8);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGREFILL),
			30 + SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGDEACTIVATE), 22);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSCAN_KSWAPD),
			40 + 8 + 22);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSTEAL_KSWAPD),
			8 + 22);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(&u->zones[0], EVENT_PGSKIP), 0);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(&u->zones[1], EVENT_PGSKIP),
			30 + 40);
	umbra_test_empty(u);
}

static void a_list_without_suitable_blocks_is_walked_once(struct kunit *test)
{
	struct umbra *u = with_dma(test);
	struct mover *m = owner(test, u, false);
	struct umbra_lru_seen seen = {};
	u32 frame;

	list_blocks(test, m, GFP_KERNEL, 2, 5);
	KUNIT_EXPECT_EQ(test, umbra_lru_isolate(u, u->nodes, UMBRA_ZONE_DMA,
						&frame, 1, &seen), 0);
	KUNIT_EXPECT_EQ(test, seen.passed, 20);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSKIP), 20);
	umbra_test_empty(u);
}

/* As in shrink_active_list(), a block that was used again is looked at once. */
static void few_active_pages_that_were_used_stay_active(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, false);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = 1,
		.priority = UMBRA_SCAN_PRIORITY,
	};
	u32 index;

	list_blocks(test, m, GFP_KERNEL, 0, 10);
	activate(u, u->nr_frames);
	for (index = 0; index < u->nr_frames; index++)
		umbra_mark_accessed(u, umbra_index_to_page(u, index));
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGREFILL), 10);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 10);
	umbra_test_empty(u);
}

struct kind_case {
	const char *name;
	bool is_kswapd, is_proactive;
	enum umbra_event scan, steal;
};

/* The counters that reclaimer_offset() chooses. */
static const struct kind_case kind_cases[] = {
	{ "kswapd", true, false, EVENT_PGSCAN_KSWAPD, EVENT_PGSTEAL_KSWAPD },
	{ "a request", false, false, EVENT_PGSCAN_DIRECT,
	  EVENT_PGSTEAL_DIRECT },
	{ "before any request", false, true, EVENT_PGSCAN_PROACTIVE,
	  EVENT_PGSTEAL_PROACTIVE },
};

KUNIT_ARRAY_PARAM_DESC(kind, kind_cases, name);

static void reclaim_counts_for_what_needs_it(struct kunit *test)
{
	const struct kind_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, true);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = PAGES,
		.is_kswapd = c->is_kswapd,
		.is_proactive = c->is_proactive,
	};
	unsigned int i;

	list_blocks(test, m, GFP_KERNEL, 0, 7);
	umbra_shrink_node(u, u->nodes, &scan);
	for (i = 0; i < ARRAY_SIZE(kind_cases); i++) {
		KUNIT_EXPECT_EQ(test, umbra_test_events(u, kind_cases[i].scan),
				&kind_cases[i] == c ? 7 : 0);
		KUNIT_EXPECT_EQ(test, umbra_test_events(u, kind_cases[i].steal),
				&kind_cases[i] == c ? 7 : 0);
	}
}

struct isolated_case {
	const char *name;
	gfp_t gfp;
	unsigned int inactive, isolated;
	bool is_kswapd;
	bool waits;
};

/* A request with both __GFP_IO and __GFP_FS waits from an eighth on. */
static const struct isolated_case isolated_cases[] = {
	{ "an eighth is isolated", GFP_KERNEL, 72, 9, false, false },
	{ "more than an eighth", GFP_KERNEL, 72, 10, false, true },
	{ "a pass without __GFP_FS, more than an eighth", GFP_NOFS, 72, 10,
	  false, false },
	{ "a pass without __GFP_IO, more than an eighth", GFP_NOIO, 72, 10,
	  false, false },
	{ "a pass without __GFP_FS, as many", GFP_NOFS, 10, 10, false, false },
	{ "a pass without __GFP_FS, more", GFP_NOFS, 9, 10, false, true },
	{ "kswapd never waits", GFP_KERNEL, 9, 10, true, false },
};

KUNIT_ARRAY_PARAM_DESC(isolated, isolated_cases, name);

static void a_pass_waits_while_too_many_pages_are_isolated(struct kunit *test)
{
	const struct isolated_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, false);
	struct umbra_lru_seen seen = {};
	struct umbra_scan scan = {
		.gfp = c->gfp,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = 1,
		.priority = UMBRA_SCAN_PRIORITY,
		.is_kswapd = c->is_kswapd,
	};
	unsigned long start = jiffies;
	u32 frames[10];
	unsigned int i;

	list_blocks(test, m, GFP_KERNEL, 0, c->inactive + c->isolated);
	KUNIT_ASSERT_EQ(test, umbra_lru_isolate(u, u->nodes,
						UMBRA_ZONE_MOVABLE, frames,
						c->isolated, &seen),
			c->isolated);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.waited, c->waits);
	if (c->waits)
		KUNIT_EXPECT_NE(test, jiffies, start);
	for (i = 0; i < c->isolated; i++)
		umbra_movable_putback(u, frames[i]);
	umbra_test_empty(u);
}

/*
 * A request whose pages nobody gives back scans a node once at each priority,
 * although both zones of the node are allowed: 512, 256, ... 1 pages.
 */
static void a_node_with_two_zones_is_scanned_once_at_each_priority(struct kunit *test)
{
	struct umbra *u = with_dma(test);
	struct mover *m = owner(test, u, false);
	struct umbra_request rq;

	list_blocks(test, m, GFP_KERNEL, 0, 256);
	list_blocks(test, m, GFP_DMA, 0, 256);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_slow_ops.reclaim(u, &rq), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSCAN_DIRECT),
			2 * 512 - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_ALLOCSTALL_NORMAL), 1);
	umbra_test_empty(u);
}

struct give {
	struct umbra_shrinker shrinker;
	struct umbra *u;
	struct page *page;
};

static unsigned long give_count(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc)
{
	return container_of(shrinker, struct give, shrinker)->page ? 1 : 0;
}

static unsigned long give_scan(struct umbra_shrinker *shrinker,
			       struct umbra_shrink_control *sc)
{
	struct give *g = container_of(shrinker, struct give, shrinker);

	umbra_free_page(g->u, g->page);
	g->page = NULL;
	return 1;
}

/* Pages of the lists do not count again as pages of shrinkers. */
static void a_reclaimed_page_counts_once(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = owner(test, u, true);
	struct give *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = PAGES,
	};

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->u = u;
	g->page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	g->shrinker.count = give_count;
	g->shrinker.scan = give_scan;
	g->shrinker.seeks = UMBRA_DEFAULT_SEEKS;
	umbra_register_shrinker(u, &g->shrinker);
	list_blocks(test, m, GFP_KERNEL, 2, 10);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 41);
	KUNIT_EXPECT_EQ(test, scan.nr_scanned, 40);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGSTEAL_DIRECT), 40);
	umbra_unregister_shrinker(u, &g->shrinker);
}

static struct kunit_case lru_cases[] = {
	KUNIT_CASE(a_list_without_suitable_blocks_is_walked_once),
	KUNIT_CASE(few_active_pages_that_were_used_stay_active),
	KUNIT_CASE(skipped_pages_count_in_their_zone),
	KUNIT_CASE_PARAM(reclaim_counts_for_what_needs_it, kind_gen_params),
	KUNIT_CASE_PARAM(a_pass_scans_the_share_of_its_priority,
			 share_gen_params),
	KUNIT_CASE_PARAM(a_pass_ends_once_enough_is_freed, end_gen_params),
	KUNIT_CASE_PARAM(active_pages_age_while_there_are_fewer_inactive_ones,
			 ratio_gen_params),
	KUNIT_CASE_PARAM(a_pass_waits_while_too_many_pages_are_isolated,
			 isolated_gen_params),
	KUNIT_CASE(a_node_with_two_zones_is_scanned_once_at_each_priority),
	KUNIT_CASE(a_reclaimed_page_counts_once),
	{}
};

static struct kunit_suite lru_suite = {
	.name = "umbra_lru",
	.test_cases = lru_cases,
};

kunit_test_suite(lru_suite);
