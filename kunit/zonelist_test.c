// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/names.h"
#include "../src/page/zonelist.h"
#include "test_util.h"

#define MOST_NODES 8
#define NODE_FRAMES TEST_BLOCK

/* Nodes of one zone each, with every CPU on node @cpus. */
static struct umbra *make_nodes(struct kunit *test, unsigned int nr_nodes,
				const u8 *distance, unsigned int cpus)
{
	struct umbra_zone_layout zones[MOST_NODES] = {};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = nr_nodes,
		.zones = zones,
		.distance = distance,
	};
	u8 *cpu_node = kunit_kzalloc(test, nr_cpu_ids, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cpu_node);
	memset(cpu_node, cpus, nr_cpu_ids);
	layout.cpu_node = cpu_node;
	for (i = 0; i < nr_nodes; i++)
		zones[i] = (struct umbra_zone_layout) {
			.nid = i,
			.type = UMBRA_ZONE_NORMAL,
			.nr_frames = NODE_FRAMES,
		};
	return umbra_test_ghost_layout(test, &layout, nr_nodes * NODE_FRAMES);
}

/* Print the nodes of a list as a string of digits. */
static void print_list(const struct umbra *u, unsigned int nid,
		       unsigned int list, char *buf)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	unsigned int n = 0;

	for_each_umbra_zoneref(u, zone, ref, &u->nodes[nid].zonelists[list],
			       UMBRA_ZONE_MOVABLE, UMBRA_ALL_NODES)
		buf[n++] = '0' + zone->nid;
	buf[n] = 0;
}

struct order_case {
	const char *name;
	unsigned int nr_nodes;
	unsigned int cpus;
	u8 distance[MOST_NODES * MOST_NODES];	/* starts with 0: default */
	const char *order[MOST_NODES];		/* expected, from each node */
};

static const struct order_case order_cases[] = {
	{ "one node", 1, 0, { 10 }, { "0" } },
	{ "two nodes", 2, 0, { }, { "01", "10" } },
	{ "three in a line", 3, 0,
	  {
		10, 20, 30,
		20, 10, 20,
		30, 20, 10,
	  },
	  { "012", "120", "210" } },
	{ "three, asymmetric", 3, 0,
	  {
		10, 40, 20,
		15, 10, 30,
		20, 30, 10,
	  },
	  { "021", "102", "201" } },
	{ "four at equal distances", 4, 0, { },
	  { "0123", "1230", "2310", "3120" } },
	{ "four equal, CPUs on the last", 4, 3, { },
	  { "0123", "1203", "2031", "3012" } },
	{ "four in two sockets", 4, 0,
	  {
		10, 12, 20, 20,
		12, 10, 20, 20,
		20, 20, 10, 12,
		20, 20, 12, 10,
	  },
	  { "0123", "1032", "2310", "3210" } },
	{ "five in a ring", 5, 0,
	  {
		10, 20, 30, 30, 20,
		20, 10, 20, 30, 30,
		30, 20, 10, 20, 30,
		30, 30, 20, 10, 20,
		20, 30, 30, 20, 10,
	  },
	  { "01423", "12034", "23140", "34210", "43012" } },
	{ "six in a line", 6, 0,
	  {
		10, 20, 30, 40, 50, 60,
		20, 10, 20, 30, 40, 50,
		30, 20, 10, 20, 30, 40,
		40, 30, 20, 10, 20, 30,
		50, 40, 30, 20, 10, 20,
		60, 50, 40, 30, 20, 10,
	  },
	  { "012345", "120345", "231405", "342510", "453210", "543210" } },
	{ "seven at equal distances", 7, 0, { },
	  { "0123456", "1234560", "2345610", "3456120", "4561230", "5612340",
	    "6123450" } },
	{ "eight at equal distances", 8, 0, { },
	  { "01234567", "12345670", "23456710", "34567120", "45671230",
	    "56712340", "67123450", "71234560" } },
	{ "eight in a cube", 8, 0,
	  {
		10, 16, 16, 22, 16, 22, 22, 28,
		16, 10, 22, 16, 22, 16, 28, 22,
		16, 22, 10, 16, 22, 28, 16, 22,
		22, 16, 16, 10, 28, 22, 22, 16,
		16, 22, 22, 28, 10, 16, 16, 22,
		22, 16, 28, 22, 16, 10, 22, 16,
		22, 28, 16, 22, 16, 22, 10, 16,
		28, 22, 22, 16, 22, 16, 16, 10,
	  },
	  { "01243567", "15302476", "23604715", "37126504", "45607123",
	    "57146302", "67243501", "75631240" } },
};

