// SPDX-License-Identifier: GPL-2.0
/*
 * Assertions: each test damages one invariant and then does what relies on it.
 * The damage must be found before anything is changed, the instance must be bad
 * from then on, and it must be consistent again when the damage is mended.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include "../src/buddy/fallback.h"
#include "../src/buddy/freelist.h"
#include "../src/core/assert.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/page/gfp.h"
#include "../src/page/give.h"
#include "../src/page/held.h"
#include "../src/page/highatomic.h"
#include "../src/page/pcp.h"
#include "../src/page/pcp_drain.h"
#include "../src/page/pcp_setup.h"
#include "../src/page/zone_blocks.h"
#include "test_util.h"

#define PAGES (4 * TEST_BLOCK)
#define ORDER 3
#define GFP (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN)

/* An instance without caches, with two blocks allocated and one frame held. */
struct site {
	struct umbra *u;
	struct umbra_zone *zone;
	struct page *block;
	struct page *other;	/* its buddy is free, and @next by default */
	struct page *held;
	u32 allocated;		/* the head of @block */
	unsigned int order;	/* the order of the list to damage */
	u32 next;		/* the first block of that list */
	unsigned int reports;
	u32 reported;		/* the frame of the last report */
	unsigned long saved;
	struct list_head *link;
	struct page stranger;	/* of no instance */
};

/* Takes the place of umbra_report_broken(), which warns. */
static void count_report(struct umbra *u, u32 index, const char *invariant)
{
	struct site *site = kunit_get_current_test()->priv;

	site->reports++;
	site->reported = index;
}

static struct list_head *next_list(struct site *site)
{
	return &site->zone->free_area[site->order].free_list[UMBRA_MOVABLE];
}

static unsigned long *next_count(struct site *site)
{
	return &site->zone->free_area[site->order].nr_free[UMBRA_MOVABLE];
}

/* Make the instance as good as new, now that the damage is mended. */
static void restore(void *arg)
{
	struct site *site = arg;

	site->u->broken = NULL;
	site->u->walled = false;
	page_ref_dec(site->held);
	umbra_held_rescan(site->u);
	if (site->other)
		umbra_free_pages(site->u, site->other, ORDER);
	if (site->block)
		umbra_free_pages(site->u, site->block, ORDER);
}

static struct site *prepare_for(struct kunit *test, const char *policy,
				unsigned int order)
{
	const struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.policy = policy,
		.pcp_high = UMBRA_AUTO,
	};
	struct site *site = kunit_kzalloc(test, sizeof(*site), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, site);
	test->priv = site;
	site->order = order;
	site->u = umbra_test_ghost_layout(test, &layout, PAGES);
	site->zone = site->u->zones;
	site->block = umbra_test_alloc(test, site->u, GFP, ORDER);
	site->allocated = umbra_page_to_index(site->u, site->block);
	site->held = umbra_test_alloc(test, site->u, GFP, 0);
	page_ref_inc(site->held);
	umbra_free_pages(site->u, site->held, 0);
	site->other = umbra_test_alloc(test, site->u, GFP, ORDER);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, restore, site),
			0);
	KUNIT_ASSERT_FALSE(test, list_empty(next_list(site)));
	site->next = umbra_page_to_index(site->u,
					 list_first_entry(next_list(site),
							  struct page, lru));
	kunit_activate_static_stub(test, umbra_report_broken, count_report);
	return site;
}

static struct site *prepare(struct kunit *test)
{
	return prepare_for(test, NULL, ORDER);
}

/* One case: what is damaged, what relies on it, and how it is mended. */
struct breakage {
	const char *name;
	void (*damage)(struct site *site);
	void (*act)(struct kunit *test, struct site *site);
	void (*mend)(struct site *site);
	bool locked;		/* @act needs the zone lock */
	unsigned int order;	/* of the list to damage, if not ORDER */
	const char *policy;
};

static void take_a_block(struct kunit *test, struct site *site)
{
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(site->u, GFP, ORDER));
}

static void lose_the_state_of_a_free_block(struct site *site)
{
	site->u->map[site->next] = frame_make(FRAME_TAIL, 0);
}

