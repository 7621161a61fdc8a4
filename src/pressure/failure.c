// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of requests that fail or stall, with the state of all zones.
 * slowpath.c decides when a stall is reported.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "../buddy/fragmentation.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/account.h"
#include "../page/gfp.h"
#include "../page/pcp.h"
#include "failure.h"
#include "oom.h"

#define K(pages) ((pages) << (PAGE_SHIFT - 10))

/* Print the counters, the watermarks and the reserves of a zone. */
static noinline_for_stack void report_zone(const struct umbra_zone *zone)
{
	char reserve[UMBRA_NR_ZONE_TYPES * 24];
	unsigned int i, n = 0;

	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		n += scnprintf(reserve + n, sizeof(reserve) - n, " %lu",
			       READ_ONCE(zone->lowmem_reserve[i]));
	pr_warn("%s: Node %u %s free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB reserved_highatomic:%lukB free_highatomic:%lukB active_file:%lukB inactive_file:%lukB isolated_file:%lukB present:%lukB managed:%lukB held:%lukB free_isolated:%lukB free_pcp:%lukB local_pcp:%lukB free_cma:%lukB\n",
		zone->umbra->name, zone->nid, zone->name,
		K(READ_ONCE(zone->nr_free_pages)),
		K(READ_ONCE(zone->watermark_boost)),
		K(umbra_mark(zone, UMBRA_WMARK_MIN)),
		K(umbra_mark(zone, UMBRA_WMARK_LOW)),
		K(umbra_mark(zone, UMBRA_WMARK_HIGH)),
		K(READ_ONCE(zone->nr_reserved_highatomic)),
		K(READ_ONCE(zone->nr_free_highatomic)),
		K(READ_ONCE(zone->nr_lru[LRU_LIST_ACTIVE])),
		K(READ_ONCE(zone->nr_lru[LRU_LIST_INACTIVE])),
		K(READ_ONCE(zone->nr_lru[LRU_LIST_ISOLATED])),
		K(umbra_pages_in(zone->umbra, zone->start, zone->end)),
		K(READ_ONCE(zone->nr_managed)), K(READ_ONCE(zone->nr_held)),
		K(READ_ONCE(zone->nr_isolated)), K(umbra_pcp_count(zone, -1)),
		K(umbra_pcp_count(zone, raw_smp_processor_id())),
		K(READ_ONCE(zone->nr_free_cma)));
	pr_warn("%s: lowmem_reserve[]:%s\n", zone->umbra->name, reserve);
}

/* The types that have free blocks, as letters in the host's form: "(UM) " */
static const char *type_letters(const unsigned long nr_free[UMBRA_NR_TYPES],
				char text[UMBRA_NR_TYPES + 4])
{
	static const char letters[UMBRA_NR_TYPES] = {
		[UMBRA_UNMOVABLE] = 'U', [UMBRA_MOVABLE] = 'M',
		[UMBRA_RECLAIMABLE] = 'E', [UMBRA_HIGHATOMIC] = 'H',
		[UMBRA_CMA] = 'C', [UMBRA_ISOLATE] = 'I',
	};
	unsigned int type, n = 0;

	text[n++] = '(';
	for (type = 0; type < UMBRA_NR_TYPES; type++)
		if (nr_free[type])
			text[n++] = letters[type];
	if (n == 1)
		return "";
	strscpy(text + n, ") ", UMBRA_NR_TYPES + 4 - n);
	return text;
}

static unsigned long sum_types(const unsigned long nr_free[UMBRA_NR_TYPES])
{
	unsigned long blocks = 0;
	unsigned int type;

	for (type = 0; type < UMBRA_NR_TYPES; type++)
		blocks += nr_free[type];
	return blocks;
}

/* Print the free blocks per order: "3*4kB (UM) 0*8kB ... = 12kB" */
static noinline_for_stack void report_blocks(struct umbra_zone *zone)
{
	unsigned long nr_free[UMBRA_NR_ORDERS][UMBRA_NR_TYPES], total = 0;
	char text[UMBRA_NR_ORDERS * 32], letters[UMBRA_NR_TYPES + 4];
	unsigned int order, n = 0;

	umbra_snapshot_pagetypes(zone, nr_free);
	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		unsigned long blocks = sum_types(nr_free[order]);

		n += scnprintf(text + n, sizeof(text) - n, "%lu*%lukB %s",
			       blocks, K(1UL << order),
			       type_letters(nr_free[order], letters));
		total += blocks << order;
	}
	pr_warn("%s: Node %u %s: %s= %lukB\n", zone->umbra->name, zone->nid,
		zone->name, text, K(total));
}

