// SPDX-License-Identifier: GPL-2.0
/*
 * The reference model of a zone: its lists. It follows the rules of the
 * documents, shares no code with the allocator, and favours plain loops over
 * speed.
 *
 * A block that is freed merges with its buddy as long as the buddy is free and of
 * the same order, and their types agree or both fall back to each other; below
 * the size of a pageblock types do not count. The result goes to the tail of its
 * list if its own buddy would make it merge once more, else to the head. Halves
 * of a split go to the head, blocks of a pageblock that changes its type to the
 * tail, by address.
 */
#include <string.h>
#include "model.h"

void blocks_add(struct blocks *b, u8 head)
{
	memmove(b->at + 1, b->at, b->nr++);
	b->at[0] = head;
}

void blocks_add_tail(struct blocks *b, u8 head)
{
	b->at[b->nr++] = head;
}

/* Remove the last block, or return NONE. */
u8 blocks_pop(struct blocks *b)
{
	return b->nr ? b->at[--b->nr] : NONE;
}

void blocks_remove(struct blocks *b, u8 head)
{
	unsigned int i = 0;

	while (b->at[i] != head)
		i++;
	memmove(b->at + i, b->at + i + 1, --b->nr - i);
}

/* The type of the lists that a unit uses. */
unsigned int model_type(const struct model *m, unsigned int unit)
{
	u8 type = m->types[unit >> m->scene->pb_order];

	return type & UMBRA_PB_ISOLATED ? UMBRA_ISOLATE : type;
}

static void add(struct model *m, unsigned int head, unsigned int order,
		bool to_tail)
{
	struct blocks *list = &m->list[order][model_type(m, head)];

	m->map[head] = frame_make(FRAME_FREE, order);
	if (to_tail)
		blocks_add_tail(list, head);
	else
		blocks_add(list, head);
}

/* Take a free block off its list; all of its units are tails then. */
void model_remove(struct model *m, unsigned int head, unsigned int order)
{
	blocks_remove(&m->list[order][model_type(m, head)], head);
	m->map[head] = frame_make(FRAME_TAIL, 0);
}

static bool is_free(const struct model *m, unsigned int head,
		    unsigned int order)
{
	return head < UNITS && m->map[head] == frame_make(FRAME_FREE, order);
}

static bool is_pair(const struct model *m, unsigned int a, unsigned int b,
		    unsigned int order)
{
	unsigned int first = model_type(m, a), second = model_type(m, b);

	if (order < m->scene->pb_order || first == second)
		return true;
	return first < UMBRA_PCPTYPES && second < UMBRA_PCPTYPES;
}

void model_set_types(struct model *m, unsigned int head, unsigned int order,
		     unsigned int type)
{
	unsigned int i;

	for (i = 0; i < block_units(order); i++)
		m->types[(head + i) >> m->scene->pb_order] = type;
}

/* The largest order that a block can grow to. */
static unsigned int most_order(const struct model *m)
{
	unsigned int most = UMBRA_MAX_ORDER - m->scene->shift;

	return most < ORDERS - 1 ? most : ORDERS - 1;
}

/*
 * Would the block and its buddy make a block that merges again? The largest
 * block never merges, so that half of it never grows twice.
 */
static bool grows_twice(const struct model *m, unsigned int head,
			unsigned int order)
{
	unsigned int pair = head & ~block_units(order);

	return order + m->scene->shift + 2 <= UMBRA_MAX_ORDER &&
	       is_free(m, pair ^ block_units(order + 1), order + 1);
}

static void free_part(struct model *m, unsigned int head, unsigned int order,
		      bool to_tail)
{
	unsigned int buddy;

	while (order < most_order(m)) {
		buddy = head ^ block_units(order);
		if (!is_free(m, buddy, order) || !is_pair(m, head, buddy, order))
			break;
		model_remove(m, buddy, order);
		if (order >= m->scene->pb_order &&
		    model_type(m, head) != model_type(m, buddy))
			model_set_types(m, buddy, order,
					m->types[head >> m->scene->pb_order]);
		m->map[head] = frame_make(FRAME_TAIL, 0);
		if (buddy < head)
			head = buddy;
		order++;
	}
	add(m, head, order, to_tail || grows_twice(m, head, order));
}

/* Free a block, each pageblock for itself. */
void model_free(struct model *m, unsigned int head, unsigned int order)
{
	unsigned int part = order, i;

	if (part > m->scene->pb_order)
		part = m->scene->pb_order;
	for (i = 0; i < block_units(order); i++)
		m->map[head + i] = frame_make(FRAME_TAIL, 0);
	for (i = 0; i < block_units(order); i += block_units(part))
		free_part(m, head + i, part, false);
}

/* Free a run of units as the largest aligned blocks, by address. */
void model_free_range(struct model *m, unsigned int start, unsigned int end)
{
	unsigned int i, order;

	for (i = start; i < end; i++)
		m->map[i] = frame_make(FRAME_TAIL, 0);
	while (start < end) {
		order = most_order(m);
		while (start % block_units(order) ||
		       start + block_units(order) > end)
			order--;
		model_free(m, start, order);
		start += block_units(order);
	}
}

/* Free the upper halves of a block until it has the order wanted. */
void model_split(struct model *m, unsigned int head, unsigned int found,
		 unsigned int order)
{
	while (found-- > order)
		add(m, head + block_units(found), found, false);
}

/* Take the smallest block of a type that is large enough, or return NONE. */
u8 model_take_list(struct model *m, unsigned int order, unsigned int type)
{
	unsigned int found;
	u8 head;

	for (found = order; found < ORDERS; found++) {
		if (!m->list[found][type].nr)
			continue;
		head = m->list[found][type].at[0];
		model_remove(m, head, found);
		model_split(m, head, found, order);
		return head;
	}
	return NONE;
}

/* Change the type of a pageblock that no larger free block contains. */
void model_move(struct model *m, unsigned int pageblock, u8 type)
{
	unsigned int first = pageblock << m->scene->pb_order, i, order;
	u8 old = m->types[pageblock];

	for (i = 0; i < block_units(m->scene->pb_order); i++) {
		u8 byte = m->map[first + i];

		if (frame_state(byte) != FRAME_FREE)
			continue;
		order = frame_order(byte);
		m->types[pageblock] = old;
		model_remove(m, first + i, order);
		m->types[pageblock] = type;
		add(m, first + i, order, true);
	}
	m->types[pageblock] = type;
}

/* The free block that contains a unit, or NONE. */
static u8 free_head(const struct model *m, unsigned int unit)
{
	unsigned int order, head;

	for (order = 0; order < ORDERS; order++) {
		head = unit & ~(block_units(order) - 1);
		if (is_free(m, head, order))
			return head;
	}
	return NONE;
}

/*
 * Change the type of any pageblock. If its isolation ends, and it is one free
 * block, it is freed anew, to the tail of its list.
 */
void model_change(struct model *m, unsigned int pageblock, u8 type)
{
	unsigned int pb_order = m->scene->pb_order, order;
	unsigned int first = pageblock << pb_order;
	u8 head = free_head(m, first);

	order = head == NONE ? 0 : frame_order(m->map[head]);
	if (order > pb_order) {
		model_remove(m, head, order);
		m->types[pageblock] = type;
		model_free(m, head, order);
		return;
	}
	model_move(m, pageblock, type);
	if (order == pb_order && !(type & UMBRA_PB_ISOLATED)) {
		model_remove(m, first, order);
		free_part(m, first, order, true);
	}
}
