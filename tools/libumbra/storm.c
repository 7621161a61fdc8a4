// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on random instances, while interrupts and NMIs allocate and
 * free at every point where they may come. All invariants are checked every
 * CHECK_EVERY operations, and at the end, when everything is free.
 *
 * usage: storm [SEEDS [OPERATIONS]]
 * Runs the seeds from 1 to SEEDS, each in a process of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libumbra.h>

#define BLOCKS		4096
#define SLOTS		64
#define CHECK_EVERY	500
#define SECOND		1000000000ULL

struct block {
	struct page *page;
	unsigned int order;
	bool owned;
};

static struct umbra *u;
static struct umbra_sim_parameters parameters;
static struct umbra_movable movable;
static struct block blocks[BLOCKS];
static struct block irq_blocks[SLOTS];	/* of interrupts */
static struct block nmi_blocks[SLOTS];
static gfp_t gfps[6];
static unsigned long long state;

static unsigned int below(unsigned int limit)
{
	/* xorshift64 */
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % limit;
}

static gfp_t flags(const char *names)
{
	gfp_t gfp;

	if (umbra_sim_gfp_parse(names, &gfp))
		abort();
	return gfp;
}

static void in_interrupt(void *arg, const char *site)
{
	struct block *b = &irq_blocks[below(SLOTS)];

	if (below(4))
		return;
	if (b->page) {
		umbra_free_pages(u, b->page, b->order);
		b->page = NULL;
		return;
	}
	b->order = below(5);
	b->page = umbra_alloc_pages(u, gfps[0], b->order);
}

static void in_nmi(void *arg, const char *site)
{
	struct block *b = &nmi_blocks[below(SLOTS)];

	if (below(16))
		return;
	if (b->page) {
		umbra_free_pages_nolock(u, b->page, b->order);
		b->page = NULL;
		return;
	}
	b->order = below(4);
	b->page = umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE, b->order);
}

static void set_interrupts(bool on)
{
	umbra_sim_set_interrupt(on ? in_interrupt : NULL, NULL);
	umbra_sim_set_nmi(on ? in_nmi : NULL, NULL);
}

static struct block *block_of(const struct page *page)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		if (blocks[i].page == page)
			return &blocks[i];
	abort();
}

/* One in eight is refused, as by an owner that is busy. */
static int move(struct umbra_movable *owner, struct page *dst, struct page *src,
		unsigned int order, enum umbra_migrate_mode mode)
{
	(void)owner, (void)order, (void)mode;
	if (!below(8))
		return -1;
	block_of(src)->page = dst;
	return 0;
}

static int give_up(struct umbra_movable *owner, struct page *page,
		   unsigned int order, gfp_t gfp)
{
	(void)owner, (void)order, (void)gfp;
	if (!below(8))
		return -1;
	block_of(page)->page = NULL;
	return 0;
}

static const struct umbra_movable_operations operations = {
	.migrate = move,
	.reclaim = give_up,
};

static void give_back(struct block *b)
{
	struct page *page = b->page;

	b->page = NULL;
	if (b->owned)
		umbra_free_movable(u, page, b->order, NULL);
	else
		umbra_free_pages(u, page, b->order);
}

static void take(struct block *b)
{
	unsigned int order = below(3) ? 0 : below(8);
	struct page *page = umbra_alloc_pages(u, gfps[below(6)], order);

	*b = (struct block) { .page = page, .order = order };
	if (!page || below(2) || umbra_set_movable(u, page, order, &movable))
		return;
	b->owned = true;
	if (below(2))
		umbra_lru_add(u, page);
}

static void take_range(void)
{
	unsigned int frame = below(umbra_sim_nr_frames(u)), nr = 1 + below(600);
	unsigned int end = frame + nr;

	if (end <= umbra_sim_nr_frames(u) &&
	    !umbra_alloc_contig_range(u, frame, end, gfps[1]))
		umbra_free_contig_range(u, frame, nr);
}

static void take_bulk(void)
{
	struct page *pages[40] = {};
	unsigned long nr;

	nr = umbra_alloc_pages_bulk(u, gfps[1], UMBRA_NO_NODE, NULL,
				    sizeof(pages) / sizeof(*pages), pages);
	umbra_free_pages_bulk(u, pages, nr);
}

static void tune(void)
{
	umbra_sim_tune(u, "watermark_scale_factor", 10 + below(200));
	umbra_sim_tune(u, "watermark_boost_factor", below(20000));
	umbra_sim_tune(u, "min_free_kbytes", (long)below(2000) - 1);
}

