// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches of automatic size: how the limit of a cache follows the frees,
 * as in nr_pcp_high() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include "../src/core/core.h"
#include "../src/core/section.h"
#include "pcp_util.h"

/* The most frees that a cache counts in a row, as a shift of the batch. */
#define SCALE 5

struct cache {
	struct umbra *u;
	struct umbra_zone *zone;
	struct umbra_pcp *pcp;
	int batch, min, max;
	struct list_head pages[2];	/* allocated blocks of orders 0 and 1 */
};

/* An empty cache of 1 GiB with @nr allocated pages, half in blocks of order 1. */
static struct cache *start(struct kunit *test, unsigned int nr)
{
	struct cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct umbra_layout layout;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	umbra_layout_init(&layout);
	layout.has_memory = false;
	c->u = umbra_test_ghost_layout(test, &layout, 256 * TEST_BLOCK);
	c->zone = c->u->zones;
	c->pcp = per_cpu_ptr(c->zone->pcp, umbra_test_one_cpu(test));
	c->batch = c->zone->pcp_batch;
	c->min = c->zone->pcp_high_min;
	c->max = c->zone->pcp_high_max;
	if (c->max <= c->min + (c->batch << (SCALE + 1)))
		kunit_skip(test, "the caches of so many CPUs are too small");
	INIT_LIST_HEAD(&c->pages[0]);
	INIT_LIST_HEAD(&c->pages[1]);
	for (i = 0; i < nr; i++)
		list_add(&umbra_test_alloc(test, c->u, GFP_KERNEL, 0)->lru,
			 &c->pages[0]);
	for (i = 0; i < nr / 2; i++)
		list_add(&umbra_test_alloc(test, c->u, GFP_KERNEL, 1)->lru,
			 &c->pages[1]);
	umbra_drain_pages(c->u);
	c->pcp->free_count = 0;
	c->pcp->high = c->min;
	return c;
}

static void end(struct cache *c)
{
	umbra_test_give_all(c->u, &c->pages[0]);
	umbra_test_give_all(c->u, &c->pages[1]);
}

static void free_some(struct cache *c, unsigned int order, unsigned int nr)
{
	while (nr--) {
		struct page *page = list_first_entry(&c->pages[order],
						     struct page, lru);

		list_del(&page->lru);
		umbra_free_pages(c->u, page, order);
	}
}

struct grow_case {
	const char *name;
	int most;		/* above the least limit, or 0 for no change */
};

static const struct grow_case grow_cases[] = {
	{ "up to the number of frees", 0 },
	{ "up to the most that the zone allows", 500 },
};

KUNIT_ARRAY_PARAM_DESC(grow, grow_cases, name);

