// SPDX-License-Identifier: GPL-2.0
/* Policies of other modules: their registration, and their instances. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/parse/layout.h"
#include "../src/policy/register.h"
#include "../src/study/clone.h"
#include "test_util.h"

/* The number of calls of the functions below */
static unsigned int nr_steals, nr_second_steals;

static int steal_none(const struct umbra_fallback_view *view)
{
	nr_steals++;
	return UMBRA_NO_CHOICE;
}

static int steal_none_too(const struct umbra_fallback_view *view)
{
	nr_second_steals++;
	return UMBRA_NO_CHOICE;
}

static int claim_none(const struct umbra_fallback_view *view, int tried)
{
	return UMBRA_NO_CHOICE;
}

/* A request of an empty list fails with this policy. */
static const struct umbra_policy strict = {
	.name = "test-strict_1",
	.owner = THIS_MODULE,
	.group = true,
	.claim = claim_none,
	.steal = steal_none,
};

static void unregister(void *policy)
{
	umbra_policy_unregister(policy);
}

/* Register a policy until the end of the test. */
static void enlist(struct kunit *test, const struct umbra_policy *policy)
{
	KUNIT_ASSERT_EQ(test, umbra_policy_register(policy), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister,
							(void *)policy), 0);
}

static struct umbra *ghost_of(struct kunit *test, const char *policy)
{
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.policy = policy,
	};

	return umbra_test_ghost_layout(test, &layout, 4 * TEST_BLOCK);
}

/* Return the error of an instance that cannot be created. */
static int refusal(struct kunit *test, const char *policy)
{
	const struct umbra_layout layout = {
		.origin = "test", .pb_order = TEST_PB_ORDER, .policy = policy,
	};
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, TEST_BLOCK),
		.nr_pages = TEST_BLOCK,
	};

	return PTR_ERR_OR_ZERO(umbra_instance_create("test", &layout, &span,
						     1));
}

/* The error of the policy= parameter */
static int parse(struct kunit *test, const char *policy)
{
	const struct umbra_layout_text text = {
		.nodes = 1, .pb_order = TEST_PB_ORDER, .policy = policy,
	};
	struct umbra_layout_tables *tables = umbra_layout_tables_create();
	struct umbra_span spans[UMBRA_MAX_SPANS] = {
		{ .nr_pages = 4 * TEST_BLOCK },
	};
	struct umbra_layout layout;
	unsigned int nr_spans = 1;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, tables);
	umbra_layout_init(&layout);
	err = umbra_layout_parse(&layout, tables, &text, spans, &nr_spans);
	kvfree(tables);
	return err;
}

/* All pages are movable, so a request of another type needs the policy. */
static void expect_strict(struct kunit *test, struct umbra *u)
{
	unsigned int before = nr_steals;

	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_GT(test, nr_steals, before);
	KUNIT_EXPECT_STREQ(test, u->policy.name, "test-strict_1");
}

static void an_instance_names_a_registered_policy(struct kunit *test)
{
	enlist(test, &strict);
	KUNIT_EXPECT_EQ(test, parse(test, strict.name), 0);
	expect_strict(test, ghost_of(test, strict.name));
}

static void a_name_is_taken_until_it_is_unregistered(struct kunit *test)
{
	struct umbra_policy other = strict;

	enlist(test, &strict);
	KUNIT_EXPECT_EQ(test, umbra_policy_register(&strict), -EEXIST);
	KUNIT_EXPECT_EQ(test, umbra_policy_register(&other), -EEXIST);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&other), -ENOENT);
	expect_strict(test, ghost_of(test, strict.name));
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&strict), 0);
	KUNIT_EXPECT_EQ(test, umbra_policy_register(&other), 0);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&other), 0);
}

