/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an allocator with nodes and zones must answer, told from how it was laid
 * out, from what was set since, and from its free blocks: which zones a request
 * may use, in which order, and which of them can serve it.
 *
 * Of the instance only counters of free blocks and the boosts of watermarks are
 * read, and, where blocks are chosen by address, where free blocks are. Orders of
 * zones, watermarks and reserves are computed anew here.
 */
#ifndef _UMBRA_ZONED_MODEL_H
#define _UMBRA_ZONED_MODEL_H

#include "test_util.h"

#define MODEL_NODES 4
#define MODEL_ZONES (MODEL_NODES * UMBRA_NR_ZONE_TYPES)

/* A zone, as it was laid out, and what must have been counted in it. */
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
	bool group;		/* by migratetype */
	bool lowest;		/* blocks are chosen by address */
	bool cached;		/* CPUs keep pages */

	unsigned int nr_nodes;
	unsigned int nr_zones;
	struct model_zone zone[MODEL_ZONES];
	int order[MODEL_NODES][MODEL_NODES + 1];	/* -1 ends each */
	umbra_nodemask_t online;
	umbra_nodemask_t allowed;
	long dirty[MODEL_NODES];
};

struct model_request {
	gfp_t gfp;
	unsigned int order;
	int nid;			/* negative for that of @cpu */
	const umbra_nodemask_t *mask;
	unsigned int cpu;
	bool nolock;
};

/**
 * struct model_answer - what a request must come to
 * @zone: the zone that is sure to serve it, or -1
 * @preferred: the zone that the request was for in that pass, or -1
 * @index: the block that @zone has for it, or UMBRA_NO_FRAME if any may be
 * @may: zones that may serve it, up to @zone
 * @allowed: zones that it may use at all
 * @unsure: what is reserved for high orders may be released for it
 * @highatomic: it may have what is reserved for high orders
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
