// SPDX-License-Identifier: GPL-2.0
/*
 * Clones: a clone has the state of its original, and decides as the original does
 * from then on.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "../src/api/instance.h"
#include "../src/core/assert.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/page/held.h"
#include "../src/page/pcp_copy.h"
#include "../src/study/clone.h"
#include "../src/study/explain.h"
#include "../src/study/zone_state.h"
#include "test_util.h"

#define PB_ORDER 5
#define NR_PAGES (4 * TEST_BLOCK)
#define NR_STEPS 16	/* requests and frees on both, before they are compared */

/* An original. Blocks are known by their frame: 1 + order, or 0. */
struct world {
	struct kunit *test;
	struct umbra *u;
	struct rnd_state rnd;
	struct umbra_movable owners[2];	/* as those of a clone */
	u8 block[NR_PAGES];
	u8 registered[NR_PAGES];
	u8 pinned[NR_PAGES];	/* has a reference of another */
	u32 isolated;		/* a pageblock that is isolated, or 0 */
};

static u32 pick(struct world *w, u32 limit)
{
	return prandom_u32_state(&w->rnd) % limit;
}

static struct world *world_of(struct umbra_movable *movable, unsigned int nr)
{
	return container_of(movable, struct world, owners[nr]);
}

static int move(struct world *w, struct page *dst, struct page *src)
{
	u32 to = umbra_page_to_index(w->u, dst);
	u32 from = umbra_page_to_index(w->u, src);

	if (page_ref_count(src) > UMBRA_BASE_COUNT)
		return -EAGAIN;
	swap(w->block[to], w->block[from]);
	swap(w->registered[to], w->registered[from]);
	return 0;
}

static int move_first(struct umbra_movable *movable, struct page *dst,
		      struct page *src, unsigned int order,
		      enum umbra_migrate_mode mode)
{
	return move(world_of(movable, 0), dst, src);
}

static int move_second(struct umbra_movable *movable, struct page *dst,
		       struct page *src, unsigned int order,
		       enum umbra_migrate_mode mode)
{
	return move(world_of(movable, 1), dst, src);
}

static int give_up(struct umbra_movable *movable, struct page *page,
		   unsigned int order, gfp_t gfp)
{
	struct world *w = world_of(movable, 1);
	u32 index = umbra_page_to_index(w->u, page);

	if (page_ref_count(page) > UMBRA_BASE_COUNT)
		return -EBUSY;
	w->block[index] = 0;
	w->registered[index] = 0;
	return 0;
}

static const struct umbra_movable_operations first_ops = {
	.migrate = move_first,
};

static const struct umbra_movable_operations second_ops = {
	.migrate = move_second,
	.reclaim = give_up,
};

static const gfp_t gfps[] = {
	GFP_KERNEL, GFP_NOWAIT, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, GFP_USER,
	GFP_NOFS, GFP_NOIO, GFP_DMA32, GFP_KERNEL | __GFP_RECLAIMABLE,
	GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
	GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL,
	GFP_KERNEL | __GFP_THISNODE, GFP_NOWAIT | __GFP_MOVABLE,
	GFP_KERNEL | __GFP_MEMALLOC, GFP_KERNEL | __GFP_WRITE,
};

struct request {
	gfp_t gfp;
	unsigned int order;
	int nid;
};

static struct request draw(struct world *w)
{
	struct request r = {
		.gfp = gfps[pick(w, ARRAY_SIZE(gfps))] | __GFP_NOWARN,
		.order = pick(w, 3) ? pick(w, 4) : pick(w, UMBRA_NR_ORDERS),
		.nid = (int)pick(w, w->u->nr_nodes + 1) - 1,
	};

	return r;
}

static u32 ask(struct umbra *u, struct request r)
{
	struct page *page = umbra_alloc_pages_node(u, r.nid, r.gfp, r.order);

	flush_work(&u->boost_work);
	return page ? umbra_page_to_index(u, page) : UMBRA_NO_FRAME;
}

