// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: how many pages a refill takes, and how many go back once a
 * cache is full. The values follow from nr_pcp_alloc(), nr_pcp_free() and
 * nr_pcp_high() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include "../src/core/core.h"
#include "../src/core/section.h"
#include "pcp_util.h"

#define BATCH 8
#define HIGH 64

/* Allocate @nr pages onto a list. */
static void alloc_pages_to(struct kunit *test, struct umbra *u, gfp_t gfp,
			   unsigned int nr, struct list_head *pages)
{
	while (nr--)
		list_add(&umbra_test_alloc(test, u, gfp, 0)->lru, pages);
}

static void free_pages_of(struct umbra *u, unsigned int nr,
			  struct list_head *pages)
{
	while (nr--) {
		struct page *page = list_first_entry(pages, struct page, lru);

		list_del(&page->lru);
		umbra_free_page(u, page);
	}
}

/* Empty the cache by allocations. Returns the pages that one refill took. */
static unsigned long refill(struct kunit *test, struct umbra *u, gfp_t gfp,
			    struct list_head *pages)
{
	unsigned long nr;

	KUNIT_ASSERT_EQ(test, count(u), 0);
	alloc_pages_to(test, u, gfp, 1, pages);
	nr = count(u);
	alloc_pages_to(test, u, gfp, nr, pages);
	return nr + 1;
}

struct refill_case {
	const char *name;
	int high;
	unsigned int refills[7];	/* pages of each refill */
};

/* A batch is 8 pages, and a refill is 32 batches at most. */
static const struct refill_case refill_cases[] = {
	{ "a large cache", 2000, { 8, 16, 32, 64, 128, 256, 256 } },
	{ "a small cache keeps room for a batch", HIGH,
	  { 8, 16, 32, 56, 56, 56, 56 } },
	{ "a cache of one batch", BATCH, { 8, 8, 8, 8, 8, 8, 8 } },
	{ "a cache of less than a batch", BATCH - 1, { 1, 1, 1, 1, 1, 1, 1 } },
};

KUNIT_ARRAY_PARAM_DESC(refill, refill_cases, name);

static void refills_double_while_nothing_is_freed(struct kunit *test)
{
	const struct refill_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, BATCH, c->high);
	LIST_HEAD(pages);
	unsigned int i;

	umbra_test_one_cpu(test);
	for (i = 0; i < ARRAY_SIZE(c->refills); i++)
		KUNIT_EXPECT_EQ_MSG(test, refill(test, u, GFP_KERNEL, &pages),
				    c->refills[i], "refill %u", i);
	umbra_test_give_all(u, &pages);
}

static void a_free_halves_the_next_refill(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 2000);
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	KUNIT_EXPECT_EQ(test, refill(test, u, GFP_KERNEL, &pages), 8);
	KUNIT_EXPECT_EQ(test, refill(test, u, GFP_KERNEL, &pages), 16);
	free_pages_of(u, 1, &pages);
	alloc_pages_to(test, u, GFP_KERNEL, 1, &pages);
	KUNIT_EXPECT_EQ(test, refill(test, u, GFP_KERNEL, &pages), 16);
	umbra_test_give_all(u, &pages);
}

/* A refill that is cut short does not make the next one larger. */
static void refills_of_a_small_cache_stop_doubling(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	LIST_HEAD(pages);
	unsigned int i;

	umbra_test_one_cpu(test);
	for (i = 0; i < 5; i++)
		refill(test, u, GFP_KERNEL, &pages);
	/* The last one was to be 64, or 8 << 3; a free halves the 3. */
	free_pages_of(u, 1, &pages);
	alloc_pages_to(test, u, GFP_KERNEL, 1, &pages);
	KUNIT_EXPECT_EQ(test, refill(test, u, GFP_KERNEL, &pages), 16);
	umbra_test_give_all(u, &pages);
}

/* Pages of other lists take room, of which a batch stays free. */
static void a_refill_fills_the_room_that_is_left(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	struct umbra_pcp *pcp;
	LIST_HEAD(movable);
	LIST_HEAD(pages);

	pcp = per_cpu_ptr(u->zones->pcp, umbra_test_one_cpu(test));
	alloc_pages_to(test, u, GFP_HIGHUSER_MOVABLE, 40, &movable);
	umbra_drain_pages(u);
	free_pages_of(u, 40, &movable);
	pcp->alloc_factor = 3;
	alloc_pages_to(test, u, GFP_KERNEL, 1, &pages);
	KUNIT_EXPECT_EQ(test, count(u), 40 + (HIGH - 40 - BATCH) - 1);
	umbra_test_give_all(u, &pages);
}

struct order_case {
	const char *name;
	unsigned int order, blocks;
};

/* A batch is 8 pages, but 2 blocks at least. */
static const struct order_case order_cases[] = {
	{ "order 1", 1, 4 },
	{ "order 2", 2, 2 },
	{ "order 3", 3, 2 },
	{ "a pageblock", TEST_PB_ORDER, 2 },
};

KUNIT_ARRAY_PARAM_DESC(order, order_cases, name);

static void refills_of_higher_orders_stay_the_same(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, BATCH, 2000);
	struct page *pages[8];
	unsigned int n, i;

	umbra_test_one_cpu(test);
	for (n = 0; n < 8; n += c->blocks) {
		pages[n] = umbra_test_alloc(test, u, GFP_KERNEL, c->order);
		KUNIT_EXPECT_EQ(test, count(u), (c->blocks - 1) << c->order);
		for (i = 1; i < c->blocks; i++)
			pages[n + i] = umbra_test_alloc(test, u, GFP_KERNEL,
							c->order);
		KUNIT_EXPECT_EQ(test, count(u), 0);
	}
	while (n--)
		umbra_free_pages(u, pages[n], c->order);
}

