// SPDX-License-Identifier: GPL-2.0
/* The effect of each gfp modifier on an allocation. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/provider/provider.h"
#include "test_util.h"

#define NODE_FRAMES TEST_BLOCK

/* Two nodes of one largest block each, without reserves. */
static struct umbra *two_nodes(struct kunit *test, unsigned int dirty_limit)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.dirty_limit = dirty_limit,
	};

	return umbra_test_ghost_layout(test, &layout, 2 * NODE_FRAMES);
}

/* The node of a page allocated with @gfp, or -1 if the request fails. */
static int node_of(struct umbra *u, gfp_t gfp, int nid)
{
	struct page *page = umbra_alloc_pages_node(u, nid, gfp | __GFP_NOWARN,
						   0);
	int found;

	if (!page)
		return -1;
	found = umbra_page_node(u, page);
	umbra_free_pages(u, page, 0);
	return found;
}

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

/* An instance of 4096 pages with a min watermark of 256. */
static struct umbra *with_reserve(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 256 * (PAGE_SIZE >> 10),
	};

	return umbra_test_ghost_layout(test, &layout, 4 * TEST_BLOCK);
}

struct reserve_case {
	const char *name;
	gfp_t gfp;
	bool memalloc;
	unsigned long left;
};

static const struct reserve_case reserve_cases[] = {
	{ "nothing", GFP_KERNEL, false, 256 },
	{ "high", GFP_KERNEL | __GFP_HIGH, false, 128 },
	{ "cannot wait", GFP_NOWAIT, false, 256 },
	{ "high, cannot wait", GFP_ATOMIC, false, 96 },
	{ "high, cannot wait, nomemalloc", GFP_ATOMIC | __GFP_NOMEMALLOC,
	  false, 128 },
	{ "memalloc", GFP_KERNEL | __GFP_MEMALLOC, false, 0 },
	{ "memalloc, nomemalloc",
	  GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC, false, 256 },
	{ "memalloc task", GFP_KERNEL, true, 0 },
	{ "memalloc task, nomemalloc", GFP_KERNEL | __GFP_NOMEMALLOC, true,
	  256 },
};

KUNIT_ARRAY_PARAM_DESC(reserve, reserve_cases, name);

static void flags_decide_how_much_reserve_a_request_gets(struct kunit *test)
{
	const struct reserve_case *c = test->param_value;
	struct umbra *u = with_reserve(test);
	unsigned int saved = 0;
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, u->zones->watermark[UMBRA_WMARK_MIN], 256);
	if (c->memalloc)
		saved = memalloc_noreclaim_save();
	umbra_test_take_all(u, 0, c->gfp, 0, &pages);
	if (c->memalloc)
		memalloc_noreclaim_restore(saved);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), c->left);
	umbra_test_give_all(u, &pages);
}

static void thisnode_uses_no_other_node(struct kunit *test)
{
	struct umbra *u = two_nodes(test, 0);
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_KERNEL |
						  __GFP_THISNODE, 0, &pages),
			NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, u->zones[0].nr_free_pages, 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_THISNODE, 0), -1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_ATOMIC | __GFP_THISNODE, 0), -1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), 1);
	umbra_test_give_all(u, &pages);
}

static void hardwall_uses_only_allowed_nodes(struct kunit *test)
{
	struct umbra *u = two_nodes(test, 0);
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_USER, 1), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 1, GFP_USER, 0, &pages),
			NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_USER, 0), -1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_USER, 1), -1);

	/*
	 * Without __GFP_HARDWALL a request may leave the allowed nodes when it
	 * would fail.
	 */
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_ATOMIC | __GFP_HARDWALL, 0), 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_NOWAIT | __GFP_HARDWALL, 0), -1);

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, UMBRA_ALL_NODES), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_USER, 0), 1);
	umbra_test_give_all(u, &pages);
}

