// SPDX-License-Identifier: GPL-2.0
/* The translation of a gfp_t into a request. */
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/page/gfp.h"
#include "test_util.h"

#define ZONE_FRAMES TEST_BLOCK

static const struct umbra_zone_layout all_zones[UMBRA_NR_ZONE_TYPES] = {
	{ .type = UMBRA_ZONE_DMA, .nr_frames = ZONE_FRAMES },
	{ .type = UMBRA_ZONE_DMA32, .nr_frames = ZONE_FRAMES },
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE_FRAMES },
	{ .type = UMBRA_ZONE_HIGHMEM, .nr_frames = ZONE_FRAMES },
	{ .type = UMBRA_ZONE_MOVABLE, .nr_frames = ZONE_FRAMES },
};

static struct umbra *five_zones(struct kunit *test)
{
	return umbra_test_ghost_zones(test, all_zones, ARRAY_SIZE(all_zones),
				      UMBRA_NR_ZONE_TYPES * ZONE_FRAMES);
}

struct zone_case {
	const char *name;
	gfp_t gfp;
	int zone;		/* or -1 */
};

static const struct zone_case zone_cases[] = {
	{ "nothing", 0, UMBRA_ZONE_NORMAL },
	{ "dma", __GFP_DMA, UMBRA_ZONE_DMA },
	{ "highmem", __GFP_HIGHMEM, UMBRA_ZONE_HIGHMEM },
	{ "dma, highmem", __GFP_DMA | __GFP_HIGHMEM, -1 },
	{ "dma32", __GFP_DMA32, UMBRA_ZONE_DMA32 },
	{ "dma, dma32", __GFP_DMA | __GFP_DMA32, -1 },
	{ "highmem, dma32", __GFP_HIGHMEM | __GFP_DMA32, -1 },
	{ "dma, highmem, dma32", __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32, -1 },
	{ "movable", __GFP_MOVABLE, UMBRA_ZONE_NORMAL },
	{ "movable, dma", __GFP_MOVABLE | __GFP_DMA, UMBRA_ZONE_DMA },
	{ "movable, highmem", __GFP_MOVABLE | __GFP_HIGHMEM,
	  UMBRA_ZONE_MOVABLE },
	{ "movable, dma, highmem", __GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM,
	  -1 },
	{ "movable, dma32", __GFP_MOVABLE | __GFP_DMA32, UMBRA_ZONE_DMA32 },
	{ "movable, dma, dma32", __GFP_MOVABLE | __GFP_DMA | __GFP_DMA32, -1 },
	{ "movable, highmem, dma32",
	  __GFP_MOVABLE | __GFP_HIGHMEM | __GFP_DMA32, -1 },
	{ "movable, dma, highmem, dma32",
	  __GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32, -1 },
};

static_assert(ARRAY_SIZE(zone_cases) == 16);

KUNIT_ARRAY_PARAM_DESC(zone, zone_cases, name);

static void zone_bits_select_one_zone_or_are_refused(struct kunit *test)
{
	const struct zone_case *c = test->param_value;
	struct umbra *u = five_zones(test);
	struct page *page = umbra_alloc_pages(u, c->gfp | __GFP_NOWARN, 0);

	if (c->zone < 0) {
		KUNIT_EXPECT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, page), c->zone);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	umbra_free_pages(u, page, 0);
}

/*
 * A request may use the zone of its flags and every zone below, but none above.
 */
static void a_zone_falls_back_to_all_zones_below(struct kunit *test)
{
	const struct zone_case *c = test->param_value;
	struct umbra *u = five_zones(test);
	struct umbra_zone *zone;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, c->gfp, 0, &pages);
	for_each_umbra_zone(u, zone)
		KUNIT_EXPECT_EQ(test, zone->nr_free_pages,
				(int)zone->type <= c->zone ?
				zone->watermark[UMBRA_WMARK_MIN] : ZONE_FRAMES);
	umbra_test_give_all(u, &pages);
}

