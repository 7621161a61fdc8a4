/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the benchmark know of each other. */
#ifndef _UMBRA_BENCH_H
#define _UMBRA_BENCH_H

#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/types.h>
#include <umbra/umbra.h>

#define BENCH_CPUS 2
#define BENCH_BURST 4096
#define BENCH_BULK 256
#define BENCH_TRAYS 8
#define BENCH_SLOTS 65536

/* What one CPU works with; large, and its own. */
struct bench_cpu {
	struct page *pages[BENCH_BURST];
	u16 shuffled[BENCH_BURST];		/* a permutation */
	struct page *slots[BENCH_SLOTS];
	u8 orders[BENCH_SLOTS];
	u32 random;
};

enum bench_side { BENCH_UMBRA, BENCH_HOST, BENCH_SIDES };

/* A piece of work, as one CPU does it. */
struct bench_job {
	const struct bench_case *c;
	struct umbra *u;
	enum bench_side side;
	unsigned int cpu;			/* from 0 */
	unsigned long nr;			/* pairs to do */
	struct bench_cpu *mine;
	struct bench *bench;
	struct completion done;
	u64 ns;					/* what it took */
	int err;
};

/*
 * Something to be timed, for both allocators. A work function does job->nr
 * pairs of an allocation and a free, and returns the time that took.
 */
struct bench_case {
	const char *name;
	u64 (*work[BENCH_SIDES])(struct bench_job *job);
	unsigned int order;
	unsigned int burst;
	gfp_t gfp;
	unsigned long nr;			/* pairs a round */
	unsigned int cpus;
};

/* Pages on their way from one CPU to another. */
struct bench_tray {
	bool full ____cacheline_aligned_in_smp;
	struct page *pages[BENCH_BULK];
};

struct bench {
	struct umbra *u;
	unsigned int rounds;
	unsigned int share;			/* do 1/share of the work */
	const char *only;			/* names begin so */
	struct bench_cpu *cpu[BENCH_CPUS];
	unsigned int cpu_ids[BENCH_CPUS];
	unsigned int nr_cpus;
	struct bench_tray trays[BENCH_TRAYS];
	atomic_t waiting;			/* CPUs that are not ready */
	char *text;				/* what there is to say */
	size_t used;
};

/* bench.c */
__printf(2, 3) void bench_say(struct bench *b, const char *fmt, ...);
u64 bench_median(u64 *values, unsigned int nr);

/* bench_work.c */
extern const struct bench_case bench_cases[];
extern const unsigned int bench_nr_cases;
u32 bench_random(u32 *state);
void bench_shuffle(u16 *array, unsigned int nr, u32 *state);
void bench_ready(struct bench *b);

/* bench_facts.c */
int bench_facts(struct bench *b);

#endif /* _UMBRA_BENCH_H */
