/* SPDX-License-Identifier: GPL-2.0 */
/* Durations of allocations, reclaim and compaction; see latency.c. */
#ifndef _UMBRA_LATENCY_H
#define _UMBRA_LATENCY_H

#include <linux/atomic.h>
#include "debug.h"

enum umbra_latency_kind {
	LATENCY_FAST,		/* counted only with UMBRA_DEBUG_LATENCY */
	LATENCY_SLOW,
	LATENCY_RECLAIM,
	LATENCY_COMPACT,
	NR_LATENCY_KINDS
};

/*
 * Bucket n counts durations from 2^n ns up to twice that. The first bucket also
 * counts shorter durations, and the last one longer durations.
 */
#define UMBRA_LATENCY_BUCKETS 32

/* A bit of umbra.debug while fast allocations are timed; not for layouts. */
#define UMBRA_DEBUG_LATENCY BIT(31)

struct umbra_latency {
	atomic_t count[NR_LATENCY_KINDS][UMBRA_NR_ORDERS]
		      [UMBRA_LATENCY_BUCKETS];
};

/* Are fast allocations timed? */
static inline bool umbra_latency_is_on(const struct umbra *u)
{
	return static_branch_unlikely(&umbra_debug_key) &&
	       READ_ONCE(u->debug) & UMBRA_DEBUG_LATENCY;
}

const char *umbra_latency_name(enum umbra_latency_kind kind);
int umbra_latency_create(struct umbra *u);
void umbra_latency_destroy(struct umbra *u);
size_t umbra_latency_bytes(void);
void umbra_latency_set(struct umbra *u, bool on);
void umbra_latency_reset(struct umbra *u);
void umbra_latency_add(struct umbra *u, enum umbra_latency_kind kind,
		       unsigned int order, u64 start_ns);
unsigned int umbra_latency_count(const struct umbra *u,
				 enum umbra_latency_kind kind,
				 unsigned int order, unsigned int bucket);
u64 umbra_latency_bound(unsigned int bucket);

#endif /* _UMBRA_LATENCY_H */
