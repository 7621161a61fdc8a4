// SPDX-License-Identifier: GPL-2.0
/*
 * The cases of the benchmark (kunit/bench_work.c) on the library, for callgrind to
 * count. Each case runs three times: to fill the caches, to count instructions,
 * and once more for as short as it can, to count the cache lines that it touches.
 * Then callgrind begins with a cold cache, so that a miss is a line.
 *
 * The counts of each run go to a file of callgrind, whose description is the name
 * of the case, "work" or "lines", and the number of pairs.
 *
 * usage: valgrind --tool=callgrind --instr-atstart=no --cache-sim=yes bench-user
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <valgrind/callgrind.h>
#include "../../kunit/bench.h"
#include "../libumbra/libumbra.h"

#undef snprintf

/* Of the pairs that the benchmark runs in a kernel, as ARCH=x86_64 does */
#define SHARE		100

#define CHURN_LINES	64
#define FALLBACK_BURST	1024

/* Every so many pages of a movable pageblock are free: too few to claim it. */
#define FALLBACK_SPARSE	4

static struct bench bench;
static const char *measured;	/* description of the run, or NULL */

unsigned long alloc_pages_bulk_array(unsigned int gfp, unsigned long nr,
				     struct page **pages)
{
	unsigned long i;

	for (i = 0; i < nr && (pages[i] = alloc_pages(gfp, 0)); i++)
		;
	return i;
}

/* Called at the begin and at the end of the measured part. */
ktime_t bench_user_clock(void)
{
	static bool counts;

	if (!measured)
		return 0;
	counts = !counts;
	if (counts) {
		CALLGRIND_START_INSTRUMENTATION;
	} else {
		CALLGRIND_DUMP_STATS_AT(measured);
		CALLGRIND_STOP_INSTRUMENTATION;
	}
	return 0;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-user: %s\n", what);
	exit(1);
}

static void run(struct umbra *u, const struct bench_case *c, unsigned long nr,
		const char *description)
{
	struct bench_job job = {
		.c = c, .u = u, .nr = nr, .mine = bench.cpu[0], .bench = &bench,
	};

	atomic_set(&bench.waiting, 1);
	measured = description;
	c->work[BENCH_UMBRA](&job);
	measured = NULL;
	if (job.err)
		die(c->name);
}

/* The number of pairs of the shortest run */
static unsigned long shortest(const struct bench_case *c)
{
	if (c->burst)
		return c->burst;
	if (!strcmp(c->name, "churn"))
		return CHURN_LINES;
	return strcmp(c->name, "bulk-256") ? 1 : BENCH_BULK;
}

static void measure(struct umbra *u, const struct bench_case *c)
{
	unsigned long least = shortest(c), nr = max(c->nr / SHARE, least);
	char description[64];

	run(u, c, nr, NULL);
	snprintf(description, sizeof(description), "%s work %lu", c->name, nr);
	run(u, c, nr, description);
	snprintf(description, sizeof(description), "%s lines %lu", c->name,
		 least);
	run(u, c, least, description);
}

static struct umbra *create(const char *size, int pcp_batch)
{
	struct umbra_sim_parameters p;
	struct umbra *u;

	umbra_sim_parameters_init(&p);
	p.size = size;
	p.zones = "Normal";
	p.background = false;
	p.pcp_batch = pcp_batch;
	if (umbra_sim_create("bench", &p, &u))
		die("no instance");
	return u;
}

/* Fill an instance with movable pages, and free some of each pageblock. */
static unsigned int fill_sparsely(struct bench_job *job, struct page **pages)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_MOVABLE;
	unsigned int nr = 0, i;

	while (nr < BENCH_SLOTS && (pages[nr] = umbra_alloc_page(job->u, gfp)))
		nr++;
	for (i = 0; i < nr; i += FALLBACK_SPARSE) {
		umbra_free_page(job->u, pages[i]);
		pages[i] = NULL;
	}
	return nr;
}

/*
 * Allocate unmovable pages while only movable pageblocks have free ones, too few
 * in each to claim it; then free them.
 */
static u64 fallback(struct bench_job *job)
{
	struct page **slots = job->mine->slots, **pages = job->mine->pages;
	unsigned int nr = fill_sparsely(job, slots), i;
	unsigned long left;

	bench_ready(job->bench);
	ktime_get();
	for (left = job->nr / FALLBACK_BURST; left && !job->err; left--) {
		for (i = 0; i < FALLBACK_BURST; i++) {
			pages[i] = umbra_alloc_page(job->u, job->c->gfp);
			if (!pages[i])
				job->err = -ENOMEM;
		}
		for (i = 0; i < FALLBACK_BURST; i++)
			if (pages[i])
				umbra_free_page(job->u, pages[i]);
	}
	ktime_get();
	for (i = 0; i < nr; i++)
		if (slots[i])
			umbra_free_page(job->u, slots[i]);
	return 0;
}

static const struct bench_case fallback_case = {
	"fallback", { fallback, NULL }, .burst = FALLBACK_BURST,
	.gfp = GFP_KERNEL, .nr = 400 * FALLBACK_BURST, .cpus = 1,
};

/* The padding is written, because the compiler could remove it else. */
static noinline int run_all(char *padding)
{
	struct bench_cpu *mine = calloc(1, sizeof(*mine));
	struct umbra *u = create("1G", UMBRA_AUTO);
	unsigned int i;

	*padding = 0;
	if (!mine)
		die("no memory");
	mine->random = 1;
	bench.cpu[0] = mine;
	bench.u = u;
	for (i = 0; i < bench_nr_cases; i++)
		/* One task runs, and there is no memory behind the pages. */
		if (bench_cases[i].cpus == 1 &&
		    !(bench_cases[i].gfp & __GFP_ZERO))
			measure(u, &bench_cases[i]);
	if (umbra_sim_destroy(u))
		die("pages are left");
	u = create("64M", 0);
	measure(u, &fallback_case);
	return umbra_sim_destroy(u) != 0;
}

/*
 * The path of the program and the environment are on the stack. Without them the
 * stack must have the same lines.
 */
int main(void)
{
	unsigned long past = (unsigned long)__builtin_frame_address(0) % PAGE_SIZE;

	return run_all(__builtin_alloca(past + 1));
}
