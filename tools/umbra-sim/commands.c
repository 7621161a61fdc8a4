// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of umbra-sim. A block has the name that the request gave it; a
 * name may stand for several blocks, which a free takes all.
 *
 * A block that is made movable or reclaimable has an owner that pretends: it
 * agrees to each move, and to each reclaim of a reclaimable block.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libumbra.h>
#include "commands.h"

#define WORDS	6
#define NAME	16

struct block {
	struct block *next, *prev;
	char name[NAME];
	struct umbra *umbra;
	struct page *page;
	unsigned int order;
	bool owned;		/* registered with the owner that pretends */
	bool marked;		/* to be freed */
};

static struct block *blocks;	/* the newest first */
static struct block *cursor;	/* the next block of a walk that may free any */
static struct block **by_frame;

static struct block **place_of(struct umbra *u, const struct page *page)
{
	return &by_frame[umbra_sim_frame(u, page)];
}

static void remember(struct block *b)
{
	b->next = blocks;
	if (blocks)
		blocks->prev = b;
	blocks = b;
	*place_of(b->umbra, b->page) = b;
}

static void forget(struct block *b)
{
	if (cursor == b)
		cursor = b->next;
	if (b->next)
		b->next->prev = b->prev;
	if (b->prev)
		b->prev->next = b->next;
	else
		blocks = b->next;
	*place_of(b->umbra, b->page) = NULL;
	free(b);
}

static struct {
	struct umbra_movable movable;
	struct umbra *umbra;
} pretender;

static int pretend_move(struct umbra_movable *movable, struct page *dst,
			struct page *src, unsigned int order,
			enum umbra_migrate_mode mode)
{
	struct block *b = *place_of(pretender.umbra, src);

	(void)movable, (void)order, (void)mode;
	*place_of(b->umbra, src) = NULL;
	*place_of(b->umbra, dst) = b;
	b->page = dst;
	return 0;
}

static int pretend_reclaim(struct umbra_movable *movable, struct page *page,
			   unsigned int order, gfp_t gfp)
{
	(void)movable, (void)order, (void)gfp;
	forget(*place_of(pretender.umbra, page));
	return 0;
}

static const struct umbra_movable_operations operations = {
	.migrate = pretend_move,
	.reclaim = pretend_reclaim,
};

static bool say_error(const char *what, const char *text)
{
	printf("%s: %s\n", what, text);
	return false;
}

/* Is the word a number? Without a word, the number stays as it is. */
static bool number(const char *word, unsigned long *n)
{
	char *end;

	if (!word)
		return true;
	errno = 0;
	*n = strtoul(word, &end, 0);
	return !errno && end != word && !*end && *word != '-';
}

static bool is_name(const char *word)
{
	return strlen(word) < NAME || say_error(word, "a name too long");
}

static void print_block(struct umbra *u, const struct block *b)
{
	unsigned int frame = umbra_sim_frame(u, b->page), i;
	struct umbra_sim_zone z;

	for (i = 0; i < umbra_sim_nr_zones(u); i++) {
		umbra_sim_zone(u, i, &z);
		if (frame >= z.start && frame < z.end)
			break;
	}
	printf("%s: frame %u, order %u, node %u, zone %s\n", b->name, frame,
	       b->order, z.nid, z.name);
}

static struct block *request(struct umbra *u, const char *name, gfp_t gfp,
			     unsigned int order, int nid)
{
	struct page *page = umbra_alloc_pages_node(u, nid, gfp, order);
	struct block *b;

	if (!page)
		return NULL;
	b = calloc(1, sizeof(*b));
	if (!b) {
		umbra_free_pages(u, page, order);
		return NULL;
	}
	snprintf(b->name, sizeof(b->name), "%s", name);
	b->umbra = u;
	b->page = page;
	b->order = order;
	remember(b);
	return b;
}

