// SPDX-License-Identifier: GPL-2.0
/*
 * The work that is timed. Each work function is written once and built twice,
 * with the allocator as a constant. Both allocators are so called directly and
 * in the same way.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "../src/compat/compat.h"
#include "bench.h"

#define CHURN_MOST_ORDER 5

/* Share of the pages of an instance that a churn keeps allocated. */
#define CHURN_PERCENT 80

u32 bench_random(u32 *state)
{
	u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

void bench_shuffle(u16 *array, unsigned int nr, u32 *state)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		array[i] = i;
	for (i = nr - 1; i; i--) {
		unsigned int other = bench_random(state) % (i + 1);

		swap(array[i], array[other]);
	}
}

/* Start at the same time as the other CPUs of a case. */
void bench_ready(struct bench *b)
{
	atomic_dec(&b->waiting);
	while (atomic_read(&b->waiting))
		cpu_relax();
}

static __always_inline struct page *get(enum bench_side side,
					const struct bench_job *job, gfp_t gfp,
					unsigned int order)
{
	if (side == BENCH_UMBRA)
		return umbra_alloc_pages(job->u, gfp, order);
	return alloc_pages(gfp, order);
}

static __always_inline void put(enum bench_side side,
				const struct bench_job *job, struct page *page,
				unsigned int order)
{
	if (side == BENCH_UMBRA)
		umbra_free_pages(job->u, page, order);
	else
		__free_pages(page, order);
}

static __always_inline u64 do_pair(enum bench_side side, struct bench_job *job,
				   bool expose)
{
	unsigned int order = job->c->order;
	gfp_t gfp = job->c->gfp;
	unsigned long i;
	ktime_t start;

	bench_ready(job->bench);
	start = ktime_get();
	for (i = 0; i < job->nr; i++) {
		struct page *page = get(side, job, gfp, order);

		if (unlikely(!page)) {
			job->err = -ENOMEM;
			break;
		}
		if (expose && side == BENCH_UMBRA)
			umbra_expose_pages(job->u, page, order);
		put(side, job, page, order);
	}
	return ktime_to_ns(ktime_sub(ktime_get(), start));
}

/* Allocate a block and free it at once. */
static __always_inline u64 pair(enum bench_side side, struct bench_job *job)
{
	return do_pair(side, job, false);
}

/*
 * The same with an exposed block, so that the free reads every reference count.
 */
static __always_inline u64 exposed(enum bench_side side, struct bench_job *job)
{
	return do_pair(side, job, true);
}

static __always_inline u64 do_burst(enum bench_side side, struct bench_job *job,
				    bool shuffled)
{
	unsigned int order = job->c->order, burst = job->c->burst, i;
	struct page **pages = job->mine->pages;
	const u16 *next = job->mine->shuffled;
	gfp_t gfp = job->c->gfp;
	unsigned long left;
	ktime_t start;

	bench_shuffle(job->mine->shuffled, burst, &job->mine->random);
	bench_ready(job->bench);
	start = ktime_get();
	for (left = job->nr / burst; left; left--) {
		for (i = 0; i < burst; i++) {
			pages[i] = get(side, job, gfp, order);
			if (unlikely(!pages[i])) {
				job->err = -ENOMEM;
				break;
			}
		}
		if (unlikely(job->err)) {
			while (i--)
				put(side, job, pages[i], order);
			break;
		}
		for (i = 0; i < burst; i++)
			put(side, job, pages[shuffled ? next[i] : i], order);
	}
	return ktime_to_ns(ktime_sub(ktime_get(), start));
}

/* Allocate many blocks, then free them in the same order. */
static __always_inline u64 burst(enum bench_side side, struct bench_job *job)
{
	return do_burst(side, job, false);
}

/* Allocate many blocks, then free them in another order. */
static __always_inline u64 burst_random(enum bench_side side,
					struct bench_job *job)
{
	return do_burst(side, job, true);
}

/* Allocate many pages with one call, then free them. */
static __always_inline u64 bulk(enum bench_side side, struct bench_job *job)
{
	struct page **pages = job->mine->pages;
	gfp_t gfp = job->c->gfp;
	unsigned long left, got, i;
	ktime_t start;

	memset(pages, 0, BENCH_BULK * sizeof(*pages));
	bench_ready(job->bench);
	start = ktime_get();
	for (left = job->nr / BENCH_BULK; left; left--) {
		if (side == BENCH_UMBRA)
			got = umbra_alloc_pages_bulk(job->u, gfp, -1, NULL,
						     BENCH_BULK, pages);
		else
			got = alloc_pages_bulk(gfp, BENCH_BULK, pages);
		for (i = 0; i < got; i++) {
			put(side, job, pages[i], 0);
			pages[i] = NULL;
		}
		if (unlikely(got < BENCH_BULK)) {
			job->err = -ENOMEM;
			break;
		}
	}
	return ktime_to_ns(ktime_sub(ktime_get(), start));
}

/* Fill a slot with a block of random order. */
static __always_inline bool fill_slot(enum bench_side side,
				      struct bench_job *job, unsigned int i,
				      u32 random)
{
	unsigned int order = random % (CHURN_MOST_ORDER + 1);

	job->mine->orders[i] = order;
	job->mine->slots[i] = get(side, job, job->c->gfp, order);
	if (likely(job->mine->slots[i]))
		return true;
	job->err = -ENOMEM;
	return false;
}

/*
 * With most of the memory allocated, free a random block and allocate one of
 * random order, again and again.
 */