static void a_request_for_a_missing_zone_uses_normal(struct kunit *test)
{
	static const gfp_t zones[] = {
		__GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM,
		__GFP_HIGHMEM | __GFP_MOVABLE,
	};
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		struct page *page = umbra_alloc_pages(u, GFP_KERNEL | zones[i],
						      0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, umbra_page_zone(u, page),
				UMBRA_ZONE_NORMAL);
		umbra_free_pages(u, page, 0);
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/*
 * With a DMA and a Normal zone, requests for Normal may fall back to DMA, but
 * requests for DMA use DMA only.
 */
static void a_dma_request_does_not_use_a_zone_above(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = ZONE_FRAMES },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE_FRAMES },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones,
						 ARRAY_SIZE(zones),
						 2 * ZONE_FRAMES);
	LIST_HEAD(pages);

	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_DMA, 10, &pages),
			1);
	KUNIT_EXPECT_EQ(test, umbra_test_take_all(u, 0, GFP_DMA32, 10, &pages),
			1);
	umbra_test_give_all(u, &pages);
}

struct type_case {
	const char *name;
	gfp_t gfp;
	int type;		/* or -1 */
};

static const struct type_case type_cases[] = {
	{ "kernel", GFP_KERNEL, UMBRA_UNMOVABLE },
	{ "user", GFP_USER, UMBRA_UNMOVABLE },
	{ "movable", GFP_KERNEL | __GFP_MOVABLE, UMBRA_MOVABLE },
	{ "highuser movable", GFP_HIGHUSER_MOVABLE, UMBRA_MOVABLE },
	{ "transhuge", GFP_TRANSHUGE, UMBRA_MOVABLE },
	{ "reclaimable", GFP_KERNEL | __GFP_RECLAIMABLE, UMBRA_RECLAIMABLE },
	{ "both", GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, -1 },
};

KUNIT_ARRAY_PARAM_DESC(type, type_cases, name);

static void mobility_bits_select_one_type_or_are_refused(struct kunit *test)
{
	const struct type_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_request rq;
	struct page *page;
	u32 index;

	KUNIT_EXPECT_EQ(test, umbra_request_init(&rq, u, c->gfp, 0, 0, NULL, 0),
			c->type < 0 ? -EINVAL : 0);
	page = umbra_alloc_pages(u, c->gfp, 0);
	if (c->type < 0) {
		KUNIT_EXPECT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
		return;
	}
	KUNIT_EXPECT_EQ(test, rq.type, c->type);
	KUNIT_ASSERT_NOT_NULL(test, page);
	index = umbra_page_to_index(u, page);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index), c->type);
	KUNIT_EXPECT_EQ(test, frame_has(frame_read(u, index), FRAME_MOVABLE),
			c->type == UMBRA_MOVABLE);
	umbra_free_pages(u, page, 0);
}

#define AT_LOW ALLOC_WMARK_LOW
#define AT_MIN ALLOC_WMARK_MIN
#define KSWAPD ALLOC_KSWAPD
#define CPUSET ALLOC_CPUSET
#define CMA ALLOC_CMA
#define NON_BLOCK ALLOC_NON_BLOCK
#define ATOMIC (ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE)
#define HIGHATOMIC ALLOC_HIGHATOMIC

struct flags_case {
	const char *name;
	gfp_t gfp;
	unsigned int fast;
	unsigned int fast_high_order;
	unsigned int slow;
	unsigned int slow_high_order;
};

