// SPDX-License-Identifier: GPL-2.0
/* Per-CPU caches: their size, by the formulas of the host or as configured. */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include "../src/api/tune.h"
#include "../src/core/core.h"
#include "pcp_util.h"

#define BATCH 8
#define HIGH 64

struct size_case {
	const char *name;
	u32 nr_pages;
	int batch;
	int low;		/* the low watermark */
	int eighth;		/* of the zone */
};

/* The sizes follow the rules of the host, for two CPUs. */
static const struct size_case size_cases[] = {
	{ "4 MiB", 1024, 1, 80, 128 },
	{ "32 MiB", 8192, 1, 226, 1024 },
	{ "48 MiB", 12288, 3, 276, 1536 },
	{ "256 MiB", 65536, 15, 640, 8192 },
	{ "384 MiB", 98304, 31, 783, 12288 },
	{ "1 GiB", 262144, 63, 1286, 32768 },
};

KUNIT_ARRAY_PARAM_DESC(size, size_cases, name);

static void caches_are_sized_as_on_the_host(struct kunit *test)
{
	const struct size_case *c = test->param_value;
	int cpus = num_online_cpus(), min, max;
	struct umbra_layout layout;
	struct umbra_zone *zone;
	struct umbra *u;

	if (num_possible_cpus() != 2)
		kunit_skip(test, "the numbers are for two CPUs");
	umbra_layout_init(&layout);
	layout.has_memory = false;
	u = umbra_test_ghost_layout(test, &layout, c->nr_pages);
	zone = u->zones;
	max = max(c->eighth / cpus, 4 * c->batch);
	min = min(max(c->low / cpus, 4 * c->batch), max);
	KUNIT_EXPECT_EQ(test, zone->watermark[UMBRA_WMARK_LOW], c->low);
	KUNIT_EXPECT_EQ(test, zone->pcp_batch, c->batch);
	KUNIT_EXPECT_EQ(test, zone->pcp_high_min, min);
	KUNIT_EXPECT_EQ(test, zone->pcp_high_max, max);
}

static const struct umbra_zone_layout two_nodes[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = 65536 },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = 65536 },
};

/*
 * The low watermark of 452 pages is shared by the CPUs of the node, or by all
 * CPUs if it has none.
 */
static void caches_share_a_zone_with_the_cpus_of_its_node(struct kunit *test)
{
	struct umbra_layout layout;
	struct umbra *u;
	u8 *cpu_node;

	if (num_online_cpus() != 2 || num_possible_cpus() != 2)
		kunit_skip(test, "the numbers are for two CPUs");
	cpu_node = kunit_kzalloc(test, nr_cpu_ids, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu_node);
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.nr_zones = 2;
	layout.zones = two_nodes;
	u = umbra_test_ghost_layout(test, &layout, 2 * 65536);
	KUNIT_EXPECT_EQ(test, u->zones[0].watermark[UMBRA_WMARK_LOW], 452);
	KUNIT_EXPECT_EQ(test, u->zones[0].pcp_high_min, 452);
	KUNIT_EXPECT_EQ(test, u->zones[1].pcp_high_min, 452);
	layout.cpu_node = cpu_node;
	u = umbra_test_ghost_layout(test, &layout, 2 * 65536);
	KUNIT_EXPECT_EQ(test, u->zones[0].pcp_high_min, 226);
	KUNIT_EXPECT_EQ(test, u->zones[1].pcp_high_min, 226);
}

struct fraction_case {
	const char *name;
	u32 nr_pages;
	unsigned int fraction;
	int high;		/* for two CPUs */
};

/* zone_highsize() of Linux 7.3: a part of the zone, or four batches if more. */
static const struct fraction_case fraction_cases[] = {
	{ "the largest part", 262144, 8, 262144 / 8 / 2 },
	{ "a hundredth", 262144, 100, 2621 / 2 },
	{ "four batches of a large zone", 262144, 10000, 4 * 63 },
	{ "nothing is left of the zone", 262144, INT_MAX, 4 * 63 },
	{ "an eighth of a small zone", 1024, 8, 1024 / 8 / 2 },
	{ "four batches of a small zone", 1024, 1000, 4 },
};

KUNIT_ARRAY_PARAM_DESC(fraction, fraction_cases, name);

