/* SPDX-License-Identifier: GPL-2.0 */
/* Parameters of an instance that can change while it runs; see tune.c. */
#ifndef _UMBRA_TUNE_H
#define _UMBRA_TUNE_H

#include "../core/core.h"

/* Tunables with a number as value. */
enum umbra_tunable {
	TUNE_MIN_FREE_KBYTES,		/* or UMBRA_AUTO */
	TUNE_WATERMARK_SCALE_FACTOR,
	TUNE_WATERMARK_BOOST_FACTOR,
	TUNE_EXTFRAG_THRESHOLD,
	TUNE_COMPACTION_PROACTIVENESS,
	TUNE_DIRTY_LIMIT,
	TUNE_PERCPU_PAGELIST_HIGH_FRACTION,	/* or 0 */
	TUNE_DEFRAG_MODE,		/* 0 or 1 */
	TUNE_ZONE_RECLAIM_MODE,		/* RECLAIM_* of the host */
	TUNE_MIN_UNMAPPED_RATIO,
	TUNE_MIN_SLAB_RATIO,
	TUNE_OOM_POLICY,		/* enum umbra_oom_policy */
	NR_TUNABLES
};

long umbra_tune_least(enum umbra_tunable what);
long umbra_tune_most(const struct umbra *u, enum umbra_tunable what);
void umbra_tune_init(struct umbra *u, const struct umbra_layout *layout);
int umbra_tune(struct umbra *u, enum umbra_tunable what, long value);
long umbra_tuned(const struct umbra *u, enum umbra_tunable what);
void umbra_tune_load(struct umbra *u, const long values[NR_TUNABLES]);
int umbra_tune_lowmem_reserve(struct umbra *u,
			      const int ratio[UMBRA_NR_ZONE_TYPES]);
int umbra_tune_interleave_weights(struct umbra *u, const int *weights);

#endif /* _UMBRA_TUNE_H */
