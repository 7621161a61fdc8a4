// SPDX-License-Identifier: GPL-2.0
/* Ranges of pages: isolated for some time, or allocated. */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../src/api/instance.h"
#include "../src/buddy/fragmentation.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/pcp.h"
#include "test_util.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (4 * TEST_BLOCK)
#define BASE 0x40000		/* the first page frame number */

static struct umbra *ghost(struct kunit *test)
{
	struct umbra_test_span span = { .base_pfn = BASE, .nr_pages = PAGES };

	return umbra_test_ghost_spans(test, TEST_PB_ORDER, &span, 1);
}

static struct umbra *ghost_with(struct kunit *test, u32 nr_cma, int batch)
{
	struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = nr_cma,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = 1,
		.zones = &zone,
		.pcp_batch = batch,
		.pcp_high = 8 * batch,
	};

	return umbra_test_ghost_layout(test, &layout, PAGES);
}

/* The state that a failed request must leave unchanged. */
struct shape {
	unsigned long nr_free, nr_isolated, nr_cma;
	unsigned long blocks[UMBRA_NR_ORDERS];
	u8 types[PAGES / PB];
};

static void take_shape(struct umbra *u, struct shape *shape)
{
	unsigned int i;

	memset(shape, 0, sizeof(*shape));
	shape->nr_free = u->zones->nr_free_pages;
	shape->nr_isolated = u->zones->nr_isolated;
	shape->nr_cma = u->zones->nr_free_cma;
	umbra_snapshot_buddyinfo(u->zones, shape->blocks);
	for (i = 0; i < PAGES / PB; i++)
		shape->types[i] = u->pageblocks[i].type;
}

static void expect_shape(struct kunit *test, struct umbra *u,
			 const struct shape *before)
{
	struct shape now;

	take_shape(u, &now);
	KUNIT_EXPECT_MEMEQ(test, &now, before, sizeof(now));
}

/* Set the type of a free pageblock. */
static void set_type(struct kunit *test, struct umbra *u, u32 index, u8 type)
{
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, index, index + PB,
						       GFP_KERNEL), 0);
	u->pageblocks[index / PB].type = type;
	umbra_free_contig_range(u, index, PB);
}

static void nothing_is_allocated_from_an_isolated_range(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;
	struct page **pages;
	unsigned int nr = 0;

	pages = kunit_kcalloc(test, PAGES, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	/* The range ends in the middle of a pageblock on each side. */
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, BASE + 2 * PB - 1,
						  BASE + 2 * PB + 1), 0);
	KUNIT_EXPECT_EQ(test, zone->nr_isolated, 2 * PB);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 2 * PB);
	umbra_test_judge(test, u);
	while ((pages[nr] = umbra_alloc_page(u, (nr % 2 ? GFP_KERNEL :
					     GFP_HIGHUSER_MOVABLE) |
					     __GFP_NOWARN))) {
		u32 block = umbra_page_to_index(u, pages[nr]) / PB;

		if (block == 1 || block == 2)
			break;
		nr++;
	}
	KUNIT_EXPECT_NULL(test, pages[nr]);
	KUNIT_EXPECT_EQ(test, nr, PAGES - 2 * PB);
	umbra_free_pages_bulk(u, pages, nr);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, BASE + PB,
						    BASE + 3 * PB), 0);
	KUNIT_EXPECT_EQ(test, zone->nr_isolated, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void a_block_freed_while_isolated_stays_isolated(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;
	struct page *page = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, 3);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, page);
	pfn = umbra_index_to_pfn(u, umbra_page_to_index(u, page));
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, pfn, pfn + 1), 0);
	KUNIT_EXPECT_EQ(test, zone->nr_isolated, PB - 8);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_MOVABLE, 3);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, zone->nr_isolated, PB);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - PB);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, pfn, pfn + 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			PAGES / TEST_BLOCK);
}

