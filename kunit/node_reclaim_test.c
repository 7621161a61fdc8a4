// SPDX-License-Identifier: GPL-2.0
/*
 * zone_reclaim_mode: reclaim from a near node before a farther one is used. The
 * values follow from node_reclaim() and zone_allows_reclaim() of Linux 7.3.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mempolicy.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include "../src/api/tune.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "mover.h"

#define PAGES TEST_BLOCK	/* of each node */
#define NODES 3

static const struct umbra_zone_layout three_nodes[NODES] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	{ .nid = 2, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
};

struct near_case {
	const char *name;
	unsigned int mode;
	gfp_t gfp;
	unsigned int order;
	unsigned int nr_lru;	/* pages of node 0 that can be reclaimed */
	unsigned int min_unmapped_ratio;
	unsigned int nr_dirty;
	unsigned int nr_objects;	/* of a shrinker */
	bool exposed;
	bool busy;		/* another task reclaims from the node */
	bool refuse;		/* the owner keeps its pages */
	int nid;		/* node that serves the request */
	unsigned int succeeds, fails;
};

/* By default the share of a node that stays is 1%, which is 10 pages. */
static const struct near_case near_cases[] = {
	{ .name = "off", .gfp = GFP_KERNEL, .nr_lru = 500, .nid = 1 },
	{ .name = "on", .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL, .nr_lru = 500,
	  .nid = 0, .succeeds = 1 },
	{ .name = "any bit turns it on", .mode = RECLAIM_WRITE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .nid = 0, .succeeds = 1 },
	{ .name = "a request that cannot sleep does not reclaim",
	  .mode = RECLAIM_ZONE, .gfp = GFP_NOWAIT, .nr_lru = 500, .nid = 1 },
	{ .name = "one task at a time", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .busy = true, .nid = 1 },
	{ .name = "nothing is freed", .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL,
	  .nr_lru = 500, .refuse = true, .nid = 1, .fails = 1 },
	{ .name = "too few pages are freed for the order",
	  .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL, .order = 9, .nr_lru = 500,
	  .nid = 1, .fails = 1 },

	{ .name = "1%, a page less than more", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 10, .nid = 1 },
	{ .name = "1%, more", .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL,
	  .nr_lru = 11, .nid = 0, .succeeds = 1 },
	{ .name = "50%, a page less than more", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 512, .min_unmapped_ratio = 50,
	  .nid = 1 },
	{ .name = "50%, more", .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL,
	  .nr_lru = 513, .min_unmapped_ratio = 50, .nid = 0, .succeeds = 1 },
	{ .name = "dirty pages do not count", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .nr_dirty = 490, .nid = 1 },
	{ .name = "all but the dirty pages count", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .nr_dirty = 489, .nid = 0,
	  .succeeds = 1 },
	{ .name = "more dirty pages than pages", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .nr_dirty = 600, .nid = 1 },

	{ .name = "shrinkers, 5%, an object less than more",
	  .mode = RECLAIM_ZONE, .gfp = GFP_KERNEL, .nr_objects = 51,
	  .nid = 1 },
	{ .name = "shrinkers, 5%, more", .mode = RECLAIM_ZONE,
	  .gfp = GFP_KERNEL, .nr_objects = 52, .nid = 0, .succeeds = 1 },

	{ .name = "mapped pages stay", .mode = RECLAIM_ZONE | RECLAIM_WRITE,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .exposed = true, .nid = 1,
	  .fails = 1 },
	{ .name = "mapped pages are unmapped", .mode = RECLAIM_UNMAP,
	  .gfp = GFP_KERNEL, .nr_lru = 500, .exposed = true, .nid = 0,
	  .succeeds = 1 },
};

KUNIT_ARRAY_PARAM_DESC(near, near_cases, name);

/* The pages of a node that its owner moves and gives back. */
static unsigned int nr_movable[NODES];
static bool is_free[NODES];

static enum layout_kind lay_out(u32 index)
{
	unsigned int nid = index / PAGES;

