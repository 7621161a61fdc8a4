// SPDX-License-Identifier: GPL-2.0
/* Instances larger than the machine, many instances, and their cost. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "../src/api/instance.h"
#include "../src/api/metadata.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/pcp.h"
#include "../src/provider/provider.h"
#include "test_util.h"

#define GIB_PAGES (SZ_1G / PAGE_SIZE)

/* The layout the host would choose, without memory. */
static struct umbra_layout host_layout(void)
{
	struct umbra_layout layout;

	umbra_layout_init(&layout);
	layout.origin = "test";
	layout.has_memory = false;
	return layout;
}

/* Skip the test if the machine has too little memory for the descriptors. */
static void need_descriptors(struct kunit *test, unsigned long nr_pages)
{
	unsigned long bytes = nr_pages * sizeof(struct page);
	long left = si_mem_available();

	/* KASAN needs an eighth more; the rest is for everything else. */
	bytes += bytes / 8 + nr_pages * 2 + SZ_64M;
	if (left < (long)(bytes / PAGE_SIZE))
		kunit_skip(test, "needs %lu MiB of memory, and there are %ld",
			   bytes / SZ_1M, left / (SZ_1M / PAGE_SIZE));
}

static void sixteen_gib_of_ghosts_can_be_allocated(struct kunit *test)
{
	struct umbra_layout layout = host_layout();
	unsigned long nr_pages = 16 * GIB_PAGES, nr = 0;
	u32 highest = 0, lowest = UMBRA_NO_FRAME;
	struct page **blocks;
	struct umbra *u;

	need_descriptors(test, nr_pages);
	u = umbra_test_ghost_layout(test, &layout, nr_pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), nr_pages);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			nr_pages / TEST_BLOCK);
	blocks = kvcalloc(nr_pages / TEST_BLOCK, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	while (nr < nr_pages / TEST_BLOCK) {
		u32 index;

		blocks[nr] = umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
					       UMBRA_MAX_ORDER);
		if (!blocks[nr])
			break;
		index = umbra_page_to_index(u, blocks[nr++]);
		highest = max(highest, index);
		lowest = min(lowest, index);
	}
	/* Every page above the min watermarks can be allocated. */
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u),
			nr_pages - nr * TEST_BLOCK);
	KUNIT_EXPECT_LE(test, umbra_test_nr_free(u),
			u->zones->watermark[UMBRA_WMARK_MIN] + 2 * TEST_BLOCK);
	KUNIT_EXPECT_LT(test, lowest, TEST_BLOCK * 16);
	KUNIT_EXPECT_GT(test, highest, nr_pages - TEST_BLOCK * 16);
	while (nr)
		umbra_free_pages(u, blocks[--nr], UMBRA_MAX_ORDER);
	kvfree(blocks);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			nr_pages / TEST_BLOCK);
}

struct cost_case {
	const char *name;
	unsigned long nr_pages;
	const char *policy;
	size_t fixed;		/* cost that matters only in a small instance */
};

static const struct cost_case cost_cases[] = {
	{ "256 MiB", GIB_PAGES / 4, NULL, SZ_16K },
	{ "1 GiB", GIB_PAGES, NULL, SZ_16K },
	{ "1 GiB by address", GIB_PAGES, "address", SZ_16K },
	{ "16 GiB", 16 * GIB_PAGES, NULL, 0 },
};

KUNIT_ARRAY_PARAM_DESC(cost, cost_cases, name);

static void a_frame_costs_little_more_than_a_byte(struct kunit *test)
{
	const struct cost_case *c = test->param_value;
	struct umbra_layout layout = host_layout();
	size_t bytes;
	struct umbra *u;

	need_descriptors(test, c->nr_pages);
	layout.policy = c->policy;
	u = umbra_test_ghost_layout(test, &layout, c->nr_pages);
	bytes = umbra_metadata_bytes(u);
	kunit_info(test, "%s: %zu bytes for %lu frames\n", c->name, bytes,
		   c->nr_pages);
	KUNIT_EXPECT_GT(test, bytes, c->nr_pages);
	KUNIT_EXPECT_LE(test, (bytes - c->fixed) * 10, c->nr_pages * 11);
}

static void metadata_bytes_count_all_arrays(struct kunit *test)
{
	struct umbra_layout layout = { .origin = "test", .pb_order = 9 };
	struct umbra *plain, *u;
	size_t bytes;

	plain = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	bytes = umbra_metadata_bytes(plain);
	u = umbra_test_ghost_layout(test, &layout, 2 * TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_metadata_bytes(u), bytes + TEST_BLOCK +
			TEST_BLOCK / 512 * sizeof(struct umbra_pageblock));
	layout.pb_order = 0;
	u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_metadata_bytes(u), bytes +
			(TEST_BLOCK - 2) * sizeof(struct umbra_pageblock) +
			TEST_BLOCK / 8 - sizeof(long));
	layout.pb_order = 9;
	layout.policy = "address";
	u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_metadata_bytes(u), bytes +
			(UMBRA_NR_ORDERS + UMBRA_NR_TYPES) * sizeof(long));
	layout.policy = NULL;
	layout.pcp_batch = 8;
	layout.pcp_high = 64;
	u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_metadata_bytes(u), bytes);
}

