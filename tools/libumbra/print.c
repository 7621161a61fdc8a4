// SPDX-License-Identifier: GPL-2.0
/*
 * Formatted text and the log. Conversions of the C library are left to it; %p and
 * its extensions are those of the kernel that the module uses.
 */
#include <stdio.h>
#include <sim/mm.h>
#include <linux/seq_buf.h>
#include <sim/text.h>
#include <sim/trace.h>
#include "internal.h"

#undef snprintf
#undef vsnprintf

#define LINE		1024
#define LOG_LINES	8192	/* a power of 2 */

struct out {
	char *buf;
	size_t size;
	size_t len;	/* of the whole text, cut off or not */
};

static size_t room(const struct out *out)
{
	return out->len < out->size ? out->size - out->len : 0;
}

static char *end_of(struct out *out)
{
	return out->buf + min(out->len, out->size);
}

static __printf(2, 3) void put(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	out->len += vsnprintf(end_of(out), room(out), fmt, args);
	va_end(args);
}

static void format(struct out *out, const char *fmt, va_list args);

/* A pointer; @fmt begins after the 'p'. Returns the text after it. */
static const char *put_pointer(struct out *out, const char *fmt, void *p)
{
	if (*fmt == 'V') {
		struct va_format *inner = p;
		va_list args;

		va_copy(args, *inner->va);
		format(out, inner->fmt, args);
		va_end(args);
		return fmt + 1;
	}
	if (fmt[0] == 'G' && fmt[1] == 'g') {
		put(out, "%s", sim_gfp_names(*(gfp_t *)p));
		return fmt + 2;
	}
	if (fmt[0] == 'G' && fmt[1] == 'p') {
		put(out, "0x%lx", *(unsigned long *)p);
		return fmt + 2;
	}
	put(out, p ? "(ptr)" : "(null)");
	return *fmt == 'x' || *fmt == 'S' || *fmt == 's' ? fmt + 1 : fmt;
}

/* One conversion of the C library, with its flags and length in @spec. */
static void put_number(struct out *out, const char *spec, int longs,
		       va_list *args)
{
	switch (longs) {
	case 0:
		out->len += snprintf(end_of(out), room(out), spec,
				     va_arg(*args, int));
		break;
	case 1:
		out->len += snprintf(end_of(out), room(out), spec,
				     va_arg(*args, long));
		break;
	default:
		out->len += snprintf(end_of(out), room(out), spec,
				     va_arg(*args, long long));
	}
}

static void put_string(struct out *out, const char *spec, const char *s)
{
	out->len += snprintf(end_of(out), room(out), spec, s ?: "(null)");
}

/* Copy a conversion without '*', whose argument is printed in its place. */
static const char *copy_spec(const char *fmt, char *spec, size_t size,
			     int *longs, va_list *args)
{
	struct out out = { spec, size, 0 };

	put(&out, "%%");
	*longs = 0;
	for (; *fmt && strchr("0123456789.-+ #*lhzt", *fmt); fmt++) {
		if (*fmt == '*')
			put(&out, "%d", va_arg(*args, int));
		else
			put(&out, "%c", *fmt);
		*longs += !!strchr("lzt", *fmt);
	}
	put(&out, "%c", *fmt);
	return fmt;
}

static void format(struct out *out, const char *fmt, va_list given)
{
	char spec[32];
	va_list args;
	int longs;

	va_copy(args, given);
	while (*fmt) {
		if (*fmt != '%') {
			put(out, "%c", *fmt++);
			continue;
		}
		fmt = copy_spec(fmt + 1, spec, sizeof(spec), &longs, &args);
		switch (*fmt++) {
		case '%':
			put(out, "%%");
			break;
		case 'p':
			fmt = put_pointer(out, fmt, va_arg(args, void *));
			break;
		case 's':
			put_string(out, spec, va_arg(args, const char *));
			break;
		default:
			put_number(out, spec, longs, &args);
		}
	}
	va_end(args);
}

/* Returns the length of the whole text. */
static int print(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = { buf, size, 0 };

	if (size)
		*buf = '\0';
	format(&out, fmt, args);
	return out.len;
}

int sim_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = print(buf, size, fmt, args);
	va_end(args);
	return len;
}

/* Returns the length of the text in the buffer. */
int sim_vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int len = print(buf, size, fmt, args);

	return size ? min(len, (int)size - 1) : 0;
}

int sim_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = sim_vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

char *kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	int len = print(NULL, 0, fmt, args);
	char *text = kmalloc(len + 1, gfp);

	if (text)
		print(text, len + 1, fmt, args);
	return text;
}

static struct {
	char lines[LOG_LINES][LINE];
	u64 end;			/* number of the next line */
	bool open;			/* the last line has no end yet */
} log_buffer;

static void (*log_fn)(void *arg, int level, const char *line);
static void *log_arg;

void umbra_sim_set_log(void (*fn)(void *arg, int level, const char *line),
		       void *arg)
{
	log_fn = fn;
	log_arg = arg;
}

/* The log keeps lines without the end of the line. */
static void log_line(int level, char *text)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = '\0';
	strscpy(log_buffer.lines[log_buffer.end++ % LOG_LINES], text);
	if (log_fn)
		log_fn(log_arg, level, text);
}

int sim_printk(const char *level, const char *fmt, ...)
{
	char text[LINE], *line = text, *next;
	va_list args;
	int len;

	va_start(args, fmt);
	len = sim_vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	while (line && *line) {
		next = strchr(line, '\n');
		if (next)
			next++;
		log_line(*level - '0', line);
		line = next;
	}
	return len;
}

void kmsg_dump_rewind(struct kmsg_dump_iter *iter)
{
	iter->next = 0;
}

bool kmsg_dump_get_line(struct kmsg_dump_iter *iter, bool syslog, char *line,
			size_t size, size_t *len)
{
	if (log_buffer.end > LOG_LINES)
		iter->next = max(iter->next, log_buffer.end - LOG_LINES);
	if (iter->next >= log_buffer.end)
		return false;
	*len = sim_scnprintf(line, size, "%s\n",
			     log_buffer.lines[iter->next++ % LOG_LINES]);
	return true;
}

/* A warning of the kernel is one of the library. */
static unsigned long nr_warnings;

unsigned long umbra_sim_warnings(void)
{
	return nr_warnings;
}

void sim_warn(const char *file, int line, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	const char *name = strrchr(file, '/');
	va_list args;

	nr_warnings++;
	va_start(args, fmt);
	text.va = &args;
	sim_printk("4", "WARNING: %s:%d: %pV", name ? name + 1 : file, line,
		   &text);
	va_end(args);
}

void dump_stack(void)
{
	sim_printk("3", "CPU: %u PID: %d Comm: %s\n", sim.cpu, current->pid,
		   current->comm);
}

int seq_buf_printf(struct seq_buf *s, const char *fmt, ...)
{
	va_list args;

	if (s->len < s->size) {
		va_start(args, fmt);
		s->len += vscnprintf(s->buffer + s->len, s->size - s->len, fmt,
				     args);
		va_end(args);
	}
	return s->len < s->size - 1 ? 0 : -1;
}
