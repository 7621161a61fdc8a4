// SPDX-License-Identifier: GPL-2.0
/* The public functions, over real memory. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/held.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)

/* Node 0 has three zones, node 1 has one. Each zone is one largest block. */
static const struct umbra_zone_layout zones[] = {
	{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = TEST_BLOCK },
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
	{ .nid = 0, .type = UMBRA_ZONE_HIGHMEM, .nr_frames = TEST_BLOCK },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
};

static const struct umbra_layout layout = {
	.origin = "test",
	.pb_order = TEST_PB_ORDER,
	.nr_zones = ARRAY_SIZE(zones),
	.zones = zones,
	.pcp_batch = 8,
	.pcp_high = 64,
};

static struct umbra *memory(struct kunit *test)
{
	struct umbra_layout real = layout;

	real.has_memory = true;
	return umbra_test_memory(test, &real, PAGES);
}

static struct umbra *ghost(struct kunit *test)
{
	return umbra_test_ghost_layout(test, &layout, PAGES);
}

/* Free pages and cached pages. */
static unsigned long nr_idle(struct umbra *u)
{
	umbra_drain_pages(u);
	return umbra_test_nr_free(u);
}

static void blocks_of_every_order_are_allocated_and_freed(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = memory(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, c->order);
	void *addr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	addr = umbra_page_address(u, page);
	KUNIT_EXPECT_PTR_EQ(test, addr, page_address(page));
	KUNIT_EXPECT_EQ(test, (unsigned long)addr %
			(PAGE_SIZE << c->order), 0);
	memset(addr, 0x5a, PAGE_SIZE << c->order);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES - (1UL << c->order));
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void too_large_a_block_is_reported(struct kunit *test)
{
	struct umbra *u = ghost(test);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL,
						  UMBRA_MAX_ORDER + 1));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
}

static void a_page_is_a_block_of_order_0(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, page), 0);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, page), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_page_comes_from_the_requested_node(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *whole, *page;
	int nid;

	for (nid = 0; nid < 2; nid++) {
		page = umbra_alloc_pages_node(u, nid, GFP_KERNEL, 2);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), nid);
		umbra_free_pages(u, page, 2);
	}
	umbra_drain_pages(u);
	whole = umbra_alloc_pages_node(u, 1, GFP_KERNEL, UMBRA_MAX_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	page = umbra_alloc_pages_node(u, 1, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 1, GFP_KERNEL |
						       __GFP_THISNODE |
						       __GFP_NOWARN, 0));
	umbra_free_page(u, page);
	umbra_free_pages(u, whole, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 2, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
}

static void a_page_comes_from_the_nodes_of_the_mask(struct kunit *test)
{
	struct umbra *u = ghost(test);
	umbra_nodemask_t mask = BIT(1), none = BIT(5);
	struct page *page;

	page = umbra_alloc_pages_nodemask(u, GFP_KERNEL, 0, 0, &mask);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	umbra_free_page(u, page);
	page = umbra_alloc_pages_nodemask(u, GFP_KERNEL, 0, 1, NULL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	umbra_free_page(u, page);
	/* A request that can wait must obey the mask too. */
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nodemask(u, GFP_KERNEL |
							   __GFP_NOWARN, 0, 0,
							   &none));
}

static void an_address_never_comes_from_highmem(struct kunit *test)
{
	struct umbra *u = memory(test);
	unsigned long addr = umbra_get_free_pages(u, GFP_KERNEL | __GFP_HIGHMEM,
						  3);
	struct page *page;

	KUNIT_ASSERT_NE(test, addr, 0);
	page = virt_to_page((void *)addr);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, page), 3);
	KUNIT_EXPECT_NE(test, umbra_page_zone(u, page), UMBRA_ZONE_HIGHMEM);
	memset((void *)addr, 1, 8 * PAGE_SIZE);
	umbra_free_addr(u, addr, 3);

	addr = umbra_get_free_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, virt_to_page((void *)addr)),
			0);
	umbra_free_addr(u, addr, 0);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void ghost_pages_have_no_addresses(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, umbra_get_free_pages(u, GFP_KERNEL, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_get_zeroed_page(u, GFP_KERNEL), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_exact(u, PAGE_SIZE,
							GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, umbra_page_address(u, page));
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void a_zeroed_page_is_zero(struct kunit *test)
{
	struct umbra *u = memory(test);
	unsigned long addr, again;

	umbra_test_one_cpu(test);
	/* The page must not be zero before it is allocated with __GFP_ZERO. */
	addr = umbra_get_free_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NE(test, addr, 0);
	memset((void *)addr, 0xff, PAGE_SIZE);
	umbra_free_addr(u, addr, 0);
	again = umbra_get_zeroed_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NE(test, again, 0);
	KUNIT_EXPECT_EQ(test, again, addr);
	KUNIT_EXPECT_NULL(test, memchr_inv((void *)again, 0, PAGE_SIZE));
	umbra_free_addr(u, again, 0);
}

static void dma_pages_come_from_the_dma_zone(struct kunit *test)
{
	struct umbra *u = memory(test);
	unsigned long addr = umbra_get_dma_pages(u, GFP_KERNEL, 2);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, virt_to_page((void *)addr)),
			UMBRA_ZONE_DMA);
	umbra_free_addr(u, addr, 2);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_get_dma_pages(u, GFP_KERNEL | __GFP_HIGHMEM,
						  0), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
}

