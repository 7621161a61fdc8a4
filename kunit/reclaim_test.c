// SPDX-License-Identifier: GPL-2.0
/* Movable and reclaimable blocks, and the LRU lists. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/wait.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/move/lru.h"
#include "../src/move/movable.h"
#include "../src/move/lru.h"
#include "../src/move/shrink.h"
#include "../src/page/account.h"
#include "../src/page/held.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

/* An owner that gives its blocks back, or refuses. */
struct owner {
	struct umbra_movable movable;
	bool stubborn;
	unsigned int nr_reclaimed;
	unsigned int nr_putback;
	struct page *reclaimed[PAGES + 1];	/* in the order of the calls */
	gfp_t gfp;
	bool may_recurse;
};

static int owner_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct owner *o = container_of(movable, struct owner, movable);

	o->gfp = gfp;
	o->may_recurse |= !(current->flags & PF_MEMALLOC);
	if (o->stubborn)
		return -EBUSY;
	o->reclaimed[o->nr_reclaimed++] = page;
	return 0;
}

static int owner_migrate(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	return -EBUSY;
}

static void owner_putback(struct umbra_movable *movable, struct page *page,
			  unsigned int order)
{
	container_of(movable, struct owner, movable)->nr_putback++;
}

static const struct umbra_movable_operations owner_ops = {
	.migrate = owner_migrate,
	.putback = owner_putback,
	.reclaim = owner_reclaim,
};

static const struct umbra_movable_operations keeper_ops = {
	.migrate = owner_migrate,
};

static struct owner *owner_create(struct kunit *test,
				  struct umbra_account *account)
{
	struct owner *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, o);
	umbra_movable_init(&o->movable, &owner_ops, account);
	return o;
}

/* A block of the owner on the inactive list. */
static struct page *own(struct kunit *test, struct umbra *u, struct owner *o,
			gfp_t gfp, unsigned int order)
{
	struct page *page = umbra_test_alloc(test, u, gfp, order);

	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, order, &o->movable),
			0);
	KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	return page;
}

static void disown(struct umbra *u, struct page *page, unsigned int order)
{
	umbra_clear_movable(u, page);
	umbra_free_pages(u, page, order);
}

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

static unsigned long listed(struct umbra *u, enum umbra_lru_list list)
{
	return u->nodes[0].lru.nr[list];
}

static void only_allocated_blocks_can_be_registered(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 2);

	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page, 1, &o->movable),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page + 1, 0, &o->movable),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page + 4, 2, &o->movable),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page, 2, &o->movable), 0);
	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page, 2, &o->movable),
			-EBUSY);
	umbra_clear_movable(u, page);
	umbra_clear_movable(u, page);
	KUNIT_EXPECT_EQ(test, umbra_set_movable(u, page, 2, &o->movable), 0);
	disown(u, page, 2);
}

static void a_movable_block_cannot_be_freed_or_split(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 2);

	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 2, &o->movable), 0);
	umbra_test_expect_refused(test, u, page, 2);
	KUNIT_EXPECT_EQ(test, umbra_split_page(u, page, 2), -EINVAL);
	disown(u, page, 2);
}

static void only_reclaimable_blocks_are_listed(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	struct umbra_movable keeper;

	umbra_movable_init(&keeper, &keeper_ops, NULL);
	KUNIT_EXPECT_EQ(test, umbra_lru_add(u, page), -EINVAL);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0, &keeper), 0);
	KUNIT_EXPECT_EQ(test, umbra_lru_add(u, page), -EINVAL);
	umbra_lru_del(u, page);
	umbra_mark_accessed(u, page);
	KUNIT_EXPECT_EQ(test, umbra_zone_reclaimable(u->zones), 0);
	disown(u, page, 0);
}

static void reclaim_takes_the_oldest_first(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *pages[2 * SWAP_CLUSTER_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = own(test, u, o, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_zone_reclaimable(u->zones),
			ARRAY_SIZE(pages));
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, SWAP_CLUSTER_MAX),
			SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, SWAP_CLUSTER_MAX);
	for (i = 0; i < SWAP_CLUSTER_MAX; i++)
		KUNIT_EXPECT_PTR_EQ(test, o->reclaimed[i], pages[i]);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_PROACTIVE),
			ARRAY_SIZE(pages));
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_DIRECT), 0);
	KUNIT_EXPECT_FALSE(test, o->may_recurse);
	KUNIT_EXPECT_EQ(test, atomic_read(&o->movable.nr_isolated), 0);
}

