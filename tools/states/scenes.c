// SPDX-License-Identifier: GPL-2.0
/*
 * The scenes of the search. Together they reach every rule of the free lists, of
 * fallback, watermarks, reserves, isolation, held pages and caches; each has few
 * enough requests for all of its states. A change of the rules changes the
 * numbers of states; "states --count" prints the new ones.
 */
#include "states.h"

#define NR(list)	(sizeof(list) / sizeof(*(list)))
#define REQUESTS(list)	.nr_requests = NR(list), .requests = (list)

/* Types, and watermarks and reserves of requests */
#define U		UMBRA_UNMOVABLE
#define M		UMBRA_MOVABLE
#define R		UMBRA_RECLAIMABLE
#define LOW		ALLOC_WMARK_LOW
#define WHOLE		(LOW | ALLOC_NOFRAGMENT | ALLOC_DEFRAG)
#define MIN		ALLOC_WMARK_MIN
#define HIGH		ALLOC_MIN_RESERVE
#define URGENT		(ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK)

static const struct request every[] = {
	{ 0, U, LOW }, { 1, U, LOW }, { 2, U, LOW }, { 3, U, LOW },
	{ 0, M, LOW }, { 1, M, LOW }, { 2, M, LOW }, { 3, M, LOW },
	{ 0, R, LOW }, { 1, R, LOW }, { 2, R, LOW }, { 3, R, LOW },
};

static const struct request typed[] = {
	{ 0, U, LOW }, { 0, M, LOW }, { 0, R, LOW }, { 1, M, LOW },
	{ 2, U, LOW },
};

static const struct request short_typed[] = {
	{ 0, U, LOW }, { 0, M, LOW }, { 1, R, LOW },
};

static const struct request two_types[] = {
	{ 0, U, LOW }, { 1, U, LOW }, { 2, U, LOW },
	{ 0, M, LOW }, { 1, M, LOW }, { 2, M, LOW },
};

static const struct request three_types[] = {
	{ 0, U, LOW }, { 1, U, LOW }, { 0, M, LOW }, { 1, M, LOW },
	{ 0, R, LOW }, { 1, R, LOW },
};

static const struct request large[] = {
	{ 0, U, LOW }, { 1, U, LOW }, { 2, M, LOW },
};

static const struct request reserves[] = {
	{ 0, U, LOW }, { 0, U, MIN }, { 0, U, ALLOC_WMARK_HIGH },
	{ 0, U, MIN | HIGH }, { 0, U, MIN | ALLOC_NON_BLOCK },
	{ 0, U, MIN | URGENT }, { 0, U, ALLOC_OOM },
	{ 0, U, ALLOC_NO_WATERMARKS }, { 1, M, LOW }, { 1, M, MIN },
	{ 1, M, MIN | URGENT }, { 1, M, ALLOC_OOM },
	{ 2, U, LOW | ALLOC_NOFRAGMENT }, { 0, M, LOW | ALLOC_NOFRAGMENT },
};

static const struct request whole[] = { { 0, U, WHOLE }, { 0, M, LOW } };

static const struct request highatomic[] = {
	{ 0, U, MIN }, { 1, M, LOW },
	{ 1, U, MIN | URGENT | ALLOC_HIGHATOMIC },
	{ 2, U, MIN | URGENT | ALLOC_HIGHATOMIC },
	{ 1, U, LOW | ALLOC_HIGHATOMIC },
	{ 0, U, MIN | ALLOC_NON_BLOCK }, { 1, U, ALLOC_OOM },
};

static const struct request short_highatomic[] = {
	{ 0, U, MIN }, { 1, M, LOW },
	{ 1, U, MIN | URGENT | ALLOC_HIGHATOMIC }, { 1, U, ALLOC_OOM },
};

static const struct request cma[] = {
	{ 0, U, LOW }, { 1, U, LOW }, { 0, M, LOW | ALLOC_CMA },
	{ 1, M, LOW | ALLOC_CMA }, { 2, M, LOW | ALLOC_CMA },
	{ 0, M, LOW },
};

static const struct request boosting[] = {
	{ 0, U, LOW | ALLOC_KSWAPD }, { 1, U, MIN },
	{ 0, M, LOW | ALLOC_KSWAPD }, { 0, M, MIN | HIGH },
	{ 1, M, MIN | HIGH | ALLOC_KSWAPD },
};

static const struct request short_boosting[] = {
	{ 0, U, LOW | ALLOC_KSWAPD }, { 0, M, MIN | HIGH },
};

