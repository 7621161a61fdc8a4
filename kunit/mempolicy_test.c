// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies of tasks. The expected nodes follow from policy_nodemask(),
 * interleave_nodes(), weighted_interleave_nodes(), apply_policy_zone() and
 * alloc_pages_preferred_many() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mempolicy.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include "../src/api/tune.h"
#include "../src/compat/mempolicy.h"
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "test_util.h"

#ifdef CONFIG_NUMA

#define NODES 3
#define ZONE (4 * TEST_BLOCK)	/* so many that hits skip the walk of the zones */
#define PAGES (4 * ZONE)
#define MOST 8			/* requests of a case */

/* Node 0 has two zones, the others have one. */
static const struct umbra_zone_layout zones[] = {
	{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = ZONE },
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE },
	{ .nid = 2, .type = UMBRA_ZONE_NORMAL, .nr_frames = ZONE },
};

/* Node 1 is nearer to node 0 than node 2 is. */
static const u8 distance[NODES * NODES] = {
	10, 20, 30,
	20, 10, 20,
	30, 20, 10,
};

/* The task runs on a CPU of node 0. */
static struct umbra *ghost_with(struct kunit *test, int batch)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.distance = distance,
		.pcp_batch = batch,
		.pcp_high = 8 * batch,
	};

	umbra_test_one_cpu(test);
	return umbra_test_ghost_layout(test, &layout, PAGES);
}

static struct umbra *ghost(struct kunit *test)
{
	return ghost_with(test, 0);
}

static struct mempolicy policy_of(unsigned short mode, unsigned long nodes)
{
	struct mempolicy policy = { .mode = mode, .home_node = NUMA_NO_NODE };

	nodes_addr(policy.nodes)[0] = nodes;
	return policy;
}

/*
 * Allocate with a policy of this task. The task allocates nothing from the host
 * meanwhile, which may lack the nodes.
 */
static struct page *alloc_with(struct mempolicy *policy, struct umbra *u,
			       gfp_t gfp, int nid)
{
	struct mempolicy *own = current->mempolicy;
	struct page *page;

	current->mempolicy = policy;
	page = umbra_alloc_pages_node(u, nid, gfp | __GFP_NOWARN, 0);
	current->mempolicy = own;
	return page;
}

/* The node of a new page, which is freed again; -1 without a page. */
static int node_with(struct mempolicy *policy, struct umbra *u, gfp_t gfp,
		     int nid)
{
	struct page *page = alloc_with(policy, u, gfp, nid);
	int node;

	if (!page)
		return -1;
	node = umbra_page_node(u, page);
	umbra_free_page(u, page);
	return node;
}

struct policy_case {
	const char *name;
	unsigned short mode;
	unsigned long nodes;
	gfp_t gfp;
	unsigned int full;	/* nodes without free pages */
	int node;		/* of the page, or -1 */
};

