// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on random layouts against a model of nodes, zones,
 * watermarks and reserves (zoned_model.c). Without caches the model knows the
 * zone that serves a request; with caches it knows the zones that may.
 *
 * umbra_test.seed repeats a run; umbra_test.ops makes it longer.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/sched.h>
#include "zoned_run.h"

#define JUDGE_EVERY 500

/* The most frames of a zone, unless two pageblocks are more. */
#define ZONE_FRAMES 4096

static unsigned long start;

static int choose_start(struct kunit_suite *suite)
{
	start = umbra_test_seed ?: get_random_u32();
	return 0;
}

static void describe(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "layout %u", *nr);
}

static const unsigned int layouts[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};

KUNIT_ARRAY_PARAM(layout, layouts, describe);

static void random_operations_on_zones_agree_with_the_model(struct kunit *test)
{
	unsigned long count = max(umbra_test_ops / 8 / ARRAY_SIZE(layouts), 1UL), i;
	unsigned long begin = jiffies;
	const unsigned int *nr = test->param_value;
	struct run *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->test = test;
	r->zone_frames = ZONE_FRAMES;
	prandom_seed_state(&r->rnd, start * ARRAY_SIZE(layouts) + *nr);
	/* Close seeds have similar first numbers. */
	for (i = 0; i < 64; i++)
		pick(r, 2);
	zoned_create(r);
	kunit_info(test, "layout %u: umbra_test.seed=%lu, %u nodes, %u zones, %u pages, pageblocks of order %u, policy %s, caches of %d\n",
		   *nr, start, r->m.nr_nodes, r->m.nr_zones, r->m.nr_frames,
		   r->m.layout.pb_order, r->m.layout.policy,
		   r->m.layout.pcp_batch);
	/* The model needs the CPU that the test runs on. */
	r->cpu = umbra_test_one_cpu(test);
	zoned_change_cpu(r);
	for (i = 0; i < count; i++) {
		if (i % JUDGE_EVERY == 0) {
			if (!umbra_test_has_time(begin))
				break;
			zoned_judge(r);
			r->chance = 96 + pick(r, 97);
			cond_resched();
		}
		zoned_step(r);
	}
	zoned_judge(r);
	kunit_info(test, "%lu operations done: %lu allocations failed\n", i,
		   r->nr_failed);
	zoned_wind_up(r);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static struct kunit_case zoned_property_cases[] = {
	KUNIT_CASE_PARAM_ATTR(random_operations_on_zones_agree_with_the_model,
			      layout_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite zoned_property_suite = {
	.name = "umbra_zoned_property",
	.suite_init = choose_start,
	.test_cases = zoned_property_cases,
};

kunit_test_suite(zoned_property_suite);