static void a_wrong_address_is_reported(struct kunit *test)
{
	struct umbra *u = memory(test);
	unsigned long addr = umbra_get_free_pages(u, GFP_KERNEL, 1);
	void *foreign = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NE(test, addr, 0);
	umbra_free_addr(u, 0, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	umbra_free_addr(u, (unsigned long)foreign, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	umbra_free_addr(u, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 2);
	umbra_free_addr(u, addr + PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 3);
	umbra_free_addr(u, addr, 1);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

struct exact_case {
	const char *name;
	size_t size;
	unsigned long pages;	/* 0: refused */
};

static const struct exact_case exact_cases[] = {
	{ "nothing", 0, 0 },
	{ "a byte", 1, 1 },
	{ "a page", PAGE_SIZE, 1 },
	{ "a page and a byte", PAGE_SIZE + 1, 2 },
	{ "five pages and a half", 5 * PAGE_SIZE + PAGE_SIZE / 2, 6 },
	{ "the largest block less a page", (TEST_BLOCK - 1) * PAGE_SIZE,
	  TEST_BLOCK - 1 },
	{ "the largest block", TEST_BLOCK * PAGE_SIZE, TEST_BLOCK },
	{ "the largest block and a byte", TEST_BLOCK * PAGE_SIZE + 1, 0 },
	{ "SIZE_MAX bytes", SIZE_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(exact, exact_cases, name);

static void an_exact_allocation_takes_only_the_pages_needed(struct kunit *test)
{
	const struct exact_case *c = test->param_value;
	struct umbra *u = memory(test);
	void *addr = umbra_alloc_pages_exact(u, c->size, GFP_KERNEL);
	unsigned long i;

	KUNIT_EXPECT_EQ(test, !addr, !c->pages);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES - c->pages);
	if (!addr)
		return;
	memset(addr, 0x77, c->size);
	for (i = 0; i < c->pages; i++)
		KUNIT_EXPECT_EQ(test, umbra_page_order(u, virt_to_page(addr +
							i * PAGE_SIZE)), 0);
	umbra_free_pages_exact(u, addr, c->size);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

struct exact_nid_case {
	const char *name;
	gfp_t gfp;
	int nid;
	bool full;		/* the zone of node 1 */
	int node;		/* that the pages are on, or -1 */
};

static const struct exact_nid_case exact_nid_cases[] = {
	{ "node 0", GFP_KERNEL, 0, false, 0 },
	{ "node 1", GFP_KERNEL, 1, false, 1 },
	{ "no highmem", GFP_HIGHUSER, 0, false, 0 },
	{ "falls back", GFP_KERNEL, 1, true, 0 },
	{ "this node", GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 1, true, -1 },
	{ "no such node", GFP_KERNEL, 2, false, -1 },
};

KUNIT_ARRAY_PARAM_DESC(exact_nid, exact_nid_cases, name);

/* As alloc_pages_exact_nid() of Linux 7.3: the node is preferred. */
static void an_exact_allocation_has_a_preferred_node(struct kunit *test)
{
	const struct exact_nid_case *c = test->param_value;
	struct umbra *u = memory(test);
	struct page *whole = NULL;
	void *addr;

	if (c->full)
		whole = umbra_alloc_pages_node(u, 1, GFP_KERNEL | __GFP_THISNODE,
					       UMBRA_MAX_ORDER);
	addr = umbra_alloc_pages_exact_nid(u, c->nid, 3 * PAGE_SIZE, c->gfp);
	KUNIT_EXPECT_EQ(test, !addr, c->node < 0);
	if (addr) {
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, virt_to_page(addr)),
				c->node);
		KUNIT_EXPECT_NE(test, umbra_page_zone(u, virt_to_page(addr)),
				UMBRA_ZONE_HIGHMEM);
		KUNIT_EXPECT_EQ(test, umbra_page_order(u, virt_to_page(addr)), 0);
		umbra_free_pages_exact(u, addr, 3 * PAGE_SIZE);
	}
	if (whole)
		umbra_free_pages(u, whole, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), c->nid == 2);
}

static void an_exact_allocation_cannot_be_compound(struct kunit *test)
{
	struct umbra *u = memory(test);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_exact(u, 3 * PAGE_SIZE,
							GFP_KERNEL |
							__GFP_COMP));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void a_block_that_is_split_is_freed_page_by_page(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct page *page = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE,
					      c->order);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, c->order + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, c->order), 0);
	for (i = 0; i < 1UL << c->order; i++) {
		UMBRA_EXPECT_FRAME(test, u, page + i, FRAME_MOVABLE, 0);
		umbra_free_page(u, page + i);
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, c->order), -EINVAL);
}

