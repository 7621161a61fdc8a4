// SPDX-License-Identifier: GPL-2.0
/* A block leaves the allocated state by one exchange of its byte. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include "../../src/core/frame.h"
#include "../../src/core/span.h"
#include "../../src/page/held.h"
#include "scenarios.h"
#include "world.h"

static struct page *block, *of_nmi, *small, *large;
static int results[3];

static void make(void)
{
	struct world_options options = WORLD_DEFAULT;

	world_make(&options);
	block = umbra_alloc_pages(world, GFP_KERNEL, 0);
}

static void free_block(unsigned int i)
{
	results[i] = umbra_free_pages_account(world, block, 0, NULL);
}

static void free_0(void)
{
	free_block(0);
}

static void free_1(void)
{
	free_block(1);
}

static void free_2(void)
{
	free_block(2);
}

static void alloc_in_nmi(void)
{
	of_nmi = umbra_alloc_pages_nolock(world, 0, UMBRA_NO_NODE, 0);
}

static void judge_two(void)
{
	world_expect(!results[0] + !results[1] == 1, "one of two frees wins");
	world_judge(1);
}

static void judge_three(void)
{
	world_expect(!results[0] + !results[1] + !results[2] == 1,
		     "one of three frees wins");
	world_judge(2);
}

/* If the NMI gets the block in between, the second free takes it away again. */
static void judge_two_and_nmi(void)
{
	bool stolen = !results[0] && !results[1];

	world_expect(!results[0] || !results[1], "one of two frees wins");
	world_expect(!stolen || of_nmi == block, "one of two frees is refused");
	if (of_nmi && !stolen)
		world_own(of_nmi, 0);
	world_judge(!stolen);
}

static void make_referenced(void)
{
	make();
	umbra_sim_page_get(block);
}

static void drop_and_look(void)
{
	page_ref_dec(block);
	umbra_held_rescan(world);
}

static void look(void)
{
	umbra_held_rescan(world);
}

static void judge_held(void)
{
	world_judge(0);
	world_expect(!world->zones[0].nr_held, "nothing stays held");
}

static void fail_memory(void)
{
	SetPageHWPoison(block);
	umbra_hwpoison_pfn(world, umbra_index_to_pfn(world, umbra_sim_frame(world, block)));
}

static void judge_failed(void)
{
	u32 frame = umbra_sim_frame(world, block);

	world_judge(ANY_REPORTS);
	world_expect(frame_state(frame_read(world, frame)) == FRAME_OFFLINE,
		     "the page that failed is out of use");
}

/* Blocks that two contexts free; without caches, both go to the zone. */
static void make_pair(int pcp_batch)
{
	struct world_options options = WORLD_DEFAULT;

	options.pcp_batch = pcp_batch;
	world_make(&options);
	small = umbra_alloc_pages(world, GFP_KERNEL, 0);
	large = umbra_alloc_pages(world, GFP_KERNEL, 2);
}

static void make_pair_cached(void)
{
	make_pair(4);
}

static void make_pair_uncached(void)
{
	make_pair(0);
}

static void make_pair_referenced(void)
{
	make_pair(0);
	umbra_sim_page_get(large);
}

static void free_small(void)
{
	umbra_free_pages(world, small, 0);
}

static void free_large_in_nmi(void)
{
	if (umbra_free_pages_nolock(world, large, 2))
		world_expect(false, "a free in an NMI is not refused");
}

/* The work item frees what waits. */
static void judge_pair(void)
{
	umbra_sim_pass(1000000);
	world_judge(0);
}

static void judge_pair_referenced(void)
{
	umbra_sim_pass(1000000);
	world_expect(world->zones[0].nr_held == 1, "the page is held");
	page_ref_dec(large);
	world_judge(0);
}

