// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the parameters of the module. Each text that is accepted must make an
 * instance; each that is refused must log one line.
 */
#include <linux/err.h>
#include <linux/page_ref.h>
#include <linux/slab.h>
#include "../../src/core/core.h"
#include "../../src/parse/layout.h"
#include "fuzz.h"

#define PAGES		8192
#define TEXT		128

static struct page descriptors[PAGES];

static struct {
	char zones[TEXT], distance[TEXT], cpu_node[TEXT], policy[TEXT];
	char debug[TEXT];
	struct umbra_layout_text text;
	struct umbra_layout layout;
	struct umbra_span spans[UMBRA_MAX_SPANS];
	unsigned int nr_spans;
} p;

static unsigned int nr_lines;

static void count_line(void *arg, int level, const char *line)
{
	nr_lines++;
	if (getenv("FUZZ_LOG"))
		fprintf(stderr, "  log: %s\n", line);
}

/* An empty text stands for a parameter that is not given. */
static const char *pick_text(char *text)
{
	return fuzz_text(text, TEXT, '\n') ? text : NULL;
}

static void pick_parameters(void)
{
	unsigned int i;

	memset(&p, 0, sizeof(p));
	umbra_layout_init(&p.layout);
	p.layout.origin = "ghost";
	p.text.nodes = fuzz_pick(40);
	p.text.pb_order = fuzz_pick(13);
	p.nr_spans = 1 + fuzz_pick(2);
	for (i = 0; i < p.nr_spans; i++)
		p.spans[i] = (struct umbra_span) {
			.pages = descriptors + i * (PAGES / 2),
			.base_pfn = i * 0x10000 + fuzz_pick(2) * fuzz_pick(1024),
			.nr_pages = 1 + fuzz_pick(PAGES / 2),
		};
	p.text.follow_host = fuzz_pick(2);
	p.layout.pcp_batch = (int)fuzz_pick(256) - 2;
	p.layout.pcp_high = (int)fuzz_pick(256) - 2;
	p.layout.min_free_kbytes = (long)fuzz_pick(1U << 16) - 2;
	p.layout.has_memory = fuzz_pick(2);
	p.text.zones = pick_text(p.zones);
	p.text.distance = pick_text(p.distance);
	p.text.cpu_node = pick_text(p.cpu_node);
	p.text.policy = pick_text(p.policy);
	p.text.debug = pick_text(p.debug);
}

static void ignore_page(void *arg, struct page *page)
{
}

/* There is no memory behind the descriptors, whatever the parser was told. */
static void try_instance(void)
{
	struct umbra *u;
	unsigned int i;

	p.layout.has_memory = false;
	p.layout.debug &= ~UMBRA_DEBUG_POISON;
	for (i = 0; i < PAGES; i++)
		set_page_count(&descriptors[i], 1);
	u = umbra_create("fuzz", &p.layout, p.spans, p.nr_spans);
	fuzz_check(!IS_ERR(u), "a layout that was accepted is refused: %d",
		   PTR_ERR_OR_ZERO(u));
	fuzz_verify(u);
	fuzz_check(!umbra_destroy(u, ignore_page, NULL), "pages are lost");
}

void fuzz_one(void)
{
	struct umbra_layout_tables *t = umbra_layout_tables_create();
	int err;

	fuzz_check(t, "no memory");
	pick_parameters();
	umbra_sim_set_log(count_line, NULL);
	nr_lines = 0;
	err = umbra_layout_parse(&p.layout, t, &p.text, p.spans, &p.nr_spans);
	fuzz_check(nr_lines == !!err, "%u lines in the log for error %d",
		   nr_lines, err);
	fuzz_check(!err || err == -EINVAL, "error %d", err);
	if (!err)
		try_instance();
	kvfree(t);
}
