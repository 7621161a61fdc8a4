// SPDX-License-Identifier: GPL-2.0
/* Two threads on two CPUs. */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/snapshot.h"
#include "../src/inspect/verify.h"
#include "../src/page/account.h"
#include "../src/page/held.h"
#include "test_util.h"

/* Fewer rounds on a slow machine. */
static unsigned int rounds(void)
{
	return clamp(umbra_test_ops / 50, 1000UL, 20000UL);
}

struct duel {
	struct umbra *u;
	struct umbra_test_barrier barrier;
	unsigned long start;		/* jiffies */
	struct page *page;
	unsigned int order;
	int result[TEST_THREADS];
	/* written by thread 0 only */
	bool more;			/* another round follows */
	unsigned long rounds, one_won, both_won, nobody_won;
};

static struct duel *duel_create(struct kunit *test)
{
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	d->start = jiffies;
	return d;
}

/* Thread 0 sets up a round with a block before the threads meet. */
static void begin_round(struct duel *d, unsigned int order)
{
	d->order = order;
	d->page = umbra_alloc_pages(d->u, GFP_KERNEL, order);
	d->more = ++d->rounds < rounds() && umbra_test_has_time(d->start);
}

static void free_the_same_block(void *arg, unsigned int self)
{
	struct duel *d = arg;
	bool more;

	do {
		if (!self)
			begin_round(d, d->rounds % 4);
		umbra_test_meet(&d->barrier);
		more = d->more;
		d->result[self] = d->page ?
			umbra_free_pages_account(d->u, d->page, d->order,
						 NULL) : 0;
		umbra_test_meet(&d->barrier);
		if (self)
			continue;
		if (!d->result[0] && !d->result[1])
			d->both_won++;
		else if (d->result[0] && d->result[1])
			d->nobody_won++;
		else
			d->one_won++;
	} while (more);
}

static void a_block_freed_by_two_threads_is_reported_once(struct kunit *test)
{
	struct duel *d = duel_create(test);

	umbra_test_start_pair(test, free_the_same_block, d);
	umbra_test_join_pair();
	KUNIT_EXPECT_GT(test, d->rounds, 0);
	KUNIT_EXPECT_EQ(test, d->one_won, d->rounds);
	KUNIT_EXPECT_EQ(test, d->both_won, 0);
	KUNIT_EXPECT_EQ(test, d->nobody_won, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(d->u), d->rounds);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(d->u), TEST_BLOCK);
}

/*
 * One thread exposes a block while the other frees it. The free must succeed.
 */
static void expose_and_free(void *arg, unsigned int self)
{
	struct duel *d = arg;
	bool more;

	do {
		if (!self)
			begin_round(d, 2);
		umbra_test_meet(&d->barrier);
		more = d->more;
		if (self && d->page)
			umbra_expose_pages(d->u, d->page, 2);
		else if (d->page)
			d->one_won += !umbra_free_pages_account(d->u, d->page,
								2, NULL);
		umbra_test_meet(&d->barrier);
	} while (more);
}

static void a_free_succeeds_while_the_block_is_being_exposed(struct kunit *test)
{
	struct duel *d = duel_create(test);

	umbra_test_start_pair(test, expose_and_free, d);
	umbra_test_join_pair();
	KUNIT_EXPECT_GT(test, d->rounds, 0);
	KUNIT_EXPECT_EQ(test, d->one_won, d->rounds);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(d->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(d->u), TEST_BLOCK);
}

#define STRESS_PAGES (2 * TEST_BLOCK)
#define STRESS_BLOCKS 64

/* The owner of each frame: 0, or the number of a thread plus 1. */
struct stress {
	struct umbra *u;
	struct umbra_account *account;
	unsigned long start;		/* jiffies */
	u8 owner[STRESS_PAGES];
	struct stress_thread {
		struct page *page[STRESS_BLOCKS];
		unsigned int order[STRESS_BLOCKS];
		unsigned long steps;
		unsigned long stolen;	/* frames with two owners */
		unsigned long refused;	/* frees */
	} thread[TEST_THREADS];
};

