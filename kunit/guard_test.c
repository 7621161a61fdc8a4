// SPDX-License-Identifier: GPL-2.0
/*
 * The guard reference on allocated pages, and the check of every count on free.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/page/held.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (2 * TEST_BLOCK)
#define BATCH 8
#define HIGH 64

static struct umbra *ghost(struct kunit *test, unsigned int debug, int batch)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = debug,
		.pcp_batch = batch,
		.pcp_high = 8 * batch,
	};
	struct umbra *u;

	umbra_test_one_cpu(test);
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	umbra_test_no_background(u);
	return u;
}

static struct umbra *guarded(struct kunit *test)
{
	return ghost(test, UMBRA_DEBUG_GUARD, 0);
}

/* The number of pages, of @nr, whose reference count is @count. */
static unsigned int nr_counting(struct page *page, unsigned int nr, int count)
{
	unsigned int n = 0;

	while (nr--)
		n += page_ref_count(page + nr) == count;
	return n;
}

/* Expect a count of 2 in @nr pages, and of 1 in all others. */
static void expect_guarded(struct kunit *test, struct umbra *u,
			   struct page *page, unsigned int nr)
{
	KUNIT_EXPECT_EQ(test, nr_counting(page, nr, 2), nr);
	KUNIT_EXPECT_EQ(test, nr_counting(u->spans[0].pages, PAGES, 1),
			PAGES - nr);
}

static void expect_all_free(struct kunit *test, struct umbra *u)
{
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	KUNIT_EXPECT_EQ(test, nr_counting(u->spans[0].pages, PAGES, 1), PAGES);
}

static void allocated_pages_have_two_references(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = guarded(test);
	struct page *page;

	expect_all_free(test, u);
	page = umbra_test_alloc(test, u, GFP_KERNEL, c->order);
	expect_guarded(test, u, page, 1 << c->order);
	umbra_free_pages(u, page, c->order);
	expect_all_free(test, u);

	page = umbra_test_alloc(test, u, GFP_HIGHUSER_MOVABLE | __GFP_COMP,
				c->order);
	expect_guarded(test, u, page, 1 << c->order);
	umbra_free_pages(u, page, c->order);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void cached_pages_have_one_reference(struct kunit *test)
{
	struct umbra *u = ghost(test, UMBRA_DEBUG_GUARD, BATCH);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	expect_guarded(test, u, page, 1);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_PCP, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void pages_in_bulk_have_two_references(struct kunit *test)
{
	struct umbra *u = ghost(test, UMBRA_DEBUG_GUARD, BATCH);
	struct page *pages[3 * BATCH] = {};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL,
						     ARRAY_SIZE(pages), pages),
			ARRAY_SIZE(pages));
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[i]), 2);
	KUNIT_EXPECT_EQ(test, nr_counting(u->spans[0].pages, PAGES, 1),
			PAGES - ARRAY_SIZE(pages));
	umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void pages_of_a_split_block_keep_two_references(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 4);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 4), 0);
	expect_guarded(test, u, page, 16);
	for (i = 0; i < 16; i += 2)
		umbra_free_page(u, page + i);
	KUNIT_EXPECT_EQ(test, nr_counting(page, 16, 2), 8);
	for (i = 1; i < 16; i += 2)
		umbra_free_page(u, page + i);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void pages_of_a_contig_range_have_two_references(struct kunit *test)
{
	struct umbra *u = guarded(test);

	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 300, 900, GFP_KERNEL),
			0);
	expect_guarded(test, u, u->spans[0].pages + 300, 600);
	umbra_free_contig_range(u, 300, 600);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void an_exact_number_of_pages_has_two_references(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.has_memory = true,
		.debug = UMBRA_DEBUG_GUARD,
	};
	struct umbra *u = umbra_test_memory(test, &layout, PAGES);
	void *virt = umbra_alloc_pages_exact(u, 11 * PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, virt);
	expect_guarded(test, u, virt_to_page(virt), 11);
	umbra_free_pages_exact(u, virt, 11 * PAGE_SIZE);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_free_that_is_refused_keeps_the_guard(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 3);

	umbra_test_expect_refused(test, u, page, 2);
	umbra_test_expect_refused(test, u, page + 1, 0);
	expect_guarded(test, u, page, 8);
	umbra_free_pages(u, page, 3);
	umbra_test_expect_refused(test, u, page, 3);
	expect_all_free(test, u);
}

struct stray_case {
	const char *name;
	unsigned int order;
	unsigned int page;
};

static const struct stray_case strays[] = {
	{ "single page", 0, 0 },
	{ "head", 3, 0 },
	{ "tail", 3, 5 },
	{ "last tail of a largest block", UMBRA_MAX_ORDER, TEST_BLOCK - 1 },
};

KUNIT_ARRAY_PARAM_DESC(stray, strays, name);

static void a_guarded_page_survives_a_stray_put(struct kunit *test)
{
	const struct stray_case *c = test->param_value;
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, c->order);
	LIST_HEAD(pages);

	page_ref_dec(page + c->page);
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES);
	expect_all_free(test, u);

	/* The page can be used again, and has no extra reference left. */
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages),
			PAGES);
	UMBRA_EXPECT_FRAME(test, u, page + c->page, FRAME_ALLOC, 0);
	KUNIT_EXPECT_EQ(test, nr_counting(u->spans[0].pages, PAGES, 2), PAGES);
	umbra_test_give_all(u, &pages);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
}

