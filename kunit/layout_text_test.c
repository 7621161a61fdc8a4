// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/sizes.h>
#include "../src/parse/layout.h"
#include "../src/parse/text.h"
#include "test_util.h"

struct bytes_case {
	const char *text;
	int err;
	u64 bytes;
};

static const struct bytes_case bytes_cases[] = {
	{ "4096", 0, SZ_4K },
	{ "0x1000", 0, SZ_4K },
	{ "64M", 0, SZ_64M },
	{ "64m", 0, SZ_64M },
	{ "3K", 0, 3 * SZ_1K },
	{ "2G", 0, SZ_2G },
	{ "18446744073709551615", 0, U64_MAX },
	{ "17179869183G", 0, 17179869183ULL << 30 },
	{ "17179869184G", -EINVAL },
	{ "", -EINVAL },
	{ "M", -EINVAL },
	{ "-1", -EINVAL },
	{ "1.5M", -EINVAL },
	{ "64MB", -EINVAL },
	{ "18446744073709551615G", -EINVAL },
	{ "99999999999999999999999999", -EINVAL },
};

static void describe_bytes(const struct bytes_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\"", c->text);
}

KUNIT_ARRAY_PARAM(bytes, bytes_cases, describe_bytes);

static void sizes_are_read_with_their_suffix(struct kunit *test)
{
	const struct bytes_case *c = test->param_value;
	u64 bytes = 0;

	KUNIT_EXPECT_EQ(test, umbra_parse_bytes(c->text, &bytes), c->err);
	KUNIT_EXPECT_EQ(test, bytes, c->bytes);
}

#define MAX_ZONES 10

