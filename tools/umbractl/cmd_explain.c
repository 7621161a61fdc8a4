// SPDX-License-Identifier: GPL-2.0
/* umbractl explain: why a request for pages failed, or whether one would. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "commands.h"
#include "explain.h"
#include "live.h"

/* A log is read whole. A longer one must be cut to the report first. */
#define LOG_MOST	(64UL << 20)

#define PAGETYPEINFO	"/proc/pagetypeinfo"

struct arguments {
	const char *log;
	const char *live;
	struct live_files files;
	unsigned int report;
	unsigned int version;
	bool json;
};

static const struct argp_option options[] = {
	{ "log", 'l', "FILE", 0, "a kernel log, or - for the standard input", 0 },
	{ "live", 'L', "REQUEST", 0,
	  "a request on this machine, as \"GFP_ATOMIC order=3 node=0\"", 0 },
	{ "zoneinfo", 'z', "FILE", 0, "for --live: not /proc/zoneinfo", 0 },
	{ "buddyinfo", 'b', "FILE", 0, "for --live: not /proc/buddyinfo", 0 },
	{ "pagetypeinfo", 'p', "FILE", 0,
	  "for --live: not " PAGETYPEINFO, 0 },
	{ "report", 'r', "N", 0,
	  "explain the Nth report of the log, not the first that failed in a zone", 0 },
	{ "kernel", 'k', "VERSION", 0,
	  "version of the kernel, if the log does not have it", 0 },
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 }
};

static void set_report(struct argp_state *state, const char *arg,
		       unsigned int *report)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end || !n || n > 1000000)
		argp_error(state, "--report=%s: must be a number from 1 on", arg);
	*report = n;
}

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

	switch (key) {
	case 'l':
		a->log = arg;
		return 0;
	case 'L':
		a->live = arg;
		return 0;
	case 'z':
		a->files.zoneinfo = arg;
		return 0;
	case 'b':
		a->files.buddyinfo = arg;
		return 0;
	case 'p':
		a->files.pagetypeinfo = arg;
		return 0;
	case 'r':
		set_report(state, arg, &a->report);
		return 0;
	case 'k':
		set_version(state, arg, &a->version);
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s: not expected", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->log == !a->live)
			argp_error(state, "--log or --live is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int refuse(const char *what, const char *why)
{
	fprintf(stderr, "umbractl explain: %s: %s\n", what, why);
	return EXIT_REFUSED;
}

/* Read a file up to LOG_MOST bytes. Returns NULL with errno. */
static char *read_all(const char *path, size_t *size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	size_t room = 1 << 16;
	char *text = file ? malloc(room) : NULL, *more;

	*size = 0;
	while (text && !feof(file) && !ferror(file)) {
		*size += fread(text + *size, 1, room - *size, file);
		if (*size < room)
			continue;
		room *= 2;
		errno = EFBIG;
		more = room > LOG_MOST ? NULL : realloc(text, room);
		if (!more)
			free(text);
		text = more;
	}
	if (text && ferror(file)) {
		free(text);
		text = NULL;
	}
	if (file && file != stdin)
		fclose(file);
	return text;
}

/* The first report whose failure is one of zones, else the first report */
static unsigned int choose(const struct log *log)
{
	unsigned int i;

	for (i = 0; i < log->nr; i++)
		if (log->reports[i]->kind <= REPORT_OOM)
			return i + 1;
	return 1;
}

/* Explain, print, and free an explanation. */
static int finish(const struct arguments *a, struct explanation *e,
		  const struct report *r, const char *what)
{
	int err = explain(e, r, a->version);

	if (!err && a->json)
		err = explain_json(e, stdout);
	else if (!err)
		explain_text(e, stdout);
	explain_free(e);
	return err ? refuse(what, strerror(-err)) : 0;
}

static bool has_types(const struct report *r)
{
	unsigned int i, order;

	for (i = 0; i < r->nr_zones; i++)
		for (order = 0; order < r->zones[i].nr_orders; order++)
			if (r->zones[i].types[order])
				return true;
	return false;
}

/* The version counts for names of flags only. */
static int check_flags(const struct report *r, unsigned int version)
{
	unsigned long long set;
	char word[64];
	const char *bad;

	if (!*r->mode_names)
		return refuse("--live", "the flags are missing");
	if (!gfp_from_names(r->mode_names, version, &set, &bad))
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(bad, "| "), bad);
	return refuse(word, "no flag of this version");
}

static unsigned int running_version(void)
{
	struct utsname name;
	unsigned int version;

	return uname(&name) || gfp_version_parse(name.release, &version) ?
	       NEWEST_KERNEL : version;
}

static int explain_live(struct arguments *a)
{
	static struct explanation e = { .is_live = true };
	static struct report r;
	const char *bad = NULL;
	int err;

	if (!a->version)
		a->version = running_version();
	if (live_request(&r, a->live, &bad))
		return refuse(bad, "cannot be a part of a request");
	err = check_flags(&r, a->version);
	if (err)
		return err;
	if (a->files.pagetypeinfo && access(a->files.pagetypeinfo, R_OK))
		return refuse(a->files.pagetypeinfo, strerror(errno));
	if (!a->files.zoneinfo)
		a->files.zoneinfo = "/proc/zoneinfo";
	if (!a->files.buddyinfo)
		a->files.buddyinfo = "/proc/buddyinfo";
	if (!a->files.pagetypeinfo)
		a->files.pagetypeinfo = PAGETYPEINFO;
	err = live_read(&r, &a->files, &bad);
	if (err)
		return refuse(bad, err == -EINVAL ? "no zone in it" :
						    strerror(-err));
	e.has_types = has_types(&r);
	return finish(a, &e, &r, "--live");
}

static int explain_log(const struct arguments *a, const struct log *log)
{
	static struct explanation e;
	char why[64];

	if (!log->nr)
		return refuse(a->log, "no report of a failed allocation in it");
	e.number = a->report ? a->report : choose(log);
	e.of = log->nr;
	e.and_more = log->has_more;
	if (e.number > e.of) {
		snprintf(why, sizeof(why), "the log has %u report%s", e.of,
			 e.of > 1 ? "s" : "");
		return refuse("--report", why);
	}
	return finish(a, &e, log->reports[e.number - 1], a->log);
}

/* Run "umbractl explain". Returns the exit status. */
int command_explain(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Explain why an allocation of pages failed, from a kernel log.",
	};
	struct arguments a = { 0 };
	struct log log;
	size_t size;
	char *text;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.live)
		return explain_live(&a);
	text = read_all(a.log, &size);
	if (!text)
		return refuse(a.log, strerror(errno));
	err = log_parse(text, size, &log);
	free(text);
	if (err)
		return refuse(a.log, strerror(-err));
	err = explain_log(&a, &log);
	log_free(&log);
	return err;
}