static const struct policy_case policy_cases[] = {
	{ "local", MPOL_LOCAL, 0, GFP_NOWAIT, 0, 0 },
	{ "preferred", MPOL_PREFERRED, BIT(2), GFP_NOWAIT, 0, 2 },
	{ "preferred, full", MPOL_PREFERRED, BIT(2), GFP_NOWAIT, BIT(2), 1 },
	{ "preferred, no such node", MPOL_PREFERRED, BIT(5), GFP_NOWAIT, 0,
	  0 },
	{ "bind", MPOL_BIND, BIT(1) | BIT(2), GFP_NOWAIT, 0, 1 },
	{ "bind, first full", MPOL_BIND, BIT(1) | BIT(2), GFP_NOWAIT, BIT(1),
	  2 },
	{ "bind, full", MPOL_BIND, BIT(1), GFP_NOWAIT, BIT(1), -1 },
	{ "bind, lower zone", MPOL_BIND, BIT(1), GFP_NOWAIT | __GFP_DMA, 0,
	  0 },
	{ "bind, one of two nodes", MPOL_BIND, BIT(1) | BIT(5), GFP_NOWAIT,
	  0, 1 },
	{ "bind, no such node", MPOL_BIND, BIT(5), GFP_NOWAIT, 0, 0 },
	{ "many", MPOL_PREFERRED_MANY, BIT(1) | BIT(2), GFP_NOWAIT, 0, 1 },
	{ "many, first full", MPOL_PREFERRED_MANY, BIT(1) | BIT(2),
	  GFP_NOWAIT, BIT(1), 2 },
	{ "many, full", MPOL_PREFERRED_MANY, BIT(1) | BIT(2), GFP_NOWAIT,
	  BIT(1) | BIT(2), 0 },
	{ "this node", MPOL_PREFERRED, BIT(2), GFP_NOWAIT | __GFP_THISNODE,
	  0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_cases, name);

static void a_policy_chooses_the_node(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	struct mempolicy policy = policy_of(c->mode, c->nodes);
	struct mempolicy before = policy;
	struct umbra *u = ghost(test);
	LIST_HEAD(pages);
	int nid;

	for (nid = 0; nid < NODES; nid++)
		if (c->full & BIT(nid))
			umbra_test_take_all(u, nid, GFP_NOWAIT | __GFP_THISNODE,
					    0, &pages);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, c->gfp, UMBRA_NO_NODE),
			c->node);
	KUNIT_EXPECT_MEMEQ(test, &policy, &before, sizeof(policy));
	umbra_test_give_all(u, &pages);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

struct turn_case {
	const char *name;
	unsigned short mode;
	unsigned long nodes;
	int weights[NODES];
	int turns[MOST];
};

static const struct turn_case turn_cases[] = {
	{ "all nodes", MPOL_INTERLEAVE, 7, { 1, 1, 1 },
	  { 0, 1, 2, 0, 1, 2, 0, 1 } },
	{ "two nodes", MPOL_INTERLEAVE, 5, { 3, 3, 3 },
	  { 0, 2, 0, 2, 0, 2, 0, 2 } },
	{ "one node", MPOL_INTERLEAVE, 2, { 1, 1, 1 },
	  { 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "nodes that are not there", MPOL_INTERLEAVE, 0xf2, { 1, 1, 1 },
	  { 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "weights of 1", MPOL_WEIGHTED_INTERLEAVE, 7, { 1, 1, 1 },
	  { 0, 1, 2, 0, 1, 2, 0, 1 } },
	{ "weights", MPOL_WEIGHTED_INTERLEAVE, 7, { 2, 1, 3 },
	  { 0, 0, 1, 2, 2, 2, 0, 0 } },
	{ "weights of two nodes", MPOL_WEIGHTED_INTERLEAVE, 6, { 9, 1, 2 },
	  { 1, 2, 2, 1, 2, 2, 1, 2 } },
	{ "the largest weight", MPOL_WEIGHTED_INTERLEAVE, 6, { 1, 255, 1 },
	  { 1, 1, 1, 1, 1, 1, 1, 1 } },
};

KUNIT_ARRAY_PARAM_DESC(turn, turn_cases, name);

/* The page stays allocated, so that each one counts. */
static void nodes_take_turns(struct kunit *test)
{
	const struct turn_case *c = test->param_value;
	struct mempolicy policy = policy_of(c->mode, c->nodes);
	struct umbra *u = ghost(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, umbra_tune_interleave_weights(u, c->weights), 0);
	for (i = 0; i < MOST; i++)
		KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT,
						UMBRA_NO_NODE), c->turns[i]);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_NUMA_INTERLEAVE), MOST);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_NUMA_HIT), MOST);
}

/* Only a page of the wanted node counts as a hit. */
static void a_full_node_is_no_interleave_hit(struct kunit *test)
{
	struct mempolicy policy = policy_of(MPOL_INTERLEAVE, 6);
	struct umbra *u = ghost(test);
	LIST_HEAD(pages);

	umbra_test_take_all(u, 1, GFP_NOWAIT | __GFP_THISNODE, 0, &pages);
	KUNIT_EXPECT_NE(test, node_with(&policy, u, GFP_NOWAIT, -1), 1);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 2);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_NUMA_INTERLEAVE), 1);
	umbra_test_give_all(u, &pages);
}

