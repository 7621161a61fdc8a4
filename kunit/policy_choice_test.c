// SPDX-License-Identifier: GPL-2.0
/*
 * Choices of a policy that cannot be carried out: they are counted, and mainline
 * chooses instead. At the end a policy that answers random numbers.
 *
 * umbra_test.seed repeats a run; umbra_test.ops makes it longer.
 */
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/spinlock.h>
#include "../src/api/instance.h"
#include "../src/buddy/fallback.h"
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "test_util.h"

#define LIST(order, type) ((order) << UMBRA_CHOICE_SHIFT | UMBRA_##type)

/* The answer of claim_fixed() and steal_fixed() */
static int answer;

static int claim_fixed(const struct umbra_fallback_view *view, int tried)
{
	return answer;
}

static int steal_fixed(const struct umbra_fallback_view *view)
{
	return answer;
}

static int claim_none(const struct umbra_fallback_view *view, int tried)
{
	return UMBRA_NO_CHOICE;
}

static bool never_whole(const struct umbra_claim_view *view)
{
	return false;
}

static void unregister(void *policy)
{
	umbra_policy_unregister(policy);
}

static struct umbra *ghost_with(struct kunit *test,
				struct umbra_policy *policy,
				struct umbra_layout *layout)
{
	policy->owner = THIS_MODULE;
	KUNIT_ASSERT_EQ(test, umbra_policy_register(policy), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister,
							policy), 0);
	layout->origin = "test";
	layout->policy = policy->name;
	return umbra_test_ghost_layout(test, layout, 2 * TEST_BLOCK);
}

/*
 * Free movable blocks: orders 1 at 4, 3 at 512, 6 at 576, 8 at 1024. All others
 * are in use as movable. The lists of other types are empty.
 */
static struct umbra *with_pieces(struct kunit *test,
				 struct umbra_policy *policy)
{
	struct umbra_layout layout = { .pb_order = TEST_PB_ORDER };
	struct umbra *u = ghost_with(test, policy, &layout);

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, 2 * TEST_BLOCK,
						       GFP_HIGHUSER_MOVABLE),
			0);
	umbra_free_contig_range(u, 4, 2);
	umbra_free_contig_range(u, 512, 8);
	umbra_free_contig_range(u, 576, 64);
	umbra_free_contig_range(u, 1024, 256);
	return u;
}

static void free_rest(struct umbra *u)
{
	umbra_free_contig_range(u, 0, 4);
	umbra_free_contig_range(u, 6, 506);
	umbra_free_contig_range(u, 520, 56);
	umbra_free_contig_range(u, 640, 384);
	umbra_free_contig_range(u, 1280, 768);
}

static u32 take_in_mode(struct umbra *u, unsigned int order,
			unsigned int flags, enum umbra_take_mode mode)
{
	struct umbra_zone *zone = u->zones;
	u32 index;

	spin_lock_irq(&zone->lock);
	index = umbra_fallback_take(zone, order, UMBRA_UNMOVABLE, flags, &mode);
	spin_unlock_irq(&zone->lock);
	return index;
}

static u32 take(struct umbra *u, unsigned int order, unsigned int flags)
{
	return take_in_mode(u, order, flags, TAKE_NORMAL);
}

static void put_back(struct umbra *u, u32 index, unsigned int order)
{
	struct umbra_zone *zone = u->zones;

	if (index == UMBRA_NO_FRAME)
		return;
	spin_lock_irq(&zone->lock);
	umbra_freelist_free(zone, index, order);
	spin_unlock_irq(&zone->lock);
}

struct choice_case {
	const char *name;
	int answer;
	unsigned int flags;
	bool whole;		/* pageblocks may change type */
	u32 claimed;		/* frame that mainline claims */
};

/* The request is for an unmovable block of order 2. */
static const struct choice_case choice_cases[] = {
	{ "the largest number", INT_MAX, 0, true, 1024 },
	{ "the smallest number", INT_MIN, 0, true, 1024 },
	{ "a negative number", -2, 0, true, 1024 },
	{ "an errno", -ENOMEM, 0, true, 1024 },
	{ "an order too large", LIST(UMBRA_MAX_ORDER + 1, MOVABLE), 0, true,
	  1024 },
	{ "a block too small", LIST(1, MOVABLE), 0, true, 1024 },
	{ "an empty list", LIST(5, MOVABLE), 0, true, 1024 },
	{ "an empty list of an order below", LIST(0, MOVABLE), 0, true, 1024 },
	{ "an empty list of another type", LIST(3, RECLAIMABLE), 0, true,
	  1024 },
	{ "the own type", LIST(3, UNMOVABLE), 0, true, 1024 },
	{ "the reserve", LIST(3, HIGHATOMIC), 0, true, 1024 },
	{ "CMA", LIST(3, CMA), 0, true, 1024 },
	{ "isolated pages", LIST(3, ISOLATE), 0, true, 1024 },
	{ "no type", 3 << UMBRA_CHOICE_SHIFT | 0xff, 0, true, 1024 },
	{ "part of a pageblock", LIST(8, MOVABLE), ALLOC_NOFRAGMENT, true,
	  UMBRA_NO_FRAME },
	{ "a list whose claim failed", LIST(3, MOVABLE), 0, false,
	  UMBRA_NO_FRAME },
};

