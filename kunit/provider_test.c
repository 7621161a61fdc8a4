// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include "../src/api/instance.h"
#include "../src/compat/compat.h"
#include "../src/core/core.h"
#include "../src/provider/provider.h"
#include "test_util.h"

#define MIB_PAGES (SZ_1M >> PAGE_SHIFT)

static bool all(void *arg, struct page *page)
{
	return true;
}

static void release_all(struct umbra_region *region,
			struct umbra_released *released)
{
	umbra_region_release(region, all, NULL, released);
}

/*
 * Acquire a region, or skip the test with a reason. It is released at the end.
 */
static struct umbra_region *acquire(struct kunit *test, const char *provider,
				    unsigned long nr_pages)
{
	struct umbra_region *region;
	int err = umbra_test_region(test, provider, nr_pages, &region);

	if (err == -ENODEV)
		kunit_skip(test, "this kernel has no provider %s", provider);
	KUNIT_ASSERT_EQ(test, err, 0);
	return region;
}

static bool host_has_cma_area(void)
{
	return global_zone_page_state(NR_FREE_CMA_PAGES) > 0;
}

static void skip_without_cma_area(struct kunit *test)
{
#ifdef UMBRA_HAS_CMA
	if (!host_has_cma_area())
		kunit_skip(test, "no CMA area: booted without cma=");
#else
	kunit_skip(test, "kernel without CONFIG_DMA_CMA");
#endif
}

struct route_case {
	const char *name;
	const char *provider;
	unsigned long nr_pages;
};

static const struct route_case routes[] = {
	{ "contig, 1 MiB", "contig", MIB_PAGES },
	{ "contig, 1 MiB and a page", "contig", MIB_PAGES + 1 },
	{ "contig, 16 MiB", "contig", 16 * MIB_PAGES },
	{ "contig, 64 MiB", "contig", 64 * MIB_PAGES },
	{ "cma, 1 MiB", "cma", MIB_PAGES },
	{ "cma, 3 MiB", "cma", 3 * MIB_PAGES },
	{ "cma, 64 MiB", "cma", 64 * MIB_PAGES },
};

KUNIT_ARRAY_PARAM_DESC(route, routes, name);

static struct umbra_region *acquire_route(struct kunit *test)
{
	const struct route_case *c = test->param_value;

	if (!strcmp(c->provider, "cma"))
		skip_without_cma_area(test);
	return acquire(test, c->provider, c->nr_pages);
}

static void expect_whole(struct kunit *test, struct umbra_region *region,
			 unsigned long nr_pages)
{
	struct umbra_released released;
	unsigned long n = 0, i;
	unsigned int s;

	for (s = 0; s < region->nr_spans; s++) {
		struct umbra_span *span = &region->spans[s];

		n += span->nr_pages;
		for (i = 0; i < span->nr_pages; i++) {
			KUNIT_ASSERT_EQ(test, page_ref_count(span->pages + i),
					1);
			KUNIT_ASSERT_FALSE(test, PageCompound(span->pages + i));
			if (region->provider->has_memory)
				KUNIT_ASSERT_EQ(test,
						page_to_pfn(span->pages + i),
						span->base_pfn + i);
		}
	}
	KUNIT_EXPECT_EQ(test, n, nr_pages);
	release_all(region, &released);
	KUNIT_EXPECT_EQ(test, released.returned, nr_pages);
	KUNIT_EXPECT_EQ(test, released.pinned, 0);
	KUNIT_EXPECT_EQ(test, released.kept, 0);
}

static void a_region_has_one_reference_on_each_page(struct kunit *test)
{
	const struct route_case *c = test->param_value;
	struct umbra_region *region = acquire_route(test);

	KUNIT_EXPECT_STREQ(test, region->provider->name, c->provider);
	KUNIT_EXPECT_TRUE(test, region->provider->has_memory);
	expect_whole(test, region, c->nr_pages);
}

static void a_ghost_region_has_descriptors_without_memory(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, 1000, 1024 * MIB_PAGES };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct umbra_region *region = acquire(test, "ghost", sizes[i]);

		KUNIT_EXPECT_FALSE(test, region->provider->has_memory);
		expect_whole(test, region, sizes[i]);
	}
}