static void expect_high(struct kunit *test, const struct umbra *u, int min,
			int max)
{
	KUNIT_EXPECT_EQ(test, u->zones->pcp_high_min, min);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_high_max, max);
}

static int set_fraction(struct umbra *u, long fraction)
{
	return umbra_tune(u, TUNE_PERCPU_PAGELIST_HIGH_FRACTION, fraction);
}

/* Both limits are the share of the zone; 0 makes them as they were. */
static void a_fraction_of_the_zone_fixes_the_limit(struct kunit *test)
{
	const struct fraction_case *c = test->param_value;
	struct umbra_layout layout;
	int min, max, batch;
	struct umbra *u;

	if (num_online_cpus() != 2 || num_possible_cpus() != 2)
		kunit_skip(test, "the numbers are for two CPUs");
	umbra_layout_init(&layout);
	layout.has_memory = false;
	u = umbra_test_ghost_layout(test, &layout, c->nr_pages);
	min = u->zones->pcp_high_min;
	max = u->zones->pcp_high_max;
	batch = u->zones->pcp_batch;
	KUNIT_EXPECT_EQ(test, set_fraction(u, c->fraction), 0);
	expect_high(test, u, c->high, c->high);
	/* Other watermarks do not matter. */
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_WATERMARK_SCALE_FACTOR, 3000),
			0);
	expect_high(test, u, c->high, c->high);
	KUNIT_EXPECT_EQ(test, u->zones->pcp_batch, batch);
	KUNIT_EXPECT_EQ(test, umbra_tune(u, TUNE_WATERMARK_SCALE_FACTOR, 10),
			0);
	KUNIT_EXPECT_EQ(test, set_fraction(u, 0), 0);
	expect_high(test, u, min, max);
}

/* The fraction replaces the formula, and not a number of pages. */
static void a_number_of_pages_precedes_a_fraction(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	int share = u->zones->nr_managed / 16 / num_online_cpus();

	KUNIT_EXPECT_EQ(test, set_fraction(u, 16), 0);
	expect_high(test, u, HIGH, HIGH);
	KUNIT_ASSERT_EQ(test, umbra_pcp_tune(u, BATCH, UMBRA_AUTO), 0);
	expect_high(test, u, max(share, 4 * BATCH), max(share, 4 * BATCH));
	KUNIT_ASSERT_EQ(test, umbra_pcp_tune(u, 0, UMBRA_AUTO), 0);
	expect_high(test, u, 0, 0);
	KUNIT_ASSERT_EQ(test, umbra_pcp_tune(u, BATCH, 0), 0);
	expect_high(test, u, 0, 0);
}

/* A cache sheds the pages beyond a smaller fraction at its next free. */
static void a_cache_follows_a_fraction_while_in_use(struct kunit *test)
{
	struct page *pages[2 * HIGH];
	struct umbra_layout layout;
	struct umbra *u;
	unsigned int i;
	int most;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	u = umbra_test_ghost_layout(test, &layout, 64 * TEST_BLOCK);
	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	for (i = 0; i < HIGH; i++)
		umbra_free_page(u, pages[i]);
	most = 4 * u->zones->pcp_batch;
	KUNIT_ASSERT_GT(test, count(u), most);
	KUNIT_ASSERT_EQ(test, set_fraction(u, INT_MAX), 0);
	for (; i < ARRAY_SIZE(pages); i++) {
		umbra_free_page(u, pages[i]);
		KUNIT_EXPECT_LT(test, count(u), most);
	}
}

static struct kunit_case pcp_size_cases[] = {
	KUNIT_CASE_PARAM(caches_are_sized_as_on_the_host, size_gen_params),
	KUNIT_CASE(caches_share_a_zone_with_the_cpus_of_its_node),
	KUNIT_CASE_PARAM(a_fraction_of_the_zone_fixes_the_limit,
			 fraction_gen_params),
	KUNIT_CASE(a_number_of_pages_precedes_a_fraction),
	KUNIT_CASE(a_cache_follows_a_fraction_while_in_use),
	{}
};

static struct kunit_suite pcp_size_suite = {
	.name = "umbra_pcp_size",
	.test_cases = pcp_size_cases,
};

kunit_test_suite(pcp_size_suite);
