// SPDX-License-Identifier: GPL-2.0
/*
 * The module: its parameters, and the steps from a provider's region to an
 * instance with its interfaces.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include "api/instance.h"
#include "core/core.h"
#include "iface/chardev.h"
#include "iface/debugfs.h"
#include "page/pcp_setup.h"
#include "parse/layout.h"
#include "parse/text.h"
#include "provider/provider.h"
#include "shadow/shadow.h"

static char *provider = "auto";
module_param(provider, charp, 0444);
MODULE_PARM_DESC(provider,
		 "Source of the pages: cma, contig, ghost (descriptors without memory), or auto for the first of cma and contig that works (default: auto)");

static char *size = "64M";
module_param(size, charp, 0444);
MODULE_PARM_DESC(size,
		 "Size of the region, in bytes or with suffix K, M or G; a multiple of the page size (default: 64M)");

static unsigned int nodes;
module_param(nodes, uint, 0444);
MODULE_PARM_DESC(nodes,
		 "Number of equal nodes that the region is cut into; 0 to follow the nodes of the host if the region spans several (default: 0)");

static char *zones;
module_param(zones, charp, 0444);
MODULE_PARM_DESC(zones,
		 "Zones of each node and their sizes, as DMA:16M,DMA32:48M,Normal:128M,HighMem:32M,Movable:32M; one zone may have no size and gets the rest (default: all five in the proportion 1:3:8:2:2, or only Normal in a node of less than 16 pageblocks)");

static char *distance;
module_param(distance, charp, 0444);
MODULE_PARM_DESC(distance,
		 "Distances between nodes, row by row, as 10,20/20,10 (default: those of the host, or 10 within a node and 20 between two nodes)");

static char *cpu_node;
module_param(cpu_node, charp, 0444);
MODULE_PARM_DESC(cpu_node,
		 "Node of each CPU, as 0,0,1,1 (default: its node in the host, or the CPU number modulo the number of nodes)");

static unsigned int pb_order = UMBRA_DEFAULT_PB_ORDER;
module_param(pb_order, uint, 0444);
MODULE_PARM_DESC(pb_order,
		 "Order of a pageblock, at most 10 (default: 9)");

static char *policy = "mainline";
module_param(policy, charp, 0444);
MODULE_PARM_DESC(policy,
		 "How blocks are chosen: mainline, address (lowest address of all blocks that are large enough), nogroup (no grouping by mobility), bestfit (smallest claim that is large enough), plain (no grouping; takes the block that was freed last), fast (mainline, with caches made for speed) (default: mainline)");

static char *debug;
module_param(debug, charp, 0444);
MODULE_PARM_DESC(debug,
		 "Debugging options, separated by commas: poison (a pattern in free memory), guard (a second reference to allocated pages), refs (a check of every reference count on free), owner (a record of each allocation) (default: none)");

static int reserve_kbytes = UMBRA_AUTO;
module_param_named(min_free_kbytes, reserve_kbytes, int, 0444);
MODULE_PARM_DESC(min_free_kbytes,
		 "Reserve in KiB, from which the watermarks are computed; -1 for the formula of the host (default: -1)");

static int pcp_batch = UMBRA_AUTO;
module_param(pcp_batch, int, 0444);
MODULE_PARM_DESC(pcp_batch,
		 "Number of pages that move at once between a zone and the cache of a CPU; 0 for no caches, -1 for the formula of the host (default: -1)");

static int pcp_high = UMBRA_AUTO;
module_param(pcp_high, int, 0444);
MODULE_PARM_DESC(pcp_high,
		 "Largest number of pages of a zone in the cache of a CPU; -1 for the formula of the host (default: -1)");

static unsigned long max_file_pages;
module_param(max_file_pages, ulong, 0644);
MODULE_PARM_DESC(max_file_pages,
		 "Largest number of pages that one open file of /dev/umbra may have, including freed pages that are still referenced; 0 for no limit (default: 0)");

/* The default instance, which the parameters describe. */
static struct umbra_default {
	struct umbra_region region;
	struct umbra *umbra;
	struct umbra_chardev *chardev;
	struct umbra_failure_watch *failure_watch;
	struct dentry *debugfs;
} umbra_default;

/**
 * umbra_get_default() - get the instance that the module parameters describe
 *
 * The module cannot be unloaded until umbra_put().
 *
 * Context: Any context, does not sleep.
 * Return: the instance; NULL if it is going, or has no memory behind its
 * descriptors.
 */
struct umbra *umbra_get_default(void)
{
	struct umbra *u = umbra_default.umbra;

