// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the linked KUnit suites, prints their results as KTAP, and the totals as
 * the last line.
 *
 * usage: unit [--filter=GLOB] [--verbose] [--stop] [--PARAMETER=N...]
 * GLOB chooses suites, or SUITE.TEST; several filters choose what one of them
 * does. --stop ends at the first failure. PARAMETER is a module parameter of the
 * tests.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <kunit/test.h>
#include "internal.h"
#include "kunit.h"

struct sim_action {
	struct sim_action *next;
	void (*fn)(void *arg);
	void *arg;
};

struct sim_stub {
	struct sim_stub *next;
	void *function;
	void *stub;
};

static struct {
	const char **filters;
	unsigned int nr_filters;
	bool verbose;
	bool stop;
	unsigned long passed, failed, skipped;
} unit;

/* A tool that wants to know which functions a test calls has its own. */
__weak void sim_kunit_ended(const char *suite, const char *name)
{
}

void *sim_stub_of(struct kunit *test, void *function)
{
	struct sim_stub *stub;

	for (stub = test->stubs; stub; stub = stub->next)
		if (stub->function == function)
			return stub->stub;
	return NULL;
}

void sim_stub_set(struct kunit *test, void *function, void *stub)
{
	struct sim_stub *entry = sim_kunit_alloc(test, sizeof(*entry));

	*entry = (struct sim_stub) { test->stubs, function, stub };
	test->stubs = entry;
}

int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *arg),
			      void *arg)
{
	struct sim_action *action = malloc(sizeof(*action));

	if (!action)
		sim_die("no memory for a test");
	*action = (struct sim_action) { test->actions, fn, arg };
	test->actions = action;
	return 0;
}

void *sim_kunit_alloc(struct kunit *test, size_t bytes)
{
	void *p = calloc(1, bytes ?: 1);

	if (!p)
		sim_die("no memory for a test");
	kunit_add_action_or_reset(test, free, p);
	return p;
}

static void say(struct kunit *test, int level, const char *text)
{
	bool ends = *text && text[strlen(text) - 1] == '\n';

	printf("    # %s: %s%s", test->name, text, ends ? "" : "\n");
}

void sim_kunit_say(struct kunit *test, int level, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	char line[512];
	va_list args;

	va_start(args, fmt);
	text.va = &args;
	scnprintf(line, sizeof(line), "%pV", &text);
	va_end(args);
	sim_printk("6", "# %s: %s", test->name, line);
	say(test, level, line);
}

void sim_kunit_fail(struct kunit *test, const char *file, int line,
		    const char *fmt, ...)
{
	const char *name = strrchr(file, '/');
	char text[512];
	va_list args;

	test->failed = true;
	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("    # %s: failed at %s:%d: %s\n", test->name,
	       name ? name + 1 : file, line, text);
}

void kunit_fail_current_test(const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!current->kunit_test)
		return;
	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	current->kunit_test->failed = true;
	say(current->kunit_test, 3, text);
}

void sim_kunit_skip(struct kunit *test, const char *fmt, ...)
{
	va_list args;

	test->skipped = true;
	va_start(args, fmt);
	vscnprintf(test->reason, sizeof(test->reason), fmt, args);
	va_end(args);
}

/* Leave the test from anywhere. Locks that it holds stay held. */
void sim_kunit_leave(struct kunit *test)
{
	sim.now.preempt = 0;
	sim.now.bh = 0;
	sim.now.rcu = 0;
	sim.now.irqs_off = false;
	sim_thread_exit(0);
}

struct run {
	struct kunit_suite *suite;
	struct kunit_case *c;
	struct kunit *test;
};

static int run_fn(void *data)
{
	struct run *run = data;
	int err;

	current->kunit_test = run->test;
	err = run->suite->init ? run->suite->init(run->test) : 0;
	if (err)
		sim_kunit_fail(run->test, __FILE__, __LINE__,
			       "init failed: %d", err);
	else
		run->c->run_case(run->test);
	return 0;
}

static int clean_fn(void *data)
{
	struct run *run = data;
	struct sim_action *action;

	current->kunit_test = run->test;
	if (run->suite->exit)
		run->suite->exit(run->test);
	while ((action = run->test->actions)) {
		/* A stub must not be looked for when its memory is freed. */
		if (action->arg == run->test->stubs && run->test->stubs)
			run->test->stubs = run->test->stubs->next;
		run->test->actions = action->next;
		action->fn(action->arg);
		free(action);
	}
	return 0;
}

static void in_thread(int (*fn)(void *data), struct run *run)
{
	struct task_struct *task = sim_thread_new(fn, run, "kunit_try_catch");

	wake_up_process(task);
	sim_thread_join(task);
}

/* Run a test once. Returns false if it failed. */
static void run_once(struct kunit_suite *suite, struct kunit_case *c,
		     struct kunit *test)
{
	unsigned long long memory = umbra_sim_memory();
	unsigned long warnings = umbra_sim_warnings();
	struct run run = { suite, c, test };

