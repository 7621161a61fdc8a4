// SPDX-License-Identifier: GPL-2.0
/* The free of registered blocks while other tasks have isolated them. */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/owner.h"
#include "../src/core/span.h"
#include "../src/move/lru.h"
#include "../src/move/movable.h"
#include "../src/page/account.h"
#include "../src/page/free.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

/* An owner that gives its blocks up, and counts the callbacks. */
struct owner {
	struct umbra_movable movable;
	unsigned int nr_calls;
	struct completion entered, may_return;
	bool slow;		/* a callback waits for @may_return */
};

static int call(struct umbra_movable *movable)
{
	struct owner *o = container_of(movable, struct owner, movable);

	o->nr_calls++;
	if (o->slow) {
		complete(&o->entered);
		wait_for_completion(&o->may_return);
	}
	return -EBUSY;
}

static int owner_migrate(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	return call(movable);
}

static void owner_putback(struct umbra_movable *movable, struct page *page,
			  unsigned int order)
{
	call(movable);
}

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	return call(movable);
}

static const struct umbra_movable_operations owner_ops = {
	.migrate = owner_migrate,
	.putback = owner_putback,
	.reclaim = owner_reclaim,
};

/* Ways in which a task ends the isolation of a block. */
enum ending {
	END_PUTBACK,
	END_MIGRATE,
	END_RECLAIM
};

struct ending_case {
	const char *name;
	enum ending ending;
};

static const struct ending_case ending_cases[] = {
	{ "putback", END_PUTBACK },
	{ "migrate", END_MIGRATE },
	{ "reclaim", END_RECLAIM },
};

KUNIT_ARRAY_PARAM_DESC(ending, ending_cases, name);

static void end_isolation(struct kunit *test, struct umbra *u,
			  enum ending ending, u32 src, u32 dst)
{
	switch (ending) {
	case END_PUTBACK:
		umbra_movable_putback(u, src);
		break;
	case END_MIGRATE:
		KUNIT_EXPECT_EQ(test, umbra_movable_migrate(u, dst, src,
							    UMBRA_MIGRATE_SYNC,
							    UMBRA_MIGRATE_FOR_RANGE),
				-ENOENT);
		break;
	case END_RECLAIM:
		KUNIT_EXPECT_EQ(test, umbra_movable_reclaim(u, src, GFP_KERNEL),
				0);
		break;
	}
}

/* A registered block of order 2, in the LRU lists and charged to @account. */
static struct page *own(struct kunit *test, struct umbra *u, struct owner *o,
			struct umbra_account *account)
{
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, 4, 4), 0);
	page = umbra_test_alloc(test, u, GFP_KERNEL, 2);
	init_completion(&o->entered);
	init_completion(&o->may_return);
	umbra_movable_init(&o->movable, &owner_ops, account);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 2, &o->movable), 0);
	KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	return page;
}

static void an_isolated_block_is_freed_by_the_task_that_isolated_it(struct kunit *test)
{
	const struct ending_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_account *account = umbra_test_account(test, u);
	struct page *to = umbra_test_alloc(test, u, GFP_KERNEL, 2);
	struct owner o = {};
	struct page *page = own(test, u, &o, account);
	u32 index = umbra_page_to_index(u, page);

	KUNIT_ASSERT_TRUE(test, umbra_movable_isolate(u, index));
	KUNIT_EXPECT_EQ(test, umbra_free_movable(u, page, 2, account), 0);

	/* The owner is rid of the block, which is not free yet. */
	umbra_movable_retire(u, &o.movable);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 8);
	KUNIT_EXPECT_EQ(test, u->zones->nr_lru[LRU_LIST_ISOLATED], 0);
	KUNIT_EXPECT_FALSE(test, umbra_movable_isolate(u, index));
	umbra_test_judge(test, u);
	umbra_test_expect_refused(test, u, page, 2);

	end_isolation(test, u, c->ending, index, umbra_page_to_index(u, to));
	KUNIT_EXPECT_EQ(test, o.nr_calls, 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 4);
	KUNIT_EXPECT_FALSE(test, umbra_is_movable(u, index));
	umbra_test_judge(test, u);
	umbra_free_pages(u, to, 2);
}

