// SPDX-License-Identifier: GPL-2.0
/* Blocks that can be moved or reclaimed, the LRU lists, and shrinkers. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include "../src/core/frame.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

/* An owner that gives up what it is asked for, or nothing. */
struct owner {
	struct umbra_movable movable;
	bool stubborn;
	unsigned int nr_reclaimed;
	unsigned int nr_putback;
	struct page *reclaimed[PAGES];	/* in turn */
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

/* A block of the owner's on the inactive list. */
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

static void only_what_is_allocated_can_be_registered(struct kunit *test)
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

static void only_what_can_be_reclaimed_is_listed(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, o->nr_reclaimed, SWAP_CLUSTER_MAX);
	for (i = 0; i < SWAP_CLUSTER_MAX; i++)
		KUNIT_EXPECT_PTR_EQ(test, o->reclaimed[i], pages[i]);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), SWAP_CLUSTER_MAX);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, PAGES), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_DIRECT),
			ARRAY_SIZE(pages));
	KUNIT_EXPECT_FALSE(test, o->may_recurse);
	KUNIT_EXPECT_EQ(test, atomic_read(&o->movable.nr_isolated), 0);
}

static void reclaim_gives_what_was_accessed_a_second_chance(struct kunit *test)
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

static void reclaim_passes_active_blocks_by_while_there_are_others(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 8), 8);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ACTIVE), 2);
	umbra_mark_accessed(u, hot);
	disown(u, hot, 1);
	KUNIT_EXPECT_EQ(test, umbra_zone_reclaimable(u->zones), 0);
}

static void reclaim_leaves_what_its_owner_keeps(struct kunit *test)
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

static void reclaim_uncharges(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_account *account = umbra_test_account(test, u);
	struct owner *o = owner_create(test, account);
	struct page *page;

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

static void reclaim_spares_zones_that_are_of_no_use(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, events(u, EVENT_ALLOCSTALL), 1);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSCAN_DIRECT), 4);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_PGSTEAL_DIRECT), 4);
	umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

/* One thread has a block in its hands; the other wants it back. */
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
		t->too_early |= !READ_ONCE(t->let_go);
		return;
	}
	schedule_timeout_uninterruptible(HZ / 20);
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

static void what_is_isolated_is_not_to_be_had_again(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct owner *o = owner_create(test, NULL);
	struct page *page = own(test, u, o, GFP_KERNEL, 0);
	u32 index = umbra_page_to_index(u, page);

	KUNIT_EXPECT_PTR_EQ(test, umbra_movable_isolate(u, index),
			    &o->movable);
	KUNIT_EXPECT_NULL(test, umbra_movable_isolate(u, index));
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_ISOLATED), 1);
	umbra_movable_putback(u, index);
	KUNIT_EXPECT_EQ(test, listed(u, LRU_LIST_INACTIVE), 1);
	KUNIT_EXPECT_NULL(test, umbra_movable_isolate(u, index + 1));
	disown(u, page, 0);
}

/* A cache of single pages, as a shrinker sees it. */
struct cache {
	struct umbra_shrinker shrinker;
	struct umbra *u;
	struct list_head pages;
	unsigned long nr;
	unsigned int nr_scans;
	unsigned long most;	/* asked for at once */
	bool stop;
	gfp_t gfp;
	int nid;
};

static unsigned long cache_count(struct umbra_shrinker *shrinker,
				 struct umbra_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);

	return c->nr ?: UMBRA_SHRINK_EMPTY;
}

static unsigned long cache_scan(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);
	unsigned long freed = 0;

	c->nr_scans++;
	c->gfp = sc->gfp;
	c->nid = sc->nid;
	c->most = max(c->most, sc->nr_to_scan);
	if (c->stop)
		return UMBRA_SHRINK_STOP;
	while (c->nr && freed < sc->nr_to_scan) {
		struct page *page = list_first_entry(&c->pages, struct page,
						     lru);

		list_del(&page->lru);
		umbra_free_page(c->u, page);
		c->nr--;
		freed++;
	}
	return freed;
}

static struct cache *cache_create(struct kunit *test, struct umbra *u,
				  unsigned int nr)
{
	struct cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->u = u;
	c->shrinker.count = cache_count;
	c->shrinker.scan = cache_scan;
	c->shrinker.seeks = UMBRA_DEFAULT_SEEKS;
	INIT_LIST_HEAD(&c->pages);
	while (c->nr < nr) {
		list_add(&umbra_test_alloc(test, u, GFP_KERNEL, 0)->lru,
			 &c->pages);
		c->nr++;
	}
	umbra_register_shrinker(u, &c->shrinker);
	return c;
}