static void unknown_nodes_cannot_be_allowed(struct kunit *test)
{
	struct umbra *u = two_nodes(test, 0);

	KUNIT_EXPECT_EQ(test, umbra_set_allowed_nodes(u, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_allowed_nodes(u, BIT(2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_USER, 1), 1);
}

static void write_avoids_a_dirty_node(struct kunit *test)
{
	const unsigned long most = NODE_FRAMES * 20 / 100;
	struct umbra *u = two_nodes(test, 20);
	struct page *page[2] = {
		umbra_index_to_page(u, 0), umbra_index_to_page(u, NODE_FRAMES),
	};

	umbra_mod_dirty(u, page[0], most);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 0), 0);
	umbra_mod_dirty(u, page[0], 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 0), 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), 0);

	/* If every node is over the limit, each is as good as another. */
	umbra_mod_dirty(u, page[1], most + 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 0), 0);
	umbra_mod_dirty(u, page[0], -1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 1), 0);
}

struct dirty_case {
	const char *name;
	unsigned int min_free;	/* pages of the min watermarks */
	unsigned int ratio;	/* of the lowmem reserve of DMA */
	unsigned int used;	/* pages of node 0 */
	bool listed;		/* these are on an LRU list */
	unsigned int boost;
	bool isolated;		/* a pageblock of node 0 is */
	long most;		/* dirty pages */
};

/*
 * node_dirtyable_memory() and calculate_totalreserve_pages() of Linux 7.3, at
 * 20%. Node 0 has DMA and Normal, of 1024 pages each.
 */
static const struct dirty_case dirty_cases[] = {
	{ .name = "all is free", .most = 2048 * 20 / 100 },
	/* Each of three zones has a third of the min watermarks, and half more. */
	{ .name = "high watermarks are kept", .min_free = 384,
	  .most = (2048 - 2 * 192) * 20 / 100 },
	{ .name = "a boost is not", .min_free = 384, .boost = 100,
	  .most = (2048 - 2 * 192) * 20 / 100 },
	{ .name = "a reserve is kept", .ratio = 4,
	  .most = (2048 - 1024 / 4) * 20 / 100 },
	{ .name = "a reserve and marks are kept", .ratio = 4, .min_free = 384,
	  .most = (2048 - 1024 / 4 - 2 * 192) * 20 / 100 },
	{ .name = "a zone keeps no more than it has", .ratio = 1,
	  .min_free = 384, .most = (2048 - 1024 - 192) * 20 / 100 },
	{ .name = "pages in use do not count", .used = 500,
	  .most = 1548 * 20 / 100 },
	{ .name = "pages that can be reclaimed do", .used = 500, .listed = true,
	  .most = 2048 * 20 / 100 },
	{ .name = "isolated pages do not count", .isolated = true,
	  .most = 1536 * 20 / 100 },
};

KUNIT_ARRAY_PARAM_DESC(dirty, dirty_cases, name);

static void dirtyable_pages_limit_the_dirty_ones(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = NODE_FRAMES },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = NODE_FRAMES },
	};
	const struct dirty_case *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.dirty_limit = 20,
		.min_free_kbytes = c->min_free * (PAGE_SIZE >> 10),
		.lowmem_reserve_ratio = { [UMBRA_ZONE_DMA] = c->ratio },
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  3 * NODE_FRAMES);
	struct umbra_lru *lru = &u->nodes[0].lru;
	struct page *page = umbra_index_to_page(u, 0);
	LIST_HEAD(pages);
	unsigned int i;

	if (c->isolated)
		KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, 0, 1), 0);
	for (i = 0; i < c->used; i++) {
		struct page *used = umbra_alloc_pages_node(u, 0, GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, used);
		list_add(&used->lru, &pages);
	}
	if (c->listed) {
		WRITE_ONCE(lru->nr[LRU_LIST_ACTIVE], c->used - 200);
		WRITE_ONCE(lru->nr[LRU_LIST_INACTIVE], 200);
	}
	WRITE_ONCE(u->zones[0].watermark_boost, c->boost);
	umbra_mod_dirty(u, page, c->most);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 0), 0);
	umbra_mod_dirty(u, page, 1);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL | __GFP_WRITE, 0), 1);
	WRITE_ONCE(u->zones[0].watermark_boost, 0);
	WRITE_ONCE(lru->nr[LRU_LIST_ACTIVE], 0);
	WRITE_ONCE(lru->nr[LRU_LIST_INACTIVE], 0);
	umbra_test_give_all(u, &pages);
	if (c->isolated)
		KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, 0, 1), 0);
}