/* NAME GFP [ORDER [NODE]] */
static bool do_alloc(struct umbra *u, char **word)
{
	unsigned long order = 0, nid = 0;
	struct block *b;
	gfp_t gfp;

	if (!is_name(word[1]))
		return false;
	if (umbra_sim_gfp_parse(word[2], &gfp) || !number(word[3], &order) ||
	    !number(word[4], &nid))
		return say_error(word[2], "not flags, an order and a node");
	b = request(u, word[1], gfp, order, word[4] ? (int)nid : -1);
	if (b)
		print_block(u, b);
	else
		printf("%s: no block of order %lu\n", word[1], order);
	return true;
}

/* GFP [order=N] [node=N] [nodes=MASK] [count=N] */
static bool do_explain(struct umbra *u, char **word)
{
	char question[256] = "", *text;
	unsigned int i;
	size_t len = 0;

	for (i = 1; i < WORDS && word[i]; i++)
		len += snprintf(question + len, sizeof(question) - len, "%s ",
				word[i]);
	if (len >= sizeof(question) ||
	    umbra_sim_explain(u, question, false, &text))
		return say_error(word[1], "not flags, order=, node=, nodes= or count=");
	fputs(text, stdout);
	free(text);
	return true;
}

/* NAME GFP ORDER [NUMBER] */
static bool do_fill(struct umbra *u, char **word)
{
	unsigned long order = 0, most = ~0UL, nr = 0;
	gfp_t gfp;

	if (!is_name(word[1]))
		return false;
	if (umbra_sim_gfp_parse(word[2], &gfp) || !number(word[3], &order) ||
	    !number(word[4], &most))
		return say_error(word[2], "not flags, an order and a number");
	while (nr < most && request(u, word[1], gfp, order, -1))
		nr++;
	printf("%s: %lu blocks of order %lu\n", word[1], nr, order);
	return true;
}

static void give_back(struct umbra *u, struct block *b)
{
	struct page *page = b->page;
	unsigned int order = b->order;
	bool owned = b->owned;

	forget(b);
	if (owned)
		umbra_free_movable(u, page, order, NULL);
	else
		umbra_free_pages(u, page, order);
}

/* Reclaim may run at any free, and then frees other blocks of the list. */
static unsigned long give_back_marked(struct umbra *u)
{
	unsigned long freed = 0;
	struct block *b;

	for (cursor = blocks; cursor;) {
		b = cursor;
		cursor = b->next;
		if (b->marked) {
			give_back(u, b);
			freed++;
		}
	}
	return freed;
}

/* NAME [STEP]: every block of the name, or every STEP-th */
static bool do_free(struct umbra *u, char **word)
{
	unsigned long step = 1, nr = 0;
	struct block *b;

	if (!number(word[2], &step) || !step)
		return say_error(word[2], "not a step");
	for (b = blocks; b; b = b->next)
		b->marked = !strcmp(b->name, word[1]) && nr++ % step == 0;
	printf("%s: %lu blocks freed\n", word[1], give_back_marked(u));
	return true;
}

static bool own(struct umbra *u, const char *name, bool reclaimable)
{
	unsigned long nr = 0;
	struct block *b;
	int err;

	if (!pretender.umbra)
		umbra_movable_init(&pretender.movable, &operations, NULL);
	pretender.umbra = u;
	for (b = blocks; b; b = b->next) {
		if (strcmp(b->name, name) || b->owned)
			continue;
		err = umbra_set_movable(u, b->page, b->order,
					&pretender.movable);
		b->owned = !err;
		if (!err && reclaimable)
			err = umbra_lru_add(u, b->page);
		if (err)
			return say_error(name, strerror(-err));
		nr++;
	}
	printf("%s: %lu blocks can be %s\n", name, nr,
	       reclaimable ? "reclaimed" : "moved");
	return true;
}

static bool do_movable(struct umbra *u, char **word)
{
	return own(u, word[1], false);
}

static bool do_reclaimable(struct umbra *u, char **word)
{
	return own(u, word[1], true);
}

static bool change_pins(const char *name, void (*fn)(struct page *page))
{
	struct block *b;

	for (b = blocks; b; b = b->next)
		if (!strcmp(b->name, name))
			fn(b->page);
	return true;
}

static bool do_pin(struct umbra *u, char **word)
{
	(void)u;
	return change_pins(word[1], umbra_sim_page_get);
}

