// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/slab.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/page/gfp.h"
#include "../src/page/held.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)

static void an_allocated_block_is_aligned_and_counted(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	u32 index, i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	index = umbra_page_to_index(u, page);
	KUNIT_EXPECT_EQ(test, index % (1U << c->order), 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_ALLOC, c->order);
	for (i = 1; i < 1U << c->order; i++)
		UMBRA_EXPECT_FRAME(test, u, page + i, FRAME_TAIL, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - (1UL << c->order));
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 4);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void an_exhausted_instance_gives_null_until_a_free(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	unsigned long n = 0, size = 1UL << c->order;
	struct page *page, *last = NULL;
	u32 index;

	while ((page = umbra_alloc_pages(u, GFP_KERNEL, c->order))) {
		last = page;
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, PAGES / size);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);

	umbra_free_pages(u, last, c->order);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL, c->order),
			    last);
	for (index = 0; index < PAGES; index += size)
		umbra_free_pages(u, umbra_index_to_page(u, index), c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void a_descriptor_keeps_its_one_reference(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(page + i), 1);
	umbra_free_pages(u, page, 2);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(page + i), 1);
}

/* A free must not depend on the fields that the caller of a block may write. */
static void an_owner_may_use_the_fields_of_the_descriptor(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < 4; i++) {
		memset(&page[i].lru, 0xa5, sizeof(page[i].lru));
		set_page_private(page + i, 0xdeadbeef);
		page[i].mapping = (void *)0x5a5a5a5a;
	}
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 64);
	umbra_test_judge(test, u);
}

struct private_case {
	const char *name;
	unsigned int order;
	bool exposed;
	bool held;		/* one page has another reference for a while */
};

static const struct private_case private_cases[] = {
	{ "a page", 0 },
	{ "the first page of a block", 3 },
	{ "an exposed block", 3, .exposed = true },
	{ "a block with a held page", 3, .exposed = true, .held = true },
};

KUNIT_ARRAY_PARAM_DESC(private, private_cases, name);

/* As in the host. Tails of a block that is not exposed are not written. */
static void private_is_zero_after_an_allocation(struct kunit *test)
{
	const struct private_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	if (c->exposed)
		umbra_expose_pages(u, page, c->order);
	for (i = 0; i < (c->exposed ? 1U << c->order : 1); i++)
		set_page_private(page + i, 0xdeadbeef);
	if (c->held)
		page_ref_inc(page + 5);
	umbra_free_pages(u, page, c->order);
	if (c->held) {
		KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 63);
		page_ref_dec(page + 5);
		umbra_held_rescan(u);
	}
	for (i = 0; i < 64; i++) {
		page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
		KUNIT_EXPECT_EQ(test, page_private(page), 0);
	}
	for (i = 0; i < 64; i++)
		umbra_free_pages(u, umbra_index_to_page(u, i), 0);
}

struct gfp_case {
	const char *name;
	gfp_t gfp;
	enum umbra_migratetype type;
};

static const struct gfp_case gfp_cases[] = {
	{ "GFP_KERNEL", GFP_KERNEL, UMBRA_UNMOVABLE },
	{ "GFP_ATOMIC", GFP_ATOMIC, UMBRA_UNMOVABLE },
	{ "GFP_NOWAIT", GFP_NOWAIT, UMBRA_UNMOVABLE },
	{ "GFP_USER", GFP_USER, UMBRA_UNMOVABLE },
	{ "GFP_HIGHUSER", GFP_HIGHUSER, UMBRA_UNMOVABLE },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE, UMBRA_MOVABLE },
	{ "movable", __GFP_MOVABLE, UMBRA_MOVABLE },
	{ "reclaimable", GFP_KERNEL | __GFP_RECLAIMABLE, UMBRA_RECLAIMABLE },
	{ "zeroed", GFP_KERNEL | __GFP_ZERO, UMBRA_UNMOVABLE },
	{ "nothing", 0, UMBRA_UNMOVABLE },
};

KUNIT_ARRAY_PARAM_DESC(gfp, gfp_cases, name);

static void gfp_flags_choose_the_type(struct kunit *test)
{
	const struct gfp_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_request rq;
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, c->gfp, 3, 0, NULL, 0),
			0);
	KUNIT_EXPECT_EQ(test, rq.type, c->type);
	KUNIT_EXPECT_EQ(test, rq.order, 3);
	KUNIT_EXPECT_EQ(test, rq.gfp, c->gfp);

	/*
	 * Every pageblock is MOVABLE at first, so the request claims one of its
	 * type.
	 */
	page = umbra_alloc_pages(u, c->gfp, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, umbra_page_to_index(u, page)),
			c->type);
	umbra_free_pages(u, page, 3);
}

