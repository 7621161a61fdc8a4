/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

#if !defined(_TRACE_UMBRA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

/*
 * An allocation. The fields are those of kmem:mm_page_alloc. A request that
 * failed has the pfn -1, which prints as 0, as there.
 */
TRACE_EVENT(umbra_page_alloc,

	TP_PROTO(unsigned long pfn, unsigned int order, gfp_t gfp_flags,
		 int migratetype),

	TP_ARGS(pfn, order, gfp_flags, migratetype),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned long, gfp_flags)
		__field(int, migratetype)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
		__entry->migratetype = migratetype;
	),

	TP_printk("pfn=0x%lx order=%d migratetype=%d gfp_flags=%s",
		  __entry->pfn != -1UL ? __entry->pfn : 0,
		  __entry->order, __entry->migratetype,
		  show_gfp_flags(__entry->gfp_flags))
);

/* A free. The fields are those of kmem:mm_page_free. */
TRACE_EVENT(umbra_page_free,

	TP_PROTO(unsigned long pfn, unsigned int order),

	TP_ARGS(pfn, order),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
	),

	TP_printk("pfn=0x%lx order=%d", __entry->pfn, __entry->order)
);

/*
 * A block of another migratetype for a request. The fields are those of
 * kmem:mm_page_alloc_extfrag.
 */
TRACE_EVENT(umbra_page_alloc_extfrag,

	TP_PROTO(unsigned long pfn, int alloc_order, int fallback_order,
		 int alloc_migratetype, int fallback_migratetype,
		 int pageblock_order_, int block_migratetype),

	TP_ARGS(pfn, alloc_order, fallback_order, alloc_migratetype,
		fallback_migratetype, pageblock_order_, block_migratetype),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(int, alloc_order)
		__field(int, fallback_order)
		__field(int, pb_order)
		__field(int, alloc_migratetype)
		__field(int, fallback_migratetype)
		__field(int, fragmenting)
		__field(int, change_ownership)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->alloc_order = alloc_order;
		__entry->fallback_order = fallback_order;
		__entry->pb_order = pageblock_order_;
		__entry->alloc_migratetype = alloc_migratetype;
		__entry->fallback_migratetype = fallback_migratetype;
		__entry->fragmenting = fallback_order < pageblock_order_;
		__entry->change_ownership =
			alloc_migratetype == block_migratetype;
	),

	TP_printk("pfn=0x%lx alloc_order=%d fallback_order=%d pageblock_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d",
		  __entry->pfn, __entry->alloc_order, __entry->fallback_order,
		  __entry->pb_order, __entry->alloc_migratetype,
		  __entry->fallback_migratetype, __entry->fragmenting,
		  __entry->change_ownership)
);

/*
 * A block that goes from the cache of a CPU to its zone. The fields are those
 * of kmem:mm_page_pcpu_drain.
 */
TRACE_EVENT(umbra_page_pcpu_drain,

	TP_PROTO(unsigned long pfn, unsigned int order, int migratetype),

	TP_ARGS(pfn, order, migratetype),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(int, migratetype)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->migratetype = migratetype;
	),

	TP_printk("pfn=0x%lx order=%d migratetype=%d", __entry->pfn,
		  __entry->order, __entry->migratetype)
);

/* Begin and end of the slow path of a request; pfn -1 if it failed. */
TRACE_EVENT(umbra_slowpath_begin,

	TP_PROTO(unsigned int order, gfp_t gfp_flags, int nid),

	TP_ARGS(order, gfp_flags, nid),

	TP_STRUCT__entry(
		__field(unsigned int, order)
		__field(unsigned long, gfp_flags)
		__field(int, nid)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
		__entry->nid = nid;
	),

	TP_printk("order=%u nid=%d gfp_flags=%s", __entry->order,
		  __entry->nid, show_gfp_flags(__entry->gfp_flags))
);

TRACE_EVENT(umbra_slowpath_end,

	TP_PROTO(unsigned int order, unsigned long pfn, unsigned int steps),

	TP_ARGS(order, pfn, steps),

	TP_STRUCT__entry(
		__field(unsigned int, order)
		__field(unsigned long, pfn)
		__field(unsigned int, steps)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->pfn = pfn;
		__entry->steps = steps;
	),

	TP_printk("order=%u pfn=0x%lx steps=%u", __entry->order,
		  __entry->pfn != -1UL ? __entry->pfn : 0, __entry->steps)
);

/*
 * Direct reclaim of a request. The fields are those of
 * vmscan:mm_vmscan_direct_reclaim_begin and _end, without the control group.
 */
