/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umbra

/* A name of its own, because trace.c defines the events of two headers. */
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR umbra_decision

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE umbra_decision

#if !defined(_TRACE_UMBRA_DECISION_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMBRA_DECISION_H

#include <linux/tracepoint.h>

struct umbra_decision;

/*
 * A decision that the recorder of an instance has stored. The pages of a
 * comparison with a watermark are zero in all other kinds.
 */
TRACE_EVENT(umbra_decision,

	TP_PROTO(const struct umbra_decision *d),

	TP_ARGS(d),

	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u8, kind)
		__field(u8, zone)
		__field(u8, order)
		__field(u8, type)
		__field(u8, found)
		__field(u8, from)
		__field(u8, result)
		__field(u32, index)
		__field(int, nr)
		__field(long, free)
		__field(long, unusable)
		__field(long, min)
		__field(long, reserve)
	),

	TP_fast_assign(
		__entry->seq = d->seq;
		__entry->kind = d->kind;
		__entry->zone = d->zone;
		__entry->order = d->order;
		__entry->type = d->type;
		__entry->found = d->found;
		__entry->from = d->from;
		__entry->result = d->result;
		__entry->index = d->index;
		__entry->nr = d->nr;
		__entry->free = d->kind == DECISION_MARK ? d->mark.free : 0;
		__entry->unusable = d->kind == DECISION_MARK ?
				    d->mark.unusable : 0;
		__entry->min = d->kind == DECISION_MARK ? d->mark.min : 0;
		__entry->reserve = d->kind == DECISION_MARK ?
				   d->mark.reserve : 0;
	),

	TP_printk("seq=%llu decision=%s zone=%u order=%u migratetype=%u found_order=%u found_migratetype=%u result=%u frame=%u nr=%d free=%ld unusable=%ld min=%ld lowmem_reserve=%ld",
		  __entry->seq,
		  __print_symbolic(__entry->kind,
				   { 0, "request" }, { 1, "leave_out" },
				   { 2, "again" }, { 3, "mark" }, { 4, "hit" },
				   { 5, "refill" }, { 6, "take" },
				   { 7, "claim" }, { 8, "keep" },
				   { 9, "steal" }, { 10, "reserve" },
				   { 11, "step" }, { 12, "done" },
				   { 13, "free" }),
		  __entry->zone, __entry->order, __entry->type, __entry->found,
		  __entry->from, __entry->result, __entry->index, __entry->nr,
		  __entry->free, __entry->unusable, __entry->min,
		  __entry->reserve)
);

#endif /* _TRACE_UMBRA_DECISION_H */

#include <trace/define_trace.h>
