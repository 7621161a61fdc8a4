// SPDX-License-Identifier: GPL-2.0
/* The choices of the policies, as functions and in instances. */
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/policy/policy.h"
#include "test_util.h"

#define U BIT(UMBRA_UNMOVABLE)
#define M BIT(UMBRA_MOVABLE)
#define R BIT(UMBRA_RECLAIMABLE)

struct policy_case {
	const char *name;
	bool group, lowest, smallest, never_tail;
};

static const struct policy_case policy_cases[] = {
	{ "mainline", .group = true },
	{ "address", .group = true, .lowest = true },
	{ "nogroup" },
	{ "bestfit", .group = true, .smallest = true },
	{ "plain", .never_tail = true },
	{ "fast", .group = true },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_cases, name);

static void each_policy_is_found_by_its_name(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	const struct umbra_policy *policy = umbra_policy_find(c->name);

	KUNIT_ASSERT_NOT_NULL(test, policy);
	KUNIT_EXPECT_STREQ(test, policy->name, c->name);
	KUNIT_EXPECT_PTR_EQ(test, policy,
			    umbra_policy_builtin(c - policy_cases));
	KUNIT_EXPECT_EQ(test, policy->group, c->group);
	KUNIT_EXPECT_EQ(test, policy->lowest, c->lowest);
	KUNIT_EXPECT_EQ(test, policy->small_caches, c->lowest);
}

static void there_are_no_other_policies(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, umbra_policy_builtin(ARRAY_SIZE(policy_cases)));
	KUNIT_EXPECT_NULL(test, umbra_policy_find(""));
	KUNIT_EXPECT_NULL(test, umbra_policy_find("Mainline"));
	KUNIT_EXPECT_PTR_EQ(test, umbra_policy_find(NULL),
			    umbra_policy_find("mainline"));
}

static void an_unknown_policy_is_refused(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .policy = "best",
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, TEST_BLOCK),
		.nr_pages = TEST_BLOCK,
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_instance_create("test", &layout,
							    &span, 1)),
			-EINVAL);
}

/* Orders and types in the order of the claims, for pageblocks of order 9. */
struct claim_case {
	const char *name;
	struct umbra_fallback_view view;
	int largest[4];
	int smallest[4];
	int steal;
};

#define NONE UMBRA_NO_CHOICE
#define LIST(order, type) ((order) << UMBRA_CHOICE_SHIFT | UMBRA_##type)

static const struct claim_case claim_cases[] = {
	{ "nothing", { .type = UMBRA_MOVABLE, .pb_order = 9 },
	  { NONE }, { NONE }, NONE },
	{ "own type alone",
	  { .type = UMBRA_UNMOVABLE, .pb_order = 9,
	    .free_types = { U, U, [10] = U } },
	  { NONE }, { NONE }, NONE },
	{ "the first fallback type goes first",
	  { .type = UMBRA_UNMOVABLE, .pb_order = 9,
	    .free_types = { [5] = U | M | R } },
	  { LIST(5, RECLAIMABLE), NONE },
	  { LIST(5, RECLAIMABLE), NONE }, LIST(5, RECLAIMABLE) },
	{ "reclaimable prefers unmovable",
	  { .type = UMBRA_RECLAIMABLE, .pb_order = 9,
	    .free_types = { [2] = U | M, [3] = M } },
	  { LIST(3, MOVABLE), LIST(2, UNMOVABLE), NONE },
	  { LIST(2, UNMOVABLE), LIST(3, MOVABLE), NONE },
	  LIST(2, UNMOVABLE) },
	{ "size goes before type",
	  { .type = UMBRA_UNMOVABLE, .pb_order = 9, .order = 1,
	    .free_types = { M, R, [6] = R, [10] = M } },
	  { LIST(10, MOVABLE), LIST(6, RECLAIMABLE),
	    LIST(1, RECLAIMABLE), NONE },
	  { LIST(1, RECLAIMABLE), LIST(6, RECLAIMABLE),
	    LIST(10, MOVABLE), NONE },
	  LIST(1, RECLAIMABLE) },
	{ "movable claims no small block",
	  { .type = UMBRA_MOVABLE, .pb_order = 9,
	    .free_types = { [2] = U, [3] = U | R, [4] = U } },
	  { LIST(4, UNMOVABLE), NONE }, { LIST(4, UNMOVABLE), NONE },
	  LIST(2, UNMOVABLE) },
	{ "small orders are not claimed",
	  { .type = UMBRA_RECLAIMABLE, .pb_order = 9, .order = 8,
	    .free_types = { U | M, U, M, U, M, U, M, U } },
	  { NONE }, { NONE }, NONE },
	{ "no fragmenting: whole pageblocks",
	  { .type = UMBRA_UNMOVABLE, .pb_order = 9, .nofragment = true,
	    .free_types = { [8] = M, [9] = M, [10] = R } },
	  { LIST(10, RECLAIMABLE), LIST(9, MOVABLE), NONE },
	  { LIST(9, MOVABLE), LIST(10, RECLAIMABLE), NONE },
	  LIST(8, MOVABLE) },
	{ "no fragmenting: larger than a pageblock",
	  { .type = UMBRA_UNMOVABLE, .pb_order = 9, .order = 10,
	    .nofragment = true, .free_types = { [9] = M, [10] = M } },
	  { LIST(10, MOVABLE), NONE }, { LIST(10, MOVABLE), NONE },
	  LIST(10, MOVABLE) },
	{ "pageblocks of single pages",
	  { .type = UMBRA_MOVABLE, .pb_order = 0, .free_types = { U } },
	  { LIST(0, UNMOVABLE), NONE }, { LIST(0, UNMOVABLE), NONE },
	  LIST(0, UNMOVABLE) },
};

