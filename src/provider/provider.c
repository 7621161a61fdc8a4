// SPDX-License-Identifier: GPL-2.0
/* The choice of a provider, and the release of pages in runs. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "provider.h"

static const struct umbra_provider * const providers[] = {
#ifdef UMBRA_HAS_CMA
	&umbra_provider_cma,
#endif
#ifdef CONFIG_CONTIG_ALLOC
	&umbra_provider_contig,
#endif
	&umbra_provider_ghost,
};

static int try_provider(struct umbra_region *region,
			const struct umbra_provider *provider,
			unsigned long nr_pages)
{
	memset(region, 0, sizeof(*region));
	region->provider = provider;
	return provider->acquire(region, nr_pages);
}

/* Acquire pages from the first provider with memory that works. */
static int acquire_auto(struct umbra_region *region, unsigned long nr_pages)
{
	unsigned int i;
	int err = -ENODEV;

	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		if (!providers[i]->has_memory)
			continue;
		err = try_provider(region, providers[i], nr_pages);
		if (!err || err == -EINTR)
			return err;
		pr_info("provider %s cannot give %lu pages: error %d\n",
			providers[i]->name, nr_pages, err);
	}
	return err;
}

/**
 * umbra_region_acquire() - acquire pages from the host
 * @region: filled in
 * @provider: name of a provider, or "auto" for the first provider with memory
 *	that works
 * @nr_pages: number of pages; not 0
 *
 * Context: may sleep for seconds; ends early on a fatal signal.
 * Return: 0, -EINVAL if no provider has this name, -ENODEV if the kernel or the
 * machine does not support the provider, -ENOMEM if the provider has too few
 * pages, or -EINTR after a fatal signal. On failure no page is acquired.
 */
int umbra_region_acquire(struct umbra_region *region, const char *provider,
			 unsigned long nr_pages)
{
	unsigned int i;

	if (!strcmp(provider, "auto"))
		return acquire_auto(region, nr_pages);
	for (i = 0; i < ARRAY_SIZE(providers); i++)
		if (!strcmp(provider, providers[i]->name))
			return try_provider(region, providers[i], nr_pages);
	if (!strcmp(provider, "cma") || !strcmp(provider, "contig"))
		return -ENODEV;
	return -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_region_acquire);

static void release_span(struct umbra_region *region,
			 const struct umbra_span *span,
			 bool (*releasable)(void *arg, struct page *page),
			 void *arg, struct umbra_released *released)
{
	struct page *page = span->pages;
	struct page *end = page + span->nr_pages;
	struct page *run = page;

	for (; page <= end; page++) {
		bool ours = page < end && releasable(arg, page);
		int count = ours ? page_ref_count(page) : 0;

		if (count == 1)
			continue;
		if (page > run) {
			region->provider->release(region, run, page - run);
			released->returned += page - run;
			cond_resched();
		}
		run = page + 1;
		if (count > 1) {
			put_page(page);
			released->pinned++;
		} else if (page < end) {
			released->kept++;
		}
	}
}

/**
 * umbra_provider_needs() - tell what a provider that gave -ENODEV needs
 * @provider: name of a provider, or "auto"
 *
 * Context: any.
 * Return: a noun phrase: the kernel or the boot option that offers it.
 */
const char *umbra_provider_needs(const char *provider)
{
	if (!strcmp(provider, "contig"))
		return "a kernel with CONFIG_CONTIG_ALLOC";
	if (!strcmp(provider, "auto"))
		return "a kernel with CONFIG_CONTIG_ALLOC, or "
		       UMBRA_CMA_NEEDS " booted with cma=256M for instance";
#ifdef UMBRA_HAS_CMA
	return "a CMA area: boot with cma=256M for instance";
#else
	return UMBRA_CMA_NEEDS;
#endif
}

/**
 * umbra_region_release() - return the pages of a region to the host
 * @region: an acquired region
 * @releasable: callback that returns true if a page may return to the host
 * @arg: argument of @releasable
 * @released: filled in
 *
 * If others still reference a page, only the base reference is dropped. The
 * host gets the page with the end of the last reference.
 *
 * Context: may sleep.
 */
void umbra_region_release(struct umbra_region *region,
			  bool (*releasable)(void *arg, struct page *page),
			  void *arg, struct umbra_released *released)
{
	unsigned int i;

	memset(released, 0, sizeof(*released));
	for (i = 0; i < region->nr_spans; i++)
		release_span(region, &region->spans[i], releasable, arg,
			     released);
	if (region->provider->finish)
		region->provider->finish(region);
	region->nr_spans = 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_region_release);
