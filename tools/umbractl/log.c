// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of reports. A line is known by how it begins: tables have the
 * lines that begin a report (heads), and those that begin a part of one
 * (forms). The numbers of a part are read word by word, so that it does not
 * matter where a line was cut; log_parts.c has the words.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lines.h"
#include "log.h"
#include "log_parts.h"

/* A report begins with a line that has these words. */
static const struct {
	const char *words;
	enum report_kind kind;
} heads[] = {
	{ ": page allocation failure", REPORT_PAGES },
	{ ": page allocation stalls for ", REPORT_STALL },
	{ " invoked oom-killer: ", REPORT_OOM },
	{ "vmalloc: allocation failure", REPORT_VMALLOC },
	{ "vmalloc error: size ", REPORT_VMALLOC },
	{ "vmap allocation for size ", REPORT_VMALLOC },
	{ "SLUB: Unable to allocate memory on ", REPORT_SLAB },
	{ "SLAB: Unable to allocate memory on ", REPORT_SLAB },
	{ ": alloc failed, req-size: ", REPORT_CMA },
};

/* The function that warns of an order above the limit */
static const char * const order_functions[] = {
	"__alloc_pages", "__alloc_frozen_pages", "alloc_pages_exact",
};

/* Words of a line that tell for which cause the OOM killer came */
static const struct {
	const char *words;
	enum oom_constraint constraint;
	bool memcg;
} causes[] = {
	{ "constraint=CONSTRAINT_NONE", CONSTRAINT_NONE, false },
	{ "constraint=CONSTRAINT_CPUSET", CONSTRAINT_CPUSET, false },
	{ "constraint=CONSTRAINT_MEMORY_POLICY", CONSTRAINT_POLICY, false },
	{ "constraint=CONSTRAINT_MEMCG", CONSTRAINT_UNKNOWN, true },
	{ "Memory cgroup out of memory", CONSTRAINT_UNKNOWN, true },
	{ "killed as a result of limit of ", CONSTRAINT_UNKNOWN, true },
	{ "memory: usage ", CONSTRAINT_UNKNOWN, true },
};

static bool is_order_warning(const char *text)
{
	const char *at = strstr(text, "mm/page_alloc.c:");
	size_t i;

	if (!at || strncmp(text, "WARNING: ", strlen("WARNING: ")))
		return false;
	for (i = 0; i < sizeof(order_functions) / sizeof(*order_functions); i++)
		if (strstr(at, order_functions[i]))
			return true;
	return false;
}

/* The words of @text at which a report begins, or NULL */
static const char *find_head(const char *text, enum report_kind *kind)
{
	const char *at;
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		at = strstr(text, heads[i].words);
		if (at) {
			*kind = heads[i].kind;
			return at;
		}
	}
	*kind = REPORT_ORDER;
	return is_order_warning(text) ? text : NULL;
}

static struct report *report_new(struct log *log, enum report_kind kind)
{
	struct report **grown, *r = malloc(sizeof(*r));
	unsigned int i;

	grown = realloc(log->reports, (log->nr + 1) * sizeof(*grown));
	if (grown)
		log->reports = grown;
	if (!grown || !r) {
		free(r);
		return NULL;
	}
	/* Not the zones, which are most of it */
	memset(r, 0, offsetof(struct report, zones));
	r->kind = kind;
	r->order = UNKNOWN;
	r->mode = UNKNOWN;
	r->size = UNKNOWN;
	r->page_kb = UNKNOWN;
	r->swap_kb = UNKNOWN;
	r->too_many_zones = false;
	for (i = 0; i < LOG_TOTALS; i++)
		r->total[i] = UNKNOWN;
	log->reports[log->nr++] = r;
	return r;
}

/* The name of the task is before the words, with ": " of a vmalloc failure. */
static void set_comm(struct report *r, const char *text, const char *words)
{
	size_t len;

	text += strspn(text, " \t");
	if (r->kind == REPORT_SLAB || r->kind == REPORT_CMA ||
	    r->kind == REPORT_ORDER || words <= text)
		return;
	len = words - text;
	while (len && (text[len - 1] == ' ' || text[len - 1] == ':'))
		len--;
	if (len >= sizeof(r->comm))
		return;
	memcpy(r->comm, text, len);
	r->comm[len] = '\0';
}

