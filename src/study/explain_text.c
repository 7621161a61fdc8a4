// SPDX-License-Identifier: GPL-2.0
/* An answer as text for people, in lines of at most 79 columns, and as JSON. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_buf.h>
#include <linux/string.h>
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/names.h"
#include "../core/span.h"
#include "../inspect/decision_text.h"
#include "explain.h"
#include "explain_text.h"

#define COLUMNS 79

/* Room for everything but the steps. */
#define ROOM 8192

/* The room for an answer as text or JSON, in bytes. Context: any. */
size_t umbra_answer_room(const struct umbra_answer *a)
{
	return ROOM + a->nr * (UMBRA_DECISION_TEXT + 64);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_answer_room);

/* Print @len bytes of text, broken between words; further lines are indented. */
static void wrap(struct seq_buf *s, const char *text, int len,
		 unsigned int column, unsigned int indent)
{
	while (len > 0) {
		int room = COLUMNS - column, n = len;

		if (n > room) {
			for (n = room; n > 0 && text[n] != ' '; n--)
				;
			if (!n)
				n = min(len, room);
		}
		seq_buf_printf(s, "%.*s\n", n, text);
		text += n;
		len -= n;
		while (len > 0 && *text == ' ') {
			text++;
			len--;
		}
		if (len > 0)
			seq_buf_printf(s, "%*s", indent, "");
		column = indent;
	}
}

/* The effect of a flag on the decisions, in words. */
struct effect {
	gfp_t mask;
	gfp_t flags;
	const char *words;
};

static const struct effect effects[] = {
	{ __GFP_DIRECT_RECLAIM, __GFP_DIRECT_RECLAIM,
	  "waits, reclaims and compacts itself" },
	{ __GFP_DIRECT_RECLAIM, 0, "does not wait" },
	{ __GFP_KSWAPD_RECLAIM, __GFP_KSWAPD_RECLAIM, "wakes kswapd" },
	{ __GFP_KSWAPD_RECLAIM, 0, "does not wake kswapd" },
	{ __GFP_HIGH | __GFP_DIRECT_RECLAIM, __GFP_HIGH,
	  "goes down to 3/8 of the min mark" },
	{ __GFP_HIGH | __GFP_DIRECT_RECLAIM, __GFP_HIGH | __GFP_DIRECT_RECLAIM,
	  "goes down to half of the min mark" },
	{ __GFP_MEMALLOC, __GFP_MEMALLOC, "may use all of the reserve" },
	{ __GFP_NORETRY, __GFP_NORETRY, "tries reclaim and compaction once" },
	{ __GFP_RETRY_MAYFAIL, __GFP_RETRY_MAYFAIL,
	  "tries for long, but no task is killed" },
	{ __GFP_NOFAIL, __GFP_NOFAIL,
	  "waits until it succeeds, which is not played" },
	{ __GFP_THISNODE, __GFP_THISNODE, "uses the preferred node only" },
	{ __GFP_HARDWALL, __GFP_HARDWALL, "stays in the allowed nodes" },
	{ __GFP_WRITE, __GFP_WRITE, "avoids nodes with many dirty pages" },
};

static void text_effects(struct seq_buf *s, gfp_t gfp)
{
	const char *between = "";
	char line[512];
	struct seq_buf all;
	unsigned int i;

	seq_buf_init(&all, line, sizeof(line));
	for (i = 0; i < ARRAY_SIZE(effects); i++) {
		if ((gfp & effects[i].mask) != effects[i].flags)
			continue;
		seq_buf_printf(&all, "%s%s", between, effects[i].words);
		between = ", ";
	}
	seq_buf_printf(s, "it ");
	wrap(s, line, seq_buf_used(&all), 3, 3);
}

static void text_question(struct seq_buf *s, const struct umbra_answer *a)
{
	const struct umbra_question *q = &a->q;
	const struct umbra_decision *d = a->steps;

	if (a->is_recorded)
		seq_buf_printf(s, "the last request that failed, of task %d\n",
			       d->pid);
	seq_buf_printf(s, "request of order %u (%lu page%s), gfp %#x\n",
		       q->order, 1UL << q->order, q->order ? "s" : "",
		       (__force unsigned int)q->gfp);
	seq_buf_printf(s, "   %pGg\n", &q->gfp);
	text_effects(s, q->gfp);
	if (q->nid >= 0)
		seq_buf_printf(s, "node %d is preferred; ", q->nid);
	/* A long way may have displaced the beginning of the record. */
	if (d->kind != DECISION_REQUEST) {
		seq_buf_printf(s, "the first of its decisions are lost\n\n");
		return;
	}
	seq_buf_printf(s, "blocks are %s", umbra_type_name(d->type));
	if (d->zone < a->umbra->nr_zones)
		seq_buf_printf(s, ", first from Node %u %s",
			       a->umbra->zones[d->zone].nid,
			       a->umbra->zones[d->zone].name);
	seq_buf_printf(s, "\n\n");
}

static void text_steps(struct seq_buf *s, const struct umbra_answer *a)
{
	char line[UMBRA_DECISION_TEXT];
	unsigned int number = 0;
	struct seq_buf text;
	size_t i;

	for (i = 0; i < a->nr; i++) {
		if (a->steps[i].kind == DECISION_REQUEST ||
		    a->steps[i].kind == DECISION_DONE)
			continue;
		seq_buf_init(&text, line, sizeof(line));
		umbra_decision_text(a->umbra, &a->steps[i], &text);
		seq_buf_printf(s, "%4u  ", ++number);
		wrap(s, line, seq_buf_used(&text), 6, 8);
	}
	seq_buf_printf(s, "\n");
}

