// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of the oracle, drawn at random and recorded. Requests neither wake
 * kswapd nor reclaim. Without caches they have orders that the host does not
 * cache; with caches they have all orders, and some are for many pages at once, or
 * for a given range. A range also drains the caches.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include "oracle.h"

/* Blocks that may be held before a step that allocates. */
#define MOST_HELD 8192

/*
 * With caches, one of BULK_RARITY steps has many pages at once, and one of
 * RANGE_RARITY steps that allocate is for a range.
 */
#define BULK_RARITY 64
#define RANGE_RARITY 64

/* Orders that the host does not keep in the caches of CPUs. */
static const u8 uncached[] = { 4, 5, 6, 7, 8, 10 };

/* All orders, small ones more often. */
static const u8 all_orders[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 9, 10,
};

static const gfp_t types[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

/*
 * With several zones, what a request says about them. One of DMA_RARITY requests
 * is for DMA, which a quiet node does not have.
 */
static const gfp_t zones[] = { 0, __GFP_DMA32, __GFP_HIGHMEM, __GFP_HIGHMEM };

#define DMA_RARITY 64

/* Flags that open reserves, and those of ordinary requests more often. */
static const gfp_t reserves[] = { 0, 0, 0, __GFP_HIGH, __GFP_MEMALLOC };

static u32 draw(struct oracle *o, u32 below)
{
	return prandom_u32_state(&o->rnd) % below;
}

/* Begin to draw, with a seed. */
void oracle_draw_begin(struct oracle *o, unsigned long seed)
{
	prandom_seed_state(&o->rnd, seed);
}

/* Record a step and do it. */
static int do_and_log(struct oracle *o, const struct oracle_step *step)
{
	if (o->log.nr == o->log.most) {
		pr_err("no room for step %u\n", o->log.nr);
		return -ENOSPC;
	}
	o->log.steps[o->log.nr++] = *step;
	return oracle_do(o, step);
}

static unsigned int draw_order(struct oracle *o)
{
	return o->caches ? all_orders[draw(o, ARRAY_SIZE(all_orders))] :
			   uncached[draw(o, ARRAY_SIZE(uncached))];
}

static gfp_t draw_type(struct oracle *o)
{
	gfp_t type = types[draw(o, ARRAY_SIZE(types))];

	return o->nr_zones > 1 ? type | zones[draw(o, ARRAY_SIZE(zones))] :
				 type;
}

static u32 draw_gfp(struct oracle *o)
{
	gfp_t type = draw_type(o);

	if (o->nr_zones > 1 && draw(o, 2))
		type = o->favourite;
	else if (o->nr_zones > 1 && draw(o, DMA_RARITY) == 0)
		type = __GFP_DMA;
	return (__force u32)(type | reserves[draw(o, ARRAY_SIZE(reserves))] |
			     __GFP_NOWARN);
}

/* Returns the number of the first of @nr new blocks. */
static u32 new_blocks(struct oracle *o, u32 nr)
{
	o->next_block += nr;
	return o->next_block - nr;
}

static int allocate(struct oracle *o)
{
	return do_and_log(o, &(struct oracle_step) {
		.kind = ORACLE_STEP_ALLOC,
		.order = draw_order(o),
		.gfp = draw_gfp(o),
		.block = new_blocks(o, 1),
	});
}

static int allocate_bulk(struct oracle *o)
{
	unsigned int nr = 1 + draw(o, ORACLE_BULK);

	return do_and_log(o, &(struct oracle_step) {
		.kind = ORACLE_STEP_BULK,
		.nr = nr,
		.at = draw(o, 2 * nr),
		.gfp = draw_gfp(o),
		.block = new_blocks(o, nr),
	});
}

/*
 * A range in one zone. It begins anywhere, at a pageblock, or at a largest block;
 * it has a few pages, many, or whole pageblocks.
 */
static int allocate_range(struct oracle *o)
{
	static const u16 aligns[] = { 1, 1, 512, 1024 };
	static const u16 most[] = { 8, 64, 1024, ORACLE_RANGE };
	const struct oracle_zone *zone = &o->zones[draw(o, o->nr_zones)];
	u32 start = round_down(draw(o, zone->nr_frames),
			       aligns[draw(o, ARRAY_SIZE(aligns))]);
	u32 nr = 1 + draw(o, most[draw(o, ARRAY_SIZE(most))]);

	if (nr > 512 && draw(o, 2))
		nr = round_down(nr, 512);
	return do_and_log(o, &(struct oracle_step) {
		.kind = ORACLE_STEP_RANGE,
		.nr = min(nr, zone->nr_frames - start),
		.frame = zone->first + start,
		.block = new_blocks(o, 1),
	});
}

static int free_some(struct oracle *o, unsigned int nr)
{
	int err = 0;

	for (; nr && o->nr_held && !err; nr--)
		err = do_and_log(o, &(struct oracle_step) {
			.kind = ORACLE_STEP_FREE,
			.block = o->held[draw(o, o->nr_held)],
		});
	return err;
}

/*
 * Small blocks may still be had after a failure; a large one turns rarely. With
 * several zones the favourite must fail, so that each of them is full at times.
 */
static void note_failure(struct oracle *o)
{
	const gfp_t mask = GFP_ZONEMASK | __GFP_RECLAIMABLE;
	u32 gfp = o->log.steps[o->log.nr - 1].gfp;

	if (o->nr_zones > 1 && ((__force gfp_t)gfp & mask) != o->favourite)
		return;
	if (draw(o, 4) == 0) {
		o->nr_turns += o->filling;
		o->filling = false;
	}
}

/*
 * Allocate or free; more allocations until the zone is full, then more frees.
 * Returns 0, -EIO if both did it differently, or -ENOSPC.
 */
int oracle_draw_step(struct oracle *o)
{
	bool bulk = o->caches && draw(o, BULK_RARITY) == 0;
	bool more = draw(o, 8) < (o->filling ? 5 : 3);
	unsigned long failed = o->nr_failed;
	int err;

	if (!o->nr_held) {
		o->favourite = draw_type(o);
		o->filling = true;
		more = true;
	}
	if (!more || o->nr_held + ORACLE_BULK >= MOST_HELD)
		return free_some(o, bulk ? 1 + draw(o, ORACLE_BULK) : 1);
	if (o->next_block + ORACLE_BULK > o->most) {
		pr_err("no room for block %u\n", o->next_block);
		return -ENOSPC;
	}
	if (o->caches && draw(o, RANGE_RARITY) == 0)
		return allocate_range(o);
	err = bulk ? allocate_bulk(o) : allocate(o);
	if (o->nr_failed != failed)
		note_failure(o);
	return err;
}
