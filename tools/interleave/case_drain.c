// SPDX-License-Identifier: GPL-2.0
/*
 * A drain, which calls the CPU of a cache, against sections of that CPU, against
 * the isolation of a pageblock, and against a CPU that goes.
 */
#include <linux/gfp.h>
#include "../../src/core/frame.h"
#include "../../src/core/span.h"
#include "scenarios.h"
#include "world.h"

#define NR_CACHED	3

static struct page *block;
static int isolated;

/* The cache of @cpu has some blocks; @block is allocated. */
static void make_on(unsigned int cpu)
{
	struct world_options options = WORLD_DEFAULT;
	struct page *pages[NR_CACHED];
	unsigned int i;

	world_make(&options);
	umbra_sim_set_cpu(cpu);
	for (i = 0; i < NR_CACHED; i++)
		pages[i] = umbra_alloc_pages(world, GFP_KERNEL, 0);
	block = umbra_alloc_pages(world, GFP_KERNEL, 0);
	umbra_drain_pages(world);
	for (i = 0; i < NR_CACHED; i++)
		umbra_free_pages(world, pages[i], 0);
	umbra_sim_set_cpu(0);
}

static void make_one(void)
{
	make_on(1);
}

static void make_two(void)
{
	make_on(2);
}

static void drain(void)
{
	umbra_drain_pages(world);
}

static void free_block(void)
{
	umbra_free_pages(world, block, 0);
}

static void alloc(void)
{
	world_alloc(GFP_KERNEL, 0);
}

static void alloc_and_free(void)
{
	struct page *page = umbra_alloc_pages(world, GFP_KERNEL, 0);

	umbra_free_pages(world, page, 0);
}

static void isolate(void)
{
	unsigned long pfn = umbra_index_to_pfn(world, umbra_sim_frame(world, block));

	isolated = umbra_isolate_range(world, pfn, pfn + 1);
}

static void end_isolation(void)
{
	unsigned long pfn = umbra_index_to_pfn(world, umbra_sim_frame(world, block));

	umbra_unisolate_range(world, pfn, pfn + 1);
}

static void take_away_2(void)
{
	umbra_sim_set_cpu_online(2, false);
}

static void judge(void)
{
	world_judge(0);
}

static void judge_block(void)
{
	world_own(block, 0);
	world_judge(0);
}

/* No cache may keep a page of an isolated pageblock. */
static void judge_isolated(void)
{
	u32 frame = umbra_sim_frame(world, block), i;

	world_expect(!isolated, "the pageblock can be isolated");
	for (i = umbra_pageblock_start(world, frame);
	     i < umbra_pageblock_end(world, frame); i++)
		world_expect(frame_state(frame_read(world, i)) != FRAME_PCP,
			     "no page of an isolated pageblock is in a cache");
	end_isolation();
	world_judge(0);
}

static void judge_gone(void)
{
	world_expect(!umbra_pcp_count(world->zones, 2),
		     "the cache of a CPU that is gone is empty");
	world_judge(0);
}

static void judge_gone_block(void)
{
	world_own(block, 0);
	judge_gone();
}

const struct scenario drain_scenarios[] = {
	SCENARIO("drain-hit", 276, "a drain meets a hit on the CPU of the cache",
		 make_one, judge_block, ALL_SCHEDULES,
		 TASK(drain, 0), TASK(alloc, 1)),
	SCENARIO("drain-free", 74, "a drain meets a free on the CPU of the cache",
		 make_one, judge, ALL_SCHEDULES,
		 TASK(drain, 0), TASK(free_block, 1)),
	SCENARIO("drain-nmi", 1457, "a drain meets a free and an NMI on the CPU of the cache",
		 make_one, judge, 1,
		 TASK(drain, 0), TASK(free_block, 1), NMI(world_nmi_alloc, 1)),
	SCENARIO("drain-drain", 180, "two drains meet a free on the CPU of the cache",
		 make_two, judge, ALL_SCHEDULES,
		 TASK(drain, 0), TASK(drain, 1), TASK(free_block, 2)),
	SCENARIO("isolate-free", 368, "a page freed during an isolation stays in no cache",
		 make_one, judge_isolated, 1,
		 TASK(isolate, 0), TASK(free_block, 1)),
	SCENARIO("isolate-drain", 4523, "a drain and an isolation meet a free",
		 make_two, judge_isolated, 1,
		 TASK(isolate, 0), TASK(drain, 1), TASK(free_block, 2)),
	SCENARIO("gone-drain", 3, "a CPU goes during a drain",
		 make_two, judge_gone_block, ALL_SCHEDULES,
		 TASK(drain, 0), TASK(take_away_2, 1)),
	SCENARIO("gone-drain-free", 1049, "a CPU goes after a free on it, during a drain",
		 make_two, judge_gone, ALL_SCHEDULES,
		 TASK(drain, 0), TASK(take_away_2, 1), TASK(free_block, 2)),
	SCENARIO("gone-drain-both", 478, "a CPU goes after a hit and a free on it, during a drain",
		 make_two, judge_gone_block, 1,
		 TASK(drain, 0), TASK(take_away_2, 1),
		 TASK(alloc_and_free, 2)),
	{}
};
