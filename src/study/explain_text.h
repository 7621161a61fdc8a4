/* SPDX-License-Identifier: GPL-2.0 */
/* Answers as text and as JSON; see explain_text.c. */
#ifndef _UMBRA_EXPLAIN_TEXT_H
#define _UMBRA_EXPLAIN_TEXT_H

#include "explain.h"

struct seq_buf;

size_t umbra_answer_room(const struct umbra_answer *a);
void umbra_answer_text(const struct umbra_answer *a, struct seq_buf *s);
void umbra_answer_json(const struct umbra_answer *a, struct seq_buf *s);

#endif /* _UMBRA_EXPLAIN_TEXT_H */
