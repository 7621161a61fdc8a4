// SPDX-License-Identifier: GPL-2.0
/* The records of page owners. */
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sizes.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include "../src/api/instance.h"
#include "../src/api/metadata.h"
#include "../src/core/core.h"
#include "../src/core/owner.h"
#include "../src/core/span.h"
#include "mover.h"
#include "order_cases.h"
#include "test_util.h"

#define PAGES (2 * TEST_BLOCK)
#define PB BIT(TEST_PB_ORDER)
#define BATCH 8
#define HIGH 64
#define STACK_SIZE SZ_4K

static const struct umbra_layout owned = {
	.origin = "test",
	.pb_order = TEST_PB_ORDER,
	.debug = UMBRA_DEBUG_OWNER,
};

/* On one CPU, so that timestamps can be compared with its clock. */
static struct umbra *ghost_with(struct kunit *test,
				const struct umbra_layout *layout)
{
	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "kernel without CONFIG_STACKDEPOT");
	umbra_test_one_cpu(test);
	return umbra_test_ghost_layout(test, layout, PAGES);
}

static struct umbra *ghost(struct kunit *test)
{
	return ghost_with(test, &owned);
}

static bool find_owner(struct umbra *u, struct page *page,
		       struct umbra_owner *owner)
{
	memset(owner, 0, sizeof(*owner));
	return umbra_owner_get(u, umbra_page_to_index(u, page), owner);
}

/* Can this kernel save stacks with function names? */
static bool has_stacks(void)
{
	unsigned long entries[16];

	return IS_ENABLED(CONFIG_KALLSYMS) &&
	       stack_trace_save(entries, ARRAY_SIZE(entries), 0) > 4;
}

/* The test looks for this function name in a stack. */
static noinline struct page *owner_test_takes(struct umbra *u, gfp_t gfp,
					      unsigned int order)
{
	struct page *page = umbra_alloc_pages(u, gfp, order);

	barrier();
	return page;
}

static noinline void owner_test_gives(struct umbra *u, struct page *page,
				      unsigned int order)
{
	umbra_free_pages(u, page, order);
	barrier();
}

static void a_block_is_recorded_with_its_owner(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct umbra *u = ghost(test);
	struct umbra_owner owner;
	struct page *page;
	u64 before = local_clock(), after;

	page = owner_test_takes(u, GFP_KERNEL | __GFP_COMP, c->order);
	after = local_clock();
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, find_owner(u, page, &owner));
	KUNIT_EXPECT_TRUE(test, owner.valid);
	KUNIT_EXPECT_EQ(test, owner.pid, current->pid);
	KUNIT_EXPECT_EQ(test, owner.tgid, current->tgid);
	KUNIT_EXPECT_STREQ(test, owner.comm, current->comm);
	KUNIT_EXPECT_EQ(test, owner.order, c->order);
	KUNIT_EXPECT_EQ(test, owner.gfp, GFP_KERNEL | __GFP_COMP);
	KUNIT_EXPECT_GE(test, owner.ts_ns, before);
	KUNIT_EXPECT_LE(test, owner.ts_ns, after);
	KUNIT_EXPECT_EQ(test, owner.free_stack, 0);
	if (c->order)
		KUNIT_EXPECT_FALSE(test, find_owner(u, page + 1, &owner));
	umbra_free_pages(u, page, c->order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/* Expect a name in a stack. */
static void expect_in_stack(struct kunit *test, u32 stack, const char *name)
{
	const struct umbra_owner owner = { .stack = stack };
	char *buf = kunit_kzalloc(test, STACK_SIZE, GFP_KERNEL);
	int n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NE(test, stack, 0);
	n = umbra_owner_stack(&owner, buf, STACK_SIZE);
	KUNIT_EXPECT_GT(test, n, 0);
	KUNIT_EXPECT_LE(test, n, STACK_SIZE);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(buf, name), "no %s in\n%s", name,
			      buf);
}

/*
 * Allocate and free a block. Returns whether both were recorded with a stack.
 * The host may lack memory for a record.
 */