static const struct flags_case flags_cases[] = {
	{ "GFP_ATOMIC", GFP_ATOMIC,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD | HIGHATOMIC,
	  AT_MIN | ATOMIC | KSWAPD, AT_MIN | ATOMIC | KSWAPD | HIGHATOMIC },
	{ "GFP_KERNEL", GFP_KERNEL,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_KERNEL_ACCOUNT", GFP_KERNEL_ACCOUNT,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_NOWAIT", GFP_NOWAIT,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | NON_BLOCK | KSWAPD,
	  AT_MIN | CPUSET | NON_BLOCK | KSWAPD },
	{ "GFP_NOIO", GFP_NOIO,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_NOFS", GFP_NOFS,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_USER", GFP_USER,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_DMA", GFP_DMA,
	  AT_LOW, AT_LOW,
	  AT_MIN | CPUSET | NON_BLOCK, AT_MIN | CPUSET | NON_BLOCK },
	{ "GFP_DMA32", GFP_DMA32,
	  AT_LOW, AT_LOW,
	  AT_MIN | CPUSET | NON_BLOCK, AT_MIN | CPUSET | NON_BLOCK },
	{ "GFP_HIGHUSER", GFP_HIGHUSER,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD, AT_MIN | CPUSET | KSWAPD },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE,
	  AT_LOW | KSWAPD | CMA, AT_LOW | KSWAPD | CMA,
	  AT_MIN | CPUSET | KSWAPD | CMA, AT_MIN | CPUSET | KSWAPD | CMA },
	{ "GFP_TRANSHUGE", GFP_TRANSHUGE,
	  AT_LOW | CMA, AT_LOW | CMA,
	  AT_MIN | CPUSET | CMA, AT_MIN | CPUSET | CMA },
	{ "GFP_TRANSHUGE_LIGHT", GFP_TRANSHUGE_LIGHT,
	  AT_LOW | CMA, AT_LOW | CMA,
	  AT_MIN | CPUSET | CMA, AT_MIN | CPUSET | CMA },
	{ "__GFP_HIGH that may wait", GFP_KERNEL | __GFP_HIGH,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | CPUSET | KSWAPD | ALLOC_MIN_RESERVE,
	  AT_MIN | CPUSET | KSWAPD | ALLOC_MIN_RESERVE },
	{ "GFP_ATOMIC | __GFP_NOMEMALLOC", GFP_ATOMIC | __GFP_NOMEMALLOC,
	  AT_LOW | KSWAPD, AT_LOW | KSWAPD,
	  AT_MIN | KSWAPD | ALLOC_MIN_RESERVE,
	  AT_MIN | KSWAPD | ALLOC_MIN_RESERVE },
	{ "__GFP_RECLAIMABLE", __GFP_RECLAIMABLE,
	  AT_LOW, AT_LOW,
	  AT_MIN | CPUSET | NON_BLOCK, AT_MIN | CPUSET | NON_BLOCK },
};

KUNIT_ARRAY_PARAM_DESC(flags, flags_cases, name);

static void every_mask_may_use_as_much_as_on_the_host(struct kunit *test)
{
	const struct flags_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int order;

	for (order = 0; order <= UMBRA_MAX_ORDER; order++) {
		struct umbra_request rq;

		KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, c->gfp, order,
							 0, NULL, 0), 0);
		KUNIT_EXPECT_EQ(test, rq.flags, order ? c->fast_high_order :
							c->fast);
		KUNIT_EXPECT_FALSE(test, rq.hardwall);
		umbra_request_slow(&rq, u, NULL);
		KUNIT_EXPECT_EQ(test, rq.flags, order ? c->slow_high_order :
							c->slow);
		KUNIT_EXPECT_EQ(test, rq.hardwall, !!(c->gfp & __GFP_HARDWALL));
		KUNIT_EXPECT_EQ(test, umbra_request_reserves(u, &rq), 0);
	}
}

static void normal_is_spared_while_there_is_dma32(struct kunit *test)
{
	struct umbra *u = five_zones(test);
	struct umbra_request rq;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_KERNEL, 0, 0,
						 NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, rq.flags, AT_LOW | KSWAPD | ALLOC_NOFRAGMENT);
	umbra_request_slow(&rq, u, NULL);
	KUNIT_EXPECT_EQ(test, rq.flags, AT_MIN | CPUSET | KSWAPD);
	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_DMA32, 0, 0,
						 NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, rq.flags, AT_LOW);
	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_HIGHUSER, 0, 0,
						 NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, rq.flags, AT_LOW | KSWAPD);
}

