// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include "../src/core/core.h"
#include "../src/page/account.h"
#include "../src/page/held.h"
#include "test_util.h"

struct charge_case {
	const char *name;
	unsigned long before, nr_pages, limit;
	int err;
};

static const struct charge_case charge_cases[] = {
	{ "nothing", 0, 0, 0, 0 },
	{ "one page, limit 0", 0, 1, 0, -EDQUOT },
	{ "up to the limit", 6, 4, 10, 0 },
	{ "one over the limit", 7, 4, 10, -EDQUOT },
	{ "more than the limit at once", 0, 11, 10, -EDQUOT },
	{ "limit lowered below the charge", 10, 1, 5, -EDQUOT },
	{ "no limit", 1000000, 1024, ULONG_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(charge, charge_cases, name);

static void an_account_is_charged_up_to_its_limit(struct kunit *test)
{
	const struct charge_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);

	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, c->before,
						   ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, c->nr_pages,
						   c->limit), c->err);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account),
			c->before + (c->err ? 0 : c->nr_pages));
}

/* A charged block of order 3. Each page in @pins has one more reference. */
static struct page *charged(struct kunit *test, struct umbra *u,
			    struct umbra_account *account, u8 referenced)
{
	struct page *page;
	unsigned int i;

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, 8, 8), 0);
	page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, umbra_expose_pages(u, page, 3), 0);
	for (i = 0; i < 8; i++)
		if (referenced >> i & 1)
			page_ref_inc(page + i);
	return page;
}

static void a_free_takes_the_charge_back(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page = charged(test, u, account, 0);

	KUNIT_EXPECT_EQ(test, umbra_free_pages_account(u, page, 3, account), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
}

static void a_refused_free_takes_nothing_back(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page = charged(test, u, account, 0);

	KUNIT_EXPECT_EQ(test, umbra_free_pages_account(u, page, 2, account),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 8);
	umbra_free_pages_account(u, page, 3, account);
	KUNIT_EXPECT_EQ(test, umbra_free_pages_account(u, page, 3, account),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
}

static void held_pages_stay_charged(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page = charged(test, u, account, 0x41);

	umbra_free_pages_account(u, page, 3, account);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 2);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 2);
	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, 7, 8), -EDQUOT);

	page_ref_dec(page);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 1);
	page_ref_dec(page + 6);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
}

/* With KASAN: the account must not be freed before its last held page. */
static void an_account_lives_as_long_as_its_held_pages(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_account_create(u);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, account);
	page = charged(test, u, account, 0x12);
	umbra_free_pages_account(u, page, 3, account);
	umbra_account_put(account);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 2);
	page_ref_dec(page + 1);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 1);
	page_ref_dec(page + 4);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 64);
}

static void a_page_reused_after_being_held_is_not_charged(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 8);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page = charged(test, u, account, 0x01);

	umbra_free_pages_account(u, page, 3, account);
	page_ref_dec(page);
	umbra_held_rescan(u);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL, 3), page);
	page_ref_inc(page);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
	page_ref_dec(page);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
}

/*
 * A page whose base reference is gone is lost: it cannot be freed or charged.
 */
static void a_lost_page_is_not_charged_any_more(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page = charged(test, u, account, 0x02);

	page_ref_dec(page);
	umbra_free_pages_account(u, page, 3, account);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 1);
	page_ref_dec(page + 1);
	umbra_held_rescan(u);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
}

static void held_pages_are_rescanned_before_a_charge_fails(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *page;

	umbra_test_no_background(u);
	page = charged(test, u, account, 0x01);
	umbra_free_pages_account(u, page, 3, account);
	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, 1, 1), -EDQUOT);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_account_charge(account, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 0);
	umbra_account_uncharge(account, 1);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE_PARAM(an_account_is_charged_up_to_its_limit,
			 charge_gen_params),
	KUNIT_CASE(a_free_takes_the_charge_back),
	KUNIT_CASE(a_refused_free_takes_nothing_back),
	KUNIT_CASE(held_pages_stay_charged),
	KUNIT_CASE(held_pages_are_rescanned_before_a_charge_fails),
	KUNIT_CASE(an_account_lives_as_long_as_its_held_pages),
	KUNIT_CASE(a_page_reused_after_being_held_is_not_charged),
	KUNIT_CASE(a_lost_page_is_not_charged_any_more),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "umbra_account",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
