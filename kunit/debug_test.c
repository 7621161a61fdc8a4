// SPDX-License-Identifier: GPL-2.0
/* Debugging: the pattern in free memory, the bits, and all bits together. */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/debug.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/held.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (2 * TEST_BLOCK)
#define BATCH 8
#define HIGH 64
#define OURS 0x55		/* owners write it; not the pattern */

static const struct umbra_layout poisoned = {
	.origin = "test",
	.pb_order = TEST_PB_ORDER,
	.has_memory = true,
	.debug = UMBRA_DEBUG_POISON,
};

static struct umbra *memory(struct kunit *test)
{
	return umbra_test_memory(test, &poisoned, PAGES);
}

/*
 * An instance with caches. The test stays on one CPU, so it knows their
 * contents.
 */
static struct umbra *memory_with_caches(struct kunit *test)
{
	struct umbra_layout layout = poisoned;

	umbra_test_one_cpu(test);
	layout.pcp_batch = BATCH;
	layout.pcp_high = HIGH;
	return umbra_test_memory(test, &layout, PAGES);
}

static void write_pages(struct page *page, unsigned int nr)
{
	while (nr--)
		memset_page(page + nr, 0, OURS, PAGE_SIZE);
}

/* Is every byte of a page @byte? */
static bool is_all(struct page *page, u8 byte)
{
	const void *addr = kmap_local_page(page);
	bool all = !memchr_inv(addr, byte, PAGE_SIZE);

	kunmap_local(addr);
	return all;
}

static bool is_intact(struct umbra *u, struct page *page)
{
	return umbra_debug_is_intact(u, umbra_page_to_index(u, page));
}

static unsigned long nr_intact(struct umbra *u)
{
	unsigned long nr = 0;
	u32 i;

	for (i = 0; i < u->spans[0].nr_pages; i++)
		nr += is_intact(u, u->spans[0].pages + i);
	return nr;
}

/* Expect that the checker finds the write to @page, and no other error. */
static void expect_found(struct kunit *test, struct umbra *u,
			 struct page *page)
{
	struct umbra_findings v;

	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 1);
	KUNIT_EXPECT_EQ(test, v.first[0].code, FINDING_WRITE);
	KUNIT_EXPECT_EQ(test, v.first[0].index, umbra_page_to_index(u, page));
}

/*
 * Allocate everything. The write to @page must be reported once, and the page
 * must still be given. When it is free again, no trace may be left.
 */
static void expect_reported_once(struct kunit *test, struct umbra *u,
				 struct page *page, unsigned int order)
{
	unsigned long nr_reports = umbra_test_nr_reports(u);
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL, order,
						  &pages), PAGES >> order);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, page), order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), nr_reports + 1);
	umbra_test_give_all(u, &pages);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), nr_reports + 1);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
}

static void free_memory_has_the_pattern(struct kunit *test)
{
	struct umbra *u = memory(test);

	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
}

static void a_write_to_free_memory_is_found(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page = umbra_index_to_page(u, 777);
	u8 *byte = umbra_page_address(u, page);

	KUNIT_ASSERT_NOT_NULL(test, byte);
	umbra_test_judge(test, u);
	byte[PAGE_SIZE - 1]++;
	expect_found(test, u, page);
	byte[PAGE_SIZE - 1]--;
}

static void freed_blocks_get_the_pattern_again(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, c->order);

	KUNIT_EXPECT_TRUE(test, is_intact(u, page));
	write_pages(page, 1 << c->order);
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_zeroed_block_has_no_pattern_left(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL | __GFP_ZERO |
						      __GFP_COMP, c->order);
	unsigned int i;

	for (i = 0; i < 1 << c->order; i++)
		KUNIT_EXPECT_TRUE(test, is_all(page + i, 0));
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

struct write_case {
	const char *name;
	unsigned int page;
	size_t offset;
	unsigned int order;	/* of the blocks that are then allocated */
};