static void a_nolock_request_uses_the_min_mark_at_once(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_request rq;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, __GFP_NOMEMALLOC, 0,
						 0, NULL, ALLOC_TRYLOCK), 0);
	KUNIT_EXPECT_EQ(test, rq.flags, ALLOC_TRYLOCK | AT_MIN);
}

static void a_realtime_task_may_use_the_reserve(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_request rq;
	unsigned int waits, no_wait;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_KERNEL, 0, 0,
						 NULL, 0), 0);
	sched_set_fifo(current);
	umbra_request_slow(&rq, u, NULL);
	waits = rq.flags;
	rq.gfp = GFP_NOWAIT;
	umbra_request_slow(&rq, u, NULL);
	no_wait = rq.flags;
	sched_set_normal(current, 0);
	KUNIT_EXPECT_EQ(test, waits,
			AT_MIN | CPUSET | KSWAPD | ALLOC_MIN_RESERVE);
	KUNIT_EXPECT_EQ(test, no_wait, AT_MIN | CPUSET | KSWAPD | NON_BLOCK);
}

struct reserves_case {
	const char *name;
	gfp_t gfp;
	bool memalloc;
	unsigned int reserves;
};

static const struct reserves_case reserves_cases[] = {
	{ "no flags", GFP_KERNEL, false, 0 },
	{ "atomic", GFP_ATOMIC, false, 0 },
	{ "flag", GFP_KERNEL | __GFP_MEMALLOC, false, ALLOC_NO_WATERMARKS },
	{ "both flags", GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC, false,
	  0 },
	{ "task", GFP_KERNEL, true, ALLOC_NO_WATERMARKS },
	{ "memalloc task, nomemalloc", GFP_KERNEL | __GFP_NOMEMALLOC, true,
	  0 },
};

KUNIT_ARRAY_PARAM_DESC(reserves, reserves_cases, name);

static void a_task_that_frees_memory_may_use_all_memory(struct kunit *test)
{
	const struct reserves_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int reserves, noreclaim = 0;
	struct umbra_request rq;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, c->gfp, 0, 0, NULL,
						 0), 0);
	if (c->memalloc)
		noreclaim = memalloc_noreclaim_save();
	reserves = umbra_request_reserves(u, &rq);
	if (c->memalloc)
		memalloc_noreclaim_restore(noreclaim);
	KUNIT_EXPECT_EQ(test, reserves, c->reserves);
}

static void the_context_of_a_task_takes_flags_away(struct kunit *test)
{
	struct umbra *u = five_zones(test);
	struct umbra_request noio, nofs, pin, none;
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	unsigned int saved;

	saved = memalloc_noio_save();
	umbra_request_init(&noio, u, gfp, 0, 0, NULL, 0);
	memalloc_noio_restore(saved);
	saved = memalloc_nofs_save();
	umbra_request_init(&nofs, u, gfp, 0, 0, NULL, 0);
	memalloc_nofs_restore(saved);
	saved = memalloc_pin_save();
	umbra_request_init(&pin, u, gfp, 0, 0, NULL, 0);
	memalloc_pin_restore(saved);
	umbra_request_init(&none, u, gfp, 0, 0, NULL, 0);

	KUNIT_EXPECT_EQ(test, noio.gfp, gfp & ~(__GFP_IO | __GFP_FS));
	KUNIT_EXPECT_EQ(test, nofs.gfp, gfp & ~__GFP_FS);
	KUNIT_EXPECT_EQ(test, pin.gfp, gfp & ~__GFP_MOVABLE);
	KUNIT_EXPECT_EQ(test, pin.type, UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, pin.highest, UMBRA_ZONE_HIGHMEM);
	KUNIT_EXPECT_EQ(test, none.gfp, gfp);
	KUNIT_EXPECT_EQ(test, none.highest, UMBRA_ZONE_MOVABLE);
}

