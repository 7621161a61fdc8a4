// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors without memory, for tests and for instances larger than the
 * machine. Page frame numbers start at zero.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "../compat/large.h"
#include "provider.h"

static int ghost_acquire(struct umbra_region *region, unsigned long nr_pages)
{
	struct page *pages;

	if (nr_pages >= U32_MAX)
		return -ENOMEM;
	pages = umbra_large_pages(nr_pages, GFP_KERNEL, "descriptors");
	if (!pages)
		return -ENOMEM;
	region->priv = pages;
	umbra_region_describe(region, pages, 0, nr_pages);
	return 0;
}

static void ghost_release(struct umbra_region *region, struct page *page,
			  unsigned long nr_pages)
{
}

static void ghost_finish(struct umbra_region *region)
{
	kvfree(region->priv);
}

const struct umbra_provider umbra_provider_ghost = {
	.name = "ghost",
	.acquire = ghost_acquire,
	.release = ghost_release,
	.finish = ghost_finish,
};