static const struct write_case write_cases[] = {
	{ "first byte, single pages", 0, 0, 0 },
	{ "last byte, single pages", PAGES - 1, PAGE_SIZE - 1, 0 },
	{ "middle, single pages", 700, PAGE_SIZE / 2, 0 },
	{ "first byte of a block", 8, 0, 3 },
	{ "in a tail of a block", 13, 1, 3 },
	{ "in a tail of a largest block", TEST_BLOCK + 1000, 77,
	  UMBRA_MAX_ORDER },
	{ "last byte of a largest block", TEST_BLOCK - 1, PAGE_SIZE - 1,
	  UMBRA_MAX_ORDER },
};

KUNIT_ARRAY_PARAM_DESC(write, write_cases, name);

static void a_write_to_free_memory_is_reported_once(struct kunit *test)
{
	const struct write_case *c = test->param_value;
	struct umbra *u = memory(test);
	struct page *page = u->spans[0].pages + c->page;

	memset_page(page, c->offset, OURS, 1);
	expect_found(test, u, page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	expect_reported_once(test, u,
			     pfn_to_page(ALIGN_DOWN(page_to_pfn(page),
						    1UL << c->order)),
			     c->order);
}

static void each_overwritten_page_is_reported(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 4);

	umbra_free_pages(u, page, 4);
	write_pages(page + 3, 2);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 4);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 2);
	umbra_free_pages(u, page, 4);
}

static void a_write_to_a_cached_page_is_reported_once(struct kunit *test)
{
	struct umbra *u = memory_with_caches(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	write_pages(page, 1);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_PCP, 0);
	KUNIT_EXPECT_TRUE(test, is_intact(u, page));
	memset_page(page, 100, OURS, 1);
	KUNIT_EXPECT_PTR_EQ(test, umbra_test_alloc(test, u, GFP_KERNEL, 0),
			    page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	umbra_free_page(u, page);
	KUNIT_EXPECT_PTR_EQ(test, umbra_test_alloc(test, u, GFP_KERNEL, 0),
			    page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	umbra_free_page(u, page);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
}

static void a_write_to_a_cached_page_is_found_after_a_drain(struct kunit *test)
{
	struct umbra *u = memory_with_caches(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	umbra_free_page(u, page);
	memset_page(page, 100, OURS, 1);
	umbra_drain_pages(u);
	expect_found(test, u, page);
	expect_reported_once(test, u, page, 0);
}

static void a_held_page_keeps_its_contents(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	umbra_test_no_background(u);
	write_pages(page, 1);
	page_ref_inc(page);
	umbra_free_page(u, page);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 0);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_TRUE(test, is_all(page, OURS));
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void only_the_held_page_of_a_block_keeps_its_contents(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 5);

	umbra_test_no_background(u);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, page, 5), 0);
	write_pages(page, 32);
	page_ref_inc(page + 9);
	umbra_free_pages(u, page, 5);
	UMBRA_EXPECT_FRAME(test, u, page + 9, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES - 1);
	KUNIT_EXPECT_TRUE(test, is_all(page + 9, OURS));
	page_ref_dec(page + 9);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_write_to_a_formerly_held_page_is_reported_once(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

	umbra_test_no_background(u);
	page_ref_inc(page);
	umbra_free_page(u, page);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	memset_page(page, PAGE_SIZE - 1, OURS, 1);
	expect_found(test, u, page);
	expect_reported_once(test, u, page, 0);
}

/*
 * Use an instance in every way, without a mistake, so that nothing is reported.
 */
static void use_it_all(struct kunit *test, struct umbra *u)
{
	unsigned long pfn = u->spans[0].base_pfn + 100;
	struct page *pages[BATCH] = {};
	unsigned int order, i;
	struct page *page;
	void *exact;

	for (order = 0; order <= UMBRA_MAX_ORDER; order++) {
		page = umbra_test_alloc(test, u, GFP_KERNEL | __GFP_COMP,
					order);
		write_pages(page, 1 << order);
		umbra_free_pages(u, page, order);
	}
	page = umbra_test_alloc(test, u, GFP_HIGHUSER_MOVABLE, 3);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 3), 0);
	for (i = 0; i < 8; i++) {
		write_pages(page + i, 1);
		umbra_free_page(u, page + i);
	}
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, pfn, pfn + 700,
						       GFP_KERNEL), 0);
	write_pages(pfn_to_page(pfn), 700);
	umbra_free_contig_range(u, pfn, 700);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, pfn, pfn + 30,
						       GFP_KERNEL | __GFP_ZERO),
			0);
	KUNIT_EXPECT_TRUE(test, is_all(pfn_to_page(pfn + 29), 0));
	umbra_free_contig_range(u, pfn, 30);
	exact = umbra_alloc_pages_exact(u, 5 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exact);
	memset(exact, OURS, 5 * PAGE_SIZE);
	umbra_free_pages_exact(u, exact, 5 * PAGE_SIZE);
	/* Single pages, without caches. */
	for (i = 0; i < BATCH; i++)
		umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, BATCH, pages);
	for (i = 0; i < BATCH; i++) {
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		write_pages(pages[i], 1);
	}
	umbra_free_pages_bulk(u, pages, BATCH);
	page = umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE, 2);
	if (page)
		umbra_free_pages(u, page, 2);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES);
}

