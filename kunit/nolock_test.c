// SPDX-License-Identifier: GPL-2.0
/*
 * Frees that wait for no lock. As in free_one_page() of Linux 7.3, a block whose
 * zone is locked waits, and the next free to the zone takes it along; as in
 * free_frozen_page_commit(), the cache of a CPU may become larger than its limit.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/spinlock.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/section.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/held.h"
#include "../src/page/pcp.h"
#include "pcp_util.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)
#define NR 8

/* An instance without caches, with an unmovable block of each order below NR. */
static struct umbra *blocks(struct kunit *test, struct page **pages)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	unsigned int order;

	for (order = 0; order < NR; order++)
		pages[order] = umbra_test_alloc(test, u, GFP_KERNEL, order);
	return u;
}

/* Free a block while its zone is locked. */
static int free_locked(struct umbra *u, struct page *page, unsigned int order)
{
	struct umbra_zone *zone = umbra_frame_zone(u, umbra_page_to_index(u, page));
	int err;

	spin_lock_irq(&zone->lock);
	err = umbra_free_pages_nolock(u, page, order);
	spin_unlock_irq(&zone->lock);
	return err;
}

static void a_block_is_free_at_once_if_the_zone_is_not_locked(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	unsigned int order;

	for (order = 0; order < NR; order++) {
		unsigned long free = umbra_test_nr_free(u);

		KUNIT_EXPECT_EQ(test, umbra_free_pages_nolock(u, pages[order],
							      order), 0);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u),
				free + (1UL << order));
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGFREE), (1 << NR) - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			PAGES / TEST_BLOCK);
}

/* No other free comes. */
static void blocks_freed_under_the_lock_come_back_by_themselves(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	struct umbra_findings v;
	unsigned int order;

	for (order = 0; order < NR; order++)
		KUNIT_EXPECT_EQ(test, free_locked(u, pages[order], order), 0);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_nr_free(u) == PAGES));
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGFREE), (1 << NR) - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_blocks(u, UMBRA_MAX_ORDER),
			PAGES / TEST_BLOCK);
	umbra_test_judge(test, u);
}

static void the_next_free_takes_waiting_blocks_along(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	unsigned int order;

	for (order = 0; order < NR - 1; order++)
		KUNIT_EXPECT_EQ(test, free_locked(u, pages[order], order), 0);
	umbra_free_pages(u, pages[NR - 1], NR - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_test_events(u, EVENT_PGFREE), (1 << NR) - 1);
}

/* A worker may be long in coming, and the request cannot wait for it. */
static void a_request_without_memory_takes_waiting_blocks(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_NOWAIT | __GFP_NOWARN, 0, &pages);
	page = list_first_entry(&pages, struct page, lru);
	list_del(&page->lru);
	KUNIT_EXPECT_EQ(test, free_locked(u, page, 0), 0);
	KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_page(u, GFP_NOWAIT |
						   __GFP_NOWARN), page);
	umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
}

static void a_waiting_block_cannot_be_freed_again(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	struct umbra_zone *zone = u->zones;
	int again, nolock, order, tail;

	page_ref_inc(pages[1]);
	spin_lock_irq(&zone->lock);
	umbra_free_pages_nolock(u, pages[0], 0);
	umbra_free_pages_nolock(u, pages[1], 1);
	again = umbra_free_pages_account(u, pages[0], 0, NULL);
	nolock = umbra_free_pages_nolock(u, pages[1], 1);
	order = umbra_free_pages_nolock(u, pages[2], 1);
	tail = umbra_free_pages_nolock(u, pages[2] + 1, 0);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, again, -EINVAL);
	KUNIT_EXPECT_EQ(test, nolock, -EINVAL);
	KUNIT_EXPECT_EQ(test, order, -EINVAL);
	KUNIT_EXPECT_EQ(test, tail, -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 4);
	UMBRA_EXPECT_FRAME(test, u, pages[2], FRAME_ALLOC, 2);
	page_ref_dec(pages[1]);
	for (order = 2; order < NR; order++)
		umbra_free_pages(u, pages[order], order);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_nr_free(u) == PAGES));
}

static bool is_held(struct umbra *u, struct page *page, unsigned long nr_free)
{
	return umbra_test_frame(u, page) == frame_make(FRAME_HELD, 0) &&
	       umbra_test_nr_free(u) == nr_free;
}