static void own(struct world *w, u32 index, struct request r)
{
	struct page *page = umbra_index_to_page(w->u, index);
	unsigned int owner = pick(w, 2);

	w->block[index] = 1 + r.order;
	if (!(r.gfp & __GFP_MOVABLE) || !pick(w, 8))
		return;
	KUNIT_ASSERT_EQ(w->test, umbra_set_movable(w->u, page, r.order,
						   &w->owners[owner]), 0);
	w->registered[index] = 1;
	if (owner && pick(w, 8))
		umbra_lru_add(w->u, page);
	if (!pick(w, 4))
		umbra_mark_accessed(w->u, page);
}

/* A block that is not registered, or UMBRA_NO_FRAME. */
static u32 draw_block(struct world *w)
{
	u32 first = pick(w, NR_PAGES), i;

	for (i = 0; i < NR_PAGES; i++) {
		u32 index = (first + i) % NR_PAGES;

		if (w->block[index] && !w->registered[index])
			return index;
	}
	return UMBRA_NO_FRAME;
}

static void free_block(struct world *w, struct umbra *u, u32 index)
{
	umbra_free_pages(u, umbra_index_to_page(u, index),
			 w->block[index] - 1);
}

/* Let another reference a page, or end that. */
static void pin(struct world *w, u32 index)
{
	struct page *page = umbra_index_to_page(w->u, index);

	w->pinned[index] ^= 1;
	if (w->pinned[index])
		page_ref_inc(page);
	else
		page_ref_dec(page);
}

/* Isolate a pageblock, or end that. Pageblock 0 stays as it is. */
static void isolate(struct world *w)
{
	unsigned long nr = BIT(w->u->pb_order);
	unsigned long pfn = umbra_index_to_pfn(w->u, 0) + w->isolated * nr;

	if (w->isolated) {
		umbra_unisolate_range(w->u, pfn, pfn + nr);
		w->isolated = 0;
		return;
	}
	w->isolated = 1 + pick(w, NR_PAGES / nr - 1);
	pfn += w->isolated * nr;
	if (umbra_isolate_range(w->u, pfn, pfn + nr))
		w->isolated = 0;
}

static void drop(struct world *w, u32 index)
{
	struct page *page = umbra_index_to_page(w->u, index);
	unsigned int order = w->block[index] - 1;

	w->block[index] = 0;
	if (w->registered[index])
		umbra_free_movable(w->u, page, order, NULL);
	else
		umbra_free_pages(w->u, page, order);
	w->registered[index] = 0;
}

/* Allocate and free at random, so that memory is in pieces. */
static void stir(struct world *w, unsigned int steps)
{
	unsigned int chance = 2 + pick(w, 8);
	u32 index;

	while (steps--) {
		if (pick(w, chance)) {
			struct request r = draw(w);

			index = ask(w->u, r);
			if (index != UMBRA_NO_FRAME)
				own(w, index, r);
			continue;
		}
		index = pick(w, NR_PAGES);
		/* A page that is pinned becomes HELD. */
		if (w->block[index])
			drop(w, index);
		index = pick(w, NR_PAGES);
		if (w->pinned[index] || (w->block[index] && !pick(w, 4)))
			pin(w, index);
	}
	isolate(w);
	umbra_mod_dirty(w->u, umbra_index_to_page(w->u, pick(w, NR_PAGES)),
			(int)pick(w, 256) - 100);
}

/* HELD pages must be freed by requests alone, which come in the same order. */
static void hold_rescans(struct umbra *u)
{
	queue_delayed_work(u->wq, &u->held_work, 3600 * HZ);
}

