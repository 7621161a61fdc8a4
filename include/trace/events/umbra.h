/* SPDX-License-Identifier: GPL-2.0 */
/* Requests, blocks, and OOM; see also umbra_vmscan.h and umbra_compaction.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

#if !defined(_TRACE_UMBRA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>
#include <trace/events/umbra_names.h>

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

/*
 * A block that a request or a refill takes off a free list of its own type, or
 * of CMA or HighAtomic. The fields are those of kmem:mm_page_alloc_zone_locked.
 */
TRACE_EVENT(umbra_page_alloc_zone_locked,

	TP_PROTO(unsigned long pfn, unsigned int order, int migratetype,
		 int percpu_refill),

	TP_ARGS(pfn, order, migratetype, percpu_refill),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(int, migratetype)
		__field(int, percpu_refill)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->migratetype = migratetype;
		__entry->percpu_refill = percpu_refill;
	),

	TP_printk("pfn=0x%lx order=%u migratetype=%d percpu_refill=%d",
		  __entry->pfn, __entry->order, __entry->migratetype,
		  __entry->percpu_refill)
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
 * Would a zone have room for a request if all reclaimable pages were free? The
 * fields are those of oom:reclaim_retry_zone.
 */
TRACE_EVENT(umbra_reclaim_retry_zone,

	TP_PROTO(int node, int zone_idx, int order, unsigned long reclaimable,
		 unsigned long available, unsigned long min_wmark,
		 int no_progress_loops, bool wmark_check),

	TP_ARGS(node, zone_idx, order, reclaimable, available, min_wmark,
		no_progress_loops, wmark_check),

	TP_STRUCT__entry(
		__field(int, node)
		__field(int, zone_idx)
		__field(int, order)
		__field(unsigned long, reclaimable)
		__field(unsigned long, available)
		__field(unsigned long, min_wmark)
		__field(int, no_progress_loops)
		__field(bool, wmark_check)
	),

	TP_fast_assign(
		__entry->node = node;
		__entry->zone_idx = zone_idx;
		__entry->order = order;
		__entry->reclaimable = reclaimable;
		__entry->available = available;
		__entry->min_wmark = min_wmark;
		__entry->no_progress_loops = no_progress_loops;
		__entry->wmark_check = wmark_check;
	),

	TP_printk("node=%d zone=%-8s order=%d reclaimable=%lu available=%lu min_wmark=%lu no_progress_loops=%d wmark_check=%d",
		  __entry->node,
		  __print_symbolic(__entry->zone_idx, UMBRA_TRACE_ZONES),
		  __entry->order, __entry->reclaimable, __entry->available,
		  __entry->min_wmark, __entry->no_progress_loops,
		  __entry->wmark_check)
);

/*
 * Does a request try compaction again? @result is 1 if it failed, 2 if it was
 * not tried or gave up, 3 if it made a block. The fields are those of
 * oom:compact_retry.
 */
TRACE_EVENT(umbra_compact_retry,

	TP_PROTO(int order, int priority, int result, int retries,
		 int max_retries, bool ret),

	TP_ARGS(order, priority, result, retries, max_retries, ret),

	TP_STRUCT__entry(
		__field(int, order)
		__field(int, priority)
		__field(int, result)
		__field(int, retries)
		__field(int, max_retries)
		__field(bool, ret)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->priority = priority;
		__entry->result = result;
		__entry->retries = retries;
		__entry->max_retries = max_retries;
		__entry->ret = ret;
	),

	TP_printk("order=%d priority=%s compaction_result=%s retries=%d max_retries=%d should_retry=%d",
		  __entry->order,
		  __print_symbolic(__entry->priority,
				   { 0, "COMPACT_PRIO_SYNC_FULL" },
				   { 1, "COMPACT_PRIO_SYNC_LIGHT" },
				   { 2, "COMPACT_PRIO_ASYNC" }),
		  __print_symbolic(__entry->result,
				   { 1, "failed" }, { 2, "withdrawn" },
				   { 3, "progress" }),
		  __entry->retries, __entry->max_retries, __entry->ret)
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

#endif /* _TRACE_UMBRA_H */

#include <trace/define_trace.h>
