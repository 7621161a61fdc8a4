/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of an allocator with nodes and zones. From the layout, the later
 * settings and the free blocks it predicts the zones that a request may use,
 * their order, and the zone that serves the request.
 *
 * The model reads only the counters of free blocks and the boosts of the
 * instance, and the places of free blocks if a policy chooses by address. It
 * computes zone orders, watermarks and reserves itself.
 */
#ifndef _UMBRA_ZONED_MODEL_H
#define _UMBRA_ZONED_MODEL_H

#include "test_util.h"

#define MODEL_NODES 4
#define MODEL_ZONES (MODEL_NODES * UMBRA_NR_ZONE_TYPES)

/* A zone: its layout, and its expected counters. */
struct model_zone {
	u32 start;
	u32 end;
	u32 cma;		/* where its CMA pageblocks start, or @end */
	unsigned int nid;
	unsigned int type;
	long mark[UMBRA_NR_WMARKS];
	long reserve[UMBRA_NR_ZONE_TYPES];
	unsigned long owned;	/* pages */
	unsigned long events[UMBRA_NR_EVENTS];
};

struct zoned_model {
	struct umbra *u;
	struct umbra_layout layout;
	struct umbra_zone_layout zones[MODEL_ZONES];
	u8 distance[MODEL_NODES * MODEL_NODES];
	u8 cpu_node[NR_CPUS];
	u32 nr_frames;
	bool group;		/* by migratetype; else one type for all */
	bool lowest;		/* chooses blocks by address */
	bool cached;		/* CPUs keep pages */

	unsigned int nr_nodes;
	unsigned int nr_zones;
	struct model_zone zone[MODEL_ZONES];
	int order[MODEL_NODES][MODEL_NODES + 1];	/* ends with -1 */
	umbra_nodemask_t online;
	umbra_nodemask_t allowed;
	long dirty[MODEL_NODES];
};

struct model_request {
	gfp_t gfp;
	unsigned int order;
	int nid;			/* negative: the node of @cpu */
	const umbra_nodemask_t *mask;
	unsigned int cpu;
	bool nolock;
};

/**
 * struct model_answer - the required result of a request
 * @zone: the zone that must serve the request, or -1
 * @preferred: the preferred zone of that pass, or -1
 * @index: the block that @zone must give, or UMBRA_NO_FRAME for any block
 * @may: the zones that may serve the request, up to @zone
 * @allowed: all zones that the request may use
 * @unsure: true if the highatomic reserve may be released for the request
 * @highatomic: true if the request may use the highatomic reserve
 */
struct model_answer {
	int zone;
	int preferred;
	u32 index;
	u32 may;
	u32 allowed;
	bool unsure;
	bool highatomic;
};

void zoned_model_marks(struct zoned_model *m);
void zoned_model_order(struct zoned_model *m);
bool zoned_model_is_bad(const struct zoned_model *m, gfp_t gfp);
unsigned int zoned_model_list(const struct zoned_model *m, unsigned int nid,
			      u8 *list);
int zoned_model_zone_of(const struct zoned_model *m, u32 index);
struct model_answer zoned_model_ask(const struct zoned_model *m,
				    const struct model_request *rq);
struct model_answer zoned_model_ask_slow(const struct zoned_model *m,
					 const struct model_request *rq);

#endif /* _UMBRA_ZONED_MODEL_H */
