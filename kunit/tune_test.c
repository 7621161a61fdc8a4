// SPDX-License-Identifier: GPL-2.0
/* Values that can change while an instance runs, and their limits. */
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/string.h>
#include "../src/api/tune.h"
#include "../src/buddy/watermark.h"
#include "../src/buddy/zone.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define KB(pages) ((long)(pages) << (PAGE_SHIFT - 10))
#define DMA_PAGES TEST_BLOCK
#define NORMAL_PAGES (8 * TEST_BLOCK)
#define TRY (GFP_NOWAIT | __GFP_NOWARN)

static const struct umbra_zone_layout two_zones[] = {
	{ .type = UMBRA_ZONE_DMA, .nr_frames = DMA_PAGES },
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = NORMAL_PAGES },
};

/* DMA and Normal with the values of the host, and caches of @high pages. */
static struct umbra *host_like(struct kunit *test, int high)
{
	struct umbra_layout layout;

	umbra_layout_init(&layout);
	layout.origin = "test";
	layout.has_memory = false;
	layout.background = false;
	layout.nr_zones = ARRAY_SIZE(two_zones);
	layout.zones = two_zones;
	layout.pcp_batch = high / 8;
	layout.pcp_high = high;
	return umbra_test_ghost_layout(test, &layout,
				       DMA_PAGES + NORMAL_PAGES);
}

/* All state that a tunable may change. */
struct state {
	long tuned[NR_TUNABLES];
	unsigned long mark[2][UMBRA_NR_WMARKS];
	unsigned long reserve[2][UMBRA_NR_ZONE_TYPES];
	unsigned int ratio[UMBRA_NR_ZONE_TYPES];
};

static void read_state(const struct umbra *u, struct state *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < NR_TUNABLES; i++)
		s->tuned[i] = umbra_tuned(u, i);
	for (i = 0; i < u->nr_zones; i++) {
		memcpy(s->mark[i], u->zones[i].watermark, sizeof(s->mark[i]));
		memcpy(s->reserve[i], u->zones[i].lowmem_reserve,
		       sizeof(s->reserve[i]));
	}
	memcpy(s->ratio, u->lowmem_reserve_ratio, sizeof(s->ratio));
}

struct limit_case {
	const char *name;
	enum umbra_tunable what;
	long initial;
	long least;
	long most;
};

static const struct limit_case limit_cases[] = {
	/* the square root of 16 times 36864 kB; all but one page */
	{ "min_free_kbytes", TUNE_MIN_FREE_KBYTES, 768, 0,
	  KB(DMA_PAGES + NORMAL_PAGES - 1) },
	{ "watermark_scale_factor", TUNE_WATERMARK_SCALE_FACTOR, 10, 1, 3000 },
	{ "watermark_boost_factor", TUNE_WATERMARK_BOOST_FACTOR, 15000, 0,
	  INT_MAX },
	{ "extfrag_threshold", TUNE_EXTFRAG_THRESHOLD, 500, 0, 1000 },
	{ "compaction_proactiveness", TUNE_COMPACTION_PROACTIVENESS, 20, 0,
	  100 },
	{ "dirty_limit", TUNE_DIRTY_LIMIT, 20, 0, 100 },
	{ "percpu_pagelist_high_fraction", TUNE_PERCPU_PAGELIST_HIGH_FRACTION,
	  0, 8, INT_MAX },
	{ "defrag_mode", TUNE_DEFRAG_MODE, 0, 0, 1 },
	{ "zone_reclaim_mode", TUNE_ZONE_RECLAIM_MODE, 0, 0, 7 },
	{ "min_unmapped_ratio", TUNE_MIN_UNMAPPED_RATIO, 1, 0, 100 },
	{ "min_slab_ratio", TUNE_MIN_SLAB_RATIO, 5, 0, 100 },
	{ "oom_policy", TUNE_OOM_POLICY, UMBRA_OOM_FAIL, UMBRA_OOM_FAIL,
	  UMBRA_OOM_KILL },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void a_tunable_accepts_values_within_its_limits(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct umbra *u = host_like(test, 0);

	KUNIT_EXPECT_EQ(test, umbra_tuned(u, c->what), c->initial);
	KUNIT_EXPECT_EQ(test, umbra_tune_least(c->what), c->least);
	KUNIT_EXPECT_EQ(test, umbra_tune_most(u, c->what), c->most);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, c->what, c->least), 0);
	KUNIT_EXPECT_EQ(test, umbra_tuned(u, c->what), c->least);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, c->what, c->most), 0);
	KUNIT_EXPECT_EQ(test, umbra_tuned(u, c->what), c->most);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, c->what, c->initial), 0);
	KUNIT_EXPECT_EQ(test, umbra_tuned(u, c->what), c->initial);
}

