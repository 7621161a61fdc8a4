// SPDX-License-Identifier: GPL-2.0
/*
 * ctl/: the tunables of an instance, one per file. A file has the name of the
 * host's tunable, if the host has it. A read gives the current value.
 *
 * Also the file latency, with the histograms of allocation times.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "../api/tune.h"
#include "../core/core.h"
#include "../core/latency.h"
#include "../parse/text.h"
#include "ctl.h"
#include "debugfs_tune.h"

/* Refuse a number out of range (-ERANGE) or an invalid number (-EINVAL). */
static int refuse_number(struct umbra *u, const char *file, const char *line,
			 enum umbra_tunable what, int err)
{
	static const char * const others[NR_TUNABLES] = {
		[TUNE_MIN_FREE_KBYTES] = "auto, or ",
		[TUNE_PERCPU_PAGELIST_HIGH_FRACTION] = "0, or ",
	};
	char must[80];

	snprintf(must, sizeof(must), "%sfrom %ld to %ld", others[what] ?: "",
		 umbra_tune_least(what), umbra_tune_most(u, what));
	return umbra_ctl_refuse(u, file, line, must, err);
}

static int tune_number(struct umbra *u, const char *file, const char *line,
		       enum umbra_tunable what)
{
	long value;
	int err;

	if (what == TUNE_MIN_FREE_KBYTES && !strcmp(line, "auto"))
		return umbra_tune(u, what, UMBRA_AUTO);
	err = kstrtol(line, 0, &value);
	if (!err)
		err = umbra_tune(u, what, value);
	return err ? refuse_number(u, file, line, what, err) : 0;
}

static int show_number(struct seq_file *m, enum umbra_tunable what)
{
	seq_printf(m, "%ld\n", umbra_tuned(m->private, what));
	return 0;
}

#define DEFINE_TUNABLE(name, what)					\
static const enum umbra_tunable name##_tunable = what;			\
									\
static int do_##name(struct umbra *u, char *line)			\
{									\
	return tune_number(u, #name, line, name##_tunable);		\
}									\
									\
static int name##_show(struct seq_file *m, void *v)			\
{									\
	return show_number(m, name##_tunable);				\
}									\
DEFINE_CTL(name, name##_show)

DEFINE_TUNABLE(min_free_kbytes, TUNE_MIN_FREE_KBYTES);
DEFINE_TUNABLE(watermark_scale_factor, TUNE_WATERMARK_SCALE_FACTOR);
DEFINE_TUNABLE(watermark_boost_factor, TUNE_WATERMARK_BOOST_FACTOR);
DEFINE_TUNABLE(extfrag_threshold, TUNE_EXTFRAG_THRESHOLD);
DEFINE_TUNABLE(compaction_proactiveness, TUNE_COMPACTION_PROACTIVENESS);
DEFINE_TUNABLE(dirty_limit, TUNE_DIRTY_LIMIT);
DEFINE_TUNABLE(percpu_pagelist_high_fraction,
	       TUNE_PERCPU_PAGELIST_HIGH_FRACTION);
DEFINE_TUNABLE(defrag_mode, TUNE_DEFRAG_MODE);
DEFINE_TUNABLE(zone_reclaim_mode, TUNE_ZONE_RECLAIM_MODE);
DEFINE_TUNABLE(min_unmapped_ratio, TUNE_MIN_UNMAPPED_RATIO);
DEFINE_TUNABLE(min_slab_ratio, TUNE_MIN_SLAB_RATIO);

static int do_lowmem_reserve_ratio(struct umbra *u, char *line)
{
	int ratio[UMBRA_NR_ZONE_TYPES];
	int err = umbra_parse_numbers(line, ratio, UMBRA_NR_ZONE_TYPES);

	if (!err)
		err = umbra_tune_lowmem_reserve(u, ratio);
	return err ? umbra_ctl_refuse(u, "lowmem_reserve_ratio", line,
				      "5 numbers from 0 to 2147483647, for DMA, DMA32, Normal, HighMem and Movable",
				      err) : 0;
}

static int lowmem_reserve_ratio_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned int i;

	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		seq_printf(m, "%s%u", i ? "\t" : "",
			   READ_ONCE(u->lowmem_reserve_ratio[i]));
	seq_putc(m, '\n');
	return 0;
}

DEFINE_CTL(lowmem_reserve_ratio, lowmem_reserve_ratio_show);

#ifdef CONFIG_NUMA
static int do_interleave_weights(struct umbra *u, char *line)
{
	int weights[UMBRA_MAX_NODES];
	int err = umbra_parse_numbers(line, weights, u->nr_nodes);

	if (!err)
		err = umbra_tune_interleave_weights(u, weights);
	return err ? umbra_ctl_refuse(u, "interleave_weights", line,
				      "a number from 1 to 255 for each node",
				      err) : 0;
}

static int interleave_weights_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++)
		seq_printf(m, "%s%u", nid ? "\t" : "",
			   READ_ONCE(u->mempolicy.weights[nid]));
	seq_putc(m, '\n');
	return 0;
}

