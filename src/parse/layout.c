// SPDX-License-Identifier: GPL-2.0
/*
 * Parse the parameters of the module into the tables of a layout, except size=
 * (main.c) and provider= (provider.c). An invalid value is refused with one
 * line in the log, which names the value and what is accepted.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "../core/core.h"
#include "../core/names.h"
#include "../core/span.h"
#include "../policy/register.h"
#include "layout.h"
#include "text.h"

/* The default share of each zone, in sixteenths (SHARES) of a node. */
static const unsigned int shares[UMBRA_NR_ZONE_TYPES] = {
	[UMBRA_ZONE_DMA] = 1,
	[UMBRA_ZONE_DMA32] = 3,
	[UMBRA_ZONE_NORMAL] = 8,
	[UMBRA_ZONE_HIGHMEM] = 2,
	[UMBRA_ZONE_MOVABLE] = 2,
};

/* The sum of the shares. */
#define SHARES 16

/* The frames of one node, to be cut into zones. */
struct piece {
	unsigned int nid;
	u32 nr_frames;
	u32 nr_padding;			/* frames without pages at the end */
};

/* One zone of the zones= parameter. */
struct zone_text {
	enum umbra_zone_type type;
	u64 pages;			/* 0: the rest of the node */
};

static int parse_zone_type(const char *name)
{
	int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		if (!strcasecmp(name, umbra_zone_type_name(type)))
			return type;
	return -EINVAL;
}

/* Parse "NAME" or "NAME:SIZE". */
static int parse_zone(char *text, struct zone_text *zone)
{
	char *name = strsep(&text, ":");
	int type = parse_zone_type(name);
	u64 bytes = 0;

	if (type < 0) {
		pr_err("zones=%s: must be DMA, DMA32, Normal, HighMem or Movable\n",
		       name);
		return -EINVAL;
	}
	if (text && (umbra_parse_bytes(text, &bytes) || !bytes ||
		     bytes % PAGE_SIZE)) {
		pr_err("zones=%s:%s: must be above 0, in bytes, K, M or G, and a multiple of %lu bytes\n",
		       name, text, PAGE_SIZE);
		return -EINVAL;
	}
	zone->type = type;
	zone->pages = bytes >> PAGE_SHIFT;
	return 0;
}

/* Returns the number of zones in @text, or an error. */
static int parse_zones(const char *text, struct zone_text *zones)
{
	char *copy = kstrdup(text, GFP_KERNEL), *rest = copy, *one;
	int nr = 0, err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (one = strsep(&rest, ","))) {
		if (nr == UMBRA_NR_ZONE_TYPES) {
			pr_err("zones=%s: must be at most %u zones\n", text,
			       UMBRA_NR_ZONE_TYPES);
			err = -EINVAL;
			break;
		}
		err = parse_zone(one, &zones[nr]);
		if (!err && nr && zones[nr].type <= zones[nr - 1].type) {
			pr_err("zones=%s: must name each zone at most once, in the order DMA, DMA32, Normal, HighMem, Movable\n",
			       text);
			err = -EINVAL;
		}
		nr++;
	}
	kfree(copy);
	return err ?: nr;
}

static void add_zone(struct umbra_layout_tables *t, unsigned int nid,
		     enum umbra_zone_type type, u32 nr_frames)
{
	t->zones[t->nr_zones++] = (struct umbra_zone_layout) {
		.nid = nid,
		.type = type,
		.nr_frames = nr_frames,
	};
}

/* Cut a node into the default zones. A small node has only a Normal zone. */
static void cut_by_shares(struct umbra_layout_tables *t,
			  const struct piece *piece, unsigned int pb_order)
{
	u32 blocks = piece->nr_frames >> pb_order, done = 0;
	unsigned int type, sum = 0;

	if (blocks - (piece->nr_padding >> pb_order) < SHARES) {
		add_zone(t, piece->nid, UMBRA_ZONE_NORMAL, piece->nr_frames);
		return;
	}
	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		u32 end_block;

		sum += shares[type];
		end_block = (u64)blocks * sum / SHARES;
		add_zone(t, piece->nid, type,
			 (end_block - done) << pb_order);
		done = end_block;
	}
}