static void a_value_beyond_its_limits_changes_nothing(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct umbra *u = host_like(test, 0);
	/* For one tunable, -1 is below the least and means "automatic". */
	const long bad[] = { c->least - 2, c->most + 1, LONG_MIN, LONG_MAX };
	struct state before, after;
	unsigned int i;

	read_state(u, &before);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, umbra_tune(u, c->what, bad[i]),
				    -ERANGE, "%ld", bad[i]);
	if (c->what != TUNE_MIN_FREE_KBYTES)
		KUNIT_EXPECT_EQ(test, umbra_tune(u, c->what, c->least - 1),
				-ERANGE);
	read_state(u, &after);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

static void a_negative_ratio_changes_nothing(struct kunit *test)
{
	struct umbra *u = host_like(test, 0);
	int ratio[UMBRA_NR_ZONE_TYPES] = { 1, 2, 3, 4, 5 };
	struct state before, after;
	unsigned int i;

	read_state(u, &before);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++) {
		ratio[i] = -1;
		KUNIT_EXPECT_EQ(test, umbra_tune_lowmem_reserve(u, ratio),
				-ERANGE);
		ratio[i] = i + 1;
	}
	read_state(u, &after);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

static void expect_marks(struct kunit *test, const struct umbra_zone *zone,
			 unsigned long min, unsigned long gap)
{
	unsigned int i;

	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		KUNIT_EXPECT_EQ_MSG(test, zone->watermark[i], min + i * gap,
				    "zone %s, mark %u", zone->name, i);
}

static void a_reserve_moves_the_watermarks(struct kunit *test)
{
	struct umbra *u = host_like(test, 0);
	struct state before, after;

	read_state(u, &before);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, KB(1800)),
			0);
	expect_marks(test, &u->zones[0], 200, 50);
	expect_marks(test, &u->zones[1], 1600, 400);
	/* The rest is the distance by scale: a thousandth. */
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 0), 0);
	expect_marks(test, &u->zones[0], 0, 1);
	expect_marks(test, &u->zones[1], 0, 8);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_WATERMARK_SCALE_FACTOR, 3000),
			0);
	expect_marks(test, &u->zones[0], 0, 307);
	expect_marks(test, &u->zones[1], 0, 2457);

	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_WATERMARK_SCALE_FACTOR, 10),
			0);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, UMBRA_AUTO),
			0);
	read_state(u, &after);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

static unsigned long take(struct umbra *u, struct list_head *pages)
{
	return umbra_test_take_all(u, 0, TRY, 0, pages);
}

/* Requests get every page above the min watermark of both zones. */
static void a_new_reserve_is_kept(struct kunit *test)
{
	struct umbra *u = host_like(test, 0);
	const int none[UMBRA_NR_ZONE_TYPES] = {};
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_tune_lowmem_reserve(u, none), 0);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, KB(1800)),
			0);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 200);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_free_pages, 1600);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, TRY));

	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, KB(900)), 0);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 100);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_free_pages, 800);

	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 0), 0);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	umbra_test_give_all(u, &pages);
}

static void the_largest_reserve_leaves_a_page(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES,
					 KB(TEST_BLOCK - 1)), 0);
	KUNIT_EXPECT_EQ(test, take(u, &pages), 1);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES,
					 KB(TEST_BLOCK)), -ERANGE);
	umbra_test_give_all(u, &pages);
}

/* A cached page counts like a page of the zone. */
static void cached_pages_do_not_bypass_a_new_reserve(struct kunit *test)
{
	struct umbra *u = host_like(test, 64);
	const int all[UMBRA_NR_ZONE_TYPES] = { 1, 1, 1, 1, 1 };
	struct page *page = umbra_alloc_page(u, TRY);
	long most;

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	KUNIT_ASSERT_GT(test, umbra_pcp_count(&u->zones[1], -1), 0);
	KUNIT_ASSERT_EQ(test, umbra_tune_lowmem_reserve(u, all), 0);
	most = umbra_tune_most(u, TUNE_MIN_FREE_KBYTES);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, most), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, TRY));
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, UMBRA_AUTO),
			0);
	page = umbra_alloc_page(u, TRY);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
}

/* A request for Normal does not use DMA below the reserve of DMA. */
static void a_ratio_decides_which_requests_get_low_zones(struct kunit *test)
{
	struct umbra *u = host_like(test, 0);
	int ratio[UMBRA_NR_ZONE_TYPES] = { [UMBRA_ZONE_DMA] = 16 };
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 0), 0);
	KUNIT_EXPECT_EQ(test, umbra_tune_lowmem_reserve(u, ratio), 0);
	KUNIT_EXPECT_EQ(test, u->zones[0].lowmem_reserve[UMBRA_ZONE_NORMAL],
			NORMAL_PAGES / 16);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, NORMAL_PAGES / 16);
	ratio[UMBRA_ZONE_DMA] = 32;
	KUNIT_EXPECT_EQ(test, umbra_tune_lowmem_reserve(u, ratio), 0);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, NORMAL_PAGES / 32);
	ratio[UMBRA_ZONE_DMA] = 0;
	KUNIT_EXPECT_EQ(test, umbra_tune_lowmem_reserve(u, ratio), 0);
	take(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	umbra_test_give_all(u, &pages);
}

