// SPDX-License-Identifier: GPL-2.0
/*
 * Blame: for each place that a block of an order could have, how much of it is
 * free, how much its owners can move away, and which block keeps the rest. It is
 * computed from the state of the instance, which does not change.
 */
#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/names.h"
#include "../core/owner.h"
#include "../core/span.h"
#include "blame.h"
#include "state.h"
#include "zone_state.h"

/* Places of each kind that the text has for each zone. */
#define SHOWN 8
/* Room for the text of a place, its stack included. */
#define PLACE_TEXT 1024

/* The head of the block of a frame of a state. */
static u32 head_of(const struct umbra_zone_state *s, u32 i)
{
	unsigned int order;

	for (order = 1; frame_state(s->map[i]) == FRAME_TAIL &&
	     order <= UMBRA_MAX_ORDER; order++)
		i &= ~(BIT(order) - 1);
	return i;
}

/* Add the pages of a block to a place. */
static void add_block(struct umbra_place *p, const struct umbra_zone_state *s,
		      const unsigned long *movable, u32 head, u32 pages)
{
	switch (frame_state(s->map[head])) {
	case FRAME_FREE:
	case FRAME_PCP:
		p->free += pages;
		return;
	default:
		break;
	}
	if (frame_is_allocated(s->map[head]) && test_bit(head, movable)) {
		p->moves += pages;
		return;
	}
	p->stuck += pages;
	if (p->culprit == UMBRA_NO_FRAME)
		p->culprit = head;
}

static void look(struct umbra_place *p, const struct umbra_zone_state *s,
		 const unsigned long *movable, u32 first, unsigned int order)
{
	u32 end = first + BIT(order), head = head_of(s, first), i = first;

	p->culprit = UMBRA_NO_FRAME;
	while (i < end) {
		u32 next = head + BIT(frame_order(s->map[head]));

		next = clamp(next, i + 1, end);
		add_block(p, s, movable, head, next - i);
		i = next;
		head = i;
	}
}

/* Mark the heads of the blocks of a zone that their owners can move. */
static void mark_movables(unsigned long *movable, const struct umbra_state *s,
			  const struct umbra_zone *zone,
			  const struct umbra_zone_state *z)
{
	unsigned long n;

	bitmap_zero(movable, z->nr_frames);
	for (n = 0; n < s->nr_movables; n++) {
		u32 i = s->movables[n].index - zone->start, end;

		if (s->movables[n].index < zone->start ||
		    s->movables[n].index >= zone->end)
			continue;
		end = i + BIT(frame_order(z->map[i]));
		if (find_next_bit(z->pinned, end, i) >= end)
			__set_bit(i, movable);
	}
}

