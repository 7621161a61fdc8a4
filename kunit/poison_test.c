// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/page-flags.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/page/pcp.h"
#include "mover.h"

#define PAGES 64
#define BASE_PFN 0x40000
#define PB BIT(TEST_PB_ORDER)	/* pages of a pageblock */
#define MANY (2 * TEST_BLOCK)
#define BATCH 8
#define HIGH 1024

static const struct umbra_test_span span = { BASE_PFN, PAGES };

static void need_failures(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
}

static struct umbra *instance(struct kunit *test)
{
	struct umbra *u;

	need_failures(test);
	u = umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);
	umbra_test_no_background(u);
	return u;
}

/* The host sets the flag first, then calls the notifier. */
static bool poison(struct umbra *u, struct page *page)
{
	SetPageHWPoison(page);
	u32 index = umbra_page_to_index(u, page);

	return umbra_hwpoison_pfn(u, umbra_index_to_pfn(u, index));
}

/* Allocate everything, expect that @bad is never given, and free it all. */
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

static void a_failed_allocated_page_is_taken_out_when_freed(struct kunit *test)
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

/* The notification comes between the two steps of a free. */
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

static void failures_of_foreign_pages_are_ignored(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);

	KUNIT_EXPECT_FALSE(test, umbra_hwpoison_pfn(u, BASE_PFN - 1));
	KUNIT_EXPECT_FALSE(test, umbra_hwpoison_pfn(u, BASE_PFN + PAGES));
	KUNIT_EXPECT_FALSE(test, umbra_hwpoison_pfn(u, 0));
	KUNIT_EXPECT_FALSE(test, umbra_hwpoison_pfn(u, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/* An instance with caches, on one CPU. Drains run in the background. */
static struct umbra *many(struct kunit *test, unsigned int debug, int batch)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = debug,
		.pcp_batch = batch,
		.pcp_high = batch ? HIGH : 0,
	};

	need_failures(test);
	umbra_test_one_cpu(test);
	return umbra_test_ghost_layout(test, &layout, MANY);
}

/* Expect that every page but @bad can be allocated, and free them. */
static void expect_all_but(struct kunit *test, struct umbra *u,
			   struct page *bad)
{
	LIST_HEAD(pages);

	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), MANY - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages),
			MANY - 1);
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	umbra_test_give_all(u, &pages);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 1);
	umbra_test_judge(test, u);
}

struct cached_case {
	const char *name;
	unsigned int order;
	unsigned int page;
};

static const struct cached_case cached_cases[] = {
	{ "single page", 0, 0 },
	{ "tail of a small block", 3, 5 },
	{ "head of a pageblock", TEST_PB_ORDER, 0 },
	{ "tail of a pageblock", TEST_PB_ORDER, PB - 1 },
};

KUNIT_ARRAY_PARAM_DESC(cached, cached_cases, name);

/* Before the drain the caches are bypassed; after it they are empty. */
static void a_cached_page_that_fails_is_never_handed_out(struct kunit *test)
{
	const struct cached_case *c = test->param_value;
	struct umbra *u = many(test, 0, BATCH);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_COMP,
					      c->order);
	struct page *bad, *other;

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, c->order);
	if (umbra_test_frame(u, page) != frame_make(FRAME_PCP, c->order))
		kunit_skip(test, "no cache keeps blocks of order %u", c->order);
	bad = page + c->page;
	umbra_test_no_background(u);
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_TRUE(test, umbra_zone_is_suspect(u->zones));
	other = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	KUNIT_EXPECT_PTR_NE(test, other, page);
	if (other)
		umbra_free_pages(u, other, c->order);
	other = umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE, 0);
	KUNIT_EXPECT_PTR_NE(test, other, page);
	if (other)
		umbra_free_page(u, other);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_PCP, c->order);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	expect_all_but(test, u, bad);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
}

static void a_bulk_request_bypasses_a_cache_with_a_bad_page(struct kunit *test)
{
	struct umbra *u = many(test, 0, BATCH);
	struct page *bad = umbra_alloc_page(u, GFP_KERNEL);
	struct page *pages[BATCH] = {};
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bad);
	umbra_free_page(u, bad);
	umbra_test_no_background(u);
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, BATCH, pages);
	for (i = 0; i < BATCH; i++)
		KUNIT_EXPECT_PTR_NE(test, pages[i], bad);
	umbra_free_pages_bulk(u, pages, BATCH);
	umbra_drain_pages(u);
	expect_all_but(test, u, bad);
}

struct visit {
	struct umbra *u;
	struct page *page;
};