KUNIT_ARRAY_PARAM_DESC(order, order_cases, name);

/* The orders are those of find_next_best_node() of the host. */
static void nodes_are_tried_as_the_host_tries_them(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = make_nodes(test, c->nr_nodes, *c->distance ?
				     c->distance : NULL, c->cpus);
	unsigned int nid;

	for (nid = 0; nid < c->nr_nodes; nid++) {
		char order[MOST_NODES + 1];

		print_list(u, nid, UMBRA_ZONELIST_FALLBACK, order);
		KUNIT_EXPECT_STREQ(test, order, c->order[nid]);
		print_list(u, nid, UMBRA_ZONELIST_NOFALLBACK, order);
		KUNIT_EXPECT_EQ(test, strlen(order), 1);
		KUNIT_EXPECT_EQ(test, order[0] - '0', nid);
	}
}

/* Allocations follow the list. */
static void full_nodes_are_skipped_in_order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = make_nodes(test, c->nr_nodes, *c->distance ?
				     c->distance : NULL, c->cpus);
	unsigned int nid, i;

	for (nid = 0; nid < c->nr_nodes; nid++) {
		struct page *page[MOST_NODES];

		for (i = 0; i < c->nr_nodes; i++) {
			page[i] = umbra_alloc_pages_node(u, nid, GFP_KERNEL,
							 UMBRA_MAX_ORDER);
			KUNIT_ASSERT_NOT_NULL(test, page[i]);
			KUNIT_EXPECT_EQ(test, umbra_page_node(u, page[i]),
					c->order[nid][i] - '0');
		}
		for (i = 0; i < c->nr_nodes; i++)
			umbra_free_pages(u, page[i], UMBRA_MAX_ORDER);
	}
}

/* Node 0 has DMA, Normal and Movable; node 1 has Normal and HighMem. */
static const struct umbra_zone_layout mixed_zones[] = {
	{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = NODE_FRAMES },
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = NODE_FRAMES },
	{ .nid = 0, .type = UMBRA_ZONE_MOVABLE, .nr_frames = NODE_FRAMES },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = NODE_FRAMES },
	{ .nid = 1, .type = UMBRA_ZONE_HIGHMEM, .nr_frames = NODE_FRAMES },
};

static struct umbra *make_mixed(struct kunit *test)
{
	return umbra_test_ghost_zones(test, mixed_zones,
				      ARRAY_SIZE(mixed_zones),
				      5 * NODE_FRAMES);
}

struct walk_case {
	const char *name;
	unsigned int nid;
	unsigned int list;
	enum umbra_zone_type highest;
	umbra_nodemask_t mask;
	const char *zones;	/* indices into mixed_zones */
};

#define FALLBACK UMBRA_ZONELIST_FALLBACK
#define NOFALLBACK UMBRA_ZONELIST_NOFALLBACK

