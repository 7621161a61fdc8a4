// SPDX-License-Identifier: GPL-2.0
/* The inputs of watermarks, and the results. */
#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "test_util.h"

#define DMA UMBRA_ZONE_DMA
#define DMA32 UMBRA_ZONE_DMA32
#define NORMAL UMBRA_ZONE_NORMAL
#define HIGHMEM UMBRA_ZONE_HIGHMEM
#define MOVABLE UMBRA_ZONE_MOVABLE

#define DEFAULT_RATIOS { 256, 256, 32, 0, 0 }

struct zone_marks {
	unsigned int nid;
	enum umbra_zone_type type;
	u32 nr_pages;		/* 0 ends the array */
	unsigned long mark[UMBRA_NR_WMARKS];
	unsigned long reserve[UMBRA_NR_ZONE_TYPES];
};

struct marks_case {
	const char *name;
	long min_free_kbytes;
	unsigned int scale;
	unsigned int ratio[UMBRA_NR_ZONE_TYPES];
	struct zone_marks zones[UMBRA_NR_ZONE_TYPES];
};

/* The watermarks are those of the host for such zones, with pages of 4 KiB. */
static const struct marks_case marks_cases[] = {
	{ "1 MiB", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 256, { 32, 40, 48, 56 } },
	  } },
	{ "4 MiB", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 1024, { 64, 80, 96, 112 } },
	  } },
	{ "16 MiB", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 4096, { 128, 160, 192, 224 } },
	  } },
	{ "200 MiB", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 51200, { 452, 565, 678, 791 } },
	  } },
	{ "64 MiB, 4 MiB reserve", 4096, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 1024, 1280, 1536, 1792 } },
	  } },
	{ "64 MiB, no reserve", 0, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 0, 16, 32, 48 } },
	  } },
	{ "64 MiB, odd reserve", 1027, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 256, 320, 384, 448 } },
	  } },
	{ "64 MiB, scale 150", UMBRA_AUTO, 150, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 256, 501, 746, 991 } },
	  } },
	{ "64 MiB, scale 1000", UMBRA_AUTO, 1000, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 256, 1894, 3532, 5170 } },
	  } },
	{ "100 MiB, scale 33", 2000, 33, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 25600, { 500, 625, 750, 875 } },
	  } },
	{ "DMA and Normal", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, DMA, 4096, { 45, 56, 67, 78 }, { 0, 0, 112, 112, 112 } },
		{ 0, NORMAL, 28672, { 316, 395, 474, 553 } },
	  } },
	{ "five zones", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, DMA, 4096, { 48, 60, 72, 84 }, { 0, 32, 96, 144, 240 } },
		{ 0, DMA32, 8192, { 96, 120, 144, 168 },
		  { 0, 0, 64, 112, 208 } },
		{ 0, NORMAL, 16384, { 193, 241, 289, 337 },
		  { 0, 0, 0, 384, 1152 } },
		{ 0, HIGHMEM, 12288, { 32, 68, 104, 140 } },
		{ 0, MOVABLE, 24576, { 32, 104, 176, 248 } },
	  } },
	{ "five zones, other ratios", 5000, 10, { 100, 7, 1, 9, 0 },
	  {
		{ 0, DMA, 4096, { 178, 222, 266, 310 },
		  { 0, 81, 245, 368, 614 } },
		{ 0, DMA32, 8192, { 357, 446, 535, 624 },
		  { 0, 0, 2340, 4096, 7606 } },
		{ 0, NORMAL, 16384, { 714, 892, 1070, 1248 },
		  { 0, 0, 0, 12288, 36864 } },
		{ 0, HIGHMEM, 12288, { 32, 165, 298, 431 },
		  { 0, 0, 0, 0, 2730 } },
		{ 0, MOVABLE, 24576, { 32, 299, 566, 833 } },
	  } },
	{ "five zones, no ratios", 5000, 100, { },
	  {
		{ 0, DMA, 4096, { 178, 222, 266, 310 } },
		{ 0, DMA32, 8192, { 357, 446, 535, 624 } },
		{ 0, NORMAL, 16384, { 714, 892, 1070, 1248 } },
		{ 0, HIGHMEM, 12288, { 32, 165, 298, 431 } },
		{ 0, MOVABLE, 24576, { 32, 299, 566, 833 } },
	  } },
	{ "two nodes", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, DMA, 4096, { 36, 45, 54, 63 }, { 0, 0, 48, 48, 48 } },
		{ 0, NORMAL, 12288, { 110, 137, 164, 191 } },
		{ 1, NORMAL, 32768, { 295, 368, 441, 514 } },
	  } },
	{ "two nodes, Movable", 3000, 20, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 16384, { 500, 625, 750, 875 },
		  { 0, 0, 0, 0, 128 } },
		{ 0, MOVABLE, 4096, { 32, 63, 94, 125 } },
		{ 1, NORMAL, 8192, { 250, 312, 374, 436 },
		  { 0, 0, 0, 0, 640 } },
		{ 1, MOVABLE, 20480, { 32, 188, 344, 500 } },
	  } },
	{ "small HighMem and Movable", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 8192, { 181, 226, 271, 316 },
		  { 0, 0, 0, 32, 64 } },
		{ 0, HIGHMEM, 1024, { 32, 37, 42, 47 } },
		{ 0, MOVABLE, 1024, { 32, 37, 42, 47 } },
	  } },
	{ "large HighMem, clamped to most", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 4096, { 128, 160, 192, 224 },
		  { 0, 0, 0, 4224, 4224 } },
		{ 0, HIGHMEM, 135168, { 128, 1184, 2240, 3296 } },
	  } },
	{ "HighMem between", UMBRA_AUTO, 10, DEFAULT_RATIOS,
	  {
		{ 0, NORMAL, 4096, { 128, 160, 192, 224 },
		  { 0, 0, 0, 1920, 1920 } },
		{ 0, HIGHMEM, 61440, { 60, 540, 1020, 1500 } },
	  } },
	/* The host cannot have only this zone: it always has a low one. */
	{ "Movable alone", 1024, 10, DEFAULT_RATIOS,
	  {
		{ 0, MOVABLE, 16384, { 32, 48, 64, 80 } },
	  } },
};

