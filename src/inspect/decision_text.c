// SPDX-License-Identifier: GPL-2.0
/* Recorded decisions as one line of text each, or as one object of JSON. */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/names.h"
#include "../core/span.h"
#include "../move/compact.h"
#include "decision_text.h"

/* A line of text that grows. */
struct line {
	char *buf;
	size_t size;
	int len;
};

static __printf(2, 3) void add(struct line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line->len += vscnprintf(line->buf + line->len, line->size - line->len,
				fmt, args);
	va_end(args);
}

static const char * const kind_names[UMBRA_NR_DECISIONS] = {
	[DECISION_REQUEST] = "request",
	[DECISION_LEAVE_OUT] = "leave_out",
	[DECISION_MARK] = "mark",
	[DECISION_HIT] = "hit",
	[DECISION_REFILL] = "refill",
	[DECISION_TAKE] = "take",
	[DECISION_CLAIM] = "claim",
	[DECISION_KEEP] = "keep",
	[DECISION_STEAL] = "steal",
	[DECISION_RESERVE] = "reserve",
	[DECISION_STEP] = "step",
	[DECISION_DONE] = "done",
	[DECISION_FREE] = "free",
};

/* The name of a kind, or "invalid". Context: any. */
const char *umbra_decision_name(enum umbra_decision_kind kind)
{
	return kind < UMBRA_NR_DECISIONS ? kind_names[kind] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_decision_name);

static const char * const left_out_words[] = {
	[LEFT_OUT_NODE] = "its node is not allowed",
	[LEFT_OUT_DIRTY] = "its node has too many dirty pages",
	[LEFT_OUT_FAR] = "its node comes after mixed pageblocks of the near one",
	[LEFT_OUT_KSWAPD] = "kswapd works there, other nodes come first",
};

static const char * const left_out_names[] = {
	[LEFT_OUT_NODE] = "node",
	[LEFT_OUT_DIRTY] = "dirty",
	[LEFT_OUT_FAR] = "far",
	[LEFT_OUT_KSWAPD] = "kswapd",
};

static const char * const step_names[NR_STEPS + 1] = {
	[STEP_BEGIN] = "begin",
	[STEP_ATTEMPT] = "attempt",
	[STEP_RECLAIM] = "reclaim",
	[STEP_COMPACT] = "compact",
	[STEP_DECIDE] = "decide",
	[STEP_OOM] = "oom",
	[STEP_NOPAGE] = "nopage",
	[STEP_DONE] = "done",
};

static const char * const compact_names[] = {
	[UMBRA_COMPACT_SKIPPED] = "skipped",
	[UMBRA_COMPACT_DEFERRED] = "deferred",
	[UMBRA_COMPACT_CONTINUE] = "continue",
	[UMBRA_COMPACT_COMPLETE] = "complete",
	[UMBRA_COMPACT_PARTIAL_SKIPPED] = "partial_skipped",
	[UMBRA_COMPACT_CONTENDED] = "contended",
	[UMBRA_COMPACT_SUCCESS] = "success",
};

static const char * const mark_results[] = {
	[MARK_OK] = "ok",
	[MARK_SHORT] = "short",
	[MARK_NO_BLOCK] = "no_block",
};

static const char * const context_names[] = { "task", "softirq", "irq", "nmi" };

static const char *name_of(const char * const *names, size_t nr, size_t i)
{
	return i < nr ? names[i] : "invalid";
}

#define NAME(names, i) name_of(names, ARRAY_SIZE(names), i)

static const struct umbra_zone *zone_of(const struct umbra *u,
					const struct umbra_decision *d)
{
	return d->zone < u->nr_zones ? &u->zones[d->zone] : NULL;
}

/* The name of the watermark of a comparison, or "other". */
static const char *mark_name(const struct umbra_zone *zone,
			     const struct umbra_decision *d)
{
	static const char * const names[] = { "min", "low", "high", "promo" };
	unsigned int flag = d->flags & ALLOC_WMARK_MASK, i;

	if (!zone)
		return "other";
	if ((unsigned long)d->mark.mark == umbra_mark(zone, flag))
		return names[flag];
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((unsigned long)d->mark.mark == umbra_mark(zone, i))
			return names[i];
	return "other";
}

static void add_zone(struct line *line, const struct umbra_zone *zone)
{
	if (zone)
		add(line, "Node %u %s: ", zone->nid, zone->name);
}

static void add_pfn(struct line *line, const struct umbra *u, u32 index)
{
	if (index < u->nr_frames)
		add(line, "pfn 0x%lx", umbra_index_to_pfn(u, index));
}

static umbra_nodemask_t all_nodes(const struct umbra *u)
{
	return BIT(u->nr_nodes) - 1;
}

