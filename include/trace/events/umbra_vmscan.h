/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim, kswapd and shrinkers. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

#if !defined(_TRACE_UMBRA_VMSCAN_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_VMSCAN_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>
#include <trace/events/umbra_names.h>

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

/*
 * A round of kswapd begins, ends, and fails. The fields are those of
 * vmscan:mm_vmscan_balance_pgdat_begin, mm_vmscan_balance_pgdat_end and
 * mm_vmscan_kswapd_reclaim_fail.
 */
TRACE_EVENT(umbra_balance_pgdat_begin,

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

	TP_printk("nid=%d order=%d highest_zoneidx=%-8s", __entry->nid,
		  __entry->order,
		  __print_symbolic(__entry->highest_zoneidx,
				   UMBRA_TRACE_ZONES))
);

TRACE_EVENT(umbra_balance_pgdat_end,

	TP_PROTO(int nid, int order, int highest_zoneidx,
		 unsigned long nr_reclaimed),

	TP_ARGS(nid, order, highest_zoneidx, nr_reclaimed),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, order)
		__field(int, highest_zoneidx)
		__field(unsigned long, nr_reclaimed)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->order = order;
		__entry->highest_zoneidx = highest_zoneidx;
		__entry->nr_reclaimed = nr_reclaimed;
	),

	TP_printk("nid=%d order=%d highest_zoneidx=%-8s nr_reclaimed=%lu",
		  __entry->nid, __entry->order,
		  __print_symbolic(__entry->highest_zoneidx,
				   UMBRA_TRACE_ZONES),
		  __entry->nr_reclaimed)
);

TRACE_EVENT(umbra_kswapd_reclaim_fail,

	TP_PROTO(int nid, int failures),

	TP_ARGS(nid, failures),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, failures)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->failures = failures;
	),

	TP_printk("nid=%d failures=%d", __entry->nid, __entry->failures)
);

/*
 * A request has waited for other tasks that isolated too many pages. The fields
 * are those of vmscan:mm_vmscan_throttled; no other reason exists.
 */
TRACE_EVENT(umbra_throttled,

	TP_PROTO(int nid, int usec_timeout, int usec_delayed, int reason),

	TP_ARGS(nid, usec_timeout, usec_delayed, reason),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, usec_timeout)
		__field(int, usec_delayed)
		__field(int, reason)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->usec_timeout = usec_timeout;
		__entry->usec_delayed = usec_delayed;
		__entry->reason = 1U << reason;
	),

	TP_printk("nid=%d usec_timeout=%d usect_delayed=%d reason=%s",
		  __entry->nid, __entry->usec_timeout, __entry->usec_delayed,
		  __print_symbolic(__entry->reason,
				   { 2, "VMSCAN_THROTTLE_ISOLATED" }))
);

/*
 * A shrinker is called, and has been called until its share was scanned. The
 * fields are those of vmscan:mm_shrink_slab_start and mm_shrink_slab_end, without
 * the control group.
 */
TRACE_EVENT(umbra_shrink_slab_start,

	TP_PROTO(void *shr, void *shrink, int nid, long nr_objects_to_shrink,
		 gfp_t gfp_flags, unsigned long cache_items,
		 unsigned long long delta, unsigned long total_scan,
		 int priority),

	TP_ARGS(shr, shrink, nid, nr_objects_to_shrink, gfp_flags, cache_items,
		delta, total_scan, priority),

	TP_STRUCT__entry(
		__field(void *, shr)
		__field(void *, shrink)
		__field(long, nr_objects_to_shrink)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, cache_items)
		__field(unsigned long long, delta)
		__field(unsigned long, total_scan)
		__field(int, priority)
		__field(int, nid)
	),

	TP_fast_assign(
		__entry->shr = shr;
		__entry->shrink = shrink;
		__entry->nr_objects_to_shrink = nr_objects_to_shrink;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
		__entry->cache_items = cache_items;
		__entry->delta = delta;
		__entry->total_scan = total_scan;
		__entry->priority = priority;
		__entry->nid = nid;
	),

	TP_printk("%pS %p: nid: %d objects to shrink %ld gfp_flags %s cache items %ld delta %lld total_scan %ld priority %d",
		  __entry->shrink, __entry->shr, __entry->nid,
		  __entry->nr_objects_to_shrink,
		  show_gfp_flags(__entry->gfp_flags), __entry->cache_items,
		  __entry->delta, __entry->total_scan, __entry->priority)
);

TRACE_EVENT(umbra_shrink_slab_end,

	TP_PROTO(void *shr, void *shrink, int nid, int retval, long unused_scan,
		 long new_scan, long total_scan),

	TP_ARGS(shr, shrink, nid, retval, unused_scan, new_scan, total_scan),

	TP_STRUCT__entry(
		__field(void *, shr)
		__field(void *, shrink)
		__field(long, unused_scan)
		__field(long, new_scan)
		__field(long, total_scan)
		__field(int, nid)
		__field(int, retval)
	),

	TP_fast_assign(
		__entry->shr = shr;
		__entry->shrink = shrink;
		__entry->unused_scan = unused_scan;
		__entry->new_scan = new_scan;
		__entry->total_scan = total_scan;
		__entry->nid = nid;
		__entry->retval = retval;
	),

	TP_printk("%pS %p: nid: %d unused scan count %ld new scan count %ld total_scan %ld last shrinker return val %d",
		  __entry->shrink, __entry->shr, __entry->nid,
		  __entry->unused_scan, __entry->new_scan, __entry->total_scan,
		  __entry->retval)
);

#endif /* _TRACE_UMBRA_VMSCAN_H */

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE umbra_vmscan

/* This part must be outside the protection. */
#include <trace/define_trace.h>
