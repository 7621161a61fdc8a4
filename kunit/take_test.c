// SPDX-License-Identifier: GPL-2.0
/*
 * The zone that serves a request, as get_page_from_freelist() of Linux 7.3
 * chooses it: nodes whose kswapd works are left out at first, a pageblock of
 * another type stays whole if that costs no distance, and then neither.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/page/gfp.h"
#include "../src/page/give.h"
#include "../src/page/take.h"
#include "test_util.h"

#define PB BIT(TEST_PB_ORDER)

/* The zones by their place. All blocks are movable. */
enum place { DMA32_0, NORMAL_0, NORMAL_1, NR_PLACES, NOWHERE = NR_PLACES };

/* The free pages of a zone. */
enum room {
	ROOM_ALL,
	ROOM_HALF,		/* half of one pageblock */
	ROOM_NONE
};

struct take_case {
	const char *name;
	enum room room[NR_PLACES];
	umbra_nodemask_t busy;		/* nodes whose kswapd works */
	umbra_nodemask_t nodes;		/* allowed; 0: all */
	enum place place;		/* of an unmovable page */
};

static const struct take_case take_cases[] = {
	{ "all is free", { ROOM_ALL, ROOM_ALL, ROOM_ALL }, .place = NORMAL_0 },
	{ "a whole pageblock in the lower zone",
	  { ROOM_ALL, ROOM_HALF, ROOM_ALL }, .place = DMA32_0 },
	{ "the near node before a whole pageblock",
	  { ROOM_NONE, ROOM_HALF, ROOM_ALL }, .place = NORMAL_0 },
	{ "the near node, half a pageblock in both zones",
	  { ROOM_HALF, ROOM_HALF, ROOM_ALL }, .place = NORMAL_0 },
	{ "the near node is full",
	  { ROOM_NONE, ROOM_NONE, ROOM_HALF }, .place = NORMAL_1 },
	{ "the near node is busy",
	  { ROOM_ALL, ROOM_ALL, ROOM_ALL }, BIT(0), .place = NORMAL_1 },
	{ "the near node is busy, and half a pageblock is far",
	  { ROOM_ALL, ROOM_ALL, ROOM_HALF }, BIT(0), .place = NORMAL_1 },
	{ "the near node is busy, and the other one full",
	  { ROOM_ALL, ROOM_ALL, ROOM_NONE }, BIT(0), .place = NORMAL_0 },
	{ "all are busy",
	  { ROOM_ALL, ROOM_ALL, ROOM_ALL }, BIT(0) | BIT(1),
	  .place = NORMAL_0 },
	{ "the far node is busy",
	  { ROOM_NONE, ROOM_NONE, ROOM_ALL }, BIT(1), .place = NORMAL_1 },
	{ "the only node is busy",
	  { ROOM_ALL, ROOM_ALL, ROOM_ALL }, BIT(0), BIT(0), NORMAL_0 },
	{ "the only node is busy, a whole pageblock in the lower zone",
	  { ROOM_ALL, ROOM_HALF, ROOM_ALL }, BIT(0), BIT(0), DMA32_0 },
	{ "the only node is busy, half a pageblock",
	  { ROOM_NONE, ROOM_HALF, ROOM_ALL }, BIT(0), BIT(0), NORMAL_0 },
	{ "the only node, half a pageblock",
	  { ROOM_NONE, ROOM_HALF, ROOM_ALL }, 0, BIT(0), NORMAL_0 },
	{ "the only node is busy and full",
	  { ROOM_NONE, ROOM_NONE, ROOM_ALL }, BIT(0), BIT(0), NOWHERE },
	{ "all are full and busy",
	  { ROOM_NONE, ROOM_NONE, ROOM_NONE }, BIT(0) | BIT(1),
	  .place = NOWHERE },
};

KUNIT_ARRAY_PARAM_DESC(take, take_cases, name);

static struct umbra *start(struct kunit *test)
{
	static const struct umbra_zone_layout zones[NR_PLACES] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA32, .nr_frames = TEST_BLOCK },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
	};

	return umbra_test_ghost_zones(test, zones, ARRAY_SIZE(zones),
				      NR_PLACES * TEST_BLOCK);
}

