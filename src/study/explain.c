// SPDX-License-Identifier: GPL-2.0
/*
 * Explain: a request is played on a clone of the instance, with the recorder of
 * decisions on, so that the answer is what the request would do, and the instance
 * does not change. If it fails, compaction and reclaim are tried on the clone, to
 * say what would help. A request that failed is explained from the record of the
 * instance.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../page/gfp.h"
#include "clone.h"
#include "explain.h"

/* Decisions of a request that are kept for each CPU. */
#define NR_STEPS 1024

/* Blocks that are freed on the way are no decisions about the request. */
#define KINDS ((unsigned int)~BIT(DECISION_FREE))

static u32 ask(struct umbra *u, const struct umbra_question *q)
{
	/* A request that must not fail would wait for ever on a clone. */
	gfp_t gfp = (q->gfp & ~__GFP_NOFAIL) | __GFP_NOWARN;
	struct page *page;

	page = umbra_alloc_pages_nodemask(u, gfp, q->order, q->nid,
					  q->nodes ? &q->nodes : NULL);
	return page ? umbra_page_to_index(u, page) : UMBRA_NO_FRAME;
}

static unsigned long count_moved(const struct umbra *u)
{
	const struct umbra_zone *zone;
	unsigned long moved = 0;

	for_each_umbra_zone(u, zone)
		moved += umbra_zone_events(zone, EVENT_PGMIGRATE_SUCCESS);
	return moved;
}

/* Compact as a request would that may, up to the first block that it can have. */
static bool compact_for(const struct umbra_question *q, struct umbra *u)
{
	const umbra_nodemask_t *nodes = q->nodes ? &q->nodes : NULL;
	struct umbra_request rq;
	u32 index = UMBRA_NO_FRAME;

	if (umbra_request_init(&rq, u, q->gfp | GFP_KERNEL, q->order, q->nid,
			       nodes, 0))
		return false;
	umbra_request_slow(&rq, u, nodes);
	if (rq.preferred)
		umbra_compact_direct(u, &rq, UMBRA_COMPACT_PRIO_FULL, &index);
	return index != UMBRA_NO_FRAME || ask(u, q) != UMBRA_NO_FRAME;
}

/* Reclaim more and more, until the request succeeds. Changes the clone. */
static void find_reclaim(struct umbra_answer *a, struct umbra *u)
{
	unsigned long nr = SWAP_CLUSTER_MAX, got, all = 0;

	do {
		got = umbra_reclaim(u, nr);
		all += got;
		if (got && a->q.order)
			umbra_compact(u);
		if (got && ask(u, &a->q) != UMBRA_NO_FRAME) {
			a->nr_reclaimed = all;
			return;
		}
		nr *= 2;
		cond_resched();
	} while (got && !fatal_signal_pending(current));
}

/* Would compaction help, or reclaim and then compaction? Changes the clone. */
static void find_help(struct umbra_answer *a, struct umbra *u)
{
	unsigned long moved = count_moved(u);

	if (a->q.order) {
		bool helps = compact_for(&a->q, u);

		/* Compaction for a request ends early where it failed before. */
		if (!helps) {
			umbra_compact(u);
			helps = ask(u, &a->q) != UMBRA_NO_FRAME;
		}
		if (helps) {
			a->nr_moved = count_moved(u) - moved;
			return;
		}
	}
	find_reclaim(a, u);
}

