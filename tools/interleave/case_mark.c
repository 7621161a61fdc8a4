// SPDX-License-Identifier: GPL-2.0
/*
 * The watermark check, which reads the number of free pages without the lock, while
 * blocks merge and are split.
 */
#include <linux/gfp.h>
#include "../../src/buddy/watermark.h"
#include "scenarios.h"
#include "world.h"

static struct page *block;
static unsigned long mark;
static bool is_above;

/* Without caches, so that each block comes from the zone and returns to it. */
static void make(void)
{
	struct world_options options = WORLD_DEFAULT;

	options.pcp_batch = 0;
	options.pcp_high = 0;
	world_make(&options);
}

/* The zone stays above the mark whether the block is free or not. */
static void make_allocated(void)
{
	make();
	block = umbra_alloc_pages(world, GFP_KERNEL, 0);
	mark = world->zones->nr_free_pages - 1;
}

static void make_free(void)
{
	make();
	mark = world->zones->nr_free_pages - 2;
}

static void free_block(void)
{
	umbra_free_pages(world, block, 0);
}

static void alloc(void)
{
	world_alloc(GFP_KERNEL, 0);
}

static void check(void)
{
	is_above = umbra_watermark_ok(world->zones, 0, mark,
				      UMBRA_ZONE_MOVABLE, 0);
}

static void judge(void)
{
	world_expect(is_above, "the zone is above the mark all the time");
	world_judge(0);
}

const struct scenario mark_scenarios[] = {
	{
		.name = "merge-mark",
		.claim = "a check of the watermark finds no fewer pages while a block merges",
		.setup = make_allocated,
		.contexts = {
			{ "free", CONTEXT_TASK, 0, free_block },
			{ "check", CONTEXT_TASK, 1, check },
		},
		.judge = judge,
		.preemptions = ALL_SCHEDULES,
		.schedules = 2,
	}, {
		.name = "split-mark",
		.claim = "a check of the watermark misses only the taken page of a split block",
		.setup = make_free,
		.contexts = {
			{ "alloc", CONTEXT_TASK, 0, alloc },
			{ "check", CONTEXT_TASK, 1, check },
		},
		.judge = judge,
		.preemptions = ALL_SCHEDULES,
		.schedules = 4,
	},
	{}
};
