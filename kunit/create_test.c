// SPDX-License-Identifier: GPL-2.0
/* Instances that other modules create: use side by side, and destruction. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/page/pcp.h"
#include "../src/provider/provider.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define MAX_LOST 32

/* Pages for a test. They must have no other reference when the test ends. */
static struct umbra_region *region(struct kunit *test, const char *provider,
				   unsigned long nr_pages)
{
	struct umbra_region *region;
	int err = umbra_test_region(test, provider, nr_pages, &region);

	if (err)
		kunit_skip(test, "no %lu pages from %s: error %d", nr_pages,
			   provider, err);
	return region;
}

/* Pages that an instance did not give back. */
struct lost {
	unsigned int nr;
	struct page *pages[MAX_LOST];
};

static void note_lost(void *arg, struct page *page)
{
	struct lost *lost = arg;

	if (lost->nr < MAX_LOST)
		lost->pages[lost->nr] = page;
	lost->nr++;
}

static bool is_lost(const struct lost *lost, const struct page *page)
{
	unsigned int i;

	for (i = 0; i < lost->nr && i < MAX_LOST; i++)
		if (lost->pages[i] == page)
			return true;
	return false;
}

static void expect_nothing_lost(struct kunit *test, struct umbra *u)
{
	struct lost lost = {};

	KUNIT_EXPECT_EQ(test, umbra_destroy(u, note_lost, &lost), 0);
	KUNIT_EXPECT_EQ(test, lost.nr, 0);
}

/* An instance with default layout, over descriptors without memory. */
static struct umbra *create_ghost(const char *name, struct umbra_region *r)
{
	const struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER,
	};

	return umbra_create(name, &layout, r->spans, r->nr_spans);
}

static bool is_all(struct page *page, unsigned int nr, u8 byte)
{
	bool all = true;

	while (nr-- && all) {
		const void *addr = kmap_local_page(page + nr);

		all = !memchr_inv(addr, byte, PAGE_SIZE);
		kunmap_local(addr);
	}
	return all;
}

struct side {
	struct umbra *u;
	struct umbra_region *region;
	struct page *page;
};

/* Each instance fills all its pages and must find them unchanged. */
static void instances_over_real_pages_do_not_share_pages(struct kunit *test)
{
	static const char * const names[] = { "test-a", "test-b", "test-c" };
	struct side sides[ARRAY_SIZE(names)] = {};
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .has_memory = true,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sides); i++)
		sides[i].region = region(test, "contig", PAGES);
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		struct side *s = &sides[i];

		s->u = umbra_create(names[i], &layout, s->region->spans,
				    s->region->nr_spans);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, s->u);
		if (IS_ERR(s->u))
			continue;
		s->page = umbra_alloc_pages(s->u, GFP_KERNEL, UMBRA_MAX_ORDER);
		for (j = 0; s->page && j < PAGES; j++)
			memset_page(s->page + j, 0, i + 1, PAGE_SIZE);
	}
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		struct side *s = &sides[i];
		struct umbra *other = sides[(i + 1) % ARRAY_SIZE(sides)].u;

		if (IS_ERR(s->u))
			continue;
		KUNIT_EXPECT_PTR_EQ(test, s->page, s->region->spans[0].pages);
		if (s->page) {
			KUNIT_EXPECT_TRUE(test, is_all(s->page, PAGES, i + 1));
			if (!IS_ERR(other))
				umbra_test_expect_refused(test, other, s->page,
							  UMBRA_MAX_ORDER);
			umbra_free_pages(s->u, s->page, UMBRA_MAX_ORDER);
		}
	}
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		if (IS_ERR(sides[i].u))
			continue;
		umbra_test_judge(test, sides[i].u);
		expect_nothing_lost(test, sides[i].u);
	}
}

struct name_case {
	const char *name;
	int err;
};

static const struct name_case name_cases[] = {
	{ "", -EINVAL },
	{ "/", -EINVAL },
	{ "a/b", -EINVAL },
	{ "test/", -EINVAL },
	{ "../test", -EINVAL },
	{ "of 16 character", 0 },
	{ "of 16 characters", -EINVAL },
	{ "of far more than 16 characters", -EINVAL },
	{ "t", 0 },
};