/* Play the requests, up to one that fails. Returns 0 or -EINTR. */
static int play(struct umbra_answer *a, struct umbra *u)
{
	do {
		umbra_record_clear(u);
		a->index = ask(u, &a->q);
		if (a->index == UMBRA_NO_FRAME)
			break;
		a->nr_ok++;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (a->nr_ok < a->q.count);
	return 0;
}

static struct umbra_answer *answer_new(struct umbra *u)
{
	struct umbra_answer *a = kzalloc_obj(*a, GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	a->umbra = u;
	a->index = UMBRA_NO_FRAME;
	a->nr_moved = -1;
	a->nr_reclaimed = -1;
	return a;
}

static int play_on(struct umbra_answer *a, struct umbra *u)
{
	int err = umbra_record_set(u, NR_STEPS);

	if (err)
		return err;
	umbra_record_kinds(u, KINDS);
	err = play(a, u);
	if (err)
		return err;
	a->steps = umbra_record_read(u, &a->nr);
	if (!a->steps)
		return -ENOMEM;
	umbra_record_set(u, 0);
	if (a->index == UMBRA_NO_FRAME)
		find_help(a, u);
	return 0;
}

/**
 * umbra_explain() - say what a request would do now, and why
 * @u: the instance, which may be in use and does not change
 * @q: the request
 *
 * Requests that wait for kswapd do not wait here, and no task is killed: such a
 * request fails in the answer.
 *
 * Context: may sleep. Takes 64 bytes and more for each page of the instance.
 * Return: the answer, or an ERR_PTR: -ENOMEM, -EINTR after a fatal signal, -EIO
 * if an invariant of the instance is broken, or -ENXIO if there is no such node.
 */
struct umbra_answer *umbra_explain(struct umbra *u,
				   const struct umbra_question *q)
{
	struct umbra_answer *a;
	struct umbra_clone *c;
	int err;

	if (q->nid >= (int)u->nr_nodes)
		return ERR_PTR(-ENXIO);
	a = answer_new(u);
	if (!a)
		return ERR_PTR(-ENOMEM);
	a->q = *q;
	c = umbra_clone(u);
	if (IS_ERR(c)) {
		umbra_answer_delete(a);
		return ERR_CAST(c);
	}
	a->is_exact = c->is_exact;
	err = play_on(a, c->u);
	umbra_clone_delete(c);
	if (!err)
		return a;
	umbra_answer_delete(a);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_explain);

/* Were two decisions made in the same context, so that they may belong together? */
static bool is_same_context(const struct umbra_decision *a,
			    const struct umbra_decision *b)
{
	return a->pid == b->pid && a->context == b->context &&
	       (!a->context || a->cpu == b->cpu);
}

/* Is this the end of a single request that failed? */
static bool is_failure(const struct umbra_decision *d)
{
	return d->kind == DECISION_DONE && d->index == UMBRA_NO_FRAME &&
	       !d->result;
}

/*
 * The place after the beginning of the request that ends before @last, or 0 if
 * the beginning is lost. Requests that its callbacks made lie inside of it.
 */
static size_t find_begin(const struct umbra_decision *steps, size_t last)
{
	const struct umbra_decision *end = &steps[last - 1];
	unsigned int inner = 0;
	size_t i;

	for (i = last - 1; i; i--) {
		const struct umbra_decision *d = &steps[i - 1];

		if (!is_same_context(d, end))
			continue;
		if (d->kind == DECISION_DONE)
			inner++;
		else if (d->kind == DECISION_REQUEST && !inner--)
			return i;
	}
	return 0;
}

/*
 * Keep the decisions of the last request that failed. Returns false if there is
 * none, or its beginning is lost.
 */
static bool keep_last_failure(struct umbra_answer *a)
{
	size_t last = a->nr, first, i, n = 0;
	struct umbra_decision end;

	while (last && !is_failure(&a->steps[last - 1]))
		last--;
	if (!last)
		return false;
	end = a->steps[last - 1];
	first = find_begin(a->steps, last);
	if (!first)
		return false;
	for (i = first - 1; i < last; i++)
		if (is_same_context(&a->steps[i], &end) &&
		    a->steps[i].kind != DECISION_FREE)
			a->steps[n++] = a->steps[i];
	a->nr = n;
	a->q = (struct umbra_question) {
		.gfp = a->steps[0].gfp,
		.order = a->steps[0].order,
		.nid = a->steps[0].nr,
		.nodes = a->steps[0].nodes,
		.count = 1,
	};
	return true;
}

/**
 * umbra_explain_failure() - say why the last request failed that is recorded
 * @u: the instance
 *
 * Nothing is asked again: the answer is what was decided then.
 *
 * Context: may sleep.
 * Return: the answer, or an ERR_PTR: -ENODATA if no failure is recorded, or
 * -ENOMEM.
 */
struct umbra_answer *umbra_explain_failure(struct umbra *u)
{
	struct umbra_answer *a = answer_new(u);
	int err;

	if (!a)
		return ERR_PTR(-ENOMEM);
	a->is_exact = true;
	a->is_recorded = true;
	a->steps = umbra_record_read(u, &a->nr);
	if (a->steps && keep_last_failure(a))
		return a;
	err = a->steps ? -ENODATA : -ENOMEM;
	umbra_answer_delete(a);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_explain_failure);

/* Free an answer. Context: may sleep. */
void umbra_answer_delete(struct umbra_answer *a)
{
	kvfree(a->steps);
	kfree(a);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_answer_delete);

/**
 * umbra_answer_zone() - say what the last look at a zone found
 * @a: the answer
 * @zone: index of the zone
 * @pages: set to the number of pages that were missing, for %ZONE_SHORT
 *
 * Context: any.
 * Return: the verdict.
 */
enum umbra_zone_verdict umbra_answer_zone(const struct umbra_answer *a,
					  unsigned int zone, long *pages)
{
	size_t i = a->nr;

	*pages = 0;
	while (i--) {
		const struct umbra_decision *d = &a->steps[i];

		if (d->zone != zone)
			continue;
		if (d->kind == DECISION_LEAVE_OUT)
			return ZONE_LEFT_OUT;
		if (d->kind != DECISION_MARK)
			continue;
		if (d->result == MARK_OK)
			return ZONE_ENOUGH;
		if (d->result == MARK_NO_BLOCK)
			return ZONE_NO_BLOCK;
		*pages = d->mark.min + d->mark.reserve + 1 -
			 (d->mark.free - d->mark.unusable);
		return ZONE_SHORT;
	}
	return ZONE_NOT_REACHED;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_answer_zone);