static void the_names_of_umbra_are_taken(struct kunit *test)
{
	static const char * const names[] = {
		"mainline", "address", "nogroup", "bestfit", "plain", "fast",
	};
	struct umbra_policy policy = strict;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		strscpy(policy.name, names[i], sizeof(policy.name));
		KUNIT_EXPECT_EQ(test, umbra_policy_register(&policy), -EEXIST);
	}
}

struct name_case {
	const char *desc;
	char name[UMBRA_POLICY_NAME_LEN];
};

static const struct name_case name_cases[] = {
	{ "empty", "" },
	{ "without an end", { [0 ... UMBRA_POLICY_NAME_LEN - 1] = 'a' } },
	{ "a space", "best fit" },
	{ "a comma", "best,fit" },
	{ "a slash", "best/fit" },
	{ "a newline", "bestfit\n" },
	{ "no ASCII", "b\xe9stfit" },
};

KUNIT_ARRAY_PARAM_DESC(name, name_cases, desc);

static void a_name_that_is_no_word_is_refused(struct kunit *test)
{
	const struct name_case *c = test->param_value;
	struct umbra_policy policy = strict;

	memcpy(policy.name, c->name, sizeof(policy.name));
	KUNIT_EXPECT_EQ(test, umbra_policy_register(&policy), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&policy), -ENOENT);
}

static void a_policy_of_a_module_has_an_owner(struct kunit *test)
{
	struct umbra_policy policy = strict;

	if (!__is_defined(MODULE) || IS_BUILTIN(CONFIG_UMBRA))
		kunit_skip(test, "umbra is no module here");
	policy.owner = NULL;
	KUNIT_EXPECT_EQ(test, umbra_policy_register(&policy), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&policy), -ENOENT);
}

static void a_policy_that_is_gone_cannot_be_named(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, refusal(test, strict.name), -EINVAL);
	enlist(test, &strict);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&strict), 0);
	KUNIT_EXPECT_EQ(test, refusal(test, strict.name), -EINVAL);
	KUNIT_EXPECT_EQ(test, parse(test, strict.name), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_policy_unregister(&strict), -ENOENT);
}

/* The table may be freed, and the name get another meaning. */
static void an_instance_keeps_its_policy(struct kunit *test)
{
	struct umbra_policy policy = strict;
	struct umbra *u, *second;
	unsigned int before;

	KUNIT_ASSERT_EQ(test, umbra_policy_register(&policy), 0);
	u = ghost_of(test, policy.name);
	KUNIT_ASSERT_EQ(test, umbra_policy_unregister(&policy), 0);
	policy.steal = steal_none_too;
	enlist(test, &policy);
	second = ghost_of(test, policy.name);
	KUNIT_ASSERT_EQ(test, umbra_policy_unregister(&policy), 0);
	memset(&policy, 0xff, sizeof(policy));

	expect_strict(test, u);
	before = nr_second_steals;
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(second, GFP_NOWAIT |
						 __GFP_NOWARN));
	KUNIT_EXPECT_GT(test, nr_second_steals, before);
}

/* The state of an instance has the name of its policy. */
static void a_clone_needs_the_policy_of_its_original(struct kunit *test)
{
	struct umbra_clone *clone;
	struct umbra_layout layout;
	struct umbra *u;

	enlist(test, &strict);
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.policy = strict.name;
	u = umbra_test_ghost_layout(test, &layout, 4 * TEST_BLOCK);
	clone = umbra_clone(u);
	KUNIT_ASSERT_FALSE(test, IS_ERR(clone));
	expect_strict(test, clone->u);
	umbra_clone_delete(clone);
	KUNIT_ASSERT_EQ(test, umbra_policy_unregister(&strict), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(umbra_clone(u)), -EINVAL);
	expect_strict(test, u);
}

#define HELD_MOST 256

struct held {
	struct page *page;
	u8 order;
};

