/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decisions of the allocation path, told by the code that makes them; see
 * decision.c. The static key of debugging disables the hooks, and a request that
 * could be a hit takes the way through the zones while decisions are recorded.
 */
#ifndef _UMBRA_DECISION_H
#define _UMBRA_DECISION_H

#include "debug.h"
#include "request.h"

enum umbra_decision_kind {
	DECISION_REQUEST,	/* a request begins */
	DECISION_LEAVE_OUT,	/* a walk leaves out a zone: enum umbra_left_out */
	DECISION_AGAIN,		/* the zones are walked again */
	DECISION_MARK,		/* a watermark is compared with free pages */
	DECISION_HIT,		/* the cache of the CPU has a block */
	DECISION_REFILL,	/* it has none: blocks for it from the zone */
	DECISION_TAKE,		/* a block off a free list, split if larger */
	DECISION_CLAIM,		/* a pageblock of another type is claimed */
	DECISION_KEEP,		/* a pageblock of another type is not claimed */
	DECISION_STEAL,		/* a block of another type, without its pageblock */
	DECISION_RESERVE,	/* a pageblock joins the highatomic reserve */
	DECISION_STEP,		/* a step of the slow path ends */
	DECISION_DONE,		/* a request ends */
	DECISION_FREE,		/* a block goes to a free list, merged or not */
	UMBRA_NR_DECISIONS
};

/* The reason why a walk leaves out a zone. */
enum umbra_left_out {
	LEFT_OUT_NODE,		/* its node is not allowed */
	LEFT_OUT_DIRTY,		/* its node has too many dirty pages */
	LEFT_OUT_FAR,		/* another node, before pageblocks are mixed */
	LEFT_OUT_KSWAPD		/* kswapd works there: others come first */
};

/* The result of a comparison with a watermark. */
enum umbra_mark_result {
	MARK_OK,
	MARK_SHORT,		/* too few pages */
	MARK_NO_BLOCK		/* enough pages, but no block is large enough */
};

/* The steps of the slow path, see slowpath.c. */
enum umbra_step {
	STEP_BEGIN,
	STEP_ATTEMPT,
	STEP_RECLAIM,
	STEP_COMPACT,
	STEP_DECIDE,
	STEP_OOM,
	STEP_NOPAGE,
	NR_STEPS,
	STEP_DONE = NR_STEPS
};

#define UMBRA_NO_DECIDED_ZONE U8_MAX

/**
 * struct umbra_decision - one decision
 * @seq: its number in the order of all CPUs, from 1
 * @ns: time of the clock of the CPU, in nanoseconds
 * @pid: the task
 * @cpu: the CPU
 * @context: 0 in a task, 1 in a soft interrupt, 2 in an interrupt, 3 in an NMI
 * @kind: enum umbra_decision_kind
 * @zone: index of the zone, or %UMBRA_NO_DECIDED_ZONE
 * @order: order of the request or block
 * @type: migratetype of the request or list
 * @found: order of the block that was found, or of the merged block
 * @from: migratetype of the pageblock of the found block
 * @result: LEAVE_OUT: enum umbra_left_out; AGAIN: whether nodes whose kswapd works
 *	are still left out; MARK: enum umbra_mark_result; STEP: enum umbra_step;
 *	DONE: whether it is a bulk request; FREE: whether the block goes to the end
 *	of its list
 * @index: head of the block, or %UMBRA_NO_FRAME
 * @nr: HIT, REFILL, TAKE: number of blocks; REQUEST: the preferred node; MARK:
 *	enum umbra_wmark, or -1 for another mark
 * @flags: ALLOC_* of the request
 * @gfp: gfp of the request
 * @nodes: nodes that a request may use at first
 * @mark: numbers of a comparison, in pages
 * @pageblock: pages of a pageblock that may be claimed
 * @step: result of a step of the slow path
 */
struct umbra_decision {
	u64 seq;
	u64 ns;
	s32 pid;
	u16 cpu;
	u8 context;
	u8 kind;
	u8 zone;
	u8 order;
	u8 type;
	u8 found;
	u8 from;
	u8 result;
	u32 index;
	int nr;
	unsigned int flags;
	gfp_t gfp;
	union {
		umbra_nodemask_t nodes;
		struct {
			long free;	/* free pages of the zone */
			long unusable;	/* free pages that it may not use */
			long mark;	/* the watermark */
			long min;	/* the part of it that holds for the request */
			long reserve;	/* kept for requests of lower zones */
		} mark;
		struct {
			u32 pages;	/* in the pageblock */
			u32 free;
			u32 movable;	/* allocated, with __GFP_MOVABLE */
		} pageblock;
		struct {
			u8 next;	/* the next step */
			u8 compacted;	/* enum umbra_compact_result */
			u8 priority;	/* enum umbra_compact_priority */
			u8 no_progress;	/* reclaims in a row without progress */
			unsigned long reclaimed;	/* pages */
		} step;
	};
};

