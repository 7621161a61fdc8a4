// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables: parameters of an instance that can change while it runs. A value is
 * checked before anything is written. Watermarks and reserves are computed with
 * umbra.control_lock held, and those of a zone are written under its lock. A
 * value that is read without a lock is one word and is written with one store.
 */
#include <linux/mempolicy.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../move/kcompactd.h"
#include "../page/gfp.h"
#include "../page/pcp_setup.h"
#include "../pressure/node_reclaim.h"
#include "tune.h"

/* The limit of vm.watermark_scale_factor, in 1/10000. */
#define SCALE_FACTOR_MOST 3000

static const struct {
	long least;
	long most;
} ranges[NR_TUNABLES] = {
	/* Memory limits the reserve further, see umbra_tune_most(). */
	[TUNE_MIN_FREE_KBYTES] = { 0, INT_MAX },
	[TUNE_WATERMARK_SCALE_FACTOR] = { 1, SCALE_FACTOR_MOST },
	[TUNE_WATERMARK_BOOST_FACTOR] = { 0, INT_MAX },
	[TUNE_EXTFRAG_THRESHOLD] = { 0, 1000 },
	[TUNE_COMPACTION_PROACTIVENESS] = { 0, 100 },
	[TUNE_DIRTY_LIMIT] = { 0, 100 },
	[TUNE_PERCPU_PAGELIST_HIGH_FRACTION] = { UMBRA_PCP_FRACTION, INT_MAX },
	[TUNE_DEFRAG_MODE] = { 0, 1 },
	[TUNE_ZONE_RECLAIM_MODE] = {
		0, RECLAIM_ZONE | RECLAIM_WRITE | RECLAIM_UNMAP
	},
	[TUNE_MIN_UNMAPPED_RATIO] = { 0, 100 },
	[TUNE_MIN_SLAB_RATIO] = { 0, 100 },
	[TUNE_OOM_POLICY] = { UMBRA_OOM_FAIL, UMBRA_OOM_KILL },
};

/**
 * umbra_tune_least() - get the smallest value of a tunable
 * @what: the tunable
 *
 * Context: any.
 * Return: the value, in the units of the tunable.
 */
long umbra_tune_least(enum umbra_tunable what)
{
	return ranges[what].least;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_least);

/**
 * umbra_tune_most() - get the largest value of a tunable
 * @u: the instance
 * @what: the tunable
 *
 * %TUNE_MIN_FREE_KBYTES must leave at least one page to requests that may not
 * use the reserve.
 *
 * Context: any.
 * Return: the value, in the units of the tunable.
 */
long umbra_tune_most(const struct umbra *u, enum umbra_tunable what)
{
	unsigned long pages;

	if (what != TUNE_MIN_FREE_KBYTES)
		return ranges[what].most;
	pages = umbra_low_pages(u);
	if (!pages)
		return 0;
	return min_t(u64, (u64)(pages - 1) << (PAGE_SHIFT - 10),
		     ranges[what].most);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_most);

/* Compute watermarks, then cache sizes from them. umbra.control_lock held. */
static void setup_watermarks(struct umbra *u)
{
	umbra_watermark_setup(u);
	umbra_pcp_resize(u);
}

/**
 * umbra_tune_init() - set the tunables of a new instance from its layout
 * @u: the instance
 * @layout: the layout
 *
 * Context: may sleep.
 */
void umbra_tune_init(struct umbra *u, const struct umbra_layout *layout)
{
	umbra_watermark_init(u, layout);
	mutex_lock(&u->control_lock);
	setup_watermarks(u);
	mutex_unlock(&u->control_lock);
}

/* Set a tunable to a valid @value. umbra.control_lock held. */
static void set_tunable(struct umbra *u, enum umbra_tunable what, long value)
{
	switch (what) {
	case TUNE_MIN_FREE_KBYTES:
		WRITE_ONCE(u->min_free_kbytes, value);
		setup_watermarks(u);
		break;
	case TUNE_WATERMARK_SCALE_FACTOR:
		WRITE_ONCE(u->watermark_scale_factor, value);
		setup_watermarks(u);
		break;
	case TUNE_WATERMARK_BOOST_FACTOR:
		WRITE_ONCE(u->watermark_boost_factor, value);
		break;
	case TUNE_EXTFRAG_THRESHOLD:
		WRITE_ONCE(u->compact.extfrag_threshold, value);
		break;
	case TUNE_COMPACTION_PROACTIVENESS:
		umbra_compact_set_proactiveness(u, value);
		break;
	case TUNE_DIRTY_LIMIT:
		WRITE_ONCE(u->dirty_limit, value);
		break;
	case TUNE_PERCPU_PAGELIST_HIGH_FRACTION:
		WRITE_ONCE(u->pcp_high_fraction, value);
		umbra_pcp_resize(u);
		break;
	case TUNE_DEFRAG_MODE:
		umbra_gfp_set_defrag(u, value);
		break;
	case TUNE_ZONE_RECLAIM_MODE:
		umbra_node_reclaim_set_mode(u, value);
		break;
	case TUNE_MIN_UNMAPPED_RATIO:
		WRITE_ONCE(u->min_unmapped_ratio, value);
		break;
	case TUNE_MIN_SLAB_RATIO:
		WRITE_ONCE(u->min_slab_ratio, value);
		break;
	case TUNE_OOM_POLICY:
		WRITE_ONCE(u->oom.policy, value);
		break;
	case NR_TUNABLES:
		break;
	}
}