KUNIT_ARRAY_PARAM_DESC(claim, claim_cases, name);

static void expect_claims(struct kunit *test, const struct umbra_policy *policy,
			  const struct umbra_fallback_view *view,
			  const int *expected)
{
	int tried = NONE;

	for (;; expected++) {
		int choice = policy->claim(view, tried);

		KUNIT_EXPECT_EQ_MSG(test, choice, *expected, "%s after 0x%x",
				    policy->name, tried);
		if (choice == NONE || *expected == NONE)
			return;
		tried = choice;
	}
}

static void lists_are_tried_in_the_order_of_the_policy(struct kunit *test)
{
	const struct claim_case *c = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy_cases); i++) {
		const struct umbra_policy *policy = umbra_policy_builtin(i);

		expect_claims(test, policy, &c->view, policy_cases[i].smallest ?
			      c->smallest : c->largest);
		KUNIT_EXPECT_EQ(test, policy->steal(&c->view), c->steal);
	}
}

struct whole_case {
	const char *name;
	struct umbra_claim_view view;
	bool claim;
};

static const struct whole_case whole_cases[] = {
	{ "all free", { 512, 512, 0, UMBRA_MOVABLE, UMBRA_UNMOVABLE }, true },
	{ "half free", { 512, 256, 0, UMBRA_MOVABLE, UMBRA_UNMOVABLE }, true },
	{ "less", { 512, 255, 0, UMBRA_MOVABLE, UMBRA_UNMOVABLE }, false },
	{ "movable pages fit movable",
	  { 512, 16, 240, UMBRA_MOVABLE, UMBRA_RECLAIMABLE }, true },
	{ "movable pages do not fit unmovable",
	  { 512, 16, 400, UMBRA_UNMOVABLE, UMBRA_MOVABLE }, false },
	{ "other pages of a movable block fit unmovable",
	  { 512, 16, 256, UMBRA_UNMOVABLE, UMBRA_MOVABLE }, true },
	{ "other pages of a movable block fit reclaimable",
	  { 512, 0, 256, UMBRA_RECLAIMABLE, UMBRA_MOVABLE }, true },
	{ "one page too few",
	  { 512, 16, 257, UMBRA_RECLAIMABLE, UMBRA_MOVABLE }, false },
	{ "unmovable pages do not fit reclaimable",
	  { 512, 255, 0, UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE }, false },
	{ "reclaimable pages do not fit unmovable",
	  { 512, 255, 0, UMBRA_UNMOVABLE, UMBRA_RECLAIMABLE }, false },
	{ "a pageblock of two pages",
	  { 2, 1, 0, UMBRA_UNMOVABLE, UMBRA_RECLAIMABLE }, true },
};

KUNIT_ARRAY_PARAM_DESC(whole, whole_cases, name);

static void half_free_or_alike_pageblocks_change_type(struct kunit *test)
{
	const struct whole_case *c = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy_cases); i++) {
		const struct umbra_policy *policy = umbra_policy_builtin(i);

		KUNIT_EXPECT_EQ_MSG(test, policy->claim_whole(&c->view),
				    c->claim, "%s", policy->name);
	}
}

static void a_block_about_to_merge_goes_to_the_tail(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	const struct umbra_policy *policy = umbra_policy_find(c->name);
	unsigned int order;

	for (order = 0; order <= UMBRA_MAX_ORDER; order++) {
		KUNIT_EXPECT_EQ(test, policy->to_tail(order, true),
				!c->never_tail);
		KUNIT_EXPECT_FALSE(test, policy->to_tail(order, false));
	}
}

static struct umbra *ghost_of(struct kunit *test, const char *policy,
			      unsigned long nr_pages)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.policy = policy,
	};

	return umbra_test_ghost_layout(test, &layout, nr_pages);
}