static void correct_use_is_not_reported(struct kunit *test)
{
	use_it_all(test, memory(test));
}

static void correct_use_with_caches_is_not_reported(struct kunit *test)
{
	use_it_all(test, memory_with_caches(test));
}

static void a_write_to_a_contig_range_is_reported(struct kunit *test)
{
	struct umbra *u = memory(test);
	unsigned long pfn = u->spans[0].base_pfn + 100;

	memset_page(pfn_to_page(pfn + 20), 0, OURS, 1);
	memset_page(pfn_to_page(pfn + 50), 0, OURS, 1);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, pfn, pfn + 50,
						       GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	umbra_free_contig_range(u, pfn, 50);
	expect_found(test, u, pfn_to_page(pfn + 50));
	expect_reported_once(test, u, pfn_to_page(pfn + 50), 0);
}

struct bits_case {
	const char *name;
	unsigned int debug;
	int err;
};

static const struct bits_case bits_cases[] = {
	{ "a pattern without memory", UMBRA_DEBUG_POISON, -EINVAL },
	{ "a pattern without memory, and a guard",
	  UMBRA_DEBUG_POISON | UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS, -EINVAL },
	{ "the first unknown bit", UMBRA_DEBUG_ALL + 1, -EINVAL },
	{ "the last bit", BIT(31), -EINVAL },
	{ "an unknown bit among others", BIT(7) | UMBRA_DEBUG_GUARD,
	  -EINVAL },
	{ "nothing", 0, 0 },
	{ "a guard", UMBRA_DEBUG_GUARD, 0 },
	{ "every reference", UMBRA_DEBUG_REFS, 0 },
	{ "both", UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS, 0 },
};

KUNIT_ARRAY_PARAM_DESC(bits, bits_cases, name);

static int nr_debugging(void)
{
	return static_key_count(&umbra_debug_key.key);
}

static void invalid_debug_bits_are_refused(struct kunit *test)
{
	const struct bits_case *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .debug = c->debug,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, 64), .nr_pages = 64,
	};
	int before = nr_debugging();
	struct umbra *u = umbra_instance_create("test", &layout, &span, 1);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(u), c->err);
	if (!IS_ERR(u)) {
		KUNIT_EXPECT_EQ(test, u->debug, c->debug);
		umbra_instance_stop(u);
		umbra_instance_free(u);
	}
	KUNIT_EXPECT_EQ(test, nr_debugging(), before);
}

