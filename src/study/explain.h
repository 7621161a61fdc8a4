/* SPDX-License-Identifier: GPL-2.0 */
/* Answers to questions about requests; see explain.c. */
#ifndef _UMBRA_EXPLAIN_H
#define _UMBRA_EXPLAIN_H

#include "../core/core.h"
#include "../core/decision.h"
#include "../parse/question.h"

/* The result of the last look of a request at a zone. */
enum umbra_zone_verdict {
	ZONE_NOT_REACHED,	/* the request did not come to it, or may not use it */
	ZONE_LEFT_OUT,
	ZONE_ENOUGH,		/* above the watermark */
	ZONE_SHORT,
	ZONE_NO_BLOCK
};

/**
 * struct umbra_answer - the way of a request on a clone, and a help for it
 * @q: the question
 * @umbra: the instance that was asked
 * @is_exact: whether nothing changed while the instance was copied
 * @is_recorded: whether this is a request of the past, from the record
 * @nr_ok: requests that succeeded before the first one that failed
 * @index: block of the last request, or %UMBRA_NO_FRAME
 * @nr: number of @steps
 * @steps: decisions of the last request
 * @nr_moved: pages that compaction moves for the request to succeed, or -1
 * @nr_reclaimed: pages that reclaim and then compaction free until it does, or -1
 */
struct umbra_answer {
	struct umbra_question q;
	struct umbra *umbra;
	bool is_exact;
	bool is_recorded;
	unsigned int nr_ok;
	u32 index;
	size_t nr;
	struct umbra_decision *steps;
	long nr_moved;
	long nr_reclaimed;
};

struct umbra_answer *umbra_explain(struct umbra *u,
				   const struct umbra_question *q);
struct umbra_answer *umbra_explain_failure(struct umbra *u);
void umbra_answer_delete(struct umbra_answer *a);
enum umbra_zone_verdict umbra_answer_zone(const struct umbra_answer *a,
					  unsigned int zone, long *pages);

#endif /* _UMBRA_EXPLAIN_H */
