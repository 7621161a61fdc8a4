// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges that are searched. The expected ranges follow from
 * alloc_contig_frozen_pages() of Linux 7.3: zones in the order of the zonelist,
 * candidates from the lowest page frame number on, at multiples of the size.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/page/pcp.h"
#include "mover.h"
#include "test_util.h"

#define PB 512			/* pages of a pageblock */
#define ZONE (4 * PB)
#define BASE 0x40400		/* a multiple of 2 PB, and not of 4 PB */

/* Frames 0.. are DMA and Normal of node 0, Normal and Movable of node 1. */
static struct umbra *ghost(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = ZONE },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE },
		{ .nid = 1, .type = UMBRA_ZONE_MOVABLE, .nr_frames = ZONE },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones,
						 ARRAY_SIZE(zones), 4 * ZONE);

	umbra_test_no_background(u);
	return u;
}

/* One Normal zone that begins at BASE. */
static struct umbra *at_base(struct kunit *test)
{
	struct umbra_test_span span = { .base_pfn = BASE, .nr_pages = 2 * ZONE };
	struct umbra *u = umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);

	umbra_test_no_background(u);
	return u;
}

/* The index of the first page, freed again; -1 if there is no range. */
static long found(struct umbra *u, unsigned long nr, gfp_t gfp, int nid,
		  const umbra_nodemask_t *nodes)
{
	struct page *page = umbra_alloc_contig_pages(u, nr, gfp, nid, nodes);

	if (!page)
		return -1;
	umbra_free_contig_pages(u, page, nr);
	return umbra_page_to_index(u, page);
}

struct zone_case {
	const char *name;
	gfp_t gfp;
	int nid;
	umbra_nodemask_t nodes;
	unsigned int used;	/* zones that are in use; bit n for the nth */
	long zone;		/* the one with the range, or -1 */
};

static const struct zone_case zone_cases[] = {
	{ "highest zone first", GFP_KERNEL, 0, ~0U, 0, 1 },
	{ "lower zone next", GFP_KERNEL, 0, ~0U, 0x2, 0 },
	{ "then the other node", GFP_KERNEL, 0, ~0U, 0x3, 2 },
	{ "not a zone above", GFP_KERNEL, 0, ~0U, 0x7, -1 },
	{ "not a node but this", GFP_KERNEL | __GFP_THISNODE, 0, ~0U, 0x3, -1 },
	{ "preferred node", GFP_KERNEL, 1, ~0U, 0, 2 },
	{ "movable zone", GFP_HIGHUSER_MOVABLE, 1, ~0U, 0, 3 },
	{ "zone of the flags", GFP_KERNEL | __GFP_DMA, 0, ~0U, 0, 0 },
	{ "nodes of the mask", GFP_KERNEL, 0, BIT(1), 0, 2 },
	{ "no node of the mask", GFP_KERNEL | __GFP_THISNODE, 0, BIT(1), 0, -1 },
};

KUNIT_ARRAY_PARAM_DESC(zone, zone_cases, name);

static void zones_are_searched_in_the_order_of_the_zonelist(struct kunit *test)
{
	const struct zone_case *c = test->param_value;
	struct umbra *u = ghost(test);
	unsigned int i;
	int err = 0;

	for (i = 0; i < 4; i++)
		if (c->used & BIT(i))
			err |= umbra_alloc_contig_range(u, i * ZONE,
							(i + 1) * ZONE,
							GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, found(u, PB, c->gfp, c->nid,
				    c->nodes == ~0U ? NULL : &c->nodes),
			c->zone < 0 ? -1 : c->zone * ZONE);
	for (i = 0; i < 4; i++)
		if (c->used & BIT(i))
			umbra_free_contig_range(u, i * ZONE, ZONE);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 4 * ZONE);
}

struct size_case {
	unsigned long nr;
	long first;		/* distance from BASE, or -1 */
};

/* ALIGN() as the host uses it, also for sizes that are no power of two */
static const struct size_case sizes[] = {
	{ 1, 0 },
	{ 2 * PB, 0 },
	{ 4 * PB, 2 * PB },
	{ 3 * PB, 2 * PB },
	{ 3 * PB + 1, 2 * PB },
	{ 8 * PB, -1 },
	{ 100, 0 },
	{ SZ_1G, -1 },
	{ 0, -1 },
};

