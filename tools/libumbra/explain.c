// SPDX-License-Identifier: GPL-2.0
/* Explained requests, as text. */
#include <stdlib.h>
#include <linux/err.h>
#include <linux/seq_buf.h>
#include "../../src/parse/question.h"
#include "../../src/study/explain.h"
#include "../../src/study/explain_text.h"
#include "internal.h"

/**
 * umbra_sim_explain() - say what a request would do, and why
 * @u: the instance, which does not change
 * @question: the request: flags, then any of order=, node=, nodes= and count=
 * @json: whether the answer is an object of JSON
 * @text: set to the answer, which the caller frees with free()
 *
 * Return: 0 or a negative errno value: -EINVAL or -ERANGE for another question,
 * -ENXIO without such a node, -ENOMEM.
 */
int umbra_sim_explain(struct umbra *u, const char *question, bool json,
		      char **text)
{
	struct umbra_question q;
	struct umbra_answer *a;
	struct seq_buf s;
	char *line = strdup(question);
	int err;

	if (!line)
		return -ENOMEM;
	err = umbra_parse_question(line, &q);
	free(line);
	if (err)
		return err;
	a = umbra_explain(u, &q);
	if (IS_ERR(a))
		return PTR_ERR(a);
	*text = calloc(1, umbra_answer_room(a) + 1);
	if (*text) {
		seq_buf_init(&s, *text, umbra_answer_room(a));
		(json ? umbra_answer_json : umbra_answer_text)(a, &s);
	}
	umbra_answer_delete(a);
	return *text ? 0 : -ENOMEM;
}
