// SPDX-License-Identifier: GPL-2.0
/*
 * Each test breaks one invariant on purpose. The checker must find it by name
 * and at the right frame, and must find nothing after the repair.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include "../src/buddy/freelist.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/held.h"
#include "../src/page/pcp.h"
#include "test_util.h"

/* The last free block is frames 992-999, at the end of the span. */
#define PAGES 1000
#define LAST 992

/* The blocks and frames that a test breaks. */
struct site {
	struct umbra *u;
	struct umbra_zone *zone;
	struct page *block;	/* allocated, order 3 */
	struct page *single;	/* allocated, order 0, like its buddy */
	struct page *held;
	u32 bi, si, hi;		/* their indices */

	size_t number;		/* state, or offset of a counter */
	u32 where;		/* frame of the finding; set by breakers */
	unsigned long saved[2];
};

struct breakage {
	const char *name;
	enum umbra_finding_code code;
	void (*damage)(struct site *site);
	void (*mend)(struct site *site);
	size_t number;
};

#define COUNTER(text, member)						\
	{ text, FINDING_COUNT, raise_counter, lower_counter,		\
	  offsetof(struct umbra_zone, member) }

static void poke(struct site *site, u32 index, u8 frame)
{
	site->where = index;
	site->saved[0] = index;
	site->saved[1] = frame_read(site->u, index);
	WRITE_ONCE(site->u->map[index], frame);
}

static void unpoke(struct site *site)
{
	WRITE_ONCE(site->u->map[site->saved[0]], site->saved[1]);
}

static void make_state_invalid(struct site *site)
{
	poke(site, site->bi, frame_make(site->number, 3));
}

static void make_order_too_large(struct site *site)
{
	poke(site, site->bi, frame_make(FRAME_ALLOC, UMBRA_MAX_ORDER + 1));
}

/* The buddy of an order-0 block at an even index claims a larger order. */
static void make_head_unaligned(struct site *site)
{
	poke(site, site->si ^ 1, frame_make(FRAME_ALLOC, 1));
}

static void make_block_leave_its_span(struct site *site)
{
	poke(site, LAST, frame_make(FRAME_FREE, 4));
}

static void make_head_inside_block(struct site *site)
{
	poke(site, site->bi + 5, frame_make(FRAME_ALLOC, 0));
}

static void make_hole_inside_block(struct site *site)
{
	poke(site, site->bi + 7, frame_make(FRAME_OFFLINE, 0));
}

static void make_head_a_tail(struct site *site)
{
	poke(site, site->si, frame_make(FRAME_TAIL, 0));
}

static void make_block_too_short(struct site *site)
{
	poke(site, site->bi, frame_make(FRAME_ALLOC, 2));
	site->where = site->bi + 4;
}

static void make_held_frame_large(struct site *site)
{
	poke(site, site->hi, frame_make(FRAME_HELD, 1));
}

static void make_hole_large(struct site *site)
{
	poke(site, PAGES, frame_make(FRAME_OFFLINE, 3));
}

/*
 * Frames 0-511 and 512-1023 are pageblocks. The held frame is in the first one.
 */
static u32 free_head(struct site *site)
{
	u32 index = 0;

	while (frame_state(frame_read(site->u, index)) != FRAME_FREE)
		index++;
	site->where = index;
	return index;
}

static struct page *first_free(struct site *site)
{
	return umbra_index_to_page(site->u, free_head(site));
}

static void make_types_differ(struct site *site)
{
	struct umbra_pageblock *pb = site->u->pageblocks;
	u32 index = free_head(site);

	site->saved[0] = index >> site->u->pb_order;
	site->saved[1] = pb[site->saved[0]].type;
	pb[site->saved[0]].type = UMBRA_NR_TYPES;
}

static void mend_types(struct site *site)
{
	site->u->pageblocks[site->saved[0]].type = site->saved[1];
}

/* Free two buddies, and hide the first while the second is freed. */
static void make_buddies_apart(struct site *site)
{
	u32 buddy = site->si ^ 1;

	site->where = site->si & ~1U;
	umbra_free_pages(site->u, umbra_index_to_page(site->u, buddy), 0);
	poke(site, buddy, frame_make(FRAME_ALLOC, 0));
	umbra_free_pages(site->u, site->single, 0);
	unpoke(site);
	site->where = site->si & ~1U;
}

static void mend_buddies(struct site *site)
{
	struct umbra *u = site->u;
	gfp_t gfp = umbra_frame_type(u, site->si) == UMBRA_MOVABLE ?
		    GFP_HIGHUSER_MOVABLE : GFP_KERNEL;

	/* The last freed page is given first: the test owns both again. */
	umbra_alloc_pages(u, gfp, 0);
	umbra_alloc_pages(u, gfp, 0);
}