#define ROUNDS 16
#define ATTEMPTS 5
#define CYCLE_PAGES (256UL * TEST_BLOCK)

static bool releasable(void *arg, struct page *page)
{
	return umbra_frame_releasable(arg, page);
}

static void create_and_destroy(struct kunit *test, unsigned int rounds)
{
	struct umbra_layout layout = host_layout();
	struct umbra_released released;
	struct umbra_region region;
	struct umbra *u;

	while (rounds--) {
		KUNIT_ASSERT_EQ(test, umbra_region_acquire(&region, "ghost",
							   CYCLE_PAGES), 0);
		u = umbra_instance_create("test", &layout, region.spans, 1);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
		umbra_free_page(u, umbra_alloc_page(u, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
		umbra_region_release(&region, releasable, u, &released);
		KUNIT_EXPECT_EQ(test, released.returned, CYCLE_PAGES);
		umbra_instance_free(u);
	}
	/* Unmapped memory is otherwise given back late. */
	vm_unmap_aliases();
}

/*
 * The frame maps alone are ROUNDS * CYCLE_PAGES bytes. Small freed objects may
 * still be in the quarantine of KASAN.
 */
#define LOST_MOST (ROUNDS * CYCLE_PAGES / 2 / PAGE_SIZE)

/* Create and destroy instances. Is the loss of the host below @most pages? */
static bool come_and_go(struct kunit *test, long before, long most)
{
	long lost;

	create_and_destroy(test, ROUNDS);
	lost = before - si_mem_available();
	kunit_info(test, "the host has %ld pages fewer than before\n", lost);
	return lost < most;
}

static void destroyed_instances_leave_nothing_behind(struct kunit *test)
{
	bool kept = false;
	unsigned int attempt;
	long before, most = 0;

	/* The host fills its own caches once or twice. */
	for (attempt = 0; attempt < ATTEMPTS && !kept; attempt++)
		kept = come_and_go(test, si_mem_available(), LOST_MOST);
	/* A leak grows with every attempt; caches stop growing. */
	before = si_mem_available();
	kept = kept || TEST_WAIT_UNTIL(come_and_go(test, before,
						   most += LOST_MOST));
	KUNIT_EXPECT_TRUE(test, kept);
}

#define SIDE_BY_SIDE 4

static void an_instance_refuses_pages_of_other_instances(struct kunit *test)
{
	struct umbra_layout layout = host_layout();
	struct umbra *u[SIDE_BY_SIDE];
	struct page *page[SIDE_BY_SIDE];
	unsigned int i, j;

	layout.min_free_kbytes = 0;
	layout.watermark_scale_factor = 0;
	for (i = 0; i < SIDE_BY_SIDE; i++) {
		u[i] = umbra_test_ghost_layout(test, &layout, 4 * TEST_BLOCK);
		page[i] = umbra_alloc_pages(u[i], GFP_KERNEL, i);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
	}
	for (i = 0; i < SIDE_BY_SIDE; i++) {
		for (j = 0; j < SIDE_BY_SIDE; j++) {
			if (i == j)
				continue;
			KUNIT_EXPECT_EQ(test, umbra_page_zone(u[i], page[j]),
					-EINVAL);
			umbra_test_expect_refused(test, u[i], page[j], j);
		}
		KUNIT_EXPECT_EQ(test, umbra_page_order(u[i], page[i]), i);
	}
	for (i = 0; i < SIDE_BY_SIDE; i++)
		umbra_free_pages(u[i], page[i], i);
}

static void operations_on_one_instance_do_not_affect_another(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER,
		.pcp_batch = 8, .pcp_high = 64,
	};
	struct umbra *one, *other;
	struct page *all;
	unsigned long cached;

	one = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	other = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	umbra_free_page(other, umbra_alloc_page(other, GFP_KERNEL));
	cached = umbra_pcp_count(other->zones, -1);
	KUNIT_ASSERT_GT(test, cached, 0);

	all = umbra_alloc_pages(one, GFP_KERNEL, UMBRA_MAX_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, all);
	umbra_drain_pages(one);
	umbra_free_pages(one, all, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(one, 0, TEST_BLOCK), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(other->zones, -1), cached);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(other), TEST_BLOCK - cached);
	KUNIT_EXPECT_EQ(test, other->zones->nr_isolated, 0);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(other->zones, EVENT_PGALLOC),
			1);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(one, 0, TEST_BLOCK), 0);
}

static struct kunit_case ghost_cases[] = {
	KUNIT_CASE_SLOW(sixteen_gib_of_ghosts_can_be_allocated),
	KUNIT_CASE_PARAM(a_frame_costs_little_more_than_a_byte,
			 cost_gen_params),
	KUNIT_CASE(metadata_bytes_count_all_arrays),
	KUNIT_CASE_SLOW(destroyed_instances_leave_nothing_behind),
	KUNIT_CASE(an_instance_refuses_pages_of_other_instances),
	KUNIT_CASE(operations_on_one_instance_do_not_affect_another),
	{}
};

static struct kunit_suite ghost_suite = {
	.name = "umbra_ghost",
	.test_cases = ghost_cases,
};

kunit_test_suite(ghost_suite);