/* FRAME: its block may be freed meanwhile */
static bool do_unpin(struct umbra *u, char **word)
{
	unsigned long frame;
	struct page *page;

	if (!number(word[1], &frame))
		return say_error(word[1], "not a frame");
	page = umbra_sim_page(u, frame);
	if (!page)
		return say_error(word[1], "no frame with a page");
	umbra_sim_page_put(page);
	return true;
}

static bool do_cpu(struct umbra *u, char **word)
{
	unsigned long cpu;

	(void)u;
	if (!number(word[1], &cpu) || cpu >= umbra_sim_nr_cpus())
		return say_error(word[1], "not a CPU");
	umbra_sim_set_cpu(cpu);
	return true;
}

/* MILLISECONDS */
static bool do_pass(struct umbra *u, char **word)
{
	unsigned long ms;

	(void)u;
	if (!number(word[1], &ms))
		return say_error(word[1], "not a number of milliseconds");
	umbra_sim_pass(ms * 1000000ULL);
	return true;
}

static bool do_drain(struct umbra *u, char **word)
{
	(void)word;
	umbra_drain_pages(u);
	return true;
}

static bool do_compact(struct umbra *u, char **word)
{
	(void)word;
	umbra_compact(u);
	return true;
}

static bool do_reclaim(struct umbra *u, char **word)
{
	unsigned long pages;

	if (!number(word[1], &pages))
		return say_error(word[1], "not a number of pages");
	printf("reclaimed %lu pages\n", umbra_reclaim(u, pages));
	return true;
}

static bool do_tune(struct umbra *u, char **word)
{
	char *end;
	long value = strtol(word[2], &end, 0);
	int err = *end ? -EINVAL : umbra_sim_tune(u, word[1], value);

	return err ? say_error(word[1], strerror(-err)) : true;
}

static bool do_event(struct umbra *u, char **word)
{
	printf("%s %lu\n", word[1], umbra_sim_events(u, word[1]));
	return true;
}

static bool do_zones(struct umbra *u, char **word)
{
	struct umbra_sim_zone z;
	unsigned int i;

	(void)word;
	for (i = 0; i < umbra_sim_nr_zones(u); i++) {
		umbra_sim_zone(u, i, &z);
		printf("node %u, zone %s: frames %u-%u, managed %lu, free %lu, ",
		       z.nid, z.name, z.start, z.end - 1, z.nr_managed,
		       z.nr_free);
		printf("cached %lu, held %lu, min %lu, low %lu, high %lu, ",
		       z.nr_cached, z.nr_held, z.min, z.low, z.high);
		printf("boost %lu\n", z.boost);
	}
	return true;
}

static void print_lists(const struct umbra_sim_zone *z)
{
	unsigned int type, order;
	unsigned long all;

	for (type = 0; type < UMBRA_NR_TYPES; type++) {
		for (all = 0, order = 0; order < UMBRA_NR_ORDERS; order++)
			all += z->blocks[order][type];
		if (!all)
			continue;
		printf("node %u, zone %8s, type %12s", z->nid, z->name,
		       umbra_sim_type_name(type));
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			printf(" %6lu", z->blocks[order][type]);
		putchar('\n');
	}
}

static bool do_lists(struct umbra *u, char **word)
{
	struct umbra_sim_zone z;
	unsigned int i;

	(void)word;
	for (i = 0; i < umbra_sim_nr_zones(u); i++) {
		umbra_sim_zone(u, i, &z);
		print_lists(&z);
	}
	return true;
}

static void print_free(void *arg, unsigned int zone, unsigned int order,
		       unsigned int type, unsigned int frame)
{
	(void)arg;
	printf("zone %u, order %u, type %s: frame %u\n", zone, order,
	       umbra_sim_type_name(type), frame);
}

static bool do_free_lists(struct umbra *u, char **word)
{
	(void)word;
	return umbra_sim_walk_free(u, print_free, NULL);
}

static void print_finding(void *arg, const char *finding, unsigned int frame)
{
	(void)arg;
	printf("finding: %s, frame %u\n", finding, frame);
}

