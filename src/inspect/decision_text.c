// SPDX-License-Identifier: GPL-2.0
/* Recorded decisions as one line of text each, or as one object of JSON. */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_buf.h>
#include <linux/string.h>
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/names.h"
#include "../core/span.h"
#include "../move/compact.h"
#include "decision_text.h"

static const char * const kind_names[UMBRA_NR_DECISIONS] = {
	[DECISION_REQUEST] = "request",
	[DECISION_LEAVE_OUT] = "leave_out",
	[DECISION_AGAIN] = "again",
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

static const char * const mark_names[] = {
	[UMBRA_WMARK_MIN] = "min",
	[UMBRA_WMARK_LOW] = "low",
	[UMBRA_WMARK_HIGH] = "high",
	[UMBRA_WMARK_PROMO] = "promo",
};

/* The name of the watermark of a comparison. */
static const char *mark_name(const struct umbra_decision *d)
{
	return d->nr < 0 ? "other" : NAME(mark_names, d->nr);
}

static void add_zone(struct seq_buf *s, const struct umbra_zone *zone)
{
	if (zone)
		seq_buf_printf(s, "Node %u %s: ", zone->nid, zone->name);
}

static void add_pfn(struct seq_buf *s, const struct umbra *u, u32 index)
{
	if (index < u->nr_frames)
		seq_buf_printf(s, "pfn 0x%lx", umbra_index_to_pfn(u, index));
}

static umbra_nodemask_t all_nodes(const struct umbra *u)
{
	return BIT(u->nr_nodes) - 1;
}

static void text_request(struct seq_buf *s, const struct umbra *u,
			 const struct umbra_zone *zone,
			 const struct umbra_decision *d)
{
	seq_buf_printf(s, "request: order %u, %#x (%pGg), type %s, node %d",
		       d->order, (__force unsigned int)d->gfp, &d->gfp,
		       umbra_type_name(d->type), d->nr);
	if ((d->nodes & all_nodes(u)) != all_nodes(u))
		seq_buf_printf(s, ", only nodes %#x", d->nodes);
	if (zone)
		seq_buf_printf(s, ", first zone Node %u %s", zone->nid, zone->name);
	else
		seq_buf_printf(s, ", no zone is allowed");
}

static void text_again(struct seq_buf *s, const struct umbra_decision *d)
{
	seq_buf_printf(s, "the zones are walked again: %s",
		       d->flags & ALLOC_NOFRAGMENT ?
		       "nodes whose kswapd works may serve" :
		       "pageblocks may be mixed");
	if (!d->result && !(d->flags & ALLOC_NOFRAGMENT))
		seq_buf_printf(s, ", and nodes whose kswapd works may serve");
}

static void text_mark(struct seq_buf *s, const struct umbra_zone *zone,
		      const struct umbra_decision *d)
{
	long limit = d->mark.min + d->mark.reserve;
	long usable = d->mark.free - d->mark.unusable;

	add_zone(s, zone);
	seq_buf_printf(s, "%ld free - %ld unusable = %ld, %s mark %ld",
		       d->mark.free, d->mark.unusable, usable, mark_name(d),
		       d->mark.mark);
	if (d->mark.min != d->mark.mark)
		seq_buf_printf(s, " (%ld for this request)", d->mark.min);
	seq_buf_printf(s, " + %ld protected: ", d->mark.reserve);
	if (d->result == MARK_SHORT)
		seq_buf_printf(s, "%ld pages short", limit + 1 - usable);
	else if (d->result == MARK_NO_BLOCK)
		seq_buf_printf(s, "enough pages, but no block of order %u", d->order);
	else
		seq_buf_printf(s, "enough");
}

static void text_cache(struct seq_buf *s, const struct umbra *u,
		       const struct umbra_decision *d)
{
	if (d->kind == DECISION_HIT) {
		if (d->nr == 1)
			seq_buf_printf(s, "the cache of CPU %u has a block, ",
				       d->cpu);
		else
			seq_buf_printf(s, "the cache of CPU %u has %d blocks, ",
				       d->cpu, d->nr);
		add_pfn(s, u, d->index);
	} else {
		seq_buf_printf(s, "the cache of CPU %u has none, %d from the zone",
			       d->cpu, d->nr);
	}
}

static void text_take(struct seq_buf *s, const struct umbra *u,
		      const struct umbra_decision *d)
{
	if (d->nr == 1)
		seq_buf_printf(s, "a block ");
	else
		seq_buf_printf(s, "%d blocks ", d->nr);
	seq_buf_printf(s, "of order %u from list %s order %u, ", d->order,
		       umbra_type_name(d->type), d->found);
	add_pfn(s, u, d->index);
}

static void text_fallback(struct seq_buf *s, const struct umbra *u,
			  const struct umbra_decision *d)
{
	if (d->kind == DECISION_STEAL) {
		seq_buf_printf(s, "a block of order %u for %s stolen from list %s order %u, ",
			       d->order, umbra_type_name(d->type),
			       umbra_type_name(d->from), d->found);
	} else if (d->kind == DECISION_CLAIM) {
		seq_buf_printf(s, "pageblock claimed for %s, was %s, by a block of order %u, ",
			       umbra_type_name(d->type), umbra_type_name(d->from),
			       d->found);
	} else {
		seq_buf_printf(s, "pageblock stays %s: of %u pages %u are free and %u movable, ",
			       umbra_type_name(d->from), d->pageblock.pages,
			       d->pageblock.free, d->pageblock.movable);
	}
	add_pfn(s, u, d->index);
}

static void text_step(struct seq_buf *s, const struct umbra_decision *d)
{
	seq_buf_printf(s, "slow path: %s", NAME(step_names, d->result));
	if (d->result == STEP_RECLAIM)
		seq_buf_printf(s, " got %lu pages", d->step.reclaimed);
	else if (d->result == STEP_COMPACT)
		seq_buf_printf(s, " ended as %s",
			       NAME(compact_names, d->step.compacted));
	else if (d->result == STEP_DECIDE)
		seq_buf_printf(s, ", %u reclaims without progress",
			       d->step.no_progress);
	if (d->step.next != STEP_DONE)
		seq_buf_printf(s, ", next %s", NAME(step_names, d->step.next));
	else if (d->index == UMBRA_NO_FRAME)
		seq_buf_printf(s, ", no block");
	else
		seq_buf_printf(s, ", a block");
}

static void text_done(struct seq_buf *s, const struct umbra *u,
		      const struct umbra_decision *d)
{
	if (d->index == UMBRA_NO_FRAME) {
		seq_buf_printf(s, d->result ? "bulk request without a page" :
			       "request failed");
		return;
	}
	seq_buf_printf(s, d->result ? "bulk request done, first " :
		       "request done, ");
	add_pfn(s, u, d->index);
}

static void text_free(struct seq_buf *s, const struct umbra *u,
		      const struct umbra_decision *d)
{
	seq_buf_printf(s, "a block of order %u freed", d->order);
	if (d->found != d->order)
		seq_buf_printf(s, ", merged to order %u", d->found);
	seq_buf_printf(s, ", %s of list %s, ", d->result ? "end" : "front",
		       umbra_type_name(d->type));
	add_pfn(s, u, d->index);
}

/**
 * umbra_decision_text() - print a decision as a line for people
 * @u: the instance
 * @d: the decision
 * @s: gets the line, without an end of line
 *
 * Context: any.
 */
void umbra_decision_text(const struct umbra *u, const struct umbra_decision *d,
			 struct seq_buf *s)
{
	const struct umbra_zone *zone = zone_of(u, d);

	switch (d->kind) {
	case DECISION_REQUEST:
		text_request(s, u, zone, d);
		return;
	case DECISION_MARK:
		text_mark(s, zone, d);
		return;
	case DECISION_AGAIN:
		text_again(s, d);
		return;
	case DECISION_STEP:
		text_step(s, d);
		return;
	case DECISION_DONE:
		text_done(s, u, d);
		return;
	}
	add_zone(s, zone);
	switch (d->kind) {
	case DECISION_LEAVE_OUT:
		seq_buf_printf(s, "left out: %s", NAME(left_out_words, d->result));
		break;
	case DECISION_HIT:
	case DECISION_REFILL:
		text_cache(s, u, d);
		break;
	case DECISION_TAKE:
		text_take(s, u, d);
		break;
	case DECISION_CLAIM:
	case DECISION_KEEP:
	case DECISION_STEAL:
		text_fallback(s, u, d);
		break;
	case DECISION_RESERVE:
		seq_buf_printf(s, "pageblock joins the highatomic reserve, ");
		add_pfn(s, u, d->index);
		break;
	case DECISION_FREE:
		text_free(s, u, d);
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_decision_text);

static void json_detail(struct seq_buf *s, const struct umbra *u,
			const struct umbra_decision *d)
{
	switch (d->kind) {
	case DECISION_REQUEST:
		seq_buf_printf(s, ",\"preferred_node\":%d,\"nodes\":%u", d->nr,
			       d->nodes & all_nodes(u));
		break;
	case DECISION_LEAVE_OUT:
		seq_buf_printf(s, ",\"reason\":\"%s\"", NAME(left_out_names, d->result));
		break;
	case DECISION_AGAIN:
		seq_buf_printf(s, ",\"mixes_pageblocks\":%s",
			       d->flags & ALLOC_NOFRAGMENT ? "false" : "true");
		break;
	case DECISION_MARK:
		seq_buf_printf(s, ",\"result\":\"%s\",\"free\":%ld,\"unusable\":%ld",
			       NAME(mark_results, d->result), d->mark.free,
			       d->mark.unusable);
		seq_buf_printf(s, ",\"mark\":\"%s\",\"mark_pages\":%ld,\"min\":%ld",
			       mark_name(d), d->mark.mark, d->mark.min);
		seq_buf_printf(s, ",\"protected\":%ld", d->mark.reserve);
		break;
	case DECISION_HIT:
	case DECISION_REFILL:
		seq_buf_printf(s, ",\"blocks\":%d", d->nr);
		break;
	case DECISION_TAKE:
		seq_buf_printf(s, ",\"blocks\":%d,\"found_order\":%u", d->nr, d->found);
		break;
	case DECISION_KEEP:
		seq_buf_printf(s, ",\"pages\":%u,\"free\":%u,\"movable\":%u",
			       d->pageblock.pages, d->pageblock.free,
			       d->pageblock.movable);
		fallthrough;
	case DECISION_CLAIM:
	case DECISION_STEAL:
		seq_buf_printf(s, ",\"found_order\":%u,\"from\":\"%s\"", d->found,
			       umbra_type_name(d->from));
		break;
	case DECISION_STEP:
		seq_buf_printf(s, ",\"step\":\"%s\",\"next\":\"%s\",\"reclaimed\":%lu",
			       NAME(step_names, d->result),
			       NAME(step_names, d->step.next), d->step.reclaimed);
		seq_buf_printf(s, ",\"compaction\":\"%s\",\"priority\":%u",
			       NAME(compact_names, d->step.compacted), d->step.priority);
		seq_buf_printf(s, ",\"no_progress\":%u", d->step.no_progress);
		break;
	case DECISION_FREE:
		seq_buf_printf(s, ",\"merged_order\":%u,\"to_tail\":%s", d->found,
			       d->result ? "true" : "false");
		break;
	}
}

/**
 * umbra_decision_json() - print a decision as an object of JSON
 * @u: the instance
 * @d: the decision
 * @s: gets the object, without an end of line
 *
 * Context: any.
 */
void umbra_decision_json(const struct umbra *u, const struct umbra_decision *d,
			 struct seq_buf *s)
{
	const struct umbra_zone *zone = zone_of(u, d);

	seq_buf_printf(s, "{\"seq\":%llu,\"ns\":%llu,\"cpu\":%u,\"pid\":%d", d->seq,
		       d->ns, d->cpu, d->pid);
	seq_buf_printf(s, ",\"context\":\"%s\",\"decision\":\"%s\"",
		       NAME(context_names, d->context), umbra_decision_name(d->kind));
	if (zone)
		seq_buf_printf(s, ",\"node\":%u,\"zone\":\"%s\"", zone->nid,
			       zone->name);
	seq_buf_printf(s, ",\"order\":%u,\"type\":\"%s\"", d->order,
		       umbra_type_name(d->type));
	if (d->gfp)
		seq_buf_printf(s, ",\"gfp\":%u", (__force unsigned int)d->gfp);
	if (d->index < u->nr_frames)
		seq_buf_printf(s, ",\"pfn\":%lu", umbra_index_to_pfn(u, d->index));
	json_detail(s, u, d);
	seq_buf_printf(s, "}");
}
EXPORT_SYMBOL_IF_KUNIT(umbra_decision_json);