static void mend_the_state_of_a_free_block(struct site *site)
{
	site->u->map[site->next] = frame_make(FRAME_FREE, site->order);
}

static void make_a_free_block_smaller(struct site *site)
{
	site->u->map[site->next] = frame_make(FRAME_FREE, site->order - 1);
}

static void count_no_free_block(struct site *site)
{
	site->saved = *next_count(site);
	*next_count(site) = 0;
}

static void mend_the_count(struct site *site)
{
	*next_count(site) = site->saved;
}

/* The zone begins behind the block. */
static void begin_the_zone_later(struct site *site)
{
	site->saved = site->zone->start;
	site->zone->start = site->next + 1;
}

static void begin_the_zone_as_before(struct site *site)
{
	site->zone->start = site->saved;
}

/* A free block could not merge with its buddy; free it again. */
static void mend_the_count_and_merge(struct site *site)
{
	unsigned long flags;
	u32 index;

	spin_lock_irqsave(&site->zone->lock, flags);
	*next_count(site) += site->saved;
	index = umbra_freelist_take_first(site->zone, ORDER, UMBRA_MOVABLE);
	umbra_freelist_free(site->zone, index, ORDER);
	spin_unlock_irqrestore(&site->zone->lock, flags);
}

static void set_types(struct site *site, u32 index, unsigned int order,
		      enum umbra_migratetype type)
{
	unsigned long flags;

	spin_lock_irqsave(&site->zone->lock, flags);
	umbra_freelist_set_types(site->u, index, order, type);
	spin_unlock_irqrestore(&site->zone->lock, flags);
}

static void mend_the_count_and_the_type(struct site *site)
{
	mend_the_count(site);
	set_types(site, site->next, TEST_PB_ORDER, UMBRA_MOVABLE);
}

static void unlink_one_way(struct site *site)
{
	site->link = next_list(site)->prev;
	next_list(site)->prev = &site->stranger.lru;
}

static void mend_the_link(struct site *site)
{
	next_list(site)->prev = site->link;
}

static void list_a_stranger(struct site *site)
{
	site->link = next_list(site)->next;
	next_list(site)->next = &site->stranger.lru;
}

static void unlist_the_stranger(struct site *site)
{
	next_list(site)->next = site->link;
}

/* A request for one page finds no block of order 0 where one is announced. */
static void announce_a_block(struct site *site)
{
	site->saved = site->zone->listed[UMBRA_RECLAIMABLE];
	site->zone->listed[UMBRA_RECLAIMABLE] |= BIT(ORDER);
}

static void withdraw_the_block(struct site *site)
{
	site->zone->listed[UMBRA_RECLAIMABLE] = site->saved;
}

static void take_a_reclaimable_block(struct kunit *test, struct site *site)
{
	KUNIT_EXPECT_EQ(test, umbra_freelist_take(site->zone, ORDER,
						  UMBRA_RECLAIMABLE),
			UMBRA_NO_FRAME);
}

static void take_many_reclaimable_blocks(struct kunit *test, struct site *site)
{
	u32 frames[2];

	KUNIT_EXPECT_EQ(test,
			umbra_freelist_take_many(site->zone, ORDER,
						 UMBRA_RECLAIMABLE, frames,
						 ARRAY_SIZE(frames), false), 0);
}

/* No smaller block of another type would do. */
static void fall_back_to_a_largest_block(struct kunit *test, struct site *site)
{
	enum umbra_take_mode mode = TAKE_NORMAL;

	KUNIT_EXPECT_EQ(test, umbra_fallback_take(site->zone, UMBRA_MAX_ORDER,
						  UMBRA_RECLAIMABLE, 0, &mode),
			UMBRA_NO_FRAME);
}

static void steal_a_block(struct kunit *test, struct site *site)
{
	enum umbra_take_mode mode = TAKE_STEAL;

	KUNIT_EXPECT_EQ(test, umbra_fallback_take(site->zone, ORDER,
						  UMBRA_RECLAIMABLE, 0, &mode),
			UMBRA_NO_FRAME);
}

static void free_the_buddy(struct kunit *test, struct site *site)
{
	umbra_free_pages(site->u, site->other, ORDER);
	site->other = NULL;
}