static void take_and_give(void *arg)
{
	struct visit *v = arg;

	v->page = umbra_alloc_page(v->u, GFP_ATOMIC);
	if (v->page)
		umbra_free_page(v->u, v->page);
}

static void caches_of_all_cpus_are_drained_after_a_failure(struct kunit *test)
{
	struct visit v = { .u = many(test, 0, BATCH) };
	int other = umbra_test_other_cpu(test);

	take_and_give(&v);
	smp_call_function_single(other, take_and_give, &v, 1);
	KUNIT_ASSERT_NOT_NULL(test, v.page);
	UMBRA_EXPECT_FRAME(test, v.u, v.page, FRAME_PCP, 0);
	KUNIT_EXPECT_TRUE(test, poison(v.u, v.page));
	flush_work(&v.u->drain_work);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(v.u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(v.u), MANY - 1);
	expect_all_but(test, v.u, v.page);
}

struct owned_case {
	const char *name;
	gfp_t gfp;
	unsigned int debug;
	bool expose;
	bool split;
};

static const struct owned_case owned_cases[] = {
	{ "movable", GFP_HIGHUSER_MOVABLE },
	{ "compound", GFP_KERNEL | __GFP_COMP },
	{ "movable, compound", GFP_HIGHUSER_MOVABLE | __GFP_COMP },
	{ "exposed", GFP_KERNEL, .expose = true },
	{ "movable, compound, exposed", GFP_HIGHUSER_MOVABLE | __GFP_COMP,
	  .expose = true },
	{ "split", GFP_KERNEL, .split = true },
	{ "exposed and split", GFP_HIGHUSER_MOVABLE, .expose = true,
	  .split = true },
	{ "guarded", GFP_KERNEL, .debug = UMBRA_DEBUG_GUARD },
	{ "guarded and split", GFP_KERNEL, .debug = UMBRA_DEBUG_GUARD,
	  .split = true },
};

KUNIT_ARRAY_PARAM_DESC(owned, owned_cases, name);

static void a_failed_page_of_any_block_is_caught_when_freed(struct kunit *test)
{
	const struct owned_case *c = test->param_value;
	struct umbra *u = many(test, c->debug, BATCH);
	struct page *page = umbra_alloc_pages(u, c->gfp, 4);
	struct page *bad = page + 5;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	if (c->expose)
		KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 4), 0);
	if (c->split)
		KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 4), 0);
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_FALSE(test, umbra_zone_is_suspect(u->zones));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), MANY);
	umbra_test_judge(test, u);
	for (i = 0; i < 16 && c->split; i++)
		umbra_free_page(u, page + i);
	if (!c->split)
		umbra_free_pages(u, page, 4);
	expect_all_but(test, u, bad);
	KUNIT_EXPECT_EQ(test, page_ref_count(bad), 1);
}

static void a_failed_free_isolated_page_is_taken_out(struct kunit *test)
{
	struct umbra *u = many(test, 0, BATCH);
	struct page *bad = u->spans[0].pages + PB + 100;

	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, PB, 2 * PB), 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, PB);
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, PB - 1);
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, PB, 2 * PB), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 1);
	expect_all_but(test, u, bad);
}

static void a_failed_allocated_isolated_page_is_taken_out(struct kunit *test)
{
	struct umbra *u = many(test, 0, BATCH);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 4);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, page);
	pfn = page - u->spans[0].pages;
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, pfn, pfn + 16), 0);
	KUNIT_EXPECT_TRUE(test, poison(u, page + 7));
	umbra_free_pages(u, page, 4);
	UMBRA_EXPECT_FRAME(test, u, page + 7, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, PB - 1);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, pfn, pfn + 16), 0);
	expect_all_but(test, u, page + 7);
}

static void a_range_with_a_failed_page_is_busy(struct kunit *test)
{
	struct umbra *u = many(test, 0, BATCH);
	struct page *bad = u->spans[0].pages + 20;

	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 10, 30, GFP_KERNEL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 20, 21, GFP_KERNEL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 1);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, 20, GFP_KERNEL),
			0);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 21, PB, GFP_KERNEL),
			0);
	umbra_free_contig_range(u, 0, 20);
	umbra_free_contig_range(u, 21, PB - 21);
	expect_all_but(test, u, bad);
}

static void a_failed_page_of_a_range_is_caught_when_freed(struct kunit *test)
{
	struct umbra *u = many(test, 0, BATCH);
	struct page *bad = u->spans[0].pages + 20;

	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 10, 30, GFP_KERNEL),
			0);
	KUNIT_EXPECT_TRUE(test, poison(u, bad));
	umbra_free_contig_range(u, 10, 20);
	expect_all_but(test, u, bad);
}

