// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of calls, and faults on purpose. A stack is found by frame pointers, so
 * the library and the program need -fno-omit-frame-pointer for whole stacks.
 */
#include <stdlib.h>
#include <sim/debug.h>
#include <sim/sched.h>
#include <sim/text.h>
#include "fiber.h"
#include "internal.h"

#define DEPTH		16

struct frame {
	const struct frame *caller;
	unsigned long address;
};

/* Frames are above each other; the last one has no caller. */
unsigned int stack_trace_save(unsigned long *entries, unsigned int most,
			      unsigned int skip)
{
	const struct frame *frame = __builtin_frame_address(0);
	unsigned int nr = 0;

	while (frame && nr < most) {
		if (skip)
			skip--;
		else
			entries[nr++] = frame->address -
					(unsigned long)__executable_start;
		if (frame->caller <= frame ||
		    (unsigned long)frame->caller % sizeof(long) ||
		    !sim_fiber_contains(current->fiber,
					(unsigned long)frame->caller))
			break;
		frame = frame->caller;
	}
	return nr;
}

/* Every different stack once; its handle is its place, from 1. */
static struct {
	unsigned long (*stacks)[DEPTH];
	unsigned int nr, most;
} depot;

u32 stack_depot_save(unsigned long *entries, unsigned int nr, gfp_t gfp)
{
	unsigned long stack[DEPTH] = {};
	unsigned int i;

	memcpy(stack, entries, min(nr, DEPTH) * sizeof(*entries));
	for (i = 0; i < depot.nr; i++)
		if (!memcmp(depot.stacks[i], stack, sizeof(stack)))
			return i + 1;
	if (depot.nr == depot.most) {
		depot.most = depot.most * 2 ?: 64;
		depot.stacks = realloc(depot.stacks,
				       depot.most * sizeof(stack));
		if (!depot.stacks)
			sim_die("no memory for stacks");
	}
	memcpy(depot.stacks[depot.nr++], stack, sizeof(stack));
	return depot.nr;
}

int stack_depot_snprint(u32 handle, char *buf, size_t size, int spaces)
{
	unsigned int i;
	int len = 0;

	if (!handle || handle > depot.nr)
		return 0;
	for (i = 0; i < DEPTH && depot.stacks[handle - 1][i]; i++)
		len += scnprintf(buf + len, size - len, "%*s+0x%lx\n", spaces,
				 "", depot.stacks[handle - 1][i]);
	return len;
}

/* The order of the checks is that of the kernel. */
bool should_fail(struct fault_attr *attr, ssize_t size)
{
	if (!attr->probability || !atomic_read(&attr->times))
		return false;
	if (atomic_read(&attr->space) > size) {
		atomic_sub(size, &attr->space);
		return false;
	}
	if (attr->interval > 1 && ++attr->count % attr->interval)
		return false;
	if (attr->probability <= get_random_u32_below(100))
		return false;
	if (attr->verbose)
		pr_info("fault injection: an allocation fails on purpose\n");
	if (atomic_read(&attr->times) != -1)
		atomic_dec(&attr->times);
	return true;
}
