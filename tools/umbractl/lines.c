// SPDX-License-Identifier: GPL-2.0
/*
 * A pasted log as messages of the kernel. Quotation marks of mail, times, and
 * the prefixes of dmesg, journald and syslog go. A message that was folded into
 * several lines becomes one again: in a log with prefixes, a line without one
 * belongs to the line before it. Without prefixes a line can only be known as a
 * part of the last one if a terminal cut all long lines at the same column.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lines.h"

/* A fold at fewer columns is none, and so is one that is seen less often. */
#define FOLD_COLUMNS	60
#define FOLDED_LINES	3

/* The prefix of journald and syslog ends at most so many bytes into a line. */
#define PREFIX_MOST	120

struct raw {
	char *text;
	size_t columns;
	unsigned int number;
	bool prefixed;
	bool foreign;	/* of a program, not of the kernel */
};

static const char *skip_digits(const char *s)
{
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

static char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return (char *)s;
}

/* "> > " of a mail */
static char *skip_quotes(char *s)
{
	while (*skip_blanks(s) == '>')
		s = skip_blanks(s) + 1;
	return s;
}

/* "<4>" */
static const char *skip_level(const char *s)
{
	const char *end = *s == '<' ? skip_digits(s + 1) : s;

	return end > s + 1 && *end == '>' ? end + 1 : s;
}

/* "[ 1234.567890] ", or the date that dmesg -T prints there */
static const char *skip_time(const char *s)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	const char *end, *at = skip_blanks(s);
	char day[4] = "";

	if (*at++ != '[')
		return s;
	at = skip_blanks(at);
	strncat(day, at, 3);
	if (strlen(day) == 3 && strstr(days, day) && at[3] == ' ') {
		end = strchr(at, ']');
		return end ? skip_blanks(end + 1) : s;
	}
	end = skip_digits(at);
	if (end == at || *end != '.')
		return s;
	end = skip_digits(end + 1);
	return *end == ']' ? skip_blanks(end + 1) : s;
}

/* "[   T12] " of a kernel that prints its callers */
static const char *skip_caller(const char *s)
{
	const char *at = *s == '[' ? skip_blanks(s + 1) : s, *end;

	if (at == s || (*at != 'T' && *at != 'C'))
		return s;
	end = skip_digits(at + 1);
	return end > at + 1 && *end == ']' ? skip_blanks(end + 1) : s;
}

/* A date, a host, and "kernel: " */
static const char *skip_logger(const char *s)
{
	static const char * const words[] = { "kernel: ", "kernel[0]: " };
	const char *at;
	size_t i;

	if (!isalnum((unsigned char)*s))
		return s;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		at = strstr(s, words[i]);
		if (at && at - s <= PREFIX_MOST && (at == s || at[-1] == ' '))
			return at + strlen(words[i]);
	}
	return s;
}

/* "Nov 29 15:52:45 " or "2026-11-29T15:52:45": a line of a logger, of any program */
static bool is_dated(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *end = skip_digits(s);
	char month[4] = "";

	if (end == s + 4)
		return *end == '-' && skip_digits(end + 1) == end + 3;
	strncat(month, s, 3);
	if (strlen(month) < 3 || !strstr(months, month) || s[3] != ' ')
		return false;
	end = skip_digits(skip_blanks(s + 3));
	return *end == ' ' && skip_digits(end + 1) == end + 3 && end[3] == ':';
}

/* "systemd[1]: " after a date */
static bool is_of_program(const char *s)
{
	const char *at = strstr(s, "]: "), *digits = at;

	if (!at || at - s > PREFIX_MOST)
		return false;
	while (digits > s && isdigit((unsigned char)digits[-1]))
		digits--;
	return digits < at && digits > s && digits[-1] == '[';
}

/* The time of the kernel in a line with the date of another program */
static const char *find_time(const char *s)
{
	const char *at = s;

	while ((at = strchr(at, '[')) && at - s <= PREFIX_MOST) {
		if (skip_time(at) != at)
			return skip_time(at);
		at++;
	}
	return s;
}

static void strip(struct raw *raw)
{
	char *s = skip_quotes(raw->text);
	const char *start = skip_blanks(s), *end = skip_logger(start);

	end = skip_caller(skip_time(skip_level(end)));
	raw->prefixed = end != start || is_dated(start);
	if (end == start && raw->prefixed) {
		raw->foreign = is_of_program(start);
		end = find_time(start);
	}
	raw->text = raw->prefixed ? (char *)end : s;
}

