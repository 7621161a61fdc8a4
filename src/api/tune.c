// SPDX-License-Identifier: GPL-2.0
/*
 * What can be changed of an instance while it runs. A value is checked before
 * anything is written. Watermarks and reserves are computed anew under
 * umbra.control_lock, each zone's under its lock; what is read without a lock is one
 * word, written at once.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../move/kcompactd.h"
#include "../page/pcp_setup.h"
#include "tune.h"

#define SCALE_FACTOR_MOST 3000

static const struct {
	long least;
	long most;
} ranges[NR_TUNABLES] = {
	[TUNE_MIN_FREE_KBYTES] = { 0, INT_MAX },	/* or less, see below */
	[TUNE_WATERMARK_SCALE_FACTOR] = { 1, SCALE_FACTOR_MOST },
	[TUNE_WATERMARK_BOOST_FACTOR] = { 0, INT_MAX },
	[TUNE_EXTFRAG_THRESHOLD] = { 0, 1000 },
	[TUNE_COMPACTION_PROACTIVENESS] = { 0, 100 },
	[TUNE_DIRTY_LIMIT] = { 0, 100 },
	[TUNE_OOM_POLICY] = { UMBRA_OOM_FAIL, UMBRA_OOM_KILL },
};

/**
 * umbra_tune_least() - the least that a tunable may be
 * @what: the tunable
 *
 * Context: any.
 * Return: the number.
 */
long umbra_tune_least(enum umbra_tunable what)
{
	return ranges[what].least;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_least);

/**
 * umbra_tune_most() - the most that a tunable may be
 * @u: the instance
 * @what: the tunable
 *
 * A reserve must leave a page to those who may not use it.
 *
 * Context: any.
 * Return: the number.
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

/* Watermarks, and caches that are sized by them; umbra.control_lock held. */
static void setup_watermarks(struct umbra *u)
{
	umbra_watermark_setup(u);
	umbra_pcp_resize(u);
}

/* Take the tunables of a layout. Context: may sleep. */
void umbra_tune_init(struct umbra *u, const struct umbra_layout *layout)
{
	umbra_watermark_init(u, layout);
	mutex_lock(&u->control_lock);
	setup_watermarks(u);
	mutex_unlock(&u->control_lock);
}

/* umbra.control_lock held, and @value checked. */
static void set(struct umbra *u, enum umbra_tunable what, long value)
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
	case TUNE_OOM_POLICY:
		WRITE_ONCE(u->oom.policy, value);
		break;
	case NR_TUNABLES:
		break;
	}
}

/**
 * umbra_tune() - change a tunable
 * @u: the instance
 * @what: the tunable
 * @value: what it is to be; of %TUNE_MIN_FREE_KBYTES %UMBRA_AUTO stands for
 *	what the host would compute
 *
 * When it returns, no allocation is held to the old value any more but those
 * that have looked at it already.
 *
 * Context: may sleep.
 * Return: 0, or -ERANGE and nothing is changed.
 */
int umbra_tune(struct umbra *u, enum umbra_tunable what, long value)
{
	int err = 0;

	mutex_lock(&u->control_lock);
	if (what == TUNE_MIN_FREE_KBYTES && value == UMBRA_AUTO)
		set(u, what, umbra_auto_min_free(u));
	else if (value < umbra_tune_least(what) ||
		 value > umbra_tune_most(u, what))
		err = -ERANGE;
	else
		set(u, what, value);
	mutex_unlock(&u->control_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune);

/**
 * umbra_tuned() - what a tunable is
 * @u: the instance
 * @what: the tunable
 *
 * Context: any.
 * Return: the number, also where it was chosen automatically.
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
	case TUNE_OOM_POLICY:
		return READ_ONCE(u->oom.policy);
	case NR_TUNABLES:
		break;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tuned);

/**
 * umbra_tune_lowmem_reserve() - change how much zones keep for low requests
 * @u: the instance
 * @ratio: by zone type, as of a layout
 *
 * Context: may sleep.
 * Return: 0, or -ERANGE for a negative number, and nothing is changed.
 */
int umbra_tune_lowmem_reserve(struct umbra *u,
			      const int ratio[UMBRA_NR_ZONE_TYPES])
{
	unsigned int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		if (ratio[type] < 0)
			return -ERANGE;
	mutex_lock(&u->control_lock);
	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		WRITE_ONCE(u->lowmem_reserve_ratio[type], ratio[type]);
	setup_watermarks(u);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tune_lowmem_reserve);
