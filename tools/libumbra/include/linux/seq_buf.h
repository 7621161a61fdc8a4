/* SPDX-License-Identifier: GPL-2.0 */
/* Text that grows in a buffer; text that does not fit is cut off. */
#ifndef _SIM_SEQ_BUF_H
#define _SIM_SEQ_BUF_H

#include <sim/text.h>

struct seq_buf {
	char *buffer;
	size_t size;
	size_t len;
};

static inline void seq_buf_init(struct seq_buf *s, char *buf, size_t size)
{
	s->buffer = buf;
	s->size = size;
	s->len = 0;
}

static inline unsigned int seq_buf_used(struct seq_buf *s)
{
	return s->len;
}

__printf(2, 3) int seq_buf_printf(struct seq_buf *s, const char *fmt, ...);

#endif /* _SIM_SEQ_BUF_H */
