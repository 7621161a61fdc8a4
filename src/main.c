// SPDX-License-Identifier: GPL-2.0
/*
 * The module: parameters, and the ladder from a provider's region to an
 * instance with its interfaces.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include "core/core.h"
#include "iface/iface.h"
#include "provider/provider.h"
#include "shadow/shadow.h"

static char *provider = "auto";
module_param(provider, charp, 0444);
MODULE_PARM_DESC(provider,
		 "Where the pages come from: cma, contig, ghost (descriptors without memory), or auto, the first of cma and contig that works (default: auto)");

static char *size = "64M";
module_param(size, charp, 0444);
MODULE_PARM_DESC(size,
		 "Size of the region in bytes, with suffix K, M or G; a multiple of the page size (default: 64M)");

static unsigned long max_file_pages;
module_param(max_file_pages, ulong, 0644);
MODULE_PARM_DESC(max_file_pages,
		 "How many pages one open file of /dev/umbra may have, pages still held by references counted in; 0 for no limit (default: 0)");

/* The one instance that the parameters describe. */
static struct umbra_default {
	struct umbra_region region;
	struct umbra *umbra;
	struct umbra_chardev *chardev;
	struct umbra_failure_watch *failure_watch;
	struct dentry *debugfs;
} umbra_default;

/**
 * umbra_get_default() - get the instance that the module was loaded with
 *
 * The module cannot be unloaded until umbra_put().
 *
 * Context: any.
 * Return: the instance, or NULL if there is none that others may use: it is
 * going, or has no memory behind its descriptors.
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
 * umbra_put() - drop an instance got with umbra_get_default()
 * @u: the instance; everything allocated from it is freed
 *
 * Context: any.
 */
void umbra_put(struct umbra *u)
{
	module_put(THIS_MODULE);
}
EXPORT_SYMBOL_GPL(umbra_put);

static int parse_bytes(const char *text, u64 *bytes)
{
	unsigned int shift = 0;
	char digits[24];
	size_t len = strlen(text);

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	strscpy(digits, text, sizeof(digits));
	switch (digits[len - 1]) {
	case 'G':
	case 'g':
		shift += 10;
		fallthrough;
	case 'M':
	case 'm':
		shift += 10;
		fallthrough;
	case 'K':
	case 'k':
		shift += 10;
		digits[len - 1] = '\0';
	}
	if (kstrtou64(digits, 0, bytes) ||
	    check_shl_overflow(*bytes, shift, bytes))
		return -EINVAL;
	return 0;
}

/* How many pages the size parameter asks for, or an error and a line why. */
static long parse_size(void)
{
	bool ghost = !strcmp(provider, "ghost");
	u64 bytes, pages;

	if (parse_bytes(size, &bytes)) {
		pr_err("size=%s: not a size in bytes, K, M or G\n", size);
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
	const struct umbra_span *span = region->spans;
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
		pr_err("provider=%s: this kernel or its boot options do not offer it\n",
		       provider);
		return err;
	case -EINTR:
		pr_err("interrupted while taking %s from provider %s\n", size,
		       provider);
		return err;
	default:
		pr_err("size=%s: provider %s has no contiguous range of that size to give\n",
		       size, provider);
		return err;
	}
	pr_info("provider %s: %u pages, pfn 0x%lx-0x%lx, in %lld us\n",
		region->provider->name, span->nr_pages, span->base_pfn,
		span->base_pfn + span->nr_pages - 1,
		ktime_us_delta(ktime_get(), start));
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

static void stop_and_release(struct umbra_default *d)
{
	struct umbra_released released;
	unsigned long abandoned = umbra_instance_stop(d->umbra);

	umbra_region_release(&d->region, releasable, d->umbra, &released);
	if (abandoned)
		pr_err("%lu pages are still allocated, and lost\n", abandoned);
	if (released.pinned)
		pr_warn("%lu pages are still referenced; their last holder gives them back\n",
			released.pinned);
	if (released.kept)
		pr_warn("%lu pages were not given back\n", released.kept);
	umbra_instance_free(d->umbra);
}

static int __init umbra_init(void)
{
	struct umbra_default *d = &umbra_default;
	struct umbra_layout layout;
	struct umbra_released released;
	struct umbra *u;
	long nr_pages;
	int err;

	nr_pages = parse_size();
	if (nr_pages < 0)
		return nr_pages;
	err = acquire(&d->region, nr_pages);
	if (err)
		return err;

	umbra_layout_init(&layout);
	layout.origin = d->region.provider->name;
	layout.has_memory = d->region.provider->has_memory;
	u = umbra_instance_create("umbra0", &layout, d->region.spans,
				  d->region.nr_spans);
	if (IS_ERR(u)) {
		err = PTR_ERR(u);
		pr_err("cannot build an instance: error %d\n", err);
		goto err_release;
	}
	d->umbra = u;
	d->failure_watch = umbra_failure_watch_start(u);
	if (IS_ERR(d->failure_watch)) {
		err = PTR_ERR(d->failure_watch);
		pr_err("cannot watch for memory failures: error %d\n", err);
		goto err_stop;
	}

	/* The last that can fail: from here on others may be inside. */
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
	return err;
}

/*
 * No file is open and no module has the instance, for each of them holds a
 * reference to this module. Readers of debugfs files are waited for by their
 * removal.
 */
static void __exit umbra_exit(void)
{
	struct umbra_default *d = &umbra_default;

	debugfs_remove_recursive(d->debugfs);
	umbra_chardev_destroy(d->chardev);
	umbra_failure_watch_stop(d->failure_watch);
	stop_and_release(d);
}

module_init(umbra_init);
module_exit(umbra_exit);

MODULE_DESCRIPTION("A zoned buddy page allocator over a region of its own");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