/* Compare the zones of both, frame by frame, and cache by cache. */
static void compare(struct world *w, struct umbra *other)
{
	unsigned int i, cpu;

	for (i = 0; i < w->u->nr_zones; i++) {
		struct umbra_zone_state *a, *b;
		struct umbra_zone_difference d = { "nothing" };

		a = umbra_zone_state_take(&w->u->zones[i]);
		b = umbra_zone_state_take(&other->zones[i]);
		KUNIT_ASSERT_NOT_NULL(w->test, a);
		KUNIT_ASSERT_NOT_NULL(w->test, b);
		umbra_zone_state_differs(a, b, &d);
		KUNIT_EXPECT_STREQ(w->test, d.part, "nothing");
		KUNIT_EXPECT_TRUE(w->test, a->exact && b->exact);
		KUNIT_EXPECT_EQ(w->test, memcmp(a->map, b->map, a->nr_frames),
				0);
		KUNIT_EXPECT_EQ(w->test, memcmp(a->watermark, b->watermark,
						sizeof(a->watermark)), 0);
		KUNIT_EXPECT_EQ(w->test, a->flags, b->flags);
		for_each_possible_cpu(cpu) {
			struct umbra_pcp_copy *x = a->caches[cpu];
			struct umbra_pcp_copy *y = b->caches[cpu];

			KUNIT_ASSERT_EQ(w->test, x->nr, y->nr);
			KUNIT_EXPECT_EQ(w->test, x->high, y->high);
			KUNIT_EXPECT_EQ(w->test,
					memcmp(x->entries, y->entries,
					       x->nr * sizeof(*x->entries)), 0);
		}
		umbra_zone_state_delete(a);
		umbra_zone_state_delete(b);
	}
}

static void end_world(struct world *w)
{
	u32 index;

	for (index = 0; index < NR_PAGES; index++) {
		if (w->pinned[index])
			pin(w, index);
		if (w->block[index])
			drop(w, index);
	}
	if (w->isolated)
		isolate(w);
	umbra_held_rescan(w->u);
}

/* The same requests and frees on the original and on its clone. */
static void ask_both(struct world *w, struct umbra *other)
{
	unsigned int i;
	u32 index, twin;

	for (i = 0; i < NR_STEPS; i++) {
		if (pick(w, 4)) {
			struct request r = draw(w);

			twin = ask(other, r);
			index = ask(w->u, r);
			KUNIT_ASSERT_EQ_MSG(w->test, index, twin,
					    "step %u: gfp %#x, order %u, node %d",
					    i, (__force unsigned int)r.gfp,
					    r.order, r.nid);
			if (index != UMBRA_NO_FRAME)
				w->block[index] = 1 + r.order;
			continue;
		}
		index = draw_block(w);
		if (index == UMBRA_NO_FRAME)
			continue;
		free_block(w, other, index);
		drop(w, index);
	}
}

struct layout_case {
	const char *name;
	unsigned int nr_zones;
	struct umbra_zone_layout zones[5];
	int pcp_batch;
	int pcp_high;
	const char *policy;
	unsigned int pb_order;	/* 0 for PB_ORDER */
};

static const struct layout_case layout_cases[] = {
	{ "one zone without caches", 0, {}, 0, 0, NULL },
	{ "one zone", 0, {}, UMBRA_AUTO, UMBRA_AUTO, NULL },
	{ "large caches", 0, {}, 16, 256, NULL },
	{ "three zones", 3, {
		{ .nid = 0, .type = UMBRA_ZONE_DMA32, .nr_frames = TEST_BLOCK },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = 2 * TEST_BLOCK, .nr_cma = 256 },
		{ .nid = 0, .type = UMBRA_ZONE_MOVABLE,
		  .nr_frames = TEST_BLOCK },
	}, 4, 32, NULL },
	{ "two nodes", 4, {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 0, .type = UMBRA_ZONE_MOVABLE,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_MOVABLE,
		  .nr_frames = TEST_BLOCK },
	}, UMBRA_AUTO, UMBRA_AUTO, NULL },
	{ "address", 0, {}, 4, 32, "address" },
	{ "fast", 1, {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_cma = TEST_BLOCK },
	}, UMBRA_AUTO, UMBRA_AUTO, "fast", 9 },
};

