// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/move/compact.h"
#include "../src/move/registry.h"
#include "../src/page/free.h"
#include "../src/page/gfp.h"
#include "mover.h"

static struct mover *mover_of(struct umbra_movable *movable)
{
	return container_of(movable, struct mover, movable);
}

static bool has_token(const struct mover *m, u32 index)
{
	return m->tokens[index] && m->tokens[index] != TOKEN_FREED;
}

static bool mover_isolate(struct umbra_movable *movable, struct page *page,
			  unsigned int order)
{
	struct mover *m = mover_of(movable);
	bool yes;

	spin_lock(&m->lock);
	yes = !m->deny;
	m->nr_isolated += yes;
	m->nr_wrong += !m->tokens[umbra_page_to_index(m->u, page)];
	spin_unlock(&m->lock);
	return yes;
}

static int mover_migrate(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	struct mover *m = mover_of(movable);
	u32 to = umbra_page_to_index(m->u, dst);
	u32 from = umbra_page_to_index(m->u, src);
	int err = 0;

	if (m->drain)
		umbra_drain_pages(m->u);
	spin_lock(&m->lock);
	m->nr_asked++;
	if (!m->tokens[from] || has_token(m, to)) {
		m->nr_wrong++;
		err = -EINVAL;
	} else if (m->tokens[from] & TOKEN_PINNED ||
		   umbra_page_is_pinned(m->u, src, order)) {
		err = -EBUSY;
	} else if (m->fail) {
		m->fail--;
		err = m->err;
	} else {
		if (m->hold) {
			page_ref_inc(src);
			m->held = src;
			m->hold = false;
		}
		m->tokens[to] = m->tokens[from];
		m->tokens[from] = 0;
		m->nr_moved++;
	}
	spin_unlock(&m->lock);
	return err;
}

static void mover_putback(struct umbra_movable *movable, struct page *page,
			  unsigned int order)
{
	struct mover *m = mover_of(movable);

	spin_lock(&m->lock);
	m->nr_putback++;
	m->nr_wrong += !m->tokens[umbra_page_to_index(m->u, page)];
	spin_unlock(&m->lock);
}

static int mover_reclaim(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	struct mover *m = mover_of(movable);

	m->gfp = gfp;
	if (!m->gives)
		return -EBUSY;
	spin_lock(&m->lock);
	m->tokens[umbra_page_to_index(m->u, page)] = 0;
	spin_unlock(&m->lock);
	return 0;
}

static const struct umbra_movable_operations mover_ops = {
	.isolate = mover_isolate,
	.migrate = mover_migrate,
	.putback = mover_putback,
	.reclaim = mover_reclaim,
};

/* Create an owner without blocks. */
struct mover *umbra_test_mover(struct kunit *test, struct umbra *u)
{
	struct mover *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->tokens = kunit_kcalloc(test, u->nr_frames, sizeof(*m->tokens),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->tokens);
	m->u = u;
	spin_lock_init(&m->lock);
	umbra_movable_init(&m->movable, &mover_ops, NULL);
	return m;
}

/* Give a block to an owner. Returns its token, or 0 if that is refused. */
u32 umbra_test_mover_try(struct mover *m, struct page *page,
			 unsigned int order)
{
	u32 index = umbra_page_to_index(m->u, page), token;

	spin_lock(&m->lock);
	token = ++m->last;
	m->tokens[index] = token;
	spin_unlock(&m->lock);
	return umbra_set_movable(m->u, page, order, &m->movable) ? 0 : token;
}

/* The same; ends the test if it is refused. */
u32 umbra_test_mover_add(struct kunit *test, struct mover *m, struct page *page,
			 unsigned int order)
{
	u32 token = umbra_test_mover_try(m, page, order);

	KUNIT_ASSERT_NE(test, token, 0);
	return token;
}

/* The place of the block with a token, or UMBRA_NO_FRAME. */
u32 umbra_test_mover_find(struct mover *m, u32 token)
{
	u32 index;

	for (index = 0; index < m->u->nr_frames; index++)
		if ((READ_ONCE(m->tokens[index]) & ~TOKEN_PINNED) == token)
			return index;
	return UMBRA_NO_FRAME;
}

/*
 * Free a block, wherever it is, also during its migration. Half of the blocks
 * are left to a task that has isolated them.
 */
void umbra_test_mover_drop(struct mover *m, u32 token)
{
	struct page *page;
	unsigned int order;
	u32 index;

	spin_lock(&m->lock);
	index = umbra_test_mover_find(m, token);
	m->tokens[index] |= token % 2 ? TOKEN_FREED : TOKEN_PINNED;
	spin_unlock(&m->lock);
	page = umbra_index_to_page(m->u, index);
	order = umbra_page_order(m->u, page);
	if (token % 2) {
		umbra_free_movable(m->u, page, order, NULL);
		return;
	}
	umbra_clear_movable(m->u, page);
	spin_lock(&m->lock);
	m->tokens[index] = 0;
	spin_unlock(&m->lock);
	umbra_free_pages(m->u, page, order);
}

/*
 * Expect that the owner and the instance agree on the place of every block.
 * Returns the number of blocks.
 */