static __always_inline u64 churn(enum bench_side side, struct bench_job *job)
{
	struct bench_cpu *mine = job->mine;
	unsigned int nr = 0, i;
	struct umbra_info info;
	unsigned long n;
	ktime_t start;
	long pages;
	u64 ns;

	umbra_get_info(job->u, &info);
	pages = info.nr_pages / 100 * CHURN_PERCENT / job->c->cpus;
	while (pages > 0 && nr < BENCH_SLOTS) {
		if (!fill_slot(side, job, nr, bench_random(&mine->random)))
			break;
		pages -= 1 << mine->orders[nr++];
	}
	bench_ready(job->bench);
	start = ktime_get();
	for (n = 0; n < job->nr && !job->err; n++) {
		u32 random = bench_random(&mine->random);

		i = ((u64)random * nr) >> 32;
		put(side, job, mine->slots[i], mine->orders[i]);
		if (!fill_slot(side, job, i, random & 0xffff))
			break;
	}
	ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	for (i = 0; i < nr; i++)
		if (mine->slots[i])
			put(side, job, mine->slots[i], mine->orders[i]);
	return ns;
}

/*
 * One CPU allocates, the other frees. Pages are passed many at a time, so that
 * the speed of the messages between CPUs matters little.
 */
static __always_inline u64 handoff(enum bench_side side, struct bench_job *job)
{
	struct bench *b = job->bench;
	bool full = job->cpu;	/* the state this CPU waits for */
	gfp_t gfp = job->c->gfp;
	unsigned long n, i;
	ktime_t start;

	bench_ready(b);
	start = ktime_get();
	for (n = 0; n < job->nr / BENCH_BULK; n++) {
		struct bench_tray *tray = &b->trays[n % BENCH_TRAYS];

		/*
		 * Pairs with the release below: the flag is read before the
		 * pages.
		 */
		while (smp_load_acquire(&tray->full) != full)
			cpu_relax();
		for (i = 0; i < BENCH_BULK; i++) {
			if (!full)
				tray->pages[i] = get(side, job, gfp, 0);
			else if (likely(tray->pages[i]))
				put(side, job, tray->pages[i], 0);
			else
				job->err = -ENOMEM;
		}
		/*
		 * Pairs with the acquire above: the flag is written after the
		 * pages.
		 */
		smp_store_release(&tray->full, !full);
	}
	return ktime_to_ns(ktime_sub(ktime_get(), start));
}

#define BENCH_WORK(name)						\
static u64 name##_umbra(struct bench_job *job)				\
{									\
	return name(BENCH_UMBRA, job);					\
}									\
static u64 name##_host(struct bench_job *job)				\
{									\
	return name(BENCH_HOST, job);					\
}

BENCH_WORK(pair)
BENCH_WORK(exposed)
BENCH_WORK(burst)
BENCH_WORK(burst_random)
BENCH_WORK(bulk)
BENCH_WORK(churn)
BENCH_WORK(handoff)

#define BOTH(name) { name##_umbra, name##_host }
#define PAIR(n, c)							\
	{ "pair-" #n, BOTH(pair), .order = n, .gfp = GFP_KERNEL,	\
	  .nr = n < 4 ? 100000 : 10000, .cpus = c }
#define EXPOSED(n)							\
	{ "exposed-" #n, BOTH(exposed), .order = n, .gfp = GFP_KERNEL,	\
	  .nr = n < 4 ? 100000 : 10000, .cpus = 1 }

#define BURST(n, c, number)						\
	{ "burst-" #n, BOTH(burst), .order = n, .burst = number,	\
	  .gfp = GFP_KERNEL, .nr = n < 4 ? 100 * 1024 : 9600, .cpus = c }
#define CHURN(c)							\
	{ "churn", BOTH(churn), .gfp = GFP_KERNEL, .nr = 100000, .cpus = c }

/*
 * Within a run, each case gets the memory as the case before it left it. Cases
 * to be compared are next to each other; cases that fragment come last.
 */
const struct bench_case bench_cases[] = {
	PAIR(0, 1), PAIR(0, 2), PAIR(1, 1), PAIR(2, 1), PAIR(3, 1), PAIR(4, 1),
	PAIR(5, 1), PAIR(6, 1), PAIR(7, 1), PAIR(8, 1), PAIR(9, 1), PAIR(9, 2),
	PAIR(10, 1),
	BURST(0, 1, BENCH_BURST), BURST(0, 2, BENCH_BURST),
	BURST(3, 1, 64),
	BURST(9, 1, 16), BURST(9, 2, 16),
	{ "bulk-256", BOTH(bulk), .gfp = GFP_KERNEL, .nr = 400 * BENCH_BULK,
	  .cpus = 1 },
	{ "zero-0", BOTH(pair), .gfp = GFP_KERNEL | __GFP_ZERO, .nr = 100000,
	  .cpus = 1 },
	EXPOSED(0), EXPOSED(3), EXPOSED(6), EXPOSED(9),
	{ "handoff-0", BOTH(handoff), .gfp = GFP_KERNEL,
	  .nr = 400 * BENCH_BULK, .cpus = 2 },
	{ "burst-0-random", BOTH(burst_random), .burst = BENCH_BURST,
	  .gfp = GFP_KERNEL, .nr = 100 * 1024, .cpus = 1 },
	CHURN(1), CHURN(2),
};

const unsigned int bench_nr_cases = ARRAY_SIZE(bench_cases);
