// SPDX-License-Identifier: GPL-2.0
/*
 * Instances of any layout: over descriptors of the fuzzer with frame numbers and
 * holes as drawn, or over memory of the simulated host.
 */
#include <linux/err.h>
#include <linux/page_ref.h>
#include "api.h"

#define BLOCK		BIT(UMBRA_MAX_ORDER)

static struct page descriptors[API_FRAMES];

/* Draw spans with any alignment of their ends. */
static void pick_spans(bool memory)
{
	struct page *page = descriptors;
	unsigned long pfn = 0;
	unsigned int i;
	u32 used = 0;

	api.nr_spans = memory ? 1 : 1 + (fuzz_pick(4) ? 0 : fuzz_pick(3));
	for (i = 0; i < api.nr_spans; i++) {
		struct umbra_span *span = &api.spans[i];
		u32 skip = memory || fuzz_pick(3) ? 0 : fuzz_pick(BLOCK);

		span->base_pfn = ALIGN(pfn, BLOCK) + skip;
		span->pages = page;
		span->nr_pages = (1 + fuzz_pick(3)) * BLOCK - skip;
		if (!memory && !fuzz_pick(3))
			span->nr_pages -= fuzz_pick(span->nr_pages);
		used = ALIGN(used + skip + span->nr_pages, BLOCK);
		page += span->nr_pages;
		pfn = span->base_pfn + span->nr_pages + fuzz_pick(2) * 3 * BLOCK;
		api.nr_pages += span->nr_pages;
	}
	api.nr_frames = used;
	for (i = 0; i < api.nr_pages; i++) {
		descriptors[i] = (struct page) {};
		set_page_count(&descriptors[i], 1);
	}
}

/* Cut the frames into zones; the last one gets the rest. */
static void pick_zones(void)
{
	u32 pageblock = 1U << api.layout.pb_order, left = api.nr_frames;
	unsigned int nid, type, nr = 0;

	for (nid = 0; nid < api.nr_nodes && left; nid++) {
		unsigned int types = 1 + fuzz_pick(BIT(UMBRA_NR_ZONE_TYPES) - 1);

		for (type = 0; type < UMBRA_NR_ZONE_TYPES && left; type++) {
			u32 most = left / pageblock;
			struct umbra_zone_layout *z = &api.zones[nr];

			if (!(types & BIT(type)))
				continue;
			*z = (struct umbra_zone_layout) { nid, type };
			z->nr_frames = (1 + fuzz_pick(most)) * pageblock;
			if (!fuzz_pick(4))
				z->nr_cma = fuzz_pick(z->nr_frames / pageblock + 1) *
					    pageblock;
			left -= z->nr_frames;
			nr++;
		}
	}
	api.zones[nr - 1].nr_frames += left;
	api.layout.nr_zones = nr;
	api.nr_nodes = api.zones[nr - 1].nid + 1;
}

static void pick_tables(void)
{
	unsigned int i, j;

	for (i = 0; i < api.nr_nodes; i++)
		for (j = 0; j < api.nr_nodes; j++)
			api.distance[i * api.nr_nodes + j] =
				i == j ? 10 : 10 + 5 * fuzz_pick(3);
	for (i = 0; i < FUZZ_CPUS; i++)
		api.cpu_node[i] = fuzz_pick(api.nr_nodes);
}

static void pick_tunables(struct umbra_layout *layout)
{
	static const char * const policies[] = {
		"mainline", "address", "nogroup", "bestfit", "plain"
	};
	unsigned int i;

	umbra_layout_init(layout);
	layout->policy = policies[fuzz_pick(ARRAY_SIZE(policies))];
	layout->pb_order = UMBRA_MAX_ORDER - fuzz_pick(UMBRA_MAX_ORDER + 1);
	layout->background = fuzz_pick(2);
	if (fuzz_pick(2))
		layout->min_free_kbytes = fuzz_pick(4096);
	if (fuzz_pick(2))
		layout->watermark_scale_factor = fuzz_pick(3001);
	if (fuzz_pick(2))
		layout->watermark_boost_factor = fuzz_pick(30000);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		if (fuzz_pick(2))
			layout->lowmem_reserve_ratio[i] = fuzz_pick(256);
	layout->dirty_limit = fuzz_pick(101);
	layout->pcp_batch = (int)fuzz_pick(18) - 1;
	layout->pcp_high = (int)fuzz_pick(257) - 1;
}

