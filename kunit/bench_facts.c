// SPDX-License-Identifier: GPL-2.0
/*
 * Measurements of umbra alone, on instances without memory: fragmentation under
 * each policy, the cost of a new instance, and the time that a snapshot or a clone
 * holds a zone lock.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "../src/api/metadata.h"
#include "../src/core/core.h"
#include "../src/inspect/snapshot.h"
#include "../src/policy/policy.h"
#include "../src/study/clone.h"
#include "bench.h"

#define FRAG_ORDER 9
#define FRAG_ROUNDS 100
#define FRAG_FRAMES (SZ_1G / PAGE_SIZE)

#define SNAPSHOT_FRAMES BIT(20)

/* Rounds of each measurement. */
#define ROUNDS_FACTS 7

/* Rounds of a measurement of lock waits. */
#define ROUNDS_WATCH 21

static const u32 frag_seeds[] = { 11, 23, 37, 59, 83 };

/*
 * Page descriptors without memory, and an array of pointers with a final NULL.
 */
struct ghost {
	struct umbra_span span;
	struct page **held;
};

static void ghost_free(struct ghost *g)
{
	vfree(g->span.pages);
	vfree(g->held);
}

static int ghost_alloc(struct ghost *g, unsigned long nr)
{
	unsigned long i;

	g->span = (struct umbra_span) { .nr_pages = nr };
	g->span.pages = vzalloc(array_size(nr, sizeof(struct page)));
	g->held = vzalloc(array_size(nr + 1, sizeof(*g->held)));
	if (!g->span.pages || !g->held) {
		ghost_free(g);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		set_page_count(g->span.pages + i, UMBRA_BASE_COUNT);
	return 0;
}

/* No memory belongs to a ghost page, so nothing is lost. */
static void ghost_lost(void *arg, struct page *page)
{
	set_page_count(page, UMBRA_BASE_COUNT);
}

static struct umbra *ghost_create(struct ghost *g, const char *policy)
{
	struct umbra_layout layout;

	umbra_layout_init(&layout);
	layout.origin = "bench";
	layout.policy = policy;
	layout.min_free_kbytes = 0;
	layout.watermark_scale_factor = 0;
	return umbra_create("bench", &layout, &g->span, 1);
}

/* Allocate single pages until none is left. Returns how many there were. */
static unsigned long fill(struct umbra *u, struct page **held)
{
	unsigned long nr = 0;

	while ((held[nr] = umbra_alloc_pages(u, GFP_NOWAIT | __GFP_NOWARN, 0)))
		nr++;
	return nr;
}

/* Free @nr pages at random. Returns how many are left. */
static unsigned long free_random(struct umbra *u, struct page **held,
				 unsigned long have, unsigned long nr,
				 u32 *random)
{
	while (nr--) {
		unsigned long i = ((u64)bench_random(random) * have) >> 32;

		umbra_free_pages(u, held[i], 0);
		held[i] = held[--have];
	}
	return have;
}

/* Share of the free pages that is in blocks of pageblock size, in 1/1000. */
static u64 whole_share(struct umbra *u)
{
	unsigned long whole = 0, free = 0;
	struct umbra_zone *zone;
	unsigned int order, type;

	umbra_drain_pages(u);
	for_each_umbra_zone(u, zone) {
		free += READ_ONCE(zone->nr_free_pages);
		for (order = FRAG_ORDER; order < UMBRA_NR_ORDERS; order++)
			for (type = 0; type < UMBRA_NR_TYPES; type++)
				whole += zone->free_area[order].nr_free[type] <<
					 order;
	}
	return free ? div64_ul((u64)whole * 1000, free) : 0;
}

/*
 * Single pages only: allocate all memory and free half of it at random. Then,
 * again and again, free a tenth at random and allocate as many.
 */
static int fragment(struct ghost *g, const char *policy, u32 seed, u64 *share)
{
	struct umbra *u = ghost_create(g, policy);
	unsigned long have, nr;
	unsigned int round;
	int err = 0;

	if (IS_ERR(u))
		return PTR_ERR(u);
	have = fill(u, g->held);
	have = free_random(u, g->held, have, have / 2, &seed);
	for (round = 0; round < FRAG_ROUNDS && !err; round++) {
		nr = have / 10;
		have = free_random(u, g->held, have, nr, &seed);
		while (nr--) {
			g->held[have] = umbra_alloc_pages(u, GFP_NOWAIT, 0);
			if (!g->held[have])
				err = -ENOMEM;
			else
				have++;
		}
		cond_resched();
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	*share = whole_share(u);
	free_random(u, g->held, have, have, &seed);
	umbra_destroy(u, ghost_lost, NULL);
	return err;
}

static int fragmentation(struct bench *b, struct ghost *g)
{
	const struct umbra_policy *policy;
	u64 shares[ARRAY_SIZE(frag_seeds)];
	unsigned int i, s;
	int err;

	for (i = 0; (policy = umbra_policy_builtin(i)); i++) {
		for (s = 0; s < ARRAY_SIZE(frag_seeds); s++) {
			err = fragment(g, policy->name, frag_seeds[s],
				       &shares[s]);
			if (err)
				return err;
		}
		bench_print_fact(b, bench_median(shares, ARRAY_SIZE(shares)),
				 shares, ARRAY_SIZE(shares), "frag-%s",
				 policy->name);
	}
	bench_print(b, "seeds");
	for (s = 0; s < ARRAY_SIZE(frag_seeds); s++)
		bench_print(b, " %u", frag_seeds[s]);
	bench_print(b, "\n");
	return 0;
}

/* The time to create an instance of 1 GiB. */
static int creation(struct bench *b, struct ghost *g)
{
	u64 us[ROUNDS_FACTS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(us); i++) {
		ktime_t start = ktime_get();
		struct umbra *u = ghost_create(g, NULL);

		us[i] = ktime_us_delta(ktime_get(), start);
		if (IS_ERR(u))
			return PTR_ERR(u);
		umbra_destroy(u, ghost_lost, NULL);
	}
	bench_print_fact(b, bench_median(us, ARRAY_SIZE(us)), us,
			 ARRAY_SIZE(us), "create-ms-per-gib");
	return 0;
}

/* A thread that takes a zone lock again and again. */
struct waiter {
	struct umbra_zone *zone;
	u64 longest_ns;
	atomic_t running;
};

static int waiter_fn(void *arg)
{
	struct waiter *w = arg;
	unsigned long flags;

	atomic_set(&w->running, 1);
	while (!kthread_should_stop()) {
		u64 start, ns;

		local_irq_save(flags);
		start = ktime_get_ns();
		spin_lock(&w->zone->lock);
		spin_unlock(&w->zone->lock);
		ns = ktime_get_ns() - start;
		local_irq_restore(flags);
		w->longest_ns = max(w->longest_ns, ns);
		cond_resched();
	}
	return 0;
}

/* The same locks without the work: the part of a wait that the machine adds. */
static int take_locks(struct umbra *u)
{
	unsigned long nr = SNAPSHOT_FRAMES / 2 / UMBRA_LIST_BATCH, flags;

	while (nr--) {
		spin_lock_irqsave(&u->zones->lock, flags);
		spin_unlock_irqrestore(&u->zones->lock, flags);
		cond_resched();
	}
	return 0;
}

static int take_snapshot(struct umbra *u)
{
	struct umbra_free_snapshot *snapshot = umbra_snapshot_free(u);
	int err = snapshot ? 0 : -ENOMEM;

	kvfree(snapshot);
	return err;
}

static int take_clone(struct umbra *u)
{
	struct umbra_clone *clone = umbra_clone(u);

	if (IS_ERR(clone))
		return PTR_ERR(clone);
	umbra_clone_delete(clone);
	return 0;
}

/* Run @work while a thread on the last CPU waits for the zone lock. */
static int watch(struct bench *b, struct umbra *u, int (*work)(struct umbra *u),
		 u64 *us, u64 *longest_ns)
{
	struct waiter w = { .zone = u->zones };
	struct task_struct *thread;
	ktime_t start;
	int err;

	thread = kthread_create(waiter_fn, &w, "umbra_bench/w");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, b->cpu_ids[b->nr_cpus - 1]);
	wake_up_process(thread);
	while (!atomic_read(&w.running))
		cond_resched();
	WRITE_ONCE(w.longest_ns, 0);
	start = ktime_get();
	err = work(u);
	*us = ktime_us_delta(ktime_get(), start);
	kthread_stop(thread);
	*longest_ns = w.longest_ns;
	return err;
}

static int print_watched(struct bench *b, struct umbra *u, const char *name,
			 int (*work)(struct umbra *u))
{
	u64 us[ROUNDS_WATCH], longest[ROUNDS_WATCH];
	unsigned int i;
	int err;

	for (i = 0; i < ROUNDS_WATCH; i++) {
		err = watch(b, u, work, &us[i], &longest[i]);
		if (err)
			return err;
	}
	bench_print_fact(b, bench_median(us, ROUNDS_WATCH), us, ROUNDS_WATCH,
			 "%s-ms", name);
	bench_median(longest, ROUNDS_WATCH);
	bench_print_fact(b, longest[0], longest, ROUNDS_WATCH,
			 "%s-max-lock-us", name);
	return 0;
}

/*
 * Every second page of the zone is free. The machine adds to each wait, so the
 * shortest of the longest waits counts.
 */
static int snapshots(struct bench *b)
{
	unsigned long have, i;
	struct ghost g;
	struct umbra *u;
	int err;

	err = ghost_alloc(&g, SNAPSHOT_FRAMES);
	if (err)
		return err;
	u = ghost_create(&g, NULL);
	if (IS_ERR(u)) {
		ghost_free(&g);
		return PTR_ERR(u);
	}
	have = fill(u, g.held);
	for (i = 0; i < have; i += 2)
		umbra_free_pages(u, g.held[i], 0);
	umbra_drain_pages(u);
	err = print_watched(b, u, "snapshot", take_snapshot) ?:
	      print_watched(b, u, "clone", take_clone) ?:
	      print_watched(b, u, "empty", take_locks);
	for (i = 1; i < have; i += 2)
		umbra_free_pages(u, g.held[i], 0);
	umbra_destroy(u, ghost_lost, NULL);
	ghost_free(&g);
	return err;
}

int bench_facts(struct bench *b)
{
	struct ghost g;
	int err;

	bench_print(b, "fact metadata-bytes-per-frame %llu/1000\n",
		    div64_ul((u64)umbra_metadata_bytes(b->u) * 1000,
			     b->u->nr_frames));
	err = ghost_alloc(&g, FRAG_FRAMES);
	if (err)
		return err;
	err = creation(b, &g);
	if (!err)
		err = fragmentation(b, &g);
	ghost_free(&g);
	return err ?: snapshots(b) ?: bench_victim(b);
}