	if (!u || !u->has_memory || !try_module_get(THIS_MODULE))
		return NULL;
	return u;
}
EXPORT_SYMBOL_GPL(umbra_get_default);

/**
 * umbra_put() - give an instance back that umbra_get_default() returned
 * @u: instance; the caller must have freed all of its blocks
 *
 * Context: Any context, does not sleep.
 */
void umbra_put(struct umbra *u)
{
	module_put(THIS_MODULE);
}
EXPORT_SYMBOL_GPL(umbra_put);

/* Return the size parameter in pages, or an error after a message. */
static long parse_size(void)
{
	bool ghost = !strcmp(provider, "ghost");
	u64 bytes, pages;

	if (umbra_parse_bytes(size, &bytes)) {
		pr_err("size=%s: must be a size in bytes, or with suffix K, M or G\n",
		       size);
		return -EINVAL;
	}
	if (!bytes || bytes % PAGE_SIZE) {
		pr_err("size=%s: must be a multiple of the page size, %lu bytes, and not 0\n",
		       size, PAGE_SIZE);
		return -EINVAL;
	}
	pages = bytes >> PAGE_SHIFT;
	if (!ghost && pages >= totalram_pages()) {
		pr_err("size=%s: this machine has %lu KiB of memory\n", size,
		       totalram_pages() << (PAGE_SHIFT - 10));
		return -ENOMEM;
	}
	if (pages > UMBRA_MAX_PAGES) {
		pr_err("size=%s: an instance has at most %lu pages\n", size,
		       UMBRA_MAX_PAGES);
		return -EFBIG;
	}
	return pages;
}

static int acquire(struct umbra_region *region, long nr_pages)
{
	ktime_t start = ktime_get();
	unsigned int i;
	int err;

	err = umbra_region_acquire(region, provider, nr_pages);
	switch (err) {
	case 0:
		break;
	case -EINVAL:
		pr_err("provider=%s: must be auto, cma, contig or ghost\n",
		       provider);
		return err;
	case -ENODEV:
		pr_err("provider=%s: needs %s\n", provider,
		       umbra_provider_needs(provider));
		return err;
	case -EINTR:
		pr_err("interrupted while taking %s from provider %s\n", size,
		       provider);
		return err;
	default:
		/* The allocation of the descriptors has its own line. */
		if (strcmp(provider, "ghost"))
			pr_err("size=%s: provider %s has no contiguous range of this size\n",
			       size, provider);
		return err;
	}
	for (i = 0; i < region->nr_spans; i++) {
		const struct umbra_span *span = &region->spans[i];

		pr_info("provider %s: %u pages, pfn 0x%lx-0x%lx, in %lld us\n",
			region->provider->name, span->nr_pages, span->base_pfn,
			span->base_pfn + span->nr_pages - 1,
			ktime_us_delta(ktime_get(), start));
	}
	return 0;
}

static bool releasable(void *arg, struct page *page)
{
	return umbra_frame_releasable(arg, page);
}

static bool all_releasable(void *arg, struct page *page)
{
	return true;
}

/**
 * umbra_create() - create an instance over pages of the caller
 * @name: name of its directory in debugfs, 1 to 15 characters without a slash;
 *	must be unique
 * @layout: nodes, zones and tunables; its strings must outlive the instance
 * @spans: pages of the instance, each with exactly one reference
 * @nr_spans: number of elements of @spans, at most %UMBRA_MAX_SPANS
 *
 * Context: Process context, may sleep.
 * Return: the instance, which umbra_destroy() takes down, or an ERR_PTR.
 * -EINVAL: the name, the layout or the number of spans is invalid. -EFBIG: too
 * many pages for frame indices. -EBUSY: a page has other references.
 * -EOPNOTSUPP: this kernel cannot do a kind of debugging. -ENOMEM: no memory
 * for metadata. -EINTR: a fatal signal.
 */
struct umbra *umbra_create(const char *name, const struct umbra_layout *layout,
			   const struct umbra_span *spans,
			   unsigned int nr_spans)
{
	struct umbra *u;

	u = umbra_instance_create(name, layout, spans, nr_spans);
	if (!IS_ERR(u) && umbra_default.debugfs)
		umbra_debugfs_create(u, umbra_default.debugfs);
	return u;
}
EXPORT_SYMBOL_GPL(umbra_create);

/**
 * umbra_destroy() - take an instance down
 * @u: instance from umbra_create(), not in use any more
 * @lost: callback for every page that the caller must not use again: the page
 *	is still allocated or referenced, or its memory failed
 * @arg: argument of @lost
 *
 * Context: Process context, may sleep.
 * Return: the number of lost pages.
 */