	if (is_free[nid])
		return LAYOUT_FREE;
	return index % PAGES < nr_movable[nid] ? LAYOUT_MOVABLE :
						 LAYOUT_UNMOVABLE;
}

/* Objects that are pages of node 0. */
struct objects {
	struct umbra_shrinker shrinker;
	struct umbra *u;
	u32 nr;
	bool called;
	bool under_oom;		/* called while the lock of OOM is held */
};

static unsigned long objects_count(struct umbra_shrinker *shrinker,
				   struct umbra_shrink_control *sc)
{
	struct objects *o = container_of(shrinker, struct objects, shrinker);

	o->called = true;
	o->under_oom |= mutex_is_locked(&o->u->oom.lock);
	return sc->nid ? 0 : o->nr;
}

static unsigned long objects_scan(struct umbra_shrinker *shrinker,
				  struct umbra_shrink_control *sc)
{
	struct objects *o = container_of(shrinker, struct objects, shrinker);
	unsigned long freed = 0;

	for (; o->nr && freed < sc->nr_to_scan; freed++)
		umbra_free_page(o->u, umbra_index_to_page(o->u, --o->nr));
	return freed;
}

/* Three nodes, whose CPUs are on node 0. @to: distance from node 0 to node 1 */
static struct umbra *create(struct kunit *test, unsigned int to)
{
	u8 distance[NODES * NODES] = {
		10, to, 200,
		to, 10, 200,
		200, 200, 10,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = NODES,
		.zones = three_nodes,
		.distance = distance,
	};
	u8 *cpu_node = kunit_kzalloc(test, nr_cpu_ids, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cpu_node);
	layout.cpu_node = cpu_node;
	return umbra_test_ghost_layout(test, &layout, NODES * PAGES);
}

/*
 * Lay out the nodes: @nr pages of node @nid can be reclaimed, higher nodes are
 * free, and all other pages are in use. Pages of a range are exposed at first.
 */
static struct mover *fill(struct kunit *test, struct umbra *u, unsigned int nid,
			  unsigned int nr)
{
	struct mover *m = umbra_test_mover(test, u);
	u32 first = nid * PAGES, index;

	nr_movable[nid] = nr;
	for (nid = 0; nid < NODES; nid++)
		is_free[nid] = nid * PAGES > first;
	umbra_test_lay_out(test, m, lay_out);
	umbra_test_mover_list(m);
	for (index = first; index < first + nr; index++)
		frame_set(u, index, FRAME_MOVABLE, 0);
	return m;
}

static int node_of(struct umbra *u, gfp_t gfp, unsigned int order)
{
	struct page *page = umbra_alloc_pages_node(u, 0, gfp | __GFP_NOWARN,
						   order);
	int nid = -1;

	if (page) {
		nid = umbra_page_node(u, page);
		umbra_free_pages(u, page, order);
	}
	return nid;
}

static void expose(struct kunit *test, struct umbra *u, unsigned int nr)
{
	while (nr--) {
		struct page *page = umbra_index_to_page(u, nr);

		KUNIT_ASSERT_EQ(test, umbra_expose_pages(u, page, 0), 0);
	}
}

static void a_near_node_is_reclaimed_from(struct kunit *test)
{
	const struct near_case *c = test->param_value;
	struct umbra *u = create(test, 20);
	struct mover *m = fill(test, u, 0, c->nr_lru);
	struct objects o = {
		.shrinker = { .count = objects_count, .scan = objects_scan,
			      .seeks = 2 },
		.u = u,
		.nr = c->nr_objects,
	};

	m->gives = !c->refuse;
	if (c->exposed)
		expose(test, u, c->nr_lru);
	umbra_mod_dirty(u, umbra_index_to_page(u, 0), c->nr_dirty);
	umbra_register_shrinker(u, &o.shrinker);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_ZONE_RECLAIM_MODE, c->mode),
			0);
	if (c->min_unmapped_ratio)
		KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_MIN_UNMAPPED_RATIO,
						 c->min_unmapped_ratio), 0);
	if (c->busy)
		set_bit(0, &u->reclaimed_nodes);
	KUNIT_EXPECT_EQ(test, node_of(u, c->gfp, c->order), c->nid);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_ZONE_RECLAIM_SUCCESS),
			c->succeeds);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_ZONE_RECLAIM_FAILED),
			c->fails);
	KUNIT_EXPECT_EQ(test, u->reclaimed_nodes, c->busy ? BIT(0) : 0);
	umbra_unregister_shrinker(u, &o.shrinker);
	umbra_mod_dirty(u, umbra_index_to_page(u, 0), -(long)c->nr_dirty);
	umbra_test_empty(u);
}