static void mobility_decides_the_pageblock(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 3 * TEST_BLOCK);
	static const gfp_t gfp[UMBRA_PCPTYPES] = {
		[UMBRA_UNMOVABLE] = GFP_KERNEL,
		[UMBRA_MOVABLE] = GFP_KERNEL | __GFP_MOVABLE,
		[UMBRA_RECLAIMABLE] = GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	struct page *page[UMBRA_PCPTYPES];
	unsigned int type;

	for (type = 0; type < UMBRA_PCPTYPES; type++) {
		u32 index;

		page[type] = umbra_alloc_pages(u, gfp[type], 0);
		KUNIT_ASSERT_NOT_NULL(test, page[type]);
		index = umbra_page_to_index(u, page[type]);
		KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index), type);
		KUNIT_EXPECT_EQ(test, umbra_test_frame(u, page[type]),
				frame_make(type == UMBRA_MOVABLE ?
					   FRAME_MOVABLE : FRAME_ALLOC, 0));
	}
	for (type = 0; type < UMBRA_PCPTYPES; type++)
		umbra_free_pages(u, page[type], 0);
}

static void tails_of_a_compound_block_find_their_head(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct page *comp = umbra_alloc_pages(u, GFP_KERNEL | __GFP_COMP, 3);
	struct page *plain = umbra_alloc_pages(u, GFP_KERNEL, 3);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, comp);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	umbra_test_expect_block(test, u, comp, 3, true);
	umbra_test_expect_block(test, u, plain, 3, false);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, comp, 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, plain, 3), 0);
	umbra_free_pages(u, comp, 3);
	for (i = 0; i < 8; i++)
		umbra_free_pages(u, plain + i, 0);
}

static void nowarn_fails_without_a_report(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 16);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 4);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
						  0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 1);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_FAIL), 2);
	umbra_free_pages(u, page, 4);
}

static void account_pages_are_counted(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL_ACCOUNT, 2);
	struct page *other = umbra_alloc_pages(u, GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_ACCOUNT), 4);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGALLOC), 8);
	umbra_free_pages(u, page, 2);
	umbra_free_pages(u, other, 2);
}

static void kswapd_is_woken_by_requests_that_ask_for_it(struct kunit *test)
{
	struct umbra *u = with_reserve(test);
	unsigned long woken;
	struct page *page;
	LIST_HEAD(pages);

	page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_KSWAPD_WAKE), 0);
	umbra_free_pages(u, page, 0);

	umbra_test_take_all(u, 0, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0,
			    &pages);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_KSWAPD_WAKE), 0);
	page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN, 0);
	KUNIT_EXPECT_NULL(test, page);
	woken = events(u, EVENT_KSWAPD_WAKE);
	KUNIT_EXPECT_GT(test, woken, 0);
	page = umbra_alloc_pages(u, GFP_ATOMIC, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, events(u, EVENT_KSWAPD_WAKE), woken);
	umbra_free_pages(u, page, 0);
	umbra_test_give_all(u, &pages);
}

struct later {
	struct umbra *u;
	struct page *page;
	bool waited;
	bool freed;
};

static int free_later(void *arg)
{
	struct later *later = arg;
	struct wait_queue_head *queue = &later->u->wait.memory;

	later->waited = TEST_WAIT_UNTIL(wq_has_sleeper(queue));
	WRITE_ONCE(later->freed, true);
	umbra_free_pages(later->u, later->page, 4);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void nofail_waits_until_another_task_frees(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 16);
	struct later later = { .u = u };
	struct task_struct *task;
	struct page *page;
	bool freed;

	later.page = umbra_alloc_pages(u, GFP_KERNEL, 4);
	KUNIT_ASSERT_NOT_NULL(test, later.page);
	task = kthread_run(free_later, &later, "umbra_test/later");
	if (IS_ERR(task))
		umbra_free_pages(u, later.page, 4);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOFAIL, 2);
	freed = READ_ONCE(later.freed);
	kthread_stop(task);
	KUNIT_EXPECT_TRUE(test, later.waited);
	KUNIT_EXPECT_TRUE(test, freed);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_FAIL), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
	umbra_free_pages(u, page, 2);
}

static void nofail_gets_half_of_the_reserve(struct kunit *test)
{
	struct umbra *u = with_reserve(test);
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_free(u), 256);
	while (umbra_test_nr_free(u) > 128) {
		page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOFAIL, 0);
		KUNIT_ASSERT_NOT_NULL(test, page);
		list_add(&page->lru, &pages);
	}
	umbra_test_give_all(u, &pages);
}

