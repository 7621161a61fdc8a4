// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms of durations by kind and order, in powers of two of nanoseconds.
 * The slow path, reclaim and compaction are always counted. Fast allocations
 * are counted only while umbra_latency_set() has them timed; the static key of
 * debugging (debug.h) leads them to a separate path then.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include "core.h"
#include "debug.h"
#include "latency.h"

static const char * const kind_names[NR_LATENCY_KINDS] = {
	[LATENCY_FAST] = "fast",
	[LATENCY_SLOW] = "slow",
	[LATENCY_RECLAIM] = "reclaim",
	[LATENCY_COMPACT] = "compact",
};

/* The name of a kind, or "invalid". Context: any. */
const char *umbra_latency_name(enum umbra_latency_kind kind)
{
	return kind < NR_LATENCY_KINDS ? kind_names[kind] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_name);

/**
 * umbra_latency_create() - create the histograms of an instance
 * @u: the instance
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int umbra_latency_create(struct umbra *u)
{
	struct umbra_latency *l = kzalloc_obj(*l, GFP_KERNEL);

	if (!l)
		return -ENOMEM;
	u->latency = l;
	return 0;
}

/* Context: may sleep; must precede umbra_debug_destroy(). */
void umbra_latency_destroy(struct umbra *u)
{
	umbra_latency_set(u, false);
	kfree(u->latency);
}

/* The size of the histograms, in bytes. Context: any. */
size_t umbra_latency_bytes(void)
{
	return sizeof(struct umbra_latency);
}

/**
 * umbra_latency_set() - start or stop timing fast allocations
 * @u: the instance
 * @on: true to time fast allocations, too
 *
 * Context: may sleep; umbra.control_lock not held.
 */
void umbra_latency_set(struct umbra *u, bool on)
{
	mutex_lock(&u->debug_lock);
	umbra_debug_switch(u, UMBRA_DEBUG_LATENCY, on);
	mutex_unlock(&u->debug_lock);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_set);

/**
 * umbra_latency_reset() - set all buckets to zero
 * @u: the instance
 *
 * Context: any. An operation that ends at the same time may be lost.
 */
void umbra_latency_reset(struct umbra *u)
{
	struct umbra_latency *l = u->latency;
	unsigned int kind, order, bucket;

	for (kind = 0; kind < NR_LATENCY_KINDS; kind++)
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			for (bucket = 0; bucket < UMBRA_LATENCY_BUCKETS;
			     bucket++)
				atomic_set(&l->count[kind][order][bucket], 0);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_reset);

/**
 * umbra_latency_add() - count an operation that ends now
 * @u: the instance
 * @kind: kind of the operation
 * @order: order of the request
 * @start_ns: start of the operation by local_clock(), in nanoseconds
 *
 * Context: any.
 */
void umbra_latency_add(struct umbra *u, enum umbra_latency_kind kind,
		       unsigned int order, u64 start_ns)
{
	struct umbra_latency *l = u->latency;
	s64 ns = local_clock() - start_ns;
	unsigned int bucket = 0;

	/* The clocks of two CPUs may differ by more than the duration. */
	if (ns > 0)
		bucket = min(ilog2((u64)ns), UMBRA_LATENCY_BUCKETS - 1);
	/* A full bucket must not wrap to zero. */
	atomic_add_unless(&l->count[kind][order][bucket], 1, -1);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_add);

/**
 * umbra_latency_count() - read a bucket of a histogram
 * @u: the instance
 * @kind: kind of the operations
 * @order: order of the requests
 * @bucket: number of the bucket, less than %UMBRA_LATENCY_BUCKETS
 *
 * Context: any.
 * Return: the number of operations; %UINT_MAX means that many or more.
 */
unsigned int umbra_latency_count(const struct umbra *u,
				 enum umbra_latency_kind kind,
				 unsigned int order, unsigned int bucket)
{
	return atomic_read(&u->latency->count[kind][order][bucket]);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_count);

/* The shortest duration in a bucket, in nanoseconds. Context: any. */
u64 umbra_latency_bound(unsigned int bucket)
{
	return bucket ? BIT_ULL(bucket) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_bound);
