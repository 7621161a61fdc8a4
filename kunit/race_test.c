// SPDX-License-Identifier: GPL-2.0
/* Two threads on two CPUs. */
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "test_util.h"

/* Less where everything is slow. */
static unsigned int rounds(void)
{
	return clamp(umbra_test_ops / 50, 1000UL, 20000UL);
}

struct duel {
	struct umbra *u;
	struct umbra_test_barrier barrier;
	struct page *page;
	unsigned int order;
	int result[TEST_THREADS];
	/* written by thread 0 only */
	unsigned long rounds, one_won, both_won, nobody_won;
};

static void free_the_same_block(void *arg, unsigned int self)
{
	struct duel *d = arg;
	unsigned int nr = rounds(), round;

	for (round = 0; round < nr; round++) {
		if (!self) {
			d->order = round % 4;
			d->page = umbra_alloc_pages(d->u, GFP_KERNEL, d->order);
		}
		umbra_test_meet(&d->barrier);
		d->result[self] = d->page ?
			umbra_free_pages_account(d->u, d->page, d->order,
						 NULL) : 0;
		umbra_test_meet(&d->barrier);
		if (self)
			continue;
		d->rounds++;
		if (!d->result[0] && !d->result[1])
			d->both_won++;
		else if (d->result[0] && d->result[1])
			d->nobody_won++;
		else
			d->one_won++;
	}
}

static void of_two_that_free_a_block_one_wins_and_one_is_reported(struct kunit *test)
{
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	umbra_test_start_pair(test, free_the_same_block, d);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, d->rounds, rounds());
	KUNIT_EXPECT_EQ(test, d->one_won, rounds());
	KUNIT_EXPECT_EQ(test, d->both_won, 0);
	KUNIT_EXPECT_EQ(test, d->nobody_won, 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(d->u), rounds());
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(d->u), TEST_BLOCK);
}

/* One exposes a block while the other frees it: the free always succeeds. */
static void expose_and_free(void *arg, unsigned int self)
{
	struct duel *d = arg;
	unsigned int nr = rounds(), round;

	for (round = 0; round < nr; round++) {
		if (!self)
			d->page = umbra_alloc_pages(d->u, GFP_KERNEL, 2);
		umbra_test_meet(&d->barrier);
		if (self && d->page)
			umbra_expose_pages(d->u, d->page, 2);
		else if (d->page)
			d->one_won += !umbra_free_pages_account(d->u, d->page,
								2, NULL);
		umbra_test_meet(&d->barrier);
	}
}

static void a_free_succeeds_while_the_block_is_being_exposed(struct kunit *test)
{
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	umbra_test_start_pair(test, expose_and_free, d);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, d->one_won, rounds());
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(d->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(d->u), TEST_BLOCK);
}

#define STRESS_PAGES (2 * TEST_BLOCK)
#define STRESS_BLOCKS 64

/* Who owns each frame, as the threads have it: 0 or one more than a thread. */
struct stress {
	struct umbra *u;
	struct umbra_account *account;
	u8 owner[STRESS_PAGES];
	struct stress_thread {
		struct page *page[STRESS_BLOCKS];
		unsigned int order[STRESS_BLOCKS];
		unsigned long steps;
		unsigned long stolen;	/* frames that had an owner */
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
	for (t->steps = 0; t->steps < nr; t->steps++) {
		stress_step(s, self, &rnd);
		if (t->steps % 1024 == 0)
			cond_resched();
	}
	for (slot = 0; slot < STRESS_BLOCKS; slot++) {
		if (!t->page[slot])
			continue;
		claim(s, self, self + 1, 0, t->page[slot], t->order[slot]);
		umbra_free_pages_account(s->u, t->page[slot], t->order[slot],
					 s->account);
	}
}

/* The checker and the background work look on all the while. */
static void two_cpus_never_get_the_same_frame(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned long findings = 0, looks = 0;
	struct umbra_verify v;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->u = umbra_test_ghost(test, TEST_PB_ORDER, STRESS_PAGES);
	s->account = umbra_test_account(test, s->u);
	umbra_test_start_pair(test, allocate_and_free, s);
	while (!umbra_test_pair_is_done()) {
		umbra_verify(s->u, &v);
		findings += v.nr_findings;
		looks++;
		schedule_timeout_uninterruptible(1);
	}
	umbra_test_join_pair();
	for (i = 0; i < TEST_THREADS; i++) {
		KUNIT_EXPECT_EQ(test, s->thread[i].steps, 5 * rounds());
		KUNIT_EXPECT_EQ(test, s->thread[i].stolen, 0);
		KUNIT_EXPECT_EQ(test, s->thread[i].refused, 0);
	}
	kunit_info(test, "%lu steps, looked at %lu times\n",
		   s->thread[0].steps + s->thread[1].steps, looks);
	KUNIT_EXPECT_EQ(test, findings, 0);
	umbra_held_rescan(s->u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(s->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(s->u), STRESS_PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(s->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(s->account), 0);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(of_two_that_free_a_block_one_wins_and_one_is_reported),
	KUNIT_CASE_SLOW(a_free_succeeds_while_the_block_is_being_exposed),
	KUNIT_CASE_SLOW(two_cpus_never_get_the_same_frame),
	{}
};

static struct kunit_suite race_suite = {
	.name = "umbra_race",
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
