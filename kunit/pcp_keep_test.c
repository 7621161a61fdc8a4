// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: large caches, the orders that are kept, and the blocks that
 * go back to the zone.
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/section.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/pcp_list.h"
#include "pcp_util.h"

#define BATCH 8

#define MANY 200

struct many_case {
	const char *name;
	unsigned int first, step;	/* order of the frees, modulo MANY */
};

static const struct many_case many_cases[] = {
	{ "adjacent pages, upwards", 0, 1 },
	{ "adjacent pages, downwards", MANY - 1, MANY - 1 },
	{ "every seventh page", 0, 7 },
	{ "anywhere", 0, 77 },
};

KUNIT_ARRAY_PARAM_DESC(many, many_cases, name);

/*
 * A cache larger than one line of its list keeps the order of blocks, whatever
 * the order of the frees. No descriptor may look like a tail page to the host.
 */
static void a_large_cache_keeps_the_order_of_blocks(struct kunit *test)
{
	const struct many_case *c = test->param_value;
	const unsigned int nr = MANY, gone = 40;
	struct page **taken;
	struct umbra *u = ghost_sized(test, BATCH, 1000);
	struct umbra_pcp *pcp;
	struct page **pages;
	u32 frames[40];
	unsigned int i;

	pages = kunit_kcalloc(test, 2 * nr, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	taken = pages + nr;
	pcp = per_cpu_ptr(u->zones->pcp, umbra_test_one_cpu(test));
	alloc_many(test, u, taken, nr, 0);
	for (i = 0; i < nr; i++)
		pages[i] = taken[(c->first + i * c->step) % nr];
	for (i = 0; i < nr; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_ASSERT_EQ(test, count(u), nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_FALSE(test, PageTail(pages[i]));
	KUNIT_ASSERT_EQ(test, umbra_pcp_collect(pcp, u, frames, gone, gone, 0),
			gone);
	for (i = 0; i < gone; i++)
		KUNIT_EXPECT_EQ(test, frames[i],
				umbra_page_to_index(u, pages[i]));
	KUNIT_EXPECT_EQ(test, count(u), nr - gone);
	for (i = nr; i-- > gone;)
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_KERNEL),
				    pages[i]);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	for (i = gone; i < nr; i++)
		umbra_free_page(u, pages[i]);
	spin_lock_irq(&u->zones->lock);
	for (i = 0; i < gone; i++)
		umbra_freelist_free(u->zones, frames[i], 0);
	spin_unlock_irq(&u->zones->lock);
}

static void fast_caches_keep_one_block_of_other_orders(struct kunit *test)
{
	struct umbra *u = ghost_of(test, "fast", BATCH, 4096);
	struct page *pages[2];
	unsigned int order;

	umbra_test_one_cpu(test);
	for (order = 4; order <= 10; order++) {
		if (order == TEST_PB_ORDER)
			continue;
		alloc_many(test, u, pages, 2, order);
		umbra_free_pages(u, pages[0], order);
		KUNIT_EXPECT_EQ(test, count(u), 1UL << order);
		UMBRA_EXPECT_FRAME(test, u, pages[0], FRAME_PCP, order);
		umbra_free_pages(u, pages[1], order);
		KUNIT_EXPECT_EQ(test, count(u), 1UL << order);
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL,
							    order), pages[0]);
		KUNIT_EXPECT_EQ(test, count(u), 0);
		umbra_free_pages(u, pages[0], order);
		pages[1] = umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE, order);
		KUNIT_EXPECT_PTR_NE(test, pages[1], pages[0]);
		umbra_free_pages(u, pages[1], order);
	}
}

/* Nor is a block of two pageblocks that have different types. */
static void a_block_over_the_limit_is_not_kept(struct kunit *test)
{
	struct umbra *u = ghost_of(test, "fast", BATCH, 4096);
	struct page *page;
	u32 index;

	umbra_test_one_cpu(test);
	alloc_many(test, u, &page, 1, 10);
	set_high(u, 2047);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	set_high(u, 2048);
	alloc_many(test, u, &page, 1, 10);
	index = umbra_page_to_index(u, page);
	spin_lock_irq(&u->zones[0].lock);
	umbra_freelist_set_types(u, index, TEST_PB_ORDER, UMBRA_RECLAIMABLE);
	spin_unlock_irq(&u->zones[0].lock);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	alloc_many(test, u, &page, 1, 10);
	umbra_free_pages(u, page, 10);
	KUNIT_EXPECT_EQ(test, count(u), 1024);
}

