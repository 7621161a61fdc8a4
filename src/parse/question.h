/* SPDX-License-Identifier: GPL-2.0 */
/* A question about a request; see question.c. */
#ifndef _UMBRA_QUESTION_H
#define _UMBRA_QUESTION_H

#include <umbra/umbra.h>

/* The most requests of a question. */
#define UMBRA_QUESTION_MOST 65536

/* A question as a line of text, with the NUL at its end, in bytes. */
#define UMBRA_QUESTION_TEXT 640

/**
 * struct umbra_question - a request to be explained
 * @gfp: flags of the request
 * @order: order of the request
 * @nid: preferred node; negative for the node of the CPU
 * @nodes: nodes that the request may use, or 0 for all
 * @count: number of such requests, one after the other; 0: nothing is asked
 */
struct umbra_question {
	gfp_t gfp;
	unsigned int order;
	int nid;
	umbra_nodemask_t nodes;
	unsigned int count;
};

int umbra_parse_question(char *line, struct umbra_question *q);

#endif /* _UMBRA_QUESTION_H */