static bool do_verify(struct umbra *u, char **word)
{
	(void)word;
	if (umbra_sim_verify(u, print_finding, NULL))
		return false;
	puts("ok");
	return true;
}

static bool do_hash(struct umbra *u, char **word)
{
	(void)word;
	printf("hash 0x%016llx at %llu ns\n", umbra_sim_hash(u),
	       umbra_sim_time());
	return true;
}

static const struct command {
	const char *name;
	bool (*fn)(struct umbra *u, char **word);
	unsigned int least, most;	/* words after the name */
	const char *words;
	const char *help;
} commands[] = {
	{ "alloc", do_alloc, 2, 4, "NAME GFP [ORDER [NODE]]", "allocate a block" },
	{ "fill", do_fill, 3, 4, "NAME GFP ORDER [NUMBER]",
	  "allocate so many blocks, or until a request fails" },
	{ "explain", do_explain, 1, 5,
	  "GFP [order=N] [node=N] [nodes=MASK] [count=N]",
	  "say what a request would do, and why" },
	{ "free", do_free, 1, 2, "NAME [STEP]",
	  "free the blocks of a name, or every STEP-th of them" },
	{ "movable", do_movable, 1, 1, "NAME", "let compaction move the blocks" },
	{ "reclaimable", do_reclaimable, 1, 1, "NAME",
	  "let compaction and reclaim have the blocks" },
	{ "pin", do_pin, 1, 1, "NAME", "take a reference to each first page" },
	{ "unpin", do_unpin, 1, 1, "FRAME", "drop the reference to a page" },
	{ "cpu", do_cpu, 1, 1, "CPU", "continue on this CPU" },
	{ "pass", do_pass, 1, 1, "MILLISECONDS",
	  "let time pass: kswapd, kcompactd and timers run" },
	{ "drain", do_drain, 0, 0, "", "empty the caches of all CPUs" },
	{ "compact", do_compact, 0, 0, "", "compact all zones" },
	{ "reclaim", do_reclaim, 1, 1, "PAGES", "reclaim pages" },
	{ "tune", do_tune, 2, 2, "NAME VALUE", "set a tunable of ctl/" },
	{ "event", do_event, 1, 1, "NAME", "print a counter of vmstat" },
	{ "zones", do_zones, 0, 0, "", "print the zones" },
	{ "lists", do_lists, 0, 0, "", "print the free blocks by order" },
	{ "free_lists", do_free_lists, 0, 0, "", "print every free block" },
	{ "verify", do_verify, 0, 0, "", "check all invariants" },
	{ "hash", do_hash, 0, 0, "", "print a number for the whole state" },
};

void command_help(FILE *out)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %s %s\n\t%s\n", commands[i].name,
			commands[i].words, commands[i].help);
}

/**
 * command_run() - carry out one command
 * @u: the instance
 * @line: the command; it is cut into words. Empty, or from '#' on, is a comment
 *
 * A request that finds no block is a result, and no error.
 *
 * Return: false if the command cannot be carried out.
 */
bool command_run(struct umbra *u, char *line)
{
	char *word[WORDS + 1] = {}, *save;
	unsigned int nr = 0, i;

	if (!by_frame)
		by_frame = calloc(umbra_sim_nr_frames(u), sizeof(*by_frame));
	if (!by_frame)
		return say_error(line, "no memory");
	line[strcspn(line, "#")] = '\0';
	for (word[0] = strtok_r(line, " \t", &save); word[nr] && nr < WORDS;)
		word[++nr] = strtok_r(NULL, " \t", &save);
	if (!nr)
		return true;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, word[0]))
			continue;
		if (nr - 1 < c->least || nr - 1 > c->most)
			return say_error(c->name, c->words);
		return c->fn(u, word);
	}
	return say_error(word[0], "not a command; see --help");
}

/* Free all blocks, so that an instance can end. */
void command_end(struct umbra *u)
{
	struct block *b;

	for (b = blocks; b; b = b->next)
		b->marked = true;
	give_back_marked(u);
	free(by_frame);
}
