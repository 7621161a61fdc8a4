/* SPDX-License-Identifier: GPL-2.0 */
/* A request for a block. */
#ifndef _UMBRA_REQUEST_H
#define _UMBRA_REQUEST_H

#include <linux/minmax.h>
#include "core.h"

/* Flags of a request; the lowest two bits are an enum umbra_wmark. */
#define ALLOC_WMARK_MIN	UMBRA_WMARK_MIN
#define ALLOC_WMARK_LOW	UMBRA_WMARK_LOW
#define ALLOC_WMARK_HIGH	UMBRA_WMARK_HIGH
#define ALLOC_WMARK_MASK	3
#define ALLOC_NO_WATERMARKS BIT(2)
#define ALLOC_OOM		BIT(3)	/* half of the reserve, for a victim */
#define ALLOC_NON_BLOCK	BIT(4)	/* cannot wait: with ALLOC_MIN_RESERVE, */
				/* a quarter of the rest of the mark too */
#define ALLOC_MIN_RESERVE	BIT(5)	/* half of the reserve */
#define ALLOC_CPUSET	BIT(6)	/* only allowed nodes, if hardwall is set */
#define ALLOC_CMA		BIT(7)	/* may use CMA pageblocks */
#define ALLOC_NOFRAGMENT	BIT(8)	/* may claim only whole pageblocks */
#define ALLOC_HIGHATOMIC	BIT(9)	/* may use the highatomic reserve */
#define ALLOC_TRYLOCK	BIT(10)	/* may not wait for a lock */
#define ALLOC_KSWAPD	BIT(11)	/* wakes kswapd */
#define ALLOC_DEFRAG	BIT(12)	/* defrag_mode: a pass that finds no block does */
				/* not drop ALLOC_NOFRAGMENT by itself */
#define ALLOC_RESERVES (ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | \
			      ALLOC_HIGHATOMIC | ALLOC_OOM)

/*
 * A request: constant once umbra_request_init() has filled it in. The slow path
 * changes copies.
 */
struct umbra_request {
	gfp_t gfp;
	unsigned int order;
	enum umbra_migratetype type;
	enum umbra_zone_type highest;
	unsigned int flags;		/* ALLOC_* */
	bool spread_dirty;		/* avoid nodes with many dirty pages */
	bool hardwall;			/* must stay in the allowed nodes */
	umbra_nodemask_t nodemask;
	int nid;			/* preferred node */
	const struct umbra_zonelist *zonelist;
	struct umbra_zone *preferred;	/* first allowed zone, or NULL */
};

/* The kind of a gfp. gfp.c asserts that only the lowest bits name a kind. */
static inline const struct umbra_gfp_kind *umbra_gfp_kind(const struct umbra *u,
							  gfp_t gfp)
{
	return &u->kinds[(__force unsigned int)gfp % UMBRA_GFP_KINDS];
}

/*
 * The order that reclaim and compaction work for. With defrag_mode it is that of
 * a pageblock at least, if the block is not movable: such a block gets a whole
 * pageblock, and reclaim alone frees pages in movable pageblocks.
 */
static inline unsigned int umbra_work_order(const struct umbra *u,
					    const struct umbra_request *rq)
{
	const unsigned int whole = ALLOC_DEFRAG | ALLOC_NOFRAGMENT;

	if ((rq->flags & whole) != whole || rq->type == UMBRA_MOVABLE)
		return rq->order;
	return max(rq->order, u->pb_order);
}

#endif /* _UMBRA_REQUEST_H */