static void an_order_out_of_range_is_refused_with_one_report(struct kunit *test)
{
	static const unsigned int orders[] = {
		UMBRA_MAX_ORDER + 1, 15, 16, 31, 32, 64, UINT_MAX,
	};
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL,
							  orders[i]));
		KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 2 * i + 1);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
		umbra_test_expect_refused(test, u, page, orders[i]);
		KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, orders[i]),
				-EINVAL);
	}
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_ALLOC, 0);
	umbra_free_pages(u, page, 0);
}

/*
 * A block of order 3. The test frees page @page of it with order @order, while
 * it is allocated or after it was freed.
 */
struct misuse_case {
	const char *name;
	unsigned int page;
	unsigned int order;
	bool exposed;
	bool freed;
};

static const struct misuse_case misuse_cases[] = {
	{ "order too small", 0, 2, false, false },
	{ "order too large", 0, 4, false, false },
	{ "order 0", 0, 0, false, false },
	{ "largest order", 0, 10, false, false },
	{ "exposed, order too small", 0, 2, true, false },
	{ "exposed, order too large", 0, 4, true, false },
	{ "first tail", 1, 0, false, false },
	{ "aligned tail with an order that fits", 4, 2, false, false },
	{ "last tail", 7, 0, false, false },
	{ "tail with the order of the block", 1, 3, false, false },
	{ "tail of an exposed block", 4, 2, true, false },
	{ "double free", 0, 3, false, true },
	{ "double free of an exposed block", 0, 3, true, true },
	{ "tail of a free block", 4, 2, false, true },
};

KUNIT_ARRAY_PARAM_DESC(misuse, misuse_cases, name);

static void a_wrong_free_is_refused_and_changes_nothing(struct kunit *test)
{
	const struct misuse_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	u8 frame;

	KUNIT_ASSERT_NOT_NULL(test, page);
	if (c->exposed)
		KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 3), 0);
	if (c->freed)
		umbra_free_pages(u, page, 3);
	frame = umbra_test_frame(u, page + c->page);
	umbra_test_expect_refused(test, u, page + c->page, c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_frame(u, page + c->page), frame);
	umbra_test_judge(test, u);
	if (!c->freed)
		umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void mistakes_are_counted_when_reports_are_suppressed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	unsigned int i;

	for (i = 0; i < 100; i++)
		umbra_free_pages(u, u->spans[0].pages + i % 64, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 100);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 64);
}

static void a_page_of_the_host_is_refused(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_test_expect_refused(test, u, page, 0);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	__free_page(page);
}

static void a_page_of_another_instance_is_refused(struct kunit *test)
{
	struct umbra *mine = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra *other = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(mine, GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_test_expect_refused(test, other, page, 1);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(other, page, 1), -EINVAL);
	UMBRA_EXPECT_FRAME(test, mine, page, FRAME_ALLOC, 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(mine), 0);
	umbra_free_pages(mine, page, 1);
}

static void an_offline_frame_cannot_be_freed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page_ref_dec(page);
	umbra_free_pages(u, page, 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	umbra_test_expect_refused(test, u, page, 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
}

static void only_an_allocated_block_can_be_exposed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page + 1, 0), -EINVAL);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_ALLOC, 2);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 2), 0);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_EXPOSED, 2);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 2), 0);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 64);
}

static void a_reused_block_is_not_exposed_any_more(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 4);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 2), 0);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL, 2), page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_ALLOC, 2);
	umbra_free_pages(u, page, 2);
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE_PARAM(an_allocated_block_is_aligned_and_counted,
			 order_gen_params),
	KUNIT_CASE_PARAM(an_exhausted_instance_gives_null_until_a_free,
			 order_gen_params),
	KUNIT_CASE(a_descriptor_keeps_its_one_reference),
	KUNIT_CASE(an_owner_may_use_the_fields_of_the_descriptor),
	KUNIT_CASE_PARAM(private_is_zero_after_an_allocation,
			 private_gen_params),
	KUNIT_CASE_PARAM(gfp_flags_choose_the_type, gfp_gen_params),
	KUNIT_CASE(an_order_out_of_range_is_refused_with_one_report),
	KUNIT_CASE_PARAM(a_wrong_free_is_refused_and_changes_nothing,
			 misuse_gen_params),
	KUNIT_CASE(mistakes_are_counted_when_reports_are_suppressed),
	KUNIT_CASE(a_page_of_the_host_is_refused),
	KUNIT_CASE(a_page_of_another_instance_is_refused),
	KUNIT_CASE(an_offline_frame_cannot_be_freed),
	KUNIT_CASE(only_an_allocated_block_can_be_exposed),
	KUNIT_CASE(a_reused_block_is_not_exposed_any_more),
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "umbra_alloc",
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);