static void drop_reference(struct site *site)
{
	page_ref_dec(first_free(site));
}

static void restore_reference(struct site *site)
{
	page_ref_inc(umbra_index_to_page(site->u, site->where));
}

static void drop_reference_of_owned_page(struct site *site)
{
	site->where = site->bi + 6;
	page_ref_dec(site->block + 6);
}

static void break_link(struct site *site)
{
	struct page *page = first_free(site);

	site->saved[0] = (unsigned long)page->lru.next;
	page->lru.next = (struct list_head *)0x10;
}

static void mend_link(struct site *site)
{
	struct page *page = umbra_index_to_page(site->u, site->where);

	page->lru.next = (struct list_head *)site->saved[0];
}

static void break_back_link(struct site *site)
{
	struct page *page = first_free(site);

	site->saved[0] = (unsigned long)page->lru.prev;
	page->lru.prev = &page->lru;
}

static void mend_back_link(struct site *site)
{
	struct page *page = umbra_index_to_page(site->u, site->where);

	page->lru.prev = (struct list_head *)site->saved[0];
}

static struct list_head *list_of(struct site *site, u32 index, int offset)
{
	unsigned int order = frame_order(frame_read(site->u, index));
	unsigned int type = umbra_frame_type(site->u, index);

	return &site->zone->free_area[order].free_list[(type + offset) %
						       UMBRA_NR_TYPES];
}

static void put_on_the_list_of_another_type(struct site *site)
{
	u32 index = free_head(site);

	list_move(&umbra_index_to_page(site->u, index)->lru,
		  list_of(site, index, 1));
}

static void put_back_on_its_list(struct site *site)
{
	struct page *page = umbra_index_to_page(site->u, site->where);

	list_move(&page->lru, list_of(site, site->where, 0));
}

static void put_an_allocated_block_on_a_list(struct site *site)
{
	u32 index = free_head(site);

	list_add(&site->block->lru, list_of(site, index, 0));
	site->where = site->bi;
}

static void take_the_allocated_block_off(struct site *site)
{
	list_del(&site->block->lru);
}

static void lose_a_free_block(struct site *site)
{
	list_del_init(&first_free(site)->lru);
	site->where = UMBRA_NO_FRAME;
}

static void find_the_free_block(struct site *site)
{
	u32 index = free_head(site);

	list_add(&umbra_index_to_page(site->u, index)->lru,
		 list_of(site, index, 0));
}

/* A finding about a counter has no frame. */
static void raise_counter(struct site *site)
{
	site->where = UMBRA_NO_FRAME;
	++*(unsigned long *)((void *)site->zone + site->number);
}

static void lower_counter(struct site *site)
{
	--*(unsigned long *)((void *)site->zone + site->number);
}

/* The sum of the two counters is right, but each is wrong. */
static void raise_nr_isolated(struct site *site)
{
	site->where = UMBRA_NO_FRAME;
	site->zone->nr_isolated++;
	site->zone->nr_free_pages--;
}

static void lower_nr_isolated(struct site *site)
{
	site->zone->nr_isolated--;
	site->zone->nr_free_pages++;
}

/* A highatomic pageblock that the counter does not include. */
static void hide_a_reserved_pageblock(struct site *site)
{
	struct umbra_pageblock *pb = &site->u->pageblocks[1];

	site->where = UMBRA_NO_FRAME;
	site->saved[0] = 1;
	site->saved[1] = pb->type;
	spin_lock_irq(&site->zone->lock);
	umbra_freelist_move(site->zone, 1 << TEST_PB_ORDER, UMBRA_HIGHATOMIC);
	spin_unlock_irq(&site->zone->lock);
}

static void restore_the_pageblock(struct site *site)
{
	spin_lock_irq(&site->zone->lock);
	umbra_freelist_move(site->zone, 1 << TEST_PB_ORDER, site->saved[1]);
	spin_unlock_irq(&site->zone->lock);
}

static void raise_pcp_count(struct site *site)
{
	site->where = UMBRA_NO_FRAME;
	per_cpu_ptr(site->zone->pcp, 0)->count++;
}

static void lower_pcp_count(struct site *site)
{
	per_cpu_ptr(site->zone->pcp, 0)->count--;
}

static void raise_held_in_pageblock(struct site *site)
{
	site->where = UMBRA_NO_FRAME;
	site->u->pageblocks[1].nr_held++;
}

static void lower_held_in_pageblock(struct site *site)
{
	site->u->pageblocks[1].nr_held--;
}

static void raise_nr_free(struct site *site)
{
	site->where = UMBRA_NO_FRAME;
	site->zone->free_area[5].nr_free[UMBRA_RECLAIMABLE]++;
}

