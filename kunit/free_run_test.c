// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are freed together. The blocks that they make are those of
 * free_prepared_contig_range() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/held.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)
#define MOST 1024		/* pages freed at once */

/* An instance without free pages, all in blocks of order 0. */
static struct umbra *full(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 64,
		.pcp_high = 4096,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, PAGES, GFP_KERNEL),
			0);
	return u;
}

/* Free all pages but those from @start up to @end. */
static void finish(struct umbra *u, u32 start, u32 end)
{
	umbra_free_contig_range(u, 0, start);
	umbra_free_contig_range(u, end, PAGES - end);
	umbra_drain_pages(u);
}

struct run_case {
	u32 start;
	u32 nr;
	int orders[8];		/* of the blocks, in order; ends with -1 */
};

static const struct run_case runs[] = {
	{ 8, 1, { 0, -1 } },
	{ 8, 8, { 3, -1 } },
	{ 8, 7, { 2, 1, 0, -1 } },
	{ 8, 24, { 3, 4, -1 } },
	{ 7, 3, { 0, 1, -1 } },
	{ 1, 14, { 0, 1, 2, 2, 1, 0, -1 } },
	{ 512, 512, { 9, -1 } },
	{ 0, 1024, { 10, -1 } },
	{ 1536, 1024, { 9, 9, -1 } },
};

static void run_desc(const struct run_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u pages from %u on", c->nr,
		 c->start);
}

KUNIT_ARRAY_PARAM(run, runs, run_desc);

static void expect_blocks(struct kunit *test, struct umbra *u,
			  const struct run_case *c)
{
	u32 index = c->start, i;
	const int *order;

	for (order = c->orders; *order >= 0; order++) {
		u8 frame = frame_read(u, index);

		KUNIT_EXPECT_FALSE(test, frame_is_allocated(frame));
		KUNIT_EXPECT_EQ_MSG(test, (int)frame_order(frame), *order,
				    "block at %u", index);
		for (i = 1; i < 1U << *order; i++)
			KUNIT_ASSERT_EQ(test, frame_state(frame_read(u, index + i)),
					FRAME_TAIL);
		index += 1U << *order;
	}
	KUNIT_EXPECT_EQ(test, index, c->start + c->nr);
}

static void a_freed_range_becomes_the_largest_blocks(struct kunit *test)
{
	const struct run_case *c = test->param_value;
	struct umbra *u = full(test);

	umbra_free_contig_range(u, c->start, c->nr);
	expect_blocks(test, u, c);
	umbra_test_judge(test, u);
	finish(u, c->start, c->start + c->nr);
}

static void pages_freed_in_bulk_become_the_largest_blocks(struct kunit *test)
{
	const struct run_case *c = test->param_value;
	struct umbra *u = full(test);
	struct page **pages;
	u32 i;

	pages = kunit_kcalloc(test, MOST, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < c->nr; i++)
		pages[i] = umbra_index_to_page(u, c->start + i);
	umbra_free_pages_bulk(u, pages, c->nr);
	expect_blocks(test, u, c);
	umbra_test_judge(test, u);
	finish(u, c->start, c->start + c->nr);
}

/* Only neighbours in the array are freed together. */
static void pages_in_another_order_are_freed_one_by_one(struct kunit *test)
{
	struct umbra *u = full(test);
	struct page *pages[] = {
		umbra_index_to_page(u, 9), umbra_index_to_page(u, 8), NULL,
		umbra_index_to_page(u, 10), NULL, umbra_index_to_page(u, 11),
	};
	u32 i;

	umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
	for (i = 8; i < 12; i++)
		KUNIT_EXPECT_EQ(test, frame_read(u, i),
				frame_make(FRAME_PCP, 0));
	finish(u, 8, 12);
}

static void a_page_that_cannot_be_freed_parts_a_range(struct kunit *test)
{
	struct umbra *u = full(test);
	struct page *held = umbra_index_to_page(u, 13);

	umbra_free_page(u, umbra_index_to_page(u, 10));
	page_ref_inc(held);
	umbra_free_contig_range(u, 8, 8);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 8), FRAME_PCP, 1);
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 10), FRAME_PCP, 0);
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 11), FRAME_PCP, 0);
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 12), FRAME_PCP, 0);
	UMBRA_EXPECT_FRAME(test, u, held, FRAME_HELD, 0);
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 14), FRAME_PCP, 1);
	page_ref_dec(held);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	finish(u, 8, 16);
}

static void a_freed_run_leaves_no_private_data(struct kunit *test)
{
	struct umbra *u = full(test);
	struct page *page = umbra_index_to_page(u, 8);
	unsigned int i;

	for (i = 0; i < 8; i++)
		set_page_private(page + i, 42);
	umbra_free_contig_range(u, 8, 8);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, page_private(page + i), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGFREE), 8);
	finish(u, 8, 16);
}

static struct kunit_case free_run_cases[] = {
	KUNIT_CASE_PARAM(a_freed_range_becomes_the_largest_blocks,
			 run_gen_params),
	KUNIT_CASE_PARAM(pages_freed_in_bulk_become_the_largest_blocks,
			 run_gen_params),
	KUNIT_CASE(pages_in_another_order_are_freed_one_by_one),
	KUNIT_CASE(a_page_that_cannot_be_freed_parts_a_range),
	KUNIT_CASE(a_freed_run_leaves_no_private_data),
	{}
};

static struct kunit_suite free_run_suite = {
	.name = "umbra_free_run",
	.test_cases = free_run_cases,
};

kunit_test_suite(free_run_suite);