static void isolated_pageblocks_get_their_types_back(struct kunit *test)
{
	struct umbra *u = ghost_with(test, PB, 0);
	u32 cma = PAGES - PB;
	struct shape before;

	/*
	 * The CMA pageblock and its buddy. They stay apart when they are isolated,
	 * and merge when a page is freed.
	 */
	set_type(test, u, cma - PB, UMBRA_RECLAIMABLE);
	take_shape(u, &before);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, cma - PB, PAGES), 0);
	KUNIT_EXPECT_EQ(test, frame_read(u, cma - PB),
			frame_make(FRAME_FREE, TEST_PB_ORDER));
	umbra_test_judge(test, u);
	KUNIT_ASSERT_EQ(test, umbra_unisolate_range(u, cma - PB, PAGES), 0);
	expect_shape(test, u, &before);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, cma - PB, cma - PB + 1,
						       GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, cma - PB, PAGES), 0);
	umbra_free_contig_range(u, cma - PB, 1);
	KUNIT_EXPECT_EQ(test, frame_read(u, cma - PB),
			frame_make(FRAME_FREE, UMBRA_MAX_ORDER));
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, 2 * PB);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, 0);
	umbra_test_judge(test, u);

	/* Unisolate one of them first, so that the block is split again. */
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, cma, PAGES), 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, cma), UMBRA_CMA);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, cma - PB), UMBRA_ISOLATE);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, PB);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, cma - PB, cma), 0);
	expect_shape(test, u, &before);
}

/* As mainline: an allocation soon after takes another block. */
static void an_unisolated_pageblock_is_used_last(struct kunit *test)
{
	struct umbra *u = ghost_with(test, 0, 0);
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	struct page *page, *next;
	u32 index;

	page = umbra_test_alloc(test, u, gfp, UMBRA_MAX_ORDER);
	index = umbra_page_to_index(u, page);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);
	next = umbra_test_alloc(test, u, gfp, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_PTR_EQ(test, next, page);
	umbra_free_pages(u, next, UMBRA_MAX_ORDER);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, index, index + PB), 0);
	KUNIT_ASSERT_EQ(test, umbra_unisolate_range(u, index, index + PB), 0);
	next = umbra_test_alloc(test, u, gfp, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_PTR_NE(test, next, page);
	umbra_free_pages(u, next, UMBRA_MAX_ORDER);
}

static void an_isolated_range_cannot_be_isolated_again(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct shape before;

	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, BASE + 2 * PB,
						  BASE + 3 * PB), 0);
	take_shape(u, &before);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, BASE + 2 * PB,
						  BASE + 3 * PB), -EBUSY);
	expect_shape(test, u, &before);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, BASE, BASE + 3 * PB),
			-EBUSY);
	expect_shape(test, u, &before);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, BASE + PB,
						       BASE + 4 * PB,
						       GFP_KERNEL), -EBUSY);
	expect_shape(test, u, &before);
	umbra_test_judge(test, u);

	/*
	 * The range may include pageblocks that are not isolated, any number of
	 * times.
	 */
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, BASE, BASE + PAGES), 0);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, BASE, BASE + PAGES), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			PAGES / TEST_BLOCK);
}

struct bad_case {
	const char *name;
	unsigned long start, end;	/* page frame numbers */
};

/* The zones are 0x40000-0x403ff and 0x40400-0x407ff. A hole follows. */
static const struct bad_case bad_cases[] = {
	{ "empty", 0x40000, 0x40000 },
	{ "backwards", 0x40200, 0x40100 },
	{ "before", 0x3ff00, 0x3ff80 },
	{ "starts before the zone", 0x3ffff, 0x40001 },
	{ "ends after the zone", 0x407ff, 0x40801 },
	{ "inside the hole", 0x40900, 0x40901 },
	{ "across two zones", 0x403ff, 0x40401 },
	{ "across the hole", 0x407ff, 0x50001 },
	{ "0 to ULONG_MAX", 0, ULONG_MAX },
	{ "the last frame number", ULONG_MAX - 1, ULONG_MAX },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

static void a_range_outside_one_zone_is_refused(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA32, .nr_frames = TEST_BLOCK },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 2 * TEST_BLOCK },
	};
	const struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones), .zones = zones,
	};
	const struct bad_case *c = test->param_value;
	struct page *page = umbra_test_descriptors(test, 3 * TEST_BLOCK);
	struct umbra_span spans[] = {
		{ .pages = page, .base_pfn = 0x40000,
		  .nr_pages = 2 * TEST_BLOCK },
		{ .pages = page + 2 * TEST_BLOCK, .base_pfn = 0x50000,
		  .nr_pages = TEST_BLOCK },
	};
	struct umbra *u;

	u = umbra_instance_create("test", &layout, spans, ARRAY_SIZE(spans));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, c->start, c->end),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, c->start, c->end),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, c->start, c->end,
						       GFP_KERNEL), -EINVAL);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 3 * TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	umbra_instance_free(u);
}

struct range_case {
	const char *name;
	u32 start, end;		/* offset from the first frame */
};