static void claim(struct stress *s, unsigned int self, u8 from, u8 to,
		  struct page *page, unsigned int order)
{
	u32 index = umbra_page_to_index(s->u, page), i;

	for (i = index; i < index + (1U << order); i++) {
		u8 old = from;

		if (!try_cmpxchg(&s->owner[i], &old, to))
			s->thread[self].stolen++;
	}
}

static void stress_step(struct stress *s, unsigned int self,
			struct rnd_state *rnd)
{
	struct stress_thread *t = &s->thread[self];
	unsigned int slot = prandom_u32_state(rnd) % STRESS_BLOCKS;
	struct page *page = t->page[slot];
	bool pinned;

	if (!page) {
		gfp_t gfp = prandom_u32_state(rnd) % 2 ? GFP_KERNEL :
							 GFP_HIGHUSER_MOVABLE;

		t->order[slot] = prandom_u32_state(rnd) % 6;
		page = umbra_alloc_pages(s->u, gfp | __GFP_NOWARN,
					 t->order[slot]);
		t->page[slot] = page;
		if (!page)
			return;
		claim(s, self, 0, self + 1, page, t->order[slot]);
		umbra_account_charge(s->account, 1UL << t->order[slot],
				     ULONG_MAX);
		if (prandom_u32_state(rnd) % 4 == 0)
			umbra_expose_pages(s->u, page, t->order[slot]);
		return;
	}
	t->page[slot] = NULL;
	claim(s, self, self + 1, 0, page, t->order[slot]);
	pinned = prandom_u32_state(rnd) % 8 == 0;
	if (pinned)
		page_ref_inc(page);
	if (umbra_free_pages_account(s->u, page, t->order[slot], s->account))
		t->refused++;
	if (pinned)
		page_ref_dec(page);
}

static void allocate_and_free(void *arg, unsigned int self)
{
	struct stress *s = arg;
	struct stress_thread *t = &s->thread[self];
	struct rnd_state rnd;
	unsigned int nr = 5 * rounds(), slot;

	prandom_seed_state(&rnd, 1000 + self);
	do {
		stress_step(s, self, &rnd);
		if (t->steps % 1024 == 0)
			cond_resched();
	} while (++t->steps < nr && umbra_test_has_time(s->start));
	for (slot = 0; slot < STRESS_BLOCKS; slot++) {
		if (!t->page[slot])
			continue;
		claim(s, self, self + 1, 0, t->page[slot], t->order[slot]);
		umbra_free_pages_account(s->u, t->page[slot], t->order[slot],
					 s->account);
	}
}