static void reclaim_gives_an_accessed_block_a_second_chance(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *a = own(test, u, o, GFP_KERNEL, 0);
	struct page *b = own(test, u, o, GFP_KERNEL, 0);

	umbra_mark_accessed(u, a);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 1);
	KUNIT_EXPECT_PTR_EQ(test, o->reclaimed[0], b);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 1);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGACTIVATE), 1);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 1);
	KUNIT_EXPECT_PTR_EQ(test, o->reclaimed[1], a);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGDEACTIVATE), 1);
}

static void reclaim_skips_active_blocks_while_others_exist(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *hot = own(test, u, o, GFP_KERNEL, 1);
	unsigned int i;

	for (i = 0; i < 8; i++)
		own(test, u, o, GFP_KERNEL, 0);
	umbra_mark_accessed(u, hot);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 0);
	umbra_mark_accessed(u, hot);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 2);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 8);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 6), 6);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 2);
	umbra_mark_accessed(u, hot);
	disown(u, hot, 1);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), 2);
}

static void reclaim_leaves_blocks_that_their_owner_keeps(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = own(test, u, o, GFP_KERNEL, 3);

	o->stubborn = true;
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_GT(test, o->nr_putback, 0);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 8);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ISOLATED), 0);
	umbra_lru_del(u, page);
	o->stubborn = false;
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_lru_add(u, page), 0);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 8);
}

static void reclaim_takes_the_charge_back(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_account *account = umbra_test_account(test, u);
	struct owner *o = owner_create(test, account);
	struct page *page;

	umbra_test_no_background(u);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(account, 5, 5), 0);
	own(test, u, o, GFP_KERNEL, 2);
	page = own(test, u, o, GFP_KERNEL, 0);
	page_ref_inc(page);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), 4);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_held(account), 1);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, umbra_held_rescan(u), 1);
	KUNIT_EXPECT_EQ(test, umbra_account_pages(account), 0);
}

static const struct umbra_zone_layout low_and_high[] = {
	{ .type = UMBRA_ZONE_DMA, .nr_frames = PAGES },
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
};

static void reclaim_skips_zones_the_request_cannot_use(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, low_and_high, 2,
						 2 * PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *high = own(test, u, o, GFP_KERNEL, 0);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_DMA,
		.nr_to_reclaim = 1,
	};

	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 0);
	own(test, u, o, GFP_DMA, 0);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 1);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, o->reclaimed[0]),
			UMBRA_ZONE_DMA);
	disown(u, high, 0);
}

static void reclaim_finds_usable_blocks_behind_unusable_ones(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost_zones(test, low_and_high, 2,
						 2 * PAGES);
	struct owner *o = owner_create(test, NULL);
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_DMA,
		.nr_to_reclaim = 1,
	};
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		own(test, u, o, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, u->zones[1].nr_lru[LRU_LIST_INACTIVE], PAGES);
	own(test, u, o, GFP_DMA, 0);
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 1);
	KUNIT_EXPECT_EQ(test, umbra_page_zone(u, o->reclaimed[0]),
			UMBRA_ZONE_DMA);
	o->nr_reclaimed = 0;
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), PAGES);
}

static void reclaim_counts_pages_and_not_blocks(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	unsigned int i;

	for (i = 0; i < 4; i++)
		own(test, u, o, GFP_KERNEL, 8);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 256);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 257), 512);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), 256);
}

static bool owner_refuses(struct umbra_movable *movable, struct page *page,
			  unsigned int order)
{
	return false;
}

static void reclaim_asks_whether_a_block_can_be_isolated(struct kunit *test)
{
	static struct umbra_movable_operations refusing_ops;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page;

	refusing_ops = owner_ops;
	refusing_ops.isolate = owner_refuses;
	o->movable.ops = &refusing_ops;
	page = own(test, u, o, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, 0);
	KUNIT_EXPECT_EQ(test, o->nr_putback, 0);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 1);
	disown(u, page, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&o->movable.nr_isolated), 0);
}