/* The list in use keeps its blocks, and other lists make room. */
static void a_list_of_a_fast_cache_takes_the_room_of_others(struct kunit *test)
{
	struct umbra *u = ghost_of(test, "fast", BATCH, 64);
	struct page *cold[40], *hot[60];
	unsigned int i;

	umbra_test_one_cpu(test);
	for (i = 0; i < ARRAY_SIZE(cold); i++) {
		cold[i] = umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE);
		KUNIT_ASSERT_NOT_NULL(test, cold[i]);
	}
	alloc_many(test, u, hot, ARRAY_SIZE(hot), 0);
	for (i = 0; i < ARRAY_SIZE(cold); i++)
		umbra_free_page(u, cold[i]);
	/* Allocations in between make the next free give back fewer blocks. */
	for (i = 0; i < 10; i++)
		umbra_free_page(u, umbra_alloc_page(u, GFP_HIGHUSER_MOVABLE));
	for (i = 0; i < 24; i++)
		umbra_free_page(u, hot[i]);
	/* The 64th page is over the limit. */
	KUNIT_EXPECT_LT(test, count(u), 64 - BATCH);
	KUNIT_EXPECT_GE(test, count(u), 24);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_KERNEL),
				    hot[i]);
	for (i = 0; i < ARRAY_SIZE(hot); i++)
		umbra_free_page(u, hot[i]);
}

/* A reason why a cache must not keep what a refill has taken. */
struct refill_case {
	const char *name;
	bool fails;		/* memory fails; else the caches are turned off */
};

static const struct refill_case refill_cases[] = {
	{ "memory fails", .fails = true },
	{ "the caches are turned off" },
};

KUNIT_ARRAY_PARAM_DESC(refill, refill_cases, name);

struct late_alloc {
	struct work_struct work;
	const struct refill_case *c;
	struct umbra *u;
	struct page *page;
};

static void alloc_fn(struct work_struct *work)
{
	struct late_alloc *late = container_of(work, struct late_alloc, work);

	late->page = umbra_alloc_page(late->u, GFP_KERNEL);
}

/* The longest busy wait with a lock held, in microseconds. */
#define CATCH_US 100000

/*
 * Spoil the refill after the other CPU found its cache empty and while it
 * waits for the zone lock. Returns false if the other CPU came too late: then
 * the page comes from a refilled cache.
 */
static bool catch_refill(struct late_alloc *late, int cpu)
{
	struct umbra_zone *zone = late->u->zones;
	struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	unsigned int us;
	bool waits;

	spin_lock_irq(&zone->lock);
	schedule_work_on(cpu, &late->work);
	for (us = 0; us < CATCH_US && !READ_ONCE(pcp->alloc_factor); us++)
		udelay(1);
	waits = READ_ONCE(pcp->alloc_factor);
	if (waits && late->c->fails)
		set_bit(ZONE_FLAG_SUSPECT, &zone->flags);
	else if (waits)
		WRITE_ONCE(zone->pcp_high_max, 0);
	spin_unlock_irq(&zone->lock);
	flush_work(&late->work);
	return waits;
}

/* The same; on failure, restores the state. */
static bool catch_or_undo(struct late_alloc *late, int cpu,
			  unsigned long *drained)
{
	struct umbra *u = late->u;

	*drained = umbra_zone_events(u->zones, EVENT_PCP_DRAIN);
	if (catch_refill(late, cpu))
		return true;
	if (late->page)
		umbra_free_page(u, late->page);
	umbra_drain_pages(u);
	per_cpu_ptr(u->zones->pcp, cpu)->alloc_factor = 0;
	return false;
}

