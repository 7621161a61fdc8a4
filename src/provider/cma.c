// SPDX-License-Identifier: GPL-2.0
/*
 * Pages from the default CMA area of the host: by the functions of CMA if the
 * kernel exports them, else by the DMA API.
 *
 * The DMA API may fall back to the buddy allocator of the host. Pages of such a
 * block are refused. Their counts show the fallback: only the first page has a
 * count. A region with pinned or lost pages is freed in several runs, which
 * CONFIG_DMA_API_DEBUG reports as an error.
 */
#include <linux/cma.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "provider.h"

#ifdef UMBRA_HAS_CMA

static int cma_failure(void)
{
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}

#ifdef UMBRA_HAVE_CMA_EXPORTS

static int cma_acquire(struct umbra_region *region, unsigned long nr_pages)
{
	struct cma *area = dev_get_cma_area(NULL);
	struct page *page;

	if (!area)
		return -ENODEV;
	page = cma_alloc(area, nr_pages, UMBRA_MAX_ORDER, true);
	if (!page)
		return cma_failure();
	umbra_region_describe(region, page, page_to_pfn(page), nr_pages);
	return 0;
}

static void cma_give_back(struct umbra_region *region, struct page *page,
			  unsigned long nr_pages)
{
	cma_release(dev_get_cma_area(NULL), page, nr_pages);
}

static void cma_finish(struct umbra_region *region)
{
}

#else /* !UMBRA_HAVE_CMA_EXPORTS */

struct dma_region {
	struct platform_device *device;
	dma_addr_t address;		/* of the first page */
};

/* Every page from CMA has a count of 1; tails of a buddy block have 0. */
static bool is_from_cma(const struct page *page, unsigned long nr_pages)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++)
		if (page_ref_count(page + i) != 1 || PageCompound(page + i))
			return false;
	return nr_pages > 1;
}

static struct page *dma_acquire(struct dma_region *dma, unsigned long nr_pages)
{
	struct device *dev = &dma->device->dev;
	size_t size = nr_pages << PAGE_SHIFT;
	struct page *page;

	page = dma_alloc_pages(dev, size, &dma->address, DMA_BIDIRECTIONAL,
			       GFP_KERNEL | __GFP_NOWARN);
	if (!page)
		return NULL;
	if (!is_from_cma(page, nr_pages)) {
		dma_free_pages(dev, size, page, dma->address,
			       DMA_BIDIRECTIONAL);
		return NULL;
	}
	return page;
}

static int cma_acquire(struct umbra_region *region, unsigned long nr_pages)
{
	struct dma_region *dma;
	struct page *page;
	int err;

	dma = kzalloc_obj(*dma, GFP_KERNEL);
	if (!dma)
		return -ENOMEM;
	dma->device = platform_device_register_simple("umbra",
						      PLATFORM_DEVID_AUTO,
						      NULL, 0);
	if (IS_ERR(dma->device)) {
		err = -ENOMEM;
		goto err_free;
	}
	if (dma_coerce_mask_and_coherent(&dma->device->dev,
					 DMA_BIT_MASK(64))) {
		err = -ENODEV;
		goto err_unregister;
	}
	page = dma_acquire(dma, nr_pages);
	if (!page) {
		err = cma_failure();
		goto err_unregister;
	}
	region->priv = dma;
	umbra_region_describe(region, page, page_to_pfn(page), nr_pages);
	return 0;

err_unregister:
	platform_device_unregister(dma->device);
err_free:
	kfree(dma);
	return err;
}

static void cma_give_back(struct umbra_region *region, struct page *page,
			  unsigned long nr_pages)
{
	struct dma_region *dma = region->priv;
	unsigned long offset = page - region->spans[0].pages;

	dma_free_pages(&dma->device->dev, nr_pages << PAGE_SHIFT, page,
		       dma->address + (offset << PAGE_SHIFT),
		       DMA_BIDIRECTIONAL);
}

static void cma_finish(struct umbra_region *region)
{
	struct dma_region *dma = region->priv;

	platform_device_unregister(dma->device);
	kfree(dma);
}

#endif /* UMBRA_HAVE_CMA_EXPORTS */

const struct umbra_provider umbra_provider_cma = {
	.name = "cma",
	.has_memory = true,
	.acquire = cma_acquire,
	.release = cma_give_back,
	.finish = cma_finish,
};

#endif /* UMBRA_HAS_CMA */
