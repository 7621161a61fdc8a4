// SPDX-License-Identifier: GPL-2.0
/* A question: "GFP_ATOMIC order=3 node=1 nodes=0x3 count=100". */
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>
#include "gfp.h"
#include "question.h"

/* Read a word "KEY=NUMBER". Returns 0 or an error. */
static int parse_word(const char *word, struct umbra_question *q)
{
	const char *value = strchr(word, '=');
	size_t len = value - word;
	unsigned int n;
	int err;

	if (!value)
		return -EINVAL;
	err = kstrtouint(value + 1, 0, &n);
	if (err)
		return err;
	if (len == 5 && !strncmp(word, "order", len)) {
		q->order = n;
		return n > UMBRA_MAX_ORDER ? -ERANGE : 0;
	}
	if (len == 4 && !strncmp(word, "node", len)) {
		q->nid = n;
		return n >= UMBRA_MAX_NODES ? -ERANGE : 0;
	}
	if (len == 5 && !strncmp(word, "nodes", len)) {
		q->nodes = n;
		return n ? 0 : -ERANGE;
	}
	if (len == 5 && !strncmp(word, "count", len)) {
		q->count = n;
		return n && n <= UMBRA_QUESTION_MOST ? 0 : -ERANGE;
	}
	return -EINVAL;
}

/**
 * umbra_parse_question() - read a question
 * @line: flags, and then any of "order=", "node=", "nodes=" and "count=" with a
 *	number, in any order, with spaces between them; is changed
 * @q: filled in
 *
 * Context: any.
 * Return: 0, -EINVAL for another line, or -ERANGE for a number out of range.
 */
int umbra_parse_question(char *line, struct umbra_question *q)
{
	char *rest = strim(line), *word = strsep(&rest, " \t");
	int err;

	*q = (struct umbra_question) {
		.nid = UMBRA_NO_NODE,
		.count = 1,
	};
	err = umbra_parse_gfp(word, &q->gfp);
	while (!err && rest) {
		rest = skip_spaces(rest);
		word = strsep(&rest, " \t");
		err = parse_word(word, q);
	}
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_parse_question);