static const struct range_case range_cases[] = {
	{ "everything", 0, PAGES },
	{ "a largest block", TEST_BLOCK, 2 * TEST_BLOCK },
	{ "a pageblock", PB, 2 * PB },
	{ "a page", 777, 778 },
	{ "the first page", 0, 1 },
	{ "the last page", PAGES - 1, PAGES },
	{ "unaligned in a pageblock", 3, 300 },
	{ "unaligned over pageblocks of all types", 100, PAGES - 100 },
	{ "two pages of two largest blocks", TEST_BLOCK - 1, TEST_BLOCK + 1 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void a_free_range_is_allocated_page_by_page(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct umbra *u = ghost_with(test, PB, 0);
	struct shape before;
	unsigned long events;
	u32 i;

	set_type(test, u, PAGES - 2 * PB, UMBRA_UNMOVABLE);
	set_type(test, u, PAGES - 4 * PB, UMBRA_CMA);
	take_shape(u, &before);
	events = umbra_zone_events(u->zones, EVENT_PGALLOC);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, c->start, c->end,
						       GFP_HIGHUSER_MOVABLE),
			0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u),
			PAGES - (c->end - c->start));
	KUNIT_EXPECT_EQ(test, u->zones->nr_isolated, 0);
	for (i = c->start; i < c->end; i++)
		KUNIT_ASSERT_EQ(test, frame_read(u, i),
				frame_make(FRAME_MOVABLE, 0));
	for (i = 0; i < PAGES / PB; i++)
		KUNIT_EXPECT_EQ(test, u->pageblocks[i].type, before.types[i]);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_PGALLOC),
			events + c->end - c->start);
	umbra_test_judge(test, u);
	umbra_free_contig_range(u, c->start, c->end - c->start);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, u->zones->nr_free_cma, before.nr_cma);
}

struct busy_case {
	const char *name;
	u32 at;			/* offset of the page in use */
	unsigned int order;
	bool busy;
};

/* The range is 512-2047. */
static const struct busy_case busy_cases[] = {
	{ "the first page", 512, 0, true },
	{ "the last page", 2047, 0, true },
	{ "a page inside", 1000, 0, true },
	{ "a block inside", 1024, 6, true },
	{ "a block that starts before", 0, 10, true },
	{ "a page before", 511, 0, false },
	{ "a page after", 2048, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(busy, busy_cases, name);

static void a_range_in_use_is_not_allocated(struct kunit *test)
{
	const struct busy_case *c = test->param_value;
	struct umbra *u = ghost_with(test, 0, 0);
	struct umbra_zone *zone = u->zones;
	struct shape before;
	struct page *page;
	int err;

	/* Allocate a block of any order at a given place. */
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, c->at, c->at +
						       (1U << c->order),
						       GFP_HIGHUSER_MOVABLE),
			0);
	page = umbra_index_to_page(u, c->at);
	spin_lock_irq(&zone->lock);
	if (c->order)
		memset(u->map + c->at, frame_make(FRAME_TAIL, 0),
		       1U << c->order);
	frame_set(u, c->at, FRAME_MOVABLE, c->order);
	spin_unlock_irq(&zone->lock);

	take_shape(u, &before);
	err = umbra_alloc_contig_range(u, 512, 2048, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, err, c->busy ? -EBUSY : 0);
	if (err)
		expect_shape(test, u, &before);
	else
		umbra_free_contig_range(u, 512, 2048 - 512);
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 512, 2048,
						       GFP_KERNEL), 0);
	umbra_free_contig_range(u, 512, 2048 - 512);
}

static void a_range_with_a_held_page_is_not_allocated(struct kunit *test)
{
	struct umbra *u = ghost_with(test, 0, 0);
	struct page *page = umbra_index_to_page(u, 700);

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 700, 701,
						       GFP_KERNEL), 0);
	page_ref_inc(page);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, PB, 2 * PB,
						       GFP_KERNEL), -EBUSY);
	/* Without the reference the range can be allocated. */
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, PB, 2 * PB,
						       GFP_KERNEL), 0);
	umbra_free_contig_range(u, PB, PB);
}