/* Cut a node by the zones= parameter. One zone without a size gets the rest. */
static int cut_as_said(struct umbra_layout_tables *t,
		       const struct piece *piece, unsigned int pb_order,
		       const struct zone_text *zones, unsigned int nr)
{
	u32 pageblock = 1U << pb_order;
	u32 nr_pages = piece->nr_frames - piece->nr_padding, padding = 0;
	unsigned int i, open = 0;
	u64 sum = 0;

	for (i = 0; i < nr; i++) {
		sum += zones[i].pages;
		open += !zones[i].pages;
		if (zones[i].pages % pageblock) {
			pr_err("zones: %s of %llu pages must be a multiple of %u pages, the size of a pageblock\n",
			       umbra_zone_type_name(zones[i].type),
			       zones[i].pages, pageblock);
			return -EINVAL;
		}
	}
	if (!open && sum == nr_pages) {
		padding = piece->nr_padding;
	} else if (open > 1 || (!open && sum != piece->nr_frames) ||
		   sum + (u64)open * pageblock > piece->nr_frames) {
		pr_err("zones: %llu pages on node %u: must add up to %u, or to less with one zone without a size\n",
		       sum, piece->nid, nr_pages);
		return -EINVAL;
	}
	for (i = 0; i < nr; i++)
		add_zone(t, piece->nid, zones[i].type, zones[i].pages ?
			 zones[i].pages + (i == nr - 1 ? padding : 0) :
			 piece->nr_frames - sum);
	return 0;
}

/* Cut all frames into equal nodes. The last node gets the rest, too. */
static int cut_nodes(struct piece *pieces, unsigned int nr, u32 nr_frames,
		     unsigned int pb_order)
{
	u32 part = (nr_frames / nr) & ~((1U << pb_order) - 1);
	unsigned int i;

	if (nr > UMBRA_MAX_NODES || !part) {
		pr_err("nodes=%u: must be from 1 to %u, each with at least a pageblock of %u pages\n",
		       nr, UMBRA_MAX_NODES, 1U << pb_order);
		return -EINVAL;
	}
	for (i = 0; i < nr; i++)
		pieces[i] = (struct piece) { i, part };
	pieces[nr - 1].nr_frames = nr_frames - part * (nr - 1);
	return nr;
}

/* Make one node of each span, with the distances and CPUs of the host. */
static int follow_host(struct umbra_layout_tables *t, struct piece *pieces,
		       const struct umbra_span *spans, unsigned int nr_spans,
		       u32 nr_frames)
{
	unsigned int i, j, cpu;

	for (i = 0; i < nr_spans; i++) {
		u32 end = i + 1 < nr_spans ?
			  ALIGN_DOWN(spans[i + 1].first, 1U << UMBRA_MAX_ORDER) :
			  nr_frames;

		pieces[i] = (struct piece) {
			i, end - ALIGN_DOWN(spans[i].first,
					    1U << UMBRA_MAX_ORDER)
		};
		for (j = 0; j < nr_spans; j++)
			t->distance[i * nr_spans + j] =
				node_distance(page_to_nid(spans[i].pages),
					      page_to_nid(spans[j].pages));
		for_each_possible_cpu(cpu)
			if (cpu_to_node(cpu) == page_to_nid(spans[i].pages))
				t->cpu_node[cpu] = i;
	}
	t->has_distance = true;
	t->has_cpu_node = true;
	return nr_spans;
}

/* Parse numbers of at most 255, separated by any of @separators. */
static int parse_bytes_list(const char *what, const char *text,
			    const char *separators, u8 *table,
			    unsigned int nr, bool exact)
{
	char *copy = kstrdup(text, GFP_KERNEL), *rest = copy, *one;
	unsigned int i = 0;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (one = strsep(&rest, separators)))
		err = i == nr ? -EINVAL : kstrtou8(one, 0, &table[i++]);
	if (err || (exact && i != nr)) {
		pr_err("%s=%s: must be %s%u numbers of at most 255\n", what,
		       text, exact ? "" : "at most ", nr);
		err = -EINVAL;
	}
	kfree(copy);
	return err;
}

static int check_distances(const char *text, const u8 *distance,
			   unsigned int nr_nodes)
{
	if (umbra_distances_are_valid(distance, nr_nodes))
		return 0;
	pr_err("distance=%s: must be %u from a node to itself, and not less between nodes\n",
	       text, LOCAL_DISTANCE);
	return -EINVAL;
}