KUNIT_ARRAY_PARAM_DESC(layout, layout_cases, name);

static struct world *new_world(struct kunit *test,
			       const struct layout_case *c)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct umbra_layout layout;

	KUNIT_ASSERT_NOT_NULL(test, w);
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pb_order = c->pb_order ?: PB_ORDER;
	layout.nr_zones = c->nr_zones;
	layout.zones = c->zones;
	layout.pcp_batch = c->pcp_batch;
	layout.pcp_high = c->pcp_high;
	layout.policy = c->policy;
	w->test = test;
	prandom_seed_state(&w->rnd, umbra_test_seed);
	umbra_movable_init(&w->owners[0], &first_ops, NULL);
	umbra_movable_init(&w->owners[1], &second_ops, NULL);
	w->u = umbra_test_ghost_layout(test, &layout, NR_PAGES);
	umbra_background_stop(w->u);
	hold_rescans(w->u);
	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	return w;
}

static void a_clone_decides_as_its_original(struct kunit *test)
{
	unsigned long rounds = 5 + umbra_test_ops / 50000;
	struct world *w = new_world(test, test->param_value);
	struct umbra_clone *clone;

	while (rounds--) {
		stir(w, 200 + pick(w, 800));
		clone = umbra_clone(w->u);
		KUNIT_ASSERT_FALSE(test, IS_ERR(clone));
		KUNIT_EXPECT_TRUE(test, clone->is_exact);
		hold_rescans(clone->u);
		compare(w, clone->u);
		ask_both(w, clone->u);
		compare(w, clone->u);
		/* The checker frees HELD pages that are not referenced any more. */
		umbra_test_judge(test, clone->u);
		umbra_clone_delete(clone);
	}
	umbra_test_judge(test, w->u);
	end_world(w);
}

/* Ask, and then do it. */
static void explain_and_do(struct world *w)
{
	struct request r = draw(w);
	struct umbra_question q = {
		.gfp = r.gfp,
		.order = r.order,
		.nid = r.nid,
		.count = 1,
	};
	struct umbra_answer *a = umbra_explain(w->u, &q);
	u32 index;

	KUNIT_ASSERT_FALSE(w->test, IS_ERR(a));
	index = ask(w->u, r);
	KUNIT_EXPECT_EQ_MSG(w->test, a->index, index,
			    "gfp %#x, order %u, node %d",
			    (__force unsigned int)r.gfp, r.order, r.nid);
	KUNIT_EXPECT_TRUE(w->test, a->is_exact);
	KUNIT_EXPECT_GT(w->test, a->nr, 1);
	umbra_answer_delete(a);
	if (index != UMBRA_NO_FRAME)
		own(w, index, r);
}

static void an_explained_request_does_what_the_answer_says(struct kunit *test)
{
	unsigned long rounds = 10 + umbra_test_ops / 20000;
	struct world *w = new_world(test, test->param_value);

	stir(w, 1000);
	while (rounds--) {
		explain_and_do(w);
		stir(w, pick(w, 4) ? 2 : 200);
	}
	umbra_test_judge(test, w->u);
	end_world(w);
}

/* An instance that two threads use, and blocks of each. */
struct busy {
	struct umbra *u;
	unsigned long start;
	bool stop;
	struct page *pages[TEST_THREADS][64];
};

static void use(void *arg, unsigned int self)
{
	struct page **pages = ((struct busy *)arg)->pages[self];
	struct busy *b = arg;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, umbra_test_seed + self);
	while (!READ_ONCE(b->stop) && umbra_test_has_time(b->start)) {
		i = prandom_u32_state(&rnd) % ARRAY_SIZE(b->pages[0]);
		if (pages[i])
			umbra_free_pages(b->u, pages[i], i % 4);
		pages[i] = umbra_alloc_pages(b->u, GFP_KERNEL | __GFP_NOWARN,
					     i % 4);
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(b->pages[0]); i++)
		if (pages[i])
			umbra_free_pages(b->u, pages[i], i % 4);
}

