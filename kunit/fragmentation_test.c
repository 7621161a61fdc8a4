// SPDX-License-Identifier: GPL-2.0
/*
 * The numbers of extfrag/: they follow from __fragmentation_index() and
 * unusable_free_index() of Linux 7.3.
 */
#include "../src/buddy/fragmentation.h"
#include "test_util.h"

struct index_case {
	const char *name;
	unsigned long nr_free[UMBRA_NR_ORDERS];
	unsigned int order;
	int fragmentation, unusable;	/* in 1/1000 */
};

static const struct index_case index_cases[] = {
	{ "no free page", {}, 3, 0, 1000 },
	{ "100 pages for order 3", { 100 }, 3, 865, 1000 },
	{ "4 pages for order 4", { 4 }, 4, 688, 1000 },
	{ "1 page for order 10", { 1 }, 10, 0, 1000 },
	{ "2 pages and a pair for order 2", { 2, 1 }, 2, 334, 1000 },
	{ "3 pages and a block of order 2", { 3, 0, 1 }, 2, -1000, 428 },
	{ "8 pages and 2 pairs for order 1", { 8, 2 }, 1, -1000, 666 },
	{ "a block of order 3 for order 2", { 0, 0, 0, 1 }, 2, -1000, 0 },
	{ "a page and a block of order 3 for order 2", { 1, 0, 0, 1 }, 2,
	  -1000, 111 },
	{ "pages for order 0", { 5, 1 }, 0, -1000, 0 },
};

KUNIT_ARRAY_PARAM_DESC(index, index_cases, name);

static void indices_are_those_of_the_host(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct umbra_free_blocks b;

	umbra_count_free_blocks(&b, c->nr_free, c->order);
	KUNIT_EXPECT_EQ(test, umbra_fragmentation_index(&b, c->order),
			c->fragmentation);
	KUNIT_EXPECT_EQ(test, umbra_unusable_index(&b, c->order), c->unusable);
}

static struct kunit_case fragmentation_cases[] = {
	KUNIT_CASE_PARAM(indices_are_those_of_the_host, index_gen_params),
	{}
};

static struct kunit_suite fragmentation_suite = {
	.name = "umbra_fragmentation",
	.test_cases = fragmentation_cases,
};

kunit_test_suite(fragmentation_suite);