/* Of four exposed pages the second has another reference. */
static void a_referenced_page_is_held(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	struct page *page = pages[2];
	unsigned int order;
	int err;

	umbra_expose_pages(u, page, 2);
	page_ref_inc(page + 1);
	for (order = 0; order < NR; order++)
		if (order != 2)
			umbra_free_pages(u, pages[order], order);
	spin_lock_irq(&u->zones->lock);
	err = umbra_free_pages_nolock(u, page, 2);
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_LATER, 2);
	spin_unlock_irq(&u->zones->lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(is_held(u, page + 1, PAGES - 1)));
	umbra_test_judge(test, u);
	page_ref_dec(page + 1);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_nr_free(u) == PAGES));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

/* After a stray put_page() the descriptor belongs to the host. */
static void the_descriptor_of_a_stray_page_is_not_written(struct kunit *test)
{
	struct page *pages[NR];
	struct umbra *u = blocks(test, pages);
	struct page *page = pages[0];
	unsigned int order;

	page->lru.next = (void *)0x1234;
	page->lru.prev = (void *)0x5678;
	set_page_private(page, 0x9abc);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, free_locked(u, page, 0), 0);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_frame(u, page) ==
					  frame_make(FRAME_OFFLINE, 0)));
	KUNIT_EXPECT_PTR_EQ(test, (void *)page->lru.next, (void *)0x1234);
	KUNIT_EXPECT_PTR_EQ(test, (void *)page->lru.prev, (void *)0x5678);
	KUNIT_EXPECT_EQ(test, page_private(page), 0x9abc);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 1);
	page_ref_inc(page);
	for (order = 1; order < NR; order++)
		umbra_free_pages(u, pages[order], order);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 1);
}

#define BATCH 4
#define HIGH 8

/* Then an ordinary free brings the cache below its limit. */
static void a_cache_may_become_too_large(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	struct page *pages[4 * HIGH];
	unsigned long free;
	unsigned int i;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	free = umbra_test_nr_free(u);
	for (i = 0; i < ARRAY_SIZE(pages) - 1; i++)
		KUNIT_EXPECT_EQ(test, free_locked(u, pages[i], 0), 0);
	KUNIT_EXPECT_EQ(test, count(u), ARRAY_SIZE(pages) - 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), free);
	umbra_free_page(u, pages[i]);
	KUNIT_EXPECT_LT(test, count(u), ARRAY_SIZE(pages) - BATCH + 1);
}

/* As from an NMI that comes inside the section of a cache. */
static void inside_a_section_the_block_goes_to_the_zone(struct kunit *test)
{
	struct umbra *u = ghost_sized(test, BATCH, HIGH);
	struct page *pages[2];
	struct umbra_pcp *pcp;
	unsigned long free;

	umbra_test_one_cpu(test);
	alloc_many(test, u, pages, ARRAY_SIZE(pages), 0);
	free = umbra_test_nr_free(u);
	pcp = pcp_enter(u->zones);
	KUNIT_ASSERT_NOT_NULL(test, pcp);
	umbra_free_pages_nolock(u, pages[0], 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), free + 1);
	free_locked(u, pages[1], 0);
	pcp_leave(pcp);
	KUNIT_EXPECT_EQ(test, count(u), 0);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(umbra_test_nr_free(u) == free + 2));
}

static void debugging_sees_one_free(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.debug = UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 3);
	struct page *referenced = umbra_test_alloc(test, u, GFP_KERNEL, 3);

	page_ref_inc(referenced + 5);
	KUNIT_EXPECT_EQ(test, free_locked(u, page, 3), 0);
	KUNIT_EXPECT_EQ(test, free_locked(u, referenced, 3), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page + 7), UMBRA_BASE_COUNT);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_held(u, referenced + 5,
							PAGES - 1)));
	page_ref_dec(referenced + 5);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static struct kunit_case nolock_cases[] = {
	KUNIT_CASE(a_block_is_free_at_once_if_the_zone_is_not_locked),
	KUNIT_CASE(blocks_freed_under_the_lock_come_back_by_themselves),
	KUNIT_CASE(the_next_free_takes_waiting_blocks_along),
	KUNIT_CASE(a_request_without_memory_takes_waiting_blocks),
	KUNIT_CASE(a_waiting_block_cannot_be_freed_again),
	KUNIT_CASE(a_referenced_page_is_held),
	KUNIT_CASE(the_descriptor_of_a_stray_page_is_not_written),
	KUNIT_CASE(a_cache_may_become_too_large),
	KUNIT_CASE(inside_a_section_the_block_goes_to_the_zone),
	KUNIT_CASE(debugging_sees_one_free),
	{}
};

static struct kunit_suite nolock_suite = {
	.name = "umbra_nolock",
	.test_cases = nolock_cases,
};

kunit_test_suite(nolock_suite);