unsigned int umbra_test_mover_count(struct kunit *test, struct mover *m)
{
	unsigned int nr = 0;
	u32 index;

	for (index = 0; index < m->u->nr_frames; index++) {
		bool ours = movable_of(m->u, index) == &m->movable;

		KUNIT_ASSERT_EQ(test, ours, has_token(m, index));
		if (!ours)
			continue;
		KUNIT_ASSERT_TRUE(test,
				  frame_is_allocated(frame_read(m->u, index)));
		nr++;
	}
	KUNIT_EXPECT_EQ(test, m->nr_wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->movable.nr_isolated), 0);
	return nr;
}

/*
 * Let reclaim have the pages of an owner: put them on the inactive list, so that
 * pages which are reclaimed one after the other are far apart.
 */
void umbra_test_mover_list(struct mover *m)
{
	u32 i, index;

	m->gives = true;
	for (i = 0; i < m->u->nr_frames; i++) {
		index = i * 1031 % m->u->nr_frames;
		if (m->tokens[index])
			umbra_lru_add(m->u, umbra_index_to_page(m->u, index));
	}
}

/* Allocate a movable block at a given place, which must be free. */
struct page *umbra_test_take_at(struct kunit *test, struct umbra *u, u32 index,
				unsigned int order)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	unsigned long pfn = umbra_index_to_pfn(u, index);

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, pfn,
						       pfn + (1UL << order),
						       GFP_HIGHUSER_MOVABLE),
			0);
	spin_lock_irq(&zone->lock);
	if (order)
		frame_set_tails(u, index, 1U << order);
	frame_set(u, index, FRAME_MOVABLE, order);
	spin_unlock_irq(&zone->lock);
	return umbra_index_to_page(u, index);
}

/* Fill a free instance with single pages, as @kind says. */
void umbra_test_lay_out(struct kunit *test, struct mover *m,
			enum layout_kind (*kind)(u32 index))
{
	struct umbra *u = m->u;
	struct umbra_zone *zone;
	u32 index;

	for_each_umbra_zone(u, zone)
		KUNIT_ASSERT_EQ(test,
				umbra_alloc_contig_range(u, zone->start,
							 zone->end,
							 GFP_HIGHUSER_MOVABLE),
				0);
	for (index = 0; index < u->nr_frames; index++) {
		struct page *page = umbra_index_to_page(u, index);

		switch (kind(index)) {
		case LAYOUT_FREE:
			umbra_free_page(u, page);
			break;
		case LAYOUT_PINNED:
			umbra_test_mover_add(test, m, page, 0);
			m->tokens[index] |= TOKEN_PINNED;
			break;
		case LAYOUT_MOVABLE:
			umbra_test_mover_add(test, m, page, 0);
			break;
		case LAYOUT_UNMOVABLE:
			break;
		}
	}
	umbra_drain_pages(u);
}

/* Every fourth page is in use. */
enum layout_kind umbra_test_quarter(u32 index)
{
	return index % 4 == 1 ? LAYOUT_MOVABLE : LAYOUT_FREE;
}

enum layout_kind umbra_test_quarter_pinned(u32 index)
{
	return index % 4 == 1 ? LAYOUT_PINNED : LAYOUT_FREE;
}

/*
 * Of an instance of two largest blocks: the first pageblock has 32 movable pages,
 * the last one blocks of 4 free pages, each after 4 pages in use. All other pages
 * are in use.
 */
enum layout_kind umbra_test_sparse_and_stripes(u32 index)
{
	if (index < BIT(TEST_PB_ORDER))
		return index % 16 ? LAYOUT_FREE : LAYOUT_MOVABLE;
	if (index >= 2 * TEST_BLOCK - BIT(TEST_PB_ORDER))
		return index % 8 < 4 ? LAYOUT_UNMOVABLE : LAYOUT_FREE;
	return LAYOUT_UNMOVABLE;
}

/* Free all allocated blocks of any owner. */
void umbra_test_empty(struct umbra *u)
{
	u32 index;

	for (index = 0; index < u->nr_frames; index++) {
		struct page *page = umbra_index_to_page(u, index);
		u8 frame = frame_read(u, index);

		if (!frame_is_allocated(frame))
			continue;
		umbra_clear_movable(u, page);
		umbra_free_pages(u, page, frame_order(frame));
	}
	umbra_drain_pages(u);
}

/* Free pages of a zone in blocks of at least @order. */
unsigned long umbra_test_pages_in(struct umbra_zone *zone, unsigned int order)
{
	unsigned long pages = 0;
	unsigned int type;

	for (; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			pages += zone->free_area[order].nr_free[type] << order;
	return pages;
}

/* Make a request as the slow path does. */
void umbra_test_request(struct kunit *test, struct umbra *u,
			struct umbra_request *rq, gfp_t gfp, unsigned int order)
{
	KUNIT_ASSERT_EQ(test, umbra_request_init(rq, u, gfp, order, 0, NULL, 0),
			0);
	umbra_request_slow(rq, u, NULL);
}

/* Compact for a request, and free a captured block at once. */
enum umbra_compact_result
umbra_test_compact(struct umbra *u, const struct umbra_request *rq,
		   enum umbra_compact_priority priority)
{
	u32 index = UMBRA_NO_FRAME;
	enum umbra_compact_result ret =
		umbra_compact_direct(u, rq, priority, &index);

	if (index != UMBRA_NO_FRAME)
		umbra_free_block(u, index, rq->order, true, NULL);
	return ret;
}
