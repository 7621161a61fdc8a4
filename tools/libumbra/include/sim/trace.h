/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events. An event fills its entry and prints it for the function that
 * umbra_sim_set_event() sets, and calls the probes of the test.
 */
#ifndef _SIM_TRACE_H
#define _SIM_TRACE_H

#include <sim/gfp.h>
#include <sim/text.h>

struct tracepoint {
	const char *name;
	void *probe;		/* one at a time */
	void *data;
};

extern bool sim_events_on;

__printf(2, 3) void sim_event(const char *name, const char *fmt, ...);
const char *sim_gfp_names(unsigned long gfp);
int tracepoint_probe_register(struct tracepoint *tp, void *probe, void *data);
int tracepoint_probe_unregister(struct tracepoint *tp, void *probe, void *data);
void for_each_kernel_tracepoint(void (*fn)(struct tracepoint *tp, void *data),
				void *data);

#define tracepoint_synchronize_unregister()	do { } while (0)

struct sim_symbol {
	long value;
	const char *name;
};

const char *sim_symbol_name(long value, const struct sim_symbol *symbols,
			    size_t nr);

#define __print_symbolic(value, ...)					\
	sim_symbol_name(value, (const struct sim_symbol[]) { __VA_ARGS__ }, \
			sizeof((const struct sim_symbol[]) { __VA_ARGS__ }) / \
			sizeof(struct sim_symbol))
#define show_gfp_flags(gfp)	sim_gfp_names(gfp)

#define TP_PROTO(...)		__VA_ARGS__
#define TP_ARGS(...)		__VA_ARGS__
#define TP_STRUCT__entry(...)	__VA_ARGS__
#define TP_fast_assign(...)	__VA_ARGS__
#define TP_printk(...)		__VA_ARGS__
#define __field(type, member)	type member;

#ifdef CREATE_TRACE_POINTS
#define SIM_TRACEPOINT(event)						\
	struct tracepoint sim_tp_##event = { .name = #event };			\
	static struct tracepoint *sim_tp_ptr_##event			\
		__attribute__((__used__, __section__("sim_tracepoints"))) = \
		&sim_tp_##event
#else
#define SIM_TRACEPOINT(event)	extern struct tracepoint sim_tp_##event
#endif

#define DECLARE_EVENT_CLASS(class, proto, args, fields, assign, ...)	\
struct sim_entry_##class {						\
	fields								\
};									\
static inline void sim_print_##class(const char *event, proto)		\
{									\
	struct sim_entry_##class entry_, *__entry = &entry_;		\
									\
	assign								\
	sim_event(event, __VA_ARGS__);					\
}									\
static inline void sim_print_##class(const char *event, proto)

#define DEFINE_EVENT(class, event, proto, args)				\
SIM_TRACEPOINT(event);							\
static inline bool trace_##event##_enabled(void)			\
{									\
	return unlikely(sim_events_on || sim_tp_##event.probe);		\
}									\
static inline void trace_##event(proto)					\
{									\
	if (unlikely(sim_events_on))					\
		sim_print_##class(#event, args);			\
	if (unlikely(sim_tp_##event.probe))				\
		((void (*)(void *, proto))sim_tp_##event.probe)		\
			(sim_tp_##event.data, args);			\
}									\
static inline void trace_##event(proto)

#define TRACE_EVENT(event, proto, args, fields, assign, ...)		\
DECLARE_EVENT_CLASS(event, SIM_PROTO(proto), SIM_PROTO(args), fields,	\
		    SIM_PROTO(assign), __VA_ARGS__);			\
DEFINE_EVENT(event, event, SIM_PROTO(proto), SIM_PROTO(args))
#define SIM_PROTO(...)		__VA_ARGS__

#endif /* _SIM_TRACE_H */