static bool is_recorded_twice(struct umbra *u, struct umbra_owner *taken,
			      struct umbra_owner *given)
{
	struct page *page = owner_test_takes(u, GFP_KERNEL, 2);
	bool found;

	if (!page)
		return false;
	found = find_owner(u, page, taken);
	owner_test_gives(u, page, 2);
	found = find_owner(u, page, given) && found;
	return found && taken->stack && given->free_stack;
}

static void the_recorded_stack_is_that_of_the_owner(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_owner taken, given;

	if (!has_stacks())
		kunit_skip(test, "kernel without stacks of function names");
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(is_recorded_twice(u, &taken,
								  &given)));
	expect_in_stack(test, taken.stack, "owner_test_takes");
	expect_in_stack(test, given.stack, "owner_test_takes");
	expect_in_stack(test, given.free_stack, "owner_test_gives");
}

static void without_a_stack_there_is_nothing_to_print(struct kunit *test)
{
	const struct umbra_owner owner = { .valid = true };
	char buf[16] = "untouched";

	KUNIT_EXPECT_EQ(test, umbra_owner_stack(&owner, buf, sizeof(buf)), 0);
	KUNIT_EXPECT_STREQ(test, buf, "untouched");
}

static void the_next_owner_replaces_the_last(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_owner first, second;
	struct page *page = owner_test_takes(u, GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, find_owner(u, page, &first));
	owner_test_gives(u, page, 1);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_ATOMIC), page);
	KUNIT_ASSERT_TRUE(test, find_owner(u, page, &second));
	KUNIT_EXPECT_EQ(test, second.order, 0);
	KUNIT_EXPECT_EQ(test, second.gfp, GFP_ATOMIC);
	KUNIT_EXPECT_GE(test, second.ts_ns, first.ts_ns);
	KUNIT_EXPECT_EQ(test, second.free_stack, 0);
	if (has_stacks() && first.stack)
		KUNIT_EXPECT_NE(test, second.stack, first.stack);
	umbra_free_page(u, page);
}

static void pages_of_a_split_block_have_a_record_each(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = owner_test_takes(u, GFP_KERNEL, 4);
	struct umbra_owner block, single;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, find_owner(u, page, &block));
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 4), 0);
	for (i = 0; i < 16; i++) {
		KUNIT_EXPECT_TRUE(test, find_owner(u, page + i, &single));
		KUNIT_EXPECT_EQ(test, single.order, 0);
		KUNIT_EXPECT_EQ(test, single.pid, block.pid);
		KUNIT_EXPECT_EQ(test, single.gfp, block.gfp);
		KUNIT_EXPECT_EQ(test, single.ts_ns, block.ts_ns);
		KUNIT_EXPECT_EQ(test, single.stack, block.stack);
	}
	for (i = 0; i < 16; i++)
		umbra_free_page(u, page + i);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void a_split_that_is_refused_changes_no_record(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = owner_test_takes(u, GFP_KERNEL | __GFP_COMP, 4);
	struct umbra_owner owner;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 4), -EINVAL);
	KUNIT_EXPECT_TRUE(test, find_owner(u, page, &owner));
	KUNIT_EXPECT_EQ(test, owner.order, 4);
	KUNIT_EXPECT_FALSE(test, find_owner(u, page + 1, &owner));
	umbra_free_pages(u, page, 4);
}

static void pages_of_a_contig_range_have_a_record_each(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_owner owner;
	struct page *page;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(u, 100, 150, GFP_KERNEL),
			0);
	for (i = 0; i < PAGES; i++) {
		bool inside = i >= 100 && i < 150;

		page = u->spans[0].pages + i;
		KUNIT_EXPECT_EQ(test, find_owner(u, page, &owner), inside);
		if (!inside)
			continue;
		KUNIT_EXPECT_EQ(test, owner.order, 0);
		KUNIT_EXPECT_EQ(test, owner.pid, current->pid);
		KUNIT_EXPECT_EQ(test, owner.gfp, GFP_KERNEL);
	}
	umbra_free_contig_range(u, 100, 50);
}

