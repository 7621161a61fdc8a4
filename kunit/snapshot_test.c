// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "../src/buddy/fragmentation.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/names.h"
#include "../src/core/span.h"
#include "../src/inspect/snapshot.h"
#include "test_util.h"

#define BUSY_PAGES (2 * TEST_BLOCK)

static const struct umbra_test_span odd_spans[] = {
	{ 0x12345, 3000 }, { 0x40001, 5000 },
};

static struct umbra *odd_instance(struct kunit *test)
{
	return umbra_test_ghost_spans(test, TEST_PB_ORDER, odd_spans,
				      ARRAY_SIZE(odd_spans));
}

static void snapshot_free(void *arg)
{
	kvfree(arg);
}

static struct umbra_free_snapshot *snapshot(struct kunit *test,
					    struct umbra *u)
{
	struct umbra_free_snapshot *s = umbra_snapshot_free(u);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, snapshot_free, s),
			0);
	return s;
}

static void buddyinfo_adds_up_to_the_free_pages(struct kunit *test)
{
	struct umbra *u = odd_instance(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 4);
	unsigned long nr_free[UMBRA_NR_ORDERS];
	unsigned long pages = 0;
	unsigned int order;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, umbra_snapshot_buddyinfo(u->zones, nr_free),
			8000 - 16);
	for (order = 0; order <= UMBRA_MAX_ORDER; order++)
		pages += nr_free[order] << order;
	KUNIT_EXPECT_EQ(test, pages, 8000 - 16);
	umbra_free_pages(u, page, 4);
}

static void a_snapshot_has_every_free_block_once(struct kunit *test)
{
	struct umbra *u = odd_instance(test);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 4);
	unsigned long found[UMBRA_NR_ORDERS] = {}, i;
	struct umbra_free_snapshot *s = snapshot(test, u);
	unsigned long *seen;

	seen = kunit_kzalloc(test, BITS_TO_LONGS(u->nr_frames) * sizeof(long),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < s->nr; i++) {
		struct umbra_free_entry *b = &s->blocks[i];

		KUNIT_ASSERT_LE(test, b->order, UMBRA_MAX_ORDER);
		KUNIT_ASSERT_LT(test, b->index, u->nr_frames);
		KUNIT_EXPECT_EQ(test, frame_read(u, b->index),
				frame_make(FRAME_FREE, b->order));
		KUNIT_EXPECT_EQ(test, b->type, umbra_frame_type(u, b->index));
		KUNIT_EXPECT_FALSE(test, test_and_set_bit(b->index, seen));
		found[b->order]++;
	}
	for (i = 0; i <= UMBRA_MAX_ORDER; i++)
		KUNIT_EXPECT_EQ(test, found[i], umbra_test_blocks(u, i));
	umbra_free_pages(u, page, 4);
}

static void the_first_block_of_a_list_is_taken_next(struct kunit *test)
{
	static const unsigned int freed[] = { 4, 0, 12, 8 };
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 16);
	struct page *pages = umbra_index_to_page(u, 0);
	struct umbra_free_snapshot *s;
	unsigned int i;

	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NOT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL,
							      0));
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		umbra_free_pages(u, pages + freed[i], 0);
	s = snapshot(test, u);
	KUNIT_EXPECT_TRUE(test, s->in_list_order);
	KUNIT_ASSERT_EQ(test, s->nr, ARRAY_SIZE(freed));
	for (i = 0; i < s->nr; i++) {
		KUNIT_EXPECT_EQ(test, s->blocks[i].index,
				freed[ARRAY_SIZE(freed) - 1 - i]);
		KUNIT_EXPECT_PTR_EQ(test, umbra_alloc_pages(u, GFP_KERNEL, 0),
				    pages + s->blocks[i].index);
	}
	for (i = 0; i < 16; i++)
		umbra_free_pages(u, pages + i, 0);
}

static void an_empty_instance_has_no_free_blocks(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct page *page = umbra_alloc_pages(u, 0, UMBRA_MAX_ORDER);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, snapshot(test, u)->nr, 0);
	umbra_free_pages(u, page, UMBRA_MAX_ORDER);
}