static void name_desc(const struct name_case *c, char *desc)
{
	strscpy(desc, *c->name ? c->name : "empty", KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '/', '|');
}

KUNIT_ARRAY_PARAM(name, name_cases, name_desc);

static void an_invalid_name_is_refused(struct kunit *test)
{
	const struct name_case *c = test->param_value;
	struct umbra *u = create_ghost(c->name, region(test, "ghost", 64));

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(u), c->err);
	if (IS_ERR(u))
		return;
	KUNIT_EXPECT_STREQ(test, u->name, c->name);
	expect_nothing_lost(test, u);
}

static void a_name_can_be_used_again(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", 64);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct umbra *u = create_ghost("test-again", r);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 64);
		expect_nothing_lost(test, u);
	}
}

static void pages_that_are_in_use_are_lost(struct kunit *test)
{
	struct umbra_region *r = region(test, "contig", PAGES);
	struct umbra_layout layout;
	struct page *block, *pinned, *tails;
	struct lost lost = {};
	struct umbra *u;
	unsigned int i;

	umbra_layout_init(&layout);
	u = umbra_create("test-lost", &layout, r->spans, r->nr_spans);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	block = umbra_alloc_pages(u, GFP_KERNEL, 3);
	pinned = umbra_alloc_page(u, GFP_KERNEL);
	tails = umbra_alloc_pages(u, GFP_KERNEL, 4);
	if (pinned) {
		page_ref_inc(pinned);
		umbra_free_page(u, pinned);
	}
	if (tails) {
		KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, tails, 4), 0);
		page_ref_inc(tails + 15);
		umbra_free_pages(u, tails, 4);
	}
	KUNIT_EXPECT_EQ(test, umbra_destroy(u, note_lost, &lost),
			(block ? 8 : 0) + !!pinned + !!tails);
	KUNIT_EXPECT_EQ(test, lost.nr, (block ? 8 : 0) + !!pinned + !!tails);
	for (i = 0; block && i < 8; i++)
		KUNIT_EXPECT_TRUE(test, is_lost(&lost, block + i));
	if (pinned) {
		KUNIT_EXPECT_TRUE(test, is_lost(&lost, pinned));
		page_ref_dec(pinned);
	}
	if (tails) {
		KUNIT_EXPECT_TRUE(test, is_lost(&lost, tails + 15));
		KUNIT_EXPECT_FALSE(test, is_lost(&lost, tails + 14));
		page_ref_dec(tails + 15);
	}
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_NOT_NULL(test, pinned);
	KUNIT_EXPECT_NOT_NULL(test, tails);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(r->spans[0].pages + i), 1);
}

static void held_pages_without_references_are_not_lost(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", 64);
	struct umbra *u = create_ghost("test-back", r);
	struct page *page;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	page = umbra_alloc_page(u, GFP_KERNEL);
	if (page) {
		page_ref_inc(page);
		umbra_free_page(u, page);
		page_ref_dec(page);
	}
	KUNIT_EXPECT_NOT_NULL(test, page);
	expect_nothing_lost(test, u);
}

/*
 * The base reference is dropped: the host owns the page, so it must stay
 * unused.
 */
static void pages_without_their_base_reference_are_lost(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", 64);
	struct umbra *u = create_ghost("test-stray", r);
	struct lost lost = {};
	struct page *page;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	page = umbra_alloc_page(u, GFP_KERNEL);
	if (page) {
		page_ref_dec(page);
		umbra_free_page(u, page);
	}
	KUNIT_EXPECT_EQ(test, umbra_destroy(u, note_lost, &lost), 1);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, lost.pages[0], page);
	page_ref_inc(page);
}

static void pages_that_failed_are_lost(struct kunit *test)
{
	struct lost lost = {};
	struct umbra_region *r;
	struct umbra *u;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	r = region(test, "ghost", 64);
	u = create_ghost("test-failed", r);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	SetPageHWPoison(r->spans[0].pages + 9);
	umbra_hwpoison_scan(u);
	KUNIT_EXPECT_EQ(test, umbra_destroy(u, note_lost, &lost), 1);
	KUNIT_EXPECT_PTR_EQ(test, lost.pages[0], r->spans[0].pages + 9);
}

