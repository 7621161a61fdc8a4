/* SPDX-License-Identifier: GPL-2.0 */
/* Data and functions that the parts of the benchmark share. */
#ifndef _UMBRA_BENCH_H
#define _UMBRA_BENCH_H

#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <umbra/umbra.h>

#define BENCH_CPUS 2
#define BENCH_BURST 4096
#define BENCH_BULK 256
#define BENCH_TRAYS 8
#define BENCH_SLOTS 65536
#define BENCH_ROUNDS_MOST 101
#define BENCH_TEXT_SIZE SZ_16K

/* Working memory of one CPU. */
struct bench_cpu {
	struct page *pages[BENCH_BURST];
	u16 shuffled[BENCH_BURST];		/* a permutation */
	struct page *slots[BENCH_SLOTS];
	u8 orders[BENCH_SLOTS];
	u32 random;
};

enum bench_side { BENCH_UMBRA, BENCH_HOST, BENCH_SIDES };

/* The share of one CPU in one run of a case. */
struct bench_job {
	const struct bench_case *c;
	struct umbra *u;
	enum bench_side side;
	unsigned int cpu;			/* from 0 */
	unsigned long nr;			/* pairs to run */
	struct bench_cpu *mine;
	struct bench *bench;
	struct completion done;
	u64 ns;					/* measured time */
	int err;
};

/*
 * A case to time, for both allocators. A work function runs job->nr pairs of an
 * allocation and a free, and returns their time.
 */
struct bench_case {
	const char *name;
	u64 (*work[BENCH_SIDES])(struct bench_job *job);
	unsigned int order;
	unsigned int burst;
	gfp_t gfp;
	unsigned long nr;			/* pairs per round */
	unsigned int cpus;
};

/* Pages that one CPU passes to another. */
struct bench_tray {
	bool full ____cacheline_aligned_in_smp;
	struct page *pages[BENCH_BULK];
};

struct bench {
	struct umbra *u;
	unsigned int rounds;
	unsigned int share;			/* run 1/share of the work */
	const char *only;			/* prefix of names to run */
	struct bench_cpu *cpu[BENCH_CPUS];
	unsigned int cpu_ids[BENCH_CPUS];
	unsigned int nr_cpus;
	struct bench_tray trays[BENCH_TRAYS];
	atomic_t waiting;			/* CPUs not yet started */
	char *text;				/* the results */
	size_t used;
};

/* One entry per round: picoseconds per pair, and umbra/host in 1/1000. */
struct bench_samples {
	u64 ps[BENCH_SIDES][BENCH_ROUNDS_MOST];
	u64 ratio[BENCH_ROUNDS_MOST];
};

/* bench_print.c */
u64 bench_median(u64 *values, unsigned int nr);
__printf(2, 3) void bench_print(struct bench *b, const char *fmt, ...);
void bench_print_header(struct bench *b);
void bench_print_row(struct bench *b, const struct bench_case *c,
		     struct bench_samples *s);
void bench_print_skip(struct bench *b, const struct bench_case *c);
__printf(5, 6) void bench_print_fact(struct bench *b, u64 value,
				     const u64 *sorted, unsigned int nr,
				     const char *name, ...);

/* bench_work.c */
extern const struct bench_case bench_cases[];
extern const unsigned int bench_nr_cases;
u32 bench_random(u32 *state);
void bench_shuffle(u16 *array, unsigned int nr, u32 *state);
void bench_ready(struct bench *b);

/* bench_facts.c */
int bench_facts(struct bench *b);
int bench_victim(struct bench *b);

#endif /* _UMBRA_BENCH_H */