static int check_cpu_nodes(const char *text, const u8 *cpu_node,
			   unsigned int nr_nodes)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		if (cpu_node[cpu] >= nr_nodes) {
			pr_err("cpu_node=%s: must be nodes from 0 to %u\n",
			       text, nr_nodes - 1);
			return -EINVAL;
		}
	}
	return 0;
}

static int parse_tables(struct umbra_layout_tables *t,
			const struct umbra_layout_text *text,
			unsigned int nr_nodes)
{
	unsigned int cpu;
	int err;

	if (text->distance) {
		err = parse_bytes_list("distance", text->distance, ",/",
				       t->distance, nr_nodes * nr_nodes, true);
		if (!err)
			err = check_distances(text->distance, t->distance,
					      nr_nodes);
		if (err)
			return err;
		t->has_distance = true;
	}
	if (text->cpu_node) {
		for_each_possible_cpu(cpu)
			t->cpu_node[cpu] = cpu % nr_nodes;
		err = parse_bytes_list("cpu_node", text->cpu_node, ",",
				       t->cpu_node, nr_cpu_ids, false);
		if (!err)
			err = check_cpu_nodes(text->cpu_node, t->cpu_node,
					      nr_nodes);
		if (err)
			return err;
		t->has_cpu_node = true;
	}
	return 0;
}

static int parse_debug(const char *text, unsigned int *debug)
{
	static const char * const names[] = {
		"poison", "guard", "refs", "owner",
	};
	char *copy, *rest, *one;
	int bit = 0;

	if (!text || !*text)
		return 0;
	copy = kstrdup(text, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (bit >= 0 && (one = strsep(&rest, ","))) {
		bit = match_string(names, ARRAY_SIZE(names), one);
		if (bit < 0)
			pr_err("debug=%s: must be a list of poison, guard, refs and owner\n",
			       text);
		else
			*debug |= BIT(bit);
	}
	kfree(copy);
	return bit < 0 ? -EINVAL : 0;
}

static int check_policy(const char *name)
{
	char names[256];

	if (umbra_policy_exists(name))
		return 0;
	umbra_policy_names(names, sizeof(names));
	pr_err("policy=%s: must be one of %s\n", name, names);
	return -EINVAL;
}

static int check_number(const char *name, long value, long most)
{
	if (value >= UMBRA_AUTO && value <= most)
		return 0;
	pr_err("%s=%ld: must be from %d to %ld\n", name, value, UMBRA_AUTO,
	       most);
	return -EINVAL;
}

/* Check the values that do not depend on nodes and zones. */
static int check_layout(const struct umbra_layout *layout)
{
	if (layout->debug & UMBRA_DEBUG_POISON && !layout->has_memory) {
		pr_err("debug=poison: must not be used with provider=%s, which has no memory\n",
		       layout->origin);
		return -EINVAL;
	}
	return check_number("min_free_kbytes", layout->min_free_kbytes,
			    INT_MAX) ?:
	       check_number("pcp_batch", layout->pcp_batch, UMBRA_PCP_MOST) ?:
	       check_number("pcp_high", layout->pcp_high, UMBRA_PCP_MOST);
}

/*
 * Cut the descriptors of a ghost into one span per zone, for zones that do not
 * end at a pageblock. The frames after each span are OFFLINE. The zones are
 * rounded up to the frames that their spans need.
 */
static int cut_ghost(struct zone_text *zones, unsigned int nr,
		     struct umbra_span *spans, unsigned int *nr_spans)
{
	struct page *page = spans[0].pages;
	u64 sum = 0, pfn = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!zones[i].pages)
			return -EINVAL;
		sum += zones[i].pages;
	}
	if (sum != spans[0].nr_pages)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		spans[i] = (struct umbra_span) {
			.pages = page,
			.base_pfn = pfn,
			.nr_pages = zones[i].pages,
		};
		page += zones[i].pages;
		zones[i].pages = ALIGN(zones[i].pages, 1UL << UMBRA_MAX_ORDER);
		pfn += zones[i].pages;
	}
	*nr_spans = nr;
	return 0;
}

