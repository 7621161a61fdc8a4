// SPDX-License-Identifier: GPL-2.0
/* Per-CPU caches: the blocks they keep, and drains. */
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/section.h"
#include "../src/core/span.h"
#include "../src/page/highatomic.h"
#include "pcp_util.h"

#define BATCH 8
#define HIGH 64

static struct umbra *ghost(struct kunit *test)
{
	return ghost_sized(test, BATCH, HIGH);
}

struct tunable_case {
	const char *name;
	int batch, high;
	int high_max;		/* or an error */
};

static const struct tunable_case tunable_cases[] = {
	{ "none", 0, 0, 0 },
	{ "no batch, no caches", 0, 100, 0 },
	{ "no high, no caches", 16, 0, 0 },
	{ "batch and high as given", 8, 1000, 1000 },
	{ "largest values", UMBRA_PCP_MOST, UMBRA_PCP_MOST, UMBRA_PCP_MOST },
	{ "batch too large", UMBRA_PCP_MOST + 1, 64, -EINVAL },
	{ "high too large", 8, UMBRA_PCP_MOST + 1, -EINVAL },
	{ "negative batch", -2, 64, -EINVAL },
	{ "negative high", 8, -2, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(tunable, tunable_cases, name);

static void caches_have_the_configured_size(struct kunit *test)
{
	const struct tunable_case *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = c->batch,
		.pcp_high = c->high,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, TEST_BLOCK),
		.nr_pages = TEST_BLOCK,
	};
	struct umbra *u;

	u = umbra_instance_create("test", &layout, &span, 1);
	if (c->high_max < 0) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(u), c->high_max);
		return;
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_batch, c->batch);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_high_max, c->high_max);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_high_min, c->high_max);
	umbra_free_page(u, umbra_alloc_page(u, GFP_KERNEL));
	if (!c->high_max)
		KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	umbra_instance_free(u);
}

static void a_cache_follows_its_limit_while_in_use(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[HIGH];
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, HIGH, 0);
	set_high(u, 16);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_high_max, 16);
	for (i = 0; i < HIGH / 2; i++) {
		umbra_free_page(u, pages[i]);
		KUNIT_EXPECT_LT(test, count(u), 16);
	}
	set_high(u, 0);
	i = HIGH / 2;
	while (i < HIGH)
		umbra_free_page(u, pages[i++]);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, count(u), 0);
}

static void the_block_freed_last_is_used_again_first(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[40];
	unsigned int order, i;

	umbra_test_one_cpu(test);
	for (order = 0; order <= 3; order++) {
		unsigned int nr = order ? 4 : ARRAY_SIZE(pages);

		alloc_many(test, u, pages, nr, order);
		for (i = 0; i < nr; i++)
			umbra_free_pages(u, pages[i], order);
		KUNIT_ASSERT_EQ(test, count(u), nr << order);
		while (i--) {
			struct page *page = umbra_alloc_pages(u, GFP_KERNEL,
							      order);

			KUNIT_EXPECT_PTR_EQ(test, page, pages[i]);
		}
		KUNIT_EXPECT_EQ(test, count(u), 0);
		for (i = 0; i < nr; i++)
			umbra_free_pages(u, pages[i], order);
		umbra_drain_pages(u);
	}
}

struct growth_case {
	const char *name;
	int batch;
	unsigned int sizes[8];
};

static const struct growth_case growth_cases[] = {
	{ "at most 32 batches", 1, { 1, 2, 4, 8, 16, 32, 32, 32 } },
	{ "larger batches", BATCH,
	  { 8, 16, 32, 64, 128, 256, 256, 256 } },
};

KUNIT_ARRAY_PARAM_DESC(growth, growth_cases, name);

static void add_page(struct kunit *test, struct umbra *u,
		     struct list_head *pages)
{
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	list_add(&page->lru, pages);
}

static void a_refill_takes_a_batch_and_more_each_time(struct kunit *test)
{
	const struct growth_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, c->batch, 1000);
	unsigned int i, n;
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	for (i = 0; i < ARRAY_SIZE(c->sizes); i++) {
		/* A refill may stop at a line of the frame map. */
		unsigned int missing = c->sizes[i] < 2 * SMP_CACHE_BYTES ? 0 :
				       SMP_CACHE_BYTES - 1;

		add_page(test, u, &pages);
		KUNIT_EXPECT_LT(test, count(u), c->sizes[i]);
		KUNIT_EXPECT_GE(test, count(u), c->sizes[i] - 1 - missing);
		for (n = count(u); n; n--) {
			KUNIT_EXPECT_EQ(test, count(u), n);
			add_page(test, u, &pages);
		}
		KUNIT_EXPECT_EQ(test, count(u), 0);
	}
	umbra_test_give_all(u, &pages);
}