struct busy {
	struct umbra *umbra;
	unsigned long snapshots;
	unsigned long in_list_order;
	unsigned long overlaps;
	bool done;
};

/* Count the frames that are in two blocks of a snapshot. */
static unsigned long overlaps_of(const struct umbra_free_snapshot *s,
				 unsigned long *seen)
{
	unsigned long i, n = 0;
	u32 j;

	bitmap_zero(seen, BUSY_PAGES);
	for (i = 0; i < s->nr; i++)
		for (j = 0; j < 1U << s->blocks[i].order; j++)
			n += __test_and_set_bit(s->blocks[i].index + j, seen);
	return n;
}

static void churn_or_look(void *arg, unsigned int self)
{
	struct busy *busy = arg;
	struct umbra_free_snapshot *s;
	unsigned long *seen;
	unsigned int i;

	if (self) {
		for (i = 0; !READ_ONCE(busy->done); i++) {
			struct page *page;

			page = umbra_alloc_pages(busy->umbra, 0, i % 5);
			if (page)
				umbra_free_pages(busy->umbra, page, i % 5);
			cond_resched();
		}
		return;
	}
	seen = bitmap_alloc(BUSY_PAGES, GFP_KERNEL);
	for (i = 0; seen && i < 200; i++) {
		s = umbra_snapshot_free(busy->umbra);
		if (!s)
			break;
		busy->snapshots++;
		busy->in_list_order += s->in_list_order;
		busy->overlaps += overlaps_of(s, seen);
		kvfree(s);
	}
	bitmap_free(seen);
	WRITE_ONCE(busy->done, true);
}

static void a_snapshot_under_load_has_no_frame_twice(struct kunit *test)
{
	struct busy busy = {
		.umbra = umbra_test_ghost(test, TEST_PB_ORDER, BUSY_PAGES),
	};

	umbra_test_start_pair(test, churn_or_look, &busy);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, busy.snapshots, 200);
	KUNIT_EXPECT_EQ(test, busy.overlaps, 0);
	kunit_info(test, "%lu of %lu snapshots in list order\n",
		   busy.in_list_order, busy.snapshots);
	umbra_test_judge(test, busy.umbra);
}

static void the_frame_map_read_in_pieces_is_complete(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 7, 512, 1000, 5000 };
	struct umbra *u = odd_instance(test);
	u8 *buf = kunit_kzalloc(test, 5000, GFP_KERNEL);
	unsigned int s, n;
	u32 index;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (index = 0; index < u->nr_frames; index += n) {
			n = umbra_snapshot_frames(u, index, buf, sizes[s]);
			KUNIT_ASSERT_GT(test, n, 0);
			KUNIT_ASSERT_LE(test, n, sizes[s]);
			KUNIT_ASSERT_LE(test, n, u->nr_frames - index);
			KUNIT_EXPECT_MEMEQ(test, buf, u->map + index, n);
		}
		KUNIT_EXPECT_EQ(test, umbra_snapshot_frames(u, index, buf, 1),
				0);
	}
}

static void every_type_has_the_name_that_the_host_uses(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, umbra_type_name(UMBRA_UNMOVABLE), "Unmovable");
	KUNIT_EXPECT_STREQ(test, umbra_type_name(UMBRA_MOVABLE), "Movable");
	KUNIT_EXPECT_STREQ(test, umbra_type_name(UMBRA_RECLAIMABLE),
			   "Reclaimable");
}

static struct kunit_case snapshot_cases[] = {
	KUNIT_CASE(buddyinfo_adds_up_to_the_free_pages),
	KUNIT_CASE(a_snapshot_has_every_free_block_once),
	KUNIT_CASE(the_first_block_of_a_list_is_taken_next),
	KUNIT_CASE(an_empty_instance_has_no_free_blocks),
	KUNIT_CASE(a_snapshot_under_load_has_no_frame_twice),
	KUNIT_CASE(the_frame_map_read_in_pieces_is_complete),
	KUNIT_CASE(every_type_has_the_name_that_the_host_uses),
	{}
};

static struct kunit_suite snapshot_suite = {
	.name = "umbra_snapshot",
	.test_cases = snapshot_cases,
};

kunit_test_suite(snapshot_suite);
