// SPDX-License-Identifier: GPL-2.0
/* The latencies that are measured, and the buckets that count them. */
#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sched/clock.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/time64.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/debug.h"
#include "../src/core/latency.h"
#include "../src/core/stats.h"
#include "test_util.h"

#define TRY (GFP_NOWAIT | __GFP_NOWARN)

/* The sum of all buckets of a kind and order. */
static unsigned long latency_sum(const struct umbra *u,
				 enum umbra_latency_kind kind,
				 unsigned int order)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < UMBRA_LATENCY_BUCKETS; i++)
		sum += umbra_latency_count(u, kind, order, i);
	return sum;
}

static unsigned long latency_total(const struct umbra *u)
{
	unsigned int kind, order;
	unsigned long sum = 0;

	for (kind = 0; kind < NR_LATENCY_KINDS; kind++)
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			sum += latency_sum(u, kind, order);
	return sum;
}

static void alloc_and_free(struct kunit *test, struct umbra *u,
			   unsigned int order, unsigned int times)
{
	while (times--)
		umbra_free_pages(u, umbra_test_alloc(test, u, TRY, order),
				 order);
}

struct age_case {
	const char *name;
	s64 ns;
	unsigned int bucket;
};

/* Ages in the middle of a bucket, since counting takes time too. */
static const struct age_case age_cases[] = {
	{ "the clock of another CPU is ahead", -NSEC_PER_SEC, 0 },
	{ "0.4 s", 3LL << 27, 28 },
	{ "0.8 s", 3LL << 28, 29 },
	{ "1.6 s", 3LL << 29, 30 },
	{ "3.2 s", 3LL << 30, 31 },
	{ "longer than the last bucket", 1000 * NSEC_PER_SEC, 31 },
};

KUNIT_ARRAY_PARAM_DESC(age, age_cases, name);

static unsigned int bucket_of(s64 ns)
{
	return ns > 0 ? min(ilog2((u64)ns), UMBRA_LATENCY_BUCKETS - 1) : 0;
}

/* Add one event. Returns false if it took so long that the bucket changed. */
static bool add_event(struct umbra *u, const struct age_case *c,
		      enum umbra_latency_kind kind)
{
	u64 start;

	umbra_latency_reset(u);
	start = local_clock() - c->ns;
	umbra_latency_add(u, kind, kind + 2, start);
	return bucket_of(local_clock() - start) == c->bucket;
}

static void an_event_is_in_the_bucket_of_its_length(struct kunit *test)
{
	const struct age_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int kind;
	bool counted;

	/* The clock of a single CPU never goes back. */
	umbra_test_one_cpu(test);
	for (kind = 0; kind < NR_LATENCY_KINDS; kind++) {
		counted = TEST_WAIT_UNTIL(add_event(u, c, kind));
		KUNIT_ASSERT_TRUE(test, counted);
		KUNIT_EXPECT_EQ(test, umbra_latency_count(u, kind, kind + 2,
							  c->bucket), 1);
		KUNIT_EXPECT_EQ(test, latency_total(u), 1);
	}
	umbra_latency_reset(u);
	KUNIT_EXPECT_EQ(test, latency_total(u), 0);
}

static void bounds_of_buckets_are_powers_of_two(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, umbra_latency_bound(0), 0);
	for (i = 1; i < UMBRA_LATENCY_BUCKETS; i++)
		KUNIT_EXPECT_EQ(test, umbra_latency_bound(i), 1ULL << i);
}

static void a_full_bucket_does_not_wrap_around(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	atomic_t *count = u->latency->count[LATENCY_SLOW][0];
	unsigned int i;

	for (i = 0; i < UMBRA_LATENCY_BUCKETS; i++)
		atomic_set(&count[i], -2);
	for (i = 0; i < 3; i++)
		umbra_latency_add(u, LATENCY_SLOW, 0, local_clock() +
				  1000 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, umbra_latency_count(u, LATENCY_SLOW, 0, 0),
			UINT_MAX);
	KUNIT_EXPECT_EQ(test, umbra_latency_count(u, LATENCY_SLOW, 0, 1),
			UINT_MAX - 1);
}

struct way_case {
	const char *name;
	int batch;
	unsigned int debug;
};

static const struct way_case way_cases[] = {
	{ "caches", 8, 0 },
	{ "no caches", 0, 0 },
	{ "debugging", 8, UMBRA_DEBUG_GUARD },
};

KUNIT_ARRAY_PARAM_DESC(way, way_cases, name);

/* On one CPU, whose cache gives the last freed page first. */
static struct umbra *way(struct kunit *test)
{
	const struct way_case *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = c->batch,
		.pcp_high = c->batch * 8,
		.debug = c->debug,
	};

	umbra_test_one_cpu(test);
	return umbra_test_ghost_layout(test, &layout, 4 * TEST_BLOCK);
}

