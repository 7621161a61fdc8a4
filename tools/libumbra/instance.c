// SPDX-License-Identifier: GPL-2.0
/*
 * Instances: what main.c of the module does for its default instance, without
 * interfaces.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include "../../src/api/instance.h"
#include "../../src/api/tune.h"
#include "../../src/core/core.h"
#include "../../src/page/pcp_setup.h"
#include "../../src/parse/layout.h"
#include "../../src/parse/text.h"
#include "../../src/provider/provider.h"
#include "internal.h"

/* The pages of an instance that the library made */
struct owned {
	struct list_head link;
	struct umbra *u;
	struct umbra_region region;
};

static LIST_HEAD(instances);

/* As the module does when it is loaded */
static void register_once(void)
{
	static bool done;

	if (!done && umbra_pcp_register())
		sim_die("no callbacks of CPUs");
	done = true;
}

struct umbra *umbra_create(const char *name, const struct umbra_layout *layout,
			   const struct umbra_span *spans,
			   unsigned int nr_spans)
{
	register_once();
	return umbra_instance_create(name, layout, spans, nr_spans);
}

unsigned long umbra_destroy(struct umbra *u,
			    void (*lost)(void *arg, struct page *page),
			    void *arg)
{
	return umbra_instance_destroy(u, lost, arg);
}

/**
 * umbra_sim_parameters_init() - fill in the defaults of the module
 * @p: the parameters
 *
 * The default size is 64 MiB, without memory, with background work.
 */
void umbra_sim_parameters_init(struct umbra_sim_parameters *p)
{
	*p = (struct umbra_sim_parameters) {
		.size = "64M",
		.nodes = 1,
		.pb_order = UMBRA_DEFAULT_PB_ORDER,
		.policy = "mainline",
		.min_free_kbytes = UMBRA_AUTO,
		.pcp_batch = UMBRA_AUTO,
		.pcp_high = UMBRA_AUTO,
		.background = true,
	};
}

static struct owned *acquire(bool memory, unsigned long nr_pages, int *err)
{
	struct owned *owned = kzalloc_obj(*owned, GFP_KERNEL);

	*err = owned ? umbra_region_acquire(&owned->region,
					    memory ? "contig" : "ghost",
					    nr_pages) : -ENOMEM;
	if (!*err)
		return owned;
	kfree(owned);
	return NULL;
}

static bool is_releasable(void *arg, struct page *page)
{
	const struct owned *owned = arg;

	return owned->u ? umbra_frame_releasable(owned->u, page) : true;
}

static void release(struct owned *owned)
{
	struct umbra_released released;

	umbra_region_release(&owned->region, is_releasable, owned, &released);
	if (owned->u)
		umbra_instance_free(owned->u);
	kfree(owned);
}

static int start(struct owned *owned, const char *name,
		 const struct umbra_layout *layout, struct umbra **instance)
{
	struct umbra *u = umbra_create(name, layout, owned->region.spans,
				       owned->region.nr_spans);

	if (IS_ERR(u)) {
		release(owned);
		return PTR_ERR(u);
	}
	owned->u = u;
	list_add_tail(&owned->link, &instances);
	*instance = u;
	return 0;
}

/**
 * umbra_sim_create_layout() - make an instance from a layout
 * @name: name of the instance
 * @layout: nodes, zones and tunables; @layout->has_memory chooses pages with
 *	memory
 * @nr_pages: number of pages
 * @instance: filled in
 *
 * Return: 0, or an error of umbra_region_acquire() or umbra_create().
 */
int umbra_sim_create_layout(const char *name, const struct umbra_layout *layout,
			    unsigned long nr_pages, struct umbra **instance)
{
	int err;
	struct owned *owned = acquire(layout->has_memory, nr_pages, &err);

	return owned ? start(owned, name, layout, instance) : err;
}

static int parse_layout(const struct umbra_sim_parameters *p,
			struct owned *owned, struct umbra_layout *layout,
			struct umbra_layout_tables *tables)
{
	const struct umbra_layout_text text = {
		.nodes = p->nodes,
		.pb_order = p->pb_order,
		.zones = p->zones,
		.distance = p->distance,
		.cpu_node = p->cpu_node,
		.policy = p->policy,
		.debug = p->debug,
	};

