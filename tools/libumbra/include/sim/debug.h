/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks, and faults on purpose. A stack is a list of addresses relative to the
 * program, so that it is the same in every run; addr2line(1) names them.
 */
#ifndef _SIM_DEBUG_H
#define _SIM_DEBUG_H

#include <sim/gfp.h>
#include <sim/atomic.h>

unsigned int stack_trace_save(unsigned long *entries, unsigned int most,
			      unsigned int skip);
u32 stack_depot_save(unsigned long *entries, unsigned int nr, gfp_t gfp);
int stack_depot_snprint(u32 handle, char *buf, size_t size, int spaces);

#define stack_depot_init()	0

/* As far as fail_umbra_alloc uses it: all members as in the kernel. */
struct fault_attr {
	unsigned long probability;	/* percent */
	unsigned long interval;
	atomic_t times;			/* -1: without limit */
	atomic_t space;
	unsigned long verbose;
	unsigned long count;
};

#define FAULT_ATTR_INITIALIZER { .interval = 1, .times = ATOMIC_INIT(1), .verbose = 2 }

bool should_fail(struct fault_attr *attr, ssize_t size);

#endif /* _SIM_DEBUG_H */
