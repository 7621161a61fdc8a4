// SPDX-License-Identifier: GPL-2.0
/* States of zones: taken, compared, and loaded into another instance. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/study/zone_state.h"
#include "test_util.h"

#define NR_PAGES (8 * TEST_BLOCK)
#define NR_HELD 64
#define NR_STEPS 2000

static struct umbra *instance(struct kunit *test)
{
	struct umbra_layout layout;

	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pcp_batch = 0;
	layout.background = false;
	return umbra_test_ghost_layout(test, &layout, NR_PAGES);
}

static void delete(void *s)
{
	umbra_zone_state_delete(s);
}

static struct umbra_zone_state *take(struct kunit *test, struct umbra *u)
{
	struct umbra_zone_state *s = umbra_zone_state_take(&u->zones[0]);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, delete, s), 0);
	return s;
}

struct held {
	struct page *page[2];	/* of the instance, and of its copy */
	unsigned int order;
};

struct pair {
	struct umbra *u[2];
	unsigned int nr;	/* instances that get the steps */
	struct rnd_state rnd;
	struct held held[NR_HELD];
};

static void free_held(struct pair *p, struct held *h)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		if (h->page[i])
			umbra_free_pages(p->u[i], h->page[i], h->order);
		h->page[i] = NULL;
	}
}

static u32 index_of(struct umbra *u, const struct page *page)
{
	return page ? umbra_page_to_index(u, page) : UMBRA_NO_FRAME;
}

/* Allocate into some slots and free others, and expect the same frames. */
static void do_steps(struct kunit *test, struct pair *p, struct held *held)
{
	static const gfp_t gfps[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	unsigned int step, i;

	for (step = 0; step < NR_STEPS; step++) {
		struct held *h = &held[prandom_u32_state(&p->rnd) % NR_HELD];
		u32 gfp = prandom_u32_state(&p->rnd) % ARRAY_SIZE(gfps);

		if (h->page[0]) {
			free_held(p, h);
			continue;
		}
		h->order = prandom_u32_state(&p->rnd) % UMBRA_NR_ORDERS;
		for (i = 0; i < p->nr; i++)
			h->page[i] = umbra_alloc_pages(p->u[i], gfps[gfp] |
						       __GFP_NOWARN, h->order);
		if (p->nr == 2)
			KUNIT_ASSERT_EQ(test, index_of(p->u[0], h->page[0]),
					index_of(p->u[1], h->page[1]));
	}
}

static void expect_equal(struct kunit *test, struct umbra *a, struct umbra *b)
{
	struct umbra_zone_difference d = { "nothing" };

	umbra_zone_state_differs(take(test, a), take(test, b), &d);
	KUNIT_EXPECT_STREQ(test, d.part, "nothing");
}

/* Free the pages that a state had in use. */
static void free_used(struct umbra *u, const struct umbra_zone_state *s)
{
	u32 i;

	for (i = 0; i < s->nr_frames; i++)
		if (frame_is_allocated(s->map[i]))
			umbra_free_pages(u, umbra_index_to_page(u, i),
					 frame_order(s->map[i]));
}

static void a_loaded_zone_decides_as_the_original(struct kunit *test)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct held *later;
	struct umbra_zone_state *s;
	unsigned int i;

	later = kunit_kcalloc(test, NR_HELD, sizeof(*later), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, later);
	prandom_seed_state(&p->rnd, umbra_test_seed);
	p->u[0] = instance(test);
	p->u[1] = instance(test);
	p->nr = 1;
	do_steps(test, p, p->held);
	s = take(test, p->u[0]);
	KUNIT_ASSERT_EQ(test, umbra_zone_state_load(&p->u[1]->zones[0], s), 0);
	expect_equal(test, p->u[0], p->u[1]);
	umbra_test_judge(test, p->u[1]);

	p->nr = 2;
	do_steps(test, p, later);
	expect_equal(test, p->u[0], p->u[1]);
	for (i = 0; i < NR_HELD; i++)
		free_held(p, &later[i]);
	expect_equal(test, p->u[0], p->u[1]);
	p->nr = 1;
	for (i = 0; i < NR_HELD; i++)
		free_held(p, &p->held[i]);
	free_used(p->u[1], s);
	umbra_test_judge(test, p->u[1]);
}