	test->name = c->name;
	in_thread(run_fn, &run);
	in_thread(clean_fn, &run);
	if (umbra_sim_warnings() != warnings && !test->failed)
		sim_kunit_fail(test, __FILE__, __LINE__,
			       "a warning of the kernel came");
	if (umbra_sim_memory() != memory && !test->failed)
		sim_kunit_fail(test, __FILE__, __LINE__,
			       "%lld bytes are left allocated",
			       umbra_sim_memory() - memory);
	unit.skipped += test->skipped && !test->failed;
	unit.failed += test->failed;
	unit.passed += !test->failed && !test->skipped;
}

/* Print the totals. Returns the exit status. */
static int finish(void)
{
	printf("%lu passed, %lu failed, %lu skipped\n", unit.passed,
	       unit.failed, unit.skipped);
	return unit.failed || !unit.passed;
}

static void print_result(const char *indent, unsigned int nr, const char *name,
			 const struct kunit *test)
{
	printf("%s%s %u %s%s%s\n", indent, test->failed ? "not ok" : "ok", nr,
	       name, test->skipped && !test->failed ? " # SKIP " : "",
	       test->skipped && !test->failed ? test->reason : "");
	fflush(stdout);
	if (test->failed && unit.stop)
		exit(finish());
}

static bool run_params(struct kunit_suite *suite, struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE];
	const void *param = NULL;
	unsigned int nr = 0;
	bool good = true;

	printf("        KTAP version 1\n        # Subtest: %s\n", c->name);
	for (;;) {
		struct kunit test = {};

		*desc = '\0';
		param = c->generate_params(param, desc);
		if (!param)
			break;
		test.param_value = param;
		run_once(suite, c, &test);
		print_result("        ", ++nr, desc, &test);
		good &= !test.failed;
	}
	return good;
}

static bool run_case(struct kunit_suite *suite, struct kunit_case *c,
		     unsigned int nr)
{
	struct kunit test = {};

	if (c->generate_params)
		test.failed = !run_params(suite, c);
	else
		run_once(suite, c, &test);
	print_result("    ", nr, c->name, &test);
	sim_kunit_ended(suite->name, c->name);
	return !test.failed;
}

static bool matches(const char *filter, const char *suite, const char *name)
{
	const char *wanted = strchr(filter, '.') ? name : suite;

	return !strcmp(filter, wanted) || !fnmatch(filter, wanted, 0);
}

static bool is_chosen(const struct kunit_suite *suite,
		      const struct kunit_case *c)
{
	char name[256];
	unsigned int i;

	scnprintf(name, sizeof(name), "%s.%s", suite->name, c->name);
	for (i = 0; i < unit.nr_filters; i++)
		if (matches(unit.filters[i], suite->name, name))
			return true;
	return !unit.nr_filters;
}

static unsigned int count_chosen(const struct kunit_suite *suite)
{
	const struct kunit_case *c;
	unsigned int nr = 0;

	for (c = suite->test_cases; c->run_case; c++)
		nr += is_chosen(suite, c);
	return nr;
}

static void run_suite(struct kunit_suite *suite, unsigned int nr)
{
	struct kunit_case *c;
	unsigned int n = 0;
	bool good = true;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n",
	       suite->name, count_chosen(suite));
	if (suite->suite_init && suite->suite_init(suite))
		good = false;
	for (c = suite->test_cases; good && c->run_case; c++)
		if (is_chosen(suite, c))
			good &= run_case(suite, c, ++n) || true;
	if (suite->suite_exit)
		suite->suite_exit(suite);
	printf("%s %u %s\n", good ? "ok" : "not ok", nr, suite->name);
}

static void print_log(void *arg, int level, const char *line)
{
	printf("    # log: %s\n", line);
}

static void parse(char *argument)
{
	char *value = strchr(argument, '=');
	unsigned long *parameter;
	unsigned long long n;

	if (!strcmp(argument, "--verbose")) {
		unit.verbose = true;
		return;
	}
	if (!strcmp(argument, "--stop")) {
		unit.stop = true;
		return;
	}
	if (value)
		*value++ = '\0';
	if (value && !strcmp(argument, "--filter")) {
		unit.filters[unit.nr_filters++] = value;
		return;
	}
	parameter = str_has_prefix(argument, "--") ?
		    sim_parameter(argument + 2) : NULL;
	if (!parameter || !value || kstrtoull(value, 0, &n)) {
		fprintf(stderr,
			"unit: %s: must be --filter=GLOB, --verbose, --stop or --PARAMETER=N\n",
			argument);
		exit(2);
	}
	*parameter = n;
}

int main(int argc, char **argv)
{
	struct kunit_suite **suite;
	unsigned int nr = 0;

	unit.filters = calloc(argc, sizeof(*unit.filters));
	if (!unit.filters)
		return 1;
	while (--argc)
		parse(*++argv);
	if (unit.verbose)
		umbra_sim_set_log(print_log, NULL);
	for (suite = __start_sim_suites; suite < __stop_sim_suites; suite++)
		nr += count_chosen(*suite) > 0;
	printf("KTAP version 1\n1..%u\n", nr);
	nr = 0;
	for (suite = __start_sim_suites; suite < __stop_sim_suites; suite++)
		if (count_chosen(*suite))
			run_suite(*suite, ++nr);
	return finish();
}
