// SPDX-License-Identifier: GPL-2.0
/*
 * defrag_mode: kswapd and kcompactd keep whole pageblocks free. The values
 * follow from pgdat_balanced(), kcompactd_do_work() and __compact_finished() of
 * Linux 7.3.
 */
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/api/tune.h"
#include "../src/buddy/fragmentation.h"
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/inspect/snapshot.h"
#include "../src/move/kcompactd.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "mover.h"

#define PB BIT(TEST_PB_ORDER)
#define PAGES (2 * TEST_BLOCK)

static void set_defrag(struct kunit *test, struct umbra *u)
{
	KUNIT_ASSERT_EQ(test, umbra_tune(u, TUNE_DEFRAG_MODE, 1), 0);
}

/* Half of each pageblock is free, in blocks of order 4. */
static enum layout_kind half_is_free(u32 index)
{
	return index % 32 < 16 ? LAYOUT_FREE : LAYOUT_UNMOVABLE;
}

static bool sleeps(struct umbra *u)
{
	return wq_has_sleeper(&u->nodes[0].kswapd->wait);
}

static struct umbra *background(struct kunit *test, bool compaction)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 6,
		.min_free_kbytes = 128 * (PAGE_SIZE >> 10),
		.watermark_scale_factor = 100,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, 2 * PAGES);

	umbra_compact_set_proactiveness(u, 0);
	if (!compaction)
		umbra_compact_stop(u);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(sleeps(u)));
	return u;
}

static unsigned long rounds(struct umbra *u)
{
	return umbra_zone_events(u->zones, EVENT_PAGEOUTRUN);
}

struct balance_case {
	const char *name;
	bool on;
	unsigned int order;
	bool balanced;
};

static const struct balance_case balance_cases[] = {
	{ "off, a block of the order is free", false, 4, true },
	{ "off, no block of the order is free", false, 5, false },
	{ "order 0 needs no pageblock", true, 0, true },
	{ "a block of the order is too small", true, 1, false },
	{ "no block of the order is free", true, 5, false },
};

KUNIT_ARRAY_PARAM_DESC(balance, balance_cases, name);

static void kswapd_counts_whole_pageblocks_alone(struct kunit *test)
{
	const struct balance_case *c = test->param_value;
	struct umbra *u = background(test, false);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, half_is_free);
	if (c->on)
		set_defrag(test, u);
	umbra_kswapd_wake(u->zones, GFP_KERNEL, c->order, UMBRA_ZONE_NORMAL);
	if (!c->balanced)
		KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(rounds(u)));
	umbra_background_stop(u);
	KUNIT_EXPECT_EQ(test, rounds(u), !c->balanced);
	umbra_test_empty(u);
}

/* A quarter of the pages is free, all others are movable. */
static enum layout_kind a_quarter_is_free(u32 index)
{
	return index % 4 ? LAYOUT_MOVABLE : LAYOUT_FREE;
}

static bool is_at_high(struct umbra *u)
{
	return umbra_free_in_pageblocks(u->zones) >
	       umbra_mark(u->zones, UMBRA_WMARK_HIGH);
}

/*
 * A single page that falls back makes kswapd wake kcompactd, which goes on after
 * the first block, up to the high watermark.
 */
static void kcompactd_keeps_whole_pageblocks_free(struct kunit *test)
{
	struct umbra *u = background(test, true);
	struct mover *m = umbra_test_mover(test, u);
	unsigned long high = umbra_mark(u->zones, UMBRA_WMARK_HIGH);
	struct page *page;

	KUNIT_ASSERT_GT(test, high, 3UL << u->pb_order);
	umbra_test_lay_out(test, m, a_quarter_is_free);
	umbra_test_mover_list(m);
	set_defrag(test, u);
	page = umbra_alloc_page(u, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_at_high(u)));
	umbra_background_stop(u);
	KUNIT_EXPECT_GT(test, umbra_zone_events(u->zones,
						EVENT_COMPACT_DAEMON_WAKE), 0);
	/* Pages that fill gaps may free a second pageblock. */
	KUNIT_EXPECT_LE(test, umbra_free_in_pageblocks(u->zones),
			high + (2UL << u->pb_order));
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