static void a_compound_page_is_not_split(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_COMP, 2);
	struct page foreign;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, &foreign, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, page), 2);
	umbra_free_pages(u, page, 2);
}

static void tails_of_a_compound_page_have_its_head(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *comp, *plain;

	comp = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE | __GFP_COMP, 3);
	plain = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, 3);
	KUNIT_ASSERT_NOT_NULL(test, comp);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	umbra_test_expect_block(test, u, comp, 3, true);
	umbra_test_expect_block(test, u, plain, 3, false);
	/* An exposed block stays compound and movable. */
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(u, comp, 3), 0);
	UMBRA_EXPECT_FRAME(test, u, comp,
			   FRAME_MOVABLE | FRAME_COMP | FRAME_EXPOSED, 3);
	KUNIT_EXPECT_PTR_EQ(test, umbra_compound_head(u, comp + 7), comp);
	page_ref_inc(comp + 5);
	umbra_free_pages(u, comp, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	page_ref_dec(comp + 5);
	umbra_free_pages(u, plain, 3);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void a_page_knows_its_zone_and_node(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page foreign = {}, *page;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		page = umbra_index_to_page(u, i * TEST_BLOCK + 5);
		KUNIT_EXPECT_EQ(test, umbra_page_zone(u, page), zones[i].type);
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), zones[i].nid);
		KUNIT_EXPECT_PTR_EQ(test, umbra_page_address(u, page),
				    zones[i].type == UMBRA_ZONE_HIGHMEM ? NULL :
				    page_address(page));
	}
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, &foreign), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, &foreign), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_page_order(u, &foreign), -EINVAL);
	KUNIT_EXPECT_NULL(test, umbra_page_address(u, &foreign));
	KUNIT_EXPECT_PTR_EQ(test, umbra_compound_head(u, &foreign), &foreign);
}

static void a_nolock_allocation_is_compound_and_zeroed(struct kunit *test)
{
	struct umbra *u = memory(test);
	struct page *page;
	void *addr;

	umbra_test_one_cpu(test);
	page = umbra_alloc_pages_nolock(u, 0, 1, 2);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	KUNIT_EXPECT_PTR_EQ(test, umbra_compound_head(u, page + 3), page);
	addr = umbra_page_address(u, page);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, 4 * PAGE_SIZE));
	memset(addr, 0xee, 4 * PAGE_SIZE);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages_nolock(u, 0, 1, 2), page);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, 4 * PAGE_SIZE));
	umbra_free_pages(u, page, 2);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nolock(u, 0, 0, 4));
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nolock(u, 0, 2, 0));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

#define BULK 200

static void a_bulk_allocation_fills_the_holes_of_an_array(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page **pages, *own;
	unsigned int i, j;

	pages = kunit_kcalloc(test, BULK, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	own = umbra_alloc_pages(u, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, own);
	for (i = 0; i < BULK; i += 3)
		pages[i] = own;
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 1, NULL,
						     BULK, pages), BULK);
	for (i = 0; i < BULK; i++) {
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		KUNIT_EXPECT_EQ(test, pages[i] == own, i % 3 == 0);
		if (pages[i] == own) {
			pages[i] = NULL;
			continue;
		}
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, pages[i]), 1);
		UMBRA_EXPECT_FRAME(test, u, pages[i], FRAME_ALLOC, 0);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, pages[i], pages[j]);
	}
	umbra_free_page(u, own);
	umbra_free_pages_bulk(u, pages, BULK);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void a_bulk_allocation_takes_no_more_than_it_needs(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *own = umbra_alloc_pages(u, GFP_KERNEL, 0);
	struct page *pages[40] = {};
	unsigned long taken, freed;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, own);
	for (i = 0; i < ARRAY_SIZE(pages); i += 2)
		pages[i] = own;
	taken = umbra_test_events(u, EVENT_PGALLOC);
	freed = umbra_test_events(u, EVENT_PGFREE);
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 1, NULL,
						     ARRAY_SIZE(pages), pages),
			ARRAY_SIZE(pages));
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGALLOC),
			taken + ARRAY_SIZE(pages) / 2);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGFREE), freed);
	for (i = 0; i < ARRAY_SIZE(pages); i += 2)
		pages[i] = NULL;
	umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
	umbra_free_page(u, own);
}

