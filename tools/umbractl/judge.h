/* SPDX-License-Identifier: GPL-2.0 */
/* Why the zones of a report did not serve its request; see judge.c. */
#ifndef _UMBRACTL_JUDGE_H
#define _UMBRACTL_JUDGE_H

#include "gfp.h"
#include "log.h"

/* The result of a zone for a request */
enum zone_result {
	ZONE_SERVES,		/* passes every test with the numbers of the report */
	ZONE_TYPE,		/* the request cannot use zones of this type */
	ZONE_NODE,		/* the request cannot use this node */
	ZONE_SHORT,		/* not enough free pages above the watermark */
	ZONE_PROTECTED,		/* enough but for lowmem_reserve */
	ZONE_HIGHATOMIC,	/* enough but for the reserve of urgent requests */
	ZONE_CMA,		/* enough but for pages of CMA */
	ZONE_PIECES,		/* enough pages, no free block of the order */
	ZONE_OLD_RULE,		/* too few large blocks for a kernel before 4.4 */
	ZONE_UNKNOWN,		/* the report lacks a number that decides */
};

enum verdict {
	VERDICT_FREED,		/* a zone would serve the request */
	VERDICT_MEMORY,
	VERDICT_FRAGMENTATION,
	VERDICT_PROTECTED,
	VERDICT_HIGHATOMIC,
	VERDICT_CMA,
	VERDICT_NO_ZONE,
	VERDICT_UNKNOWN,
};

/**
 * struct zone_judgment - a zone and its result
 * @zone: the zone of the report
 * @result: the result
 * @free: free pages
 * @needed: free pages with which the zone passes the watermark, for the request
 * @kept: pages that lowmem_reserve keeps from the request; a part of @needed
 * @missing: pages that the test which failed lacks; 0 if no number failed
 * @kept_block: ZONE_CMA or ZONE_HIGHATOMIC if these have a free block of the order
 *	and the request may not use it, else ZONE_PIECES; for ZONE_PIECES
 * @largest: order of the largest free block that the request may use, or -1
 *
 * @free, @needed and @missing are UNKNOWN if the report lacks a number.
 */
struct zone_judgment {
	const struct log_zone *zone;
	enum zone_result result;
	long long free;
	long long needed;
	long long kept;
	long long missing;
	enum zone_result kept_block;
	int largest;
};

/**
 * struct judgment - all zones, in the order in which the request tries them
 * @verdict: the cause
 * @set: flags of the request
 * @rest: bits of its mode that are no known flags
 * @has_set: whether the flags are known
 * @is_named: whether the report printed their names
 * @guessed_page: whether a page is taken to have 4 kB
 * @one_node: whether the request is for one node that the report does not name
 * @no_reserve: whether a zone has no lowmem_reserve in the report
 * @bad_flags: whether the flags contradict each other
 * @no_types: whether the types of free blocks are unknown
 * @version: version of the kernel, or of the newest one if unknown
 * @page_kb: size of a page
 * @managed: pages of all zones that the request may use
 * @nr_zones: number of elements of @zones
 * @zones: results
 */
struct judgment {
	enum verdict verdict;
	unsigned long long set;
	unsigned long rest;
	bool has_set;
	bool is_named;
	bool guessed_page;
	bool one_node;
	bool no_reserve;
	bool bad_flags;
	bool no_types;
	unsigned int version;
	long long page_kb;
	long long managed;
	unsigned int nr_zones;
	struct zone_judgment zones[LOG_ZONES];
};

/* The newest kernel whose rules the library has */
#define NEWEST_KERNEL	KERNEL(7, 3, 0)

int judge(const struct report *r, unsigned int version, struct judgment *j);
bool judge_may_wait(const struct judgment *j);

#endif /* _UMBRACTL_JUDGE_H */
