// SPDX-License-Identifier: GPL-2.0
/* Strings, numbers, bitmaps, and random numbers. */
#include <stdlib.h>
#include <sim/text.h>
#include "internal.h"

/* As in the kernel: -E2BIG if the text does not fit, which is cut off then. */
ssize_t strscpy_bytes(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return len;
}

char *skip_spaces(const char *s)
{
	while (isspace(*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	size_t len = strlen(s);

	while (len && isspace(s[len - 1]))
		s[--len] = '\0';
	return skip_spaces(s);
}

void *memchr_inv(const void *s, int c, size_t n)
{
	const unsigned char *p = s, *end = p + n;

	/* All bytes are equal if each is equal to the next one. */
	if (!n || (*p == (unsigned char)c && !memcmp(p, p + 1, n - 1)))
		return NULL;
	for (; p < end; p++)
		if (*p != (unsigned char)c)
			return (void *)p;
	return NULL;
}

char *strreplace(char *s, char old, char by)
{
	char *p;

	for (p = s; *p; p++)
		if (*p == old)
			*p = by;
	return s;
}

int match_string(const char * const *array, size_t n, const char *s)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (!strcmp(array[i], s))
			return i;
	return -EINVAL;
}

/* A number is the whole text, but for the end of a line. */
static int parse(const char *s, unsigned int base, unsigned long long *value)
{
	char *end;

	if (!((*s >= '0' && *s <= '9') ||
	      (base == 16 && strchr("abcdefABCDEF", *s) && *s)))
		return -EINVAL;
	errno = 0;
	*value = strtoull(s, &end, base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno == ERANGE ? -ERANGE : 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *value)
{
	return parse(*s == '+' ? s + 1 : s, base, value);
}

int kstrtoll(const char *s, unsigned int base, long long *value)
{
	unsigned long long n;
	int err;

	if (*s == '-') {
		err = parse(s + 1, base, &n);
		if (err)
			return err;
		if (n > 1ULL << 63)
			return -ERANGE;
		*value = -n;
		return 0;
	}
	err = kstrtoull(s, base, &n);
	if (err)
		return err;
	if (n > LLONG_MAX)
		return -ERANGE;
	*value = n;
	return 0;
}

int kstrtoint(const char *s, unsigned int base, int *value)
{
	long long n;
	int err = kstrtoll(s, base, &n);

	if (!err && n != (int)n)
		err = -ERANGE;
	if (!err)
		*value = n;
	return err;
}

/* A number of at most @most. */
static int parse_small(const char *s, unsigned int base, unsigned long most,
		       unsigned long long *value)
{
	int err = kstrtoull(s, base, value);

	return !err && *value > most ? -ERANGE : err;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *value)
{
	unsigned long long n;
	int err = parse_small(s, base, UINT_MAX, &n);

	if (!err)
		*value = n;
	return err;
}

int kstrtou8(const char *s, unsigned int base, u8 *value)
{
	unsigned long long n;
	int err = parse_small(s, base, U8_MAX, &n);

	if (!err)
		*value = n;
	return err;
}

unsigned long int_sqrt(unsigned long x)
{
	unsigned long low = 0, high = 1UL << 32;

	while (high - low > 1) {
		unsigned long mid = (low + high) / 2;

		if (mid * mid <= x)
			low = mid;
		else
			high = mid;
	}
	return low;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long from)
{
	unsigned long word;

	if (from >= size)
		return size;
	word = map[BIT_WORD(from)] & (~0UL << (from % BITS_PER_LONG));
	while (!word) {
		from = round_down(from, BITS_PER_LONG) + BITS_PER_LONG;
		if (from >= size)
			return size;
		word = map[BIT_WORD(from)];
	}
	return min(round_down(from, BITS_PER_LONG) + __ffs(word), size);
}

void bitmap_set(unsigned long *map, unsigned int from, unsigned int nr)
{
	while (nr--)
		__set_bit(from + nr, map);
}

void bitmap_clear(unsigned long *map, unsigned int from, unsigned int nr)
{
	while (nr--)
		__clear_bit(from + nr, map);
}

unsigned int bitmap_weight(const unsigned long *map, unsigned int nr)
{
	unsigned int bit, weight = 0;

	for_each_set_bit(bit, map, nr)
		weight++;
	return weight;
}

unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size,
					 unsigned long from, unsigned int nr,
					 unsigned long mask)
{
	unsigned long used;

	for (;;) {
		from = (from + mask) & ~mask;
		if (from + nr > size)
			return from + nr;
		used = find_next_bit(map, from + nr, from);
		if (used >= from + nr)
			return from;
		from = used + 1;
	}
}

/* Four registers with feedback, after L'Ecuyer (1999), "taus113". */
static const struct {
	u32 mask;
	u8 left, tap, right;
	u8 least;		/* smaller seeds would become zero */
} registers[4] = {
	{ 0xfffffffe, 18, 6, 13, 2 },
	{ 0xfffffff8, 2, 2, 27, 8 },
	{ 0xfffffff0, 7, 13, 21, 16 },
	{ 0xffffff80, 13, 3, 12, 128 },
};

u32 prandom_u32_state(struct rnd_state *rnd)
{
	u32 value = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		u32 s = rnd->s[i];

		s = (s & registers[i].mask) << registers[i].left ^
		    (s << registers[i].tap ^ s) >> registers[i].right;
		rnd->s[i] = s;
		value ^= s;
	}
	return value;
}

void prandom_seed_state(struct rnd_state *rnd, u64 seed)
{
	u32 folded = (u32)(seed >> 32 ^ seed << 10 ^ seed);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		rnd->s[i] = folded < registers[i].least ?
			    folded + registers[i].least : folded;
}

static struct rnd_state random_state = { { 2, 8, 16, 128 } };

void umbra_sim_set_seed(unsigned long long seed)
{
	prandom_seed_state(&random_state, seed);
}

u32 get_random_u32(void)
{
	return prandom_u32_state(&random_state);
}

u32 get_random_u32_below(u32 limit)
{
	return ((u64)get_random_u32() * limit) >> 32;
}

unsigned long *sim_parameter(const char *name)
{
	const struct sim_parameter **p;

	for (p = __start_sim_params; p < __stop_sim_params; p++)
		if (!strcmp((*p)->name, name))
			return (*p)->value;
	return NULL;
}
