// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms of how long things take, by kind and order, in powers of two of
 * nanoseconds. What is slow anyway is always counted; an allocation that is
 * not, only while somebody asks for it, by a way of its own that the hooks of
 * debugging lead to (debug.h).
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

const char *umbra_latency_name(enum umbra_latency_kind kind)
{
	return kind < NR_LATENCY_KINDS ? kind_names[kind] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_name);

/**
 * umbra_latency_create() - make the histograms of an instance
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
	mutex_init(&l->lock);
	u->latency = l;
	return 0;
}

/* Context: may sleep; before the end of debugging. */
void umbra_latency_destroy(struct umbra *u)
{
	umbra_latency_set(u, false);
	mutex_destroy(&u->latency->lock);
	kfree(u->latency);
}

/* What umbra_latency_create() allocates, in bytes. */
size_t umbra_latency_bytes(void)
{
	return sizeof(struct umbra_latency);
}

/**
 * umbra_latency_set() - have every allocation timed, or slow ones only
 * @u: the instance
 * @on: every one
 *
 * Context: may sleep; umbra.control_lock not held.
 */
void umbra_latency_set(struct umbra *u, bool on)
{
	struct umbra_latency *l = u->latency;
	unsigned int debug;

	mutex_lock(&l->lock);
	debug = u->debug & ~UMBRA_DEBUG_LATENCY;
	if (on)
		debug |= UMBRA_DEBUG_LATENCY;
	if (debug != u->debug) {
		WRITE_ONCE(u->debug, debug);
		if (on)
			static_branch_inc(&umbra_debug_key);
		else
			static_branch_dec(&umbra_debug_key);
	}
	mutex_unlock(&l->lock);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_set);

/**
 * umbra_latency_reset() - begin to count from none
 * @u: the instance
 *
 * Context: any. What ends meanwhile may be counted or not.
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
 * umbra_latency_add() - count something that ends now
 * @u: the instance
 * @kind: what it was
 * @order: of the request it was for
 * @start_ns: local_clock() when it began
 *
 * Context: any.
 */
void umbra_latency_add(struct umbra *u, enum umbra_latency_kind kind,
		       unsigned int order, u64 start_ns)
{
	struct umbra_latency *l = u->latency;
	s64 ns = local_clock() - start_ns;
	unsigned int bucket = 0;

	/* The clocks of two CPUs may disagree by more than it took. */
	if (ns > 0)
		bucket = min(ilog2((u64)ns), UMBRA_LATENCY_BUCKETS - 1);
	/* What is full stays so: from none again would be a lie. */
	atomic_add_unless(&l->count[kind][order][bucket], 1, -1);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_add);

/**
 * umbra_latency_count() - what a bucket of a histogram has
 * @u: the instance
 * @kind: what took long
 * @order: of the request it was for
 * @bucket: less than %UMBRA_LATENCY_BUCKETS
 *
 * Context: any.
 * Return: how often; %UINT_MAX stands for that and more.
 */
unsigned int umbra_latency_count(const struct umbra *u,
				 enum umbra_latency_kind kind,
				 unsigned int order, unsigned int bucket)
{
	return atomic_read(&u->latency->count[kind][order][bucket]);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_count);

/* The least that a bucket is for, in nanoseconds. */
u64 umbra_latency_bound(unsigned int bucket)
{
	return bucket ? BIT_ULL(bucket) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_latency_bound);
