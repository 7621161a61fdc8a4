// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations against a model without buddies: a bitmap of the frames
 * that are not free, and lists of the owned blocks, of the held pages, and of
 * the lost frames. The model predicts the result of every operation. From time
 * to time the checker runs, and the frame map is compared with the model.
 *
 * umbra_test.seed repeats a run; umbra_test.ops makes it longer.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/account.h"
#include "../src/page/held.h"
#include "test_util.h"

#define JUDGE_EVERY 2000
#define MAX_HELD 256
#define MAX_LOST 32

struct owned {
	u32 index;
	u8 order;
	bool exposed;
	bool movable;
};

struct model {
	struct kunit *test;
	struct umbra *u;
	struct umbra_account *account;
	struct rnd_state rnd;

	unsigned long *busy;		/* per frame: owned, held or lost */
	struct owned *owned;
	u32 nr_owned;
	unsigned long owned_pages;

	u32 pinned[MAX_HELD];		/* held pages with a reference */
	u32 nr_pinned;
	u32 loose[MAX_HELD];		/* held pages without a reference */
	u32 nr_loose;
	u32 nr_lost;

	unsigned long nr_pages;		/* initial number */
	unsigned long nr_reports;
	unsigned long nr_failed;	/* expected failures */
	unsigned int chance;		/* chance of an allocation, of 256 */
};

static u32 pick(struct model *m, u32 limit)
{
	return prandom_u32_state(&m->rnd) % limit;
}

static struct page *page_of(struct model *m, u32 index)
{
	return umbra_index_to_page(m->u, index);
}

/* Mostly small orders, and sometimes any order. */
static unsigned int pick_order(struct model *m)
{
	if (!pick(m, 8))
		return pick(m, UMBRA_NR_ORDERS);
	return pick(m, 4);
}

static gfp_t pick_gfp(struct model *m)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_KERNEL | __GFP_ZERO,
	};

	return gfps[pick(m, ARRAY_SIZE(gfps))] | __GFP_NOWARN;
}

/*
 * Is a block of that order free? All free buddies are merged, since every
 * pageblock is of a mergeable type.
 */
static bool has_room(struct model *m, unsigned int order)
{
	unsigned long size = 1UL << order;

	return bitmap_find_next_zero_area(m->busy, m->u->nr_frames, 0, size,
					  size - 1) < m->u->nr_frames;
}

/* A rescan must have found every held page without reference. */
static void expect_loose_returned(struct model *m)
{
	while (m->nr_loose)
		__clear_bit(m->loose[--m->nr_loose], m->busy);
}

static void check_counts(struct model *m)
{
	struct kunit *test = m->test;
	unsigned long busy = bitmap_weight(m->busy, m->u->nr_frames);
	u32 nr_held = m->nr_pinned + m->nr_loose;

	KUNIT_ASSERT_EQ(test, umbra_test_nr_reports(m->u), m->nr_reports);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_held(m->u), nr_held);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_free(m->u),
			m->u->nr_frames - busy);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_pages(m->u),
			m->nr_pages - m->nr_lost);
	KUNIT_ASSERT_EQ(test, umbra_account_pages(m->account),
			m->owned_pages + nr_held);
	KUNIT_ASSERT_EQ(test, umbra_account_held(m->account), nr_held);
}

static void do_alloc(struct model *m)
{
	struct kunit *test = m->test;
	unsigned int order = pick_order(m);
	u32 size = 1U << order, index;
	gfp_t gfp = pick_gfp(m);
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_account_charge(m->account, size, ULONG_MAX),
			0);
	page = umbra_alloc_pages(m->u, gfp, order);
	if (umbra_test_nr_held(m->u) == m->nr_pinned)
		expect_loose_returned(m);
	if (!page) {
		umbra_account_uncharge(m->account, size);
		KUNIT_ASSERT_EQ(test, m->nr_loose, 0);
		KUNIT_ASSERT_FALSE(test, has_room(m, order));
		m->nr_failed++;
		return;
	}
	index = umbra_page_to_index(m->u, page);
	KUNIT_ASSERT_LE(test, index, m->u->nr_frames - size);
	KUNIT_ASSERT_EQ(test, index & (size - 1), 0);
	KUNIT_ASSERT_EQ(test, umbra_index_to_pfn(m->u, index) & (size - 1), 0);
	KUNIT_ASSERT_GE(test, find_next_bit(m->busy, index + size, index),
			index + size);
	bitmap_set(m->busy, index, size);
	m->owned[m->nr_owned++] = (struct owned) {
		.index = index,
		.order = order,
		.movable = gfp & __GFP_MOVABLE,
	};
	m->owned_pages += size;
}

/* Remove a block from the list of owned blocks. */
static struct owned disown(struct model *m, u32 at)
{
	struct owned block = m->owned[at];