static void nodes_that_cannot_serve_have_no_turn(struct kunit *test)
{
	struct mempolicy policy = policy_of(MPOL_INTERLEAVE, 7);
	struct umbra *u = ghost(test);

	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 0, false), 0);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 1);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 2);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 1);
	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 0, true), 0);
	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0) | BIT(1)), 0);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 0);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 1);
	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 0);
}

/* The cache of the CPU has pages of its node, and then of the other one. */
static void a_policy_comes_before_the_cache_of_the_cpu(struct kunit *test)
{
	struct mempolicy policy = policy_of(MPOL_BIND, BIT(1));
	struct umbra *u = ghost_with(test, 4);
	unsigned int i;

	umbra_free_page(u, umbra_test_alloc(test, u, GFP_KERNEL, 0));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1), 1);
	policy = policy_of(MPOL_INTERLEAVE, BIT(0) | BIT(1));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, -1),
				i % 2);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_NUMA_INTERLEAVE), 4);
}

static void a_request_with_a_node_has_no_policy(struct kunit *test)
{
	struct mempolicy policy = policy_of(MPOL_BIND, BIT(1));
	const umbra_nodemask_t nodes = BIT(2);
	struct umbra *u = ghost(test);
	struct page *page;

	KUNIT_EXPECT_EQ(test, node_with(&policy, u, GFP_NOWAIT, 2), 2);
	current->mempolicy = &policy;
	page = umbra_alloc_pages_nodemask(u, GFP_NOWAIT, 0, -1, &nodes);
	current->mempolicy = NULL;
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 2);
	umbra_free_page(u, page);
}

static void an_interrupt_has_no_policy(struct kunit *test)
{
	struct mempolicy policy = policy_of(MPOL_BIND, BIT(1));
	struct umbra *u = ghost(test);
	int node;

	local_bh_disable();
	node = node_with(&policy, u, GFP_ATOMIC, -1);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, node, 0);
}

static void weights_out_of_range_change_nothing(struct kunit *test)
{
	static const int wrong[][NODES] = {
		{ 0, 1, 1 }, { 1, 256, 1 }, { 1, 1, -1 },
	};
	struct umbra *u = ghost(test);
	unsigned int i, nid;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		KUNIT_EXPECT_EQ(test, umbra_tune_interleave_weights(u, wrong[i]),
				-ERANGE);
		for (nid = 0; nid < NODES; nid++)
			KUNIT_EXPECT_EQ(test, u->mempolicy.weights[nid], 1);
	}
}

static struct kunit_case mempolicy_cases[] = {
	KUNIT_CASE_PARAM(a_policy_chooses_the_node, policy_gen_params),
	KUNIT_CASE_PARAM(nodes_take_turns, turn_gen_params),
	KUNIT_CASE(a_full_node_is_no_interleave_hit),
	KUNIT_CASE(nodes_that_cannot_serve_have_no_turn),
	KUNIT_CASE(a_policy_comes_before_the_cache_of_the_cpu),
	KUNIT_CASE(a_request_with_a_node_has_no_policy),
	KUNIT_CASE(an_interrupt_has_no_policy),
	KUNIT_CASE(weights_out_of_range_change_nothing),
	{}
};
#else
static void a_policy_chooses_the_node(struct kunit *test)
{
	kunit_skip(test, "kernel without CONFIG_NUMA");
}

static struct kunit_case mempolicy_cases[] = {
	KUNIT_CASE(a_policy_chooses_the_node),
	{}
};
#endif

static struct kunit_suite mempolicy_suite = {
	.name = "umbra_mempolicy",
	.test_cases = mempolicy_cases,
};

kunit_test_suite(mempolicy_suite);