/*
 * Does a zone belong in the report of a request? As in the host: zones up to the
 * highest zone of the request, on the nodes that it may use. A request that may
 * go beyond these nodes has all of them.
 */
static bool is_of_request(const struct umbra_zone *zone,
			  const struct umbra_request *rq)
{
	umbra_nodemask_t nodes = rq->nodemask;

	if (zone->type > rq->highest)
		return false;
	if (!in_task() || !(rq->gfp & __GFP_DIRECT_RECLAIM) ||
	    (!(rq->gfp & __GFP_NOMEMALLOC) &&
	     (umbra_oom_is_victim(zone->umbra) ||
	      current->flags & (PF_MEMALLOC | PF_EXITING))))
		return true;
	if (nodes == UMBRA_ALL_NODES)
		nodes = READ_ONCE(zone->umbra->allowed_nodes);
	return nodes & BIT(zone->nid);
}

/*
 * Print the counters of the instance in pages; those of caches are sums of the
 * zones of the request.
 */
static noinline_for_stack void report_total(struct umbra *u,
					    const struct umbra_request *rq)
{
	unsigned long lru[UMBRA_NR_LRU_LISTS] = {};
	unsigned long free = 0, cma = 0, cached = 0, dirty = 0;
	struct umbra_zone *zone;
	unsigned int i;

	for_each_umbra_zone(u, zone) {
		for (i = 0; i < UMBRA_NR_LRU_LISTS; i++)
			lru[i] += READ_ONCE(zone->nr_lru[i]);
		free += READ_ONCE(zone->nr_free_pages);
		cma += READ_ONCE(zone->nr_free_cma);
		if (is_of_request(zone, rq))
			cached += umbra_pcp_count(zone, -1);
	}
	for (i = 0; i < u->nr_nodes; i++)
		dirty += umbra_node_dirty(u, i);
	pr_warn("%s: active_file:%lu inactive_file:%lu isolated_file:%lu dirty:%lu free:%lu free_pcp:%lu free_cma:%lu\n",
		u->name, lru[LRU_LIST_ACTIVE], lru[LRU_LIST_INACTIVE],
		lru[LRU_LIST_ISOLATED], dirty, free, cached, cma);
}

/* Has a node a zone of the request, with pages? */
static bool is_node_of_request(const struct umbra *u,
			       const struct umbra_node *node,
			       const struct umbra_request *rq)
{
	int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		const struct umbra_zone *zone = umbra_node_zone(u, node, type);

		if (zone && READ_ONCE(zone->nr_managed) &&
		    is_of_request(zone, rq))
			return true;
	}
	return false;
}

static noinline_for_stack void report_node(const struct umbra *u,
					   const struct umbra_node *node)
{
	const struct umbra_lru *lru = &node->lru;

	pr_warn("%s: Node %u active_file:%lukB inactive_file:%lukB isolated(file):%lukB dirty:%lukB all_unreclaimable? %s\n",
		u->name, node->nid, K(READ_ONCE(lru->nr[LRU_LIST_ACTIVE])),
		K(READ_ONCE(lru->nr[LRU_LIST_INACTIVE])),
		K(READ_ONCE(lru->nr[LRU_LIST_ISOLATED])),
		K(umbra_node_dirty(u, node->nid)),
		umbra_node_is_hopeless(node) ? "yes" : "no");
}

/*
 * Print the request, its zones, and the accounts with the most pages. @kind is
 * what happened to the request: "failure" or a stall.
 */
static void report_request(struct umbra *u, const struct umbra_request *rq,
			   const char *kind)
{
	struct umbra_zone *zone;
	unsigned int nid;

	pr_warn("%s: %s: page allocation %s: order:%u, mode:%#x(%pGg), nid=%d, nodemask=%#x\n",
		u->name, current->comm, kind, rq->order,
		(__force unsigned int)rq->gfp, &rq->gfp, rq->nid,
		rq->nodemask);
	dump_stack();
	report_total(u, rq);
	for (nid = 0; nid < u->nr_nodes; nid++)
		if (is_node_of_request(u, &u->nodes[nid], rq))
			report_node(u, &u->nodes[nid]);
	for_each_umbra_zone(u, zone)
		if (is_of_request(zone, rq))
			report_zone(zone);
	for_each_umbra_zone(u, zone)
		if (is_of_request(zone, rq))
			report_blocks(zone);
	umbra_oom_report_holders(u);
}

