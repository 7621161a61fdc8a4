/* SPDX-License-Identifier: GPL-2.0 */
/* Decisions as text; see decision_text.c. */
#ifndef _UMBRA_DECISION_TEXT_H
#define _UMBRA_DECISION_TEXT_H

#include "../core/decision.h"

struct seq_buf;

/* Room for any decision as text or JSON. */
#define UMBRA_DECISION_TEXT 384

const char *umbra_decision_name(enum umbra_decision_kind kind);
void umbra_decision_text(const struct umbra *u, const struct umbra_decision *d,
			 struct seq_buf *s);
void umbra_decision_json(const struct umbra *u, const struct umbra_decision *d,
			 struct seq_buf *s);

#endif /* _UMBRA_DECISION_TEXT_H */