static void every_page_can_be_written(struct kunit *test)
{
	struct umbra_region *region = acquire_route(test);
	struct umbra_span *span = region->spans;
	unsigned long i;

	for (i = 0; i < span->nr_pages; i++) {
		u64 *word = kmap_local_page(span->pages + i);

		word[0] = i;
		word[PAGE_SIZE / sizeof(*word) - 1] = ~(u64)i;
		kunmap_local(word);
	}
	for (i = 0; i < span->nr_pages; i++) {
		u64 *word = kmap_local_page(span->pages + i);

		KUNIT_ASSERT_EQ(test, word[0], i);
		KUNIT_ASSERT_EQ(test, word[PAGE_SIZE / sizeof(*word) - 1],
				~(u64)i);
		kunmap_local(word);
	}
}

static void memory_given_back_can_be_taken_again(struct kunit *test)
{
	static const char * const names[] = { "contig", "cma" };
	unsigned int n, round, tested = 0;

	/* Together the regions are far larger than the memory of the host. */
	for (n = 0; n < ARRAY_SIZE(names); n++) {
		if (!strcmp(names[n], "cma") && !host_has_cma_area())
			continue;
		for (round = 0; round < 40; round++) {
			struct umbra_released released;
			struct umbra_region region;
			int err;

			err = umbra_test_acquire(&region, names[n],
						 32 * MIB_PAGES);
			if (err == -ENODEV)
				break;
			KUNIT_ASSERT_EQ_MSG(test, err, 0, "%s, round %u",
					    names[n], round);
			release_all(&region, &released);
			KUNIT_ASSERT_EQ(test, released.returned,
					32 * MIB_PAGES);
			tested++;
		}
	}
	if (!tested)
		kunit_skip(test, "this kernel has no provider with memory");
}

struct name_case {
	const char *name;
	const char *provider;
	int err;
};

static const struct name_case name_cases[] = {
	{ "an unknown name", "nvdimm", -EINVAL },
	{ "an empty name", "", -EINVAL },
	{ "a name with one letter more", "ghosts", -EINVAL },
	{ "upper case", "Ghost", -EINVAL },
	{ "more pages than indices", "ghost", -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(name, name_cases, name);

static void a_region_that_cannot_be_acquired_is_refused(struct kunit *test)
{
	const struct name_case *c = test->param_value;
	struct umbra_region region;

	KUNIT_EXPECT_EQ(test, umbra_region_acquire(&region, c->provider,
						   U32_MAX), c->err);
}

static void a_provider_the_kernel_lacks_is_known_by_name(struct kunit *test)
{
	struct umbra_released released;
	struct umbra_region region;
	unsigned int lacking = 0;

	if (!IS_ENABLED(CONFIG_DMA_CMA)) {
		KUNIT_EXPECT_EQ(test, umbra_region_acquire(&region, "cma", 1),
				-ENODEV);
		lacking++;
	}
	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC)) {
		KUNIT_EXPECT_EQ(test, umbra_region_acquire(&region, "contig",
							   1), -ENODEV);
		lacking++;
	}
	if (!lacking) {
		/*
		 * The provider exists: the attempt does not fail with EINVAL.
		 */
		KUNIT_ASSERT_EQ(test, umbra_test_acquire(&region, "contig",
							 MIB_PAGES), 0);
		release_all(&region, &released);
	}
}

static void more_than_the_machine_has_is_refused(struct kunit *test)
{
	struct umbra_region region;
	unsigned long nr_pages = totalram_pages() + MIB_PAGES;
	int err;

	err = umbra_region_acquire(&region, "contig", nr_pages);
	if (err == -ENODEV)
		kunit_skip(test, "this kernel has no provider contig");
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	err = umbra_region_acquire(&region, "auto", nr_pages);
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
}

/* Replace the region by a mebibyte from provider auto. Is it from CMA? */
static bool is_auto_cma(struct kunit *test, struct umbra_region **region)
{
	struct umbra_released released;

	if (*region)
		release_all(*region, &released);
	*region = acquire(test, "auto", MIB_PAGES);
	return !strcmp((*region)->provider->name, "cma");
}