static size_t trimmed(char *s, size_t len)
{
	while (len && (s[len - 1] == '\r' || s[len - 1] == ' ' ||
		       s[len - 1] == '\t'))
		len--;
	s[len] = '\0';
	return len;
}

/* Cut the buffer into lines. Returns their number; @raw may be NULL. */
static unsigned int cut(char *buffer, struct raw *raw)
{
	unsigned int nr = 0;
	char *s, *end;

	for (s = buffer; *s; s = end + 1) {
		end = strchr(s, '\n');
		if (raw) {
			*end = '\0';
			raw[nr].number = nr + 1;
			raw[nr].columns = trimmed(s, end - s);
			raw[nr].text = s;
			strip(&raw[nr]);
		}
		nr++;
	}
	return nr;
}

/* The column at which a terminal cut lines, or 0. */
static size_t fold_column(const struct raw *raw, unsigned int nr)
{
	unsigned int i, seen = 0;
	size_t most = 0;

	for (i = 0; i < nr; i++) {
		if (raw[i].columns > most) {
			most = raw[i].columns;
			seen = 0;
		}
		seen += raw[i].columns == most;
	}
	return most >= FOLD_COLUMNS && seen >= FOLDED_LINES ? most : 0;
}

/* The beginnings of lines that follow long ones */
static bool is_start(const char *text)
{
	static const char * const starts[] = {
		"Node ", "DMA", "Normal", "HighMem", "Movable", "lowmem_reserve",
		"Mem-", "CPU", "Call Trace", "Hardware", "[<", "active_anon", "Free",
		"Total", "Swap", "SLUB", "SLAB", "oom", "Out of", "Memory", "Pid",
	};
	size_t i;

	text = skip_blanks(text);
	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncmp(text, starts[i], strlen(starts[i])))
			return true;
	return !*text || strstr(text, "page allocation") ||
	       strstr(text, "invoked oom-killer") || strstr(text, "+0x") ||
	       strstr(text, "total pagecache");
}

static bool has_prefixes(const struct raw *raw, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (raw[i].prefixed)
			return true;
	return false;
}

static void join(struct line *line, const struct raw *raw, bool inside_word)
{
	char *end = line->text + line->length;
	size_t length = strlen(raw->text);

	/* The parts lie in the buffer one after the other. */
	if (!inside_word)
		*end++ = ' ';
	memmove(end, raw->text, length + 1);
	line->length = end + length - line->text;
	line->last = raw->number;
}

static void unfold(struct lines *lines, const struct raw *raw, unsigned int nr)
{
	bool prefixes = has_prefixes(raw, nr), follows;
	size_t column = fold_column(raw, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bool full = i && column && raw[i - 1].columns == column;

		follows = lines->nr && !raw[i].prefixed && *raw[i].text &&
			  (prefixes ? full || !is_start(raw[i].text) :
				      full && !is_start(raw[i].text));
		if (raw[i].foreign)
			continue;
		if (follows) {
			join(&lines->line[lines->nr - 1], &raw[i], full);
			continue;
		}
		lines->line[lines->nr++] = (struct line) {
			.text = raw[i].text,
			.length = strlen(raw[i].text),
			.number = raw[i].number,
			.last = raw[i].number,
		};
	}
}

/**
 * lines_read() - get the messages of a log
 * @text: the log; a byte of it may be 0
 * @size: bytes of @text
 * @lines: filled in
 *
 * Return: 0 or -ENOMEM.
 */
int lines_read(const char *text, size_t size, struct lines *lines)
{
	struct raw *raw;
	unsigned int nr;
	size_t i;

	*lines = (struct lines) { .buffer = malloc(size + 2) };
	if (!lines->buffer)
		return -ENOMEM;
	for (i = 0; i < size; i++)
		lines->buffer[i] = text[i] ? text[i] : ' ';
	lines->buffer[size] = '\n';
	lines->buffer[size + 1] = '\0';
	nr = cut(lines->buffer, NULL);
	raw = calloc(nr, sizeof(*raw));
	lines->line = calloc(nr, sizeof(*lines->line));
	if (!raw || !lines->line) {
		free(raw);
		lines_free(lines);
		return -ENOMEM;
	}
	cut(lines->buffer, raw);
	unfold(lines, raw, nr);
	free(raw);
	return 0;
}

void lines_free(struct lines *lines)
{
	free(lines->line);
	free(lines->buffer);
	*lines = (struct lines) { 0 };
}