TRACE_EVENT(umbra_direct_reclaim_begin,

	TP_PROTO(unsigned int order, gfp_t gfp_flags),

	TP_ARGS(order, gfp_flags),

	TP_STRUCT__entry(
		__field(unsigned int, order)
		__field(unsigned long, gfp_flags)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
	),

	TP_printk("order=%u gfp_flags=%s", __entry->order,
		  show_gfp_flags(__entry->gfp_flags))
);

TRACE_EVENT(umbra_direct_reclaim_end,

	TP_PROTO(unsigned long nr_reclaimed),

	TP_ARGS(nr_reclaimed),

	TP_STRUCT__entry(
		__field(unsigned long, nr_reclaimed)
	),

	TP_fast_assign(
		__entry->nr_reclaimed = nr_reclaimed;
	),

	TP_printk("nr_reclaimed=%lu", __entry->nr_reclaimed)
);

/* One pass over the inactive list of a node, in pages. */
TRACE_EVENT(umbra_lru_shrink_inactive,

	TP_PROTO(int nid, unsigned long nr_scanned, unsigned long nr_reclaimed,
		 int priority),

	TP_ARGS(nid, nr_scanned, nr_reclaimed, priority),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(unsigned long, nr_scanned)
		__field(unsigned long, nr_reclaimed)
		__field(int, priority)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_reclaimed = nr_reclaimed;
		__entry->priority = priority;
	),

	TP_printk("nid=%d nr_scanned=%lu nr_reclaimed=%lu priority=%d",
		  __entry->nid, __entry->nr_scanned, __entry->nr_reclaimed,
		  __entry->priority)
);

/*
 * A kswapd goes to sleep, begins after a sleep, and is woken by a request. The
 * fields are those of vmscan:mm_vmscan_kswapd_sleep, mm_vmscan_kswapd_wake and
 * mm_vmscan_wakeup_kswapd.
 */
TRACE_EVENT(umbra_kswapd_sleep,

	TP_PROTO(int nid),

	TP_ARGS(nid),

	TP_STRUCT__entry(
		__field(int, nid)
	),

	TP_fast_assign(
		__entry->nid = nid;
	),

	TP_printk("nid=%d", __entry->nid)
);

TRACE_EVENT(umbra_kswapd_wake,

	TP_PROTO(int nid, int zid, unsigned int order),

	TP_ARGS(nid, zid, order),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zid)
		__field(unsigned int, order)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->zid = zid;
		__entry->order = order;
	),

	TP_printk("nid=%d zid=%d order=%u", __entry->nid, __entry->zid,
		  __entry->order)
);

TRACE_EVENT(umbra_wakeup_kswapd,

	TP_PROTO(int nid, int zid, unsigned int order, gfp_t gfp_flags),

	TP_ARGS(nid, zid, order, gfp_flags),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zid)
		__field(unsigned int, order)
		__field(unsigned long, gfp_flags)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->zid = zid;
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
	),

	TP_printk("nid=%d zid=%d order=%u gfp_flags=%s", __entry->nid,
		  __entry->zid, __entry->order,
		  show_gfp_flags(__entry->gfp_flags))
);

/* A process that is killed for the pages charged to its file. */
TRACE_EVENT(umbra_oom_kill,

	TP_PROTO(pid_t pid, long pages),

	TP_ARGS(pid, pages),

	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(long, pages)
	),

	TP_fast_assign(
		__entry->pid = pid;
		__entry->pages = pages;
	),

	TP_printk("pid=%d pages=%ld", __entry->pid, __entry->pages)
);

/*
 * A run of compaction over a zone begins. The fields are those of
 * compaction:mm_compaction_begin, in page frame numbers.
 */
TRACE_EVENT(umbra_compaction_begin,

	TP_PROTO(unsigned long zone_start, unsigned long migrate_pfn,
		 unsigned long free_pfn, unsigned long zone_end, bool sync),

	TP_ARGS(zone_start, migrate_pfn, free_pfn, zone_end, sync),

	TP_STRUCT__entry(
		__field(unsigned long, zone_start)
		__field(unsigned long, migrate_pfn)
		__field(unsigned long, free_pfn)
		__field(unsigned long, zone_end)
		__field(bool, sync)
	),

	TP_fast_assign(
		__entry->zone_start = zone_start;
		__entry->migrate_pfn = migrate_pfn;
		__entry->free_pfn = free_pfn;
		__entry->zone_end = zone_end;
		__entry->sync = sync;
	),

	TP_printk("zone_start=0x%lx migrate_pfn=0x%lx free_pfn=0x%lx zone_end=0x%lx, mode=%s",
		  __entry->zone_start, __entry->migrate_pfn,
		  __entry->free_pfn, __entry->zone_end,
		  __entry->sync ? "sync" : "async")
);