/* Zoneinfo shows the limit: it grows by each refill. */
static void the_limit_of_a_cache_grows_with_its_refills(struct kunit *test)
{
	struct umbra_layout layout;
	struct umbra_zone *zone;
	struct umbra_pcp *pcp;
	LIST_HEAD(pages);
	struct umbra *u;
	int high, i;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	u = umbra_test_ghost_layout(test, &layout, 256 * TEST_BLOCK);
	zone = u->zones;
	pcp = per_cpu_ptr(zone->pcp, umbra_test_one_cpu(test));
	high = zone->pcp_high_min;
	if (zone->pcp_high_max < high + 7 * zone->pcp_batch)
		kunit_skip(test, "the caches of so many CPUs are too small");
	for (i = 0; i < 3; i++) {
		refill(test, u, GFP_KERNEL, &pages);
		high += zone->pcp_batch << i;
		KUNIT_EXPECT_EQ(test, pcp->high, high);
	}
	/* Not while the zone is short of pages */
	set_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
	refill(test, u, GFP_KERNEL, &pages);
	clear_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
	KUNIT_EXPECT_EQ(test, pcp->high, high);
	umbra_test_give_all(u, &pages);
}

struct full_case {
	const char *name;
	unsigned int hits;	/* allocations after 63 frees */
	unsigned int left;	/* pages in the cache that was full */
};

/*
 * A full cache gives back as many pages as were freed in a row; an allocation
 * halves that number. It gives back a batch at least, and keeps one.
 */
static const struct full_case full_cases[] = {
	{ "no allocation: 64 pages, but a batch stays", 0, BATCH },
	{ "1 allocation: 31 pages and the last 2", 1, HIGH - 33 },
	{ "2 allocations: 15 pages and the last 3", 2, HIGH - 18 },
	{ "3 allocations: 7 pages and the last 4", 3, HIGH - 11 },
	{ "5 allocations: 1 page and the last 6, so a batch", 5,
	  HIGH - BATCH },
};

KUNIT_ARRAY_PARAM_DESC(full, full_cases, name);

static void a_full_cache_gives_back_what_was_freed_in_a_row(struct kunit *test)
{
	const struct full_case *c = test->param_value;
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	alloc_pages_to(test, u, GFP_KERNEL, HIGH, &pages);
	umbra_drain_pages(u);
	free_pages_of(u, HIGH - 1, &pages);
	alloc_pages_to(test, u, GFP_KERNEL, c->hits, &pages);
	KUNIT_ASSERT_EQ(test, count(u), HIGH - 1 - c->hits);
	free_pages_of(u, c->hits, &pages);
	KUNIT_ASSERT_EQ(test, count(u), HIGH - 1);
	free_pages_of(u, 1, &pages);
	KUNIT_EXPECT_EQ(test, count(u), c->left);
	umbra_test_give_all(u, &pages);
}

/* The miss is of another type, so that the cache keeps what it has. */
static void a_miss_halves_the_number_of_frees_once(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	LIST_HEAD(movable);
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	alloc_pages_to(test, u, GFP_KERNEL, HIGH, &pages);
	umbra_drain_pages(u);
	free_pages_of(u, 40, &pages);
	alloc_pages_to(test, u, GFP_HIGHUSER_MOVABLE, 1, &movable);
	KUNIT_ASSERT_EQ(test, count(u), 40 + BATCH - 1);
	free_pages_of(u, 17, &pages);
	KUNIT_EXPECT_EQ(test, count(u), HIGH - 40 / 2 - 17);
	umbra_test_give_all(u, &pages);
	umbra_test_give_all(u, &movable);
}

/* Only an allocation of a single block halves it. */
static void a_bulk_allocation_leaves_the_number_of_frees(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	struct page *bulk[2] = {};
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	alloc_pages_to(test, u, GFP_KERNEL, HIGH, &pages);
	umbra_drain_pages(u);
	free_pages_of(u, HIGH - 1, &pages);
	KUNIT_ASSERT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL,
						     2, bulk), 2);
	KUNIT_ASSERT_EQ(test, count(u), HIGH - 3);
	umbra_free_page(u, bulk[0]);
	umbra_free_page(u, bulk[1]);
	free_pages_of(u, 1, &pages);
	KUNIT_EXPECT_EQ(test, count(u), BATCH);
}

static struct kunit_case pcp_refill_cases[] = {
	KUNIT_CASE_PARAM(refills_double_while_nothing_is_freed,
			 refill_gen_params),
	KUNIT_CASE(a_free_halves_the_next_refill),
	KUNIT_CASE(refills_of_a_small_cache_stop_doubling),
	KUNIT_CASE(a_refill_fills_the_room_that_is_left),
	KUNIT_CASE_PARAM(refills_of_higher_orders_stay_the_same,
			 order_gen_params),
	KUNIT_CASE(the_limit_of_a_cache_grows_with_its_refills),
	KUNIT_CASE_PARAM(a_full_cache_gives_back_what_was_freed_in_a_row,
			 full_gen_params),
	KUNIT_CASE(a_miss_halves_the_number_of_frees_once),
	KUNIT_CASE(a_bulk_allocation_leaves_the_number_of_frees),
	{}
};

static struct kunit_suite pcp_refill_suite = {
	.name = "umbra_pcp_refill",
	.test_cases = pcp_refill_cases,
};

kunit_test_suite(pcp_refill_suite);