/* A request, and its results in a soft interrupt of this task. */
struct asked {
	struct tasklet_struct tasklet;
	struct umbra *u;
	bool frees;		/* PF_MEMALLOC, as set for swap over network */
	bool softirq;
	struct umbra_request fast, slow;
	unsigned int reserves;
	int node;		/* of a page allocated near node 0, or -1 */
};

static void ask(struct asked *a)
{
	unsigned int noreclaim = 0;
	struct page *page;

	if (a->frees)
		noreclaim = memalloc_noreclaim_save();
	a->softirq = in_serving_softirq();
	umbra_request_init(&a->fast, a->u, GFP_KERNEL, 0, 0, NULL, 0);
	a->slow = a->fast;
	umbra_request_slow(&a->slow, a->u, NULL);
	a->reserves = umbra_request_reserves(a->u, &a->slow);
	page = umbra_alloc_pages_node(a->u, 0, GFP_ATOMIC, 0);
	a->node = page ? umbra_page_node(a->u, page) : -1;
	if (page)
		umbra_free_page(a->u, page);
	if (a->frees)
		memalloc_noreclaim_restore(noreclaim);
}

static void ask_in_tasklet(struct tasklet_struct *t)
{
	ask(container_of(t, struct asked, tasklet));
}

static void ask_in_softirq(struct asked *a)
{
	tasklet_setup(&a->tasklet, ask_in_tasklet);
	local_bh_disable();
	tasklet_schedule(&a->tasklet);
	local_bh_enable();
	tasklet_kill(&a->tasklet);
}

static struct asked *asked(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = ZONE_FRAMES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = ZONE_FRAMES },
	};
	struct asked *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->u = umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
				      2 * ZONE_FRAMES);
	return a;
}

static void a_soft_interrupt_gets_no_realtime_reserve(struct kunit *test)
{
	struct asked *a = asked(test);

	sched_set_fifo(current);
	ask_in_softirq(a);
	sched_set_normal(current, 0);
	KUNIT_EXPECT_TRUE(test, a->softirq);
	KUNIT_EXPECT_EQ(test, a->slow.flags, AT_MIN | CPUSET | KSWAPD);
}

static void allowed_nodes_bind_tasks_but_not_interrupts(struct kunit *test)
{
	const umbra_nodemask_t mask = BIT(0) | BIT(1);
	struct asked *a = asked(test);

	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(a->u, BIT(1)), 0);
	umbra_request_init(&a->fast, a->u, GFP_KERNEL, 0, 0, &mask, 0);
	KUNIT_EXPECT_EQ(test, a->fast.nodemask, mask);
	KUNIT_EXPECT_EQ(test, a->fast.flags & CPUSET, CPUSET);
	ask(a);
	KUNIT_EXPECT_FALSE(test, a->softirq);
	KUNIT_EXPECT_EQ(test, a->fast.nodemask, BIT(1));
	KUNIT_EXPECT_EQ(test, a->fast.flags & CPUSET, 0);
	KUNIT_EXPECT_EQ(test, a->node, 1);
	ask_in_softirq(a);
	KUNIT_EXPECT_TRUE(test, a->softirq);
	KUNIT_EXPECT_EQ(test, a->fast.nodemask, UMBRA_ALL_NODES);
	KUNIT_EXPECT_EQ(test, a->fast.flags & CPUSET, CPUSET);
	KUNIT_EXPECT_EQ(test, a->node, 0);
}