	m->owned[at] = m->owned[--m->nr_owned];
	m->owned_pages -= 1UL << block.order;
	bitmap_clear(m->busy, block.index, 1U << block.order);
	return block;
}

static void free_one(struct model *m, struct owned block)
{
	KUNIT_ASSERT_EQ(m->test,
			umbra_free_pages_account(m->u, page_of(m, block.index),
						 block.order, m->account), 0);
}

static void do_free(struct model *m)
{
	if (m->nr_owned)
		free_one(m, disown(m, pick(m, m->nr_owned)));
}

static void do_expose(struct model *m)
{
	struct owned *block;

	if (!m->nr_owned)
		return;
	block = &m->owned[pick(m, m->nr_owned)];
	KUNIT_ASSERT_EQ(m->test,
			umbra_expose_pages(m->u, page_of(m, block->index),
					   block->order), 0);
	block->exposed = true;
}

/* A page of a block whose reference a free checks. */
static u32 pick_seen(struct model *m, const struct owned *block)
{
	return block->index +
	       (block->exposed ? pick(m, 1U << block->order) : 0);
}

static void do_free_held(struct model *m)
{
	struct owned block;
	unsigned int n;

	if (!m->nr_owned)
		return;
	block = disown(m, pick(m, m->nr_owned));
	for (n = 1 + pick(m, 3);
	     n && m->nr_pinned + m->nr_loose < MAX_HELD; n--) {
		u32 index = pick_seen(m, &block);

		if (__test_and_set_bit(index, m->busy))
			continue;
		page_ref_inc(page_of(m, index));
		m->pinned[m->nr_pinned++] = index;
	}
	free_one(m, block);
}

static void do_unpin(struct model *m)
{
	u32 at, index;

	if (!m->nr_pinned)
		return;
	at = pick(m, m->nr_pinned);
	index = m->pinned[at];
	m->pinned[at] = m->pinned[--m->nr_pinned];
	page_ref_dec(page_of(m, index));
	m->loose[m->nr_loose++] = index;
}

static void do_rescan(struct model *m)
{
	KUNIT_ASSERT_EQ(m->test, umbra_held_rescan(m->u), m->nr_loose);
	expect_loose_returned(m);
}

static void do_lose(struct model *m)
{
	struct owned block;
	u32 index;

	if (!m->nr_owned || m->nr_lost == MAX_LOST)
		return;
	block = disown(m, pick(m, m->nr_owned));
	index = pick_seen(m, &block);
	page_ref_dec(page_of(m, index));
	free_one(m, block);
	__set_bit(index, m->busy);
	m->nr_lost++;
	m->nr_reports++;
}

/* A free that must be refused: any page with a wrong order. */
static void do_misuse(struct model *m)
{
	struct page *page = m->u->spans[0].pages +
			    pick(m, m->nr_pages);
	unsigned int order = pick(m, 4) ? pick(m, UMBRA_NR_ORDERS) :
					  prandom_u32_state(&m->rnd);
	u32 i;

	switch (pick(m, 8)) {
	case 0:
		page = (struct page *)((char *)page + 8);
		break;
	case 1:
		page = m->u->spans[0].pages - 1;
		break;
	case 2:
	case 3:
		if (m->nr_owned)
			page = page_of(m, m->owned[pick(m, m->nr_owned)].index);
		break;
	}
	for (i = 0; i < m->nr_owned; i++)
		if (page_of(m, m->owned[i].index) == page &&
		    m->owned[i].order == order)
			order++;
	KUNIT_ASSERT_EQ(m->test,
			umbra_free_pages_account(m->u, page, order,
						 m->account), -EINVAL);
	m->nr_reports++;
	check_counts(m);
}

static void step(struct model *m)
{
	u32 dice = pick(m, 1024);

	if (dice < 8)
		do_misuse(m);
	else if (dice < 9)
		do_lose(m);
	else if (dice < 64)
		do_expose(m);
	else if (dice < 96)
		do_free_held(m);
	else if (dice < 128)
		do_unpin(m);
	else if (dice < 132)
		do_rescan(m);
	else if (pick(m, 256) < m->chance)
		do_alloc(m);
	else
		do_free(m);
}

static u8 frame_of(const struct owned *block)
{
	return frame_make(FRAME_ALLOC |
			  (block->exposed ? FRAME_EXPOSED : 0) |
			  (block->movable ? FRAME_MOVABLE : 0), block->order);
}

static void compare_frames(struct model *m)
{
	struct kunit *test = m->test;
	struct owned *block;
	u32 i;

	for (block = m->owned; block < m->owned + m->nr_owned; block++)
		KUNIT_ASSERT_EQ(test, frame_read(m->u, block->index),
				frame_of(block));
	for (i = 0; i < m->nr_pinned; i++)
		KUNIT_ASSERT_EQ(test, frame_read(m->u, m->pinned[i]),
				frame_make(FRAME_HELD, 0));
}