static void auto_gives_real_memory(struct kunit *test)
{
	struct umbra_region *region = NULL;

	/* Pages of the area in use may be pinned for a moment. */
	if (host_has_cma_area() && IS_ENABLED(CONFIG_DMA_CMA))
		KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(is_auto_cma(test,
								    &region)));
	else
		region = acquire(test, "auto", MIB_PAGES);
	KUNIT_EXPECT_TRUE(test, region->provider->has_memory);
	KUNIT_EXPECT_EQ(test, page_to_pfn(region->spans[0].pages),
			region->spans[0].base_pfn);
}

/*
 * Acquire and release CMA pages. Does the counter of the area follow? The
 * counter lags behind, and other tasks allocate meanwhile.
 */
static bool is_counted_as_cma(struct kunit *test, unsigned long nr_pages)
{
	unsigned long before, during, after;
	struct umbra_released released;
	struct umbra_region *region;

	before = global_zone_page_state(NR_FREE_CMA_PAGES);
	region = acquire(test, "cma", nr_pages);
	during = global_zone_page_state(NR_FREE_CMA_PAGES);
	release_all(region, &released);
	after = global_zone_page_state(NR_FREE_CMA_PAGES);
	return during + nr_pages / 2 < before && during + nr_pages / 2 < after;
}

static void cma_pages_come_from_the_cma_area(struct kunit *test)
{
	skip_without_cma_area(test);
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(is_counted_as_cma(test,
							    64 * MIB_PAGES)));
}

#define MAX_REGIONS 1024

/*
 * With a full area, or without one, the DMA API would use the buddy allocator.
 * Only the first of such pages has a count, so they must not pass for CMA
 * pages.
 */
static void pages_of_the_buddy_allocator_are_refused(struct kunit *test)
{
	struct umbra_region *regions;
	struct umbra_released released;
	unsigned long size = 64 * MIB_PAGES, n = 0;
	struct page *page;
	int err;

#ifndef UMBRA_HAS_CMA
	kunit_skip(test, "kernel without CONFIG_DMA_CMA");
#endif
	regions = kvcalloc(MAX_REGIONS, sizeof(*regions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, regions);
	/* The area can give at least one region. */
	if (host_has_cma_area())
		n += !umbra_test_acquire(&regions[0], "cma", MIB_PAGES);
	for (;;) {
		err = umbra_region_acquire(&regions[n], "cma", size);
		if (!err && ++n == MAX_REGIONS)
			break;
		if (err && size == MIB_PAGES)
			break;
		if (err)
			size = max(size / 4, MIB_PAGES);
	}
	TEST_WAIT_UNTIL((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN,
					    get_order(SZ_1M))));
	KUNIT_EXPECT_TRUE(test, err == -ENOMEM || err == -ENODEV);
	KUNIT_EXPECT_NOT_NULL_MSG(test, page,
				  "the buddy allocator has no mebibyte either");
	KUNIT_EXPECT_EQ(test, host_has_cma_area() && !n, false);
	if (page)
		__free_pages(page, get_order(SZ_1M));
	kunit_info(test, "%lu regions until error %d\n", n, err);
	while (n--) {
		release_all(&regions[n], &released);
		KUNIT_EXPECT_EQ(test, released.pinned + released.kept, 0);
	}
	kvfree(regions);
}

static bool not_every_third(void *arg, struct page *page)
{
	struct umbra_region *region = arg;

	return (page - region->spans[0].pages) % 3;
}

static void pages_that_are_kept_are_not_given_back(struct kunit *test)
{
	unsigned long nr_pages = 100, kept = DIV_ROUND_UP(nr_pages, 3), i;
	struct umbra_region *region = acquire(test, "contig", nr_pages);
	struct page *pages = region->spans[0].pages;
	struct umbra_released released;

	umbra_region_release(region, not_every_third, region, &released);
	KUNIT_EXPECT_EQ(test, released.returned, nr_pages - kept);
	KUNIT_EXPECT_EQ(test, released.kept, kept);
	KUNIT_EXPECT_EQ(test, released.pinned, 0);
	for (i = 0; i < nr_pages; i += 3) {
		KUNIT_EXPECT_EQ(test, page_ref_count(pages + i), 1);
		__free_page(pages + i);
	}
}

/* Drop the last reference. Usually the page is still unused when it is read. */
static int put_last(struct page *page)
{
	unsigned long flags;
	int count;

	local_irq_save(flags);
	put_page(page);
	count = page_ref_count(page);
	local_irq_restore(flags);
	return count;
}

