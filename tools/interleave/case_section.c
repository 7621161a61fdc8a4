// SPDX-License-Identifier: GPL-2.0
/* A section of a cache against interrupts and NMIs on its CPU. */
#include <linux/gfp.h>
#include "../../src/core/section.h"
#include "scenarios.h"
#include "world.h"

/* Blocks that the task frees: enough to fill the line of a list */
#define NR_BLOCKS	(PCP_GROUP + 1)

static struct page *blocks[NR_BLOCKS];

/* Allocate all blocks, and free the first @nr again. */
static void make_cached(unsigned int nr)
{
	struct world_options options = WORLD_DEFAULT;
	unsigned int i;

	options.pcp_high = 64;
	world_make(&options);
	for (i = 0; i < NR_BLOCKS; i++)
		blocks[i] = umbra_alloc_pages(world, GFP_KERNEL, 0);
	umbra_drain_pages(world);
	for (i = 0; i < nr; i++)
		umbra_free_pages(world, blocks[i], 0);
	for (; i < NR_BLOCKS - 1; i++)
		world_own(blocks[i], 0);
}

static void make_two(void)
{
	make_cached(2);
}

static void make_full(void)
{
	make_cached(PCP_GROUP);
}

static void make_empty(void)
{
	make_cached(0);
}

/* A group, and an empty line */
static void make_group(void)
{
	make_cached(PCP_GROUP);
	umbra_free_pages(world, blocks[NR_BLOCKS - 1], 0);
	blocks[NR_BLOCKS - 1] = umbra_alloc_pages(world, GFP_KERNEL, 0);
}

/* The next free puts blocks back to the zone. */
static void make_small(void)
{
	struct world_options options = WORLD_DEFAULT;
	unsigned int i;

	options.pcp_batch = 2;
	options.pcp_high = 4;
	world_make(&options);
	for (i = 0; i < NR_BLOCKS; i++)
		blocks[i] = umbra_alloc_pages(world, GFP_KERNEL, 0);
	umbra_drain_pages(world);
	for (i = 0; i < 3; i++)
		umbra_free_pages(world, blocks[i], 0);
	for (; i < NR_BLOCKS - 1; i++)
		world_own(blocks[i], 0);
}

static void task_alloc(void)
{
	world_alloc(GFP_KERNEL, 0);
}

static void task_free(void)
{
	umbra_free_pages(world, blocks[NR_BLOCKS - 1], 0);
}

static void task_alloc_free(void)
{
	struct page *page = umbra_alloc_pages(world, GFP_KERNEL, 0);

	umbra_free_pages(world, page, 0);
	umbra_free_pages(world, blocks[NR_BLOCKS - 1], 0);
}

static void irq_alloc(void)
{
	world_alloc(GFP_ATOMIC, 0);
}

static void irq_alloc_free(void)
{
	umbra_free_pages(world, umbra_alloc_pages(world, GFP_ATOMIC, 0), 0);
}

static void judge(void)
{
	world_judge(0);
}

/* After a task that frees nothing */
static void judge_alloc(void)
{
	world_own(blocks[NR_BLOCKS - 1], 0);
	world_judge(0);
}

const struct scenario section_scenarios[] = {
	SCENARIO("hit-irq", 13, "an interrupt inside a hit allocates",
		 make_two, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), IRQ(irq_alloc, 0)),
	SCENARIO("hit-nmi", 13, "an NMI inside a hit allocates",
		 make_two, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("free-irq", 21, "an interrupt inside a free allocates and frees",
		 make_two, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), IRQ(irq_alloc_free, 0)),
	SCENARIO("free-nmi", 14, "an NMI inside a free allocates",
		 make_two, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("spill-irq", 26, "an interrupt allocates while a line becomes a group",
		 make_full, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), IRQ(irq_alloc_free, 0)),
	SCENARIO("spill-nmi", 19, "an NMI allocates while a line becomes a group",
		 make_full, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("unspill-irq", 52, "an interrupt allocates while a group becomes a line",
		 make_group, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), IRQ(irq_alloc_free, 0)),
	SCENARIO("unspill-nmi", 52, "an NMI allocates while a group becomes a line",
		 make_group, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("refill-irq", 254, "an interrupt allocates and frees during a refill",
		 make_empty, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), IRQ(irq_alloc_free, 0)),
	SCENARIO("refill-nmi", 187, "an NMI allocates during a refill",
		 make_empty, judge_alloc, ALL_SCHEDULES,
		 TASK(task_alloc, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("trim-irq", 39, "an interrupt allocates and frees while a cache is trimmed",
		 make_small, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), IRQ(irq_alloc_free, 0)),
	SCENARIO("trim-nmi", 51, "an NMI allocates while a cache is trimmed",
		 make_small, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), NMI(world_nmi_alloc, 0)),
	SCENARIO("free-irq-nmi", 464, "an NMI inside an interrupt inside a free allocates",
		 make_two, judge, ALL_SCHEDULES,
		 TASK(task_free, 0), IRQ(irq_alloc, 0),
		 NMI(world_nmi_alloc, 0)),
	{
		.name = "both-irq-nmi",
		.claim = "an interrupt and an NMI come while a task allocates and frees",
		.setup = make_two,
		.contexts = {
			TASK(task_alloc_free, 0), IRQ(irq_alloc_free, 0),
			NMI(world_nmi_alloc, 0)
		},
		.judge = judge,
		.preemptions = ALL_SCHEDULES,
		.schedules = 5296,
		.is_long = true,
	},
	{}
};
