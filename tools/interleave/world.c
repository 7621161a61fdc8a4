// SPDX-License-Identifier: GPL-2.0
/*
 * The instance that contexts share, and the judge of its final state: every frame
 * has one owner, and none is lost.
 */
#include <linux/gfp.h>
#include <linux/string.h>
#include "../../src/core/assert.h"
#include "../../src/core/frame.h"
#include "../../src/core/span.h"
#include "../../src/page/pcp.h"
#include "world.h"

#define NR_OWNED	16
#define SECOND		1000000000ULL

struct umbra *world;

static struct {
	struct page *page;
	unsigned int order;
} owned[NR_OWNED];

void world_expect(bool cond, const char *what)
{
	if (!cond)
		fail("not so: %s", what);
}

static void no_log(void *arg, int level, const char *line)
{
}

/*
 * One small zone in each node. A zone has enough free pages for hits that skip the
 * walk of the zones.
 */
void world_make(const struct world_options *options)
{
	struct umbra_sim_parameters p;

	umbra_sim_set_cpus(NR_CPUS_USED);
	umbra_sim_set_log(no_log, NULL);
	umbra_sim_parameters_init(&p);
	p.size = options->nodes == 1 ? "8M" : "16M";
	p.nodes = options->nodes;
	p.zones = "Normal";
	p.pb_order = 4;
	p.debug = options->debug;
	p.min_free_kbytes = 64;
	p.pcp_batch = options->pcp_batch;
	p.pcp_high = options->pcp_high;
	p.background = false;
	if (umbra_sim_create("world", &p, &world))
		fail("no instance");
	world_expect(world->zones->fast_orders, "hits skip the walk");
}

/* Each context has places of its own, so that no step is needed for them. */
void world_own(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < NR_OWNED; i++)
		if (!owned[i].page) {
			owned[i].page = page;
			owned[i].order = order;
			return;
		}
	fail("too many blocks are owned");
}

void world_disown(struct page *page)
{
	unsigned int i;

	for (i = 0; i < NR_OWNED; i++)
		if (owned[i].page == page) {
			owned[i].page = NULL;
			return;
		}
	fail("a block is disowned twice");
}

struct page *world_alloc(gfp_t gfp, unsigned int order)
{
	struct page *page = umbra_alloc_pages(world, gfp, order);

	if (!page)
		fail("an allocation failed");
	world_own(page, order);
	return page;
}

/* A request from an NMI, which may get no page. */
void world_nmi_alloc(void)
{
	struct page *page = umbra_alloc_pages_nolock(world, 0, UMBRA_NO_NODE, 0);

	if (page)
		world_own(page, 0);
}

unsigned long world_cached(void)
{
	const struct umbra_zone *zone;
	unsigned long cached = 0;

	for_each_umbra_zone(world, zone)
		cached += umbra_pcp_count(zone, -1);
	return cached;
}

/* Pages that are owned. Fails if a page has two owners. */
static unsigned long owned_pages(void)
{
	unsigned long pages = 0;
	unsigned int i, k;

	for (i = 0; i < NR_OWNED; i++) {
		if (!owned[i].page)
			continue;
		for (k = 0; k < i; k++)
			if (owned[k].page &&
			    owned[i].page < owned[k].page + (1 << owned[k].order) &&
			    owned[k].page < owned[i].page + (1 << owned[i].order))
				fail("frame %u has two owners",
				     umbra_sim_frame(world, owned[i].page));
		pages += 1UL << owned[i].order;
	}
	return pages;
}

static void check_owned(void)
{
	unsigned int i;

	for (i = 0; i < NR_OWNED; i++) {
		u32 frame;
		u8 state;

		if (!owned[i].page)
			continue;
		frame = umbra_sim_frame(world, owned[i].page);
		state = frame_read(world, frame);
		if (!frame_is_allocated(state) ||
		    frame_order(state) != owned[i].order)
			fail("frame %u is not its owner's: %s, order %u", frame,
			     umbra_frame_state_name(frame_state(state)),
			     frame_order(state));
	}
}

/* Every managed frame must be free, held, in a cache, or owned. */
static void check_sum(const char *when)
{
	const struct umbra_zone *zone;
	unsigned long managed = 0, sum = world_cached() + owned_pages();

	for_each_umbra_zone(world, zone) {
		managed += zone->nr_managed;
		sum += zone->nr_free_pages + zone->nr_isolated + zone->nr_held;
	}
	if (sum != managed)
		fail("%s, %lu pages of %lu have an owner", when, sum, managed);
}

static void print_finding(void *arg, const char *finding, unsigned int frame)
{
	printf("# %s: frame %u\n", finding, frame);
}

static void verify(const char *when)
{
	if (umbra_sim_verify(world, print_finding, NULL))
		fail("%s, the checker found something", when);
	if (umbra_is_bad(world) || umbra_sim_warnings())
		fail("%s, the instance is bad or there was a warning", when);
}

static void free_owned(void)
{
	unsigned int i;

	for (i = 0; i < NR_OWNED; i++)
		if (owned[i].page &&
		    umbra_free_pages_account(world, owned[i].page,
					     owned[i].order, NULL))
			fail("an owner cannot free its block");
	memset(owned, 0, sizeof(owned));
}

/**
 * world_judge() - check the state after all contexts have ended
 * @reports: number of mistakes that must have been reported
 *
 * At the end nothing is owned or cached.
 */
void world_judge(unsigned int reports)
{
	if (reports != ANY_REPORTS &&
	    atomic_long_read(&world->nr_reports) != reports)
		fail("%ld reports instead of %u",
		     atomic_long_read(&world->nr_reports), reports);
	check_owned();
	check_sum("at first");
	verify("at first");
	free_owned();
	umbra_sim_pass(2 * SECOND);
	umbra_drain_pages(world);
	check_sum("at the end");
	verify("at the end");
	if (world_cached())
		fail("a drain leaves pages in a cache");
}