/* The first frame that is in use; the others of the zone follow it. */
static u32 first_used(const struct umbra_zone *zone, enum room room)
{
	return room == ROOM_ALL ? zone->end :
	       room == ROOM_HALF ? zone->start + PB / 2 : zone->start;
}

static void a_page_comes_from_the_zone_of_the_host(struct kunit *test)
{
	const struct take_case *c = test->param_value;
	struct umbra *u = start(test);
	struct umbra_request rq;
	struct umbra_zone *zone;
	unsigned int place = NOWHERE;
	u32 index, used;

	for_each_umbra_zone(u, zone) {
		used = first_used(zone, c->room[zone - u->zones]);
		if (used < zone->end)
			KUNIT_ASSERT_EQ(test,
					umbra_alloc_contig_range(u, used, zone->end,
								 GFP_HIGHUSER_MOVABLE),
					0);
	}
	for_each_umbra_zone(u, zone)
		if (c->busy & BIT(zone->nid))
			set_bit(ZONE_FLAG_KSWAPD_AWAKE, &zone->flags);
	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_KERNEL, 0, 0,
						 c->nodes ? &c->nodes : NULL,
						 0), 0);
	index = umbra_take(u, &rq, NULL);
	for_each_umbra_zone(u, zone)
		clear_bit(ZONE_FLAG_KSWAPD_AWAKE, &zone->flags);
	if (index != UMBRA_NO_FRAME) {
		place = umbra_frame_zone(u, index) - u->zones;
		umbra_free_page(u, umbra_give_block(u, index, 0, GFP_KERNEL,
						    0));
	}
	KUNIT_EXPECT_EQ(test, place, (unsigned int)c->place);
	for_each_umbra_zone(u, zone) {
		used = first_used(zone, c->room[zone - u->zones]);
		if (used < zone->end)
			umbra_free_contig_range(u, used, zone->end - used);
	}
}

/* A walk reports one zone with a new boost, if anyone wants to know. */
static void a_boost_that_is_not_reported_stays_for_the_next(struct kunit *test)
{
	struct umbra *u = start(test);
	struct umbra_zone *normal = &u->zones[NORMAL_0];
	struct umbra_zone *boosted = &u->zones[DMA32_0];
	struct umbra_request rq;
	u32 index;

	KUNIT_ASSERT_EQ(test, umbra_request_init(&rq, u, GFP_KERNEL, 0, 0, NULL,
						 0), 0);
	set_bit(ZONE_FLAG_BOOSTED, &normal->flags);
	index = umbra_take(u, &rq, NULL);
	umbra_free_page(u, umbra_give_block(u, index, 0, GFP_KERNEL, 0));
	KUNIT_EXPECT_TRUE(test, test_bit(ZONE_FLAG_BOOSTED, &normal->flags));
	index = umbra_take(u, &rq, &boosted);
	umbra_free_page(u, umbra_give_block(u, index, 0, GFP_KERNEL, 0));
	KUNIT_EXPECT_PTR_EQ(test, boosted, &u->zones[DMA32_0]);
	KUNIT_EXPECT_TRUE(test, test_bit(ZONE_FLAG_BOOSTED, &normal->flags));
	boosted = NULL;
	index = umbra_take(u, &rq, &boosted);
	umbra_free_page(u, umbra_give_block(u, index, 0, GFP_KERNEL, 0));
	KUNIT_EXPECT_PTR_EQ(test, boosted, normal);
	KUNIT_EXPECT_FALSE(test, test_bit(ZONE_FLAG_BOOSTED, &normal->flags));
}

static struct kunit_case take_test_cases[] = {
	KUNIT_CASE_PARAM(a_page_comes_from_the_zone_of_the_host,
			 take_gen_params),
	KUNIT_CASE(a_boost_that_is_not_reported_stays_for_the_next),
	{}
};

static struct kunit_suite take_suite = {
	.name = "umbra_take",
	.test_cases = take_test_cases,
};

kunit_test_suite(take_suite);
