// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of events, per CPU and zone. A section of a per-CPU cache counts by
 * plain additions. An interrupt that finds a section open counts by
 * this_cpu_add().
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include "core.h"
#include "request.h"
#include "section.h"
#include "stats.h"

static const char * const event_names[UMBRA_NR_EVENTS] = {
	[EVENT_PGALLOC] = "pgalloc",
	[EVENT_PGFREE] = "pgfree",
	[EVENT_NUMA_HIT] = "numa_hit",
	[EVENT_NUMA_MISS] = "numa_miss",
	[EVENT_NUMA_FOREIGN] = "numa_foreign",
	[EVENT_NUMA_LOCAL] = "numa_local",
	[EVENT_NUMA_OTHER] = "numa_other",
	[EVENT_NUMA_INTERLEAVE] = "numa_interleave",
	[EVENT_ACCOUNT] = "pgalloc_account",
	[EVENT_KSWAPD_WAKE] = "kswapd_wake",
	[EVENT_FALLBACK_CLAIM] = "fallback_claim",
	[EVENT_FALLBACK_STEAL] = "fallback_steal",
	[EVENT_POLICY_REFUSED] = "policy_refused",
	[EVENT_FAIL] = "alloc_fail",
	[EVENT_PCP_DRAIN] = "pcp_drain",
	[EVENT_ALLOCSTALL_DMA] = "allocstall_dma",
	[EVENT_ALLOCSTALL_DMA32] = "allocstall_dma32",
	[EVENT_ALLOCSTALL_NORMAL] = "allocstall_normal",
	[EVENT_ALLOCSTALL_HIGH] = "allocstall_high",
	[EVENT_ALLOCSTALL_MOVABLE] = "allocstall_movable",
	[EVENT_PGACTIVATE] = "pgactivate",
	[EVENT_PGDEACTIVATE] = "pgdeactivate",
	[EVENT_PGSCAN_KSWAPD] = "pgscan_kswapd",
	[EVENT_PGSCAN_DIRECT] = "pgscan_direct",
	[EVENT_PGSCAN_PROACTIVE] = "pgscan_proactive",
	[EVENT_PGSTEAL_KSWAPD] = "pgsteal_kswapd",
	[EVENT_PGSTEAL_DIRECT] = "pgsteal_direct",
	[EVENT_PGSTEAL_PROACTIVE] = "pgsteal_proactive",
	[EVENT_PGREFILL] = "pgrefill",
	[EVENT_PGSKIP] = "pgskip",
	[EVENT_PGSCAN_THROTTLE] = "pgscan_direct_throttle",
	[EVENT_ZONE_RECLAIM_SUCCESS] = "zone_reclaim_success",
	[EVENT_ZONE_RECLAIM_FAILED] = "zone_reclaim_failed",
	[EVENT_SLABS_SCANNED] = "slabs_scanned",
	[EVENT_KSWAPD_LOW_QUICKLY] = "kswapd_low_wmark_hit_quickly",
	[EVENT_KSWAPD_HIGH_QUICKLY] = "kswapd_high_wmark_hit_quickly",
	[EVENT_PAGEOUTRUN] = "pageoutrun",
	[EVENT_OOM_KILL] = "oom_kill",
	[EVENT_PGMIGRATE_SUCCESS] = "pgmigrate_success",
	[EVENT_PGMIGRATE_FAIL] = "pgmigrate_fail",
	[EVENT_COMPACT_MIGRATE_SCANNED] = "compact_migrate_scanned",
	[EVENT_COMPACT_FREE_SCANNED] = "compact_free_scanned",
	[EVENT_COMPACT_ISOLATED] = "compact_isolated",
	[EVENT_COMPACT_STALL] = "compact_stall",
	[EVENT_COMPACT_FAIL] = "compact_fail",
	[EVENT_COMPACT_SUCCESS] = "compact_success",
	[EVENT_COMPACT_DAEMON_WAKE] = "compact_daemon_wake",
	[EVENT_COMPACT_DAEMON_MIGRATE_SCANNED] =
		"compact_daemon_migrate_scanned",
	[EVENT_COMPACT_DAEMON_FREE_SCANNED] = "compact_daemon_free_scanned",
};

