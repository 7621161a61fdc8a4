/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run of random operations on an instance with a random layout: owned blocks,
 * isolated pageblocks, and requests that are compared with the model.
 */
#ifndef _UMBRA_ZONED_RUN_H
#define _UMBRA_ZONED_RUN_H

#include <linux/prandom.h>
#include "../src/core/span.h"
#include "zoned_model.h"

struct owned {
	u32 index;
	u8 order;
	bool comp;
};

struct run {
	struct kunit *test;
	struct zoned_model m;
	struct rnd_state rnd;
	u32 (*draw)(u32 limit);		/* replaces @rnd; or NULL */
	u32 zone_frames;		/* most frames of a zone, about */
	unsigned long *busy;		/* per frame: owned */
	unsigned long *isolated;	/* per pageblock */
	struct owned *owned;
	u32 nr_owned;
	unsigned int cpu;
	unsigned int chance;		/* chance of an allocation, of 256 */
	unsigned long nr_failed;
	unsigned long nr_reports;
	unsigned long fail_events;
};

static inline u32 pick(struct run *r, u32 limit)
{
	return r->draw ? r->draw(limit) :
			 prandom_u32_state(&r->rnd) % limit;
}

static inline struct page *page_of(struct run *r, u32 index)
{
	return umbra_index_to_page(r->m.u, index);
}

static inline u32 pageblock_of(struct run *r, u32 index)
{
	return index >> r->m.layout.pb_order;
}

void zoned_create(struct run *r);
void zoned_check_order(struct run *r);
void zoned_own(struct run *r, u32 index, unsigned int order, bool comp);
void zoned_count_pages(struct run *r, int zone, gfp_t gfp, unsigned long nr);
void zoned_learn_numa(struct run *r);
void zoned_alloc(struct run *r);
void zoned_alloc_bulk(struct run *r);

/* zoned_steps.c */
void zoned_change_cpu(struct run *r);
void zoned_step(struct run *r);
void zoned_check_counts(struct run *r);
void zoned_judge(struct run *r);
void zoned_wind_up(struct run *r);

#endif /* _UMBRA_ZONED_RUN_H */
