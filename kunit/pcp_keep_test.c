// SPDX-License-Identifier: GPL-2.0
/* Per-CPU caches: what they keep beyond a line, and of which orders. */
#include <linux/gfp.h>
#include <linux/page-flags.h>
#include <linux/spinlock.h>
#include "pcp_util.h"

#define BATCH 8

#define MANY 200

struct many_case {
	const char *name;
	unsigned int first, step;	/* the pages freed, modulo MANY */
};

static const struct many_case many_cases[] = {
	{ "side by side, upwards", 0, 1 },
	{ "side by side, downwards", MANY - 1, MANY - 1 },
	{ "at equal distances, for a while", 0, 7 },
	{ "anywhere", 0, 77 },
};

KUNIT_ARRAY_PARAM_DESC(many, many_cases, name);

/*
 * More than the line of a list holds: in the order they came, from either end,
 * and without a descriptor looking like a tail to the host meanwhile.
 */
static void many_blocks_are_kept_in_order(struct kunit *test)
{
	const struct many_case *c = test->param_value;
	const unsigned int nr = MANY, gone = 40;
	struct page **taken;
	struct umbra *u = ghost_sized(test, BATCH, 1000);
	struct umbra_pcp *pcp;
	struct page **pages;
	u32 frames[40];
	unsigned int i;

	pages = kunit_kcalloc(test, 2 * nr, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	taken = pages + nr;
	pcp = per_cpu_ptr(u->zones->pcp, umbra_test_one_cpu(test));
	alloc_many(test, u, taken, nr, 0);
	for (i = 0; i < nr; i++)
		pages[i] = taken[(c->first + i * c->step) % nr];
	for (i = 0; i < nr; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_ASSERT_EQ(test, count(u), nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_FALSE(test, PageTail(pages[i]));
	KUNIT_ASSERT_EQ(test, umbra_pcp_collect(pcp, u, frames, gone, gone, 0),
			gone);
	for (i = 0; i < gone; i++)
		KUNIT_EXPECT_EQ(test, frames[i],
				umbra_page_to_index(u, pages[i]));
	KUNIT_EXPECT_EQ(test, count(u), nr - gone);
	for (i = nr; i-- > gone;)
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_KERNEL),
				    pages[i]);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	for (i = gone; i < nr; i++)
		umbra_free_page(u, pages[i]);
	spin_lock_irq(&u->zones->lock);
	for (i = 0; i < gone; i++)
		umbra_freelist_free(u->zones, frames[i], 0);
	spin_unlock_irq(&u->zones->lock);
}

static void of_other_orders_one_block_is_kept(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 4096);
	struct page *pages[2];
	unsigned int order;

	umbra_test_one_cpu(test);
	for (order = 4; order <= 10; order++) {
		if (order == TEST_PB_ORDER)
			continue;
		alloc_many(test, u, pages, 2, order);
		umbra_free_pages(u, pages[0], order);
		KUNIT_EXPECT_EQ(test, count(u), 1UL << order);
		UMBRA_EXPECT_FRAME(test, u, pages[0], FRAME_PCP, order);
		umbra_free_pages(u, pages[1], order);
		KUNIT_EXPECT_EQ(test, count(u), 1UL << order);
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL,
							    order), pages[0]);
		KUNIT_EXPECT_EQ(test, count(u), 0);
		umbra_free_pages(u, pages[0], order);
		pages[1] = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, order);
		KUNIT_EXPECT_PTR_NE(test, pages[1], pages[0]);
		umbra_free_pages(u, pages[1], order);
	}
}

/* A block that is half of what may be kept, or of pageblocks that differ. */
static void a_block_that_is_too_much_is_not_kept(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 4096);
	struct page *page;
	u32 index;

	umbra_test_one_cpu(test);
	alloc_many(test, u, &page, 1, 10);
	set_high(u, 2047);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	set_high(u, 2048);
	alloc_many(test, u, &page, 1, 10);
	index = umbra_page_to_index(u, page);
	umbra_freelist_set_types(u, index, TEST_PB_ORDER, UMBRA_RECLAIMABLE);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	alloc_many(test, u, &page, 1, 10);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 1024);
}

/* Room is made by others: the list in use keeps what it has. */
static void a_list_in_use_takes_the_room_of_others(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 64);
	struct page *cold[40], *hot[60];
	unsigned int i;

	umbra_test_one_cpu(test);
	for (i = 0; i < ARRAY_SIZE(cold); i++) {
		cold[i] = umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE);
		KUNIT_ASSERT_NOT_NULL(test, cold[i]);
	}
	alloc_many(test, u, hot, ARRAY_SIZE(hot), 0);
	for (i = 0; i < ARRAY_SIZE(cold); i++)
		umbra_free_page(u, cold[i]);
	/* As many are given up as were freed without an allocation. */
	for (i = 0; i < 10; i++)
		umbra_free_page(u, umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE));
	for (i = 0; i < 24; i++)
		umbra_free_page(u, hot[i]);
	/* The 64th page was one too many. */
	KUNIT_EXPECT_LT(test, count(u), 64 - BATCH);
	KUNIT_EXPECT_GE(test, count(u), 24);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_KERNEL),
				    hot[i]);
	for (i = 0; i < ARRAY_SIZE(hot); i++)
		umbra_free_page(u, hot[i]);
}

static struct kunit_case pcp_keep_cases[] = {
	KUNIT_CASE_PARAM(many_blocks_are_kept_in_order, many_gen_params),
	KUNIT_CASE(of_other_orders_one_block_is_kept),
	KUNIT_CASE(a_block_that_is_too_much_is_not_kept),
	KUNIT_CASE(a_list_in_use_takes_the_room_of_others),
	{}
};

static struct kunit_suite pcp_keep_suite = {
	.name = "umbra_pcp_keep",
	.test_cases = pcp_keep_cases,
};

kunit_test_suite(pcp_keep_suite);