struct mayfail_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
};

static const struct mayfail_case mayfail_cases[] = {
	{ "nothing", 0, 0 },
	{ "noretry", __GFP_NORETRY, 0 },
	{ "noretry, costly", __GFP_NORETRY, 6 },
	{ "retry_mayfail", __GFP_RETRY_MAYFAIL, 0 },
	{ "retry_mayfail, costly", __GFP_RETRY_MAYFAIL, 6 },
};

KUNIT_ARRAY_PARAM_DESC(mayfail, mayfail_cases, name);

static void a_request_that_may_fail_fails_when_empty(struct kunit *test)
{
	const struct mayfail_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | c->gfp;
	struct page *page;
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, gfp, c->order, &pages),
			TEST_BLOCK >> c->order);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_FAIL), 1);
	umbra_test_give_all(u, &pages);
	page = umbra_alloc_pages(u, gfp, c->order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, c->order);
}

struct real {
	struct umbra_region region;
	struct umbra *u;
};

static bool is_releasable(void *arg, struct page *page)
{
	struct real *real = arg;

	return !real->u || umbra_frame_releasable(real->u, page);
}

static void real_destroy(void *arg)
{
	struct umbra_released released;
	struct real *real = arg;

	if (real->u)
		umbra_instance_stop(real->u);
	umbra_region_release(&real->region, is_releasable, real, &released);
	if (real->u)
		umbra_instance_free(real->u);
}

/* An instance with memory. Skips the test if there is none. */
static struct umbra *with_memory(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER,
		.has_memory = true,
	};
	struct real *real = kunit_kzalloc(test, sizeof(*real), GFP_KERNEL);
	struct umbra *u;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, real);
	err = umbra_test_acquire(&real->region, "contig", TEST_BLOCK);
	if (err == -ENODEV)
		kunit_skip(test, "this kernel has no provider contig");
	if (err == -ENOMEM)
		kunit_skip(test, "the host has no 4 MiB in one piece");
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, real_destroy,
							real), 0);
	u = umbra_instance_create("test", &layout, real->region.spans,
				  real->region.nr_spans);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	real->u = u;
	return u;
}

static void zero_gives_zeroed_memory(struct kunit *test)
{
	struct umbra *u = with_memory(test);
	const size_t size = PAGE_SIZE << 3;
	struct page *page;

	page = umbra_alloc_pages(u, GFP_KERNEL, UMBRA_MAX_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, page);
	memset(page_address(page), 0xa5, PAGE_SIZE << UMBRA_MAX_ORDER);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);

	page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0xa5, size));
	umbra_free_pages(u, page, 3);

	page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_ZERO, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0, size));
	umbra_free_pages(u, page, 3);
}

static struct kunit_case gfp_effect_cases[] = {
	KUNIT_CASE_PARAM(flags_decide_how_much_reserve_a_request_gets,
			 reserve_gen_params),
	KUNIT_CASE(thisnode_uses_no_other_node),
	KUNIT_CASE(hardwall_uses_only_allowed_nodes),
	KUNIT_CASE(unknown_nodes_cannot_be_allowed),
	KUNIT_CASE(write_avoids_a_dirty_node),
	KUNIT_CASE_PARAM(dirtyable_pages_limit_the_dirty_ones,
			 dirty_gen_params),
	KUNIT_CASE(mobility_decides_the_pageblock),
	KUNIT_CASE(tails_of_a_compound_block_find_their_head),
	KUNIT_CASE(nowarn_fails_without_a_report),
	KUNIT_CASE(account_pages_are_counted),
	KUNIT_CASE(kswapd_is_woken_by_requests_that_ask_for_it),
	KUNIT_CASE(nofail_waits_until_another_task_frees),
	KUNIT_CASE(nofail_gets_half_of_the_reserve),
	KUNIT_CASE_PARAM(a_request_that_may_fail_fails_when_empty,
			 mayfail_gen_params),
	KUNIT_CASE(zero_gives_zeroed_memory),
	{}
};

static struct kunit_suite gfp_effect_suite = {
	.name = "umbra_gfp_effect",
	.test_cases = gfp_effect_cases,
};

kunit_test_suite(gfp_effect_suite);