/* Allocated pages or blocks, whatever other flags they have. */
static unsigned long allocated(const unsigned long *nr)
{
	unsigned long sum = 0;
	unsigned int state;

	for (state = FRAME_ALLOC; state < FRAME_NR_STATES; state++)
		sum += nr[state];
	return sum;
}

static void judge(struct model *m)
{
	struct kunit *test = m->test;
	struct umbra_findings v;

	umbra_verify(m->u, &v);
	expect_loose_returned(m);
	KUNIT_ASSERT_EQ_MSG(test, v.nr_findings, 0,
			    "first: %s at frame 0x%x: 0x%lx for 0x%lx",
			    umbra_finding_name(v.first[0].code),
			    v.first[0].index, v.first[0].found,
			    v.first[0].expected);
	KUNIT_ASSERT_TRUE(test, v.exact);
	KUNIT_ASSERT_EQ(test, allocated(v.frames), m->owned_pages);
	KUNIT_ASSERT_EQ(test, allocated(v.blocks), m->nr_owned);
	KUNIT_ASSERT_EQ(test, v.frames[FRAME_HELD], m->nr_pinned);
	KUNIT_ASSERT_EQ(test, v.frames[FRAME_OFFLINE],
			m->u->nr_frames - m->nr_pages + m->nr_lost);
	check_counts(m);
	compare_frames(m);
}

/* Free everything, and expect that all blocks have merged. */
static void wind_up(struct model *m)
{
	while (m->nr_owned)
		free_one(m, disown(m, m->nr_owned - 1));
	while (m->nr_pinned)
		do_unpin(m);
	judge(m);
	KUNIT_EXPECT_EQ(m->test, umbra_test_nr_free(m->u),
			m->nr_pages - m->nr_lost);
}

struct shape {
	const char *name;
	unsigned int pb_order;
	unsigned int share;		/* share of the operations, of 8 */
	unsigned int nr_spans;
	struct umbra_test_span spans[3];
};

static const struct shape shapes[] = {
	{ "two unaligned spans", 9, 5, 2,
	  { { 0x12345, 5000 }, { 0x80001, 3071 } } },
	{ "pageblocks of the largest block", 10, 1, 1, { { 0, 8192 } } },
	{ "small pageblocks", 3, 1, 3,
	  { { 7, 2000 }, { 0x1000, 1024 }, { 0x3ff, 2 } } },
	{ "less than a pageblock", 9, 1, 1, { { 100, 300 } } },
};

KUNIT_ARRAY_PARAM_DESC(shape, shapes, name);

static struct model *model_create(struct kunit *test, const struct shape *shape)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int i, s;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->u = umbra_test_ghost_spans(test, shape->pb_order, shape->spans,
				      shape->nr_spans);
	umbra_test_no_background(m->u);
	m->account = umbra_test_account(test, m->u);
	m->nr_pages = umbra_test_nr_pages(m->u);
	m->owned = kunit_kzalloc(test, m->nr_pages * sizeof(*m->owned),
				 GFP_KERNEL);
	m->busy = kunit_kzalloc(test, BITS_TO_LONGS(m->u->nr_frames) *
				sizeof(*m->busy), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->owned);
	KUNIT_ASSERT_NOT_NULL(test, m->busy);
	bitmap_set(m->busy, 0, m->u->nr_frames);
	for (s = 0; s < m->u->nr_spans; s++)
		for (i = 0; i < m->u->spans[s].nr_pages; i++)
			__clear_bit(m->u->spans[s].first + i, m->busy);
	return m;
}

static void random_operations_agree_with_the_model(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	unsigned long start = umbra_test_seed ?: get_random_u32();
	unsigned long count = max(umbra_test_ops / 8 * shape->share, 1UL), i;
	unsigned long begin = jiffies;
	struct model *m = model_create(test, shape);

	kunit_info(test, "%s: umbra_test.seed=%lu, %lu operations\n",
		   shape->name, start, count);
	prandom_seed_state(&m->rnd, start);
	for (i = 0; i < count; i++) {
		if (i % JUDGE_EVERY == 0) {
			if (!umbra_test_has_time(begin))
				break;
			judge(m);
			m->chance = 64 + pick(m, 129);
			cond_resched();
		}
		step(m);
	}
	judge(m);
	kunit_info(test, "%lu operations done: %lu allocations failed, %lu reports, %u frames lost\n",
		   i, m->nr_failed, m->nr_reports, m->nr_lost);
	wind_up(m);
}

static struct kunit_case property_cases[] = {
	KUNIT_CASE_PARAM_ATTR(random_operations_agree_with_the_model,
			      shape_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite property_suite = {
	.name = "umbra_property",
	.test_cases = property_cases,
};

kunit_test_suite(property_suite);