KUNIT_ARRAY_PARAM_DESC(choice, choice_cases, name);

/* All pageblocks are movable, except for the one that was claimed. */
static void expect_types(struct kunit *test, struct umbra *u, u32 claimed)
{
	u32 index;

	for (index = 0; index < u->nr_frames; index += 1U << u->pb_order)
		KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index),
				index == claimed ? UMBRA_UNMOVABLE :
						   UMBRA_MOVABLE);
}

static void a_claim_that_cannot_be_is_made_by_mainline(struct kunit *test)
{
	const struct choice_case *c = test->param_value;
	struct umbra_policy policy = {
		.name = "test-claim",
		.group = true,
		.claim = claim_fixed,
		.claim_whole = c->whole ? NULL : never_whole,
	};
	struct umbra *u = with_pieces(test, &policy);
	u32 index, stolen = c->flags & ALLOC_NOFRAGMENT ? UMBRA_NO_FRAME : 512;

	answer = c->answer;
	index = take(u, 2, c->flags);
	KUNIT_EXPECT_EQ(test, index,
			c->claimed == UMBRA_NO_FRAME ? stolen : c->claimed);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_FALLBACK_CLAIM),
			c->claimed != UMBRA_NO_FRAME);
	expect_types(test, u, c->claimed);
	put_back(u, index, 2);
	umbra_test_judge(test, u);
	free_rest(u);
}

static void a_steal_that_cannot_be_is_made_by_mainline(struct kunit *test)
{
	const struct choice_case *c = test->param_value;
	struct umbra_policy policy = {
		.name = "test-steal",
		.group = true,
		.claim = claim_none,
		.steal = steal_fixed,
	};
	struct umbra *u;
	u32 index;

	if (c->flags || !c->whole)
		kunit_skip(test, "a choice that a steal may make");
	u = with_pieces(test, &policy);
	answer = c->answer;
	index = take(u, 2, 0);
	KUNIT_EXPECT_EQ(test, index, 512);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_FALLBACK_STEAL), 1);
	expect_types(test, u, UMBRA_NO_FRAME);
	put_back(u, index, 2);
	umbra_test_judge(test, u);
	free_rest(u);
}

/* The own list has blocks, and a request that looked there before goes on. */
static void the_own_type_is_no_fallback(struct kunit *test)
{
	struct umbra_policy policy = {
		.name = "test-own", .group = true, .claim = claim_fixed,
		.steal = steal_fixed,
	};
	struct umbra *u = with_pieces(test, &policy);
	u32 index, block;

	answer = LIST(8, MOVABLE);
	block = take(u, 8, 0);
	KUNIT_ASSERT_EQ(test, block, 1024);
	put_back(u, block, 8);
	answer = LIST(8, UNMOVABLE);
	index = take_in_mode(u, 2, 0, TAKE_CLAIM);
	KUNIT_EXPECT_EQ(test, index, 512);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 2);
	put_back(u, index, 2);
	umbra_test_judge(test, u);
	free_rest(u);
}

/* Mainline would claim from order 8 and steal from order 3. */
static void a_choice_that_can_be_is_followed(struct kunit *test)
{
	struct umbra_policy claims = {
		.name = "test-claims", .group = true, .claim = claim_fixed,
	};
	struct umbra_policy steals = {
		.name = "test-steals", .group = true, .claim = claim_none,
		.steal = steal_fixed,
	};
	struct umbra *u = with_pieces(test, &steals);
	u32 index;

	answer = LIST(6, MOVABLE);
	index = take(u, 2, 0);
	KUNIT_EXPECT_EQ(test, index, 576);
	expect_types(test, u, UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 0);
	put_back(u, index, 2);
	free_rest(u);

	u = with_pieces(test, &claims);
	answer = LIST(8, MOVABLE);
	index = take(u, 2, 0);
	KUNIT_EXPECT_EQ(test, index, 1024);
	expect_types(test, u, 1024);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 0);
	put_back(u, index, 2);
	free_rest(u);
}

static void none_is_an_answer(struct kunit *test)
{
	struct umbra_policy policy = {
		.name = "test-none", .group = true, .claim = claim_none,
		.steal = steal_fixed,
	};
	struct umbra *u = with_pieces(test, &policy);

	answer = UMBRA_NO_CHOICE;
	KUNIT_EXPECT_EQ(test, take(u, 2, 0), UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 0);
	free_rest(u);
}

/* The source of random answers; one thread uses it. */
static struct rnd_state rnd;

static u32 pick(u32 limit)
{
	return prandom_u32_state(&rnd) % limit;
}