/* A layout that cannot be must be refused, and leave nothing behind. */
static void break_layout(struct umbra_layout *layout)
{
	struct umbra_zone_layout *z = &api.zones[fuzz_pick(layout->nr_zones)];

	switch (fuzz_pick(8)) {
	case 0:
		z->nr_frames = fuzz_pick(API_FRAMES);
		break;
	case 1:
		z->nr_cma = fuzz_pick(API_FRAMES);
		break;
	case 2:
		z->nid = fuzz_pick(40);
		break;
	case 3:
		z->type = fuzz_pick(UMBRA_NR_ZONE_TYPES + 2);
		break;
	case 4:
		layout->pb_order = fuzz_pick(32);
		break;
	case 5:
		layout->policy = "worst";
		break;
	case 6:
		api.distance[fuzz_pick(sizeof(api.distance))] = fuzz_pick(256);
		break;
	case 7:
		api.cpu_node[fuzz_pick(FUZZ_CPUS)] = fuzz_pick(256);
		break;
	}
}

static void ignore_page(void *arg, struct page *page)
{
}

/* An instance of a broken layout may exist if the layout still makes sense. */
static void try_broken(void)
{
	struct umbra *u;

	break_layout(&api.layout);
	u = umbra_create("broken", &api.layout, api.spans, api.nr_spans);
	if (IS_ERR_OR_NULL(u))
		return;
	fuzz_verify(u);
	fuzz_check(!umbra_destroy(u, ignore_page, NULL),
		   "pages of an unused instance are lost");
}

static int create_memory(void)
{
	int err = umbra_sim_create_layout("fuzz", &api.layout, api.nr_pages,
					  &api.u);

	if (!err) {
		api.spans[0].pages = umbra_sim_page(api.u, 0);
		api.spans[0].base_pfn = page_to_pfn(api.spans[0].pages);
	}
	return err;
}

/* Make an instance; false if the input was for one that cannot be. */
bool api_create(void)
{
	u32 kind = fuzz_pick(8);
	struct umbra_layout *layout = &api.layout;
	int err;

	api = (struct api) {};
	pick_tunables(layout);
	layout->origin = "fuzz";
	layout->has_memory = kind == 7;
	pick_spans(layout->has_memory);
	api.nr_nodes = 1 + (fuzz_pick(2) ? fuzz_pick(4) : 0);
	pick_zones();
	pick_tables();
	layout->zones = api.zones;
	layout->distance = api.distance;
	layout->cpu_node = api.cpu_node;
	if (!fuzz_pick(2))
		layout->debug = fuzz_pick(UMBRA_DEBUG_ALL + 1);
	if (!layout->has_memory)
		layout->debug &= ~UMBRA_DEBUG_POISON;
	if (kind == 6) {
		try_broken();
		return false;
	}
	if (layout->has_memory) {
		err = create_memory();
	} else {
		api.u = umbra_create("fuzz", layout, api.spans, api.nr_spans);
		err = PTR_ERR_OR_ZERO(api.u);
	}
	fuzz_check(!err, "a layout is refused: %d", err);
	return true;
}

/* The pages that the owner of the instance does not get back */
static unsigned long count_lost(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < API_FRAMES; i++)
		nr += api.failed[i] || api.stray[i];
	return nr;
}

/* Everything is free: all pages must be on the lists, but for the lost ones. */
static void check_free(void)
{
	struct umbra_info info;

	fuzz_verify(api.u);
	umbra_get_info(api.u, &info);
	fuzz_check(!info.nr_held, "%lu pages are held at the end",
		   info.nr_held);
	fuzz_check(info.nr_pages == api.nr_pages - count_lost(),
		   "%lu pages at the end, of %lu, and %lu are lost",
		   info.nr_pages, api.nr_pages, count_lost());
	fuzz_check(info.nr_free == info.nr_pages,
		   "%lu pages are free at the end, of %lu", info.nr_free,
		   info.nr_pages);
}

static void unisolate_all(void)
{
	unsigned int i;
	u32 n;

	for (i = 0; i < api.nr_spans; i++) {
		const struct umbra_span *span = &api.spans[i];

		for (n = 0; n < span->nr_pages; n++) {
			unsigned long pfn = span->base_pfn + n;

			if (n && pfn % (1UL << api.layout.pb_order))
				continue;
			fuzz_check(!umbra_unisolate_range(api.u, pfn, pfn + 1),
				   "pfn 0x%lx stays isolated", pfn);
		}
	}
}

/* All blocks are free. End the instance, of which nothing may be left. */
void api_destroy(void)
{
	unsigned long lost;

	unisolate_all();
	umbra_hwpoison_scan(api.u);
	umbra_sim_pass(2 * FUZZ_SECOND);
	umbra_drain_pages(api.u);
	check_free();
	api_owners_destroy();
	lost = api.layout.has_memory ? umbra_sim_destroy(api.u) :
	       umbra_destroy(api.u, ignore_page, NULL) - count_lost();
	fuzz_check(!lost, "%ld pages are lost with the instance", (long)lost);
}