struct far_case {
	const char *name;
	unsigned int distance;
	bool has_cpu;		/* a CPU is on node 1 */
	int nid;
};

static const struct far_case far_cases[] = {
	{ "as far as the host allows", RECLAIM_DISTANCE, false, 1 },
	{ "too far", RECLAIM_DISTANCE + 1, false, 2 },
	{ "a node with CPUs is left to them", 20, true, 2 },
};

KUNIT_ARRAY_PARAM_DESC(far, far_cases, name);

/* Node 0 is full, node 1 can be reclaimed from, and node 2 is free. */
static void reclaim_from_another_node_has_limits(struct kunit *test)
{
	const struct far_case *c = test->param_value;
	struct umbra *u = create(test, c->distance);
	int this = umbra_test_one_cpu(test);
	unsigned int cpu;

	if (c->has_cpu && num_online_cpus() < 2)
		kunit_skip(test, "needs a second CPU");
	nr_movable[0] = 0;
	fill(test, u, 1, 500);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_ZONE_RECLAIM_MODE, 1), 0);
	for_each_online_cpu(cpu)
		u->cpu_node[cpu] = c->has_cpu && (int)cpu != this;
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), c->nid);
	umbra_test_empty(u);
}

/* Requests that wait for the lock must not wait for reclaim. */
static void no_request_reclaims_with_the_lock_of_oom(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct objects o = {
		.shrinker = { .count = objects_count, .scan = objects_scan },
		.u = u,
	};
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	umbra_register_shrinker(u, &o.shrinker);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_ZONE_RECLAIM_MODE, 1), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), -1);
	KUNIT_EXPECT_TRUE(test, o.called);
	KUNIT_EXPECT_FALSE(test, o.under_oom);
	umbra_unregister_shrinker(u, &o.shrinker);
	umbra_test_give_all(u, &pages);
}

/* Without RECLAIM_WRITE an owner must not do I/O. */
static void the_mode_limits_io(struct kunit *test)
{
	struct umbra *u = create(test, 20);
	struct mover *m = fill(test, u, 0, 500);
	const gfp_t io = __GFP_IO | __GFP_FS;

	m->gives = false;
	m->gfp = io;
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_ZONE_RECLAIM_MODE,
					 RECLAIM_ZONE), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), 1);
	KUNIT_EXPECT_EQ(test, (__force u32)(m->gfp & io), 0);
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_ZONE_RECLAIM_MODE,
					 RECLAIM_WRITE), 0);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_KERNEL, 0), 1);
	KUNIT_EXPECT_EQ(test, (__force u32)(m->gfp & io), (__force u32)io);
	KUNIT_EXPECT_EQ(test, node_of(u, GFP_NOFS, 0), 1);
	KUNIT_EXPECT_EQ(test, (__force u32)(m->gfp & io),
			(__force u32)__GFP_IO);
	umbra_test_empty(u);
}

static struct kunit_case node_reclaim_cases[] = {
	KUNIT_CASE_PARAM(a_near_node_is_reclaimed_from, near_gen_params),
	KUNIT_CASE_PARAM(reclaim_from_another_node_has_limits, far_gen_params),
	KUNIT_CASE(no_request_reclaims_with_the_lock_of_oom),
	KUNIT_CASE(the_mode_limits_io),
	{}
};

static struct kunit_suite node_reclaim_suite = {
	.name = "umbra_node_reclaim",
	.test_cases = node_reclaim_cases,
};

kunit_test_suite(node_reclaim_suite);
