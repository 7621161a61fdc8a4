/* SPDX-License-Identifier: GPL-2.0 */
/* Obstacles to a free block of an order; see blame.c. */
#ifndef _UMBRA_BLAME_H
#define _UMBRA_BLAME_H

#include "../core/core.h"

struct seq_buf;

/* Places of each kind that are kept for each zone. */
#define BLAME_PLACES 8

/**
 * struct umbra_place - the frames that a block of an order would have
 * @index: first frame
 * @free: free pages, those in caches of CPUs included
 * @moves: pages of blocks that their owners can move
 * @stuck: pages that no owner can move, that others reference, or that are offline
 * @culprit: head of the first block with such pages, or %UMBRA_NO_FRAME
 */
struct umbra_place {
	u32 index;
	u32 free;
	u32 moves;
	u32 stuck;
	u32 culprit;
};

/**
 * struct umbra_zone_blame - the places of a zone
 * @nr_free: places whose pages are all free
 * @nr_moves: other places that moves can empty
 * @nr_stuck: places that they cannot empty
 * @moves: the cheapest of @nr_moves, by the number of pages to move
 * @stuck: the cheapest of @nr_stuck, by the number of pages that stay
 */
struct umbra_zone_blame {
	u32 nr_free;
	u32 nr_moves;
	u32 nr_stuck;
	struct umbra_place moves[BLAME_PLACES];
	struct umbra_place stuck[BLAME_PLACES];
};

/**
 * struct umbra_blame - the places of an order
 * @umbra: the instance
 * @order: the order
 * @is_exact: whether nothing changed meanwhile
 * @zones: by the index of the zone
 */
struct umbra_blame {
	struct umbra *umbra;
	unsigned int order;
	bool is_exact;
	struct umbra_zone_blame zones[];
};

struct umbra_blame *umbra_blame(struct umbra *u, unsigned int order);
size_t umbra_blame_room(const struct umbra_blame *b);
void umbra_blame_text(const struct umbra_blame *b, struct seq_buf *s);

#endif /* _UMBRA_BLAME_H */
