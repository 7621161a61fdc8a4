// SPDX-License-Identifier: GPL-2.0
/*
 * umbractl gfp: the mask of names, and the names of a mask, for one version of
 * the kernel or for each range of versions with other bits.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "gfp.h"

struct arguments {
	char text[GFP_TEXT];
	unsigned int version;
};

static const struct argp_option options[] = {
	{ "kernel", 'k', "VERSION", 0, "only this version, as 5.15", 0 },
	{ 0 }
};

static void set_version(struct argp_state *state, const char *arg,
			unsigned int *version)
{
	int err = gfp_version_parse(arg, version);

	if (err == -ERANGE)
		argp_error(state, "--kernel=%s: must be 2.6.38 or newer", arg);
	else if (err)
		argp_error(state, "--kernel=%s: must be a version as 5.15", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	size_t len = strlen(a->text);

	switch (key) {
	case 'k':
		set_version(state, arg, &a->version);
		return 0;
	case ARGP_KEY_ARG:
		if (len + strlen(arg) + 2 > sizeof(a->text))
			argp_error(state, "the flags are too long");
		snprintf(a->text + len, sizeof(a->text) - len, "%s%s",
			 len ? "|" : "", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "names of flags, or a mask, are missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_version(unsigned int version, char text[16])
{
	if (version >> 16 == 2)
		snprintf(text, 16, "%u.%u.%u", version >> 16,
			 version >> 8 & 0xff, version & 0xff);
	else
		snprintf(text, 16, "%u.%u", version >> 16, version >> 8 & 0xff);
}

static bool is_mask(const char *text, unsigned long *mask)
{
	char *end;

	errno = 0;
	*mask = strtoul(text, &end, 16);
	return !strncmp(text, "0x", 2) && end > text + 2 && !*end && !errno;
}

/* One line of the result for a version. Fails if a name is none. */
static int describe(const char *text, unsigned int version,
		    char line[GFP_TEXT * 2])
{
	unsigned long mask, rest;
	char names[GFP_TEXT];
	const char *bad;
	unsigned long long set, absent;
	int len;

	if (is_mask(text, &mask)) {
		gfp_names(gfp_from_mask(mask, version, &rest), version, names);
		len = snprintf(line, GFP_TEXT * 2, "%s", names);
		if (rest)
			snprintf(line + len, GFP_TEXT * 2 - len,
				 ", and 0x%lx: no flag, or one that the configuration decides",
				 rest);
		return 0;
	}
	if (gfp_from_names(text, version, &set, &bad)) {
		snprintf(line, GFP_TEXT * 2, "%.*s is no flag of this version",
			 (int)strcspn(bad, "| "), bad);
		return -EINVAL;
	}
	mask = gfp_to_mask(set, version, &absent);
	len = snprintf(line, GFP_TEXT * 2, "0x%lx", mask);
	if (absent) {
		gfp_names(absent, version, names);
		snprintf(line + len, GFP_TEXT * 2 - len,
			 ", without %s, which this version does not have", names);
	}
	return 0;
}

static int print_one(const char *text, unsigned int version)
{
	char line[GFP_TEXT * 2];
	int err = describe(text, version, line);

	if (err)
		fprintf(stderr, "umbractl gfp: %s\n", line);
	else
		printf("%s\n", line);
	return err ? EXIT_REFUSED : 0;
}

/* Does any version know all names? */
static bool is_known(const char *text, char line[GFP_TEXT * 2])
{
	unsigned int version;

	for (version = GFP_OLDEST; version; version = gfp_next_layout(version))
		if (!describe(text, version, line))
			return true;
	return false;
}

/* Print a line for each range of versions whose result is the same. */
static int print_all(const char *text)
{
	char line[GFP_TEXT * 2], before[GFP_TEXT * 2] = "", since[16];
	unsigned int version;

	if (!is_known(text, line))
		return print_one(text, GFP_OLDEST);
	for (version = GFP_OLDEST; version; version = gfp_next_layout(version)) {
		describe(text, version, line);
		if (strcmp(line, before)) {
			print_version(version, since);
			printf("from %-7s %s\n", since, line);
		}
		memcpy(before, line, sizeof(before));
	}
	return 0;
}

/* Run "umbractl gfp". Returns the exit status. */
int command_gfp(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "NAME|NAME... or 0xMASK",
		.doc = "Print the mask of flags of requests, or the names of a mask.",
	};
	struct arguments a = { .version = 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	return a.version ? print_one(a.text, a.version) : print_all(a.text);
}