static void a_boost_factor_of_zero_ends_boosts(struct kunit *test)
{
	struct umbra *u = host_like(test, 0);
	struct umbra_zone *zone = &u->zones[1];
	unsigned long flags;
	bool boosted;

	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_WATERMARK_BOOST_FACTOR, 0),
			0);
	spin_lock_irqsave(&zone->lock, flags);
	boosted = umbra_watermark_boost(zone);
	umbra_zone_unlock(zone, flags);
	KUNIT_EXPECT_FALSE(test, boosted);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_WATERMARK_BOOST_FACTOR,
					 15000), 0);
	spin_lock_irqsave(&zone->lock, flags);
	boosted = umbra_watermark_boost(zone);
	umbra_zone_unlock(zone, flags);
	KUNIT_EXPECT_TRUE(test, boosted);
	KUNIT_EXPECT_GT(test, zone->watermark_boost, 0);
	/* New watermarks have no boost. */
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 0), 0);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
}

static int node_of_write(struct kunit *test, struct umbra *u)
{
	struct page *page = umbra_alloc_pages_node(u, 0, TRY | __GFP_WRITE, 0);
	int nid;

	KUNIT_ASSERT_NOT_NULL(test, page);
	nid = umbra_page_node(u, page);
	umbra_free_page(u, page);
	return nid;
}

static void a_dirty_limit_decides_the_node_of_written_pages(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, 2,
						 2 * TEST_BLOCK);

	umbra_mod_dirty(u, umbra_index_to_page(u, 0), TEST_BLOCK / 2);
	KUNIT_EXPECT_EQ(test, node_of_write(test, u), 0);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_DIRTY_LIMIT, 49), 0);
	KUNIT_EXPECT_EQ(test, node_of_write(test, u), 1);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_DIRTY_LIMIT, 50), 0);
	KUNIT_EXPECT_EQ(test, node_of_write(test, u), 0);
}

/* Without a low zone no reserve is possible. */
static void without_a_low_zone_there_is_no_reserve(struct kunit *test)
{
	static const struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_MOVABLE,
	};
	struct umbra *u = umbra_test_ghost_zones(test, &zone, 1, TEST_BLOCK);

	KUNIT_EXPECT_EQ(test, umbra_tune_most(u, TUNE_MIN_FREE_KBYTES), 0);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_MIN_FREE_KBYTES, UMBRA_AUTO),
			0);
	expect_marks(test, u->zones, 32, 0);
}

struct race {
	struct umbra *u;
	unsigned long taken;
	unsigned long refused;
};

/* One thread allocates and frees, the other changes every tunable. */
static void tune_or_use(void *arg, unsigned int self)
{
	const int ratio[2][UMBRA_NR_ZONE_TYPES] = { { 256, 256, 32 }, { 4 } };
	struct race *r = arg;
	struct page *page;
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		if (!self) {
			page = umbra_alloc_pages(r->u, TRY, i % 4);
			r->taken += !!page;
			if (page)
				umbra_free_pages(r->u, page, i % 4);
			continue;
		}
		r->refused += !!umbra_tune(r->u, TUNE_MIN_FREE_KBYTES,
					   i % 3 ? KB(i % 1800) : UMBRA_AUTO);
		r->refused += !!umbra_tune(r->u, TUNE_WATERMARK_SCALE_FACTOR,
					   1 + i % 1000);
		r->refused += !!umbra_tune_lowmem_reserve(r->u, ratio[i % 2]);
		cond_resched();
	}
}

static void allocations_continue_while_tunables_change(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->u = host_like(test, 64);
	umbra_test_start_pair(test, tune_or_use, r);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, r->refused, 0);
	KUNIT_EXPECT_EQ(test, r->taken, 5000);
}

static struct kunit_case tune_cases[] = {
	KUNIT_CASE_PARAM(a_tunable_accepts_values_within_its_limits,
			 limit_gen_params),
	KUNIT_CASE_PARAM(a_value_beyond_its_limits_changes_nothing,
			 limit_gen_params),
	KUNIT_CASE(a_negative_ratio_changes_nothing),
	KUNIT_CASE(a_reserve_moves_the_watermarks),
	KUNIT_CASE(a_new_reserve_is_kept),
	KUNIT_CASE(the_largest_reserve_leaves_a_page),
	KUNIT_CASE(cached_pages_do_not_bypass_a_new_reserve),
	KUNIT_CASE(a_ratio_decides_which_requests_get_low_zones),
	KUNIT_CASE(a_boost_factor_of_zero_ends_boosts),
	KUNIT_CASE(a_dirty_limit_decides_the_node_of_written_pages),
	KUNIT_CASE(without_a_low_zone_there_is_no_reserve),
	KUNIT_CASE(allocations_continue_while_tunables_change),
	{}
};

static struct kunit_suite tune_suite = {
	.name = "umbra_tune",
	.test_cases = tune_cases,
};

kunit_test_suite(tune_suite);