KUNIT_ARRAY_PARAM_DESC(marks, marks_cases, name);

static void marks_and_reserves_are_those_of_the_host(struct kunit *test)
{
	const struct marks_case *c = test->param_value;
	struct umbra_zone_layout zones[UMBRA_NR_ZONE_TYPES] = {};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.zones = zones,
		.min_free_kbytes = c->min_free_kbytes,
		.watermark_scale_factor = c->scale,
	};
	unsigned long nr_pages = 0;
	unsigned int i, n;
	struct umbra *u;

	if (PAGE_SIZE != SZ_4K)
		kunit_skip(test, "pages are not of 4 KiB");
	memcpy(layout.lowmem_reserve_ratio, c->ratio, sizeof(c->ratio));
	for (n = 0; n < UMBRA_NR_ZONE_TYPES && c->zones[n].nr_pages; n++) {
		zones[n].nid = c->zones[n].nid;
		zones[n].type = c->zones[n].type;
		zones[n].nr_frames = c->zones[n].nr_pages;
		nr_pages += c->zones[n].nr_pages;
	}
	zones[n - 1].nr_frames = 0;
	layout.nr_zones = n;
	u = umbra_test_ghost_layout(test, &layout, nr_pages);
	for (n = 0; n < layout.nr_zones; n++) {
		const struct zone_marks *m = &c->zones[n];

		KUNIT_EXPECT_EQ(test, u->zones[n].nr_managed, m->nr_pages);
		for (i = 0; i < UMBRA_NR_WMARKS; i++)
			KUNIT_EXPECT_EQ_MSG(test, umbra_mark(&u->zones[n], i),
					    m->mark[i], "zone %u, mark %u", n,
					    i);
		for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
			KUNIT_EXPECT_EQ_MSG(test, u->zones[n].lowmem_reserve[i],
					    m->reserve[i],
					    "zone %u, reserve for %u", n, i);
	}
}

/* The default layout has the tunables of the host. */
static void the_default_layout_has_the_tunables_of_the_host(struct kunit *test)
{
	static const unsigned int ratio[] = DEFAULT_RATIOS;
	struct umbra_layout layout;
	unsigned int i;

	umbra_layout_init(&layout);
	KUNIT_EXPECT_EQ(test, layout.min_free_kbytes, UMBRA_AUTO);
	KUNIT_EXPECT_EQ(test, layout.watermark_scale_factor, 10);
	KUNIT_EXPECT_EQ(test, layout.watermark_boost_factor, 15000);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		KUNIT_EXPECT_EQ(test, layout.lowmem_reserve_ratio[i], ratio[i]);
}

static struct kunit_case marks_test_cases[] = {
	KUNIT_CASE_PARAM(marks_and_reserves_are_those_of_the_host,
			 marks_gen_params),
	KUNIT_CASE(the_default_layout_has_the_tunables_of_the_host),
	{}
};

static struct kunit_suite marks_suite = {
	.name = "umbra_marks",
	.test_cases = marks_test_cases,
};

kunit_test_suite(marks_suite);