static void change_the_type(struct kunit *test, struct site *site)
{
	KUNIT_EXPECT_EQ(test, umbra_freelist_move(site->zone, site->next,
						  UMBRA_UNMOVABLE), 0);
}

static void merge_the_pageblock(struct kunit *test, struct site *site)
{
	umbra_freelist_remerge(site->zone, site->next);
}

static unsigned long *reserved_count(struct site *site)
{
	return &site->zone->free_area[site->order].nr_free[UMBRA_HIGHATOMIC];
}

static void reserve_a_pageblock_and_count_none(struct site *site)
{
	struct page *page = umbra_alloc_pages(site->u, GFP, site->order);

	set_types(site, umbra_page_to_index(site->u, page), site->order,
		  UMBRA_HIGHATOMIC);
	site->zone->nr_reserved_highatomic = 1UL << site->order;
	umbra_free_pages(site->u, page, site->order);
	site->saved = *reserved_count(site);
	*reserved_count(site) = 0;
}

static void mend_the_count_of_the_reserve(struct site *site)
{
	*reserved_count(site) = site->saved;
}

static void release_the_reserve(struct kunit *test, struct site *site)
{
	struct umbra_request rq;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, site->u, GFP, 0, 0, NULL,
						 0), 0);
	KUNIT_EXPECT_FALSE(test, umbra_highatomic_unreserve(site->u, &rq,
							    true));
	KUNIT_EXPECT_EQ(test, site->zone->nr_reserved_highatomic,
			1UL << site->order);
}

static void nothing(struct site *site)
{
}

static void list_a_block_twice(struct kunit *test, struct site *site)
{
	umbra_freelist_free(site->zone, site->next, ORDER);
}

static void list_an_allocated_block(struct kunit *test, struct site *site)
{
	umbra_freelist_free(site->zone, site->allocated, ORDER);
}

static void put_an_allocated_block_back(struct kunit *test, struct site *site)
{
	KUNIT_EXPECT_EQ(test, umbra_free_locked(site->zone, site->allocated,
						ORDER, true, NULL), 0);
}

static void give_an_allocated_block(struct kunit *test, struct site *site)
{
	KUNIT_EXPECT_NULL(test, umbra_give_block(site->u, site->allocated,
						 ORDER, GFP, 0));
}

static void hold_a_free_frame(struct kunit *test, struct site *site)
{
	umbra_held_add(site->zone, site->next, NULL);
}

static void lose_a_free_frame(struct kunit *test, struct site *site)
{
	umbra_frame_lose(site->zone, site->next, "test of");
}

static void count_no_managed_frame(struct site *site)
{
	site->saved = site->zone->nr_managed;
	site->zone->nr_managed = 0;
}

static void mend_the_managed_frames(struct site *site)
{
	site->zone->nr_managed = site->saved;
}

static void lose_an_allocated_frame(struct kunit *test, struct site *site)
{
	umbra_frame_lose(site->zone, site->allocated, "test of");
}

static void count_no_held_frame(struct site *site)
{
	site->saved = site->zone->nr_held;
	site->zone->nr_held = 0;
}

static void mend_the_held_frames(struct site *site)
{
	site->zone->nr_held = site->saved;
}

static void look_at_the_held_frame(struct kunit *test, struct site *site)
{
	u32 index = umbra_page_to_index(site->u, site->held);

	KUNIT_EXPECT_FALSE(test, umbra_held_check(site->zone, index));
}

/* Each page of a cache that counts more than it has is waited for in vain. */
static void count_a_cached_page(struct site *site)
{
	per_cpu_ptr(site->zone->pcp, 0)->count++;
}

static void mend_the_cache(struct site *site)
{
	per_cpu_ptr(site->zone->pcp, 0)->count--;
}

static void drain_the_cache(struct kunit *test, struct site *site)
{
	umbra_drain_cpu(site->u, 0);
}

static void drain_the_cache_of_a_dead_cpu(struct kunit *test,
					  struct site *site)
{
	mutex_lock(&site->u->control_lock);
	umbra_pcp_drain_dead(site->u, 0);
	mutex_unlock(&site->u->control_lock);
}