static void pages_in_caches_are_not_lost(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", PAGES);
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 8,
		.pcp_high = 64,
	};
	struct umbra *u = umbra_create("test-cached", &layout, r->spans,
				       r->nr_spans);
	struct page *page;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	page = umbra_alloc_page(u, GFP_KERNEL);
	if (page)
		umbra_free_page(u, page);
	KUNIT_EXPECT_GT(test, umbra_pcp_count(u->zones, -1), 0);
	expect_nothing_lost(test, u);
}

static void the_default_layout_matches_the_host(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", 64 * TEST_BLOCK);
	struct umbra_layout layout;
	struct umbra_info info;
	struct umbra *u;

	memset(&layout, 0xff, sizeof(layout));
	umbra_layout_init(&layout);
	KUNIT_EXPECT_TRUE(test, layout.has_memory);
	KUNIT_EXPECT_EQ(test, layout.nr_zones, 0);
	KUNIT_EXPECT_EQ(test, layout.debug, 0);
	KUNIT_EXPECT_NULL(test, layout.policy);
	KUNIT_EXPECT_EQ(test, layout.min_free_kbytes, UMBRA_AUTO);
	KUNIT_EXPECT_EQ(test, layout.watermark_scale_factor, 10);
	KUNIT_EXPECT_EQ(test, layout.watermark_boost_factor, 15000);
	KUNIT_EXPECT_EQ(test, layout.lowmem_reserve_ratio[UMBRA_ZONE_DMA], 256);
	KUNIT_EXPECT_EQ(test, layout.lowmem_reserve_ratio[UMBRA_ZONE_NORMAL],
			32);
	KUNIT_EXPECT_EQ(test, layout.dirty_limit, 20);

	layout.has_memory = false;
	u = umbra_create("test-host", &layout, r->spans, r->nr_spans);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	umbra_get_info(u, &info);
	KUNIT_EXPECT_EQ(test, info.nr_pages, 64 * TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, info.nr_free, info.nr_pages);
	KUNIT_EXPECT_EQ(test, info.nr_nodes, 1);
	KUNIT_EXPECT_EQ(test, info.pb_order, 9);
	KUNIT_EXPECT_STREQ(test, u->zones->name, "Normal");
	KUNIT_EXPECT_GT(test, u->min_free_kbytes, 0);
	KUNIT_EXPECT_GT(test, umbra_mark(u->zones, UMBRA_WMARK_MIN), 0);
	KUNIT_EXPECT_GT(test, umbra_mark(u->zones, UMBRA_WMARK_LOW),
			umbra_mark(u->zones, UMBRA_WMARK_MIN));
	KUNIT_EXPECT_GT(test, u->zones->pcp_batch, 0);
	KUNIT_EXPECT_GT(test, u->zones->pcp_high_max, 0);
	expect_nothing_lost(test, u);
}

static void a_refused_instance_leaves_its_pages_alone(struct kunit *test)
{
	struct umbra_region *r = region(test, "ghost", 64);
	struct page *page = r->spans[0].pages + 40;
	struct umbra *u;
	unsigned int i;

	page_ref_inc(page);
	u = create_ghost("test-busy", r);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(u), -EBUSY);
	if (!IS_ERR(u))
		expect_nothing_lost(test, u);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(r->spans[0].pages + i), 1);
	u = create_ghost("test-busy", r);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	expect_nothing_lost(test, u);
}

static struct kunit_case create_cases[] = {
	KUNIT_CASE(instances_over_real_pages_do_not_share_pages),
	KUNIT_CASE_PARAM(an_invalid_name_is_refused, name_gen_params),
	KUNIT_CASE(a_name_can_be_used_again),
	KUNIT_CASE(pages_that_are_in_use_are_lost),
	KUNIT_CASE(held_pages_without_references_are_not_lost),
	KUNIT_CASE(pages_without_their_base_reference_are_lost),
	KUNIT_CASE(pages_that_failed_are_lost),
	KUNIT_CASE(pages_in_caches_are_not_lost),
	KUNIT_CASE(the_default_layout_matches_the_host),
	KUNIT_CASE(a_refused_instance_leaves_its_pages_alone),
	{}
};

static struct kunit_suite create_suite = {
	.name = "umbra_create",
	.test_cases = create_cases,
};

kunit_test_suite(create_suite);
