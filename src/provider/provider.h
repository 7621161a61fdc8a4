/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Providers: where the pages of an instance come from.
 */
#ifndef _UMBRA_PROVIDER_H
#define _UMBRA_PROVIDER_H

#include <umbra/umbra.h>

struct umbra_region;

/**
 * struct umbra_provider - one way to get pages from the host
 * @name: as in the provider= parameter
 * @has_memory: there is memory behind the descriptors
 * @acquire: take @nr_pages pages and describe them in region->spans. Every
 *	page has a reference count of one, which is the caller's from now on.
 *	May sleep; ends within seconds, and early on a fatal signal. Returns
 *	0, -ENODEV if this host cannot do it, -ENOMEM if it has not so much to
 *	give, -EINTR after a fatal signal; on failure the host is as before.
 * @release: give back a run of acquired pages, each with a count of one.
 *	Each page is released at most once; pages that are never released
 *	are not the provider's any more.
 * @finish: after the last @release, free whatever else @acquire took;
 *	optional.
 */
struct umbra_provider {
	const char *name;
	bool has_memory;
	int (*acquire)(struct umbra_region *region, unsigned long nr_pages);
	void (*release)(struct umbra_region *region, struct page *page,
			unsigned long nr_pages);
	void (*finish)(struct umbra_region *region);
};

/**
 * struct umbra_region - pages that a provider has acquired
 * @provider: where they came from
 * @nr_spans: how many of @spans are used
 * @spans: the pages
 * @priv: the provider's own
 */
struct umbra_region {
	const struct umbra_provider *provider;
	unsigned int nr_spans;
	struct umbra_span spans[UMBRA_MAX_SPANS];
	void *priv;
};

/**
 * struct umbra_released - what became of the pages of a region, in pages
 * @returned: given back to the host
 * @pinned: still referenced by somebody, whose last put_page() gives them back
 * @kept: not given back, as the caller asked
 */
struct umbra_released {
	unsigned long returned;
	unsigned long pinned;
	unsigned long kept;
};

/* Say that a region is one run of pages; for providers. */
static inline void umbra_region_describe(struct umbra_region *region,
					 struct page *pages,
					 unsigned long base_pfn,
					 unsigned long nr_pages)
{
	region->nr_spans = 1;
	region->spans[0] = (struct umbra_span) {
		.pages = pages,
		.base_pfn = base_pfn,
		.nr_pages = nr_pages,
	};
}

int umbra_region_acquire(struct umbra_region *region, const char *provider,
			 unsigned long nr_pages);
void umbra_region_release(struct umbra_region *region,
			  bool (*releasable)(void *arg, struct page *page),
			  void *arg, struct umbra_released *released);

extern const struct umbra_provider umbra_provider_cma;
extern const struct umbra_provider umbra_provider_contig;
extern const struct umbra_provider umbra_provider_ghost;

#endif /* _UMBRA_PROVIDER_H */
