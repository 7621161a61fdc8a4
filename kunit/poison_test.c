// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/page-flags.h>
#include "test_util.h"

#define PAGES 64
#define BASE_PFN 0x40000

static const struct umbra_test_span span = { BASE_PFN, PAGES };

static struct umbra *instance(struct kunit *test)
{
	struct umbra *u;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	u = umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);
	umbra_test_no_background(u);
	return u;
}

/* As the host does it: first the flag, then the word. */
static bool poison(struct umbra *u, struct page *page)
{
	SetPageHWPoison(page);
	return umbra_poison_pfn(u, BASE_PFN + (page - u->spans[0].pages));
}

/* Allocate everything, expect never to see @bad, and free it all. */
static void expect_never_handed_out(struct kunit *test, struct umbra *u,
				    struct page *bad)
{
	struct page *page;
	unsigned int n = 0, i;

	while ((page = umbra_alloc_pages(u, GFP_KERNEL, 0))) {
		KUNIT_EXPECT_PTR_NE(test, page, bad);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, PAGES - 1);
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES - 1);
	for (i = 0; i < PAGES; i++)
		if (u->spans[0].pages + i != bad)
			umbra_free_pages(u, u->spans[0].pages + i, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
}

struct place_case {
	const char *name;
	unsigned int page;
};

static const struct place_case places[] = {
	{ "head", 0 }, { "first tail", 1 }, { "middle", 32 }, { "last", 63 },
};

KUNIT_ARRAY_PARAM_DESC(place, places, name);

static void a_free_page_that_fails_is_taken_out_at_once(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct umbra *u = instance(test);
	struct page *bad = u->spans[0].pages + c->page;

	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	umbra_test_judge(test, u);
	expect_never_handed_out(test, u, bad);
}

static void an_allocated_page_that_fails_is_taken_out_when_freed(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct umbra *u = instance(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 6);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, poison(u, page + c->page));
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, 6);
	expect_never_handed_out(test, u, page + c->page);
}

/* As when the word of it comes between the two steps of a free. */
static void a_page_that_fails_while_it_is_freed_is_taken_out(struct kunit *test)
{
	struct umbra *u = instance(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	u32 head;

	KUNIT_ASSERT_NOT_NULL(test, page);
	head = umbra_page_to_index(u, page);
	frame_set(u, head, FRAME_PCP, 3);
	KUNIT_EXPECT_TRUE(test, poison(u, page + 6));
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_PCP, 3);
	frame_set(u, head, FRAME_ALLOC, 3);
	umbra_free_pages(u, page, 3);
	expect_never_handed_out(test, u, page + 6);
}

static void a_held_page_that_fails_is_taken_out(struct kunit *test)
{
	struct umbra *u = instance(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page_ref_inc(page);
	umbra_free_pages(u, page, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_TRUE(test, poison(u, page));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 0);
	expect_never_handed_out(test, u, page);
	page_ref_dec(page);
}

static void a_page_that_fails_twice_is_lost_once(struct kunit *test)
{
	struct umbra *u = instance(test);
	struct page *bad = u->spans[0].pages + 7;

	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	expect_never_handed_out(test, u, bad);
}

static void pages_of_others_do_not_matter(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);

	KUNIT_EXPECT_FALSE(test, umbra_poison_pfn(u, BASE_PFN - 1));
	KUNIT_EXPECT_FALSE(test, umbra_poison_pfn(u, BASE_PFN + PAGES));
	KUNIT_EXPECT_FALSE(test, umbra_poison_pfn(u, 0));
	KUNIT_EXPECT_FALSE(test, umbra_poison_pfn(u, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static struct kunit_case poison_cases[] = {
	KUNIT_CASE_PARAM(a_free_page_that_fails_is_taken_out_at_once,
			 place_gen_params),
	KUNIT_CASE_PARAM(an_allocated_page_that_fails_is_taken_out_when_freed,
			 place_gen_params),
	KUNIT_CASE(a_page_that_fails_while_it_is_freed_is_taken_out),
	KUNIT_CASE(a_held_page_that_fails_is_taken_out),
	KUNIT_CASE(a_page_that_fails_twice_is_lost_once),
	KUNIT_CASE(pages_of_others_do_not_matter),
	{}
};

static struct kunit_suite poison_suite = {
	.name = "umbra_poison",
	.test_cases = poison_cases,
};

kunit_test_suite(poison_suite);
