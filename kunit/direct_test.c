// SPDX-License-Identifier: GPL-2.0
/*
 * Direct reclaim: how much a request reclaims for itself, and where. The values
 * follow from shrink_zones(), compaction_ready() and should_continue_reclaim()
 * of Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include "../src/buddy/watermark.h"
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/move/lru.h"
#include "../src/page/gfp.h"
#include "../src/pressure/direct.h"
#include "mover.h"

#define PAGES (8 * TEST_BLOCK)
#define MIN_PAGES 128		/* pages of the min watermark of a zone */
#define COSTLY 9

static struct umbra *start(struct kunit *test, unsigned int nr_nodes)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = nr_nodes,
		.zones = zones,
		.min_free_kbytes = nr_nodes * MIN_PAGES * (PAGE_SIZE >> 10),
	};

	return umbra_test_ghost_layout(test, &layout, nr_nodes * PAGES);
}

/* The owner gives its pages back, but does not move them. */
static struct mover *giver(struct kunit *test, struct umbra *u,
			   enum layout_kind (*kind)(u32 index))
{
	struct mover *m = umbra_test_mover(test, u);
	u32 index;

	m->gives = true;
	m->fail = UINT_MAX;
	m->err = -EBUSY;
	umbra_test_lay_out(test, m, kind);
	for (index = 0; index < u->nr_frames; index++)
		if (m->tokens[index])
			umbra_lru_add(u, umbra_index_to_page(u, index));
	return m;
}

static unsigned long reclaimed(struct umbra *u)
{
	return umbra_test_events(u, EVENT_PGSTEAL_DIRECT);
}

static unsigned long inactive(struct umbra *u, unsigned int nid)
{
	return READ_ONCE(u->nodes[nid].lru.nr[LRU_LIST_INACTIVE]);
}

static enum layout_kind half_on_lists(u32 index)
{
	return index % 2 ? LAYOUT_UNMOVABLE : LAYOUT_MOVABLE;
}

static enum layout_kind half_on_lists_some_free(u32 index)
{
	return index % 16 == 1 ? LAYOUT_FREE : half_on_lists(index);
}

static void a_costly_request_reclaims_nothing_where_compaction_can_go_on(struct kunit *test)
{
	struct umbra *u = start(test, 1);
	unsigned int i;

	giver(test, u, half_on_lists_some_free);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NULL(test,
				  umbra_alloc_pages(u, GFP_KERNEL |
						    __GFP_NORETRY |
						    __GFP_NOWARN, COSTLY));
	KUNIT_EXPECT_EQ(test, reclaimed(u), 0);
	KUNIT_EXPECT_GT(test, umbra_test_events(u, EVENT_ALLOCSTALL_NORMAL), 0);
	umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY |
			  __GFP_NOWARN, COSTLY);
	/* The instance has no such zone. */
	KUNIT_EXPECT_GT(test, umbra_test_events(u, EVENT_ALLOCSTALL_MOVABLE),
			0);
	umbra_test_empty(u);
}

static void direct_reclaim_tells_a_costly_request_to_compact(struct kunit *test)
{
	struct umbra *u = start(test, 1);
	struct umbra_request rq;

	giver(test, u, half_on_lists_some_free);
	umbra_test_request(test, u, &rq, GFP_KERNEL, COSTLY);
	KUNIT_EXPECT_EQ(test, umbra_reclaim_direct(u, &rq), 1);
	umbra_test_request(test, u, &rq, GFP_KERNEL, PAGE_ALLOC_COSTLY_ORDER);
	KUNIT_EXPECT_GE(test, umbra_reclaim_direct(u, &rq), SWAP_CLUSTER_MAX);
	umbra_test_empty(u);
}

/* Without __GFP_IO the request cannot compact, so it must reclaim. */
static void a_costly_request_that_cannot_compact_reclaims(struct kunit *test)
{
	struct umbra *u = start(test, 1);
	struct umbra_request rq;

	giver(test, u, half_on_lists_some_free);
	umbra_test_request(test, u, &rq, GFP_NOIO, COSTLY);
	KUNIT_EXPECT_GE(test, umbra_reclaim_direct(u, &rq), SWAP_CLUSTER_MAX);
	umbra_test_empty(u);
}

static bool can_compact(struct umbra *u, unsigned int order)
{
	return umbra_compact_zone_suitable(u->zones, order,
					   umbra_mark(u->zones,
						      UMBRA_WMARK_MIN),
					   UMBRA_ZONE_NORMAL);
}

static void a_costly_request_reclaims_until_compaction_can_go_on(struct kunit *test)
{
	struct umbra *u = start(test, 1);
	struct umbra_request rq;

	giver(test, u, half_on_lists);
	KUNIT_EXPECT_FALSE(test, can_compact(u, COSTLY));
	umbra_test_request(test, u, &rq, GFP_KERNEL, COSTLY);
	KUNIT_EXPECT_GT(test, umbra_reclaim_direct(u, &rq), MIN_PAGES);
	KUNIT_EXPECT_TRUE(test, can_compact(u, COSTLY));
	/* A batch more than the watermark and the gap at most. */
	KUNIT_EXPECT_LE(test, reclaimed(u),
			umbra_mark(u->zones, UMBRA_WMARK_LOW) +
			umbra_compact_gap(COSTLY) + SWAP_CLUSTER_MAX);
	umbra_test_empty(u);
}

static void a_request_for_a_page_reclaims_one_batch(struct kunit *test)
{
	struct umbra *u = start(test, 1);
	struct umbra_request rq;

	giver(test, u, half_on_lists);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 0);
	KUNIT_EXPECT_GE(test, umbra_reclaim_direct(u, &rq), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_LT(test, reclaimed(u), 2 * SWAP_CLUSTER_MAX);
	umbra_test_empty(u);
}

static void reclaim_keeps_to_the_allowed_nodes(struct kunit *test)
{
	struct umbra *u = start(test, 2);
	struct umbra_request rq;

	giver(test, u, half_on_lists);
	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	umbra_test_request(test, u, &rq, GFP_KERNEL, 0);
	KUNIT_EXPECT_GE(test, umbra_reclaim_direct(u, &rq), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_LT(test, inactive(u, 0), PAGES / 2);
	KUNIT_EXPECT_EQ(test, inactive(u, 1), PAGES / 2);
	umbra_test_request(test, u, &rq, GFP_ATOMIC | __GFP_DIRECT_RECLAIM, 0);
	KUNIT_EXPECT_GE(test, umbra_reclaim_direct(u, &rq), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, inactive(u, 1), PAGES / 2);
	umbra_test_empty(u);
}

static struct kunit_case direct_cases[] = {
	KUNIT_CASE(a_costly_request_reclaims_nothing_where_compaction_can_go_on),
	KUNIT_CASE(direct_reclaim_tells_a_costly_request_to_compact),
	KUNIT_CASE(a_costly_request_that_cannot_compact_reclaims),
	KUNIT_CASE(a_costly_request_reclaims_until_compaction_can_go_on),
	KUNIT_CASE(a_request_for_a_page_reclaims_one_batch),
	KUNIT_CASE(reclaim_keeps_to_the_allowed_nodes),
	{}
};

static struct kunit_suite direct_suite = {
	.name = "umbra_direct",
	.test_cases = direct_cases,
};

kunit_test_suite(direct_suite);
