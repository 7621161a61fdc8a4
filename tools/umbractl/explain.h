/* SPDX-License-Identifier: GPL-2.0 */
/* A report explained, as sentences; see explain.c. */
#ifndef _UMBRACTL_EXPLAIN_H
#define _UMBRACTL_EXPLAIN_H

#include "judge.h"
#include "log.h"

#define SENTENCES	12

/* A list of sentences, each of them allocated */
struct sentences {
	unsigned int nr;
	char *text[SENTENCES];
};

/**
 * struct explanation - a report explained
 * @report: the report
 * @judgment: the zones; only if @is_judged
 * @is_judged: whether the kind of the report is that of a zone that failed
 * @number: number of the report in its log, from 1
 * @of: number of reports in the log
 * @and_more: whether the log has more reports than were read
 * @is_live: whether the numbers are those of a running machine
 * @has_types: whether the types of free blocks are known; for @is_live
 * @version: version of the kernel that the user gave, or 0
 * @request: the request
 * @cause: the cause of its failure
 * @help: things that would help
 * @details: for developers of kernels
 * @unknown: things that the report does not tell
 */
struct explanation {
	const struct report *report;
	struct judgment judgment;
	bool is_judged;
	bool is_live;
	bool has_types;
	unsigned int number;
	unsigned int of;
	bool and_more;
	unsigned int version;
	struct sentences request;
	struct sentences cause;
	struct sentences help;
	struct sentences details;
	struct sentences unknown;
};

int explain(struct explanation *e, const struct report *r,
	    unsigned int version);
void explain_free(struct explanation *e);
void explain_help(struct explanation *e);
void explain_text(const struct explanation *e, FILE *out);
int explain_json(const struct explanation *e, FILE *out);

const char *kind_name(enum report_kind kind);
const char *verdict_name(enum verdict verdict);
const char *zone_result_name(enum zone_result result);
const char *zone_type_name(enum log_zone_type type);

void say(struct sentences *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* _UMBRACTL_EXPLAIN_H */