/* The checker and the background work run at the same time. */
static void two_cpus_never_get_the_same_frame(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned long findings = 0, looks = 0;
	struct umbra_findings v;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->u = umbra_test_ghost(test, TEST_PB_ORDER, STRESS_PAGES);
	s->account = umbra_test_account(test, s->u);
	s->start = jiffies;
	umbra_test_start_pair(test, allocate_and_free, s);
	while (!umbra_test_pair_is_done()) {
		umbra_verify(s->u, &v);
		findings += v.nr_findings;
		looks++;
		schedule_timeout_uninterruptible(1);
	}
	umbra_test_join_pair();
	for (i = 0; i < TEST_THREADS; i++) {
		KUNIT_EXPECT_GT(test, s->thread[i].steps, 0);
		KUNIT_EXPECT_EQ(test, s->thread[i].stolen, 0);
		KUNIT_EXPECT_EQ(test, s->thread[i].refused, 0);
	}
	kunit_info(test, "%lu steps, checked %lu times\n",
		   s->thread[0].steps + s->thread[1].steps, looks);
	KUNIT_EXPECT_EQ(test, findings, 0);
	umbra_held_rescan(s->u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(s->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(s->u), STRESS_PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(s->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(s->account), 0);
}

#define SWAP_PAGES (4 * TEST_BLOCK)
#define SWAP_SLOTS 256
#define SWAP_LOOKER TEST_THREADS	/* owner number of the test itself */

/*
 * Each of two threads frees blocks of the other, with a cache on each CPU. The
 * blocks are passed in slots.
 */
struct swap {
	struct umbra *u;
	unsigned long start;		/* jiffies */
	struct page *slot[TEST_THREADS][SWAP_SLOTS];
	u8 order[SWAP_PAGES];		/* of owned blocks, by head */
	u8 owner[SWAP_PAGES];		/* 0, or thread number plus 1 */
	bool was_free[SWAP_PAGES];
	unsigned long allocated[TEST_THREADS + 1];
	unsigned long stolen[TEST_THREADS + 1];	/* frames with two owners */
};

static void swap_own(struct swap *s, unsigned int self, struct page *page,
		     unsigned int order)
{
	u32 index = umbra_page_to_index(s->u, page), i;

	s->order[index] = order;
	for (i = index; i < index + (1U << order); i++)
		if (cmpxchg(&s->owner[i], 0, self + 1))
			s->stolen[self]++;
	s->allocated[self]++;
}

static void swap_free(struct swap *s, struct page *page)
{
	u32 index = umbra_page_to_index(s->u, page), i;
	unsigned int order = s->order[index];

	for (i = index; i < index + (1U << order); i++)
		xchg(&s->owner[i], 0);
	umbra_free_pages(s->u, page, order);
}

static void swap_step(struct swap *s, unsigned int self, struct rnd_state *rnd)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC, GFP_NOWAIT,
		GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	gfp_t gfp = gfps[prandom_u32_state(rnd) % ARRAY_SIZE(gfps)];
	unsigned int slot = prandom_u32_state(rnd) % SWAP_SLOTS;
	unsigned int order = prandom_u32_state(rnd) % 4;
	struct page *page = xchg(&s->slot[self][slot], NULL);

	if (page)
		swap_free(s, page);
	if (prandom_u32_state(rnd) % 16 == 0)
		order = s->u->pb_order;
	page = umbra_alloc_pages(s->u, gfp | __GFP_NOWARN, order);
	if (!page)
		return;
	swap_own(s, self, page, order);
	slot = prandom_u32_state(rnd) % SWAP_SLOTS;
	if (cmpxchg(&s->slot[!self][slot], NULL, page))
		swap_free(s, page);
}

static void swap_blocks(void *arg, unsigned int self)
{
	struct swap *s = arg;
	struct rnd_state rnd;
	unsigned int nr = 5 * rounds(), i = 0;

	prandom_seed_state(&rnd, 2000 + self);
	do {
		swap_step(s, self, &rnd);
		if (i % 256 == 0)
			cond_resched();
	} while (umbra_test_goes_on(s->start, ++i < nr, s->allocated[self]));
}

static unsigned long swap_pfn(struct swap *s, u32 index)
{
	return umbra_index_to_pfn(s->u, index);
}

/* Free pages of an isolated range must stay free. Returns how many did not. */
static unsigned long isolate_for_a_while(struct swap *s, u32 index, u32 end)
{
	unsigned long taken = 0;
	u32 i;

	if (umbra_isolate_range(s->u, swap_pfn(s, index), swap_pfn(s, end)))
		return 1;
	for (i = index; i < end; i++)
		s->was_free[i] = frame_state(frame_read(s->u, i)) == FRAME_FREE;
	schedule_timeout_uninterruptible(1);
	for (i = index; i < end; i++)
		taken += s->was_free[i] && READ_ONCE(s->owner[i]);
	if (umbra_unisolate_range(s->u, swap_pfn(s, index), swap_pfn(s, end)))
		return 1;
	return taken;
}

/* Allocate a range if it is free, and free it again. */
static void take_a_range(struct swap *s, u32 index, u32 end)
{
	u32 i;

	if (umbra_alloc_contig_range(s->u, swap_pfn(s, index),
				     swap_pfn(s, end), GFP_KERNEL))
		return;
	for (i = index; i < end; i++)
		swap_own(s, SWAP_LOOKER, umbra_index_to_page(s->u, i), 0);
	for (i = index; i < end; i++)
		swap_free(s, umbra_index_to_page(s->u, i));
}

/* All operations that are allowed on an instance in use. */
static void look_on(struct kunit *test, struct swap *s, struct rnd_state *rnd)
{
	struct umbra_free_snapshot *snapshot;
	u32 index = prandom_u32_state(rnd) % (SWAP_PAGES - 64);
	struct umbra_findings v;

	switch (prandom_u32_state(rnd) % 6) {
	case 0:
		umbra_verify(s->u, &v);
		KUNIT_EXPECT_EQ_MSG(test, v.nr_findings, 0, "%s at 0x%x: 0x%lx for 0x%lx",
				    umbra_finding_name(v.first[0].code),
				    v.first[0].index, v.first[0].found,
				    v.first[0].expected);
		break;
	case 1:
		snapshot = umbra_snapshot_free(s->u);
		KUNIT_EXPECT_NOT_NULL(test, snapshot);
		kvfree(snapshot);
		break;
	case 2:
		umbra_drain_pages(s->u);
		break;
	case 3:
		umbra_drain_node(s->u, prandom_u32_state(rnd) % 2);
		umbra_drain_cpu(s->u, prandom_u32_state(rnd) % TEST_THREADS);
		break;
	case 4:
		index = ALIGN_DOWN(index, 64);
		KUNIT_EXPECT_EQ(test, isolate_for_a_while(s, index, index + 64),
				0);
		break;
	default:
		if (index % (SWAP_PAGES / 2) < SWAP_PAGES / 2 - 8)
			take_a_range(s, index, index + 8);
		break;
	}
}

static struct swap *swap_create(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA32, .nr_frames = 512 },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = SWAP_PAGES / 2 - 512, .nr_cma = 256 },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL },
	};
	struct swap *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct umbra_layout layout;

	KUNIT_ASSERT_NOT_NULL(test, s);
	umbra_layout_init(&layout);
	layout.origin = "test";
	layout.has_memory = false;
	layout.pb_order = 5;
	layout.zones = zones;
	layout.nr_zones = ARRAY_SIZE(zones);
	layout.pcp_batch = 7;
	layout.pcp_high = 64;
	s->u = umbra_test_ghost_layout(test, &layout, SWAP_PAGES);
	return s;
}