static void size_desc(const struct size_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages", c->nr);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static void a_range_is_aligned_to_its_size(struct kunit *test)
{
	const struct size_case *c = test->param_value;
	struct umbra *u = at_base(test);

	KUNIT_EXPECT_EQ(test, found(u, c->nr, GFP_KERNEL, 0, NULL), c->first);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 2 * ZONE);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void each_page_of_a_range_is_a_block(struct kunit *test)
{
	struct umbra *u = at_base(test);
	struct page *page = umbra_alloc_contig_pages(u, 3, GFP_KERNEL, -1, NULL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 2 * ZONE - 3);
	for (i = 0; i < 3; i++) {
		UMBRA_EXPECT_FRAME(test, u, page + i, FRAME_ALLOC, 0);
		umbra_free_page(u, page + i);
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 2 * ZONE);
	umbra_free_contig_pages(u, page, 1);
	umbra_free_contig_pages(u, page - 1, 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 2);
}

/* An obstacle of each kind in one of the first ranges; the next one is taken. */
static void ranges_that_cannot_be_had_are_passed_over(struct kunit *test)
{
	struct umbra *u = at_base(test);
	struct page *page = umbra_test_take_at(test, u, PB - 1, 0);

	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, BASE + PB,
						  BASE + PB + 1), 0);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, BASE + 2 * PB,
						       BASE + 3 * PB,
						       GFP_KERNEL), 0);
	u->pageblocks[2].type = UMBRA_CMA;
	umbra_free_contig_range(u, BASE + 2 * PB, PB);
	SetPageHWPoison(umbra_index_to_page(u, 3 * PB + 7));
	umbra_hwpoison_pfn(u, BASE + 3 * PB + 7);

	KUNIT_EXPECT_EQ(test, found(u, PB, GFP_KERNEL, 0, NULL), 4 * PB);
	KUNIT_EXPECT_EQ(test, found(u, 8, GFP_KERNEL, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, found(u, 4 * PB, GFP_KERNEL, 0, NULL), -1);
	umbra_free_page(u, page);
	umbra_unisolate_range(u, BASE + PB, BASE + PB + 1);
	KUNIT_EXPECT_EQ(test, found(u, 2 * PB, GFP_KERNEL, 0, NULL), 0);
	ClearPageHWPoison(umbra_index_to_page(u, 3 * PB + 7));
}

/* At first the owner refuses. */
static void movable_blocks_are_moved_out_of_a_range(struct kunit *test)
{
	struct umbra *u = at_base(test);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_mover_add(test, m, umbra_test_take_at(test, u, 8, 3), 3);
	m->deny = true;
	KUNIT_EXPECT_EQ(test, found(u, 2 * PB, GFP_KERNEL, 0, NULL), 2 * PB);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 0);
	m->deny = false;
	KUNIT_EXPECT_EQ(test, found(u, 2 * PB, GFP_KERNEL, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

struct refused_case {
	const char *name;
	gfp_t gfp;
	int nid;
};

static const struct refused_case refused_cases[] = {
	{ "compound", GFP_KERNEL | __GFP_COMP, 0 },
	{ "no failure", GFP_KERNEL | __GFP_NOFAIL, 0 },
	{ "no retry", GFP_KERNEL | __GFP_NORETRY, 0 },
	{ "two zones", GFP_KERNEL | __GFP_DMA | __GFP_DMA32, 0 },
	{ "no such node", GFP_KERNEL, 2 },
};

KUNIT_ARRAY_PARAM_DESC(refused, refused_cases, name);

static void a_wrong_request_is_reported_once(struct kunit *test)
{
	const struct refused_case *c = test->param_value;
	struct umbra *u = ghost(test);

	KUNIT_EXPECT_EQ(test, found(u, PB, c->gfp, c->nid, NULL), -1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 4 * ZONE);
}

static void a_range_is_zeroed(struct kunit *test)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.has_memory = true,
	};
	struct umbra *u = umbra_test_memory(test, &layout, TEST_BLOCK);
	struct page *page;
	unsigned int i;

	page = umbra_alloc_contig_pages(u, 2, GFP_KERNEL, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	memset(umbra_page_address(u, page), 1, 2 * PAGE_SIZE);
	umbra_free_contig_pages(u, page, 2);
	page = umbra_alloc_contig_pages(u, 2, GFP_KERNEL | __GFP_ZERO, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(umbra_page_address(u, page + i),
						   0, PAGE_SIZE));
	umbra_free_contig_pages(u, page, 2);
}

static struct kunit_case contig_pages_cases[] = {
	KUNIT_CASE_PARAM(zones_are_searched_in_the_order_of_the_zonelist,
			 zone_gen_params),
	KUNIT_CASE_PARAM(a_range_is_aligned_to_its_size, size_gen_params),
	KUNIT_CASE(each_page_of_a_range_is_a_block),
	KUNIT_CASE(ranges_that_cannot_be_had_are_passed_over),
	KUNIT_CASE(movable_blocks_are_moved_out_of_a_range),
	KUNIT_CASE_PARAM(a_wrong_request_is_reported_once, refused_gen_params),
	KUNIT_CASE(a_range_is_zeroed),
	{}
};

static struct kunit_suite contig_pages_suite = {
	.name = "umbra_contig_pages",
	.test_cases = contig_pages_cases,
};

kunit_test_suite(contig_pages_suite);