const struct scenario free_scenarios[] = {
	{
		.name = "free-free",
		.claim = "of two CPUs that free a block one wins, the other is reported",
		.setup = make,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "free on CPU 1", CONTEXT_TASK, 1, free_1 },
		},
		.judge = judge_two,
		.preemptions = ALL_SCHEDULES,
		.schedules = 6,
	}, {
		.name = "free-free-free",
		.claim = "of three CPUs that free a block one wins",
		.setup = make,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "free on CPU 1", CONTEXT_TASK, 1, free_1 },
			{ "free on CPU 2", CONTEXT_TASK, 2, free_2 },
		},
		.judge = judge_three,
		.preemptions = ALL_SCHEDULES,
		.schedules = 162,
	}, {
		.name = "free-free-nmi",
		.claim = "of two CPUs that free a block one wins, while an NMI allocates",
		.setup = make,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "free on CPU 1", CONTEXT_TASK, 1, free_1 },
			{ "allocation in an NMI on CPU 0", CONTEXT_NMI, 0,
			  alloc_in_nmi },
		},
		.judge = judge_two_and_nmi,
		.preemptions = ALL_SCHEDULES,
		.schedules = 87,
	}, {
		.name = "free-free-irq",
		.claim = "an interrupt inside a free may free the same block",
		.setup = make,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "free in an interrupt on CPU 0", CONTEXT_INTERRUPT, 0,
			  free_1 },
		},
		.judge = judge_two,
		.preemptions = ALL_SCHEDULES,
		.schedules = 21,
	}, {
		.name = "free-held",
		.claim = "a page whose last other reference goes during a free is not lost",
		.setup = make_referenced,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "end of a reference on CPU 1", CONTEXT_TASK, 1,
			  drop_and_look },
		},
		.judge = judge_held,
		.preemptions = ALL_SCHEDULES,
		.schedules = 4,
	}, {
		.name = "free-held-look",
		.claim = "a held page becomes free once, with two CPUs that look",
		.setup = make_referenced,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "end of a reference on CPU 1", CONTEXT_TASK, 1,
			  drop_and_look },
			{ "look at held pages on CPU 2", CONTEXT_TASK, 2, look },
		},
		.judge = judge_held,
		.preemptions = ALL_SCHEDULES,
		.schedules = 12,
	}, {
		.name = "free-failure",
		.claim = "a page whose memory fails during its free goes out of use",
		.setup = make,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_0 },
			{ "memory failure on CPU 1", CONTEXT_TASK, 1,
			  fail_memory },
		},
		.judge = judge_failed,
		.preemptions = ALL_SCHEDULES,
		.schedules = 11,
	}, {
		.name = "free-nolock",
		.claim = "a free in an NMI loses nothing to a free on another CPU",
		.setup = make_pair_uncached,
		.contexts = {
			{ "free on CPU 1", CONTEXT_TASK, 1, free_small },
			{ "free in an NMI on CPU 0", CONTEXT_NMI, 0,
			  free_large_in_nmi },
		},
		.judge = judge_pair,
		.preemptions = ALL_SCHEDULES,
		.schedules = 7,
	}, {
		.name = "free-nolock-same",
		.claim = "a free in an NMI loses nothing to the free that it interrupts",
		.setup = make_pair_uncached,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_small },
			{ "free in an NMI on CPU 0", CONTEXT_NMI, 0,
			  free_large_in_nmi },
		},
		.judge = judge_pair,
		.preemptions = ALL_SCHEDULES,
		.schedules = 22,
	}, {
		.name = "free-nolock-cached",
		.claim = "a free in an NMI may come inside a section of the cache",
		.setup = make_pair_cached,
		.contexts = {
			{ "free on CPU 0", CONTEXT_TASK, 0, free_small },
			{ "free in an NMI on CPU 0", CONTEXT_NMI, 0,
			  free_large_in_nmi },
		},
		.judge = judge_pair,
		.preemptions = ALL_SCHEDULES,
		.schedules = 15,
	}, {
		.name = "free-nolock-held",
		.claim = "a referenced block that an NMI frees is held",
		.setup = make_pair_referenced,
		.contexts = {
			{ "free on CPU 1", CONTEXT_TASK, 1, free_small },
			{ "free in an NMI on CPU 0", CONTEXT_NMI, 0,
			  free_large_in_nmi },
			{ "look at held pages on CPU 0", CONTEXT_TASK, 0, look },
		},
		.judge = judge_pair_referenced,
		.preemptions = ALL_SCHEDULES,
		.schedules = 5,
	},
	{}
};