static void a_cache_smaller_than_a_batch_frees_page_by_page(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 4);
	struct page *pages[8];
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		umbra_free_page(u, pages[i]);
		KUNIT_EXPECT_EQ(test, count(u), min(i + 1, 3U));
	}
}

/* Only frees in a row make a cache grow. */
static void allocations_between_frees_keep_a_cache_small(struct kunit *test)
{
	const unsigned int nr = 640, between = 9;
	struct umbra_layout layout;
	struct page **pages;
	struct umbra_pcp *pcp;
	unsigned int i, high;
	struct umbra *u;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.background = false;
	u = umbra_test_ghost_layout(test, &layout, 65536);
	pages = kunit_kcalloc(test, nr, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	pcp = per_cpu_ptr(u->zones->pcp, umbra_test_one_cpu(test));
	alloc_many(test, u, pages, nr, 0);
	high = 400;
	pcp->high = high;
	KUNIT_ASSERT_LE(test, u->zones->pcp_high_min, high);
	KUNIT_ASSERT_GT(test, high, u->zones->pcp_batch + between + 1);
	for (i = 0; i < high - 1; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_ASSERT_EQ(test, count(u), high - 1);
	while (i > high - 1 - between)
		pages[--i] = umbra_alloc_page(u, GFP_KERNEL);
	for (; i < high; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_EXPECT_EQ(test, pcp->high, high);
	KUNIT_EXPECT_EQ(test, count(u), high - u->zones->pcp_batch);
	for (; i < nr; i++)
		umbra_free_page(u, pages[i]);
}

struct refill_case {
	const char *name;
	int batch, high;
	unsigned int order;
	unsigned long left;	/* cached pages after one allocation */
};

static const struct refill_case refill_cases[] = {
	{ "order 0", 8, 64, 0, 7 },
	{ "order 1", 8, 64, 1, 3 * 2 },
	{ "order 2", 8, 64, 2, 1 * 4 },
	{ "order 3: at least two blocks", 8, 64, 3, 1 * 8 },
	{ "order 9: at least two blocks", 8, 64, 9, 512 },
	{ "single pages", 1, 64, 0, 0 },
	{ "a cache smaller than a batch", 8, 4, 0, 0 },
	{ "order 4 is not refilled", 8, 64, 4, 0 },
	{ "order 8 is not refilled", 8, 64, 8, 0 },
	{ "order 10 is not refilled", 8, 64, 10, 0 },
};

KUNIT_ARRAY_PARAM_DESC(refill, refill_cases, name);

static void a_refill_counts_in_pages(struct kunit *test)
{
	const struct refill_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, c->batch, c->high);
	struct page *page;

	umbra_test_one_cpu(test);
	page = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, count(u), c->left);
	umbra_free_pages(u, page, c->order);
}

static void a_full_cache_frees_all_but_a_batch(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 32);
	struct page *pages[64];
	unsigned long total = 16 * TEST_BLOCK;
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	for (i = 0; i < 31; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_EXPECT_EQ(test, count(u), 31);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), total - 64);
	umbra_free_page(u, pages[i++]);
	KUNIT_EXPECT_EQ(test, count(u), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), total - 64 + 24);
	for (; i < ARRAY_SIZE(pages); i++) {
		umbra_free_page(u, pages[i]);
		KUNIT_EXPECT_LT(test, count(u), 32);
	}
	/*
	 * The oldest pages went back to the zone; the last freed ones are
	 * cached.
	 */
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_KERNEL), pages[63]);
	umbra_free_page(u, pages[63]);
}

static void cheap_blocks_freed_in_a_row_are_merged(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[6];
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 3);
	for (i = 0; i < 5; i++)
		umbra_free_pages(u, pages[i], 3);
	KUNIT_EXPECT_EQ(test, count(u), 5 * 8);
	umbra_free_pages(u, pages[5], 3);
	KUNIT_EXPECT_EQ(test, count(u), 0);
}