static int compare(const void *a, const void *b)
{
	const struct umbra_place *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	if (x->stuck != y->stuck)
		return x->stuck < y->stuck ? -1 : 1;
	if (x->moves != y->moves)
		return x->moves < y->moves ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Look at all places of a zone. Returns 0 or -ENOMEM. */
static int look_at_zone(struct umbra_blame *b, const struct umbra_state *s,
			unsigned int nr)
{
	const struct umbra_zone *zone = &b->umbra->zones[nr];
	const struct umbra_zone_state *z = s->zones[nr];
	u32 first = ALIGN(zone->start, BIT(b->order)) - zone->start;
	unsigned long *movable;

	movable = umbra_large_zalloc(BITS_TO_LONGS(z->nr_frames), sizeof(long),
				     GFP_KERNEL_ACCOUNT, NULL);
	if (!movable)
		return -ENOMEM;
	mark_movables(movable, s, zone, z);
	for (; first + BIT(b->order) <= z->nr_frames; first += BIT(b->order)) {
		struct umbra_place *p;

		b->nr++;
		p = &b->places[b->nr - 1];
		look(p, z, movable, first, b->order);
		p->zone = nr;
		p->index = zone->start + first;
		if (p->culprit != UMBRA_NO_FRAME)
			p->culprit += zone->start;
		cond_resched();
	}
	kvfree(movable);
	return 0;
}

/**
 * umbra_blame() - look at each place that a block could have
 * @u: the instance, which may be in use and does not change
 * @order: order of the block
 *
 * Context: may sleep.
 * Return: the places, which the caller frees with kvfree(), or an ERR_PTR:
 * -ENOMEM, or -EINTR after a fatal signal.
 */
struct umbra_blame *umbra_blame(struct umbra *u, unsigned int order)
{
	size_t most = (u->nr_frames >> order) + 1;
	struct umbra_state *s = umbra_state_take(u);
	struct umbra_blame *b;
	unsigned int i;
	int err = 0;

	if (IS_ERR(s))
		return ERR_CAST(s);
	b = umbra_large_zalloc(1, struct_size(b, places, most),
			       GFP_KERNEL_ACCOUNT, NULL);
	if (!b)
		err = -ENOMEM;
	for (i = 0; !err && i < s->nr_zones; i++) {
		b->umbra = u;
		b->order = order;
		err = look_at_zone(b, s, i);
	}
	umbra_state_delete(s);
	if (err) {
		kvfree(b);
		return ERR_PTR(err);
	}
	sort(b->places, b->nr, sizeof(b->places[0]), compare, NULL);
	return b;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_blame);

/* The room for the text, in bytes. Context: any. */
size_t umbra_blame_room(const struct umbra_blame *b)
{
	return b->umbra->nr_zones * (PLACE_TEXT * SHOWN + 128 * (SHOWN + 3)) +
	       128;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_blame_room);

static void text_culprit(struct seq_buf *s, struct umbra *u, u32 index)
{
	u8 frame = frame_read(u, index);
	struct umbra_owner owner;
	char stack[512], *line, *rest = stack;

	seq_buf_printf(s, "pfn 0x%lx, ", umbra_index_to_pfn(u, index));
	if (!frame_is_allocated(frame)) {
		seq_buf_printf(s, "%s\n",
			       umbra_frame_state_name(frame_state(frame)));
		return;
	}
	seq_buf_printf(s, "order %u, of a pageblock of type %s",
		       frame_order(frame),
		       umbra_type_name(umbra_frame_type(u, index)));
	if (!umbra_owner_get(u, index, &owner)) {
		seq_buf_printf(s, "\n");
		return;
	}
	seq_buf_printf(s, ", pid %d (%s)\n", owner.pid, owner.comm);
	if (!umbra_owner_stack(&owner, stack, sizeof(stack)))
		return;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			seq_buf_printf(s, "     %s\n", line);
}

static void text_place(struct seq_buf *s, struct umbra *u,
		       const struct umbra_place *p)
{
	seq_buf_printf(s, "  pfn 0x%lx: %u free, %u to move",
		       umbra_index_to_pfn(u, p->index), p->free, p->moves);
	if (!p->stuck) {
		seq_buf_printf(s, "\n");
		return;
	}
	seq_buf_printf(s, ", %u kept, first by\n    ", p->stuck);
	text_culprit(s, u, p->culprit);
}

/* Print the places of a zone, which begin at @from. Returns their number. */
static size_t text_zone(struct seq_buf *s, const struct umbra_blame *b,
			size_t from)
{
	const struct umbra_zone *zone;
	size_t nr_free = 0, nr_moves = 0, nr_stuck = 0, i;

	zone = &b->umbra->zones[b->places[from].zone];
	for (i = from; i < b->nr && b->places[i].zone == b->places[from].zone;
	     i++) {
		const struct umbra_place *p = &b->places[i];

		nr_free += !p->stuck && !p->moves;
		nr_moves += !p->stuck && p->moves;
		nr_stuck += !!p->stuck;
	}
	seq_buf_printf(s, "Node %u %s, places of order %u: ", zone->nid,
		       zone->name, b->order);
	seq_buf_printf(s, "%zu free, %zu can be emptied, %zu cannot\n",
		       nr_free, nr_moves, nr_stuck);
	for (i = 0; i < min_t(size_t, nr_moves, SHOWN); i++)
		text_place(s, b->umbra, &b->places[from + nr_free + i]);
	for (i = 0; i < min_t(size_t, nr_stuck, SHOWN); i++)
		text_place(s, b->umbra,
			   &b->places[from + nr_free + nr_moves + i]);
	return nr_free + nr_moves + nr_stuck;
}

/**
 * umbra_blame_text() - print the cheapest places of each zone
 * @b: the places
 * @s: gets the text; umbra_blame_room() bytes are enough
 *
 * With %UMBRA_DEBUG_OWNER, the text has the task and the stack of each block
 * that keeps a place.
 *
 * Context: may sleep.
 */
void umbra_blame_text(const struct umbra_blame *b, struct seq_buf *s)
{
	size_t i = 0;

	while (i < b->nr)
		i += text_zone(s, b, i);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_blame_text);
