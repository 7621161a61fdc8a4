// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of tasks, and the switch from one to another. AddressSanitizer is told
 * of each switch, because it keeps what it knows of a stack for each stack. A
 * page without access lies below each stack: an overflow faults.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <sim/context.h>
#include "fiber.h"

#ifdef __SANITIZE_ADDRESS__
#define HAS_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK_BYTES	(512UL << 10)
#define GUARD_BYTES	4096UL

struct sim_fiber {
	ucontext_t context;
	char *stack;			/* NULL: that of the program */
	const void *bottom;		/* for AddressSanitizer */
	size_t bytes;
	void *fake;
	void (*entry)(void);
};

static struct sim_fiber *coming_from;

static void arrive(struct sim_fiber *self)
{
#ifdef HAS_ASAN
	const void *bottom;
	size_t bytes;

	__sanitizer_finish_switch_fiber(self->fake, &bottom, &bytes);
	if (coming_from) {
		coming_from->bottom = bottom;
		coming_from->bytes = bytes;
	}
#endif
}

/* makecontext() passes no pointer. */
static struct sim_fiber *starting;

static void start(void)
{
	struct sim_fiber *self = starting;

	arrive(self);
	self->entry();
	sim_die("a task returned from its last function");
}

struct sim_fiber *sim_fiber_of_program(void)
{
	static struct sim_fiber program;

	return &program;
}

static bool prepare(struct sim_fiber *fiber)
{
	if (mprotect(fiber->stack, GUARD_BYTES, PROT_NONE) ||
	    getcontext(&fiber->context))
		return false;
	fiber->context.uc_stack.ss_sp = fiber->stack + GUARD_BYTES;
	fiber->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&fiber->context, start, 0);
	return true;
}

struct sim_fiber *sim_fiber_new(void (*entry)(void))
{
	struct sim_fiber *fiber = calloc(1, sizeof(*fiber));
	size_t bytes = STACK_BYTES + GUARD_BYTES;

	if (!fiber)
		return NULL;
	fiber->stack = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fiber->stack == MAP_FAILED || !prepare(fiber)) {
		free(fiber);
		return NULL;
	}
	fiber->bottom = fiber->stack + GUARD_BYTES;
	fiber->bytes = STACK_BYTES;
	fiber->entry = entry;
	return fiber;
}

void sim_fiber_free(struct sim_fiber *fiber)
{
	munmap(fiber->stack, STACK_BYTES + GUARD_BYTES);
	free(fiber);
}

/* If @ends, @from never runs again. */
void sim_fiber_switch(struct sim_fiber *from, struct sim_fiber *to, bool ends)
{
	coming_from = from;
	starting = to;
#ifdef HAS_ASAN
	__sanitizer_start_switch_fiber(ends ? NULL : &from->fake, to->bottom,
				       to->bytes);
#endif
	if (swapcontext(&from->context, &to->context))
		sim_die("swapcontext() failed");
	arrive(from);
}

/* Is an address on the stack of a task? True for all of the program's. */
bool sim_fiber_contains(const struct sim_fiber *fiber, unsigned long addr)
{
	unsigned long low = (unsigned long)fiber->stack;

	return !low || addr - low < STACK_BYTES + GUARD_BYTES;
}