static void debug_hooks_are_on_while_an_instance_debugs(struct kunit *test)
{
	struct umbra_layout layout = { .origin = "test", .pb_order = 9 };
	struct page *pages = umbra_test_descriptors(test, 3 * 64);
	struct umbra_span span = { .nr_pages = 64 };
	int before = nr_debugging();
	struct umbra *u[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(u); i++) {
		span.pages = pages + 64 * i;
		layout.debug = i ? UMBRA_DEBUG_GUARD : 0;
		u[i] = umbra_instance_create("test", &layout, &span, 1);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, u[i]);
		KUNIT_EXPECT_EQ(test, nr_debugging() > before, i > 0);
	}
	for (i = ARRAY_SIZE(u); i--;) {
		KUNIT_EXPECT_EQ(test, nr_debugging() > before, i > 0);
		if (IS_ERR(u[i]))
			continue;
		umbra_instance_stop(u[i]);
		umbra_instance_free(u[i]);
	}
	KUNIT_EXPECT_EQ(test, nr_debugging(), before);
	if (!before)
		KUNIT_EXPECT_FALSE(test, static_key_enabled(&umbra_debug_key));
}

static struct umbra *memory_with_everything(struct kunit *test)
{
	struct umbra_layout layout = poisoned;

	layout.debug = UMBRA_DEBUG_ALL;
	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		layout.debug &= ~UMBRA_DEBUG_OWNER;
	layout.pcp_batch = BATCH;
	layout.pcp_high = HIGH;
	return umbra_test_memory(test, &layout, PAGES);
}

static void correct_use_with_all_debugging_is_not_reported(struct kunit *test)
{
	use_it_all(test, memory_with_everything(test));
}

/* On one block: a stray put, a pin that was not announced, and a write. */
static void with_all_debugging_each_mistake_is_reported_once(struct kunit *test)
{
	struct umbra *u = memory_with_everything(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 5);

	umbra_test_no_background(u);
	write_pages(page, 32);
	page_ref_dec(page + 3);
	page_ref_inc(page + 11);
	umbra_free_pages(u, page, 5);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	UMBRA_EXPECT_FRAME(test, u, page + 11, FRAME_HELD, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, nr_intact(u), PAGES - 1);
	page_ref_dec(page + 11);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	umbra_drain_pages(u);
	memset_page(page + 3, 0, OURS, 1);
	expect_found(test, u, page + 3);
	expect_reported_once(test, u, page + 3, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(u), PAGES);
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE(free_memory_has_the_pattern),
	KUNIT_CASE(a_write_to_free_memory_is_found),
	KUNIT_CASE_PARAM(freed_blocks_get_the_pattern_again, order_gen_params),
	KUNIT_CASE_PARAM(a_zeroed_block_has_no_pattern_left, order_gen_params),
	KUNIT_CASE_PARAM(a_write_to_free_memory_is_reported_once,
			 write_gen_params),
	KUNIT_CASE(each_overwritten_page_is_reported),
	KUNIT_CASE(a_write_to_a_cached_page_is_reported_once),
	KUNIT_CASE(a_write_to_a_cached_page_is_found_after_a_drain),
	KUNIT_CASE(a_held_page_keeps_its_contents),
	KUNIT_CASE(only_the_held_page_of_a_block_keeps_its_contents),
	KUNIT_CASE(a_write_to_a_formerly_held_page_is_reported_once),
	KUNIT_CASE(correct_use_is_not_reported),
	KUNIT_CASE(correct_use_with_caches_is_not_reported),
	KUNIT_CASE(a_write_to_a_contig_range_is_reported),
	KUNIT_CASE_PARAM(invalid_debug_bits_are_refused, bits_gen_params),
	KUNIT_CASE(debug_hooks_are_on_while_an_instance_debugs),
	KUNIT_CASE(correct_use_with_all_debugging_is_not_reported),
	KUNIT_CASE(with_all_debugging_each_mistake_is_reported_once),
	{}
};

static struct kunit_suite debug_suite = {
	.name = "umbra_debug",
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
