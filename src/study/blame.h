/* SPDX-License-Identifier: GPL-2.0 */
/* Obstacles to a free block of an order; see blame.c. */
#ifndef _UMBRA_BLAME_H
#define _UMBRA_BLAME_H

#include "../core/core.h"

struct seq_buf;

/**
 * struct umbra_place - the frames that a block of an order would have
 * @index: first frame
 * @zone: index of the zone
 * @free: free pages, those in caches of CPUs included
 * @moves: pages of blocks that their owners can move
 * @stuck: pages that no owner can move, that others reference, or that are offline
 * @culprit: head of the first block with such pages, or %UMBRA_NO_FRAME
 */
struct umbra_place {
	u32 index;
	u32 zone;
	u32 free;
	u32 moves;
	u32 stuck;
	u32 culprit;
};

/**
 * struct umbra_blame - the places of an order, the cheapest to empty first
 * @umbra: the instance
 * @order: the order
 * @nr: number of @places
 * @places: zone by zone; within a zone by stuck pages, then by moves
 */
struct umbra_blame {
	struct umbra *umbra;
	unsigned int order;
	size_t nr;
	struct umbra_place places[] __counted_by(nr);
};

struct umbra_blame *umbra_blame(struct umbra *u, unsigned int order);
size_t umbra_blame_room(const struct umbra_blame *b);
void umbra_blame_text(const struct umbra_blame *b, struct seq_buf *s);

#endif /* _UMBRA_BLAME_H */