/* The record of the block that has a token. */
static struct umbra_owner owner_of(struct kunit *test, struct mover *m,
				   u32 token)
{
	struct umbra_owner owner = {};

	KUNIT_EXPECT_TRUE(test, umbra_owner_get(m->u, umbra_test_mover_find(m, token),
						&owner));
	return owner;
}

/* One page to move, and a pageblock with room for it. */
static enum layout_kind one_and_half(u32 index)
{
	if (index < PAGES - PB)
		return index == 100 ? LAYOUT_MOVABLE : LAYOUT_FREE;
	return index % 8 < 4 ? LAYOUT_MOVABLE : LAYOUT_FREE;
}

static void a_moved_block_keeps_its_record_and_tells_why(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_owner first, last;
	u32 token, index;

	umbra_test_lay_out(test, m, one_and_half);
	token = m->tokens[100];
	first = owner_of(test, m, token);
	KUNIT_EXPECT_EQ(test, first.migrated, UMBRA_MIGRATE_NEVER);
	umbra_compact(u);
	last = owner_of(test, m, token);
	KUNIT_EXPECT_EQ(test, last.migrated, UMBRA_MIGRATE_FOR_COMPACTION);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, PAGES - PB, PAGES), 0);
	last = owner_of(test, m, token);
	KUNIT_EXPECT_EQ(test, last.migrated, UMBRA_MIGRATE_FOR_RANGE);
	KUNIT_EXPECT_EQ(test, last.ts_ns, first.ts_ns);
	KUNIT_EXPECT_EQ(test, last.stack, first.stack);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, PAGES - PB, PAGES), 0);
	index = umbra_test_mover_find(m, token);
	umbra_test_empty(u);
	umbra_free_page(u, umbra_test_take_at(test, u, index, 0));
	KUNIT_EXPECT_TRUE(test, umbra_owner_get(u, index, &last));
	KUNIT_EXPECT_EQ(test, last.migrated, UMBRA_MIGRATE_NEVER);
}

static void pages_in_bulk_and_cached_have_a_record_each(struct kunit *test)
{
	struct umbra_layout layout = owned;
	struct page *pages[2 * BATCH] = {};
	struct umbra_owner owner;
	struct umbra *u;
	unsigned int i, round;

	layout.pcp_batch = BATCH;
	layout.pcp_high = HIGH;
	u = ghost_with(test, &layout);
	for (round = 0; round < 2; round++) {
		gfp_t gfp = round ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO;

		KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, gfp, 0, NULL,
							     ARRAY_SIZE(pages),
							     pages),
				ARRAY_SIZE(pages));
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			KUNIT_EXPECT_TRUE(test, find_owner(u, pages[i],
							   &owner));
			KUNIT_EXPECT_EQ(test, owner.gfp, gfp);
			KUNIT_EXPECT_EQ(test, owner.free_stack, 0);
		}
		umbra_free_pages_bulk(u, pages, ARRAY_SIZE(pages));
		memset(pages, 0, sizeof(pages));
	}
}

struct interrupt {
	struct irq_work work;
	struct umbra *u;
	struct page *page;
	bool hardirq;
};

static void take_and_give(struct irq_work *work)
{
	struct interrupt *irq = container_of(work, struct interrupt, work);
	struct page *page = owner_test_takes(irq->u, GFP_ATOMIC, 3);

	irq->hardirq = in_hardirq();
	if (page)
		owner_test_gives(irq->u, page, 3);
	irq->page = owner_test_takes(irq->u, GFP_ATOMIC, 2);
}

/*
 * Interrupt this CPU. Returns whether the record has a stack, if stacks exist.
 */
static bool is_recorded(struct kunit *test, struct interrupt *irq,
			struct umbra_owner *owner)
{
	if (irq->page)
		umbra_free_pages(irq->u, irq->page, 2);
	KUNIT_EXPECT_TRUE(test, irq_work_queue(&irq->work));
	irq_work_sync(&irq->work);
	return irq->page && find_owner(irq->u, irq->page, owner) &&
	       (owner->stack || !has_stacks());
}

