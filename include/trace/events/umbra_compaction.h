/* SPDX-License-Identifier: GPL-2.0 */
/* Compaction and migration. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

#if !defined(_TRACE_UMBRA_COMPACTION_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_COMPACTION_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>
#include <trace/events/umbra_names.h>

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
		  __print_symbolic(__entry->status, UMBRA_TRACE_COMPACTION))
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
 * The pages of a batch that compaction moved, and could not move. The fields are
 * those of compaction:mm_compaction_migratepages.
 */
TRACE_EVENT(umbra_compaction_migratepages,

	TP_PROTO(unsigned long nr_migrated, unsigned long nr_failed),

	TP_ARGS(nr_migrated, nr_failed),

	TP_STRUCT__entry(
		__field(unsigned long, nr_migrated)
		__field(unsigned long, nr_failed)
	),

	TP_fast_assign(
		__entry->nr_migrated = nr_migrated;
		__entry->nr_failed = nr_failed;
	),

	TP_printk("nr_migrated=%lu nr_failed=%lu", __entry->nr_migrated,
		  __entry->nr_failed)
);

/*
 * A request compacts its zones. The fields are those of
 * compaction:mm_compaction_try_to_compact_pages.
 */
TRACE_EVENT(umbra_compaction_try_to_compact_pages,

	TP_PROTO(int order, gfp_t gfp_mask, int prio),

	TP_ARGS(order, gfp_mask, prio),

	TP_STRUCT__entry(
		__field(int, order)
		__field(unsigned long, gfp_mask)
		__field(int, prio)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_mask = (__force unsigned long)gfp_mask;
		__entry->prio = prio;
	),

	TP_printk("order=%d gfp_mask=%s priority=%d", __entry->order,
		  show_gfp_flags(__entry->gfp_mask), __entry->prio)
);

DECLARE_EVENT_CLASS(umbra_compaction_status,

	TP_PROTO(int nid, int idx, int order, int ret),

	TP_ARGS(nid, idx, order, ret),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, idx)
		__field(int, order)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->idx = idx;
		__entry->order = order;
		__entry->ret = ret;
	),

	TP_printk("node=%d zone=%-8s order=%d ret=%s", __entry->nid,
		  __print_symbolic(__entry->idx, UMBRA_TRACE_ZONES),
		  __entry->order,
		  __print_symbolic(__entry->ret, UMBRA_TRACE_COMPACTION))
);

/*
 * Whether a run over a zone is done, and whether a zone is worth a run. The
 * fields are those of compaction:mm_compaction_finished and
 * mm_compaction_suitable; an order of -1 is the whole zone.
 */
DEFINE_EVENT(umbra_compaction_status, umbra_compaction_finished,

	TP_PROTO(int nid, int idx, int order, int ret),

	TP_ARGS(nid, idx, order, ret)
);

DEFINE_EVENT(umbra_compaction_status, umbra_compaction_suitable,

	TP_PROTO(int nid, int idx, int order, int ret),

	TP_ARGS(nid, idx, order, ret)
);

DECLARE_EVENT_CLASS(umbra_compaction_defer,

	TP_PROTO(int nid, int idx, int order, unsigned int considered,
		 unsigned int defer_shift, int order_failed),

	TP_ARGS(nid, idx, order, considered, defer_shift, order_failed),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, idx)
		__field(int, order)
		__field(unsigned int, considered)
		__field(unsigned int, defer_shift)
		__field(int, order_failed)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->idx = idx;
		__entry->order = order;
		__entry->considered = considered;
		__entry->defer_shift = defer_shift;
		__entry->order_failed = order_failed;
	),

	TP_printk("node=%d zone=%-8s order=%d order_failed=%d consider=%u limit=%lu",
		  __entry->nid,
		  __print_symbolic(__entry->idx, UMBRA_TRACE_ZONES),
		  __entry->order, __entry->order_failed, __entry->considered,
		  1UL << __entry->defer_shift)
);

/*
 * Compaction of a zone is deferred, is deferred for longer as it failed, and is
 * deferred no more for an order. The fields are those of
 * compaction:mm_compaction_deferred, mm_compaction_defer_compaction and
 * mm_compaction_defer_reset.
 */
DEFINE_EVENT(umbra_compaction_defer, umbra_compaction_deferred,

	TP_PROTO(int nid, int idx, int order, unsigned int considered,
		 unsigned int defer_shift, int order_failed),

	TP_ARGS(nid, idx, order, considered, defer_shift, order_failed)
);

DEFINE_EVENT(umbra_compaction_defer, umbra_compaction_defer_compaction,

	TP_PROTO(int nid, int idx, int order, unsigned int considered,
		 unsigned int defer_shift, int order_failed),

	TP_ARGS(nid, idx, order, considered, defer_shift, order_failed)
);

DEFINE_EVENT(umbra_compaction_defer, umbra_compaction_defer_reset,

	TP_PROTO(int nid, int idx, int order, unsigned int considered,
		 unsigned int defer_shift, int order_failed),

	TP_ARGS(nid, idx, order, considered, defer_shift, order_failed)
);

/*
 * The kcompactd of a node has nothing to do. The field is that of
 * compaction:mm_compaction_kcompactd_sleep.
 */
TRACE_EVENT(umbra_compaction_kcompactd_sleep,

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

DECLARE_EVENT_CLASS(umbra_compaction_kcompactd,

	TP_PROTO(int nid, int order, int highest_zoneidx),

	TP_ARGS(nid, order, highest_zoneidx),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, order)
		__field(int, highest_zoneidx)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->order = order;
		__entry->highest_zoneidx = highest_zoneidx;
	),

	TP_printk("nid=%d order=%d classzone_idx=%-8s", __entry->nid,
		  __entry->order,
		  __print_symbolic(__entry->highest_zoneidx,
				   UMBRA_TRACE_ZONES))
);

/*
 * The kcompactd of a node is woken, and begins. The fields are those of
 * compaction:mm_compaction_wakeup_kcompactd and mm_compaction_kcompactd_wake; an
 * order of -1 is a new value of compaction_proactiveness.
 */
DEFINE_EVENT(umbra_compaction_kcompactd, umbra_compaction_wakeup_kcompactd,

	TP_PROTO(int nid, int order, int highest_zoneidx),

	TP_ARGS(nid, order, highest_zoneidx)
);

DEFINE_EVENT(umbra_compaction_kcompactd, umbra_compaction_kcompactd_wake,

	TP_PROTO(int nid, int order, int highest_zoneidx),

	TP_ARGS(nid, order, highest_zoneidx)
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

#endif /* _TRACE_UMBRA_COMPACTION_H */

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE umbra_compaction

/* This part must be outside the protection. */
#include <trace/define_trace.h>
