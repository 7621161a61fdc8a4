// SPDX-License-Identifier: GPL-2.0
/* KUnit for code of the tests in a fuzzer: a failure ends the program. */
#include <stdarg.h>
#include <kunit/test.h>
#include "kunit.h"

#undef vsnprintf

struct sim_action {
	struct sim_action *next;
	void (*fn)(void *arg);
	void *arg;
};

int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *arg),
			      void *arg)
{
	struct sim_action *action = malloc(sizeof(*action));

	fuzz_check(action, "no memory");
	*action = (struct sim_action) { test->actions, fn, arg };
	test->actions = action;
	return 0;
}

void *sim_kunit_alloc(struct kunit *test, size_t bytes)
{
	void *p = calloc(1, bytes ?: 1);

	fuzz_check(p, "no memory");
	kunit_add_action_or_reset(test, free, p);
	return p;
}

void sim_kunit_say(struct kunit *test, int level, const char *fmt, ...)
{
}

void sim_kunit_fail(struct kunit *test, const char *file, int line,
		    const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fuzz_fail("%s:%d: %s", file, line, text);
}

void sim_kunit_skip(struct kunit *test, const char *fmt, ...)
{
	fuzz_fail("a fuzzer skips a test");
}

void sim_kunit_leave(struct kunit *test)
{
	fuzz_fail("a fuzzer leaves a test");
}

/* Undo what the input did with a test. */
void fuzz_kunit_end(struct kunit *test)
{
	struct sim_action *action;

	while ((action = test->actions)) {
		test->actions = action->next;
		action->fn(action->arg);
		free(action);
	}
}
