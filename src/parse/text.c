// SPDX-License-Identifier: GPL-2.0
/* Parsers of sizes, numbers and words in a line of text. */
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>
#include "text.h"

/**
 * umbra_parse_bytes() - parse a size in bytes
 * @text: a number, with a suffix K, M or G or without
 * @bytes: filled in: the size in bytes
 *
 * Context: any.
 * Return: 0, or -EINVAL if @text is not a size.
 */
int umbra_parse_bytes(const char *text, u64 *bytes)
{
	static const char suffixes[] = "kmg";
	unsigned int shift = 0;
	size_t len = strlen(text);
	const char *suffix;
	char digits[24];
	u64 number;

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	strscpy(digits, text, sizeof(digits));
	suffix = strchr(suffixes, tolower(digits[len - 1]));
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		digits[len - 1] = '\0';
	}
	if (kstrtou64(digits, 0, &number) ||
	    check_shl_overflow(number, shift, &number))
		return -EINVAL;
	*bytes = number;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_parse_bytes);

/*
 * Parse a word and a number. Returns false if the line is anything else.
 * Context: any.
 */
bool umbra_parse_word_number(const char *line, const char *word,
			     unsigned int *n)
{
	size_t len = str_has_prefix(line, word);

	return len && isspace(line[len]) &&
	       !kstrtouint(skip_spaces(line + len), 0, n);
}

/*
 * Parse @nr_wanted numbers. Returns 0, -EINVAL, or -ERANGE for a number that an
 * int cannot hold. Context: any.
 */
int umbra_parse_numbers(const char *line, int *numbers, unsigned int nr_wanted)
{
	char text[UMBRA_LINE_SIZE], *rest = text, *word;
	unsigned int nr = 0;
	int err = 0;

	strscpy(text, line, sizeof(text));
	while (!err && (word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (nr == nr_wanted)
			return -EINVAL;
		err = kstrtoint(word, 0, &numbers[nr++]);
	}
	if (!err && nr < nr_wanted)
		err = -EINVAL;
	return err;
}
