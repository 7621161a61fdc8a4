// SPDX-License-Identifier: GPL-2.0
/*
 * umbractl: the tool of umbra for the command line. The first argument names a
 * command; the rest belongs to it.
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "explain", command_explain },
	{ "gfp", command_gfp },
};

const char *argp_program_version = "umbractl " UMBRA_VERSION;

static const char doc[] =
	"Explain decisions of page allocators.\vCommands:\n"
	"  explain    why an allocation failed, from a kernel log\n"
	"  gfp        flags of requests by kernel version\n\n"
	"umbractl COMMAND --help describes a command.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct command **command = state->input;
	size_t i;

	switch (key) {
	case ARGP_KEY_ARG:
		for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
			if (!strcmp(arg, commands[i].name))
				*command = &commands[i];
		if (!*command)
			argp_error(state, "%s: no such command", arg);
		state->quoted = state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [OPTION...]",
		.doc = doc,
	};
	const struct command *command = NULL;
	static char name[64];
	int i;

	argp_err_exit_status = EXIT_REFUSED;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	/* The name of the command is the program for its own messages. */
	for (i = 1; argv[i] && strcmp(argv[i], command->name); i++)
		;
	snprintf(name, sizeof(name), "umbractl %s", command->name);
	argv[i] = name;
	return command->run(argc - i, argv + i);
}