static int random_answer(void)
{
	switch (pick(4)) {
	case 0:
		return prandom_u32_state(&rnd);
	case 1:
		return UMBRA_NO_CHOICE;
	default:
		return pick(UMBRA_NR_ORDERS + 1) << UMBRA_CHOICE_SHIFT |
		       pick(UMBRA_NR_TYPES + 1);
	}
}

static int claim_randomly(const struct umbra_fallback_view *view, int tried)
{
	return random_answer();
}

static bool whole_randomly(const struct umbra_claim_view *view)
{
	return pick(2);
}

static int steal_randomly(const struct umbra_fallback_view *view)
{
	return random_answer();
}

static bool tail_randomly(unsigned int order, bool grows)
{
	return pick(2);
}

#define HELD_MOST 1024
#define JUDGE_EVERY 2000

struct held {
	struct page *page;
	u8 order;
};

static gfp_t any_gfp(void)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
		GFP_KERNEL | __GFP_RECLAIMABLE, GFP_NOWAIT | __GFP_MOVABLE,
	};

	return gfps[pick(ARRAY_SIZE(gfps))] | __GFP_NOWARN;
}

static unsigned int do_step(struct umbra *u, struct held *held, unsigned int nr)
{
	struct held *block = &held[nr];

	if (nr == HELD_MOST || (nr && pick(5) < 2)) {
		block = &held[pick(nr)];
		umbra_free_pages(u, block->page, block->order);
		*block = held[--nr];
		return nr;
	}
	block->order = pick(8) ? pick(4) : pick(UMBRA_NR_ORDERS);
	block->page = umbra_alloc_pages(u, any_gfp(), block->order);
	return block->page ? nr + 1 : nr;
}

static const unsigned int pb_orders[] = { 9, 0, 3, UMBRA_MAX_ORDER };

static void describe(const unsigned int *pb_order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "pageblocks of order %u",
		 *pb_order);
}

KUNIT_ARRAY_PARAM(pb_order, pb_orders, describe);

static void random_answers_break_nothing(struct kunit *test)
{
	unsigned long ops = max(umbra_test_ops / 8, 20000UL), i;
	unsigned long seed = umbra_test_seed ?: get_random_u32();
	struct umbra_layout layout = {
		.pb_order = *(const unsigned int *)test->param_value,
		.min_free_kbytes = UMBRA_AUTO,
		.pcp_batch = 8,
		.pcp_high = 64,
	};
	struct umbra_policy policy = {
		.name = "test-hostile",
		.group = true,
		.claim = claim_randomly,
		.claim_whole = whole_randomly,
		.steal = steal_randomly,
		.to_tail = tail_randomly,
	};
	unsigned int nr = 0;
	struct held *held;
	struct umbra *u;

	prandom_seed_state(&rnd, seed * UMBRA_NR_ORDERS + layout.pb_order);
	/* Close seeds have similar first numbers. */
	for (i = 0; i < 64; i++)
		pick(2);
	policy.lowest = pick(2);
	policy.fast_caches = pick(2);
	policy.small_caches = pick(2);
	kunit_info(test, "umbra_test.seed=%lu, pageblocks of order %u, %s address, %s caches\n",
		   seed, layout.pb_order, policy.lowest ? "by" : "not by",
		   policy.fast_caches ? "fast" : "exact");
	held = kunit_kcalloc(test, HELD_MOST + 1, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	u = ghost_with(test, &policy, &layout);
	umbra_test_no_background(u);
	for (i = 0; i < ops; i++) {
		nr = do_step(u, held, nr);
		if (i % JUDGE_EVERY == 0)
			umbra_test_judge(test, u);
	}
	while (nr--)
		umbra_free_pages(u, held[nr].page, held[nr].order);
	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 2 * TEST_BLOCK);
	KUNIT_EXPECT_GT(test, umbra_test_events(u, EVENT_POLICY_REFUSED), 0);
	kunit_info(test, "%lu operations done: %lu choices refused, %lu claims, %lu steals, %lu requests failed\n",
		   ops, umbra_test_events(u, EVENT_POLICY_REFUSED),
		   umbra_test_events(u, EVENT_FALLBACK_CLAIM),
		   umbra_test_events(u, EVENT_FALLBACK_STEAL),
		   umbra_test_events(u, EVENT_FAIL));
}

static struct kunit_case policy_choice_cases[] = {
	KUNIT_CASE_PARAM(a_claim_that_cannot_be_is_made_by_mainline,
			 choice_gen_params),
	KUNIT_CASE_PARAM(a_steal_that_cannot_be_is_made_by_mainline,
			 choice_gen_params),
	KUNIT_CASE(the_own_type_is_no_fallback),
	KUNIT_CASE(a_choice_that_can_be_is_followed),
	KUNIT_CASE(none_is_an_answer),
	KUNIT_CASE_PARAM(random_answers_break_nothing, pb_order_gen_params),
	{}
};

static struct kunit_suite policy_choice_suite = {
	.name = "umbra_policy_choice",
	.test_cases = policy_choice_cases,
};

kunit_test_suite(policy_choice_suite);
