// SPDX-License-Identifier: GPL-2.0
/*
 * Explores the scenarios of the tables, or those that match a pattern. Prints the
 * counts and the result of each, and totals.
 *   --whole		also those that take long
 *   --list		print names only
 *   --sleep-sets	check the reduction: the counts must be the same without it
 *   --preemptions=N	another limit; the counts are not compared
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "scenarios.h"

/*
 * The expected counts are those of this version of gcc: another one may read a
 * variable more often, or less.
 */
#define COUNTED_WITH	12

static const struct scenario * const tables[] = {
	free_scenarios, section_scenarios, drain_scenarios, off_scenarios,
	mark_scenarios
};

static bool whole, list_only, sleep_sets, is_limited;
static unsigned int limit;
static const char *pattern = "*";

/* Explore in a process of its own. Returns false if a schedule failed. */
static bool explore_apart(const struct scenario *s, unsigned int preemptions)
{
	pid_t child;
	int status;

	accesses_forget();
	*outcome = (struct outcome) {};
	fflush(stdout);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		explore(s, preemptions, sleep_sets);
		fflush(stdout);
		_exit(outcome->failed);
	}
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void print_counts(const struct scenario *s, unsigned int preemptions,
			 double start)
{
	char which[40] = "all";

	if (preemptions != ALL_SCHEDULES)
		snprintf(which, sizeof(which), "at most %u preemptions",
			 preemptions);
	printf("# %s: %lu schedules (%s), %lu pruned, at most %lu steps, %.1f s\n",
	       s->name, outcome->schedules, which, outcome->pruned,
	       outcome->longest, seconds() - start);
}

/* Returns true if every schedule is good, and there are as many as expected. */
static bool try(const struct scenario *s)
{
	unsigned int preemptions = is_limited ? limit : s->preemptions;
	double start = seconds();
	bool good = explore_apart(s, preemptions);

	print_counts(s, preemptions, start);
	if (!good || is_limited || outcome->schedules == s->schedules)
		return good;
	printf("# %s: %lu schedules are expected from gcc %u\n", s->name,
	       s->schedules, COUNTED_WITH);
	return __GNUC__ != COUNTED_WITH;
}

static bool is_wanted(const struct scenario *s)
{
	return (whole || !s->is_long || strcmp(pattern, "*")) &&
	       !fnmatch(pattern, s->name, 0);
}

static void print_usage(void)
{
	fputs("usage: interleave [--whole] [--list] [--sleep-sets] [--preemptions=N] [PATTERN]\n",
	      stderr);
	exit(2);
}

static void options(int argc, char **argv)
{
	static const struct option table[] = {
		{ "whole", no_argument, NULL, 'w' },
		{ "list", no_argument, NULL, 'l' },
		{ "sleep-sets", no_argument, NULL, 's' },
		{ "preemptions", required_argument, NULL, 'p' },
		{}
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'w')
			whole = true;
		else if (c == 'l')
			list_only = true;
		else if (c == 's')
			sleep_sets = true;
		else if (c == 'p')
			limit = strtoul(optarg, NULL, 0), is_limited = true;
		else
			print_usage();
	}
	if (optind < argc)
		pattern = argv[optind++];
	if (optind != argc)
		print_usage();
}

/* Explore a scenario and print its result. Returns true if it is good. */
static bool report(const struct scenario *s)
{
	bool good = try(s);

	printf("%s: %s: %s\n", good ? "ok" : "not ok", s->name, s->claim);
	fflush(stdout);
	return good;
}

int main(int argc, char **argv)
{
	unsigned int i, passed = 0, failed = 0;
	const struct scenario *s;

	options(argc, argv);
	accesses_share();
	search_share();
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (s = tables[i]; s->name; s++) {
			if (!is_wanted(s))
				continue;
			if (list_only)
				puts(s->name);
			else if (report(s))
				passed++;
			else
				failed++;
		}
	if (!list_only)
		printf("%u passed, %u failed\n", passed, failed);
	return failed || (!list_only && !passed);
}