static void a_bulk_allocation_uses_only_its_nodes(struct kunit *test)
{
	struct umbra *u = ghost(test);
	umbra_nodemask_t mask = BIT(0);
	struct page *pages[20] = {};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 1, &mask,
						     20, pages), 20);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, pages[i]), 0);
	umbra_free_pages_bulk(u, pages, 20);
}

/*
 * If a zone has fewer blocks than asked for, the allocation takes pages one by
 * one.
 */
static void a_bulk_allocation_returns_the_pages_there_are(struct kunit *test)
{
	struct umbra *u = ghost(test);
	gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN;
	struct page **pages;
	unsigned long filled = 0, last;
	unsigned int calls = 0;

	pages = kunit_kcalloc(test, 2 * TEST_BLOCK, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	do {
		last = filled;
		filled = umbra_alloc_pages_bulk(u, gfp, 1, NULL,
						2 * TEST_BLOCK, pages);
		KUNIT_ASSERT_GE(test, filled, last);
		calls++;
	} while (filled > last);
	KUNIT_EXPECT_EQ(test, filled, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, calls, TEST_BLOCK + 1);
	KUNIT_EXPECT_NULL(test, pages[TEST_BLOCK]);
	umbra_free_pages_bulk(u, pages, 2 * TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, nr_idle(u), PAGES);
}

static void a_bulk_allocation_leaves_a_full_array_alone(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[4], *own = umbra_alloc_page(u, GFP_KERNEL);
	unsigned long idle;

	KUNIT_ASSERT_NOT_NULL(test, own);
	pages[0] = own;
	pages[1] = own;
	pages[2] = own;
	pages[3] = own;
	idle = nr_idle(u);
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 4,
						     pages), 4);
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 0,
						     pages), 0);
	KUNIT_EXPECT_EQ(test, nr_idle(u), idle);
	umbra_free_page(u, own);
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE_PARAM(blocks_of_every_order_are_allocated_and_freed,
			 order_gen_params),
	KUNIT_CASE(too_large_a_block_is_reported),
	KUNIT_CASE(a_page_is_a_block_of_order_0),
	KUNIT_CASE(a_page_comes_from_the_requested_node),
	KUNIT_CASE(a_page_comes_from_the_nodes_of_the_mask),
	KUNIT_CASE(an_address_never_comes_from_highmem),
	KUNIT_CASE(ghost_pages_have_no_addresses),
	KUNIT_CASE(a_zeroed_page_is_zero),
	KUNIT_CASE(dma_pages_come_from_the_dma_zone),
	KUNIT_CASE(a_wrong_address_is_reported),
	KUNIT_CASE_PARAM(an_exact_allocation_takes_only_the_pages_needed,
			 exact_gen_params),
	KUNIT_CASE_PARAM(an_exact_allocation_has_a_preferred_node,
			 exact_nid_gen_params),
	KUNIT_CASE(an_exact_allocation_cannot_be_compound),
	KUNIT_CASE_PARAM(a_block_that_is_split_is_freed_page_by_page,
			 order_gen_params),
	KUNIT_CASE(a_compound_page_is_not_split),
	KUNIT_CASE(tails_of_a_compound_page_have_its_head),
	KUNIT_CASE(a_page_knows_its_zone_and_node),
	KUNIT_CASE(a_nolock_allocation_is_compound_and_zeroed),
	KUNIT_CASE(a_bulk_allocation_fills_the_holes_of_an_array),
	KUNIT_CASE(a_bulk_allocation_takes_no_more_than_it_needs),
	KUNIT_CASE(a_bulk_allocation_uses_only_its_nodes),
	KUNIT_CASE(a_bulk_allocation_returns_the_pages_there_are),
	KUNIT_CASE(a_bulk_allocation_leaves_a_full_array_alone),
	{}
};

static struct kunit_suite api_suite = {
	.name = "umbra_api",
	.test_cases = api_cases,
};

kunit_test_suite(api_suite);
