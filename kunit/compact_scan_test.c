// SPDX-License-Identifier: GPL-2.0
/*
 * The scanners of compaction, page by page, and which requests capture the block
 * that compaction makes. The rules of a capture are those of
 * compaction_capture() of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/page/free.h"
#include "mover.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (2 * TEST_BLOCK)
#define BLOCKS (PAGES / PB)

static void scanners_count_each_page_once(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct umbra_zone *zone = u->zones;

	umbra_test_lay_out(test, m, umbra_test_sparse_and_stripes);
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 32);
	/* The batch is full after the page 496; the rest merged with it. */
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone,
						EVENT_COMPACT_MIGRATE_SCANNED),
			497 + (BLOCKS - 2) * PB);
	/* 8 blocks of 4 pages, each with the pages before it */
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone,
						EVENT_COMPACT_FREE_SCANNED),
			8 * 8);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(zone, EVENT_COMPACT_ISOLATED),
			32 + 32);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

static enum layout_kind one_movable(u32 index)
{
	if (index == 5)
		return LAYOUT_MOVABLE;
	return index >= PAGES - PB && index % 2 ? LAYOUT_FREE :
						  LAYOUT_UNMOVABLE;
}

/* Nobody tells the instance of the last reference: it looks again by itself. */
static void a_moved_page_that_is_held_comes_back(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, one_movable);
	m->hold = true;
	KUNIT_EXPECT_EQ(test, umbra_compact(u), 0);
	KUNIT_EXPECT_EQ(test, m->nr_moved, 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), 1);
	KUNIT_ASSERT_NOT_NULL(test, m->held);
	page_ref_dec(m->held);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(!umbra_test_nr_held(u)));
	umbra_test_empty(u);
}

struct capture_case {
	const char *name;
	gfp_t gfp;
	unsigned int order;
	enum umbra_migratetype block;	/* type of the first pageblock */
	bool captures;
};

static const struct capture_case capture_cases[] = {
	{ "a movable request, in a movable pageblock",
	  GFP_HIGHUSER_MOVABLE, 5, UMBRA_MOVABLE, true },
	{ "a movable request, in an unmovable pageblock",
	  GFP_HIGHUSER_MOVABLE, 5, UMBRA_UNMOVABLE, true },
	{ "an unmovable request, in an unmovable pageblock",
	  GFP_KERNEL, 5, UMBRA_UNMOVABLE, true },
	{ "an unmovable request, in a reclaimable pageblock",
	  GFP_KERNEL, 5, UMBRA_RECLAIMABLE, true },
	{ "an unmovable request, in a movable pageblock",
	  GFP_KERNEL, 5, UMBRA_MOVABLE, false },
	{ "a reclaimable request, in a movable pageblock",
	  GFP_KERNEL | __GFP_RECLAIMABLE, 5, UMBRA_MOVABLE, false },
	{ "an unmovable request for a pageblock, in a movable one",
	  GFP_KERNEL, TEST_PB_ORDER, UMBRA_MOVABLE, true },
	{ "a reclaimable request for a pageblock, in a movable one",
	  GFP_KERNEL | __GFP_RECLAIMABLE, TEST_PB_ORDER, UMBRA_MOVABLE, true },
};

KUNIT_ARRAY_PARAM_DESC(capture, capture_cases, name);

static enum layout_kind sparse_and_single(u32 index)
{
	if (index < PB)
		return index % 16 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	if (index >= PAGES - PB)
		return index % 2 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
	return LAYOUT_UNMOVABLE;
}

static void requests_capture_blocks_that_do_not_fragment(struct kunit *test)
{
	const struct capture_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	u32 index = UMBRA_NO_FRAME;
	struct umbra_request rq;

	umbra_test_lay_out(test, m, sparse_and_single);
	spin_lock_irq(&u->zones->lock);
	umbra_freelist_move(u->zones, 0, c->block);
	spin_unlock_irq(&u->zones->lock);
	umbra_test_request(test, u, &rq, c->gfp, c->order);
	KUNIT_EXPECT_EQ(test, umbra_compact_direct(u, &rq,
						   UMBRA_COMPACT_PRIO_FULL,
						   &index),
			UMBRA_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, index != UMBRA_NO_FRAME, c->captures);
	if (index != UMBRA_NO_FRAME) {
		KUNIT_EXPECT_EQ(test, frame_read(u, index),
				frame_make(FRAME_PCP, c->order));
		umbra_free_block(u, index, c->order, true, NULL);
	}
	umbra_test_empty(u);
}

static struct kunit_case compact_scan_cases[] = {
	KUNIT_CASE(scanners_count_each_page_once),
	KUNIT_CASE(a_moved_page_that_is_held_comes_back),
	KUNIT_CASE_PARAM(requests_capture_blocks_that_do_not_fragment,
			 capture_gen_params),
	{}
};

static struct kunit_suite compact_scan_suite = {
	.name = "umbra_compact_scan",
	.test_cases = compact_scan_cases,
};

kunit_test_suite(compact_scan_suite);