static void free_nmi_blocks(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		struct page *page = nmi_blocks[i].page;

		nmi_blocks[i].page = NULL;
		if (page)
			umbra_free_pages(u, page, nmi_blocks[i].order);
	}
}

/* An operation that is rarer than an allocation or a free */
static void other(void)
{
	switch (below(10)) {
	case 0:
		umbra_drain_pages(u);
		break;
	case 1:
		umbra_compact_node(u, below(parameters.nodes));
		break;
	case 2:
		umbra_reclaim(u, below(64));
		break;
	case 3:
		umbra_sim_set_cpu(below(umbra_sim_nr_cpus()));
		break;
	case 4:
		umbra_sim_pass(below(SECOND) / (1 + below(1000)));
		break;
	case 5:
		take_range();
		break;
	case 6:
		take_bulk();
		break;
	case 7:
		tune();
		break;
	case 8:
		umbra_set_node_online(u, below(parameters.nodes), below(4));
		break;
	default:
		free_nmi_blocks();
	}
}

static void operate(void)
{
	struct block *b = &blocks[below(BLOCKS)];

	if (!below(8))
		other();
	else if (!b->page)
		take(b);
	else
		give_back(b);
}

static void print_finding(void *arg, const char *finding, unsigned int frame)
{
	printf("# seed %u: %s: frame %u\n", *(unsigned int *)arg, finding,
	       frame);
}

static void free_all(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		if (blocks[i].page)
			give_back(&blocks[i]);
	for (i = 0; i < SLOTS; i++)
		if (irq_blocks[i].page)
			umbra_free_pages(u, irq_blocks[i].page,
					 irq_blocks[i].order);
	free_nmi_blocks();
}

static int create(unsigned int seed)
{
	static const char * const policies[] = {
		"mainline", "address", "nogroup", "bestfit", "plain", "fast",
	};

	state = seed * 0x9e3779b97f4a7c15ULL;
	umbra_sim_set_cpus(1 + below(4));
	umbra_sim_parameters_init(&parameters);
	parameters.size = "32M";
	parameters.nodes = 1 + below(3);
	parameters.pb_order = 4 + below(6);
	parameters.pcp_batch = (int)below(9) - 1;
	parameters.policy = policies[below(6)];
	parameters.debug = below(2) ? "guard,owner" : NULL;
	gfps[0] = flags("GFP_ATOMIC|__GFP_NOWARN");
	gfps[1] = flags("GFP_KERNEL|__GFP_NOWARN");
	gfps[2] = flags("GFP_HIGHUSER_MOVABLE|__GFP_NOWARN");
	gfps[3] = flags("GFP_KERNEL|__GFP_RECLAIMABLE|__GFP_NOWARN");
	gfps[4] = flags("GFP_KERNEL|__GFP_DMA|__GFP_NOWARN");
	gfps[5] = flags("GFP_NOWAIT");
	umbra_movable_init(&movable, &operations, NULL);
	return umbra_sim_create("storm", &parameters, &u);
}

static bool storm(unsigned int seed, unsigned long nr)
{
	unsigned long i;
	bool good;

	if (create(seed))
		return false;
	for (i = 0; i < nr; i++) {
		set_interrupts(true);
		operate();
		set_interrupts(false);
		if (i % CHECK_EVERY == 0 &&
		    umbra_sim_verify(u, print_finding, &seed))
			return false;
	}
	free_all();
	umbra_sim_pass(60 * SECOND);
	good = !umbra_sim_verify(u, print_finding, &seed);
	return !umbra_sim_destroy(u) && !umbra_sim_warnings() && good;
}

/* Run one seed in a child, because the library may end it. */
static bool survives(unsigned int seed, unsigned long nr)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		exit(!storm(seed, nr));
	return waitpid(child, &status, 0) == child && !status;
}

int main(int argc, char **argv)
{
	unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 0) : 5;
	unsigned long nr = argc > 2 ? strtoul(argv[2], NULL, 0) : 5000;
	unsigned long seed, passed = 0;

	printf("KTAP version 1\n1..%lu\n", seeds);
	for (seed = 1; seed <= seeds; seed++) {
		bool good = survives(seed, nr);

		passed += good;
		printf("%s %lu seed %lu\n", good ? "ok" : "not ok", seed, seed);
	}
	printf("%lu passed, %lu failed, 0 skipped\n", passed, seeds - passed);
	return passed != seeds;
}