static void blocks_freed_on_another_cpu_are_given_once(struct kunit *test)
{
	struct swap *s = swap_create(test);
	unsigned long looks = 0;
	struct rnd_state rnd;
	struct umbra_findings v;
	unsigned int i, slot;

	prandom_seed_state(&rnd, 3000);
	s->start = jiffies;
	umbra_test_start_pair(test, swap_blocks, s);
	while (!umbra_test_pair_is_done()) {
		look_on(test, s, &rnd);
		looks++;
		cond_resched();
	}
	umbra_test_join_pair();
	for (i = 0; i < TEST_THREADS; i++)
		for (slot = 0; slot < SWAP_SLOTS; slot++)
			if (s->slot[i][slot])
				swap_free(s, s->slot[i][slot]);
	for (i = 0; i <= SWAP_LOOKER; i++)
		KUNIT_EXPECT_EQ(test, s->stolen[i], 0);
	kunit_info(test, "%lu and %lu blocks, and %lu single pages of ranges, checked %lu times\n",
		   s->allocated[0], s->allocated[1], s->allocated[SWAP_LOOKER],
		   looks);
	KUNIT_EXPECT_GT(test, s->allocated[0], 0);
	KUNIT_EXPECT_GT(test, s->allocated[1], 0);
	umbra_drain_pages(s->u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(s->u), SWAP_PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(s->u), 0);
	umbra_verify(s->u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE(test, v.exact);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(a_block_freed_by_two_threads_is_reported_once),
	KUNIT_CASE_SLOW(a_free_succeeds_while_the_block_is_being_exposed),
	KUNIT_CASE_SLOW(two_cpus_never_get_the_same_frame),
	KUNIT_CASE_SLOW(blocks_freed_on_another_cpu_are_given_once),
	{}
};

static struct kunit_suite race_suite = {
	.name = "umbra_race",
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