static void a_state_is_loaded_into_a_new_zone_of_its_size(struct kunit *test)
{
	struct umbra *u = instance(test), *used = instance(test);
	struct umbra_zone_state *s = take(test, u);
	struct page *page = umbra_test_alloc(test, used, GFP_KERNEL, 0);

	KUNIT_EXPECT_EQ(test, umbra_zone_state_load(&used->zones[0], s), -EINVAL);
	umbra_free_pages(used, page, 0);
	s->nr_frames -= TEST_BLOCK;
	KUNIT_EXPECT_EQ(test, umbra_zone_state_load(&u->zones[0], s), -EINVAL);
	s->nr_frames += TEST_BLOCK;
	s->pb_order--;
	KUNIT_EXPECT_EQ(test, umbra_zone_state_load(&u->zones[0], s), -EINVAL);
	s->pb_order++;
	s->type = UMBRA_ZONE_MOVABLE;
	KUNIT_EXPECT_EQ(test, umbra_zone_state_load(&u->zones[0], s), -EINVAL);
	s->type = UMBRA_ZONE_NORMAL;
	KUNIT_EXPECT_EQ(test, umbra_zone_state_load(&u->zones[0], s), 0);
	umbra_test_judge(test, u);
}

/* A request sees them at once: all pages are free, and less than the low mark. */
static void a_loaded_zone_has_the_watermarks_of_the_state(struct kunit *test)
{
	struct umbra *u = instance(test);
	struct umbra_zone *zone = &u->zones[0];
	struct umbra_zone_state *s = take(test, u);
	struct page *page;
	unsigned int i;

	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		s->watermark[i] = NR_PAGES + 10 * i;
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		s->lowmem_reserve[i] = 100 + i;
	s->watermark_boost = 7;
	KUNIT_ASSERT_EQ(test, umbra_zone_state_load(zone, s), 0);
	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		KUNIT_EXPECT_EQ(test, zone->watermark[i], NR_PAGES + 10 * i);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		KUNIT_EXPECT_EQ(test, zone->lowmem_reserve[i], 100 + i);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 7);
	page = umbra_alloc_page(u, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_NULL(test, page);
	if (page)
		umbra_free_page(u, page);
}

/* Expect that @s differs from @other in one part alone. */
static void expect_part(struct kunit *test, const struct umbra_zone_state *s,
			const struct umbra_zone_state *other, const char *part)
{
	struct umbra_zone_difference d;

	KUNIT_ASSERT_TRUE(test, umbra_zone_state_differs(s, other, &d));
	KUNIT_EXPECT_STREQ(test, d.part, part);
}

static void a_difference_is_found_in_each_part(struct kunit *test)
{
	struct umbra *u = instance(test);
	struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	struct umbra_zone_state *a = take(test, u), *b = take(test, u);

	b->nr_free++;
	expect_part(test, a, b, "free pages");
	b->nr_free--;
	b->watermark_boost++;
	expect_part(test, a, b, "boost");
	b->watermark_boost--;
	b->nr_reserved_highatomic++;
	expect_part(test, a, b, "highatomic reserve");
	b->nr_reserved_highatomic--;
	b->types[1] ^= 1;
	expect_part(test, a, b, "type of pageblock");
	b->types[1] ^= 1;
	swap(b->blocks[b->nr_blocks - 1], b->blocks[b->nr_blocks - 2]);
	expect_part(test, a, b, "frame of free block");
	umbra_free_pages(u, page, 0);
	expect_part(test, a, take(test, u), "free pages");
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(a_loaded_zone_decides_as_the_original),
	KUNIT_CASE(a_state_is_loaded_into_a_new_zone_of_its_size),
	KUNIT_CASE(a_loaded_zone_has_the_watermarks_of_the_state),
	KUNIT_CASE(a_difference_is_found_in_each_part),
	{}
};

static struct kunit_suite state_suite = {
	.name = "umbra_zone_state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