/* The flags were set without a notification. */
static void a_scan_finds_pages_of_every_state(struct kunit *test)
{
	struct umbra *u = many(test, 0, 0);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	struct page *held = umbra_alloc_page(u, GFP_KERNEL);
	struct page *free = u->spans[0].pages + MANY - 1;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, held);
	umbra_test_no_background(u);
	page_ref_inc(held);
	umbra_free_page(u, held);
	SetPageHWPoison(page + 7);
	SetPageHWPoison(held);
	SetPageHWPoison(free);
	umbra_hwpoison_scan(u);
	UMBRA_EXPECT_FRAME(test, u, free, FRAME_OFFLINE, 0);
	UMBRA_EXPECT_FRAME(test, u, held, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), MANY - 2);
	umbra_hwpoison_scan(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), MANY - 2);
	umbra_free_pages(u, page, 3);
	UMBRA_EXPECT_FRAME(test, u, page + 7, FRAME_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 3);
	page_ref_dec(held);
}

/* Movable pages at the bottom, single free pages at the top. */
static enum layout_kind room_at_the_top(u32 index)
{
	if (index < PB)
		return index % 8 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	return index % 2 ? LAYOUT_UNMOVABLE : LAYOUT_FREE;
}

/*
 * The first free page that compaction would use has failed, without a
 * notification.
 */
static void nothing_is_moved_to_a_page_that_failed(struct kunit *test)
{
	struct umbra *u;
	struct mover *m;
	struct page *bad;

	need_failures(test);
	u = umbra_test_ghost(test, TEST_PB_ORDER, MANY);
	umbra_test_no_background(u);
	m = umbra_test_mover(test, u);
	umbra_test_lay_out(test, m, room_at_the_top);
	bad = umbra_index_to_page(u, MANY - PB);
	SetPageHWPoison(bad);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, PB / 8);
	KUNIT_EXPECT_EQ(test, m->tokens[MANY - PB], 0);
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	umbra_test_mover_count(test, m);
	umbra_test_judge(test, u);
	umbra_test_empty(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 1);
}

/* Four pages are free; a request of order 2 finds that one of them failed. */
static void a_nolock_request_frees_the_pages_that_have_not_failed(struct kunit *test)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.has_memory = true,
	};
	struct page *bad;
	struct umbra *u;
	LIST_HEAD(pages);
	unsigned int i;

	need_failures(test);
	u = umbra_test_memory(test, &layout, MANY);
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	for (i = 4; i < 8; i++) {
		struct page *page = umbra_index_to_page(u, i);

		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	bad = umbra_index_to_page(u, 5);
	SetPageHWPoison(bad);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE,
							 2));
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(umbra_test_nr_free(u) == 3));
	UMBRA_EXPECT_FRAME(test, u, bad, FRAME_OFFLINE, 0);
	umbra_test_judge(test, u);
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), MANY - 1);
	ClearPageHWPoison(bad);
}

static struct kunit_case poison_cases[] = {
	KUNIT_CASE(a_nolock_request_frees_the_pages_that_have_not_failed),
	KUNIT_CASE_PARAM(a_free_page_that_fails_is_taken_out_at_once,
			 place_gen_params),
	KUNIT_CASE_PARAM(a_failed_allocated_page_is_taken_out_when_freed,
			 place_gen_params),
	KUNIT_CASE(a_page_that_fails_while_it_is_freed_is_taken_out),
	KUNIT_CASE(a_held_page_that_fails_is_taken_out),
	KUNIT_CASE(a_page_that_fails_twice_is_lost_once),
	KUNIT_CASE(failures_of_foreign_pages_are_ignored),
	KUNIT_CASE_PARAM(a_cached_page_that_fails_is_never_handed_out,
			 cached_gen_params),
	KUNIT_CASE(a_bulk_request_bypasses_a_cache_with_a_bad_page),
	KUNIT_CASE(caches_of_all_cpus_are_drained_after_a_failure),
	KUNIT_CASE_PARAM(a_failed_page_of_any_block_is_caught_when_freed,
			 owned_gen_params),
	KUNIT_CASE(a_failed_free_isolated_page_is_taken_out),
	KUNIT_CASE(a_failed_allocated_isolated_page_is_taken_out),
	KUNIT_CASE(a_range_with_a_failed_page_is_busy),
	KUNIT_CASE(a_failed_page_of_a_range_is_caught_when_freed),
	KUNIT_CASE(a_scan_finds_pages_of_every_state),
	KUNIT_CASE(nothing_is_moved_to_a_page_that_failed),
	{}
};

static struct kunit_suite poison_suite = {
	.name = "umbra_poison",
	.test_cases = poison_cases,
};

kunit_test_suite(poison_suite);
