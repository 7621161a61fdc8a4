// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of the oracle as text: a line each, with the name of the step and
 * all of its numbers. Lines that begin with # are comments.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <umbra/umbra.h>
#include "oracle.h"

#define FORMAT " block=%u order=%u nr=%u at=%u gfp=%#x frame=%u"

static const char * const names[] = {
	[ORACLE_STEP_ALLOC] = "alloc",
	[ORACLE_STEP_BULK] = "bulk",
	[ORACLE_STEP_RANGE] = "range",
	[ORACLE_STEP_FREE] = "free",
};

/* Print all steps of a log. */
void oracle_print(const struct oracle_log *log)
{
	u32 i;

	for (i = 0; i < log->nr; i++) {
		const struct oracle_step *s = &log->steps[i];

		pr_err("step: %s" FORMAT "\n", names[s->kind], s->block,
		       s->order, s->nr, s->at, s->gfp, s->frame);
	}
}

/* Read the step of a line; its blocks must have numbers below @most. */
static int parse(struct oracle_step *s, const char *line, u32 most)
{
	unsigned int order, nr, at;
	char name[16];
	int kind;

	if (sscanf(line, "%15s block=%u order=%u nr=%u at=%u gfp=%i frame=%u",
		   name, &s->block, &order, &nr, &at, &s->gfp, &s->frame) != 7)
		return -EINVAL;
	kind = match_string(names, ARRAY_SIZE(names), name);
	if (kind < 0 || order > UMBRA_MAX_ORDER || at > U16_MAX ||
	    s->block >= most || nr >= most - s->block ||
	    nr > (kind == ORACLE_STEP_RANGE ? ORACLE_RANGE : ORACLE_BULK))
		return -EINVAL;
	s->kind = kind;
	s->order = order;
	s->nr = nr;
	s->at = at;
	return 0;
}

/* Add the step of a line to a log; a comment has none. */
static int add_line(struct oracle_log *log, const char *line)
{
	if (!*line || *line == '#')
		return 0;
	if (log->nr == log->most ||
	    parse(&log->steps[log->nr], line, log->most)) {
		pr_err("not a step: %s\n", line);
		return -EINVAL;
	}
	log->nr++;
	return 0;
}

/*
 * Read the steps in a file. Returns 0, or an error: -EINVAL, a line is not a
 * step or the log is full. Context: may sleep.
 */
int oracle_read(struct oracle_log *log, const char *path)
{
	void *text = NULL;
	ssize_t size = kernel_read_file_from_path(path, 0, &text, INT_MAX, NULL,
						  READING_UNKNOWN);
	char *rest = text, *line, *end;
	int err = 0;

	if (size < 0)
		return size;
	end = size ? rest + size - 1 : NULL;
	if (!end || *end != '\n') {
		pr_err("%s does not end with a line\n", path);
		vfree(text);
		return -EINVAL;
	}
	*end = 0;
	while (!err && (line = strsep(&rest, "\n")))
		err = add_line(log, line);
	vfree(text);
	return err;
}