/* Is the size of a zone no multiple of a pageblock? */
static bool is_ragged(const struct zone_text *zones, int nr,
		      unsigned int pb_order)
{
	int i;

	for (i = 0; i < nr; i++)
		if (zones[i].pages & ((1U << pb_order) - 1))
			return true;
	return false;
}

static int build_zones(struct umbra_layout_tables *t,
		       const struct umbra_layout_text *text,
		       const struct zone_text *zones, int nr_zones,
		       struct umbra_span *spans, unsigned int nr_spans)
{
	struct piece pieces[UMBRA_MAX_NODES];
	const struct umbra_span *last;
	int nr, i, err;
	u32 nr_frames;

	err = umbra_spans_place(spans, nr_spans, &nr_frames);
	if (err)
		return err;
	if (!text->nodes && text->follow_host && nr_spans > 1)
		nr = follow_host(t, pieces, spans, nr_spans, nr_frames);
	else
		nr = cut_nodes(pieces, text->nodes ?: 1, nr_frames,
			       text->pb_order);
	if (nr < 0)
		return nr;
	last = &spans[nr_spans - 1];
	pieces[nr - 1].nr_padding = nr_frames - last->first - last->nr_pages;
	if (pieces[nr - 1].nr_padding >= pieces[nr - 1].nr_frames) {
		pr_err("nodes=%u: must be fewer, because %u pages leave the last node empty\n",
		       text->nodes, last->first + last->nr_pages);
		return -EINVAL;
	}
	for (i = 0; i < nr && !err; i++) {
		if (nr_zones)
			err = cut_as_said(t, &pieces[i], text->pb_order, zones,
					  nr_zones);
		else
			cut_by_shares(t, &pieces[i], text->pb_order);
	}
	return err ?: parse_tables(t, text, nr);
}

/**
 * umbra_layout_parse() - parse a layout from text
 * @layout: filled in where @text has a value
 * @t: tables that @layout points to after the call; all zero before it
 * @text: the text
 * @spans: the pages; the spans of a ghost may change
 * @nr_spans: number of spans; may change with @spans
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -EFBIG for too many pages, or -EINVAL for an invalid
 * value, with one line in the log.
 */
int umbra_layout_parse(struct umbra_layout *layout,
		       struct umbra_layout_tables *t,
		       const struct umbra_layout_text *text,
		       struct umbra_span *spans, unsigned int *nr_spans)
{
	struct zone_text zones[UMBRA_NR_ZONE_TYPES] = {};
	int nr_zones = 0, err;

	if (text->pb_order > UMBRA_MAX_ORDER) {
		pr_err("pb_order=%u: must be at most %u\n",
		       text->pb_order, UMBRA_MAX_ORDER);
		return -EINVAL;
	}
	err = check_policy(text->policy);
	if (!err)
		err = parse_debug(text->debug, &layout->debug);
	if (!err)
		err = check_layout(layout);
	if (err)
		return err;
	if (text->zones && *text->zones)
		nr_zones = parse_zones(text->zones, zones);
	if (nr_zones < 0)
		return nr_zones;
	if (!layout->has_memory && text->nodes <= 1 &&
	    is_ragged(zones, nr_zones, text->pb_order)) {
		err = cut_ghost(zones, nr_zones, spans, nr_spans);
		if (err)
			pr_err("zones=%s: must add up to %u pages\n",
			       text->zones, spans[0].nr_pages);
	}
	if (!err)
		err = build_zones(t, text, zones, nr_zones, spans, *nr_spans);
	layout->pb_order = text->pb_order;
	layout->policy = text->policy;
	layout->nr_zones = t->nr_zones;
	layout->zones = t->zones;
	layout->distance = t->has_distance ? t->distance : NULL;
	layout->cpu_node = t->has_cpu_node ? t->cpu_node : NULL;
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_layout_parse);

/*
 * Allocate empty tables, to be freed with kvfree(). Returns NULL if the host is
 * out of memory. Context: may sleep.
 */
struct umbra_layout_tables *umbra_layout_tables_create(void)
{
	return kvzalloc(struct_size_t(struct umbra_layout_tables, cpu_node,
				      nr_cpu_ids), GFP_KERNEL);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_layout_tables_create);
