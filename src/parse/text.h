/* SPDX-License-Identifier: GPL-2.0 */
/* Parsers of sizes, numbers and words in a line of text; see text.c. */
#ifndef _UMBRA_TEXT_H
#define _UMBRA_TEXT_H

#include <linux/types.h>
#include <umbra/umbra.h>

/* A line of a ctl/ file and its terminating NUL, in bytes. */
#define UMBRA_LINE_SIZE 64

int umbra_parse_bytes(const char *text, u64 *bytes);
bool umbra_parse_word_number(const char *line, const char *word,
			     unsigned int *n);
int umbra_parse_numbers(const char *line, int *numbers, unsigned int nr_wanted);

#endif /* _UMBRA_TEXT_H */