static void text_request(struct line *line, const struct umbra *u,
			 const struct umbra_zone *zone,
			 const struct umbra_decision *d)
{
	add(line, "request: order %u, %#x (%pGg), type %s, node %d",
	    d->order, (__force unsigned int)d->gfp, &d->gfp,
	    umbra_type_name(d->type), d->nr);
	if ((d->nodes & all_nodes(u)) != all_nodes(u))
		add(line, ", only nodes %#x", d->nodes);
	if (zone)
		add(line, ", first zone Node %u %s", zone->nid, zone->name);
	else
		add(line, ", no zone is allowed");
}

static void text_mark(struct line *line, const struct umbra_zone *zone,
		      const struct umbra_decision *d)
{
	long limit = d->mark.min + d->mark.reserve;
	long usable = d->mark.free - d->mark.unusable;

	add_zone(line, zone);
	add(line, "%ld free - %ld unusable = %ld, %s mark %ld",
	    d->mark.free, d->mark.unusable, usable, mark_name(zone, d),
	    d->mark.mark);
	if (d->mark.min != d->mark.mark)
		add(line, " (%ld for this request)", d->mark.min);
	add(line, " + %ld protected: ", d->mark.reserve);
	if (d->result == MARK_SHORT)
		add(line, "%ld pages short", limit + 1 - usable);
	else if (d->result == MARK_NO_BLOCK)
		add(line, "enough pages, but no block of order %u", d->order);
	else
		add(line, "enough");
}

static void text_cache(struct line *line, const struct umbra *u,
		       const struct umbra_decision *d)
{
	if (d->kind == DECISION_HIT) {
		add(line, "the cache of CPU %u has a block, ", d->cpu);
		add_pfn(line, u, d->index);
	} else {
		add(line, "the cache of CPU %u has none, %d from the zone",
		    d->cpu, d->nr);
	}
}

static void text_take(struct line *line, const struct umbra *u,
		      const struct umbra_decision *d)
{
	if (d->nr == 1)
		add(line, "a block ");
	else
		add(line, "%d blocks ", d->nr);
	add(line, "of order %u from list %s order %u, ", d->order,
	    umbra_type_name(d->type), d->found);
	add_pfn(line, u, d->index);
}

static void text_fallback(struct line *line, const struct umbra *u,
			  const struct umbra_decision *d)
{
	if (d->kind == DECISION_STEAL) {
		add(line, "a block of order %u for %s stolen from list %s order %u, ",
		    d->order, umbra_type_name(d->type),
		    umbra_type_name(d->from), d->found);
	} else if (d->kind == DECISION_CLAIM) {
		add(line, "pageblock claimed for %s, was %s, by a block of order %u, ",
		    umbra_type_name(d->type), umbra_type_name(d->from),
		    d->found);
	} else {
		add(line, "pageblock stays %s: of %u pages %u are free and %u movable, ",
		    umbra_type_name(d->from), d->pageblock.pages,
		    d->pageblock.free, d->pageblock.movable);
	}
	add_pfn(line, u, d->index);
}

static void text_step(struct line *line, const struct umbra_decision *d)
{
	add(line, "slow path: %s", NAME(step_names, d->result));
	if (d->result == STEP_RECLAIM)
		add(line, " got %lu pages", d->step.reclaimed);
	else if (d->result == STEP_COMPACT)
		add(line, " ended as %s",
		    NAME(compact_names, d->step.compacted));
	else if (d->result == STEP_DECIDE)
		add(line, ", %u reclaims without progress",
		    d->step.no_progress);
	if (d->step.next != STEP_DONE)
		add(line, ", next %s", NAME(step_names, d->step.next));
	else if (d->index == UMBRA_NO_FRAME)
		add(line, ", no block");
	else
		add(line, ", a block");
}

static void text_done(struct line *line, const struct umbra *u,
		      const struct umbra_decision *d)
{
	if (d->index == UMBRA_NO_FRAME) {
		add(line, "request failed");
		return;
	}
	add(line, "request done, ");
	add_pfn(line, u, d->index);
}

static void text_free(struct line *line, const struct umbra *u,
		      const struct umbra_decision *d)
{
	add(line, "a block of order %u freed", d->order);
	if (d->found != d->order)
		add(line, ", merged to order %u", d->found);
	add(line, ", %s of list %s, ", d->result ? "end" : "front",
	    umbra_type_name(d->type));
	add_pfn(line, u, d->index);
}

/**
 * umbra_decision_text() - print a decision as a line for people
 * @u: the instance
 * @d: the decision
 * @buf: filled in with the line, without an end of line
 * @size: size of @buf; %UMBRA_DECISION_TEXT is enough
 *
 * Context: any.
 * Return: length of the line.
 */
