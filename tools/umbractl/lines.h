/* SPDX-License-Identifier: GPL-2.0 */
/* The lines of a pasted log without what loggers and mail add; see lines.c. */
#ifndef _UMBRACTL_LINES_H
#define _UMBRACTL_LINES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct line - one message of the kernel
 * @text: the message, without the prefix of a logger
 * @length: length of @text
 * @number: line of the log in which it begins, from 1
 * @last: line of the log in which it ends
 */
struct line {
	char *text;
	size_t length;
	unsigned int number;
	unsigned int last;
};

struct lines {
	char *buffer;
	struct line *line;
	unsigned int nr;
};

int lines_read(const char *text, size_t size, struct lines *lines);
void lines_free(struct lines *lines);

#endif /* _UMBRACTL_LINES_H */
