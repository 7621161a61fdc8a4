// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of the registry of movable blocks, and of the LRU lists. Every
 * registered block is allocated and exposed. Every listed block is registered,
 * is on the list that its marks select, and is counted.
 *
 * The walks run in batches, and hold the xa_lock for one batch at a time. The
 * walk along a list can continue, and can be compared with the counters, only
 * if umbra_lru.seq has not changed.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../move/lru.h"
#include "../move/registry.h"
#include "finding.h"
#include "verify.h"
#include "verify_movable.h"

/* Check a batch of registered blocks. Returns false after the last block. */
static bool check_batch(struct umbra *u, struct umbra_findings *v,
			unsigned long *index)
{
	unsigned int batch = VERIFY_BATCH;
	void *entry;

	xa_lock(&u->movables);
	for (entry = xa_find(&u->movables, index, UMBRA_NO_FRAME, XA_PRESENT);
	     entry && batch; batch--) {
		u8 frame = frame_read(u, *index);

		if (!frame_is_allocated(frame) ||
		    !frame_has(frame, FRAME_EXPOSED))
			umbra_found(v, FINDING_MOVABLE, *index, frame,
				    FRAME_EXPOSED);
		entry = xa_find_after(&u->movables, index, UMBRA_NO_FRAME,
				      XA_PRESENT);
	}
	xa_unlock(&u->movables);
	return entry;
}

/* The position and the results of a walk along the LRU lists of a node. */
struct lru_walk {
	struct umbra *u;
	struct umbra_node *node;
	struct umbra_findings *v;
	enum umbra_lru_list list;
	unsigned long seq;
	unsigned long pages[UMBRA_NR_ZONE_TYPES];
	struct list_head *entry;	/* last entry seen, or the list head */
};

/* Does the entry of the block @index belong on the list? xa_lock held. */
static bool entry_belongs(const struct lru_walk *w, u32 index)
{
	return index != UMBRA_NO_FRAME && umbra_is_movable(w->u, index) &&
	       umbra_frame_zone(w->u, index)->nid == w->node->nid &&
	       umbra_lru_list_of(w->u, index) == w->list &&
	       w->entry->next->prev == w->entry &&
	       w->entry->prev->next == w->entry;
}

/* Walk a batch of a list. Returns whether the walk goes on. xa_lock held. */
static bool walk_batch(struct lru_walk *w)
{
	struct list_head *head = &w->node->lru.lists[w->list];
	unsigned int batch = VERIFY_BATCH;
	u32 index;

	while (batch--) {
		w->entry = w->entry->next;
		if (w->entry == head)
			return false;
		index = umbra_page_to_index(w->u, list_entry(w->entry,
							     struct page, lru));
		if (!entry_belongs(w, index)) {
			umbra_found(w->v, FINDING_LRU, index, w->list, 0);
			return false;
		}
		w->pages[umbra_frame_zone(w->u, index)->type] +=
			movable_pages(w->u, index);
	}
	return true;
}

/* Compare the counters of a list with a complete walk. xa_lock held. */
static void compare(struct lru_walk *w)
{
	unsigned long sum = 0;
	unsigned int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		struct umbra_zone *zone = umbra_node_zone(w->u, w->node, type);

		sum += w->pages[type];
		if (zone && zone->nr_lru[w->list] != w->pages[type])
			umbra_found(w->v, FINDING_COUNT, UMBRA_NO_FRAME,
				    zone->nr_lru[w->list], w->pages[type]);
	}
	if (w->node->lru.nr[w->list] != sum)
		umbra_found(w->v, FINDING_COUNT, UMBRA_NO_FRAME,
			    w->node->lru.nr[w->list], sum);
}

/*
 * Walk one list. Returns false if the lists changed, which makes a comparison
 * impossible.
 */
static bool walk_list(struct lru_walk *w)
{
	struct umbra_lru *lru = &w->node->lru;
	unsigned long findings = w->v->nr_findings;
	bool same, more;

	memset(w->pages, 0, sizeof(w->pages));
	w->entry = &lru->lists[w->list];
	do {
		xa_lock(&w->u->movables);
		same = lru->seq == w->seq;
		more = same && walk_batch(w);
		if (same && !more && w->v->nr_findings == findings)
			compare(w);
		xa_unlock(&w->u->movables);
		cond_resched();
	} while (more);
	return same;
}

static bool walk_lists(struct lru_walk *w)
{
	xa_lock(&w->u->movables);
	w->seq = w->node->lru.seq;
	xa_unlock(&w->u->movables);
	for (w->list = 0; w->list < UMBRA_NR_LRU_LISTS; w->list++)
		if (!walk_list(w))
			return false;
	return true;
}

/**
 * umbra_verify_movables() - check the registered blocks and the LRU lists
 * @u: the instance, which may be in use
 * @v: result of the run, to which findings are added
 *
 * Context: may sleep; takes the xa_lock for one batch at a time.
 */
void umbra_verify_movables(struct umbra *u, struct umbra_findings *v)
{
	struct lru_walk w = { .u = u, .v = v };
	unsigned long index = 0;
	unsigned int nid, attempt;

	while (check_batch(u, v, &index))
		cond_resched();
	for (nid = 0; nid < u->nr_nodes; nid++) {
		unsigned long findings = v->nr_findings;
		bool exact = false;

		w.node = &u->nodes[nid];
		for (attempt = 0; attempt < VERIFY_ATTEMPTS && !exact; attempt++) {
			v->nr_findings = findings;
			exact = walk_lists(&w);
		}
		v->exact &= exact;
	}
}
