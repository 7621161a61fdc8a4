/* SPDX-License-Identifier: GPL-2.0 */
/* The scenarios, by subject; a table ends with a scenario without a name. */
#ifndef _INTERLEAVE_SCENARIOS_H
#define _INTERLEAVE_SCENARIOS_H

#include "explore.h"

/* A context: what it does, and its CPU. */
#define TASK(what, where)	{ #what, CONTEXT_TASK, where, what }
#define IRQ(what, where)	{ #what, CONTEXT_INTERRUPT, where, what }
#define NMI(what, where)	{ #what, CONTEXT_NMI, where, what }

/* A scenario of the short set; the contexts come last. */
#define SCENARIO(id, count, says, make, end, limit, ...)		\
	{								\
		.name = id,						\
		.claim = says,						\
		.setup = make,						\
		.contexts = { __VA_ARGS__ },				\
		.judge = end,						\
		.preemptions = limit,					\
		.schedules = count,					\
	}

extern const struct scenario free_scenarios[];
extern const struct scenario section_scenarios[];
extern const struct scenario drain_scenarios[];
extern const struct scenario off_scenarios[];
extern const struct scenario mark_scenarios[];

#endif /* _INTERLEAVE_SCENARIOS_H */
