// SPDX-License-Identifier: GPL-2.0
/*
 * A cache refills from blocks that lie side by side, and rather takes fewer of
 * them than share a cache line of the frame map with another CPU.
 */
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/spinlock.h>
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "test_util.h"

#define PAGES 512
#define MOST 200

/* Free is a block of each order in @free; that of order 3 is 8 to 15. */
struct many_case {
	const char *name;
	unsigned int free;	/* bitmap of orders */
	unsigned int order, nr;
	bool lines;
	unsigned int got;
	unsigned int rest;	/* bitmap of orders that are free then */
};

/* A cache line of the frame map has the bytes of 64 pages. */
static const struct many_case many_cases[] = {
	{ "100 pages of 128", BIT(7), 0, 100, false,
	  100, BIT(2) | BIT(3) | BIT(4) },
	{ "100 pages, by lines", BIT(7), 0, 100, true, 64, BIT(6) },
	{ "all but a page of a line", BIT(7), 0, 63, true,
	  63, BIT(0) | BIT(6) },
	{ "a line and a half", BIT(7), 0, 96, true, 64, BIT(6) },
	{ "the whole block", BIT(7), 0, 128, true, 128, 0 },
	{ "more than the block", BIT(7), 0, 200, true, 128, 0 },
	{ "two lines and a half", BIT(8), 0, 160, true, 128, BIT(7) },
	{ "a small block first", BIT(3) | BIT(7), 0, 100, true, 72, BIT(6) },
	{ "half of the request is had", BIT(3) | BIT(5) | BIT(7), 0, 80, true,
	  40, BIT(7) },
	{ "a part of less than a line", BIT(1) | BIT(2) | BIT(3) | BIT(4) |
	  BIT(5), 0, 50, true, 50, BIT(2) | BIT(3) },
	{ "order 2, a line and a half", BIT(7), 2, 24, true, 16, BIT(6) },
	{ "order 2, most of a line", BIT(7), 2, 15, true, 15, BIT(2) | BIT(6) },
	{ "order 3, from two blocks", BIT(3) | BIT(5), 3, 3, false,
	  3, BIT(4) },
	{ "no block large enough", BIT(3), 4, 2, false, 0, BIT(3) },
};

KUNIT_ARRAY_PARAM_DESC(many, many_cases, name);

/* The orders with a free block, of which there must be one each. */
static unsigned int free_orders(struct kunit *test, struct umbra *u)
{
	unsigned int order, orders = 0;

	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		KUNIT_EXPECT_LE(test, umbra_test_blocks(u, order), 1);
		if (umbra_test_blocks(u, order))
			orders |= BIT(order);
	}
	return orders;
}

/* Put a block of each order on the lists. Returns the number of pages. */
static u32 give(struct umbra *u, unsigned int orders)
{
	struct umbra_zone *zone = u->zones;
	unsigned int order;

	spin_lock_irq(&zone->lock);
	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		if (orders & BIT(order))
			umbra_freelist_free(zone, BIT(order), order);
	spin_unlock_irq(&zone->lock);
	return orders;
}

static void blocks_side_by_side_are_taken_at_once(struct kunit *test)
{
	const struct many_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_zone *zone = u->zones;
	unsigned int got, rest, i;
	u32 frames[MOST], free;

	if (SMP_CACHE_BYTES != 64)
		kunit_skip(test, "a cache line has %d bytes", SMP_CACHE_BYTES);
	spin_lock_irq(&zone->lock);
	umbra_freelist_take(zone, TEST_PB_ORDER, UMBRA_MOVABLE);
	spin_unlock_irq(&zone->lock);
	free = give(u, c->free);

	spin_lock_irq(&zone->lock);
	got = umbra_freelist_take_many(zone, c->order, UMBRA_MOVABLE, frames,
				       c->nr, c->lines);
	spin_unlock_irq(&zone->lock);
	rest = free_orders(test, u);
	KUNIT_EXPECT_EQ(test, got, c->got);
	KUNIT_EXPECT_EQ(test, rest, c->rest);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), free - (got << c->order));

	/* From the lowest address of the smallest block on */
	for (i = 0; i < got; i++) {
		u32 next = i ? frames[i - 1] + (1U << c->order) :
			       c->free & -c->free;

		while (!(c->free & BIT(__fls(next))))
			next = 2U << __fls(next);
		KUNIT_EXPECT_EQ(test, frames[i], next);
	}
	spin_lock_irq(&zone->lock);
	for (i = 0; i < got; i++)
		umbra_freelist_free(zone, frames[i], c->order);
	for (i = 0; i < TEST_PB_ORDER; i++)
		if (!(c->free & BIT(i)))
			umbra_freelist_free(zone, BIT(i), i);
	umbra_freelist_free(zone, 0, 0);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, TEST_PB_ORDER), 1);
}

static struct kunit_case take_many_cases[] = {
	KUNIT_CASE_PARAM(blocks_side_by_side_are_taken_at_once,
			 many_gen_params),
	{}
};

static struct kunit_suite take_many_suite = {
	.name = "umbra_take_many",
	.test_cases = take_many_cases,
};

kunit_test_suite(take_many_suite);