static const struct walk_case walk_cases[] = {
	{ "all from node 0", 0, FALLBACK, UMBRA_ZONE_MOVABLE,
	  UMBRA_ALL_NODES, "21043" },
	{ "all from node 1", 1, FALLBACK, UMBRA_ZONE_MOVABLE,
	  UMBRA_ALL_NODES, "43210" },
	{ "up to highmem", 0, FALLBACK, UMBRA_ZONE_HIGHMEM,
	  UMBRA_ALL_NODES, "1043" },
	{ "up to normal", 0, FALLBACK, UMBRA_ZONE_NORMAL,
	  UMBRA_ALL_NODES, "103" },
	{ "dma from node 1", 1, FALLBACK, UMBRA_ZONE_DMA,
	  UMBRA_ALL_NODES, "0" },
	{ "only node 1", 0, FALLBACK, UMBRA_ZONE_MOVABLE, BIT(1), "43" },
	{ "only node 0, from node 1", 1, FALLBACK, UMBRA_ZONE_NORMAL, BIT(0),
	  "10" },
	{ "both nodes", 0, FALLBACK, UMBRA_ZONE_NORMAL, BIT(0) | BIT(1),
	  "103" },
	{ "an unknown node", 0, FALLBACK, UMBRA_ZONE_MOVABLE, BIT(2), "" },
	{ "no node", 0, FALLBACK, UMBRA_ZONE_MOVABLE, 0, "" },
	{ "node 0 alone", 0, NOFALLBACK, UMBRA_ZONE_MOVABLE, UMBRA_ALL_NODES,
	  "210" },
	{ "node 1 alone, up to normal", 1, NOFALLBACK, UMBRA_ZONE_NORMAL,
	  UMBRA_ALL_NODES, "3" },
	{ "node 1 alone, not in the mask", 1, NOFALLBACK, UMBRA_ZONE_MOVABLE,
	  BIT(0), "" },
};

KUNIT_ARRAY_PARAM_DESC(walk, walk_cases, name);

static void a_walk_visits_the_zones_a_request_may_use(struct kunit *test)
{
	const struct walk_case *c = test->param_value;
	struct umbra *u = make_mixed(test);
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	char seen[ARRAY_SIZE(mixed_zones) + 1];
	unsigned int n = 0;

	for_each_umbra_zoneref(u, zone, ref,
			       &u->nodes[c->nid].zonelists[c->list],
			       c->highest, c->mask)
		seen[n++] = '0' + (zone - u->zones);
	seen[n] = 0;
	KUNIT_EXPECT_STREQ(test, seen, c->zones);
}

static void a_nodemask_is_obeyed_when_memory_is_short(struct kunit *test)
{
	struct umbra *u = make_nodes(test, 2, NULL, 0);
	const umbra_nodemask_t mask = BIT(0);
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_THISNODE, 0, &pages);
	KUNIT_ASSERT_EQ(test, u->zones[0].nr_free_pages, 0);
	page = umbra_alloc_pages_nodemask(u, GFP_KERNEL | __GFP_NOWARN, 0, 0,
					  &mask);
	KUNIT_EXPECT_NULL(test, page);
	page = umbra_alloc_pages_nodemask(u, GFP_NOWAIT, 0, 0, &mask);
	KUNIT_EXPECT_NULL(test, page);

	/*
	 * An urgent request that cannot wait ignores the mask when it would
	 * fail.
	 */
	page = umbra_alloc_pages_nodemask(u, GFP_ATOMIC, 0, 0, &mask);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	umbra_free_pages(u, page, 0);
	umbra_test_give_all(u, &pages);
}

static void without_a_node_the_cpu_chooses_it(struct kunit *test)
{
	unsigned int nid;

	for (nid = 0; nid < 3; nid++) {
		struct umbra *u = make_nodes(test, 3, NULL, nid);
		struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 0);

		KUNIT_EXPECT_EQ(test, umbra_current_node(u), nid);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), nid);
		umbra_free_pages(u, page, 0);
	}
}

static void cpus_are_distributed_over_the_nodes(struct kunit *test)
{
	struct umbra *u = make_mixed(test);
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		KUNIT_EXPECT_EQ(test, u->cpu_node[cpu], cpu % 2);
	preempt_disable();
	KUNIT_EXPECT_EQ(test, umbra_current_node(u), smp_processor_id() % 2);
	preempt_enable();
}

static void an_unknown_node_is_refused(struct kunit *test)
{
	struct umbra *u = make_nodes(test, 2, NULL, 0);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 2, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 2, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 2, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, UMBRA_MAX_NODES, false),
			-EINVAL);
}