/* Nothing is free but one block of Movable: the request must fall back. */
static void take_by_fallback(struct kunit *test, struct site *site)
{
	enum umbra_take_mode mode = TAKE_STEAL;
	unsigned long flags;

	spin_lock_irqsave(&site->zone->lock, flags);
	KUNIT_EXPECT_EQ(test, umbra_fallback_take(site->zone, ORDER,
						  UMBRA_UNMOVABLE, 0, &mode),
			UMBRA_NO_FRAME);
	spin_unlock_irqrestore(&site->zone->lock, flags);
}

static const struct breakage breakages[] = {
	{ "stolen block is not free", lose_the_state_of_a_free_block,
	  take_by_fallback, mend_the_state_of_a_free_block },
	{ "taken block is not free", lose_the_state_of_a_free_block,
	  take_a_block, mend_the_state_of_a_free_block },
	{ "taken block is of another order", make_a_free_block_smaller,
	  take_a_block, mend_the_state_of_a_free_block },
	{ "list has a block and counts none", count_no_free_block,
	  take_a_block, mend_the_count },
	{ "links of a list do not agree", unlink_one_way, take_a_block,
	  mend_the_link },
	{ "list has a page of no instance", list_a_stranger, take_a_block,
	  unlist_the_stranger },
	{ "list has a block below the zone", begin_the_zone_later,
	  take_a_block, begin_the_zone_as_before },
	{ "block by address is not on its list", list_a_stranger,
	  take_a_block, unlist_the_stranger, .policy = "address" },
	{ "announced block has no address", announce_a_block,
	  take_a_reclaimable_block, withdraw_the_block, .locked = true,
	  .policy = "address" },
	{ "block to claim is not free", lose_the_state_of_a_free_block,
	  fall_back_to_a_largest_block, mend_the_state_of_a_free_block,
	  .locked = true, .order = UMBRA_MAX_ORDER },
	{ "block to claim is a page of no instance", list_a_stranger,
	  fall_back_to_a_largest_block, unlist_the_stranger, .locked = true,
	  .order = UMBRA_MAX_ORDER },
	{ "block to steal is not free", lose_the_state_of_a_free_block,
	  steal_a_block, mend_the_state_of_a_free_block, .locked = true },
	{ "free buddy is not counted", count_no_free_block, free_the_buddy,
	  mend_the_count_and_merge },
	{ "block that changes its type is not counted", count_no_free_block,
	  change_the_type, mend_the_count_and_the_type, .locked = true,
	  .order = TEST_PB_ORDER },
	{ "pageblock to merge is not counted", count_no_free_block,
	  merge_the_pageblock, mend_the_count, .locked = true,
	  .order = TEST_PB_ORDER },
	{ "reserved pageblock is not counted",
	  reserve_a_pageblock_and_count_none, release_the_reserve,
	  mend_the_count_of_the_reserve, .order = TEST_PB_ORDER },
	{ "announced block is not listed", announce_a_block,
	  take_a_reclaimable_block, withdraw_the_block, .locked = true },
	{ "announced blocks are not listed", announce_a_block,
	  take_many_reclaimable_blocks, withdraw_the_block, .locked = true },
	{ "free block is listed again", nothing, list_a_block_twice, nothing,
	  .locked = true },
	{ "allocated block is listed", nothing, list_an_allocated_block,
	  nothing, .locked = true },
	{ "allocated block is put back", nothing, put_an_allocated_block_back,
	  nothing, .locked = true },
	{ "allocated block is given", nothing, give_an_allocated_block,
	  nothing },
	{ "free frame is held", nothing, hold_a_free_frame, nothing,
	  .locked = true },
	{ "free frame is lost", nothing, lose_a_free_frame, nothing,
	  .locked = true },
	{ "frame is lost and none is managed", count_no_managed_frame,
	  lose_an_allocated_frame, mend_the_managed_frames, .locked = true },
	{ "frame is held and none is counted", count_no_held_frame,
	  look_at_the_held_frame, mend_the_held_frames, .locked = true },
	{ "cache counts a page that it lacks", count_a_cached_page,
	  drain_the_cache, mend_the_cache },
	{ "cache of a dead CPU counts a page that it lacks",
	  count_a_cached_page, drain_the_cache_of_a_dead_cpu, mend_the_cache },
};