static void a_request_reclaims_for_itself(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page;
	LIST_HEAD(hoard);
	unsigned int i;

	for (i = 0; i < 4; i++)
		own(test, u, o, GFP_KERNEL, 0);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, 0);
	page = umbra_alloc_page(u, GFP_NOIO);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, 4);
	KUNIT_EXPECT_EQ(test, (__force u32)o->gfp, (__force u32)GFP_NOIO);
	KUNIT_EXPECT_FALSE(test, o->may_recurse);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_ALLOCSTALL_NORMAL), 1);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_DIRECT), 4);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_DIRECT), 4);
	umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

/* Does a task wait for the end of an isolation? */
static bool is_awaited(struct umbra *u)
{
	return wq_has_sleeper(&u->movable_wait);
}

/* One thread has isolated a block, and the other wants it back. */
struct tug {
	struct umbra *u;
	struct page *page;
	struct umbra_test_barrier barrier;
	bool let_go;
	bool too_early;
};

static void pull(void *arg, unsigned int self)
{
	struct tug *t = arg;
	u32 index = umbra_page_to_index(t->u, t->page);

	if (!self && !umbra_movable_isolate(t->u, index))
		t->too_early = true;
	umbra_test_meet(&t->barrier);
	if (self) {
		umbra_clear_movable(t->u, t->page);
		if (!READ_ONCE(t->let_go))
			WRITE_ONCE(t->too_early, true);
		return;
	}
	TEST_WAIT_UNTIL(is_awaited(t->u) || READ_ONCE(t->too_early));
	WRITE_ONCE(t->let_go, true);
	umbra_movable_putback(t->u, index);
}

static void an_owner_waits_for_a_block_that_is_isolated(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct tug t = { .u = u };

	t.page = own(test, u, o, GFP_KERNEL, 0);
	umbra_test_start_pair(test, pull, &t);
	umbra_test_join_pair();
	KUNIT_EXPECT_FALSE(test, t.too_early);
	KUNIT_EXPECT_EQ(test, o->nr_putback, 1);
	umbra_movable_retire(u, &o->movable);
	umbra_free_page(u, t.page);
}

static void an_isolated_block_cannot_be_isolated_again(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = own(test, u, o, GFP_KERNEL, 0);
	u32 index = umbra_page_to_index(u, page);

	KUNIT_EXPECT_TRUE(test, umbra_movable_isolate(u, index));
	KUNIT_EXPECT_FALSE(test, umbra_movable_isolate(u, index));
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ISOLATED), 1);
	umbra_movable_putback(u, index);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 1);
	KUNIT_EXPECT_FALSE(test, umbra_movable_isolate(u, index + 1));
	disown(u, page, 0);
}

/* Another task has isolated every reclaimable block for some time. */
struct slow_one {
	struct umbra_test_barrier barrier;
	struct umbra *u;
	struct page *got;
	bool awaited;
};

static void ask_or_reclaim_slowly(void *arg, unsigned int self)
{
	struct slow_one *s = arg;
	struct umbra_lru_seen seen = {};
	u32 index;

	if (!self) {
		umbra_test_meet(&s->barrier);
		/* A request waits for a short time, and a few times only. */
		TEST_WAIT_UNTIL((s->got = umbra_alloc_page(s->u, GFP_KERNEL |
							   __GFP_NOWARN)));
		return;
	}
	umbra_lru_isolate(s->u, s->u->nodes, UMBRA_ZONE_NORMAL, &index, 1,
			  &seen);
	umbra_test_meet(&s->barrier);
	s->awaited = TEST_WAIT_UNTIL(is_awaited(s->u));
	umbra_movable_reclaim(s->u, index, GFP_KERNEL);
}

static void a_request_waits_for_blocks_isolated_by_others(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct slow_one s = { .u = u };
	LIST_HEAD(hoard);

	own(test, u, o, GFP_KERNEL, 0);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	umbra_test_start_pair(test, ask_or_reclaim_slowly, &s);
	umbra_test_join_pair();
	KUNIT_EXPECT_TRUE(test, s.awaited);
	KUNIT_EXPECT_NOT_NULL(test, s.got);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, 1);
	if (s.got)
		umbra_free_page(u, s.got);
	umbra_test_give_all(u, &hoard);
}

/*
 * Between two blocks of DMA are a thousand of Normal, which a scan of DMA passes
 * over with a lock held.
 */
