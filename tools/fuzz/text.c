// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the parsers of one text: sizes, a word with a number, the ratios of
 * lowmem reserves, and flags of requests. Each result is compared with that of a
 * second parser, which is written in another way.
 */
#include "../../src/parse/text.h"
#include "fuzz.h"

#define TEXT		256

/* Returns the value of a digit, or 16 for another character. */
static unsigned int value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/*
 * Read a number as the kernel does: a sign where one is allowed, then digits of
 * base 8, 10 or 16 up to the end, or to the end of the line.
 */
static bool read_number(const char *text, bool may_be_negative, __int128 *n)
{
	bool negative = may_be_negative && *text == '-';
	unsigned int base = 10;
	size_t len;

	if (negative || *text == '+')
		text++;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		len--;
	if (*text == '0')
		base = 8;
	if (len > 2 && *text == '0' && (text[1] == 'x' || text[1] == 'X') &&
	    value_of(text[2]) < 16) {
		base = 16;
		text += 2;
		len -= 2;
	}
	*n = 0;
	if (!len)
		return false;
	for (; len--; text++) {
		if (value_of(*text) >= base)
			return false;
		if (*n < (__int128)1 << 100)
			*n = *n * base + value_of(*text);
	}
	*n = negative ? -*n : *n;
	return true;
}

static void try_bytes(char *text)
{
	static const char suffixes[] = "kmgKMG";
	size_t len = strlen(text);
	unsigned int shift = 0;
	u64 bytes = 0;
	int err = umbra_parse_bytes(text, &bytes);
	const char *suffix;
	__int128 want;
	bool good;

	good = len && len < 24;
	suffix = good ? strchr(suffixes, text[len - 1]) : NULL;
	if (suffix) {
		shift = 10 * ((suffix - suffixes) % 3 + 1);
		text[len - 1] = '\0';
	}
	good = good && read_number(text, false, &want) && want >> 64 == 0 &&
	       want << shift >> 64 == 0;
	fuzz_check(err == (good ? 0 : -EINVAL), "a size ends with %d", err);
	fuzz_check(!good || bytes == (u64)(want << shift), "a size is %llu",
		   (unsigned long long)bytes);
}

static void try_word(const char *text)
{
	static const char word[] = "node";
	const size_t len = sizeof(word) - 1;
	unsigned int n = 0;
	bool good = umbra_parse_word_number(text, word, &n), want;
	__int128 number;

	want = !strncmp(text, word, len) && isspace(text[len]);
	if (want) {
		for (text += len; isspace(*text); text++)
			;
		want = read_number(text, false, &number) && number >> 32 == 0;
	}
	fuzz_check(good == want && (!good || n == (unsigned int)number),
		   "a word and a number: %d, %u", good, n);
}

/* The line is one of a file, and so not longer. */
static void try_ratios(char *text)
{
	int ratio[UMBRA_NR_ZONE_TYPES], err, want = 0;
	unsigned int nr = 0;
	__int128 number;
	char *word, *save;

	text[UMBRA_LINE_SIZE - 1] = '\0';
	err = umbra_parse_numbers(text, ratio, UMBRA_NR_ZONE_TYPES);
	for (word = strtok_r(text, " \t", &save); word && !want;
	     word = strtok_r(NULL, " \t", &save)) {
		if (nr == UMBRA_NR_ZONE_TYPES ||
		    !read_number(word, true, &number))
			want = -EINVAL;
		else if (number != (int)number)
			want = -ERANGE;
		else
			fuzz_check(err || ratio[nr] == (int)number,
				   "ratio %u is %d", nr, ratio[nr]);
		nr++;
	}
	if (!want && nr < UMBRA_NR_ZONE_TYPES)
		want = -EINVAL;
	fuzz_check(err == want, "ratios end with %d, not %d", err, want);
}

/* Names of flags must give the same flags again. */
static void try_gfp(const char *text)
{
	gfp_t gfp, again;

	if (umbra_sim_gfp_parse(text, &gfp))
		return;
	text = umbra_sim_gfp_name(gfp);
	fuzz_check(!umbra_sim_gfp_parse(gfp ? text : "0", &again) &&
		   again == gfp, "%s is 0x%x, and 0x%x before", text, again,
		   gfp);
}

void fuzz_one(void)
{
	u32 which = fuzz_pick(4);
	char text[TEXT];

	fuzz_text(text, sizeof(text), '\0');
	switch (which) {
	case 0:
		try_bytes(text);
		break;
	case 1:
		try_word(text);
		break;
	case 2:
		try_ratios(text);
		break;
	default:
		try_gfp(text);
	}
}