/* A bit of umbra.debug while decisions are recorded; not for layouts. */
#define UMBRA_DEBUG_RECORD BIT(30)

/* The most decisions that a recorder can keep for each CPU. */
#define UMBRA_RECORD_MOST 65536
/* The least: a nested interrupt must not come round to a slot in use. */
#define UMBRA_RECORD_LEAST 256

int umbra_record_set(struct umbra *u, unsigned int nr);
unsigned int umbra_record_size(struct umbra *u);
void umbra_record_kinds(struct umbra *u, unsigned int kinds);
void umbra_record_clear(struct umbra *u);
struct umbra_decision *umbra_record_read(struct umbra *u, size_t *nr);

void umbra_tell(struct umbra *u, struct umbra_decision *d);
void __umbra_tell_request(struct umbra *u, const struct umbra_request *rq);
void __umbra_tell_done(struct umbra *u, const struct umbra_request *rq,
		       u32 index, bool bulk);
void __umbra_tell_left_out(struct umbra_zone *zone,
			   const struct umbra_request *rq,
			   enum umbra_left_out why);
void __umbra_tell_again(struct umbra *u, const struct umbra_request *rq,
			bool rest);
void __umbra_tell_cache(struct umbra_zone *zone, const struct umbra_request *rq,
			enum umbra_decision_kind kind, u32 index, int nr);
void __umbra_tell_take(struct umbra_zone *zone, u32 index, unsigned int found,
		       unsigned int order, enum umbra_migratetype type,
		       int nr);
void __umbra_tell_free(struct umbra_zone *zone, u32 index, unsigned int order,
		       unsigned int merged, enum umbra_migratetype type,
		       bool to_tail);
void __umbra_tell_reserve(struct umbra_zone *zone, u32 index,
			  unsigned int order);

/* Are the decisions of an instance recorded? */
static inline bool umbra_decisions_are_on(const struct umbra *u)
{
	return static_branch_unlikely(&umbra_debug_key) &&
	       READ_ONCE(u->debug) & UMBRA_DEBUG_RECORD;
}

static inline void umbra_tell_request(struct umbra *u,
				      const struct umbra_request *rq)
{
	if (umbra_decisions_are_on(u))
		__umbra_tell_request(u, rq);
}

static inline void umbra_tell_done(struct umbra *u,
				   const struct umbra_request *rq, u32 index)
{
	if (umbra_decisions_are_on(u))
		__umbra_tell_done(u, rq, index, false);
}

/* @index is the first page of a bulk request; without one, a single one comes. */
static inline void umbra_tell_bulk_done(struct umbra *u,
					const struct umbra_request *rq,
					u32 index)
{
	if (umbra_decisions_are_on(u))
		__umbra_tell_done(u, rq, index, true);
}

static inline void umbra_tell_left_out(struct umbra_zone *zone,
				       const struct umbra_request *rq,
				       enum umbra_left_out why)
{
	if (umbra_decisions_are_on(zone->umbra))
		__umbra_tell_left_out(zone, rq, why);
}

static inline void umbra_tell_again(struct umbra *u,
				    const struct umbra_request *rq, bool rest)
{
	if (umbra_decisions_are_on(u))
		__umbra_tell_again(u, rq, rest);
}

/* @kind is DECISION_HIT or DECISION_REFILL, @nr the number of blocks. */
static inline void umbra_tell_cache(struct umbra_zone *zone,
				    const struct umbra_request *rq,
				    enum umbra_decision_kind kind, u32 index,
				    int nr)
{
	if (umbra_decisions_are_on(zone->umbra))
		__umbra_tell_cache(zone, rq, kind, index, nr);
}

/* @nr blocks of @order come from one block of order @found. */
static inline void umbra_tell_take(struct umbra_zone *zone, u32 index,
				   unsigned int found, unsigned int order,
				   enum umbra_migratetype type, int nr)
{
	if (umbra_decisions_are_on(zone->umbra))
		__umbra_tell_take(zone, index, found, order, type, nr);
}

static inline void umbra_tell_free(struct umbra_zone *zone, u32 index,
				   unsigned int order, unsigned int merged,
				   enum umbra_migratetype type, bool to_tail)
{
	if (umbra_decisions_are_on(zone->umbra))
		__umbra_tell_free(zone, index, order, merged, type, to_tail);
}

static inline void umbra_tell_reserve(struct umbra_zone *zone, u32 index,
				      unsigned int order)
{
	if (umbra_decisions_are_on(zone->umbra))
		__umbra_tell_reserve(zone, index, order);
}

#endif /* _UMBRA_DECISION_H */
