/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of events, per CPU and zone; see stats.c. */
#ifndef _UMBRA_STATS_H
#define _UMBRA_STATS_H

struct umbra;
struct umbra_request;
struct umbra_zone;

/* Events count pages where the same events of the host count pages. */
enum umbra_event {
	EVENT_PGALLOC,
	EVENT_PGFREE,
	EVENT_NUMA_HIT,
	EVENT_NUMA_MISS,
	EVENT_NUMA_FOREIGN,
	EVENT_NUMA_LOCAL,
	EVENT_NUMA_OTHER,
	EVENT_NUMA_INTERLEAVE,	/* interleaved, and from the wanted node */
	EVENT_ACCOUNT,		/* pages allocated with __GFP_ACCOUNT */
	EVENT_KSWAPD_WAKE,	/* requests that wake kswapd */
	EVENT_FALLBACK_CLAIM,
	EVENT_FALLBACK_STEAL,
	EVENT_POLICY_REFUSED,	/* choices that could not be carried out */
	EVENT_FAIL,		/* requests that failed */
	EVENT_PCP_DRAIN,	/* pages put back from a cache to the zone */
	/* requests in direct reclaim, by their highest zone, in its order */
	EVENT_ALLOCSTALL_DMA,
	EVENT_ALLOCSTALL_DMA32,
	EVENT_ALLOCSTALL_NORMAL,
	EVENT_ALLOCSTALL_HIGH,
	EVENT_ALLOCSTALL_MOVABLE,
	EVENT_PGACTIVATE,
	EVENT_PGDEACTIVATE,
	EVENT_PGSCAN_KSWAPD,
	EVENT_PGSCAN_DIRECT,
	EVENT_PGSCAN_PROACTIVE,
	EVENT_PGSTEAL_KSWAPD,
	EVENT_PGSTEAL_DIRECT,
	EVENT_PGSTEAL_PROACTIVE,
	EVENT_PGREFILL,		/* pages of the active lists that were scanned */
	EVENT_PGSKIP,		/* scanned pages in zones that are too high */
	EVENT_PGSCAN_THROTTLE,	/* requests that waited for kswapd */
	EVENT_ZONE_RECLAIM_SUCCESS,	/* node reclaims with enough pages */
	EVENT_ZONE_RECLAIM_FAILED,	/* node reclaims with fewer */
	EVENT_SLABS_SCANNED,	/* objects that shrinkers scanned */
	EVENT_KSWAPD_LOW_QUICKLY,
	EVENT_KSWAPD_HIGH_QUICKLY,
	EVENT_PAGEOUTRUN,	/* rounds of kswapd */
	EVENT_OOM_KILL,
	EVENT_PGMIGRATE_SUCCESS,
	EVENT_PGMIGRATE_FAIL,
	EVENT_COMPACT_MIGRATE_SCANNED,
	EVENT_COMPACT_FREE_SCANNED,
	EVENT_COMPACT_ISOLATED,
	EVENT_COMPACT_STALL,
	EVENT_COMPACT_FAIL,
	EVENT_COMPACT_SUCCESS,
	EVENT_COMPACT_DAEMON_WAKE,
	EVENT_COMPACT_DAEMON_MIGRATE_SCANNED,
	EVENT_COMPACT_DAEMON_FREE_SCANNED,
	UMBRA_NR_EVENTS
};

const char *umbra_event_name(enum umbra_event event);
void umbra_count(struct umbra_zone *zone, enum umbra_event event,
		 unsigned long nr);
void umbra_count_alloc(const struct umbra_request *rq,
		       struct umbra_zone *zone, unsigned long blocks);
unsigned long umbra_zone_events(const struct umbra_zone *zone,
				enum umbra_event event);
unsigned long umbra_node_dirty(const struct umbra *u, unsigned int nid);

#endif /* _UMBRA_STATS_H */