static const struct request page_and_pair[] = {
	{ 0, U, LOW }, { 1, M, LOW },
};

static const struct request one_type[] = {
	{ 0, U, LOW }, { 1, U, LOW },
};

static const struct request fours[] = {
	{ 2, U, LOW },
};

static const struct request pages[] = {
	{ 0, U, LOW }, { 0, M, LOW },
};

static const struct request page_and_four[] = {
	{ 0, U, LOW }, { 2, M, LOW },
};

static const struct request three_orders[] = {
	{ 0, U, LOW }, { 1, M, LOW }, { 2, U, LOW },
};

static const struct request pair_and_four[] = {
	{ 1, U, LOW }, { 2, M, LOW },
};

static const struct request pages_and_four[] = {
	{ 0, U, LOW }, { 0, M, LOW }, { 2, U, LOW },
};

static const struct request pairs_and_cma[] = {
	{ 1, U, LOW }, { 1, M, LOW | ALLOC_CMA },
};

static const struct request pairs_and_highatomic[] = {
	{ 1, U, MIN | ALLOC_NON_BLOCK },
	{ 1, U, MIN | URGENT | ALLOC_HIGHATOMIC },
};

const struct scene scenes[] = {
	/* Units of order 9: two of them are a block of the largest order */
	{
		.name = "largest",
		.shift = 9,
		.pb_order = 1,
		.managed = 4096,
		REQUESTS(page_and_pair),
		.nr_states = 6576,
		.nr_steps = 34016,
	},
	/* Units of order 8: four of them are a block of the largest order */
	{
		.name = "large",
		.shift = 8,
		.pb_order = 1,
		.managed = 2048,
		REQUESTS(large),
		.nr_states = 3782,
		.nr_steps = 25830,
	},
	{
		.name = "boost",
		.pb_order = 1,
		.managed = 8,
		.used = 0xc0,
		.mark = { 1, 2, 2, 3 },
		.boost_factor = 15000,
		.kinds = BIT(OP_UNBOOST),
		REQUESTS(short_boosting),
		.nr_states = 9688,
		.nr_steps = 60722,
	},
	{
		.name = "cma-2",
		.pb_order = 1,
		.managed = 8,
		.nr_cma = 4,
		REQUESTS(cma),
		.nr_states = 21300,
		.nr_steps = 221110,
	},
	{
		.name = "split",
		.pb_order = 2,
		.managed = 8,
		.kinds = BIT(OP_SPLIT),
		REQUESTS(page_and_pair),
		.nr_states = 8460,
		.nr_steps = 54428,
	},
	{
		.name = "highatomic-2",
		.pb_order = 1,
		.managed = 300,
		.kinds = BIT(OP_UNRESERVE),
		REQUESTS(short_highatomic),
		.nr_states = 25148,
		.nr_steps = 328232,
	},
	{
		.name = "highatomic-4",
		.pb_order = 2,
		.managed = 400,
		.mark = { 1, 2, 3, 4 },
		.kinds = BIT(OP_UNRESERVE),
		REQUESTS(highatomic),
		.nr_states = 26264,
		.nr_steps = 433888,
	},
	{
		.name = "reserves",
		.pb_order = 2,
		.managed = 8,
		.mark = { 2, 3, 5, 6 },
		REQUESTS(reserves),
		.nr_states = 53875,
		.nr_steps = 994432,
	},
	{
		.name = "defrag",
		.pb_order = 2,
		.managed = 8,
		REQUESTS(whole),
		.nr_states = 92110,
		.nr_steps = 616252,
	},
	/* Single free pages: the first must be stolen, the others can be claimed */
	{
		.name = "caches-steal",
		.pb_order = 2,
		.managed = 8,
		.used = 0xae,
		.batch = 1,
		.high = 3,
		.most_freed = 4,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pages),
		.nr_states = 76998,
		.nr_steps = 584318,
	},
	{
		.name = "fast-steal",
		.pb_order = 2,
		.managed = 8,
		.used = 0xae,
		.batch = 1,
		.high = 3,
		.fast = true,
		.most_freed = 4,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pages),
		.nr_states = 68470,
		.nr_steps = 526198,
	},
	{
		.name = "caches",
		.pb_order = 2,
		.managed = 8,
		.batch = 2,
		.high = 6,
		.most_freed = 12,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pair_and_four),
		.nr_states = 89697,
		.nr_steps = 693182,
	},
	{
		.name = "fast",
		.pb_order = 2,
		.managed = 8,
		.batch = 2,
		.high = 6,
		.fast = true,
		.most_freed = 12,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pair_and_four),
		.nr_states = 83467,
		.nr_steps = 645450,
	},
	{
		.name = "held",
		.pb_order = 2,
		.managed = 8,
		.most_pinned = 2,
		.kinds = BIT(OP_PIN) | BIT(OP_RESCAN),
		REQUESTS(pair_and_four),
		.nr_states = 92880,
		.nr_steps = 605820,
	},
	{
		.name = "isolation-2",
		.pb_order = 1,
		.managed = 8,
		.kinds = BIT(OP_ISOLATE),
		REQUESTS(page_and_pair),
		.nr_states = 71300,
		.nr_steps = 935848,
	},
	{
		.name = "caches-large",
		.shift = 8,
		.pb_order = 1,
		.managed = 2048,
		.used = 0xc0,
		.batch = 63,
		.high = 1024,
		.most_freed = 512,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(three_orders),
		.nr_states = 19505,
		.nr_steps = 150180,
	},
	{
		.name = "fast-large",
		.shift = 8,
		.pb_order = 1,
		.managed = 2048,
		.used = 0xc0,
		.batch = 63,
		.high = 1024,
		.fast = true,
		.most_freed = 512,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(three_orders),
		.nr_states = 96649,
		.nr_steps = 782684,
	},
	/* Orders without lists */
	{
		.name = "fast-singles",
		.shift = 8,
		.pb_order = 2,
		.managed = 2048,
		.used = 0xc0,
		.batch = 63,
		.high = 1100,
		.fast = true,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(one_type),
		.nr_states = 11396,
		.nr_steps = 112902,
	},
	/* Blocks of two pageblocks, of which one is isolated */
	{
		.name = "caches-isolation",
		.pb_order = 1,
		.managed = 8,
		.batch = 1,
		.high = 8,
		.most_freed = 2,
		.kinds = BIT(OP_DRAIN_ALL) | BIT(OP_ISOLATE),
		REQUESTS(fours),
		.nr_states = 2692,
		.nr_steps = 31420,
	},
	{
		.name = "fast-isolation",
		.pb_order = 1,
		.managed = 8,
		.batch = 1,
		.high = 8,
		.fast = true,
		.most_freed = 2,
		.kinds = BIT(OP_DRAIN_ALL) | BIT(OP_ISOLATE),
		REQUESTS(fours),
		.nr_states = 2936,
		.nr_steps = 34232,
	},
	{
		.name = "cma-4",
		.pb_order = 2,
		.managed = 8,
		.nr_cma = 4,
		.kinds = BIT(OP_ISOLATE),
		REQUESTS(cma),
		.nr_states = 69480,
		.nr_steps = 994512,
	},
	{
		.name = "caches-cma",
		.pb_order = 1,
		.managed = 8,
		.nr_cma = 4,
		.used = 0x03,
		.batch = 2,
		.high = 4,
		.most_freed = 3,
		.kinds = BIT(OP_DRAIN_ALL) | BIT(OP_ISOLATE),
		REQUESTS(pairs_and_cma),
		.nr_states = 50980,
		.nr_steps = 593684,
	},
	{
		.name = "caches-pages",
		.pb_order = 1,
		.managed = 8,
		.used = 0xf0,
		.batch = 1,
		.high = 3,
		.most_freed = 4,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(page_and_pair),
		.nr_states = 155447,
		.nr_steps = 1160956,
	},
	{
		.name = "fast-pages",
		.pb_order = 1,
		.managed = 8,
		.used = 0xf0,
		.batch = 1,
		.high = 3,
		.fast = true,
		.most_freed = 4,
		.whole = true,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(page_and_pair),
		.nr_states = 132445,
		.nr_steps = 981192,
	},
	{
		.name = "lists-4",
		.pb_order = 2,
		.managed = 8,
		REQUESTS(typed),
		.nr_states = 274100,
		.nr_steps = 2679084,
	},
	{
		.name = "caches-auto",
		.pb_order = 2,
		.managed = 200,
		.mark = { 1, 2, 4, 5 },
		.batch = 1,
		.high = UMBRA_AUTO,
		.most_freed = 6,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pair_and_four),
		.nr_states = 301615,
		.nr_steps = 2377486,
	},
	{
		.name = "fast-auto",
		.pb_order = 2,
		.managed = 200,
		.mark = { 1, 2, 4, 5 },
		.batch = 1,
		.high = UMBRA_AUTO,
		.fast = true,
		.most_freed = 6,
		.whole = true,
		.kinds = BIT(OP_DRAIN),
		REQUESTS(pair_and_four),
		.nr_states = 307311,
		.nr_steps = 2419724,
	},
	{
		.name = "lists-2",
		.pb_order = 1,
		.managed = 8,
		REQUESTS(short_typed),
		.nr_states = 381204,
		.nr_steps = 2862252,
	},
	{
		.name = "lists-4-every",
		.pb_order = 2,
		.managed = 8,
		.whole = true,
		REQUESTS(every),
		.nr_states = 357882,
		.nr_steps = 5986350,
	},
	{
		.name = "lists-2-every",
		.pb_order = 1,
		.managed = 8,
		.whole = true,
		REQUESTS(every),
		.nr_states = 1594434,
		.nr_steps = 26665206,
	},
	{
		.name = "highatomic-2-all",
		.pb_order = 1,
		.managed = 300,
		.kinds = BIT(OP_UNRESERVE),
		.whole = true,
		REQUESTS(highatomic),
		.nr_states = 211180,
		.nr_steps = 3495544,
	},
	{
		.name = "isolation-4-three",
		.pb_order = 2,
		.managed = 8,
		.kinds = BIT(OP_ISOLATE),
		.whole = true,
		REQUESTS(three_types),
		.nr_states = 1409440,
		.nr_steps = 20779904,
	},
	{
		.name = "boost-all",
		.pb_order = 1,
		.managed = 8,
		.mark = { 1, 2, 2, 3 },
		.boost_factor = 15000,
		.kinds = BIT(OP_UNBOOST),
		.whole = true,
		REQUESTS(boosting),
		.nr_states = 666942,
		.nr_steps = 6960478,
	},
	{
		.name = "held-pages",
		.pb_order = 2,
		.managed = 8,
		.most_pinned = 1,
		.kinds = BIT(OP_PIN) | BIT(OP_RESCAN),
		.whole = true,
		REQUESTS(page_and_four),
		.nr_states = 259388,
		.nr_steps = 1727248,
	},
	{
		.name = "caches-two-types",
		.pb_order = 1,
		.managed = 8,
		.used = 0xf0,
		.batch = 1,
		.high = 3,
		.most_freed = 4,
		.kinds = BIT(OP_DRAIN),
		.whole = true,
		REQUESTS(pages_and_four),
		.nr_states = 950343,
		.nr_steps = 9271368,
	},
	{
		.name = "caches-pages-auto",
		.pb_order = 1,
		.managed = 100,
		.used = 0xf0,
		.mark = { 0, 1, 2, 3 },
		.batch = 1,
		.high = UMBRA_AUTO,
		.most_freed = 6,
		.kinds = BIT(OP_DRAIN),
		.whole = true,
		REQUESTS(page_and_pair),
		.nr_states = 410176,
		.nr_steps = 3149818,
	},
	{
		.name = "fast-pages-auto",
		.pb_order = 1,
		.managed = 100,
		.used = 0xf0,
		.mark = { 0, 1, 2, 3 },
		.batch = 1,
		.high = UMBRA_AUTO,
		.fast = true,
		.most_freed = 6,
		.kinds = BIT(OP_DRAIN),
		.whole = true,
		REQUESTS(page_and_pair),
		.nr_states = 413588,
		.nr_steps = 3174078,
	},
	{
		.name = "caches-highatomic",
		.pb_order = 2,
		.managed = 400,
		.batch = 2,
		.high = 6,
		.most_freed = 4,
		.kinds = BIT(OP_DRAIN_ALL) | BIT(OP_UNRESERVE),
		.whole = true,
		REQUESTS(pairs_and_highatomic),
		.nr_states = 459935,
		.nr_steps = 3838087,
	},
	{
		.name = "large-2-every",
		.shift = 8,
		.pb_order = 1,
		.managed = 2048,
		.whole = true,
		REQUESTS(two_types),
		.nr_states = 388132,
		.nr_steps = 4128120,
	},
	{
		.name = "large-4-every",
		.shift = 7,
		.pb_order = 2,
		.managed = 1024,
		.whole = true,
		REQUESTS(two_types),
		.nr_states = 167516,
		.nr_steps = 1775624,
	},
};

const unsigned int nr_scenes = NR(scenes);