KUNIT_ARRAY_PARAM_DESC(breakage, breakages, name);

static void broken_invariant_makes_the_instance_bad(struct kunit *test)
{
	const struct breakage *breakage = test->param_value;
	struct site *site = prepare_for(test, breakage->policy,
					breakage->order ?: ORDER);
	unsigned long flags = 0;

	KUNIT_ASSERT_FALSE(test, umbra_is_bad(site->u));
	breakage->damage(site);
	if (breakage->locked)
		spin_lock_irqsave(&site->zone->lock, flags);
	breakage->act(test, site);
	if (breakage->locked)
		spin_unlock_irqrestore(&site->zone->lock, flags);
	KUNIT_EXPECT_TRUE(test, umbra_is_bad(site->u));
	KUNIT_EXPECT_EQ(test, site->reports, 1);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(site->u, GFP));
	KUNIT_EXPECT_EQ(test, site->reports, 1);
	breakage->mend(site);
}

static void bad_instance_serves_no_request(struct kunit *test)
{
	struct site *site = prepare(test);
	unsigned long pfn = umbra_index_to_pfn(site->u, 2 * TEST_BLOCK);
	struct page *pages[4] = {};

	umbra_make_bad(site->u, UMBRA_NO_FRAME, "made bad by a test");
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(site->u, GFP));
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(site->u, GFP_ATOMIC |
						 __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nolock(site->u, 0, -1, 0));
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(site->u, GFP, -1, NULL,
						     ARRAY_SIZE(pages), pages),
			0);
	KUNIT_EXPECT_EQ(test, umbra_alloc_contig_range(site->u, pfn, pfn + 4,
						       GFP_KERNEL), -EIO);
	KUNIT_EXPECT_EQ(test, site->reports, 1);
	KUNIT_EXPECT_EQ(test, site->reported, UMBRA_NO_FRAME);
}

static void bad_instance_serves_requests_that_may_not_fail(struct kunit *test)
{
	struct site *site = prepare(test);
	struct page *page;

	umbra_make_bad(site->u, UMBRA_NO_FRAME, "made bad by a test");
	page = umbra_alloc_page(site->u, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(site->u, page);
}

static void bad_instance_takes_pages_back(struct kunit *test)
{
	struct site *site = prepare(test);
	unsigned long free = umbra_test_nr_free(site->u);

	umbra_make_bad(site->u, site->allocated, "made bad by a test");
	umbra_free_pages(site->u, site->block, ORDER);
	site->block = NULL;
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(site->u), free + (1 << ORDER));
}

/* The allowed nodes decide whether hits look at anything but the cache. */
static void bad_instance_stays_bad_when_nodes_change(struct kunit *test)
{
	struct site *site = prepare(test);

	umbra_make_bad(site->u, UMBRA_NO_FRAME, "made bad by a test");
	KUNIT_EXPECT_EQ(test, umbra_set_allowed_nodes(site->u, 1), 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(site->u, GFP));
}

static void bad_instance_gives_nothing_from_caches(struct kunit *test)
{
	struct site *site = prepare(test);
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_pcp_tune(site->u, 8, 64), 0);
	page = umbra_test_alloc(test, site->u, GFP, 0);
	umbra_free_page(site->u, page);
	KUNIT_ASSERT_GT(test, umbra_pcp_count(site->zone, -1), 0);
	umbra_make_bad(site->u, UMBRA_NO_FRAME, "made bad by a test");
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(site->u, GFP));
	umbra_drain_pages(site->u);
}

static struct kunit_case assert_cases[] = {
	KUNIT_CASE_PARAM(broken_invariant_makes_the_instance_bad,
			 breakage_gen_params),
	KUNIT_CASE(bad_instance_serves_no_request),
	KUNIT_CASE(bad_instance_serves_requests_that_may_not_fail),
	KUNIT_CASE(bad_instance_takes_pages_back),
	KUNIT_CASE(bad_instance_stays_bad_when_nodes_change),
	KUNIT_CASE(bad_instance_gives_nothing_from_caches),
	{}
};

static struct kunit_suite assert_suite = {
	.name = "umbra_assert",
	.test_cases = assert_cases,
};

kunit_test_suite(assert_suite);