/* Take all that the caches and lists of a clone have, and give it back. */
static void use_up(struct kunit *test, struct umbra *u)
{
	unsigned int order;

	for (order = 0; order < 4; order++) {
		LIST_HEAD(pages);

		umbra_test_take_all(u, 0, GFP_ATOMIC | __GFP_NOWARN, order,
				    &pages);
		umbra_test_give_all(u, &pages);
	}
	KUNIT_EXPECT_FALSE(test, umbra_is_bad(u));
}

static void a_clone_of_an_instance_in_use_is_whole(struct kunit *test)
{
	struct busy *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	unsigned int nr = 0, nr_exact = 0;
	struct umbra_layout layout;

	KUNIT_ASSERT_NOT_NULL(test, b);
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pcp_batch = 4;
	layout.pcp_high = 32;
	b->u = umbra_test_ghost_layout(test, &layout, NR_PAGES);
	b->start = jiffies;
	umbra_test_start_pair(test, use, b);
	while (nr++ < 50) {
		struct umbra_clone *clone = umbra_clone(b->u);

		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, clone);
		if (IS_ERR(clone))
			break;
		nr_exact += clone->is_exact;
		use_up(test, clone->u);
		umbra_test_judge(test, clone->u);
		KUNIT_EXPECT_EQ(test, umbra_test_nr_pages(clone->u), NR_PAGES);
		umbra_clone_delete(clone);
	}
	WRITE_ONCE(b->stop, true);
	umbra_test_join_pair();
	kunit_info(test, "%u of %u clones are exact\n", nr_exact, nr - 1);
	umbra_test_judge(test, b->u);
}

/* A fast cache keeps a block of CMA pageblocks, which have no lists, as movable. */
static void single_blocks_of_a_fast_cache_are_copied(struct kunit *test)
{
	const struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL, .nr_cma = 2 * TEST_BLOCK,
	};
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN;
	const struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.nr_zones = 1,
		.zones = &zone,
		.policy = "fast",
		.pcp_batch = 63,
		.pcp_high = 2048,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  2 * TEST_BLOCK);
	struct umbra_clone *clone;
	struct page *page, *twin;
	unsigned int order;

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	for (order = 4; order <= UMBRA_MAX_ORDER; order++) {
		umbra_free_pages(u, umbra_test_alloc(test, u, gfp, order),
				 order);
		clone = umbra_clone(u);
		KUNIT_ASSERT_FALSE(test, IS_ERR(clone));
		twin = umbra_alloc_pages(clone->u, gfp, min(order + 1, 10U));
		page = umbra_alloc_pages(u, gfp, min(order + 1, 10U));
		KUNIT_EXPECT_FALSE(test, umbra_is_bad(clone->u));
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_ASSERT_NOT_NULL(test, twin);
		KUNIT_EXPECT_EQ(test, umbra_page_to_index(clone->u, twin),
				umbra_page_to_index(u, page));
		umbra_free_pages(u, page, min(order + 1, 10U));
		umbra_clone_delete(clone);
	}
}

static void a_broken_instance_is_not_cloned(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, PB_ORDER, TEST_BLOCK);

	u->broken = "a test";
	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_clone(u)), -EIO);
	u->broken = NULL;
}

static struct kunit_case clone_cases[] = {
	KUNIT_CASE(a_clone_of_an_instance_in_use_is_whole),
	KUNIT_CASE(single_blocks_of_a_fast_cache_are_copied),
	KUNIT_CASE(a_broken_instance_is_not_cloned),
	KUNIT_CASE_PARAM(a_clone_decides_as_its_original, layout_gen_params),
	KUNIT_CASE_PARAM(an_explained_request_does_what_the_answer_says,
			 layout_gen_params),
	{}
};

static struct kunit_suite clone_suite = {
	.name = "umbra_clone",
	.test_cases = clone_cases,
};

kunit_test_suite(clone_suite);