static void a_shrinker_is_asked_for_more_the_shorter_memory_is(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = {
		.gfp = GFP_NOFS,
		.priority = 4,
		.nr_to_reclaim = PAGES,
	};

	c->shrinker.batch = 16;
	/* (512 >> 4) * 4 / 2 objects, in calls of 16 */
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 512 - 64);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 4);
	KUNIT_EXPECT_EQ(test, c->most, 16);
	KUNIT_EXPECT_EQ(test, scan.nr_reclaimed, 64);
	KUNIT_EXPECT_EQ(test, (__force u32)c->gfp, (__force u32)GFP_NOFS);
	KUNIT_EXPECT_EQ(test, c->nid, 0);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_SLABS_SCANNED), 64);
	/* At the highest priority, everything. */
	scan.priority = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_shrinker_that_stops_is_asked_for_the_rest_later(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 512);
	struct umbra_scan scan = { .gfp = GFP_KERNEL, .priority = 2 };

	c->shrinker.batch = 256;
	c->stop = true;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 1);
	KUNIT_EXPECT_EQ(test, c->nr, 512);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->shrinker.nr_deferred[0]),
			256);
	c->stop = false;
	scan.priority = 0;
	umbra_shrink_node(u, u->nodes, &scan);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_shrinker_frees_for_a_request(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, PAGES);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, c->nr_scans, 0);
	umbra_free_page(u, page);
	umbra_reclaim(u, PAGES);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	umbra_unregister_shrinker(u, &c->shrinker);
}

static void a_shrinker_that_is_gone_is_not_asked(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 0);

	c->nr = 1;
	umbra_unregister_shrinker(u, &c->shrinker);
	KUNIT_EXPECT_EQ(test, umbra_reclaim(u, 1), 0);
	KUNIT_EXPECT_EQ(test, c->nr_scans, 0);
}

static unsigned long endless_count(struct umbra_shrinker *shrinker,
				   struct umbra_shrink_control *sc)
{
	return 1000;
}

static unsigned long endless_scan(struct umbra_shrinker *shrinker,
				  struct umbra_shrink_control *sc)
{
	container_of(shrinker, struct cache, shrinker)->nr_scans++;
	return sc->nr_to_scan;
}

static void reclaim_believes_pages_and_not_words(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct cache *c = cache_create(test, u, 0);
	LIST_HEAD(hoard);

	/* It frees objects time and again, and never a page. */
	c->shrinker.count = endless_count;
	c->shrinker.scan = endless_scan;
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_GT(test, c->nr_scans, 0);
	umbra_test_give_all(u, &hoard);
	umbra_unregister_shrinker(u, &c->shrinker);
}

/* A zone is low at once, and once. */
static void pressure_is_told_once_a_crossing(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 64 * 4,
		.watermark_scale_factor = 100,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	unsigned long before = umbra_pressure_events(u);
	struct page *page;
	LIST_HEAD(hoard);

	umbra_test_take_all(u, 0, GFP_ATOMIC, 0, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	page = list_first_entry(&hoard, struct page, lru);
	list_del(&page->lru);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	umbra_test_give_all(u, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 1);
	umbra_test_take_all(u, 0, GFP_ATOMIC, 0, &hoard);
	KUNIT_EXPECT_EQ(test, umbra_pressure_events(u), before + 2);
	umbra_test_give_all(u, &hoard);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(only_what_is_allocated_can_be_registered),
	KUNIT_CASE(a_movable_block_cannot_be_freed_or_split),
	KUNIT_CASE(only_what_can_be_reclaimed_is_listed),
	KUNIT_CASE(reclaim_takes_the_oldest_first),
	KUNIT_CASE(reclaim_gives_what_was_accessed_a_second_chance),
	KUNIT_CASE(reclaim_passes_active_blocks_by_while_there_are_others),
	KUNIT_CASE(reclaim_leaves_what_its_owner_keeps),
	KUNIT_CASE(reclaim_uncharges),
	KUNIT_CASE(reclaim_spares_zones_that_are_of_no_use),
	KUNIT_CASE(a_request_reclaims_for_itself),
	KUNIT_CASE(an_owner_waits_for_a_block_that_is_isolated),
	KUNIT_CASE(what_is_isolated_is_not_to_be_had_again),
	KUNIT_CASE(a_shrinker_is_asked_for_more_the_shorter_memory_is),
	KUNIT_CASE(a_shrinker_that_stops_is_asked_for_the_rest_later),
	KUNIT_CASE(a_shrinker_frees_for_a_request),
	KUNIT_CASE(a_shrinker_that_is_gone_is_not_asked),
	KUNIT_CASE(reclaim_believes_pages_and_not_words),
	KUNIT_CASE(pressure_is_told_once_a_crossing),
	{}
};

static struct kunit_suite reclaim_suite = {
	.name = "umbra_reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