int umbra_decision_text(const struct umbra *u, const struct umbra_decision *d,
			char *buf, size_t size)
{
	const struct umbra_zone *zone = zone_of(u, d);
	struct line line = { .buf = buf, .size = size };

	switch (d->kind) {
	case DECISION_REQUEST:
		text_request(&line, u, zone, d);
		return line.len;
	case DECISION_MARK:
		text_mark(&line, zone, d);
		return line.len;
	case DECISION_STEP:
		text_step(&line, d);
		return line.len;
	case DECISION_DONE:
		text_done(&line, u, d);
		return line.len;
	}
	add_zone(&line, zone);
	switch (d->kind) {
	case DECISION_LEAVE_OUT:
		add(&line, "left out: %s", NAME(left_out_words, d->result));
		break;
	case DECISION_HIT:
	case DECISION_REFILL:
		text_cache(&line, u, d);
		break;
	case DECISION_TAKE:
		text_take(&line, u, d);
		break;
	case DECISION_CLAIM:
	case DECISION_KEEP:
	case DECISION_STEAL:
		text_fallback(&line, u, d);
		break;
	case DECISION_RESERVE:
		add(&line, "pageblock joins the highatomic reserve, ");
		add_pfn(&line, u, d->index);
		break;
	case DECISION_FREE:
		text_free(&line, u, d);
		break;
	}
	return line.len;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_decision_text);

static void json_detail(struct line *line, const struct umbra *u,
			const struct umbra_zone *zone,
			const struct umbra_decision *d)
{
	switch (d->kind) {
	case DECISION_REQUEST:
		add(line, ",\"preferred_node\":%d,\"nodes\":%u", d->nr,
		    d->nodes & all_nodes(u));
		break;
	case DECISION_LEAVE_OUT:
		add(line, ",\"reason\":\"%s\"", NAME(left_out_names, d->result));
		break;
	case DECISION_MARK:
		add(line, ",\"result\":\"%s\",\"free\":%ld,\"unusable\":%ld",
		    NAME(mark_results, d->result), d->mark.free,
		    d->mark.unusable);
		add(line, ",\"mark\":\"%s\",\"mark_pages\":%ld,\"min\":%ld",
		    mark_name(zone, d), d->mark.mark, d->mark.min);
		add(line, ",\"protected\":%ld", d->mark.reserve);
		break;
	case DECISION_HIT:
	case DECISION_REFILL:
		add(line, ",\"blocks\":%d", d->nr);
		break;
	case DECISION_TAKE:
		add(line, ",\"blocks\":%d,\"found_order\":%u", d->nr, d->found);
		break;
	case DECISION_KEEP:
		add(line, ",\"pages\":%u,\"free\":%u,\"movable\":%u",
		    d->pageblock.pages, d->pageblock.free,
		    d->pageblock.movable);
		fallthrough;
	case DECISION_CLAIM:
	case DECISION_STEAL:
		add(line, ",\"found_order\":%u,\"from\":\"%s\"", d->found,
		    umbra_type_name(d->from));
		break;
	case DECISION_STEP:
		add(line, ",\"step\":\"%s\",\"next\":\"%s\",\"reclaimed\":%lu",
		    NAME(step_names, d->result),
		    NAME(step_names, d->step.next), d->step.reclaimed);
		add(line, ",\"compaction\":\"%s\",\"priority\":%u",
		    NAME(compact_names, d->step.compacted), d->step.priority);
		add(line, ",\"no_progress\":%u", d->step.no_progress);
		break;
	case DECISION_FREE:
		add(line, ",\"merged_order\":%u,\"to_tail\":%s", d->found,
		    d->result ? "true" : "false");
		break;
	}
}

/**
 * umbra_decision_json() - print a decision as an object of JSON
 * @u: the instance
 * @d: the decision
 * @buf: filled in with the object, without an end of line
 * @size: size of @buf; %UMBRA_DECISION_TEXT is enough
 *
 * Context: any.
 * Return: length of the object.
 */
int umbra_decision_json(const struct umbra *u, const struct umbra_decision *d,
			char *buf, size_t size)
{
	const struct umbra_zone *zone = zone_of(u, d);
	struct line line = { .buf = buf, .size = size };

	add(&line, "{\"seq\":%llu,\"ns\":%llu,\"cpu\":%u,\"pid\":%d", d->seq,
	    d->ns, d->cpu, d->pid);
	add(&line, ",\"context\":\"%s\",\"decision\":\"%s\"",
	    NAME(context_names, d->context), umbra_decision_name(d->kind));
	if (zone)
		add(&line, ",\"node\":%u,\"zone\":\"%s\"", zone->nid,
		    zone->name);
	add(&line, ",\"order\":%u,\"type\":\"%s\"", d->order,
	    umbra_type_name(d->type));
	if (d->gfp)
		add(&line, ",\"gfp\":%u", (__force unsigned int)d->gfp);
	if (d->index < u->nr_frames)
		add(&line, ",\"pfn\":%lu", umbra_index_to_pfn(u, d->index));
	json_detail(&line, u, zone, d);
	add(&line, "}");
	return line.len;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_decision_json);