/* The name of an event, or "invalid". Context: any. */
const char *umbra_event_name(enum umbra_event event)
{
	return event < UMBRA_NR_EVENTS ? event_names[event] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_event_name);

/* Count @nr events in a zone. Context: any. */
void umbra_count(struct umbra_zone *zone, enum umbra_event event,
		 unsigned long nr)
{
	struct umbra_pcp *pcp = pcp_enter(zone);

	if (likely(pcp)) {
		pcp->events[event] += nr;
		pcp_leave(pcp);
	} else {
		this_cpu_add(zone->pcp->shared[event], nr);
	}
}

/* Count @blocks taken off the free lists of @zone. Context: any. */
void umbra_count_alloc(const struct umbra_request *rq,
		       struct umbra_zone *zone, unsigned long blocks)
{
	struct umbra_pcp *pcp = pcp_enter(zone);

	if (likely(pcp)) {
		pcp->allocs[rq->order] += blocks;
		pcp_count_node(pcp, rq, zone, blocks);
		pcp_leave(pcp);
		return;
	}
	umbra_count(zone, EVENT_PGALLOC, blocks << rq->order);
	if (rq->gfp & __GFP_ACCOUNT)
		umbra_count(zone, EVENT_ACCOUNT, blocks << rq->order);
	umbra_count(zone, zone->nid == rq->preferred->nid ?
		    EVENT_NUMA_HIT : EVENT_NUMA_MISS, blocks);
	if (zone->nid != rq->preferred->nid)
		umbra_count(rq->preferred, EVENT_NUMA_FOREIGN, blocks);
	umbra_count(zone, zone->nid == umbra_current_node(zone->umbra) ?
		    EVENT_NUMA_LOCAL : EVENT_NUMA_OTHER, blocks);
}

static unsigned long sum_blocks(const unsigned long *blocks, bool in_pages)
{
	unsigned long sum = 0;
	unsigned int order;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		sum += READ_ONCE(blocks[order]) << (in_pages ? order : 0);
	return sum;
}

/*
 * The events that sections of a cache counted. Sections count misses of a node,
 * but not hits: the hits are all allocations minus the misses.
 */
static unsigned long section_events(const struct umbra_pcp *pcp,
				    enum umbra_event event)
{
	unsigned long sum = READ_ONCE(pcp->events[event]), odd;

	switch (event) {
	case EVENT_PGALLOC:
		return sum + sum_blocks(pcp->allocs, true);
	case EVENT_PGFREE:
		return sum + sum_blocks(pcp->frees, true);
	case EVENT_NUMA_HIT:
		odd = READ_ONCE(pcp->events[EVENT_NUMA_MISS]);
		return sum + sum_blocks(pcp->allocs, false) - odd;
	case EVENT_NUMA_LOCAL:
		odd = READ_ONCE(pcp->events[EVENT_NUMA_OTHER]);
		return sum + sum_blocks(pcp->allocs, false) - odd;
	default:
		return sum;
	}
}

/**
 * umbra_zone_events() - sum an event of a zone over all CPUs
 * @zone: the zone
 * @event: the event
 *
 * Context: any. CPUs may count at the same time.
 * Return: the sum.
 */
unsigned long umbra_zone_events(const struct umbra_zone *zone,
				enum umbra_event event)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

		sum += section_events(pcp, event) +
		       READ_ONCE(pcp->shared[event]);
	}
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_zone_events);

/* Dirty pages of a node, at least 0: a caller may report too few as dirtied. */
unsigned long umbra_node_dirty(const struct umbra *u, unsigned int nid)
{
	return max(atomic_long_read(&u->nodes[nid].nr_dirty), 0L);
}