static void owners_are_recorded_in_interrupts(struct kunit *test)
{
	struct interrupt irq = { .u = ghost(test) };
	struct umbra_owner owner;

	irq.work = IRQ_WORK_INIT_HARD(take_and_give);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_recorded(test, &irq,
							    &owner)));
	KUNIT_EXPECT_TRUE(test, irq.hardirq);
	KUNIT_ASSERT_NOT_NULL(test, irq.page);
	KUNIT_EXPECT_EQ(test, owner.order, 2);
	KUNIT_EXPECT_EQ(test, owner.gfp, GFP_ATOMIC);
	umbra_free_pages(irq.u, irq.page, 2);
}

static void nolock_allocations_are_recorded(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *page = umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE, 1);
	struct umbra_owner owner;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, find_owner(u, page, &owner));
	KUNIT_EXPECT_EQ(test, owner.order, 1);
	KUNIT_EXPECT_EQ(test, owner.pid, current->pid);
	umbra_free_pages(u, page, 1);
}

static void owners_are_not_recorded_by_default(struct kunit *test)
{
	struct umbra_layout layout = owned;
	struct umbra_owner owner;
	struct page *page;
	struct umbra *u;

	layout.debug = UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS;
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	page = owner_test_takes(u, GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_NULL(test, u->owners);
	KUNIT_EXPECT_FALSE(test, find_owner(u, page, &owner));
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 3), 0);
	KUNIT_EXPECT_FALSE(test, find_owner(u, page + 7, &owner));
	umbra_free_contig_range(u, page - u->spans[0].pages, 8);
	KUNIT_EXPECT_FALSE(test, find_owner(u, page, &owner));
}

static void a_page_that_was_never_allocated_has_no_owner(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_owner owner;
	u32 i;

	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_FALSE(test, umbra_owner_get(u, i, &owner));
}

static void records_count_as_metadata(struct kunit *test)
{
	struct umbra_layout layout = owned;
	struct umbra *with = ghost(test), *without;

	layout.debug = 0;
	without = umbra_test_ghost_layout(test, &layout, PAGES);
	KUNIT_EXPECT_EQ(test, umbra_metadata_bytes(with),
			umbra_metadata_bytes(without) +
			PAGES * sizeof(struct umbra_owner));
}

static void without_a_stack_depot_owners_are_refused(struct kunit *test)
{
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, 64), .nr_pages = 64,
	};
	struct umbra *u = umbra_instance_create("test", &owned, &span, 1);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(u),
			IS_ENABLED(CONFIG_STACKDEPOT) ? 0 : -EOPNOTSUPP);
	if (!IS_ERR(u)) {
		umbra_instance_stop(u);
		umbra_instance_free(u);
	}
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE_PARAM(a_block_is_recorded_with_its_owner, order_gen_params),
	KUNIT_CASE(the_recorded_stack_is_that_of_the_owner),
	KUNIT_CASE(without_a_stack_there_is_nothing_to_print),
	KUNIT_CASE(the_next_owner_replaces_the_last),
	KUNIT_CASE(pages_of_a_split_block_have_a_record_each),
	KUNIT_CASE(a_split_that_is_refused_changes_no_record),
	KUNIT_CASE(pages_of_a_contig_range_have_a_record_each),
	KUNIT_CASE(a_moved_block_keeps_its_record_and_tells_why),
	KUNIT_CASE(pages_in_bulk_and_cached_have_a_record_each),
	KUNIT_CASE(owners_are_recorded_in_interrupts),
	KUNIT_CASE(nolock_allocations_are_recorded),
	KUNIT_CASE(owners_are_not_recorded_by_default),
	KUNIT_CASE(a_page_that_was_never_allocated_has_no_owner),
	KUNIT_CASE(records_count_as_metadata),
	KUNIT_CASE(without_a_stack_depot_owners_are_refused),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "umbra_owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
