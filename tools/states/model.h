/* SPDX-License-Identifier: GPL-2.0 */
/* The reference model of a zone; see model.c. */
#ifndef _STATES_MODEL_H
#define _STATES_MODEL_H

#include "states.h"

/* Blocks in their order; the first is the newest of a list of the zone. */
struct blocks {
	u8 nr;
	u8 at[UNITS];
};

struct model_cache {
	struct blocks slot[SLOTS];	/* the oldest first */
	int alloc_factor;
	bool freed_high_order;
	int high;
	int free_count;
};

struct model {
	const struct scene *scene;
	u8 map[UNITS];
	u8 types[PAGEBLOCKS];
	struct blocks list[ORDERS][UMBRA_NR_TYPES];
	struct model_cache cache[CPUS];
	long boost;
	unsigned int flags;
	unsigned int pinned;
};

/* How much of a zone a take within one hold of its lock has seen empty */
enum model_mode {
	MODE_OWN,
	MODE_CMA,
	MODE_CLAIM,
	MODE_STEAL
};

static inline unsigned int block_units(unsigned int order)
{
	return 1U << order;
}

static inline long block_pages(const struct model *m, unsigned int order)
{
	return 1L << (order + m->scene->shift);
}

/* Blocks at the start and at the end of a list */
void blocks_add(struct blocks *b, u8 head);
void blocks_add_tail(struct blocks *b, u8 head);
u8 blocks_pop(struct blocks *b);
void blocks_remove(struct blocks *b, u8 head);

/* model.c: the lists of the zone */
unsigned int model_type(const struct model *m, unsigned int unit);
void model_free(struct model *m, unsigned int head, unsigned int order);
void model_free_range(struct model *m, unsigned int start, unsigned int end);
u8 model_take_list(struct model *m, unsigned int order, unsigned int type);
void model_split(struct model *m, unsigned int head, unsigned int found,
		 unsigned int order);
void model_set_types(struct model *m, unsigned int head, unsigned int order,
		     unsigned int type);
void model_move(struct model *m, unsigned int pageblock, u8 type);
void model_change(struct model *m, unsigned int pageblock, u8 type);
void model_remove(struct model *m, unsigned int head, unsigned int order);

/* model_take.c: requests */
u8 model_take_block(struct model *m, const struct request *rq, bool reserves,
		    enum model_mode *mode);
int model_take(struct model *m, const struct request *rq, unsigned int cpu);
bool model_unreserve(struct model *m, unsigned int type, bool force);
bool model_is_above(const struct model *m, const struct request *rq,
		    enum umbra_wmark mark);

/* model_cache.c: caches of CPUs */
void model_cache_limits(const struct scene *scene, int *min, int *max);
u8 model_cache_take(struct model *m, const struct request *rq,
		    unsigned int cpu);
bool model_cache_free(struct model *m, unsigned int head, unsigned int order,
		      unsigned int cpu);
void model_cache_drain(struct model *m, unsigned int cpu);

#endif /* _STATES_MODEL_H */