static void lower_nr_free(struct site *site)
{
	site->zone->free_area[5].nr_free[UMBRA_RECLAIMABLE]--;
}

static const struct breakage breakages[] = {
	{ "invalid state 6", FINDING_STATE, make_state_invalid, unpoke, 6 },
	{ "invalid state 7", FINDING_STATE, make_state_invalid, unpoke, 7 },
	{ "invalid order", FINDING_STATE, make_order_too_large, unpoke },
	{ "unaligned head", FINDING_ALIGN, make_head_unaligned, unpoke },
	{ "block beyond its span", FINDING_BOUNDS, make_block_leave_its_span,
	  unpoke },
	{ "head inside a block", FINDING_INSIDE, make_head_inside_block,
	  unpoke },
	{ "hole inside a block", FINDING_INSIDE, make_hole_inside_block,
	  unpoke },
	{ "tail without a head", FINDING_TAIL, make_head_a_tail, unpoke },
	{ "tails beyond their block", FINDING_TAIL, make_block_too_short,
	  unpoke },
	{ "held frame with an order", FINDING_HELD_ORDER,
	  make_held_frame_large, unpoke },
	{ "offline frame with an order", FINDING_HELD_ORDER, make_hole_large,
	  unpoke },
	{ "invalid type", FINDING_TYPE, make_types_differ, mend_types },
	{ "free buddies not merged", FINDING_BUDDIES, make_buddies_apart,
	  mend_buddies },
	{ "free page without a reference", FINDING_REFERENCE, drop_reference,
	  restore_reference },
	{ "owned page without a reference", FINDING_REFERENCE,
	  drop_reference_of_owned_page, restore_reference },
	{ "link to an invalid address", FINDING_LINK, break_link, mend_link },
	{ "link that is not returned", FINDING_LINK, break_back_link,
	  mend_back_link },
	{ "free block on the list of another type", FINDING_LIST,
	  put_on_the_list_of_another_type, put_back_on_its_list },
	{ "allocated block on a list", FINDING_LIST,
	  put_an_allocated_block_on_a_list, take_the_allocated_block_off },
	{ "free block on no list", FINDING_COUNT, lose_a_free_block,
	  find_the_free_block },
	COUNTER("count of free pages", nr_free_pages),
	COUNTER("count of managed pages", nr_managed),
	COUNTER("count of held pages", nr_held),
	{ "count of held pages in a pageblock", FINDING_COUNT,
	  raise_held_in_pageblock, lower_held_in_pageblock },
	COUNTER("count of free pages of CMA", nr_free_cma),
	COUNTER("count of free pages of highatomic", nr_free_highatomic),
	{ "count of isolated pages", FINDING_COUNT, raise_nr_isolated,
	  lower_nr_isolated },
	COUNTER("count of reserved pages", nr_reserved_highatomic),
	{ "uncounted reserved pageblock", FINDING_COUNT,
	  hide_a_reserved_pageblock, restore_the_pageblock },
	{ "count of cached pages", FINDING_COUNT, raise_pcp_count,
	  lower_pcp_count },
	{ "count of free blocks", FINDING_COUNT, raise_nr_free,
	  lower_nr_free },
};

KUNIT_ARRAY_PARAM_DESC(breakage, breakages, name);

static void site_init(struct kunit *test, struct site *site)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *buddy;

	umbra_test_no_background(u);
	site->u = u;
	site->zone = u->zones;
	site->block = umbra_alloc_pages(u, GFP_KERNEL, 3);
	site->single = umbra_alloc_pages(u, GFP_KERNEL, 0);
	buddy = umbra_alloc_pages(u, GFP_KERNEL, 0);
	site->held = umbra_alloc_pages(u, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, site->block);
	KUNIT_ASSERT_NOT_NULL(test, site->held);
	KUNIT_ASSERT_PTR_EQ(test, buddy, site->single + 1);
	page_ref_inc(site->held);
	umbra_free_pages(u, site->held, 0);
	site->bi = umbra_page_to_index(u, site->block);
	site->si = umbra_page_to_index(u, site->single);
	site->hi = umbra_page_to_index(u, site->held);
}

static void site_clear(struct site *site)
{
	umbra_free_pages(site->u, site->block, 3);
	umbra_free_pages(site->u, site->single, 0);
	umbra_free_pages(site->u, site->single + 1, 0);
	page_ref_dec(site->held);
	umbra_held_rescan(site->u);
}

static bool is_found(struct umbra_findings *v, enum umbra_finding_code code,
		     u32 index)
{
	unsigned long i;

	for (i = 0; i < v->nr_findings && i < UMBRA_FIRST_FINDINGS; i++)
		if (v->first[i].code == code && v->first[i].index == index)
			return true;
	return false;
}