struct held_block {
	struct page *page;
	u8 order;
};

#define STEPS 4000
#define HELD_MOST 512

/* Random mobility, so that pageblocks change their type back and forth. */
static gfp_t any_mobility(struct rnd_state *rnd)
{
	static const gfp_t gfps[] = {
		GFP_HIGHUSER_MOVABLE, GFP_HIGHUSER_MOVABLE, GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
	};

	return gfps[prandom_u32_state(rnd) % ARRAY_SIZE(gfps)] | __GFP_NOWARN;
}

static void by_address_is_first_fit(struct kunit *test,
				    unsigned int pb_order)
{
	struct umbra_layout layout = {
		.origin = "test", .pb_order = pb_order, .policy = "address",
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  4 * TEST_BLOCK);
	struct held_block *held, block;
	unsigned int nr = 0, step, exact = 0;
	struct rnd_state rnd;

	held = kunit_kcalloc(test, HELD_MOST, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	prandom_seed_state(&rnd, 815 + pb_order);
	for (step = 0; step < STEPS; step++) {
		gfp_t gfp = any_mobility(&rnd);
		u32 lowest, i;

		if (nr && (nr == HELD_MOST || prandom_u32_state(&rnd) % 2)) {
			i = prandom_u32_state(&rnd) % nr;
			umbra_free_pages(u, held[i].page, held[i].order);
			held[i] = held[--nr];
			continue;
		}
		block.order = prandom_u32_state(&rnd) % 8;
		lowest = umbra_test_lowest(u->zones, block.order,
					   umbra_gfp_kind(u, gfp)->type);
		block.page = umbra_alloc_pages(u, gfp, block.order);
		if (!block.page) {
			KUNIT_ASSERT_EQ(test, lowest, UMBRA_NO_FRAME);
			continue;
		}
		held[nr++] = block;
		if (lowest == UMBRA_NO_FRAME)
			continue;	/* handled as a fallback */
		KUNIT_ASSERT_EQ(test, umbra_page_to_index(u, block.page),
				lowest);
		exact++;
	}
	KUNIT_EXPECT_GT(test, exact, STEPS / 4);
	while (nr--)
		umbra_free_pages(u, held[nr].page, held[nr].order);
}

/*
 * Some free blocks are larger than a pageblock, and pageblocks have many of
 * them.
 */
static void by_address_the_lowest_block_is_taken(struct kunit *test)
{
	static const unsigned int pb_orders[] = {
		0, 3, 5, TEST_PB_ORDER, UMBRA_MAX_ORDER
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pb_orders); i++)
		by_address_is_first_fit(test, pb_orders[i]);
}

/* Free pages: 4 at 8, one at 300, and all from 1024. */
static struct umbra *with_gaps(struct kunit *test, const char *policy)
{
	struct umbra *u = ghost_of(test, policy, 2 * TEST_BLOCK);
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, TEST_BLOCK, gfp),
			0);
	umbra_free_contig_range(u, 8, 4);
	umbra_free_contig_range(u, 300, 1);
	return u;
}

static void fill_gaps(struct umbra *u)
{
	umbra_free_contig_range(u, 0, 8);
	umbra_free_contig_range(u, 12, 288);
	umbra_free_contig_range(u, 301, 723);
}

static void expect_taken(struct kunit *test, struct umbra *u,
			 unsigned int order, const u32 *expected,
			 unsigned int nr)
{
	struct page *pages[8];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pages[i] = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, order);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, pages[i]),
				expected[i]);
	}
	while (i--)
		umbra_free_pages(u, pages[i], order);
}

static void by_address_a_larger_block_that_is_lower_is_split(struct kunit *test)
{
	static const u32 single[] = { 8, 9, 10, 11, 300, 1024 };
	static const u32 pair[] = { 8, 10, 1024, 1026 };
	static const u32 four[] = { 8, 1024, 1028 };
	static const u32 eight[] = { 1024, 1032 };
	struct umbra *u = with_gaps(test, "address");

	expect_taken(test, u, 0, single, ARRAY_SIZE(single));
	expect_taken(test, u, 1, pair, ARRAY_SIZE(pair));
	expect_taken(test, u, 2, four, ARRAY_SIZE(four));
	expect_taken(test, u, 3, eight, ARRAY_SIZE(eight));
	fill_gaps(u);
}

static void by_mainline_the_smallest_block_is_taken(struct kunit *test)
{
	static const u32 single[] = { 300, 8, 9, 10, 11, 1024 };
	struct umbra *u = with_gaps(test, "mainline");

	expect_taken(test, u, 0, single, ARRAY_SIZE(single));
	fill_gaps(u);
}

/*
 * Mainline does not choose by address: the last freed block is not the lowest.
 */