static void a_refill_is_put_back_if_a_cache_must_not_keep_it(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 64);
	struct late_alloc late = { .u = u, .c = test->param_value };
	int other = umbra_test_other_cpu(test);
	unsigned long drained;
	bool caught;

	umbra_test_one_cpu(test);
	INIT_WORK_ONSTACK(&late.work, alloc_fn);
	caught = TEST_WAIT_UNTIL(catch_or_undo(&late, other, &drained));
	destroy_work_on_stack(&late.work);

	KUNIT_ASSERT_TRUE(test, caught);
	KUNIT_ASSERT_NOT_NULL(test, late.page);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_PCP_DRAIN),
			drained + BATCH - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 16 * TEST_BLOCK - 1);
	umbra_free_page(u, late.page);
}

/* Drains seen by the tracepoint. */
struct drained {
	struct tracepoint *tracepoint;	/* or NULL */
	struct task_struct *task;	/* task whose drains count */
	unsigned int nr;
	unsigned long pfns[2];
	unsigned int orders[2];
	int types[2];
};

#ifdef CONFIG_TRACEPOINTS

static void on_drain(void *data, unsigned long pfn, unsigned int order,
		     int type)
{
	struct drained *d = data;

	if (current != d->task)
		return;
	if (d->nr < ARRAY_SIZE(d->pfns)) {
		d->pfns[d->nr] = pfn;
		d->orders[d->nr] = order;
		d->types[d->nr] = type;
	}
	d->nr++;
}

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	struct drained *d = data;

	if (!strcmp(tp->name, "umbra_page_pcpu_drain"))
		d->tracepoint = tp;
}

/* Only tracepoints of built-in code can be found. */
static void watch_drains(struct kunit *test, struct drained *d)
{
	for_each_kernel_tracepoint(find_tracepoint, d);
	if (d->tracepoint)
		KUNIT_ASSERT_EQ(test, tracepoint_probe_register(d->tracepoint,
								on_drain, d),
				0);
}

static void unwatch_drains(struct drained *d)
{
	if (!d->tracepoint)
		return;
	tracepoint_probe_unregister(d->tracepoint, on_drain, d);
	tracepoint_synchronize_unregister();
}

#else /* !CONFIG_TRACEPOINTS */

static void watch_drains(struct kunit *test, struct drained *d)
{
}

static void unwatch_drains(struct drained *d)
{
}

#endif /* CONFIG_TRACEPOINTS */

static void each_block_that_is_drained_is_traced(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, 64);
	struct drained drained = { .task = current };
	struct page *pages[2];
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, 2, 1);
	umbra_free_pages(u, pages[0], 1);
	umbra_free_pages(u, pages[1], 1);
	KUNIT_ASSERT_EQ(test, count(u), 4);
	watch_drains(test, &drained);
	umbra_drain_pages(u);
	unwatch_drains(&drained);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_ASSERT_EQ(test, drained.nr, drained.tracepoint ? 2 : 0);
	for (i = 0; i < drained.nr; i++) {
		u32 index = umbra_page_to_index(u, pages[i]);

		KUNIT_EXPECT_EQ(test, drained.pfns[i],
				umbra_index_to_pfn(u, index));
		KUNIT_EXPECT_EQ(test, drained.orders[i], 1);
		KUNIT_EXPECT_EQ(test, drained.types[i],
				umbra_frame_type(u, index));
	}
}

static struct kunit_case pcp_keep_cases[] = {
	KUNIT_CASE_PARAM(a_large_cache_keeps_the_order_of_blocks,
			 many_gen_params),
	KUNIT_CASE(fast_caches_keep_one_block_of_other_orders),
	KUNIT_CASE(a_block_over_the_limit_is_not_kept),
	KUNIT_CASE(a_list_of_a_fast_cache_takes_the_room_of_others),
	KUNIT_CASE_PARAM(a_refill_is_put_back_if_a_cache_must_not_keep_it,
			 refill_gen_params),
	KUNIT_CASE(each_block_that_is_drained_is_traced),
	{}
};

static struct kunit_suite pcp_keep_suite = {
	.name = "umbra_pcp_keep",
	.test_cases = pcp_keep_cases,
};

kunit_test_suite(pcp_keep_suite);