/*
 * A run of compaction ends. The fields are those of
 * compaction:mm_compaction_end.
 */
TRACE_EVENT(umbra_compaction_end,

	TP_PROTO(unsigned long zone_start, unsigned long migrate_pfn,
		 unsigned long free_pfn, unsigned long zone_end, bool sync,
		 int status),

	TP_ARGS(zone_start, migrate_pfn, free_pfn, zone_end, sync, status),

	TP_STRUCT__entry(
		__field(unsigned long, zone_start)
		__field(unsigned long, migrate_pfn)
		__field(unsigned long, free_pfn)
		__field(unsigned long, zone_end)
		__field(bool, sync)
		__field(int, status)
	),

	TP_fast_assign(
		__entry->zone_start = zone_start;
		__entry->migrate_pfn = migrate_pfn;
		__entry->free_pfn = free_pfn;
		__entry->zone_end = zone_end;
		__entry->sync = sync;
		__entry->status = status;
	),

	TP_printk("zone_start=0x%lx migrate_pfn=0x%lx free_pfn=0x%lx zone_end=0x%lx, mode=%s status=%s",
		  __entry->zone_start, __entry->migrate_pfn,
		  __entry->free_pfn, __entry->zone_end,
		  __entry->sync ? "sync" : "async",
		  __print_symbolic(__entry->status,
				   { 0, "skipped" }, { 1, "deferred" },
				   { 2, "continue" }, { 3, "complete" },
				   { 4, "partial_skipped" },
				   { 5, "contended" }, { 6, "success" }))
);

DECLARE_EVENT_CLASS(umbra_compaction_isolate,

	TP_PROTO(unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(start_pfn, end_pfn, nr_scanned, nr_taken),

	TP_STRUCT__entry(
		__field(unsigned long, start_pfn)
		__field(unsigned long, end_pfn)
		__field(unsigned long, nr_scanned)
		__field(unsigned long, nr_taken)
	),

	TP_fast_assign(
		__entry->start_pfn = start_pfn;
		__entry->end_pfn = end_pfn;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_taken = nr_taken;
	),

	TP_printk("range=(0x%lx ~ 0x%lx) nr_scanned=%lu nr_taken=%lu",
		  __entry->start_pfn, __entry->end_pfn,
		  __entry->nr_scanned, __entry->nr_taken)
);

/*
 * A batch of pages that compaction isolated, to be moved or as targets. The
 * fields are those of the compaction:mm_compaction_isolate_* events.
 */
DEFINE_EVENT(umbra_compaction_isolate, umbra_compaction_isolate_migratepages,

	TP_PROTO(unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(start_pfn, end_pfn, nr_scanned, nr_taken)
);

DEFINE_EVENT(umbra_compaction_isolate, umbra_compaction_isolate_freepages,

	TP_PROTO(unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(start_pfn, end_pfn, nr_scanned, nr_taken)
);

/*
 * A batch of pages that was moved. The fields are those of
 * migrate:mm_migrate_pages, without counts of split blocks: a block is never
 * split.
 */
TRACE_EVENT(umbra_migrate_pages,

	TP_PROTO(unsigned long succeeded, unsigned long failed, int mode,
		 int reason),

	TP_ARGS(succeeded, failed, mode, reason),

	TP_STRUCT__entry(
		__field(unsigned long, succeeded)
		__field(unsigned long, failed)
		__field(int, mode)
		__field(int, reason)
	),

	TP_fast_assign(
		__entry->succeeded = succeeded;
		__entry->failed = failed;
		__entry->mode = mode;
		__entry->reason = reason;
	),

	TP_printk("nr_succeeded=%lu nr_failed=%lu mode=%s reason=%s",
		  __entry->succeeded, __entry->failed,
		  __print_symbolic(__entry->mode,
				   { 0, "MIGRATE_ASYNC" },
				   { 1, "MIGRATE_SYNC_LIGHT" },
				   { 2, "MIGRATE_SYNC" }),
		  __print_symbolic(__entry->reason,
				   { 0, "compaction" },
				   { 1, "contig_range" }))
);

#endif /* _TRACE_UMBRA_H */

#include <trace/define_trace.h>