static void a_node_can_go_offline_and_come_back(struct kunit *test)
{
	struct umbra *u = make_nodes(test, 3, NULL, 0);
	struct page *old = umbra_alloc_pages_node(u, 1, GFP_KERNEL, 0), *page;
	char order[MOST_NODES + 1];

	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_EQ(test, umbra_page_node(u, old), 1);
	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 1, false), 0);
	print_list(u, 0, UMBRA_ZONELIST_FALLBACK, order);
	KUNIT_EXPECT_STREQ(test, order, "02");
	print_list(u, 1, UMBRA_ZONELIST_FALLBACK, order);
	KUNIT_EXPECT_STREQ(test, order, "20");
	print_list(u, 1, UMBRA_ZONELIST_NOFALLBACK, order);
	KUNIT_EXPECT_STREQ(test, order, "");

	page = umbra_alloc_pages_node(u, 1, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 2);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 1, GFP_KERNEL |
						       __GFP_THISNODE |
						       __GFP_NOWARN, 0));
	umbra_free_pages(u, page, 0);

	/* Pages of an offline node can still be freed; no cache keeps them. */
	umbra_free_pages(u, old, 0);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_free_pages, NODE_FRAMES);
	KUNIT_EXPECT_EQ(test, u->zones[1].pcp_high_max, 0);

	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 1, true), 0);
	print_list(u, 0, UMBRA_ZONELIST_FALLBACK, order);
	KUNIT_EXPECT_STREQ(test, order, "012");
	page = umbra_alloc_pages_node(u, 1, GFP_KERNEL | __GFP_THISNODE, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	umbra_free_pages(u, page, 0);
}

static void the_last_node_stays_online(struct kunit *test)
{
	struct umbra *u = make_nodes(test, 2, NULL, 0);
	struct page *page;

	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 0, false), 0);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 0, false), 0);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 1, false), -EBUSY);
	page = umbra_alloc_pages_node(u, 0, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	umbra_free_pages(u, page, 0);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 0, true), 0);
	KUNIT_EXPECT_EQ(test, umbra_set_node_online(u, 1, false), 0);
}

static void only_valid_zone_types_have_names(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, umbra_zone_type_name(UMBRA_ZONE_DMA), "DMA");
	KUNIT_EXPECT_STREQ(test, umbra_zone_type_name(UMBRA_ZONE_MOVABLE),
			   "Movable");
	KUNIT_EXPECT_STREQ(test, umbra_zone_type_name(UMBRA_NR_ZONE_TYPES),
			   "invalid");
}

/* The second zone is in the hole after the first span, and has no page. */
static void a_zone_without_pages_is_on_no_list(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 512 },
		{ .type = UMBRA_ZONE_MOVABLE, .nr_frames = 512 },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones,
						 ARRAY_SIZE(zones), 512);
	struct page *page = umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE);
	char list[4];

	print_list(u, 0, FALLBACK, list);
	KUNIT_EXPECT_STREQ(test, list, "0");
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, page), UMBRA_ZONE_NORMAL);
	umbra_free_page(u, page);
}

static struct kunit_case zonelist_cases[] = {
	KUNIT_CASE_PARAM(nodes_are_tried_as_the_host_tries_them,
			 order_gen_params),
	KUNIT_CASE_PARAM(full_nodes_are_skipped_in_order, order_gen_params),
	KUNIT_CASE_PARAM(a_walk_visits_the_zones_a_request_may_use,
			 walk_gen_params),
	KUNIT_CASE(a_nodemask_is_obeyed_when_memory_is_short),
	KUNIT_CASE(without_a_node_the_cpu_chooses_it),
	KUNIT_CASE(cpus_are_distributed_over_the_nodes),
	KUNIT_CASE(an_unknown_node_is_refused),
	KUNIT_CASE(a_node_can_go_offline_and_come_back),
	KUNIT_CASE(the_last_node_stays_online),
	KUNIT_CASE(a_zone_without_pages_is_on_no_list),
	KUNIT_CASE(only_valid_zone_types_have_names),
	{}
};

static struct kunit_suite zonelist_suite = {
	.name = "umbra_zonelist",
	.test_cases = zonelist_cases,
};

kunit_test_suite(zonelist_suite);