/* Say of each zone what was missing. */
static void text_zones(struct seq_buf *s, const struct umbra_answer *a)
{
	const struct umbra_zone *zone;
	long pages;

	for_each_umbra_zone(a->umbra, zone) {
		switch (umbra_answer_zone(a, zone - a->umbra->zones, &pages)) {
		case ZONE_SHORT:
			seq_buf_printf(s, "   Node %u %s: %ld more free pages are needed\n",
				       zone->nid, zone->name, pages);
			break;
		case ZONE_NO_BLOCK:
			seq_buf_printf(s, "   Node %u %s: enough free pages, ",
				       zone->nid, zone->name);
			seq_buf_printf(s, "but none in a block of order %u\n",
				       a->q.order);
			break;
		case ZONE_ENOUGH:
			seq_buf_printf(s, "   Node %u %s: above its watermark, ",
				       zone->nid, zone->name);
			seq_buf_printf(s, "but it had no block\n");
			break;
		case ZONE_LEFT_OUT:
		case ZONE_NOT_REACHED:
			break;
		}
	}
}

static void text_help(struct seq_buf *s, const struct umbra_answer *a)
{
	if (a->is_recorded)
		return;
	if (a->nr_moved >= 0)
		seq_buf_printf(s, "it would succeed after compaction: %ld pages to move\n",
			       a->nr_moved);
	else if (a->nr_reclaimed >= 0)
		seq_buf_printf(s, "it would succeed after reclaim of %ld pages%s\n",
			       a->nr_reclaimed,
			       a->q.order ? " and compaction" : "");
	else
		seq_buf_printf(s, "neither compaction nor reclaim would help\n");
}

static void text_verdict(struct seq_buf *s, const struct umbra_answer *a)
{
	const struct umbra_zone *zone;

	if (a->q.count > 1)
		seq_buf_printf(s, "%u of %u such requests succeed\n", a->nr_ok,
			       a->q.count);
	if (a->index == UMBRA_NO_FRAME) {
		seq_buf_printf(s, "the request fails\n");
		text_zones(s, a);
		text_help(s, a);
	} else {
		zone = umbra_frame_zone(a->umbra, a->index);
		seq_buf_printf(s, "the request gets pfn 0x%lx of Node %u %s\n",
			       umbra_index_to_pfn(a->umbra, a->index),
			       zone->nid, zone->name);
	}
	if (!a->is_exact)
		seq_buf_printf(s, "(the instance was in use: the lists were copied in pieces)\n");
}

/**
 * umbra_answer_text() - print an answer for people
 * @a: the answer
 * @s: gets the text; umbra_answer_room() bytes are enough
 *
 * Context: may sleep.
 */
void umbra_answer_text(const struct umbra_answer *a, struct seq_buf *s)
{
	if (!a->nr) {
		seq_buf_printf(s, "the request is refused: its flags contradict each other\n");
		return;
	}
	text_question(s, a);
	text_steps(s, a);
	text_verdict(s, a);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_answer_text);

static void json_zones(struct seq_buf *s, const struct umbra_answer *a)
{
	static const char * const names[] = {
		[ZONE_NOT_REACHED] = "not_reached",
		[ZONE_LEFT_OUT] = "left_out",
		[ZONE_ENOUGH] = "enough",
		[ZONE_SHORT] = "short",
		[ZONE_NO_BLOCK] = "no_block",
	};
	const struct umbra_zone *zone;
	const char *between = "";
	long pages;

	for_each_umbra_zone(a->umbra, zone) {
		enum umbra_zone_verdict v;

		v = umbra_answer_zone(a, zone - a->umbra->zones, &pages);
		seq_buf_printf(s, "%s{\"node\":%u,\"zone\":\"%s\",\"result\":\"%s\"",
			       between, zone->nid, zone->name, names[v]);
		if (v == ZONE_SHORT)
			seq_buf_printf(s, ",\"missing\":%ld", pages);
		seq_buf_printf(s, "}");
		between = ",";
	}
}

/**
 * umbra_answer_json() - print an answer as an object of JSON
 * @a: the answer
 * @s: gets the object and an end of line; umbra_answer_room() bytes are enough
 *
 * Context: may sleep.
 */
void umbra_answer_json(const struct umbra_answer *a, struct seq_buf *s)
{
	size_t i;

	seq_buf_printf(s, "{\"gfp\":%u,\"order\":%u,\"count\":%u",
		       (__force unsigned int)a->q.gfp, a->q.order, a->q.count);
	if (a->q.nid >= 0)
		seq_buf_printf(s, ",\"node\":%d", a->q.nid);
	seq_buf_printf(s, ",\"recorded\":%s,\"exact\":%s,\"succeeded\":%u",
		       a->is_recorded ? "true" : "false",
		       a->is_exact ? "true" : "false", a->nr_ok);
	if (a->index != UMBRA_NO_FRAME)
		seq_buf_printf(s, ",\"pfn\":%lu",
			       umbra_index_to_pfn(a->umbra, a->index));
	if (a->nr_moved >= 0)
		seq_buf_printf(s, ",\"compaction_moves\":%ld", a->nr_moved);
	if (a->nr_reclaimed >= 0)
		seq_buf_printf(s, ",\"reclaim_frees\":%ld", a->nr_reclaimed);
	seq_buf_printf(s, ",\"zones\":[");
	json_zones(s, a);
	seq_buf_printf(s, "],\"decisions\":[");
	for (i = 0; i < a->nr; i++) {
		seq_buf_printf(s, i ? "," : "");
		umbra_decision_json(a->umbra, &a->steps[i], s);
	}
	seq_buf_printf(s, "]}\n");
}
EXPORT_SYMBOL_IF_KUNIT(umbra_answer_json);
