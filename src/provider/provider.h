/* SPDX-License-Identifier: GPL-2.0 */
/* Providers: the sources of the pages of an instance. */
#ifndef _UMBRA_PROVIDER_H
#define _UMBRA_PROVIDER_H

#include <umbra/umbra.h>

struct umbra_region;

/**
 * struct umbra_provider - one way to get pages from the host
 * @name: name in the provider= parameter
 * @has_memory: true if the descriptors have memory
 * @acquire: function that acquires @nr_pages pages and describes them in
 *	region->spans. Every page must have a reference count of one, which
 *	belongs to the caller. The function may sleep; it must end within
 *	seconds, and early on a fatal signal. It returns 0, -ENODEV if the host
 *	does not support it, -ENOMEM if the host has too few pages, or -EINTR
 *	after a fatal signal. On failure no page is acquired.
 * @release: function that returns a run of acquired pages, each with a count of
 *	one, to the host. Each page is released at most once. Pages that are
 *	never released do not belong to the provider any more.
 * @finish: function that frees all other resources of @acquire, after the last
 *	@release; optional.
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
 * struct umbra_region - acquired pages
 * @provider: provider of the pages
 * @nr_spans: number of used @spans
 * @spans: the pages
 * @priv: private data of the provider
 */
struct umbra_region {
	const struct umbra_provider *provider;
	unsigned int nr_spans;
	struct umbra_span spans[UMBRA_MAX_SPANS];
	void *priv;
};

/**
 * struct umbra_released - the result of a release, in pages
 * @returned: pages returned to the host
 * @pinned: pages that others still reference; the host gets them later
 * @kept: pages that are not releasable
 */
struct umbra_released {
	unsigned long returned;
	unsigned long pinned;
	unsigned long kept;
};

/* Describe a region of one run of pages; for providers. */
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
const char *umbra_provider_needs(const char *provider);
void umbra_region_release(struct umbra_region *region,
			  bool (*releasable)(void *arg, struct page *page),
			  void *arg, struct umbra_released *released);

extern const struct umbra_provider umbra_provider_cma;
extern const struct umbra_provider umbra_provider_contig;
extern const struct umbra_provider umbra_provider_ghost;

#endif /* _UMBRA_PROVIDER_H */
