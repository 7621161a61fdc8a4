// SPDX-License-Identifier: GPL-2.0
/* The results of the benchmark as text, a line for each case and each fact. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sort.h>
#include <linux/stdarg.h>
#include "bench.h"

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Return the median. Sorts @values. */
u64 bench_median(u64 *values, unsigned int nr)
{
	sort(values, nr, sizeof(*values), compare, NULL);
	return values[nr / 2];
}

static __printf(2, 0) void print_args(struct bench *b, const char *fmt,
				      va_list args)
{
	b->used += vscnprintf(b->text + b->used, BENCH_TEXT_SIZE - b->used, fmt,
			      args);
}

void bench_print(struct bench *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_args(b, fmt, args);
	va_end(args);
}

void bench_print_header(struct bench *b)
{
	bench_print(b, "# row NAME CPUS, then median, least and most of:\n");
	bench_print(b, "# picoseconds per pair of umbra and of the host,\n");
	bench_print(b, "# and their ratio in 1/1000\n");
}

/* Sorts the samples. */
void bench_print_row(struct bench *b, const struct bench_case *c,
		     struct bench_samples *s)
{
	u64 ours = bench_median(s->ps[BENCH_UMBRA], b->rounds);
	u64 hosts = bench_median(s->ps[BENCH_HOST], b->rounds);
	unsigned int last = b->rounds - 1;

	bench_median(s->ratio, b->rounds);
	bench_print(b, "row %s %u %llu %llu %llu %llu %llu %llu %llu %llu %llu\n",
		    c->name, c->cpus, ours, s->ps[BENCH_UMBRA][0],
		    s->ps[BENCH_UMBRA][last], hosts, s->ps[BENCH_HOST][0],
		    s->ps[BENCH_HOST][last], div64_u64(ours * 1000, hosts),
		    s->ratio[0], s->ratio[last]);
}

void bench_print_skip(struct bench *b, const struct bench_case *c)
{
	bench_print(b, "skip %s %u: this machine has %u CPU\n", c->name,
		    c->cpus, b->nr_cpus);
}

/* Print a value in 1/1000, and the least and the most of the sorted values. */
void bench_print_fact(struct bench *b, u64 value, const u64 *sorted,
		      unsigned int nr, const char *name, ...)
{
	va_list args;

	bench_print(b, "fact ");
	va_start(args, name);
	print_args(b, name, args);
	va_end(args);
	bench_print(b, " %llu/1000 %llu %llu\n", value, sorted[0],
		    sorted[nr - 1]);
}
