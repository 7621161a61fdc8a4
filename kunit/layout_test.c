// SPDX-License-Identifier: GPL-2.0
/* Valid and invalid layouts. */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/string.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "test_util.h"

#define NR_PAGES (4 * TEST_BLOCK)
#define PAGEBLOCK BIT(TEST_PB_ORDER)

struct layout_case {
	const char *name;
	int err;
	unsigned int nr_zones;
	struct umbra_zone_layout zones[4];	/* node, type, frames, CMA */
	u8 distance[4];				/* 0: default */
	u8 cpu_node;
};

static const struct layout_case layout_cases[] = {
	{ "one zone with every page", 0, 1, { { 0, UMBRA_ZONE_NORMAL } } },
	{ "sizes add up", 0, 2, { { 0, UMBRA_ZONE_DMA, PAGEBLOCK },
				  { 0, UMBRA_ZONE_NORMAL,
				    NR_PAGES - PAGEBLOCK } } },
	{ "the rest for the last", 0, 2, { { 0, UMBRA_ZONE_DMA, PAGEBLOCK },
					   { 0, UMBRA_ZONE_NORMAL } } },
	{ "nodes in any order", 0, 2, { { 1, UMBRA_ZONE_NORMAL, TEST_BLOCK },
					{ 0, UMBRA_ZONE_DMA } } },
	{ "a zone that is all CMA", 0, 1, { { 0, UMBRA_ZONE_NORMAL, 0,
					      NR_PAGES } } },
	{ "distances", 0, 2, { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK },
			       { 1, UMBRA_ZONE_NORMAL } }, { 10, 11, 255, 10 },
	  1 },
	{ "zones out of order", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 0, UMBRA_ZONE_DMA } } },
	{ "a type twice", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 0, UMBRA_ZONE_NORMAL } } },
	{ "a type twice, but not in a row", -EINVAL, 3,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK },
	    { 1, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 0, UMBRA_ZONE_NORMAL } } },
	{ "an unknown type", -EINVAL, 1, { { 0, UMBRA_NR_ZONE_TYPES } } },
	{ "no node 0", -EINVAL, 1, { { 1, UMBRA_ZONE_NORMAL } } },
	{ "a gap between nodes", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 2, UMBRA_ZONE_NORMAL } } },
	{ "a node past the last", -EINVAL, 1,
	  { { UMBRA_MAX_NODES, UMBRA_ZONE_NORMAL } } },
	{ "half a pageblock", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_DMA, PAGEBLOCK / 2 }, { 0, UMBRA_ZONE_NORMAL } } },
	{ "too small", -EINVAL, 1, { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK } } },
	{ "too large", -EINVAL, 1,
	  { { 0, UMBRA_ZONE_NORMAL, NR_PAGES + PAGEBLOCK } } },
	{ "no page left for the last zone", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_DMA, NR_PAGES }, { 0, UMBRA_ZONE_NORMAL } } },
	{ "a zone without size before the last", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_DMA }, { 0, UMBRA_ZONE_NORMAL, PAGEBLOCK } } },
	{ "half a pageblock of CMA", -EINVAL, 1,
	  { { 0, UMBRA_ZONE_NORMAL, 0, PAGEBLOCK / 2 } } },
	{ "more CMA than zone", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_DMA, PAGEBLOCK, 2 * PAGEBLOCK },
	    { 0, UMBRA_ZONE_NORMAL } } },
	{ "a distance below the local one", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 1, UMBRA_ZONE_NORMAL } },
	  { 10, 9, 20, 10 } },
	{ "a node at a distance from itself", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 1, UMBRA_ZONE_NORMAL } },
	  { 10, 20, 20, 11 } },
	{ "a CPU on an unknown node", -EINVAL, 2,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK }, { 1, UMBRA_ZONE_NORMAL } },
	  { 10, 20, 20, 10 }, 2 },
	{ "too many zones", -EINVAL, UMBRA_MAX_ZONES + 1,
	  { { 0, UMBRA_ZONE_NORMAL, TEST_BLOCK } } },
};

KUNIT_ARRAY_PARAM_DESC(layout, layout_cases, name);

static void an_invalid_layout_is_refused(struct kunit *test)
{
	const struct layout_case *c = test->param_value;
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, NR_PAGES),
		.nr_pages = NR_PAGES,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = c->nr_zones,
		.zones = c->zones,
		.distance = c->distance[0] ? c->distance : NULL,
	};
	struct umbra_zone_layout *many;
	struct umbra *u;
	u8 *cpu_node;

	cpu_node = kunit_kzalloc(test, nr_cpu_ids, GFP_KERNEL);
	many = kunit_kcalloc(test, UMBRA_MAX_ZONES + 1, sizeof(*many),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu_node);
	KUNIT_ASSERT_NOT_NULL(test, many);
	memset(cpu_node, c->cpu_node, nr_cpu_ids);
	layout.cpu_node = cpu_node;
	if (c->nr_zones > ARRAY_SIZE(c->zones))
		layout.zones = many;

	u = umbra_instance_create("test", &layout, &span, 1);
	if (c->err) {
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(u), c->err);
		if (IS_ERR(u))
			return;
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), NR_PAGES);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	umbra_instance_free(u);
}

static void a_layout_with_an_unknown_policy_is_refused(struct kunit *test)
{
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, NR_PAGES),
		.nr_pages = NR_PAGES,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.policy = "no such policy",
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(umbra_instance_create("test",
								    &layout,
								    &span, 1)),
			-EINVAL);
}

static struct kunit_case layout_test_cases[] = {
	KUNIT_CASE_PARAM(an_invalid_layout_is_refused, layout_gen_params),
	KUNIT_CASE(a_layout_with_an_unknown_policy_is_refused),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "umbra_layout",
	.test_cases = layout_test_cases,
};

kunit_test_suite(layout_suite);
