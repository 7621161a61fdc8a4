// SPDX-License-Identifier: GPL-2.0
/*
 * Every state of small zones: a search over all states that operations can reach,
 * scene by scene (scenes.c). After each operation the zone must be as the model
 * says (model.c): the frame map, the types, the lists and caches in their order,
 * and the result. In each state the checker must find nothing.
 *
 * usage: states [--short] [--count] [--first] [SCENE...]
 * --short leaves out the scenes of the whole set. --count does not compare the
 * numbers of states with those that scenes.c has. --first ends after the first
 * scene that fails. Each scene runs in a process of its own, because the library
 * may end it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "states.h"

static bool only_short, only_count, only_first;

void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "states: %s\n", what);
	exit(2);
}

static bool is_wanted(const struct scene *scene, char **names, int nr)
{
	int i;

	if (!nr)
		return !only_short || !scene->whole;
	for (i = 0; i < nr; i++)
		if (!strcmp(scene->name, names[i]))
			return true;
	return false;
}

static bool run(const struct scene *scene)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		status = !search(scene, !only_count);
		fflush(stdout);
		_exit(status);
	}
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	    WEXITSTATUS(status) <= 1)
		return !status;
	printf("not ok: %s: the search did not end\n", scene->name);
	return false;
}

static const struct option options[] = {
	{ "short", no_argument, NULL, 's' },
	{ "count", no_argument, NULL, 'c' },
	{ "first", no_argument, NULL, 'f' },
	{}
};

static bool read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		only_short |= option == 's';
		only_count |= option == 'c';
		only_first |= option == 'f';
		if (option == '?')
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned int i, passed = 0, failed = 0;

	if (!read_options(argc, argv))
		return 2;
	for (i = 0; i < nr_scenes && !(only_first && failed); i++) {
		if (!is_wanted(&scenes[i], argv + optind, argc - optind))
			continue;
		if (run(&scenes[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
