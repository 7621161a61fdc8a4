/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

#if !defined(_TRACE_UMBRA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

/*
 * The fields are those of kmem:mm_page_alloc and kmem:mm_page_free. An
 * allocation that failed has the pfn -1, and prints as 0 like there.
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

/* As kmem:mm_page_alloc_extfrag. */
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
		__field(int, alloc_migratetype)
		__field(int, fallback_migratetype)
		__field(int, fragmenting)
		__field(int, change_ownership)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->alloc_order = alloc_order;
		__entry->fallback_order = fallback_order;
		__entry->alloc_migratetype = alloc_migratetype;
		__entry->fallback_migratetype = fallback_migratetype;
		__entry->fragmenting = fallback_order < pageblock_order_;
		__entry->change_ownership =
			alloc_migratetype == block_migratetype;
	),

	TP_printk("pfn=0x%lx alloc_order=%d fallback_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d",
		  __entry->pfn, __entry->alloc_order, __entry->fallback_order,
		  __entry->alloc_migratetype, __entry->fallback_migratetype,
		  __entry->fragmenting, __entry->change_ownership)
);

/* As kmem:mm_page_pcpu_drain. */
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

#endif /* _TRACE_UMBRA_H */

#include <trace/define_trace.h>
