// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/page-flags.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/account.h"
#include "../src/page/held.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define PAGES 256
#define HELD_PERIOD (HZ / 10)	/* jiffies until the first scan */

/* A block of an instance that scans only when the test asks. */
static struct page *block(struct kunit *test, struct umbra **u,
			  unsigned int order, bool exposed)
{
	struct page *page;

	*u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	umbra_test_no_background(*u);
	page = umbra_alloc_pages(*u, GFP_KERNEL, order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	if (exposed)
		KUNIT_ASSERT_EQ(test, umbra_expose_pages(*u, page, order), 0);
	return page;
}

static void a_referenced_page_is_held_until_the_last_put(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 0, false);

	page_ref_add(page, 2);
	umbra_free_pages(u, page, 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 0);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 0);
	page_ref_dec(page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

struct held_case {
	const char *name;
	unsigned int order;
	u64 held;		/* bitmap of the pages with references */
};

static const struct held_case held_cases[] = {
	{ "the only page", 0, 0x1 },
	{ "the head", 3, 0x01 },
	{ "the last tail", 3, 0x80 },
	{ "a tail in the middle", 4, 0x0100 },
	{ "two adjacent pages", 4, 0x0030 },
	{ "every second page", 5, 0x55555555 },
	{ "all", 4, 0xffff },
	{ "all pages but one", 5, 0xfffeffff },
	{ "head and tail of an order 6", 6, 0x8000000000000001 },
};

KUNIT_ARRAY_PARAM_DESC(held, held_cases, name);

static void only_referenced_pages_of_exposed_blocks_are_held(struct kunit *test)
{
	const struct held_case *c = test->param_value;
	unsigned int nr = 1U << c->order, nr_held = hweight64(c->held), i;
	struct umbra *u;
	struct page *page = block(test, &u, c->order, true);

	for (i = 0; i < nr; i++)
		if (c->held >> i & 1)
			page_ref_inc(page + i);
	umbra_free_pages(u, page, c->order);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, c->held >> i & 1,
				frame_state(umbra_test_frame(u, page + i)) ==
				FRAME_HELD);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), nr_held);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - nr_held);
	umbra_test_judge(test, u);

	for (i = 0; i < nr; i++) {
		if (!(c->held >> i & 1))
			continue;
		page_ref_dec(page + i);
		KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	}
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, 8), 1);
}

static void only_the_referenced_head_of_a_block_is_held(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 4, false);

	page_ref_inc(page);
	umbra_free_pages(u, page, 4);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
}

static void a_held_page_is_not_handed_out(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 0, false);
	unsigned int n = 0, i;

	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	while (umbra_alloc_pages(u, GFP_KERNEL, 0))
		n++;
	KUNIT_EXPECT_EQ(test, n, PAGES - 1);

	/* Before it fails, a request scans the held pages. */
	page_ref_dec(page);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL, 0), page);
	for (i = 0; i < PAGES; i++)
		umbra_free_pages(u, u->spans[0].pages + i, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void a_held_page_cannot_be_freed_again(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 0, false);

	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	umbra_test_expect_refused(test, u, page, 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	page_ref_dec(page);
	umbra_held_rescan(u);
}

static void held_pages_are_released_in_the_background(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	/* Each scan without result makes the period longer. */
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(READ_ONCE(u->held_period) >
						HELD_PERIOD));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	page_ref_dec(page);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(!umbra_test_nr_held(u)));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void the_checker_rescans_held_pages(struct kunit *test)
{
	struct umbra_findings v;
	struct umbra *u;
	struct page *page = block(test, &u, 0, false);

	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_HELD], 1);
	page_ref_dec(page);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_HELD], 0);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_FREE], PAGES);
}

static void a_stray_put_loses_only_its_frame(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 4, true);
	unsigned int i;

	page_ref_dec(page + 5);
	umbra_free_pages(u, page, 4);
	UMBRA_EXPECT_FRAME(test, u, page + 5, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	umbra_test_judge(test, u);

	for (i = 0; i < PAGES - 1; i++) {
		struct page *other = umbra_alloc_pages(u, GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, other);
		KUNIT_EXPECT_PTR_NE(test, other, page + 5);
	}
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, 0));
	for (i = 0; i < PAGES; i++)
		if (u->spans[0].pages + i != page + 5)
			umbra_free_pages(u, u->spans[0].pages + i, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
}