	umbra_layout_init(layout);
	layout->origin = owned->region.provider->name;
	layout->has_memory = p->memory;
	layout->min_free_kbytes = p->min_free_kbytes;
	layout->pcp_batch = p->pcp_batch;
	layout->pcp_high = p->pcp_high;
	layout->background = p->background;
	return umbra_layout_parse(layout, tables, &text, owned->region.spans,
				  &owned->region.nr_spans);
}

/**
 * umbra_sim_create() - make an instance from parameters
 * @name: name of the instance
 * @p: the parameters
 * @instance: filled in
 *
 * A parameter that cannot be is explained in the log.
 *
 * Return: 0; -EINVAL for a parameter that cannot be; -ENOMEM; -EFBIG for too many
 * pages.
 */
int umbra_sim_create(const char *name, const struct umbra_sim_parameters *p,
		     struct umbra **instance)
{
	struct umbra_layout_tables *tables;
	struct umbra_layout layout;
	struct owned *owned;
	u64 bytes;
	int err;

	if (umbra_parse_bytes(p->size, &bytes) || !bytes || bytes % PAGE_SIZE) {
		pr_err("size=%s: must be a multiple of %lu bytes, and not 0\n",
		       p->size, PAGE_SIZE);
		return -EINVAL;
	}
	if (bytes >> PAGE_SHIFT > UMBRA_MAX_PAGES)
		return -EFBIG;
	owned = acquire(p->memory, bytes >> PAGE_SHIFT, &err);
	if (!owned)
		return err;
	tables = umbra_layout_tables_create();
	err = tables ? parse_layout(p, owned, &layout, tables) : -ENOMEM;
	if (err)
		release(owned);
	else
		err = start(owned, name, &layout, instance);
	kvfree(tables);
	return err;
}

/**
 * umbra_sim_destroy() - end an instance that the library made
 * @u: the instance; no other task may use it
 *
 * Return: the number of pages that were still allocated.
 */
unsigned long umbra_sim_destroy(struct umbra *u)
{
	unsigned long abandoned = umbra_instance_stop(u);
	struct owned *owned;

	list_for_each_entry(owned, &instances, link)
		if (owned->u == u)
			break;
	sim_check(&owned->link != &instances,
		  "umbra_sim_destroy() of an instance of another maker");
	list_del(&owned->link);
	release(owned);
	return abandoned;
}

static const char * const tunables[NR_TUNABLES] = {
	[TUNE_MIN_FREE_KBYTES] = "min_free_kbytes",
	[TUNE_WATERMARK_SCALE_FACTOR] = "watermark_scale_factor",
	[TUNE_WATERMARK_BOOST_FACTOR] = "watermark_boost_factor",
	[TUNE_EXTFRAG_THRESHOLD] = "extfrag_threshold",
	[TUNE_COMPACTION_PROACTIVENESS] = "compaction_proactiveness",
	[TUNE_DIRTY_LIMIT] = "dirty_limit",
	[TUNE_PERCPU_PAGELIST_HIGH_FRACTION] = "percpu_pagelist_high_fraction",
	[TUNE_DEFRAG_MODE] = "defrag_mode",
	[TUNE_ZONE_RECLAIM_MODE] = "zone_reclaim_mode",
	[TUNE_MIN_UNMAPPED_RATIO] = "min_unmapped_ratio",
	[TUNE_MIN_SLAB_RATIO] = "min_slab_ratio",
	[TUNE_OOM_POLICY] = "oom_policy",
};

/**
 * umbra_sim_tune() - set a tunable
 * @u: the instance
 * @name: name of its file in ctl/
 * @value: the value
 *
 * Return: 0; -ENOENT for another name; -ERANGE or -EINVAL for a value that cannot
 * be.
 */
int umbra_sim_tune(struct umbra *u, const char *name, long value)
{
	int what = match_string(tunables, NR_TUNABLES, name);

	return what < 0 ? -ENOENT : umbra_tune(u, what, value);
}