/* One pageblock is free. */
static enum layout_kind first_is_free(u32 index)
{
	return index < 64 ? LAYOUT_FREE : a_quarter_is_free(index);
}

struct enough_case {
	const char *name;
	bool on;
};

static const struct enough_case enough_cases[] = {
	{ "with defrag_mode it is not enough", true },
	{ "otherwise it is enough", false },
};

KUNIT_ARRAY_PARAM_DESC(enough, enough_cases, name);

static void one_pageblock_may_be_enough_for_kcompactd(struct kunit *test)
{
	const struct enough_case *c = test->param_value;
	struct umbra *u = background(test, true);
	struct mover *m = umbra_test_mover(test, u);

	umbra_test_lay_out(test, m, first_is_free);
	if (c->on)
		set_defrag(test, u);
	umbra_compact_wake(u, 0, u->pb_order, UMBRA_ZONE_NORMAL);
	if (c->on)
		KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_at_high(u)));
	umbra_background_stop(u);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones,
						EVENT_COMPACT_DAEMON_WAKE),
			c->on);
	umbra_test_mover_count(test, m);
	umbra_test_empty(u);
}

/* The pages that the counter of the host would have, from the lists. */
static unsigned long walk(struct kunit *test, struct umbra *u)
{
	struct umbra_free_snapshot *snapshot = umbra_snapshot_free(u);
	unsigned long pages = 0, i;

	KUNIT_ASSERT_NOT_NULL(test, snapshot);
	for (i = 0; i < snapshot->nr; i++)
		if (snapshot->blocks[i].order >= u->pb_order &&
		    snapshot->blocks[i].type != UMBRA_ISOLATE)
			pages += 1UL << snapshot->blocks[i].order;
	kvfree(snapshot);
	return pages;
}

static void pages_in_pageblocks_are_counted(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *pages[64] = {};
	u8 orders[64];
	struct rnd_state rnd;
	unsigned int i, slot;

	prandom_seed_state(&rnd, 1);
	KUNIT_EXPECT_EQ(test, umbra_free_in_pageblocks(u->zones), PAGES);
	KUNIT_ASSERT_EQ(test, umbra_isolate_range(u, 0, PB), 0);
	KUNIT_EXPECT_EQ(test, umbra_free_in_pageblocks(u->zones), PAGES - PB);
	KUNIT_ASSERT_EQ(test, umbra_unisolate_range(u, 0, PB), 0);
	KUNIT_EXPECT_EQ(test, umbra_free_in_pageblocks(u->zones), PAGES);
	for (i = 0; i < 2000; i++) {
		slot = prandom_u32_state(&rnd) % ARRAY_SIZE(pages);
		if (pages[slot]) {
			umbra_free_pages(u, pages[slot], orders[slot]);
			pages[slot] = NULL;
		} else {
			orders[slot] = prandom_u32_state(&rnd) % 10;
			pages[slot] = umbra_alloc_pages(u, __GFP_NOWARN |
						(i % 3 ? __GFP_MOVABLE : 0),
						orders[slot]);
		}
		KUNIT_ASSERT_EQ(test, umbra_free_in_pageblocks(u->zones),
				walk(test, u));
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			umbra_free_pages(u, pages[i], orders[i]);
	KUNIT_EXPECT_EQ(test, umbra_free_in_pageblocks(u->zones), PAGES);
}

static struct kunit_case defrag_background_cases[] = {
	KUNIT_CASE_PARAM(kswapd_counts_whole_pageblocks_alone,
			 balance_gen_params),
	KUNIT_CASE(kcompactd_keeps_whole_pageblocks_free),
	KUNIT_CASE_PARAM(one_pageblock_may_be_enough_for_kcompactd,
			 enough_gen_params),
	KUNIT_CASE(pages_in_pageblocks_are_counted),
	{}
};

static struct kunit_suite defrag_background_suite = {
	.name = "umbra_defrag_background",
	.test_cases = defrag_background_cases,
};

kunit_test_suite(defrag_background_suite);