unsigned long umbra_destroy(struct umbra *u,
			    void (*lost)(void *arg, struct page *page),
			    void *arg)
{
	debugfs_remove_recursive(u->files);
	return umbra_instance_destroy(u, lost, arg);
}
EXPORT_SYMBOL_GPL(umbra_destroy);

static void stop_and_release(struct umbra_default *d)
{
	struct umbra_released released;
	unsigned long abandoned = umbra_instance_stop(d->umbra);

	umbra_region_release(&d->region, releasable, d->umbra, &released);
	if (abandoned)
		pr_err("%lu pages are still allocated, and are lost\n", abandoned);
	if (released.pinned)
		pr_warn("%lu pages are still referenced; the host gets each with its last reference\n",
			released.pinned);
	if (released.kept)
		pr_warn("%lu pages were not given back\n", released.kept);
	umbra_instance_free(d->umbra);
}

/* Create the default instance over the pages of a region. */
static struct umbra *create_instance(struct umbra_region *region)
{
	const struct umbra_layout_text text = {
		.nodes = nodes,
		.follow_host = region->provider->has_memory,
		.pb_order = pb_order,
		.zones = zones,
		.distance = distance,
		.cpu_node = cpu_node,
		.policy = policy,
		.debug = debug,
	};
	struct umbra_layout_tables *tables = umbra_layout_tables_create();
	struct umbra_layout layout;
	struct umbra *u;
	int err;

	if (!tables)
		return ERR_PTR(-ENOMEM);
	umbra_layout_init(&layout);
	layout.origin = region->provider->name;
	layout.has_memory = region->provider->has_memory;
	layout.min_free_kbytes = reserve_kbytes;
	layout.pcp_batch = pcp_batch;
	layout.pcp_high = pcp_high;
	err = umbra_layout_parse(&layout, tables, &text, region->spans,
				 &region->nr_spans);
	if (err) {
		u = ERR_PTR(err);
	} else {
		u = umbra_instance_create("umbra0", &layout, region->spans,
					  region->nr_spans);
		if (u == ERR_PTR(-EOPNOTSUPP))
			pr_err("debug=%s: this kernel cannot record owners\n",
			       debug);
		else if (IS_ERR(u))
			pr_err("cannot build an instance: error %ld\n",
			       PTR_ERR(u));
	}
	kvfree(tables);
	return u;
}

static int __init umbra_init(void)
{
	struct umbra_default *d = &umbra_default;
	struct umbra_released released;
	struct umbra *u;
	long nr_pages;
	int err;

	nr_pages = parse_size();
	if (nr_pages < 0)
		return nr_pages;
	err = umbra_pcp_register();
	if (err)
		return err;
	err = acquire(&d->region, nr_pages);
	if (err)
		goto err_unregister;
	u = create_instance(&d->region);
	if (IS_ERR(u)) {
		err = PTR_ERR(u);
		goto err_release;
	}
	d->umbra = u;
	d->failure_watch = umbra_failure_watch_start(u);
	if (IS_ERR(d->failure_watch)) {
		err = PTR_ERR(d->failure_watch);
		pr_err("cannot watch for memory failures: error %d\n", err);
		goto err_stop;
	}

	/* The last step that can fail: tasks may open the device after it. */
	d->chardev = umbra_chardev_create(u, &max_file_pages);
	if (IS_ERR(d->chardev)) {
		err = PTR_ERR(d->chardev);
		pr_err("cannot make /dev/umbra: error %d\n", err);
		goto err_watch;
	}
	d->debugfs = debugfs_create_dir("umbra", NULL);
	umbra_debugfs_create(u, d->debugfs);
	return 0;

err_watch:
	umbra_failure_watch_stop(d->failure_watch);
err_stop:
	d->umbra = NULL;
	umbra_instance_stop(u);
	umbra_instance_free(u);
err_release:
	umbra_region_release(&d->region, all_releasable, NULL, &released);
err_unregister:
	umbra_pcp_unregister();
	return err;
}

/*
 * No device file is open and no other module uses the instance, because each
 * would have a reference to this module. The removal of the debugfs files waits
 * for their readers.
 */
static void __exit umbra_exit(void)
{
	struct umbra_default *d = &umbra_default;

	debugfs_remove_recursive(d->debugfs);
	umbra_chardev_destroy(d->chardev);
	umbra_failure_watch_stop(d->failure_watch);
	stop_and_release(d);
	umbra_pcp_unregister();
}

module_init(umbra_init);
module_exit(umbra_exit);

MODULE_DESCRIPTION("A zoned buddy page allocator over a region of its own");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(UMBRA_VERSION);