static void note_cause(struct report *r, const char *text)
{
	size_t i;

	if (r->kind != REPORT_OOM && r->kind != REPORT_MEMCG)
		return;
	for (i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		if (!strstr(text, causes[i].words))
			continue;
		if (causes[i].memcg)
			r->kind = REPORT_MEMCG;
		else
			r->constraint = causes[i].constraint;
	}
}

/* The version is the word before " #1" in the line with the CPU or the pid. */
static void note_version(struct report *r, const char *text)
{
	const char *end = text, *start;
	unsigned int part[3] = { 0 }, i;

	if (r->version)
		return;
	while ((end = strstr(end, " #"))) {
		if (isdigit((unsigned char)end[2]))
			break;
		end++;
	}
	if (!end)
		return;
	for (start = end; start > text && start[-1] != ' '; start--)
		;
	if (end - start >= LOG_NAME || !isdigit((unsigned char)*start))
		return;
	memcpy(r->release, start, end - start);
	r->release[end - start] = '\0';
	for (i = 0; i < 3 && isdigit((unsigned char)*start); i++) {
		part[i] = strtoul(start, (char **)&start, 10) & 0xff;
		start += *start == '.';
	}
	r->version = KERNEL(part[0], part[1], part[2]);
}

/* The state of the reader between two lines */
struct reader {
	struct log *log;
	struct report *report;	/* NULL before the first */
	struct part part;
	bool is_vmalloc_line;	/* the head of the report is from vmalloc */
};

/* Memory information without a line before it that belongs to it */
static bool is_headless(const struct reader *rd, const char *text)
{
	if (part_begins_zones(text))
		return !rd->report || rd->part.zones_ended;
	return !strncmp(text, "Mem-", 4) &&
	       (!rd->report || rd->report->nr_zones);
}

/*
 * A vmalloc failure may have two or three lines before its stack: of the address
 * space, of vmalloc, and up to 4.9 one of pages, although none were asked for.
 */
static bool is_second_head(const struct reader *rd, enum report_kind kind,
			   unsigned int number)
{
	const struct report *r = rd->report;

	if (!r || r->kind != REPORT_VMALLOC || r->mode != UNKNOWN ||
	    number != r->last_line + 1)
		return false;
	return kind == REPORT_VMALLOC ||
	       (kind == REPORT_PAGES && rd->is_vmalloc_line);
}

static int read_line(struct reader *rd, const struct line *line)
{
	const char *text = line->text + strspn(line->text, " \t"), *words;
	enum report_kind kind;

	words = find_head(text, &kind);
	if (words && is_second_head(rd, kind, line->number)) {
		rd->is_vmalloc_line = true;
		words = NULL;
	}
	if (!words)
		kind = REPORT_PAGES;
	if (!words && is_headless(rd, text))
		kind = REPORT_HEADLESS;
	else if (!words && !rd->report)
		return 0;
	if (words || kind == REPORT_HEADLESS) {
		rd->log->has_more = rd->log->nr == LOG_REPORTS;
		if (rd->log->has_more)
			return 0;
		rd->report = report_new(rd->log, kind);
		if (!rd->report)
			return -ENOMEM;
		rd->report->first_line = line->number;
		rd->report->last_line = line->last;
		rd->part = (struct part) { .kind = PART_HEAD };
		rd->is_vmalloc_line = words && !strncmp(words, "vmalloc", 7);
		if (words)
			set_comm(rd->report, text, words);
	}
	if (part_read(&rd->part, rd->report, words ? words : text, words))
		rd->report->last_line = line->last;
	note_cause(rd->report, text);
	note_version(rd->report, text);
	return 0;
}

/**
 * log_parse() - find the reports in a log
 * @text: the log
 * @size: bytes of @text
 * @log: filled in; ends with log_free()
 *
 * Return: 0 or -ENOMEM.
 */
int log_parse(const char *text, size_t size, struct log *log)
{
	struct reader rd = { .log = log };
	struct lines lines;
	unsigned int i;
	int err;

	*log = (struct log) { 0 };
	err = lines_read(text, size, &lines);
	for (i = 0; !err && !log->has_more && i < lines.nr; i++)
		err = read_line(&rd, &lines.line[i]);
	lines_free(&lines);
	if (err)
		log_free(log);
	return err;
}

void log_free(struct log *log)
{
	unsigned int i;

	for (i = 0; i < log->nr; i++)
		free(log->reports[i]);
	free(log->reports);
	*log = (struct log) { 0 };
}