static void a_broken_invariant_is_found(struct kunit *test)
{
	const struct breakage *b = test->param_value;
	struct site site = {};
	struct umbra_findings v;
	u32 where;

	site_init(test, &site);
	umbra_test_judge(test, site.u);
	site.number = b->number;
	b->damage(&site);
	where = site.where;
	umbra_verify(site.u, &v);
	b->mend(&site);
	KUNIT_EXPECT_GT(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE_MSG(test, is_found(&v, b->code, where),
			      "not found: %s at frame 0x%x",
			      umbra_finding_name(b->code), where);
	umbra_test_judge(test, site.u);
	site_clear(&site);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(site.u), PAGES);
}

static void a_free_block_over_two_types_is_found(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_findings v;

	u->pageblocks[1].type = UMBRA_RECLAIMABLE;
	umbra_verify(u, &v);
	KUNIT_EXPECT_TRUE(test, is_found(&v, FINDING_TYPE, 0));
	u->pageblocks[1].type = UMBRA_MOVABLE;
}

/*
 * The block may be in the hands of a CPU, so there is no finding, but the
 * result is not exact.
 */
static void a_block_on_its_way_makes_the_check_inexact(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);
	u32 index = umbra_page_to_index(u, page);
	struct umbra_findings v;

	KUNIT_ASSERT_NOT_NULL(test, page);
	frame_set(u, index, FRAME_PCP, 0);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_FALSE(test, v.exact);
	frame_set(u, index, FRAME_ALLOC, 0);
	umbra_free_page(u, page);
}

static void cached_and_special_pages_are_no_findings(struct kunit *test)
{
	struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = 512,
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = 1,
		.zones = &zone,
		.pcp_batch = 8,
		.pcp_high = 64,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  4 * TEST_BLOCK);
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);
	struct umbra_findings v;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_isolate_range(u, 512, 1024), 0);
	umbra_free_page(u, page);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE(test, v.exact);
	KUNIT_EXPECT_GT(test, v.frames[FRAME_PCP], 0);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_PCP],
			umbra_pcp_count(u->zones, -1));
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_FREE] + v.frames[FRAME_PCP],
			4 * TEST_BLOCK);
	KUNIT_EXPECT_EQ(test, umbra_unisolate_range(u, 512, 1024), 0);
}

static void a_sound_instance_has_no_findings(struct kunit *test)
{
	struct site site = {};
	struct umbra_findings v;

	site_init(test, &site);
	KUNIT_EXPECT_EQ(test, umbra_expose_pages(site.u, site.block, 3), 0);
	umbra_verify(site.u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE(test, v.exact);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_EXPOSED], 8);
	KUNIT_EXPECT_EQ(test, v.blocks[FRAME_EXPOSED], 1);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_ALLOC], 2);
	KUNIT_EXPECT_EQ(test, v.blocks[FRAME_ALLOC], 2);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_HELD], 1);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_OFFLINE], TEST_BLOCK - PAGES);
	KUNIT_EXPECT_EQ(test, v.frames[FRAME_FREE], PAGES - 8 - 2 - 1);
	site_clear(&site);
}

static void findings_beyond_the_first_are_counted(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_findings v;
	u32 i;

	for (i = 0; i < 100; i++)
		page_ref_dec(u->spans[0].pages + i);
	umbra_verify(u, &v);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 100);
	KUNIT_EXPECT_EQ(test, v.first[UMBRA_FIRST_FINDINGS - 1].index,
			UMBRA_FIRST_FINDINGS - 1);
	for (i = 0; i < 100; i++)
		page_ref_inc(u->spans[0].pages + i);
}

static void every_finding_has_a_name_of_its_own(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a < NR_FINDINGS; a++)
		for (b = a + 1; b <= NR_FINDINGS; b++)
			KUNIT_EXPECT_STRNEQ(test, umbra_finding_name(a),
					    umbra_finding_name(b));
}

static struct kunit_case verify_cases[] = {
	KUNIT_CASE_PARAM(a_broken_invariant_is_found, breakage_gen_params),
	KUNIT_CASE(a_free_block_over_two_types_is_found),
	KUNIT_CASE(a_block_on_its_way_makes_the_check_inexact),
	KUNIT_CASE(cached_and_special_pages_are_no_findings),
	KUNIT_CASE(a_sound_instance_has_no_findings),
	KUNIT_CASE(findings_beyond_the_first_are_counted),
	KUNIT_CASE(every_finding_has_a_name_of_its_own),
	{}
};

static struct kunit_suite verify_suite = {
	.name = "umbra_verify",
	.test_cases = verify_cases,
};

kunit_test_suite(verify_suite);
