// SPDX-License-Identifier: GPL-2.0
/*
 * umbra-sim: run requests on the allocator of umbra in user space, and print what
 * each did. Commands come from the arguments, or line by line from the standard
 * input. See Documentation/library.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libumbra.h>
#include "commands.h"

struct option {
	const char *name;
	const char **text;	/* one of these is set */
	unsigned int *number;
	int *value;
	bool *flag;
	const char *help;
};

static struct umbra_sim_parameters parameters;
static unsigned int cpus = 2;
static const char *seed = "0";
static bool log_on, events_on, no_background;

static const struct option options[] = {
	{ "size", .text = &parameters.size, .help = "size of the instance, as 64M" },
	{ "nodes", .number = &parameters.nodes, .help = "number of equal nodes" },
	{ "zones", .text = &parameters.zones, .help = "zones, as DMA:16M,Normal" },
	{ "distance", .text = &parameters.distance,
	  .help = "distances of nodes, as 10,20/20,10" },
	{ "cpu_node", .text = &parameters.cpu_node, .help = "node of each CPU" },
	{ "pb_order", .number = &parameters.pb_order, .help = "order of a pageblock" },
	{ "policy", .text = &parameters.policy, .help = "how blocks are chosen" },
	{ "debug", .text = &parameters.debug, .help = "debugging options" },
	{ "min_free_kbytes", .value = &parameters.min_free_kbytes,
	  .help = "reserve in KiB" },
	{ "pcp_batch", .value = &parameters.pcp_batch, .help = "batch of caches" },
	{ "pcp_high", .value = &parameters.pcp_high, .help = "limit of caches" },
	{ "memory", .flag = &parameters.memory, .help = "pages have memory" },
	{ "no-background", .flag = &no_background,
	  .help = "neither kswapd nor kcompactd" },
	{ "cpus", .number = &cpus, .help = "number of CPUs" },
	{ "seed", .text = &seed, .help = "seed of random numbers" },
	{ "log", .flag = &log_on, .help = "print the log" },
	{ "events", .flag = &events_on, .help = "print the trace events" },
};

static void print_help(FILE *out)
{
	unsigned int i;

	fputs("usage: umbra-sim [OPTION...] [COMMAND...]\n\noptions:\n", out);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		fprintf(out, "  --%s%s\n\t%s\n", options[i].name,
			options[i].flag ? "" : "=VALUE", options[i].help);
	fputs("\ncommands; without any, lines of the standard input:\n", out);
	command_help(out);
}

static int bad(const char *argument)
{
	fprintf(stderr, "umbra-sim: %s: not an option; see --help\n", argument);
	return 2;
}

static int set_value(const struct option *o, const char *value)
{
	char *end;
	long n;

	if (o->text) {
		*o->text = value;
		return 0;
	}
	n = strtol(value, &end, 0);
	if (!*value || *end || (o->number && n < 0))
		return -1;
	if (o->number)
		*o->number = n;
	else
		*o->value = n;
	return 0;
}

static int set_option(const char *argument)
{
	const char *name = argument + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		if (strlen(o->name) != len || strncmp(o->name, name, len))
			continue;
		if (!value == !o->flag)
			return bad(argument);
		if (o->flag)
			*o->flag = true;
		else if (set_value(o, value + 1))
			return bad(argument);
		return 0;
	}
	return bad(argument);
}

static void print_log(void *arg, int level, const char *line)
{
	(void)arg;
	if (log_on || level <= 3)
		printf("  log: %s\n", line);
}

static void print_event(void *arg, const char *event, const char *text)
{
	(void)arg;
	printf("  event: %s: %s\n", event, text);
}

static bool run_arguments(struct umbra *u, char **commands, int nr)
{
	while (nr--)
		if (!command_run(u, *commands++))
			return false;
	return true;
}

static bool run_lines(struct umbra *u)
{
	bool good = true;
	char *line = NULL;
	size_t size = 0;

	while (good && getline(&line, &size, stdin) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		good = command_run(u, line);
	}
	free(line);
	return good;
}

int main(int argc, char **argv)
{
	struct umbra *u;
	bool good;
	int i, err;

	umbra_sim_parameters_init(&parameters);
	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strcmp(argv[i], "--help")) {
			print_help(stdout);
			return 0;
		}
		if (set_option(argv[i]))
			return 2;
	}
	if (!cpus || cpus > 64)
		return bad("--cpus: must be 1 to 64");
	parameters.background = !no_background;
	umbra_sim_set_cpus(cpus);
	umbra_sim_set_seed(strtoull(seed, NULL, 0));
	umbra_sim_set_log(print_log, NULL);
	err = umbra_sim_create("sim", &parameters, &u);
	if (err) {
		fprintf(stderr, "umbra-sim: no instance: %s\n", strerror(-err));
		return 2;
	}
	if (events_on)
		umbra_sim_set_event(print_event, NULL);
	good = i < argc ? run_arguments(u, argv + i, argc - i) : run_lines(u);
	good = good && !umbra_sim_verify(u, NULL, NULL);
	umbra_sim_set_event(NULL, NULL);
	command_end(u);
	umbra_sim_destroy(u);
	return !good;
}