/* The host may own the descriptor: the fields must not be written. */
static void the_descriptor_of_a_lost_frame_is_not_written(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 1, true);
	struct page before;

	page_ref_dec(page);
	memset(&page->lru, 0x5a, sizeof(page->lru));
	set_page_private(page, 0x1234);
	before = *page;
	umbra_free_pages(u, page, 1);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_MEMEQ(test, page, &before, sizeof(before));
	umbra_test_judge(test, u);
	umbra_instance_stop(u);
	KUNIT_EXPECT_FALSE(test, umbra_frame_releasable(u, page));
	KUNIT_EXPECT_TRUE(test, umbra_frame_releasable(u, page + 1));
	KUNIT_EXPECT_MEMEQ(test, page, &before, sizeof(before));
}

static void a_stray_put_of_a_held_page_is_found_later(struct kunit *test)
{
	struct umbra *u;
	struct page *page = block(test, &u, 0, false);
	struct umbra_account *account = umbra_test_account(test, u);

	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, 1, 1), 0);
	page_ref_inc(page);
	umbra_free_pages_account(u, page, 0, account);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 1);
	/* The host has the page now, and uses its descriptor. */
	page_ref_sub(page, 2);
	set_page_private(page, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, page_private(page), 0xdeadbeef);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
}

static void a_poisoned_page_is_never_handed_out_again(struct kunit *test)
{
	struct umbra *u;
	struct page *page, *other;
	unsigned int n = 0, i;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	page = block(test, &u, 3, true);
	SetPageHWPoison(page + 2);
	umbra_free_pages(u, page, 3);
	UMBRA_EXPECT_FRAME(test, u, page + 2, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	while ((other = umbra_alloc_pages(u, GFP_KERNEL, 0))) {
		KUNIT_EXPECT_PTR_NE(test, other, page + 2);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, PAGES - 1);
	for (i = 0; i < PAGES; i++)
		if (u->spans[0].pages + i != page + 2)
			umbra_free_pages(u, u->spans[0].pages + i, 0);
}

static void a_held_page_that_is_poisoned_goes_offline(struct kunit *test)
{
	struct umbra_account *account;
	struct umbra *u;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	page = block(test, &u, 0, false);
	account = umbra_test_account(test, u);
	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, 1, 1), 0);
	page_ref_inc(page);
	umbra_free_pages_account(u, page, 0, account);
	SetPageHWPoison(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	page_ref_dec(page);
}

/*
 * Memory of the page failed in the cache, so its drain checks the page again.
 */
static void a_cached_page_that_is_held_does_not_become_free(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 8,
		.pcp_high = 64,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	struct page *page;

	umbra_test_no_background(u);
	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	page_ref_inc(page);
	set_bit(ZONE_FLAG_SUSPECT, &u->zones->flags);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), TEST_BLOCK);
}

static struct kunit_case held_cases_list[] = {
	KUNIT_CASE(a_referenced_page_is_held_until_the_last_put),
	KUNIT_CASE_PARAM(only_referenced_pages_of_exposed_blocks_are_held,
			 held_gen_params),
	KUNIT_CASE(only_the_referenced_head_of_a_block_is_held),
	KUNIT_CASE(a_held_page_is_not_handed_out),
	KUNIT_CASE(a_held_page_cannot_be_freed_again),
	KUNIT_CASE(held_pages_are_released_in_the_background),
	KUNIT_CASE(the_checker_rescans_held_pages),
	KUNIT_CASE(a_stray_put_loses_only_its_frame),
	KUNIT_CASE(the_descriptor_of_a_lost_frame_is_not_written),
	KUNIT_CASE(a_stray_put_of_a_held_page_is_found_later),
	KUNIT_CASE(a_poisoned_page_is_never_handed_out_again),
	KUNIT_CASE(a_held_page_that_is_poisoned_goes_offline),
	KUNIT_CASE(a_cached_page_that_is_held_does_not_become_free),
	{}
};

static struct kunit_suite held_suite = {
	.name = "umbra_held",
	.test_cases = held_cases_list,
};

kunit_test_suite(held_suite);