static void by_mainline_the_block_freed_last_is_taken(struct kunit *test)
{
	static const char * const names[] = { "mainline", "address" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct umbra *u = ghost_of(test, names[i], 64);
		struct page *first = u->spans[0].pages, *page;
		gfp_t gfp = GFP_HIGHUSER_MOVABLE;

		KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, 64, gfp),
				0);
		umbra_free_page(u, first + 8);
		umbra_free_page(u, first + 40);
		page = umbra_alloc_page(u, gfp);
		KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, page), i ? 8 : 40);
		umbra_free_page(u, page);
		umbra_free_contig_range(u, 0, 8);
		umbra_free_contig_range(u, 9, 31);
		umbra_free_contig_range(u, 41, 23);
	}
}

/* Of two pages, the last freed one could merge soon. */
static void plain_takes_the_page_that_is_about_to_merge(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	struct umbra *u = ghost_of(test, c->name, 64);
	struct page *first = u->spans[0].pages, *page;

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, 64, GFP_KERNEL),
			0);
	umbra_free_contig_range(u, 10, 2);
	umbra_free_page(u, first + 4);
	umbra_free_page(u, first + 8);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, page),
			c->never_tail ? 8 : 4);
	umbra_free_page(u, page);
	umbra_free_contig_range(u, 0, 4);
	umbra_free_contig_range(u, 5, 3);
	umbra_free_contig_range(u, 9, 1);
	umbra_free_contig_range(u, 12, 52);
}

static void without_grouping_there_is_one_type(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE,
		GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	struct page *pages[3 * 16];
	struct umbra *u;
	unsigned int i;
	u32 index;

	if (c->group)
		kunit_skip(test, "a policy that groups has three types");
	u = ghost_of(test, c->name, 2 * TEST_BLOCK);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = umbra_alloc_pages(u, gfps[i % 3], i % 5);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		/*
		 * All pages come from one largest block: types share
		 * pageblocks.
		 */
		KUNIT_EXPECT_EQ(test, umbra_page_to_index(u, pages[i]) /
				TEST_BLOCK,
				umbra_page_to_index(u, pages[0]) / TEST_BLOCK);
	}
	for (index = 0; index < u->nr_frames; index += 1U << u->pb_order)
		KUNIT_EXPECT_EQ(test, umbra_frame_type(u, index),
				UMBRA_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones,
						EVENT_FALLBACK_CLAIM), 0);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		umbra_free_pages(u, pages[i], i % 5);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER), 2);
}

/* One pageblock is half free, and one free block is larger than a pageblock. */
static void the_policy_decides_which_block_is_claimed(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	struct umbra *u = ghost_of(test, c->name, 2 * TEST_BLOCK);
	struct page *page;
	u32 index;

	if (!c->group)
		kunit_skip(test, "a policy with one type claims nothing");
	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, 768,
						       GFP_HIGHUSER_MOVABLE),
			0);
	page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	index = umbra_page_to_index(u, page);
	KUNIT_EXPECT_EQ(test, index / 512, c->smallest ? 1 : 2);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, 512),
			c->smallest ? UMBRA_UNMOVABLE : UMBRA_MOVABLE);
	KUNIT_EXPECT_EQ(test, umbra_frame_type(u, TEST_BLOCK),
			c->smallest ? UMBRA_MOVABLE : UMBRA_UNMOVABLE);
	umbra_free_pages(u, page, 3);
	umbra_free_contig_range(u, 0, 768);
}

static struct kunit_case policy_kunit_cases[] = {
	KUNIT_CASE_PARAM(each_policy_is_found_by_its_name, policy_gen_params),
	KUNIT_CASE(there_are_no_other_policies),
	KUNIT_CASE(an_unknown_policy_is_refused),
	KUNIT_CASE_PARAM(lists_are_tried_in_the_order_of_the_policy,
			 claim_gen_params),
	KUNIT_CASE_PARAM(half_free_or_alike_pageblocks_change_type,
			 whole_gen_params),
	KUNIT_CASE_PARAM(a_block_about_to_merge_goes_to_the_tail,
			 policy_gen_params),
	KUNIT_CASE(by_address_the_lowest_block_is_taken),
	KUNIT_CASE(by_address_a_larger_block_that_is_lower_is_split),
	KUNIT_CASE(by_mainline_the_smallest_block_is_taken),
	KUNIT_CASE(by_mainline_the_block_freed_last_is_taken),
	KUNIT_CASE_PARAM(plain_takes_the_page_that_is_about_to_merge,
			 policy_gen_params),
	KUNIT_CASE_PARAM(without_grouping_there_is_one_type, policy_gen_params),
	KUNIT_CASE_PARAM(the_policy_decides_which_block_is_claimed,
			 policy_gen_params),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "umbra_policy",
	.test_cases = policy_kunit_cases,
};

kunit_test_suite(policy_suite);