/* Do the same random operation on both; the pages must have the same places. */
static unsigned int step(struct kunit *test, struct umbra *u[2],
			 struct held held[2][HELD_MOST], unsigned int nr,
			 struct rnd_state *rnd)
{
	static const gfp_t gfps[] = {
		GFP_HIGHUSER_MOVABLE, GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	unsigned int order = prandom_u32_state(rnd) % 7, i;
	unsigned int at = prandom_u32_state(rnd) % (nr + 1);
	gfp_t gfp = gfps[prandom_u32_state(rnd) % ARRAY_SIZE(gfps)];
	u32 index[2];

	for (i = 0; i < 2; i++) {
		if (nr == HELD_MOST || at < nr / 3) {
			at = min(at, nr - 1);
			umbra_free_pages(u[i], held[i][at].page,
					 held[i][at].order);
			held[i][at] = held[i][nr - 1];
			continue;
		}
		held[i][nr].page = umbra_alloc_pages(u[i], gfp | __GFP_NOWARN,
						     order);
		held[i][nr].order = order;
		index[i] = held[i][nr].page ?
			   umbra_page_to_index(u[i], held[i][nr].page) : 0;
	}
	if (nr == HELD_MOST || at < nr / 3)
		return nr - 1;
	KUNIT_ASSERT_EQ(test, !held[0][nr].page, !held[1][nr].page);
	KUNIT_ASSERT_EQ(test, index[0], index[1]);
	return held[0][nr].page ? nr + 1 : nr;
}

static void functions_that_are_null_are_those_of_mainline(struct kunit *test)
{
	static const struct umbra_policy empty = {
		.name = "test-empty", .owner = THIS_MODULE, .group = true,
	};
	struct held (*held)[HELD_MOST];
	struct rnd_state rnd;
	struct umbra *u[2];
	unsigned int nr = 0, i, fallbacks;

	held = kunit_kcalloc(test, 2, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	enlist(test, &empty);
	u[0] = ghost_of(test, "mainline");
	u[1] = ghost_of(test, empty.name);
	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < 20000; i++)
		nr = step(test, u, held, nr, &rnd);
	fallbacks = umbra_test_events(u[0], EVENT_FALLBACK_CLAIM);
	KUNIT_EXPECT_GT(test, fallbacks, 10);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u[1], EVENT_FALLBACK_CLAIM),
			fallbacks);
	while (nr--)
		for (i = 0; i < 2; i++)
			umbra_free_pages(u[i], held[i][nr].page,
					 held[i][nr].order);
}

static void names_that_have_no_room_are_left_out(struct kunit *test)
{
	char names[64];

	enlist(test, &strict);
	umbra_policy_names(names, sizeof(names));
	KUNIT_EXPECT_STREQ(test, names,
			   "mainline, address, nogroup, bestfit, plain, fast, test-strict_1");
	umbra_policy_names(names, sizeof(names) - 1);
	KUNIT_EXPECT_STREQ(test, names,
			   "mainline, address, nogroup, bestfit, plain, fast");
	umbra_policy_names(names, 1);
	KUNIT_EXPECT_STREQ(test, names, "");
}

static struct kunit_case policy_register_cases[] = {
	KUNIT_CASE(an_instance_names_a_registered_policy),
	KUNIT_CASE(a_name_is_taken_until_it_is_unregistered),
	KUNIT_CASE(the_names_of_umbra_are_taken),
	KUNIT_CASE_PARAM(a_name_that_is_no_word_is_refused, name_gen_params),
	KUNIT_CASE(a_policy_of_a_module_has_an_owner),
	KUNIT_CASE(a_policy_that_is_gone_cannot_be_named),
	KUNIT_CASE(an_instance_keeps_its_policy),
	KUNIT_CASE(a_clone_needs_the_policy_of_its_original),
	KUNIT_CASE(functions_that_are_null_are_those_of_mainline),
	KUNIT_CASE(names_that_have_no_room_are_left_out),
	{}
};

static struct kunit_suite policy_register_suite = {
	.name = "umbra_policy_register",
	.test_cases = policy_register_cases,
};

kunit_test_suite(policy_register_suite);