static void allocations_are_timed_while_timing_is_on(struct kunit *test)
{
	struct umbra *u = way(test);
	const umbra_nodemask_t mask = BIT(0);
	struct page *page;

	alloc_and_free(test, u, 0, 5);
	KUNIT_EXPECT_EQ(test, latency_total(u), 0);
	KUNIT_EXPECT_FALSE(test, umbra_latency_is_on(u));

	umbra_latency_set(u, true);
	KUNIT_EXPECT_TRUE(test, umbra_latency_is_on(u));
	alloc_and_free(test, u, 0, 7);
	alloc_and_free(test, u, 3, 4);
	alloc_and_free(test, u, 10, 2);
	page = umbra_alloc_pages_nodemask(u, TRY, 1, 0, &mask);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, 1);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_FAST, 0), 7);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_FAST, 1), 1);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_FAST, 3), 4);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_FAST, 10), 2);
	KUNIT_EXPECT_EQ(test, latency_total(u), 14);

	umbra_latency_set(u, false);
	alloc_and_free(test, u, 0, 5);
	KUNIT_EXPECT_EQ(test, latency_total(u), 14);
}

/* With or without timing, the same blocks come from the same caches. */
static void timing_changes_nothing_else(struct kunit *test)
{
	struct umbra *u = way(test);
	struct umbra_zone *zone = u->zones;
	struct page *page = umbra_test_alloc(test, u, TRY, 0), *again;
	unsigned long allocs;

	umbra_free_page(u, page);
	allocs = umbra_zone_events(zone, EVENT_PGALLOC);
	umbra_latency_set(u, true);
	again = umbra_test_alloc(test, u, TRY, 0);
	KUNIT_EXPECT_PTR_EQ(test, again, page);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_PGALLOC),
			allocs + 1);
	umbra_latency_set(u, false);
	umbra_free_page(u, again);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_request_of_the_slowpath_is_timed_as_slow_alone(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		/* watermarks of 128 and 160 pages */
		.min_free_kbytes = 128 << (PAGE_SHIFT - 10),
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	struct page *page;
	LIST_HEAD(pages);

	while (umbra_test_nr_free(u) > 160) {
		page = umbra_test_alloc(test, u, TRY, 0);
		list_add(&page->lru, &pages);
	}
	umbra_latency_set(u, true);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_SLOW, 0), 0);
	page = umbra_alloc_page(u, TRY);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_SLOW, 0), 1);
	if (page)
		list_add(&page->lru, &pages);
	umbra_test_take_all(u, 0, TRY, 0, &pages);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, TRY));
	KUNIT_EXPECT_EQ(test, latency_sum(u, LATENCY_FAST, 0), 0);
	umbra_latency_set(u, false);
	umbra_test_give_all(u, &pages);
}

/* The static key is off while no instance is timed, also after it was on. */
static void latency_hooks_are_off_without_a_timed_instance(struct kunit *test)
{
	struct umbra *a = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra *b = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	int hooks = static_key_count(&umbra_debug_key.key);

	umbra_latency_set(a, true);
	umbra_latency_set(a, true);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key),
			hooks + 1);
	alloc_and_free(test, b, 0, 3);
	KUNIT_EXPECT_EQ(test, latency_total(b), 0);
	umbra_latency_set(b, true);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key),
			hooks + 2);
	umbra_latency_set(a, false);
	umbra_latency_set(a, false);
	umbra_latency_set(b, false);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key), hooks);
}

static void a_timed_instance_can_be_destroyed(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = UMBRA_DEBUG_GUARD,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, TEST_BLOCK),
		.nr_pages = TEST_BLOCK,
	};
	int hooks = static_key_count(&umbra_debug_key.key);
	struct umbra *u = umbra_instance_create("test", &layout, &span, 1);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	umbra_latency_set(u, true);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	umbra_instance_free(u);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key), hooks);
}

static void timing_is_not_a_debug_bit_of_a_layout(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = UMBRA_DEBUG_LATENCY,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, TEST_BLOCK),
		.nr_pages = TEST_BLOCK,
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_instance_create("test", &layout,
							    &span, 1)),
			-EINVAL);
}

static void every_kind_has_a_name_of_its_own(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a < NR_LATENCY_KINDS; a++)
		for (b = a + 1; b <= NR_LATENCY_KINDS; b++)
			KUNIT_EXPECT_STRNEQ(test, umbra_latency_name(a),
					    umbra_latency_name(b));
}

static struct kunit_case latency_cases[] = {
	KUNIT_CASE_PARAM(an_event_is_in_the_bucket_of_its_length,
			 age_gen_params),
	KUNIT_CASE(bounds_of_buckets_are_powers_of_two),
	KUNIT_CASE(a_full_bucket_does_not_wrap_around),
	KUNIT_CASE_PARAM(allocations_are_timed_while_timing_is_on,
			 way_gen_params),
	KUNIT_CASE_PARAM(timing_changes_nothing_else, way_gen_params),
	KUNIT_CASE(a_request_of_the_slowpath_is_timed_as_slow_alone),
	KUNIT_CASE(latency_hooks_are_off_without_a_timed_instance),
	KUNIT_CASE(a_timed_instance_can_be_destroyed),
	KUNIT_CASE(timing_is_not_a_debug_bit_of_a_layout),
	KUNIT_CASE(every_kind_has_a_name_of_its_own),
	{}
};

static struct kunit_suite latency_suite = {
	.name = "umbra_latency",
	.test_cases = latency_cases,
};

kunit_test_suite(latency_suite);