DEFINE_CTL(interleave_weights, interleave_weights_show);
#endif

static const char * const oom_policies[] = {
	[UMBRA_OOM_FAIL] = "fail",
	[UMBRA_OOM_KILL] = "kill",
};

static int do_oom_policy(struct umbra *u, char *line)
{
	int policy = match_string(oom_policies, ARRAY_SIZE(oom_policies), line);

	if (policy < 0)
		return umbra_ctl_refuse(u, "oom_policy", line, "fail or kill",
					-EINVAL);
	return umbra_tune(u, TUNE_OOM_POLICY, policy);
}

static int oom_policy_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n",
		   oom_policies[umbra_tuned(m->private, TUNE_OOM_POLICY)]);
	return 0;
}

DEFINE_CTL(oom_policy, oom_policy_show);

/* Accepts "0", "1" or "reset". */
static int do_latency(struct umbra *u, char *line)
{
	if (!strcmp(line, "reset"))
		umbra_latency_reset(u);
	else if (!strcmp(line, "0") || !strcmp(line, "1"))
		umbra_latency_set(u, *line == '1');
	else
		return umbra_ctl_refuse(u, "latency", line, "0, 1 or reset",
					-EINVAL);
	return 0;
}

static int latency_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", umbra_latency_is_on(m->private));
	return 0;
}

DEFINE_CTL(latency, latency_show);

static bool has_latency(const struct umbra *u, enum umbra_latency_kind kind,
			unsigned int order)
{
	unsigned int bucket;

	for (bucket = 0; bucket < UMBRA_LATENCY_BUCKETS; bucket++)
		if (umbra_latency_count(u, kind, order, bucket))
			return true;
	return false;
}

static void show_latency(struct seq_file *m, enum umbra_latency_kind kind,
			 unsigned int order)
{
	struct umbra *u = m->private;
	unsigned int bucket, count;

	seq_printf(m, "%s %u", umbra_latency_name(kind), order);
	for (bucket = 0; bucket < UMBRA_LATENCY_BUCKETS; bucket++) {
		count = umbra_latency_count(u, kind, order, bucket);
		if (count)
			seq_printf(m, " %llu:%u", umbra_latency_bound(bucket),
				   count);
	}
	seq_putc(m, '\n');
}

static int histograms_show(struct seq_file *m, void *v)
{
	unsigned int kind, order;

	seq_puts(m, "# kind, order, and LEAST-NS:COUNT; up to twice as long, 0 up to 2\n");
	for (kind = 0; kind < NR_LATENCY_KINDS; kind++)
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			if (has_latency(m->private, kind, order))
				show_latency(m, kind, order);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(histograms);

/* The files of the tunables; NULL is the last element. */
const struct umbra_ctl_file * const umbra_tune_files[] = {
	&min_free_kbytes_file,
	&watermark_scale_factor_file,
	&watermark_boost_factor_file,
	&lowmem_reserve_ratio_file,
	&extfrag_threshold_file,
	&compaction_proactiveness_file,
	&dirty_limit_file,
	&percpu_pagelist_high_fraction_file,
	&defrag_mode_file,
	&zone_reclaim_mode_file,
	&min_unmapped_ratio_file,
	&min_slab_ratio_file,
#ifdef CONFIG_NUMA
	&interleave_weights_file,
#endif
	&oom_policy_file,
	&latency_file,
	NULL
};

/**
 * umbra_debugfs_tune() - create the files of the tunables, and latency
 * @u: the instance
 * @dir: directory of the instance, for latency
 * @ctl: directory of the tunables
 *
 * Context: may sleep.
 */
void umbra_debugfs_tune(struct umbra *u, struct dentry *dir,
			struct dentry *ctl)
{
	umbra_ctl_create(u, ctl, umbra_tune_files);
	debugfs_create_file("latency", 0400, dir, u, &histograms_fops);
}
