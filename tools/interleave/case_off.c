// SPDX-License-Identifier: GPL-2.0
/* Caches are turned off while contexts use them. */
#include <linux/gfp.h>
#include "../../src/page/pcp_setup.h"
#include "scenarios.h"
#include "world.h"

static struct page *block;

static void make_nodes(unsigned int nodes)
{
	struct world_options options = WORLD_DEFAULT;

	options.nodes = nodes;
	world_make(&options);
	umbra_sim_set_cpu(1);
	block = umbra_alloc_pages(world, GFP_KERNEL, 0);
	umbra_drain_pages(world);
	umbra_sim_set_cpu(0);
}

static void make(void)
{
	make_nodes(1);
}

static void make_pair(void)
{
	make_nodes(2);
}

static void turn_off(void)
{
	umbra_pcp_tune(world, 0, 0);
}

static void take_node(void)
{
	umbra_set_node_online(world, 1, false);
}

static void alloc(void)
{
	world_alloc(GFP_KERNEL, 0);
}

static void free_block(void)
{
	umbra_free_pages(world, block, 0);
}

static void irq_alloc_free(void)
{
	umbra_free_pages(world, umbra_alloc_pages(world, GFP_ATOMIC, 0), 0);
}

static void judge(void)
{
	world_expect(!world_cached(), "a cache that is off is empty");
	world_judge(0);
}

static void judge_block(void)
{
	world_own(block, 0);
	judge();
}

static void judge_node(void)
{
	world_expect(!umbra_pcp_count(&world->zones[1], -1),
		     "no cache has pages of an offline node");
	world_judge(0);
}

static void judge_node_block(void)
{
	world_own(block, 0);
	judge_node();
}

const struct scenario off_scenarios[] = {
	SCENARIO("off-free", 293, "a free while caches are turned off leaves no page in one",
		 make, judge, 1,
		 TASK(turn_off, 0), TASK(free_block, 1)),
	SCENARIO("off-refill", 337, "a refill while caches are turned off leaves no page in one",
		 make, judge_block, 1,
		 TASK(turn_off, 0), TASK(alloc, 1)),
	{
		.name = "off-free-two",
		.claim = "the same, with more preemptions",
		.setup = make,
		.contexts = { TASK(turn_off, 0), TASK(free_block, 1) },
		.judge = judge,
		.preemptions = 2,
		.schedules = 5943,
		.is_long = true,
	}, {
		.name = "off-free-irq",
		.claim = "an interrupt allocates and frees during that free",
		.setup = make,
		.contexts = {
			TASK(turn_off, 0), TASK(free_block, 1),
			IRQ(irq_alloc_free, 1)
		},
		.judge = judge,
		.preemptions = 1,
		.schedules = 5435,
		.is_long = true,
	}, {
		.name = "off-free-nmi",
		.claim = "an NMI allocates during that free",
		.setup = make,
		.contexts = {
			TASK(turn_off, 0), TASK(free_block, 1),
			NMI(world_nmi_alloc, 1)
		},
		.judge = judge,
		.preemptions = 1,
		.schedules = 3470,
		.is_long = true,
	}, {
		.name = "off-refill-irq",
		.claim = "an interrupt allocates and frees during that refill",
		.setup = make,
		.contexts = {
			TASK(turn_off, 0), TASK(alloc, 1),
			IRQ(irq_alloc_free, 1)
		},
		.judge = judge_block,
		.preemptions = 1,
		.schedules = 7191,
		.is_long = true,
	},
	SCENARIO("node-free", 293, "a free while its node goes leaves no page in a cache",
		 make_pair, judge_node, 1,
		 TASK(take_node, 0), TASK(free_block, 1)),
	SCENARIO("node-refill", 348, "a refill while its node goes leaves no page in a cache",
		 make_pair, judge_node_block, 1,
		 TASK(take_node, 0), TASK(alloc, 1)),
	{}
};