static void a_cache_never_keeps_more_than_its_limit(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[96] = {};
	u8 orders[96];
	struct rnd_state rnd;
	unsigned int step, i;

	umbra_test_one_cpu(test);
	prandom_seed_state(&rnd, 42);
	for (step = 0; step < 20000; step++) {
		i = prandom_u32_state(&rnd) % ARRAY_SIZE(pages);
		if (pages[i]) {
			umbra_free_pages(u, pages[i], orders[i]);
			pages[i] = NULL;
			/* A free never leaves more than the limit. */
			KUNIT_ASSERT_LT(test, count(u), HIGH + BATCH);
			continue;
		}
		orders[i] = step / 5000;
		pages[i] = umbra_alloc_pages(u, step & 1 ? GFP_KERNEL :
					     GFP_HIGHUSER_MOVABLE, orders[i]);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		/* A refill may add to the limit. */
		KUNIT_ASSERT_LE(test, count(u), HIGH + 2 * 16);
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			umbra_free_pages(u, pages[i], orders[i]);
}

static void cma_pages_are_kept_as_movable(struct kunit *test)
{
	struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = 512,
	};
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .nr_zones = 1,
		.zones = &zone, .pcp_batch = BATCH, .pcp_high = HIGH,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  4 * TEST_BLOCK);
	u32 index = 4 * TEST_BLOCK - 100;
	struct page *page = umbra_index_to_page(u, index), *other;

	umbra_test_one_cpu(test);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, index, index + 1,
						       GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, umbra_frame_type(u, index), UMBRA_CMA);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, count(u), 1);
	other = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, other, page);
	umbra_free_page(u, other);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE),
			    page);
	umbra_free_page(u, page);
}

static void highatomic_pages_are_kept_as_movable(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = 3,
		.pcp_batch = BATCH, .pcp_high = HIGH,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  4 * TEST_BLOCK);
	struct page *page;
	u32 index;

	umbra_test_one_cpu(test);
	page = umbra_alloc_pages(u, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_drain_pages(u);
	index = umbra_page_to_index(u, page);
	umbra_highatomic_reserve(u->zones, index, 1);
	KUNIT_ASSERT_EQ(test, umbra_frame_type(u, index), UMBRA_HIGHATOMIC);
	umbra_free_pages(u, page, 1);
	KUNIT_EXPECT_EQ(test, count(u), 2);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, 1),
			    page);
	umbra_free_pages(u, page, 1);
}

static void isolated_pages_are_not_kept(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page;
	u32 index;

	umbra_test_one_cpu(test);
	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, count(u), 0);
	index = umbra_page_to_index(u, page);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, index, index + 1), 0);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, 511);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, 512);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, index, index + 1), 0);
}

/* A cached block is off the free lists and has no owner. */
static void a_cached_block_cannot_be_freed_again(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page;

	umbra_test_one_cpu(test);
	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_PCP, 0);
	umbra_test_expect_refused(test, u, page, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u) + count(u),
			16 * TEST_BLOCK);
}

static void a_zone_with_failed_memory_bypasses_the_caches(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page, *other, *pages[2] = {};

	umbra_test_one_cpu(test);
	page = umbra_alloc_page(u, GFP_KERNEL);
	other = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, count(u), BATCH - 2);
	set_bit(ZONE_FLAG_SUSPECT, &u->zones->flags);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_FREE, 0);
	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, count(u), BATCH - 2);
	umbra_free_page(u, page);
	umbra_free_page(u, other);
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 2,
						     pages), 1);
	umbra_free_page(u, pages[0]);
	KUNIT_EXPECT_EQ(test, count(u), BATCH - 2);
}

static struct kunit_case pcp_cases[] = {
	KUNIT_CASE_PARAM(caches_have_the_configured_size, tunable_gen_params),
	KUNIT_CASE(a_cache_follows_its_limit_while_in_use),
	KUNIT_CASE(the_block_freed_last_is_used_again_first),
	KUNIT_CASE_PARAM(a_refill_takes_a_batch_and_more_each_time,
			 growth_gen_params),
	KUNIT_CASE(a_cache_smaller_than_a_batch_frees_page_by_page),
	KUNIT_CASE(allocations_between_frees_keep_a_cache_small),
	KUNIT_CASE_PARAM(a_refill_counts_in_pages, refill_gen_params),
	KUNIT_CASE(a_full_cache_frees_all_but_a_batch),
	KUNIT_CASE(cheap_blocks_freed_in_a_row_are_merged),
	KUNIT_CASE(a_cache_never_keeps_more_than_its_limit),
	KUNIT_CASE(cma_pages_are_kept_as_movable),
	KUNIT_CASE(highatomic_pages_are_kept_as_movable),
	KUNIT_CASE(isolated_pages_are_not_kept),
	KUNIT_CASE(a_cached_block_cannot_be_freed_again),
	KUNIT_CASE(a_zone_with_failed_memory_bypasses_the_caches),
	{}
};

static struct kunit_suite pcp_suite = {
	.name = "umbra_pcp",
	.test_cases = pcp_cases,
};

kunit_test_suite(pcp_suite);
