// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/page-flags.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/account.h"
#include "test_util.h"

/* An unaligned start and an odd length: blocks of every size at the ends. */
static const struct umbra_test_span odd_span = { 0x12345, 3000 };

static const struct umbra_test_span three_spans[] = {
	{ 0x10000, 2048 }, { 0x801, 700 }, { 0x200fff, 1 },
};

static void an_index_is_aligned_as_its_frame_number(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER,
						 &odd_span, 1);
	u32 index, first = odd_span.base_pfn % TEST_BLOCK;

	KUNIT_EXPECT_EQ(test, u->spans[0].first, first);
	for (index = first; index < first + odd_span.nr_pages; index++)
		KUNIT_EXPECT_EQ(test, umbra_index_to_pfn(u, index),
				odd_span.base_pfn + index - first);
	KUNIT_EXPECT_EQ(test, u->nr_frames % TEST_BLOCK, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), odd_span.nr_pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), odd_span.nr_pages);
}

static void edges_that_no_span_covers_are_offline(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER,
						 &odd_span, 1);
	u32 first = u->spans[0].first, end = first + odd_span.nr_pages;
	struct umbra_findings v;
	u32 index;

	for (index = 0; index < u->nr_frames; index++)
		KUNIT_EXPECT_EQ(test, index < first || index >= end,
				frame_state(frame_read(u, index)) ==
				FRAME_OFFLINE);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_OFFLINE],
			u->nr_frames - odd_span.nr_pages);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_FREE], odd_span.nr_pages);
}

static void every_page_of_every_span_has_an_index_of_its_own(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER,
						 three_spans,
						 ARRAY_SIZE(three_spans));
	u32 last = 0;
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(three_spans); s++) {
		for (i = 0; i < three_spans[s].nr_pages; i++) {
			struct page *page = u->spans[s].pages + i;
			u32 index = umbra_page_to_index(u, page);

			KUNIT_ASSERT_LT(test, index, u->nr_frames);
			KUNIT_EXPECT_PTR_EQ(test, umbra_index_to_page(u, index),
					    page);
			KUNIT_EXPECT_EQ(test, umbra_index_to_pfn(u, index),
					three_spans[s].base_pfn + i);
			KUNIT_EXPECT_EQ(test, index % TEST_BLOCK,
					(three_spans[s].base_pfn + i) %
					TEST_BLOCK);
			if (s || i)
				KUNIT_EXPECT_GT(test, index, last);
			last = index;
		}
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), 2048 + 700 + 1);
}

/* Spans with adjacent descriptors are still separate. */
static void no_block_reaches_from_one_span_into_the_next(struct kunit *test)
{
	static const struct umbra_test_span halves[] = {
		{ 0, 512 }, { 512, 512 },
	};
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER, halves,
						 ARRAY_SIZE(halves));
	struct page *a, *b;

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, 10));
	a = umbra_alloc_pages(u, GFP_KERNEL, 9);
	b = umbra_alloc_pages(u, GFP_KERNEL, 9);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	umbra_free_pages(u, a, 9);
	umbra_free_pages(u, b, 9);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, 9), 2);
}

static void a_pointer_into_or_beside_a_descriptor_is_no_page(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *pages = u->spans[0].pages;
	const char *inside = (const char *)(pages + 3) + 8;

	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, pages + 63), 63);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, pages + 64),
			UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, pages - 1),
			UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, (const void *)inside),
			UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, NULL), UMBRA_NO_FRAME);
}

struct size_case {
	const char *name;
	unsigned int pb_order;
	struct umbra_test_span span;
};

static const struct size_case size_cases[] = {
	{ "one page", 9, { 0, 1 } },
	{ "one page at an odd frame number", 9, { 1023, 1 } },
	{ "two pages of two largest blocks", 9, { 1023, 2 } },
	{ "less than a pageblock", 9, { 100, 300 } },
	{ "one largest block", 9, { 1024, 1024 } },
	{ "pageblocks of one page", 0, { 77, 2000 } },
	{ "pageblocks of the largest block", 10, { 77, 2000 } },
	{ "a gigabyte", 9, { 0x100000, 262144 } },
};

KUNIT_ARRAY_PARAM_DESC(size, size_cases, name);