static void a_free_of_the_wrong_order_changes_nothing(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_account *account = umbra_test_account(test, u);
	struct owner o = {};
	struct page *page = own(test, u, &o, account);
	u32 index = umbra_page_to_index(u, page);

	KUNIT_ASSERT_TRUE(test, umbra_movable_isolate(u, index));
	KUNIT_EXPECT_EQ(test, umbra_free_movable(u, page, 1, account), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_free_movable(u, page + 4, 2, account),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 2);
	umbra_movable_putback(u, index);
	KUNIT_EXPECT_EQ(test, o.nr_calls, 1);
	KUNIT_EXPECT_EQ(test, u->zones->nr_lru[LRU_LIST_INACTIVE], 4);
	KUNIT_EXPECT_EQ(test, umbra_free_movable(u, page, 2, account), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
}

/* One task has a block in a callback while the other task frees blocks. */
struct callback {
	struct umbra *u;
	struct owner o, other;
	struct page *page, *other_page;
	struct umbra_account *account;
	bool was_early;		/* the free did not wait for the callback */
};

static void free_during_callback(void *arg, unsigned int self)
{
	struct callback *c = arg;
	u32 index = umbra_page_to_index(c->u, c->page);

	if (!self) {
		umbra_movable_isolate(c->u, index);
		umbra_movable_isolate(c->u, umbra_page_to_index(c->u,
								c->other_page));
		umbra_movable_putback(c->u, index);
		umbra_movable_putback(c->u, umbra_page_to_index(c->u,
								c->other_page));
		return;
	}
	wait_for_completion(&c->o.entered);
	/* The block that waits behind the callback can be freed at once. */
	umbra_free_movable(c->u, c->other_page, 2, c->account);
	complete(&c->o.may_return);
	umbra_free_movable(c->u, c->page, 2, c->account);
	c->was_early = completion_done(&c->o.may_return);
}

static void only_a_callback_that_has_the_block_is_waited_for(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct callback *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->u = u;
	c->account = umbra_test_account(test, u);
	c->page = own(test, u, &c->o, c->account);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(c->account, 4, 8), 0);
	c->other_page = umbra_test_alloc(test, u, GFP_KERNEL, 2);
	umbra_movable_init(&c->other.movable, &owner_ops, c->account);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, c->other_page, 2,
						&c->other.movable), 0);
	c->o.slow = true;
	umbra_test_start_pair(test, free_during_callback, c);
	umbra_test_join_pair();
	KUNIT_EXPECT_FALSE(test, c->was_early);
	KUNIT_EXPECT_EQ(test, c->o.nr_calls, 1);
	KUNIT_EXPECT_EQ(test, c->other.nr_calls, 0);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(c->account), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	umbra_test_judge(test, u);
}

static int migrate_not_found(struct umbra_movable *movable, struct page *dst,
			     struct page *src, unsigned int order,
			     enum umbra_migrate_mode mode)
{
	return -ENOENT;
}

static const struct umbra_movable_operations not_found_ops = {
	.migrate = migrate_not_found,
};

/* An owner may return -ENOENT, and still have the block. */
static void a_block_stays_isolated_whatever_error_its_owner_returns(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 2);
	struct page *to = umbra_test_alloc(test, u, GFP_KERNEL, 2);
	u32 index = umbra_page_to_index(u, page);
	u32 dst = umbra_page_to_index(u, to);
	struct umbra_movable movable;

	umbra_movable_init(&movable, &not_found_ops, NULL);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 2, &movable), 0);
	KUNIT_ASSERT_TRUE(test, umbra_movable_isolate(u, index));
	frame_set(u, dst, FRAME_PCP, 2);
	KUNIT_EXPECT_EQ(test, umbra_movable_migrate(u, dst, index,
						    UMBRA_MIGRATE_SYNC,
						    UMBRA_MIGRATE_FOR_RANGE),
			-EBUSY);
	umbra_free_block(u, dst, 2, true, NULL);
	KUNIT_EXPECT_FALSE(test, umbra_movable_isolate(u, index));
	umbra_movable_putback(u, index);
	KUNIT_EXPECT_EQ(test, umbra_free_movable(u, page, 2, NULL), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static struct kunit_case free_movable_cases[] = {
	KUNIT_CASE(a_block_stays_isolated_whatever_error_its_owner_returns),
	KUNIT_CASE_PARAM(an_isolated_block_is_freed_by_the_task_that_isolated_it,
			 ending_gen_params),
	KUNIT_CASE(a_free_of_the_wrong_order_changes_nothing),
	KUNIT_CASE(only_a_callback_that_has_the_block_is_waited_for),
	{}
};

static struct kunit_suite free_movable_suite = {
	.name = "umbra_free_movable",
	.test_cases = free_movable_cases,
};

kunit_test_suite(free_movable_suite);