/* With soft interrupts disabled, a task looks like a soft interrupt. */
static void a_soft_interrupt_that_frees_memory_may_use_all(struct kunit *test)
{
	struct asked *a = asked(test);

	a->frees = true;
	ask_in_softirq(a);
	KUNIT_EXPECT_TRUE(test, a->softirq);
	KUNIT_EXPECT_EQ(test, a->reserves, ALLOC_NO_WATERMARKS);
	local_bh_disable();
	ask(a);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, a->reserves, 0);
	a->frees = false;
	ask_in_softirq(a);
	KUNIT_EXPECT_EQ(test, a->reserves, 0);
}

static void a_victim_of_the_host_gets_half_of_the_reserve(struct kunit *test)
{
	struct asked *a = asked(test);
	unsigned int task;

	KUNIT_ASSERT_NOT_NULL(test, current->active_mm);
	KUNIT_ASSERT_NULL(test, current->signal->oom_mm);
	current->signal->oom_mm = current->active_mm;
	ask(a);
	task = a->reserves;
	ask_in_softirq(a);
	current->signal->oom_mm = NULL;
	KUNIT_EXPECT_EQ(test, task, ALLOC_OOM);
	KUNIT_EXPECT_EQ(test, a->reserves, 0);
	ask(a);
	KUNIT_EXPECT_EQ(test, a->reserves, 0);
}

static void every_old_gfp_name_is_explained(struct kunit *test)
{
	static const char * const names[] = {
		"__GFP_WAIT", "__GFP_ATOMIC", "__GFP_COLD", "__GFP_REPEAT",
		"__GFP_NOTRACK", "__GFP_OTHER_NODE", "GFP_TEMPORARY",
		"ALLOC_HARDER",
	};
	const struct umbra_gfp_name *old;
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(names); n++) {
		for (i = 0; (old = umbra_gfp_old_name(i)); i++)
			if (!strcmp(old->name, names[n]))
				break;
		KUNIT_ASSERT_NOT_NULL_MSG(test, old, "%s is missing", names[n]);
		KUNIT_EXPECT_GT(test, strlen(old->meant), 0);
		KUNIT_EXPECT_GT(test, strlen(old->today), 0);
	}
	KUNIT_EXPECT_NULL(test, umbra_gfp_old_name(U32_MAX));
}

static struct kunit_case gfp_cases[] = {
	KUNIT_CASE_PARAM(zone_bits_select_one_zone_or_are_refused,
			 zone_gen_params),
	KUNIT_CASE_PARAM(a_zone_falls_back_to_all_zones_below, zone_gen_params),
	KUNIT_CASE(a_request_for_a_missing_zone_uses_normal),
	KUNIT_CASE(a_dma_request_does_not_use_a_zone_above),
	KUNIT_CASE_PARAM(mobility_bits_select_one_type_or_are_refused,
			 type_gen_params),
	KUNIT_CASE_PARAM(every_mask_may_use_as_much_as_on_the_host,
			 flags_gen_params),
	KUNIT_CASE(normal_is_spared_while_there_is_dma32),
	KUNIT_CASE(a_nolock_request_uses_the_min_mark_at_once),
	KUNIT_CASE(a_realtime_task_may_use_the_reserve),
	KUNIT_CASE_PARAM(a_task_that_frees_memory_may_use_all_memory,
			 reserves_gen_params),
	KUNIT_CASE(the_context_of_a_task_takes_flags_away),
	KUNIT_CASE(a_soft_interrupt_gets_no_realtime_reserve),
	KUNIT_CASE(allowed_nodes_bind_tasks_but_not_interrupts),
	KUNIT_CASE(a_soft_interrupt_that_frees_memory_may_use_all),
	KUNIT_CASE(a_victim_of_the_host_gets_half_of_the_reserve),
	KUNIT_CASE(every_old_gfp_name_is_explained),
	{}
};

static struct kunit_suite gfp_suite = {
	.name = "umbra_gfp",
	.test_cases = gfp_cases,
};

kunit_test_suite(gfp_suite);