static void one_hold_of_the_lock_passes_over_few_blocks(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .type = UMBRA_ZONE_DMA, .nr_frames = TEST_BLOCK },
		{ .type = UMBRA_ZONE_NORMAL, .nr_frames = 4 * TEST_BLOCK },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
						 5 * TEST_BLOCK);
	struct owner *o = owner_create(test, NULL);
	struct umbra_lru_seen seen = {};
	u32 frames[SWAP_CLUSTER_MAX];
	unsigned int nr, i;

	for (i = 0; i < 3000; i++)
		own(test, u, o, i % 1000 ? GFP_KERNEL : GFP_DMA, 0);
	nr = umbra_lru_isolate(u, u->nodes, UMBRA_ZONE_DMA, frames,
			       ARRAY_SIZE(frames), &seen);
	KUNIT_EXPECT_LE(test, seen.passed, 1024);
	KUNIT_EXPECT_EQ(test, nr, 2);
	while (nr--)
		umbra_movable_putback(u, frames[nr]);
	for (i = 0; i < u->nr_frames; i++)
		if (umbra_is_movable(u, i))
			disown(u, umbra_index_to_page(u, i), 0);
}

/* The checker must find lists that were broken on purpose. */
static bool is_found(struct umbra *u, enum umbra_finding_code code)
{
	struct umbra_findings v;
	unsigned long i;

	umbra_verify(u, &v);
	for (i = 0; i < v.nr_findings && i < UMBRA_FIRST_FINDINGS; i++)
		if (v.first[i].code == code)
			return true;
	return false;
}

static void broken_lists_are_found(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = own(test, u, o, GFP_KERNEL, 1);
	struct umbra_lru *lru = &u->nodes[0].lru;
	u32 index = umbra_page_to_index(u, page);
	u8 frame = frame_read(u, index);

	own(test, u, o, GFP_KERNEL, 0);
	umbra_test_judge(test, u);
	frame_set(u, index, FRAME_ALLOC, 1);
	KUNIT_EXPECT_TRUE(test, is_found(u, FINDING_MOVABLE));
	frame_set(u, index, frame_state(frame), 1);
	lru->nr[LRU_LIST_INACTIVE]++;
	KUNIT_EXPECT_TRUE(test, is_found(u, FINDING_COUNT));
	lru->nr[LRU_LIST_INACTIVE]--;
	u->zones[0].nr_lru[LRU_LIST_ACTIVE]++;
	KUNIT_EXPECT_TRUE(test, is_found(u, FINDING_COUNT));
	u->zones[0].nr_lru[LRU_LIST_ACTIVE]--;
	list_move(&page->lru, &lru->lists[LRU_LIST_ACTIVE]);
	KUNIT_EXPECT_TRUE(test, is_found(u, FINDING_LRU));
	list_move(&page->lru, &lru->lists[LRU_LIST_INACTIVE]);
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 3), 3);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(only_allocated_blocks_can_be_registered),
	KUNIT_CASE(a_movable_block_cannot_be_freed_or_split),
	KUNIT_CASE(only_reclaimable_blocks_are_listed),
	KUNIT_CASE(reclaim_takes_the_oldest_first),
	KUNIT_CASE(reclaim_gives_an_accessed_block_a_second_chance),
	KUNIT_CASE(reclaim_skips_active_blocks_while_others_exist),
	KUNIT_CASE(reclaim_leaves_blocks_that_their_owner_keeps),
	KUNIT_CASE(reclaim_takes_the_charge_back),
	KUNIT_CASE(reclaim_skips_zones_the_request_cannot_use),
	KUNIT_CASE(reclaim_finds_usable_blocks_behind_unusable_ones),
	KUNIT_CASE(reclaim_counts_pages_and_not_blocks),
	KUNIT_CASE(reclaim_asks_whether_a_block_can_be_isolated),
	KUNIT_CASE(a_request_reclaims_for_itself),
	KUNIT_CASE(an_owner_waits_for_a_block_that_is_isolated),
	KUNIT_CASE(an_isolated_block_cannot_be_isolated_again),
	KUNIT_CASE(a_request_waits_for_blocks_isolated_by_others),
	KUNIT_CASE(one_hold_of_the_lock_passes_over_few_blocks),
	KUNIT_CASE(broken_lists_are_found),
	{}
};

static struct kunit_suite reclaim_suite = {
	.name = "umbra_reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
