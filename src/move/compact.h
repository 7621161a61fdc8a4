/* SPDX-License-Identifier: GPL-2.0 */
/* Compaction of a zone, of a node, or for a request; see compact.c. */
#ifndef _UMBRA_COMPACT_H
#define _UMBRA_COMPACT_H

#include "../core/core.h"
#include "../core/request.h"

struct umbra_compaction;

/* Results of compaction, from worst to best, as the host has them. */
enum umbra_compact_result {
	UMBRA_COMPACT_SKIPPED,	/* too few free pages, or not fragmented */
	UMBRA_COMPACT_DEFERRED,	/* not tried, because recent runs failed */
	UMBRA_COMPACT_CONTINUE,	/* run not done yet; never a final result */
	UMBRA_COMPACT_COMPLETE,	/* the whole zone was scanned without success */
	UMBRA_COMPACT_PARTIAL_SKIPPED,	/* a part of the zone was scanned */
	UMBRA_COMPACT_CONTENDED,	/* the run ended early */
	UMBRA_COMPACT_SUCCESS,	/* the zone has a block of the order */
	/* for events only: no block yet, and short of memory */
	UMBRA_COMPACT_NO_SUITABLE_PAGE,
	UMBRA_COMPACT_NOT_SUITABLE_ZONE
};

/* Effort of compaction; a lower number is more effort. */
enum umbra_compact_priority {
	UMBRA_COMPACT_PRIO_FULL,	/* sync light, ignores skip hints */
	UMBRA_COMPACT_PRIO_LIGHT,	/* sync light */
	UMBRA_COMPACT_PRIO_ASYNC
};

/* The meaning of a result for a request, as the host's events have it. */
static inline int umbra_compact_feedback(enum umbra_compact_result result)
{
	switch (result) {
	case UMBRA_COMPACT_COMPLETE:
		return 1;	/* failed */
	case UMBRA_COMPACT_SUCCESS:
		return 3;	/* progress */
	default:
		return 2;	/* withdrawn */
	}
}

unsigned long umbra_compact_gap(unsigned int order);
enum umbra_compact_result umbra_compact_is_needed(struct umbra_zone *zone,
						  unsigned int order,
						  enum umbra_zone_type highest,
						  unsigned int flags,
						  bool async);
bool umbra_compact_zone_suitable(struct umbra_zone *zone, unsigned int order,
				 unsigned long mark,
				 enum umbra_zone_type highest);
bool umbra_compact_suitable(struct umbra *u, const struct umbra_request *rq);
unsigned int umbra_compact_score(struct umbra *u, unsigned int nid);
unsigned int umbra_compact_score_wmark(const struct umbra *u, bool low);
enum umbra_compact_result umbra_compact_zone(struct umbra_compaction *c);
enum umbra_compact_result
umbra_compact_direct(struct umbra *u, const struct umbra_request *rq,
		     enum umbra_compact_priority priority, u32 *index);
int umbra_compact_node_zones(struct umbra *u, unsigned int nid, bool proactive);

#endif /* _UMBRA_COMPACT_H */