/* Count blocks of an order that free blocks of @zone have for a request. */
static noinline_for_stack unsigned long
count_blocks(struct umbra_zone *zone, const struct umbra_request *rq)
{
	unsigned long nr_free[UMBRA_NR_ORDERS][UMBRA_NR_TYPES], blocks = 0;
	unsigned int order, type;

	umbra_snapshot_pagetypes(zone, nr_free);
	for (order = rq->order; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			if (type < UMBRA_PCPTYPES ||
			    (type == UMBRA_CMA && rq->flags & ALLOC_CMA))
				blocks += nr_free[order][type] <<
					  (order - rq->order);
	return blocks;
}

/* Append why a zone does not give a block that it has: "; node 0 DMA ..." */
static size_t describe_zone(char *text, size_t size, struct umbra_zone *zone,
			    const struct umbra_request *rq)
{
	unsigned long blocks = count_blocks(zone, rq);

	if (!blocks)
		return 0;
	if (!is_of_request(zone, rq))
		return scnprintf(text, size,
				 "; node %u %s has %lu, for other requests",
				 zone->nid, zone->name, blocks);
	return scnprintf(text, size,
			 "; node %u %s keeps %lu (%lu pages free, min %lu, lowmem_reserve %lu)",
			 zone->nid, zone->name, blocks,
			 READ_ONCE(zone->nr_free_pages),
			 umbra_mark(zone, UMBRA_WMARK_MIN),
			 READ_ONCE(zone->lowmem_reserve[rq->highest]));
}

/**
 * umbra_report_shortage() - log in one line why no zone gave a block
 * @u: the instance
 * @gfp: flags of the request that failed
 * @order: order of the block
 *
 * For callers that allocate with %__GFP_NOWARN on behalf of a user: the line
 * names each zone that has such blocks and keeps them, with the watermark and
 * the lowmem reserve that the zone keeps, in pages. The rate is limited.
 *
 * Context: Process context, does not sleep; takes the zone locks one after the
 * other.
 */
void umbra_report_shortage(struct umbra *u, gfp_t gfp, unsigned int order)
{
	struct umbra_request rq;
	struct umbra_zone *zone;
	char text[640];
	size_t n = 0;

	if (umbra_request_init(&rq, u, gfp, order, NUMA_NO_NODE, NULL, 0) ||
	    !__ratelimit(&u->shortage_limit))
		return;
	for_each_umbra_zone(u, zone)
		n += describe_zone(text + n, sizeof(text) - n, zone, &rq);
	pr_warn("%s: %s: no block of order %u%s\n", u->name, current->comm,
		order, n ? text : "; no zone has one");
}
EXPORT_SYMBOL_GPL(umbra_report_shortage);

/**
 * umbra_report_failure() - report a request that failed
 * @u: the instance
 * @rq: the request, which must not have %__GFP_NOWARN
 *
 * The rate of reports is limited. As in the host, the numbers of a zone are in
 * kB, but lowmem_reserve is in pages.
 *
 * Context: any; takes the zone locks one after the other.
 */
void umbra_report_failure(struct umbra *u, const struct umbra_request *rq)
{
	atomic_long_inc(&u->nr_failures);
	if (__ratelimit(&u->failure_limit))
		report_request(u, rq, "failure");
}

/**
 * umbra_report_stall() - report a request that stalls
 * @u: the instance
 * @rq: the request, which must not have %__GFP_NOWARN
 * @seconds: duration of the stall so far
 *
 * Prints the same as umbra_report_failure(), and shares its limit of the rate.
 *
 * Context: any; takes the zone locks one after the other.
 */
void umbra_report_stall(struct umbra *u, const struct umbra_request *rq,
			unsigned int seconds)
{
	char kind[32];

	if (!__ratelimit(&u->failure_limit))
		return;
	snprintf(kind, sizeof(kind), "stall for %u s", seconds);
	report_request(u, rq, kind);
}
