/* SPDX-License-Identifier: GPL-2.0 */
/* How long allocations and what they wait for take; see latency.c. */
#ifndef _UMBRA_LATENCY_H
#define _UMBRA_LATENCY_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include "debug.h"

/* latency.c */
enum umbra_latency_kind {
	LATENCY_FAST,		/* only while it is asked for */
	LATENCY_SLOW,
	LATENCY_RECLAIM,
	LATENCY_COMPACT,
	NR_LATENCY_KINDS
};

/* Bucket n is for 2^n ns up to twice that; the ends take the rest. */
#define UMBRA_LATENCY_BUCKETS 32

/* In umbra.debug while hits are timed; not to be asked for in a layout. */
#define UMBRA_DEBUG_LATENCY BIT(31)

struct umbra_latency {
	/*
	 * Guards the switch. It is not umbra.control_lock, which nests inside the
	 * locks of CPU hotplug, for the static key takes those.
	 */
	struct mutex lock;
	atomic_t count[NR_LATENCY_KINDS][UMBRA_NR_ORDERS]
		      [UMBRA_LATENCY_BUCKETS];
};

/* Are the allocations of an instance timed, that do not go the slow path? */
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