/* A zone as node << 28 | type << 24 | pageblocks. */
#define Z(nid, type, blocks) \
	((nid) << 28 | UMBRA_ZONE_##type << 24 | (blocks))

struct layout_case {
	const char *name;
	struct umbra_layout_text text;
	u32 blocks;			/* size of the region */
	int err;
	u32 zones[MAX_ZONES];
};

static const struct layout_case layout_cases[] = {
	{ "zones in proportion", { .pb_order = 9 }, 32, 0,
	  { Z(0, DMA, 2), Z(0, DMA32, 6), Z(0, NORMAL, 16),
	    Z(0, HIGHMEM, 4), Z(0, MOVABLE, 4) } },
	{ "zones in proportion, no page lost", { .pb_order = 9 }, 38, 0,
	  { Z(0, DMA, 2), Z(0, DMA32, 7), Z(0, NORMAL, 19),
	    Z(0, HIGHMEM, 5), Z(0, MOVABLE, 5) } },
	{ "too small for five zones", { .pb_order = 9 }, 14, 0,
	  { Z(0, NORMAL, 14) } },
	{ "two nodes", { .pb_order = 9, .nodes = 2 }, 32, 0,
	  { Z(0, DMA, 1), Z(0, DMA32, 3), Z(0, NORMAL, 8), Z(0, HIGHMEM, 2),
	    Z(0, MOVABLE, 2), Z(1, DMA, 1), Z(1, DMA32, 3), Z(1, NORMAL, 8),
	    Z(1, HIGHMEM, 2), Z(1, MOVABLE, 2) } },
	{ "three unequal nodes",
	  { .pb_order = 9, .nodes = 3, .zones = "Normal" }, 32, 0,
	  { Z(0, NORMAL, 10), Z(1, NORMAL, 10), Z(2, NORMAL, 12) } },
	{ "sizes", { .pb_order = 9,
		     .zones = "DMA:2M,DMA32:6M,Normal:16M,HighMem:4M,Movable:4M" },
	  16, 0, { Z(0, DMA, 1), Z(0, DMA32, 3), Z(0, NORMAL, 8),
		   Z(0, HIGHMEM, 2), Z(0, MOVABLE, 2) } },
	{ "a zone without size",
	  { .pb_order = 9, .zones = "dma:4M,normal,movable:2M" },
	  16, 0, { Z(0, DMA, 2), Z(0, NORMAL, 13), Z(0, MOVABLE, 1) } },
	{ "zones on every node", { .pb_order = 9, .nodes = 2,
			     .zones = "DMA:2M,Normal" },
	  16, 0, { Z(0, DMA, 1), Z(0, NORMAL, 7), Z(1, DMA, 1),
		   Z(1, NORMAL, 7) } },
	{ "distances and CPUs", { .pb_order = 9, .nodes = 2, .zones = "Normal",
				  .distance = "10,30/30,10", .cpu_node = "1" },
	  16, 0, { Z(0, NORMAL, 8), Z(1, NORMAL, 8) } },
	{ "an unknown zone",
	  { .pb_order = 9, .zones = "Device" }, 16, -EINVAL },
	{ "an empty zone",
	  { .pb_order = 9, .zones = "Normal:2M," }, 16, -EINVAL },
	{ "a zone twice", { .pb_order = 9, .zones = "DMA:2M,DMA:2M,Normal" },
	  16, -EINVAL },
	{ "zones in the wrong order",
	  { .pb_order = 9, .zones = "Normal:2M,DMA" }, 16, -EINVAL },
	{ "six zones", { .pb_order = 9,
			 .zones = "DMA:2M,DMA32:2M,Normal:2M,HighMem:2M,Movable:2M,Normal" },
	  16, -EINVAL },
	{ "two zones without size",
	  { .pb_order = 9, .zones = "DMA,Normal" }, 16, -EINVAL },
	{ "sizes below the total", { .pb_order = 9, .zones = "Normal:30M" }, 16,
	  -EINVAL },
	{ "sizes above the total",
	  { .pb_order = 9, .zones = "Normal:34M" }, 16, -EINVAL },
	{ "no page left for a zone",
	  { .pb_order = 9, .zones = "DMA,Normal:32M" }, 16, -EINVAL },
	{ "part of a page", { .pb_order = 9, .zones = "DMA:1000,Normal" }, 16,
	  -EINVAL },
	{ "a size of 0", { .pb_order = 9, .zones = "DMA:0,Normal" }, 16,
	  -EINVAL },
	{ "a size that is no number",
	  { .pb_order = 9, .zones = "DMA:x,Normal" }, 16, -EINVAL },
	{ "too many nodes", { .pb_order = 9, .nodes = 17 }, 16, -EINVAL },
	{ "far too many nodes", { .pb_order = 0, .nodes = 33 }, 16, -EINVAL },
	{ "pageblocks too large", { .pb_order = 11 }, 16, -EINVAL },
	{ "an unknown policy", { .pb_order = 9, .policy = "worst" }, 16,
	  -EINVAL },
	{ "an unknown debug word", { .pb_order = 9, .debug = "refs,all" }, 16,
	  -EINVAL },
	{ "too few distances", { .pb_order = 9, .nodes = 2,
				 .distance = "10,20/20" }, 16, -EINVAL },
	{ "too many distances", { .pb_order = 9, .distance = "10,20" }, 16,
	  -EINVAL },
	{ "a distance that is no number",
	  { .pb_order = 9, .distance = "near" }, 16, -EINVAL },
	{ "a node that is no number",
	  { .pb_order = 9, .cpu_node = "0,x" }, 16, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(layout, layout_cases, name);

static void free_tables(void *arg)
{
	kvfree(arg);
}

static struct umbra_layout_tables *tables(struct kunit *test)
{
	struct umbra_layout_tables *t = umbra_layout_tables_create();

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_tables, t),
			0);
	return t;
}

static void a_layout_text_becomes_a_layout(struct kunit *test)
{
	const struct layout_case *c = test->param_value;
	struct umbra_layout_tables *t = tables(test);
	struct umbra_layout layout = { .has_memory = true };
	struct umbra_span span = { .nr_pages = c->blocks << 9 };
	unsigned int nr_spans = 1, i;

	KUNIT_ASSERT_EQ(test, umbra_layout_parse(&layout, t, &c->text, &span,
						 &nr_spans), c->err);
	if (c->err)
		return;
	for (i = 0; i < MAX_ZONES && c->zones[i]; i++) {
		const struct umbra_zone_layout *z = &layout.zones[i];

		KUNIT_EXPECT_LT(test, i, layout.nr_zones);
		KUNIT_EXPECT_EQ_MSG(test, z->nid << 28 | z->type << 24 |
				    z->nr_frames >> 9, c->zones[i],
				    "zone %u", i);
	}
	KUNIT_EXPECT_EQ(test, layout.nr_zones, i);
	KUNIT_EXPECT_EQ(test, !!layout.distance, !!c->text.distance);
	KUNIT_EXPECT_EQ(test, !!layout.cpu_node, !!c->text.cpu_node);
}

static void tables_match_the_layout_text(struct kunit *test)
{
	const struct umbra_layout_text text = {
		.nodes = 2, .pb_order = 9, .distance = "10,31/42,10",
		.cpu_node = "1", .debug = "owner,refs", .policy = "bestfit",
	};
	struct umbra_layout_tables *t = tables(test);
	struct umbra_layout layout = {};
	struct umbra_span span = { .nr_pages = 32 << 9 };
	static const u8 distance[] = { 10, 31, 42, 10 };
	unsigned int nr_spans = 1;

	KUNIT_ASSERT_EQ(test, umbra_layout_parse(&layout, t, &text, &span,
						 &nr_spans), 0);
	KUNIT_EXPECT_MEMEQ(test, layout.distance, distance, sizeof(distance));
	KUNIT_EXPECT_EQ(test, layout.cpu_node[0], 1);
	if (nr_cpu_ids > 1)
		KUNIT_EXPECT_EQ(test, layout.cpu_node[1], 1);
	KUNIT_EXPECT_EQ(test, layout.debug,
			UMBRA_DEBUG_OWNER | UMBRA_DEBUG_REFS);
	KUNIT_EXPECT_STREQ(test, layout.policy, "bestfit");
}

/* Zones of a simulated machine may end inside a pageblock. */
static void a_ghost_gets_one_span_per_zone(struct kunit *test)
{
	const struct umbra_layout_text text = {
		.pb_order = 9, .zones = "DMA:15360K,DMA32:20004K,Normal:8K",
	};
	struct umbra_layout_tables *t = tables(test);
	struct umbra_layout layout = {};
	struct umbra_span spans[UMBRA_MAX_SPANS] = {
		{ .nr_pages = 3840 + 5001 + 2 },
	};
	unsigned int nr_spans = 1;

	KUNIT_ASSERT_EQ(test, umbra_layout_parse(&layout, t, &text, spans,
						 &nr_spans), 0);
	KUNIT_ASSERT_EQ(test, nr_spans, 3);
	KUNIT_EXPECT_EQ(test, spans[0].nr_pages, 3840);
	KUNIT_EXPECT_EQ(test, spans[1].nr_pages, 5001);
	KUNIT_EXPECT_EQ(test, spans[2].nr_pages, 2);
	KUNIT_EXPECT_EQ(test, layout.zones[0].nr_frames, 4096);
	KUNIT_EXPECT_EQ(test, layout.zones[1].nr_frames, 5120);
	KUNIT_EXPECT_EQ(test, layout.zones[2].nr_frames, 1024);
	KUNIT_EXPECT_PTR_EQ(test, spans[1].pages, spans[0].pages + 3840);
}

static void a_ghost_whose_zones_do_not_add_up_is_refused(struct kunit *test)
{
	const struct umbra_layout_text text = {
		.pb_order = 9, .zones = "DMA:15360K,Normal:8K",
	};
	struct umbra_layout layout = {};
	struct umbra_span spans[UMBRA_MAX_SPANS] = { { .nr_pages = 3843 } };
	unsigned int nr_spans = 1;

	KUNIT_EXPECT_EQ(test, umbra_layout_parse(&layout, tables(test), &text,
						 spans, &nr_spans), -EINVAL);
	KUNIT_EXPECT_EQ(test, nr_spans, 1);
	KUNIT_EXPECT_EQ(test, spans[0].nr_pages, 3843);
}

static struct kunit_case layout_test_cases[] = {
	KUNIT_CASE_PARAM(sizes_are_read_with_their_suffix, bytes_gen_params),
	KUNIT_CASE_PARAM(a_layout_text_becomes_a_layout, layout_gen_params),
	KUNIT_CASE(tables_match_the_layout_text),
	KUNIT_CASE(a_ghost_gets_one_span_per_zone),
	KUNIT_CASE(a_ghost_whose_zones_do_not_add_up_is_refused),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "umbra_layout_text",
	.test_cases = layout_test_cases,
};

kunit_test_suite(layout_suite);