static const struct route_case pin_routes[] = {
	{ "contig", "contig", 4 * MIB_PAGES },
	{ "cma", "cma", MIB_PAGES },
};

KUNIT_ARRAY_PARAM_DESC(pin, pin_routes, name);

/*
 * Release a region with pinned pages, then unpin them. Returns whether each was
 * free after that.
 */
static bool are_freed_by_their_holder(struct kunit *test)
{
	const struct route_case *c = test->param_value;
	struct umbra_region *region = acquire_route(test);
	struct page *pages = region->spans[0].pages;
	static const unsigned int pinned[] = { 0, 5, 6, 255 };
	struct umbra_released released;
	unsigned int i, freed = 0;

	for (i = 0; i < ARRAY_SIZE(pinned); i++)
		get_page(pages + pinned[i]);
	release_all(region, &released);
	KUNIT_EXPECT_EQ(test, released.pinned, ARRAY_SIZE(pinned));
	KUNIT_EXPECT_EQ(test, released.returned,
			c->nr_pages - ARRAY_SIZE(pinned));
	KUNIT_EXPECT_EQ(test, released.kept, 0);
	for (i = 0; i < ARRAY_SIZE(pinned); i++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(pages + pinned[i]), 1);
		freed += !put_last(pages + pinned[i]);
	}
	return freed == ARRAY_SIZE(pinned);
}

static void a_pinned_page_is_freed_by_its_last_holder(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test,
			  TEST_WAIT_UNTIL(are_freed_by_their_holder(test)));
}

static void a_page_the_host_already_has_is_not_given_back(struct kunit *test)
{
	struct umbra_region *region = acquire(test, "ghost", 10);
	struct umbra_released released;

	page_ref_dec(region->spans[0].pages + 4);
	release_all(region, &released);
	KUNIT_EXPECT_EQ(test, released.returned, 9);
	KUNIT_EXPECT_EQ(test, released.kept, 1);
}

/* An allocator over pages with memory. */
static void blocks_are_zeroed_on_request(struct kunit *test)
{
	struct umbra_region *region = acquire(test, "auto", 4 * MIB_PAGES);
	struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.has_memory = true,
	};
	struct umbra *u;
	unsigned int order;

	u = umbra_instance_create("test", &layout, region->spans,
				  region->nr_spans);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	for (order = 0; order <= 8; order += 2) {
		size_t size = PAGE_SIZE << order;
		struct page *page = umbra_alloc_pages(u, GFP_KERNEL, order);

		KUNIT_EXPECT_NOT_NULL(test, page);
		if (!page)
			break;
		memset(page_address(page), 0xa5, size);
		umbra_free_pages(u, page, order);
		page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_ZERO, order);
		KUNIT_EXPECT_NOT_NULL(test, page);
		if (!page)
			break;
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0,
						   size));
		umbra_free_pages(u, page, order);
	}
	umbra_test_judge(test, u);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	umbra_instance_free(u);
}

static struct kunit_case provider_cases[] = {
	KUNIT_CASE_PARAM(a_region_has_one_reference_on_each_page,
			 route_gen_params),
	KUNIT_CASE(a_ghost_region_has_descriptors_without_memory),
	KUNIT_CASE_PARAM(every_page_can_be_written, route_gen_params),
	KUNIT_CASE(memory_given_back_can_be_taken_again),
	KUNIT_CASE_PARAM(a_region_that_cannot_be_acquired_is_refused,
			 name_gen_params),
	KUNIT_CASE(a_provider_the_kernel_lacks_is_known_by_name),
	KUNIT_CASE(more_than_the_machine_has_is_refused),
	KUNIT_CASE(auto_gives_real_memory),
	KUNIT_CASE(cma_pages_come_from_the_cma_area),
	KUNIT_CASE(pages_of_the_buddy_allocator_are_refused),
	KUNIT_CASE(pages_that_are_kept_are_not_given_back),
	KUNIT_CASE_PARAM(a_pinned_page_is_freed_by_its_last_holder,
			 pin_gen_params),
	KUNIT_CASE(a_page_the_host_already_has_is_not_given_back),
	KUNIT_CASE(blocks_are_zeroed_on_request),
	{}
};

static struct kunit_suite provider_suite = {
	.name = "umbra_provider",
	.test_cases = provider_cases,
};

kunit_test_suite(provider_suite);
