// SPDX-License-Identifier: GPL-2.0
/*
 * Prints which functions each test calls, one line for a test: its name, and
 * the addresses of the functions. Linked with the suites and a library that were
 * built with -finstrument-functions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "../libumbra/kunit.h"

#define QUIET __attribute__((no_instrument_function))
#define MOST 8192

/* A hash table of the functions since the last test ended */
static void *called[MOST];
static unsigned int nr_called;

QUIET void __cyg_profile_func_enter(void *function, void *from)
{
	unsigned long slot = ((unsigned long)function >> 2) % MOST;

	while (called[slot] && called[slot] != function)
		slot = (slot + 1) % MOST;
	if (called[slot])
		return;
	if (++nr_called == MOST)
		abort();
	called[slot] = function;
}

QUIET void __cyg_profile_func_exit(void *function, void *from)
{
}

QUIET void sim_kunit_ended(const char *suite, const char *name)
{
	unsigned int slot;

	fprintf(stderr, "%s.%s", suite, name);
	for (slot = 0; slot < MOST; slot++)
		if (called[slot])
			fprintf(stderr, " %p", called[slot]);
	fputc('\n', stderr);
	for (slot = 0; slot < MOST; slot++)
		called[slot] = NULL;
	nr_called = 0;
}