static bool is_valid(const struct umbra *u, enum umbra_tunable what, long value)
{
	if (what == TUNE_PERCPU_PAGELIST_HIGH_FRACTION && !value)
		return true;
	return value >= umbra_tune_least(what) &&
	       value <= umbra_tune_most(u, what);
}

/**
 * umbra_tune() - change a tunable
 * @u: the instance
 * @what: the tunable
 * @value: the new value; for %TUNE_MIN_FREE_KBYTES, %UMBRA_AUTO stands for the
 *	value that the host's formula gives; 0 turns
 *	%TUNE_PERCPU_PAGELIST_HIGH_FRACTION off
 *
 * Requests that begin after the return use the new value.
 *
 * Context: may sleep.
 * Return: 0, or -ERANGE if @value is out of range, or -EINTR on a fatal signal;
 * then nothing is changed.
 */
int umbra_tune(struct umbra *u, enum umbra_tunable what, long value)
{
	int err = 0;

	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	if (what == TUNE_MIN_FREE_KBYTES && value == UMBRA_AUTO)
		set_tunable(u, what, umbra_auto_min_free(u));
	else if (!is_valid(u, what, value))
		err = -ERANGE;
	else
		set_tunable(u, what, value);
	mutex_unlock(&u->control_lock);
	return err;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_tune, UMBRA_TEST_MODULES);

/**
 * umbra_tuned() - get the value of a tunable
 * @u: the instance
 * @what: the tunable
 *
 * Context: any.
 * Return: the current value; for %UMBRA_AUTO, the computed one.
 */
long umbra_tuned(const struct umbra *u, enum umbra_tunable what)
{
	switch (what) {
	case TUNE_MIN_FREE_KBYTES:
		return READ_ONCE(u->min_free_kbytes);
	case TUNE_WATERMARK_SCALE_FACTOR:
		return READ_ONCE(u->watermark_scale_factor);
	case TUNE_WATERMARK_BOOST_FACTOR:
		return READ_ONCE(u->watermark_boost_factor);
	case TUNE_EXTFRAG_THRESHOLD:
		return READ_ONCE(u->compact.extfrag_threshold);
	case TUNE_COMPACTION_PROACTIVENESS:
		return READ_ONCE(u->compact.proactiveness);
	case TUNE_DIRTY_LIMIT:
		return READ_ONCE(u->dirty_limit);
	case TUNE_PERCPU_PAGELIST_HIGH_FRACTION:
		return READ_ONCE(u->pcp_high_fraction);
	case TUNE_DEFRAG_MODE:
		return READ_ONCE(u->defrag_mode);
	case TUNE_ZONE_RECLAIM_MODE:
		return READ_ONCE(u->zone_reclaim_mode);
	case TUNE_MIN_UNMAPPED_RATIO:
		return READ_ONCE(u->min_unmapped_ratio);
	case TUNE_MIN_SLAB_RATIO:
		return READ_ONCE(u->min_slab_ratio);
	case TUNE_OOM_POLICY:
		return READ_ONCE(u->oom.policy);
	case NR_TUNABLES:
		break;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tuned);

/**
 * umbra_tune_load() - set all tunables to the values of another instance
 * @u: the instance
 * @values: value of each tunable; a layout may have set it beyond its limits
 *
 * Context: may sleep.
 */
void umbra_tune_load(struct umbra *u, const long values[NR_TUNABLES])
{
	unsigned int i;

	mutex_lock(&u->control_lock);
	for (i = 0; i < NR_TUNABLES; i++)
		set_tunable(u, i, values[i]);
	mutex_unlock(&u->control_lock);
}

/**
 * umbra_tune_lowmem_reserve() - change the lowmem reserves of all zones
 * @u: the instance
 * @ratio: ratio of each zone type, see umbra_layout.lowmem_reserve_ratio
 *
 * Context: may sleep.
 * Return: 0, or -ERANGE if a ratio is negative, or -EINTR on a fatal signal; then
 * nothing is changed.
 */
int umbra_tune_lowmem_reserve(struct umbra *u,
			      const int ratio[UMBRA_NR_ZONE_TYPES])
{
	unsigned int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		if (ratio[type] < 0)
			return -ERANGE;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		WRITE_ONCE(u->lowmem_reserve_ratio[type], ratio[type]);
	setup_watermarks(u);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_lowmem_reserve);

/**
 * umbra_tune_interleave_weights() - change the weights of weighted interleaving
 * @u: the instance
 * @weights: requests in a row for each node, from 1 to 255
 *
 * Context: may sleep.
 * Return: 0, or -ERANGE for a weight out of range, or -EINTR on a fatal signal;
 * then nothing is changed.
 */
int umbra_tune_interleave_weights(struct umbra *u, const int *weights)
{
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++)
		if (weights[nid] < 1 || weights[nid] > U8_MAX)
			return -ERANGE;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	for (nid = 0; nid < u->nr_nodes; nid++)
		WRITE_ONCE(u->mempolicy.weights[nid], weights[nid]);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_interleave_weights);