static void a_page_without_a_guard_is_lost_to_a_stray_put(struct kunit *test)
{
	struct umbra *u = ghost(test, 0, 0);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	page_ref_dec(page);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
}

/* First the guard is gone, then the base reference. */
static void a_second_stray_put_loses_even_a_guarded_page(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	page_ref_sub(page, 2);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 0);
}

static void a_guarded_page_that_is_pinned_is_held(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	page_ref_add(page, 2);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 3);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 0);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	expect_all_free(test, u);
	page = umbra_test_alloc(test, u, GFP_KERNEL, UMBRA_MAX_ORDER);
	expect_guarded(test, u, page, TEST_BLOCK);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_pinned_page_of_a_guarded_block_is_held_alone(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 4);

	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 4), 0);
	page_ref_inc(page + 6);
	umbra_free_pages(u, page, 4);
	UMBRA_EXPECT_FRAME(test, u, page + 6, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(page + 6), 2);
	page_ref_dec(page + 6);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/* Free the pinned page first, then lose the guard: both are detected. */
static void a_stray_put_and_a_pin_of_one_block_are_detected(struct kunit *test)
{
	struct umbra *u = guarded(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 2);

	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 2), 0);
	page_ref_dec(page + 1);
	page_ref_inc(page + 2);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	page_ref_dec(page + 2);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	expect_all_free(test, u);
}

static void an_instance_that_stops_leaves_one_reference(struct kunit *test)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = UMBRA_DEBUG_GUARD,
		.pcp_batch = BATCH,
		.pcp_high = HIGH,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, PAGES),
		.nr_pages = PAGES,
	};
	struct umbra *u = umbra_instance_create("test", &layout, &span, 1);
	struct page *page, *kept;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	page = umbra_alloc_pages(u, GFP_KERNEL, 6);
	kept = umbra_alloc_pages(u, GFP_KERNEL, 2);
	if (page)
		umbra_free_pages(u, page, 6);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), kept ? 4 : 0);
	umbra_instance_free(u);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, kept);

	/* The pages that are still allocated keep their guard. */
	KUNIT_EXPECT_EQ(test, nr_counting(kept, 4, 2), 4);
	KUNIT_EXPECT_EQ(test, nr_counting(span.pages, PAGES, 1), PAGES - 4);
}

static void with_refs_an_unannounced_pin_is_detected(struct kunit *test)
{
	const struct stray_case *c = test->param_value;
	struct umbra *u = ghost(test, UMBRA_DEBUG_REFS, 0);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, c->order);

	page_ref_inc(page + c->page);
	umbra_free_pages(u, page, c->order);
	UMBRA_EXPECT_FRAME(test, u, page + c->page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	page_ref_dec(page + c->page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void with_refs_a_stray_put_of_a_tail_is_detected(struct kunit *test)
{
	struct umbra *u = ghost(test, UMBRA_DEBUG_REFS, BATCH);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 3);

	page_ref_dec(page + 5);
	umbra_free_pages(u, page, 3);
	UMBRA_EXPECT_FRAME(test, u, page + 5, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
}

/*
 * An owner must call umbra_expose_pages() first. Without refs, a violation is
 * not detected.
 */
static void without_refs_tails_are_not_checked(struct kunit *test)
{
	struct umbra *u = ghost(test, 0, 0);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 3);

	page_ref_inc(page + 5);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	page_ref_dec(page + 5);
	expect_all_free(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void refs_and_guard_work_together(struct kunit *test)
{
	struct umbra *u = ghost(test, UMBRA_DEBUG_REFS | UMBRA_DEBUG_GUARD,
				BATCH);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 3);

	page_ref_inc(page + 2);
	page_ref_dec(page + 5);
	umbra_free_pages(u, page, 3);
	UMBRA_EXPECT_FRAME(test, u, page + 2, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES);
	page_ref_dec(page + 2);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	expect_all_free(test, u);
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE_PARAM(allocated_pages_have_two_references, order_gen_params),
	KUNIT_CASE(cached_pages_have_one_reference),
	KUNIT_CASE(pages_in_bulk_have_two_references),
	KUNIT_CASE(pages_of_a_split_block_keep_two_references),
	KUNIT_CASE(pages_of_a_contig_range_have_two_references),
	KUNIT_CASE(an_exact_number_of_pages_has_two_references),
	KUNIT_CASE(a_free_that_is_refused_keeps_the_guard),
	KUNIT_CASE_PARAM(a_guarded_page_survives_a_stray_put, stray_gen_params),
	KUNIT_CASE(a_page_without_a_guard_is_lost_to_a_stray_put),
	KUNIT_CASE(a_second_stray_put_loses_even_a_guarded_page),
	KUNIT_CASE(a_guarded_page_that_is_pinned_is_held),
	KUNIT_CASE(a_pinned_page_of_a_guarded_block_is_held_alone),
	KUNIT_CASE(a_stray_put_and_a_pin_of_one_block_are_detected),
	KUNIT_CASE(an_instance_that_stops_leaves_one_reference),
	KUNIT_CASE_PARAM(with_refs_an_unannounced_pin_is_detected,
			 stray_gen_params),
	KUNIT_CASE(with_refs_a_stray_put_of_a_tail_is_detected),
	KUNIT_CASE(without_refs_tails_are_not_checked),
	KUNIT_CASE(refs_and_guard_work_together),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "umbra_debug_guard",
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