static void an_instance_of_any_size_gives_every_page_once(struct kunit *test)
{
	const struct size_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost_spans(test, c->pb_order, &c->span,
						 1);
	struct page *page;
	u32 n = 0, i;

	umbra_test_judge(test, u);
	while ((page = umbra_alloc_pages(u, GFP_KERNEL, 0)))
		n++;
	KUNIT_EXPECT_EQ(test, n, c->span.nr_pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	for (i = 0; i < c->span.nr_pages; i++)
		umbra_free_pages(u, u->spans[0].pages + i, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), c->span.nr_pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

struct refused_case {
	const char *name;
	unsigned int pb_order;
	unsigned int nr_spans;
	u32 nr_pages;
	int count;
	int err;
};

static const struct refused_case refused_cases[] = {
	{ "no spans", 9, 0, 64, 1, -EINVAL },
	{ "too many spans", 9, UMBRA_MAX_SPANS + 1, 64, 1, -EINVAL },
	{ "pageblocks larger than any block", 11, 1, 64, 1, -EINVAL },
	{ "more frames than indices", 9, 2, 0xf0000000, 1, -EFBIG },
	{ "more frames than the caches can name", 9, 1, UMBRA_MAX_PAGES + 1, 1,
	  -EFBIG },
	{ "a page with another reference", 9, 1, 64, 2, -EBUSY },
	{ "a page owned by the host", 9, 1, 64, 0, -EBUSY },
};

KUNIT_ARRAY_PARAM_DESC(refused, refused_cases, name);

static void an_invalid_instance_is_refused(struct kunit *test)
{
	const struct refused_case *c = test->param_value;
	struct umbra_layout layout = { .pb_order = c->pb_order };
	struct umbra_span spans[UMBRA_MAX_SPANS + 1] = {};
	struct page *pages = umbra_test_descriptors(test, 64);
	struct umbra *u;
	unsigned int i;

	for (i = 0; i < c->nr_spans; i++) {
		spans[i].pages = pages;
		spans[i].nr_pages = c->nr_pages;
	}
	set_page_count(pages + 40, c->count);
	u = umbra_instance_create("test", &layout, spans, c->nr_spans);
	KUNIT_EXPECT_TRUE(test, IS_ERR(u));
	if (IS_ERR(u)) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(u), c->err);
	} else {
		umbra_instance_stop(u);
		umbra_instance_free(u);
	}
	KUNIT_EXPECT_EQ(test, page_ref_count(pages + 40), c->count);
	set_page_count(pages + 40, 1);
}

static void pages_poisoned_before_stay_offline(struct kunit *test)
{
	struct umbra_layout layout = { .pb_order = TEST_PB_ORDER };
	struct umbra_span span = { .nr_pages = 64 };
	struct umbra *u;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	span.pages = umbra_test_descriptors(test, 64);
	SetPageHWPoison(span.pages);
	SetPageHWPoison(span.pages + 17);
	SetPageHWPoison(span.pages + 63);
	u = umbra_instance_create("test", &layout, &span, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), 61);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 61);
	UMBRA_EXPECT_FRAME(test, u, span.pages + 17, FRAME_OFFLINE, 0);
	umbra_test_judge(test, u);
	umbra_instance_stop(u);
	KUNIT_EXPECT_FALSE(test, umbra_frame_releasable(u, span.pages + 17));
	KUNIT_EXPECT_TRUE(test, umbra_frame_releasable(u, span.pages + 18));
	umbra_instance_free(u);
}

/* An instance that the test stops itself. */
static struct umbra *instance_to_stop(struct kunit *test, struct page **pages)
{
	struct umbra_layout layout = { .pb_order = TEST_PB_ORDER };
	struct umbra_span span = { .nr_pages = 64 };
	struct umbra *u;

	*pages = umbra_test_descriptors(test, span.nr_pages);
	span.pages = *pages;
	u = umbra_instance_create("test", &layout, &span, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	return u;
}

static void blocks_still_allocated_are_never_released(struct kunit *test)
{
	struct page *pages, *page;
	struct umbra *u = instance_to_stop(test, &pages);
	u32 releasable = 0, i;

	page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 8);
	for (i = 0; i < 64; i++)
		releasable += umbra_frame_releasable(u, pages + i);
	KUNIT_EXPECT_EQ(test, releasable, 64 - 8);
	for (i = 0; page && i < 8; i++)
		KUNIT_EXPECT_FALSE(test, umbra_frame_releasable(u, page + i));
	KUNIT_EXPECT_FALSE(test, umbra_frame_releasable(u, pages + 64));
	umbra_instance_free(u);
}

static void a_stopped_instance_releases_its_accounts(struct kunit *test)
{
	struct page *pages, *page;
	struct umbra *u = instance_to_stop(test, &pages);
	struct umbra_account *account = umbra_test_account(test, u);

	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, 1, 1), 0);
	page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	KUNIT_EXPECT_NOT_NULL(test, page);
	if (page) {
		page_ref_inc(page);
		umbra_free_pages_account(u, page, 0, account);
		KUNIT_EXPECT_EQ(test, umbra_account_held(account), 1);
		KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
		KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
		KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
		KUNIT_EXPECT_TRUE(test, umbra_frame_releasable(u, page));
		page_ref_dec(page);
	}
	umbra_instance_free(u);
}

static struct kunit_case instance_cases[] = {
	KUNIT_CASE(an_index_is_aligned_as_its_frame_number),
	KUNIT_CASE(edges_that_no_span_covers_are_offline),
	KUNIT_CASE(every_page_of_every_span_has_an_index_of_its_own),
	KUNIT_CASE(no_block_reaches_from_one_span_into_the_next),
	KUNIT_CASE(a_pointer_into_or_beside_a_descriptor_is_no_page),
	KUNIT_CASE_PARAM(an_instance_of_any_size_gives_every_page_once,
			 size_gen_params),
	KUNIT_CASE_PARAM(an_invalid_instance_is_refused, refused_gen_params),
	KUNIT_CASE(pages_poisoned_before_stay_offline),
	KUNIT_CASE(blocks_still_allocated_are_never_released),
	KUNIT_CASE(a_stopped_instance_releases_its_accounts),
	{}
};

static struct kunit_suite instance_suite = {
	.name = "umbra_instance",
	.test_cases = instance_cases,
};

kunit_test_suite(instance_suite);