static void caches_are_drained_for_a_range(struct kunit *test)
{
	struct umbra *u = ghost_with(test, 0, 8);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	KUNIT_ASSERT_GT(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 0, PAGES,
						       GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	umbra_free_contig_range(u, 0, PAGES);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void other_zones_keep_their_caches_at_a_range(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA32, .nr_frames = 2 * TEST_BLOCK },
		{ .type = UMBRA_ZONE_NORMAL },
	};
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.pcp_batch = 8,
		.pcp_high = 64,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	unsigned long dma32;

	umbra_free_page(u, umbra_test_alloc(test, u, GFP_DMA32, 0));
	umbra_free_page(u, umbra_test_alloc(test, u, GFP_KERNEL, 0));
	dma32 = umbra_pcp_count(&u->zones[0], -1);
	KUNIT_EXPECT_GT(test, dma32, 0);
	KUNIT_EXPECT_GT(test, umbra_pcp_count(&u->zones[1], -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, PAGES - PB, PAGES,
						       GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(&u->zones[0], -1), dma32);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(&u->zones[1], -1), 0);
	umbra_free_contig_range(u, PAGES - PB, PB);
}

static void a_range_is_zeroed_if_asked_for(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .has_memory = true,
	};
	struct umbra *u = umbra_test_memory(test, &layout, TEST_BLOCK);
	unsigned long pfn = umbra_index_to_pfn(u, 100);
	void *addr = umbra_page_address(u, umbra_index_to_page(u, 100));

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, pfn, pfn + 10,
						       GFP_KERNEL), 0);
	memset(addr, 0xcc, 10 * PAGE_SIZE);
	umbra_free_contig_range(u, pfn, 10);
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, pfn, pfn + 10,
						       GFP_KERNEL |
						       __GFP_ZERO), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, 10 * PAGE_SIZE));
	/* A range is allocated as single pages. */
	UMBRA_EXPECT_FRAME(test, u, umbra_index_to_page(u, 100), FRAME_ALLOC,
			   0);
	umbra_free_contig_range(u, pfn, 10);
}

/* Those of alloc_contig_range() of Linux 7.3 */
static void a_range_is_refused_for_flags_without_meaning(struct kunit *test)
{
	static const gfp_t good[] = {
		GFP_KERNEL, GFP_NOIO, GFP_NOWAIT, GFP_HIGHUSER_MOVABLE,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_DMA | __GFP_RECLAIMABLE,
		GFP_KERNEL | __GFP_THISNODE | __GFP_WRITE,
	};
	static const gfp_t bad[] = {
		GFP_ATOMIC, GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_NOFAIL,
		GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_COMP,
		GFP_KERNEL | __GFP_MEMALLOC, GFP_KERNEL | __GFP_NOMEMALLOC,
	};
	struct umbra *u = ghost(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    umbra_alloc_contig_range(u, BASE, BASE + 1,
							     good[i]), 0,
				    "flags %#x", (__force u32)good[i]);
		umbra_free_contig_range(u, BASE, 1);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    umbra_alloc_contig_range(u, BASE, BASE + 1,
							     bad[i]), -EINVAL,
				    "flags %#x", (__force u32)bad[i]);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), ARRAY_SIZE(bad));
}

static void freeing_a_page_that_is_not_owned_is_reported(struct kunit *test)
{
	struct umbra *u = ghost(test);

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, BASE + 10, BASE + 20,
						       GFP_KERNEL), 0);
	umbra_free_contig_range(u, BASE + 8, 14);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 4);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	umbra_free_contig_range(u, BASE - 3, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 7);
	umbra_free_contig_range(u, BASE, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 7);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static struct kunit_case contig_cases[] = {
	KUNIT_CASE(nothing_is_allocated_from_an_isolated_range),
	KUNIT_CASE(a_block_freed_while_isolated_stays_isolated),
	KUNIT_CASE(isolated_pageblocks_get_their_types_back),
	KUNIT_CASE(an_unisolated_pageblock_is_used_last),
	KUNIT_CASE(an_isolated_range_cannot_be_isolated_again),
	KUNIT_CASE_PARAM(a_range_outside_one_zone_is_refused, bad_gen_params),
	KUNIT_CASE_PARAM(a_free_range_is_allocated_page_by_page,
			 range_gen_params),
	KUNIT_CASE_PARAM(a_range_in_use_is_not_allocated, busy_gen_params),
	KUNIT_CASE(a_range_with_a_held_page_is_not_allocated),
	KUNIT_CASE(caches_are_drained_for_a_range),
	KUNIT_CASE(other_zones_keep_their_caches_at_a_range),
	KUNIT_CASE(a_range_is_zeroed_if_asked_for),
	KUNIT_CASE(a_range_is_refused_for_flags_without_meaning),
	KUNIT_CASE(freeing_a_page_that_is_not_owned_is_reported),
	{}
};

static struct kunit_suite contig_suite = {
	.name = "umbra_contig",
	.test_cases = contig_cases,
};

kunit_test_suite(contig_suite);