/* A full cache gets room for the frees in a row, and a batch. */
static void a_full_cache_grows_with_the_frees_in_a_row(struct kunit *test)
{
	const struct grow_case *g = test->param_value;
	struct cache *c = start(test, 6000);
	unsigned int changed = 0, wrong = 0, i;

	if (g->most)
		c->max = c->min + g->most;
	WRITE_ONCE(c->zone->pcp_high_max, c->max);
	for (i = 0; i < 5000; i++) {
		int count = c->pcp->count, high = c->pcp->high, now = high;

		free_some(c, 0, 1);
		if (count + 1 >= high)
			now = max(high, clamp(c->pcp->free_count + c->batch,
					      c->min, c->max));
		wrong += c->pcp->high != now;
		changed += now != high;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_GT(test, changed, 0);
	KUNIT_EXPECT_EQ(test, c->pcp->high,
			min(c->max, (c->batch << SCALE) + c->batch));
	end(c);
}

struct shrink_case {
	const char *name;
	int above;		/* limit above the least, before and after */
	int rest;
};

static const struct shrink_case shrink_cases[] = {
	{ "a large cache loses the most that it frees at once", 3000, -1 },
	{ "a small cache keeps the least limit", 100, 0 },
};

KUNIT_ARRAY_PARAM_DESC(shrink, shrink_cases, name);

/* Blocks of order 1 that are freed in a row leave the cache, to merge. */
static void frees_of_order_1_in_a_row_shrink_a_cache(struct kunit *test)
{
	const struct shrink_case *s = test->param_value;
	struct cache *c = start(test, 2000);
	int most = c->batch << SCALE, n = 0;

	c->pcp->high = c->min + s->above;
	/* They begin to leave at half of the least limit, and a batch. */
	while (c->pcp->free_count < c->batch + c->min / 2) {
		free_some(c, 1, 1);
		KUNIT_ASSERT_EQ(test, c->pcp->count, 2 * ++n);
	}
	KUNIT_EXPECT_EQ(test, c->pcp->high, c->min + s->above);
	free_some(c, 1, 1);
	KUNIT_EXPECT_EQ(test, c->pcp->count, 0);
	KUNIT_EXPECT_EQ(test, c->pcp->high,
			c->min + (s->rest ? s->above - most : 0));
	end(c);
}

/* One free gives 32 batches back at most. */
static void a_cache_frees_a_limited_number_at_once(struct kunit *test)
{
	struct cache *c = start(test, 4000);
	int most = c->batch << SCALE;

	c->pcp->high = c->min + 5000;
	free_some(c, 0, 3000);
	KUNIT_ASSERT_EQ(test, c->pcp->count, 3000);
	free_some(c, 1, 2);
	KUNIT_EXPECT_EQ(test, c->pcp->count, 3004 - most);
	end(c);
}

struct below_case {
	const char *name;
	bool enough;		/* pages are free above the high watermark */
};

static const struct below_case below_cases[] = {
	{ "the zone is short of pages", false },
	{ "the zone has enough again", true },
};

KUNIT_ARRAY_PARAM_DESC(below, below_cases, name);

/*
 * Below its high watermark a zone gets pages back at each free, and the limit
 * sinks by the frees in a row. The first free that finds enough ends this.
 */
static void caches_shrink_while_their_zone_is_short(struct kunit *test)
{
	const struct below_case *b = test->param_value;
	struct cache *c = start(test, 3000);
	unsigned long mark = c->zone->watermark[UMBRA_WMARK_HIGH];
	int high;

	c->pcp->high = c->min + 2000;
	free_some(c, 0, c->min + 100);
	KUNIT_ASSERT_EQ(test, c->pcp->count, c->min + 100);
	if (!b->enough)
		WRITE_ONCE(c->zone->watermark[UMBRA_WMARK_HIGH],
			   c->zone->nr_managed);
	set_bit(ZONE_FLAG_BELOW_HIGH, &c->zone->flags);
	high = c->pcp->high;
	free_some(c, 0, 1);
	KUNIT_EXPECT_EQ(test, c->pcp->high, high - (c->min + 101));
	KUNIT_EXPECT_LT(test, c->pcp->count, c->min);
	KUNIT_EXPECT_EQ(test, test_bit(ZONE_FLAG_BELOW_HIGH, &c->zone->flags),
			!b->enough);
	/* A cache below its least limit keeps its pages. */
	high = c->pcp->count;
	free_some(c, 0, 1);
	KUNIT_EXPECT_EQ(test, c->pcp->count, high + 1);
	clear_bit(ZONE_FLAG_BELOW_HIGH, &c->zone->flags);
	WRITE_ONCE(c->zone->watermark[UMBRA_WMARK_HIGH], mark);
	end(c);
}

static struct kunit_case pcp_limit_cases[] = {
	KUNIT_CASE_PARAM(a_full_cache_grows_with_the_frees_in_a_row,
			 grow_gen_params),
	KUNIT_CASE_PARAM(frees_of_order_1_in_a_row_shrink_a_cache,
			 shrink_gen_params),
	KUNIT_CASE(a_cache_frees_a_limited_number_at_once),
	KUNIT_CASE_PARAM(caches_shrink_while_their_zone_is_short,
			 below_gen_params),
	{}
};

static struct kunit_suite pcp_limit_suite = {
	.name = "umbra_pcp_limit",
	.test_cases = pcp_limit_cases,
};

kunit_test_suite(pcp_limit_suite);
