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
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
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

/* Places that are looked at until another task may have the CPU. */
#define BATCH 256
/* Room for the text of a place, its stack included. */
#define PLACE_TEXT 1024

/*
 * The head of the block of a frame of a state. Blocks are aligned by their index
 * in the instance.
 */
static u32 head_of(const struct umbra_zone_state *s, u32 start, u32 i)
{
	unsigned int order;

	for (order = 1; frame_state(s->map[i]) == FRAME_TAIL &&
	     order <= UMBRA_MAX_ORDER; order++) {
		u32 head = ALIGN_DOWN(start + i, BIT(order));

		if (head < start)
			break;
		i = head - start;
	}
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

/* Look at the frames of a zone, which starts at @start, from @first on. */
static void look(struct umbra_place *p, const struct umbra_zone_state *s,
		 const unsigned long *movable, u32 start, u32 first,
		 unsigned int order)
{
	u32 end = first + BIT(order), head = head_of(s, start, first);
	u32 i = first;

	*p = (struct umbra_place) {
		.index = start + first,
		.culprit = UMBRA_NO_FRAME,
	};
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
		if (n % BATCH == 0)
			cond_resched();
	}
}

/* Is a place cheaper to empty than another? */
static bool is_cheaper(const struct umbra_place *a, const struct umbra_place *b)
{
	return a->stuck != b->stuck ? a->stuck < b->stuck : a->moves < b->moves;
}

/* Keep a place among the cheapest of @nr that were seen before it. */
static void keep(struct umbra_place *places, u32 nr, const struct umbra_place *p)
{
	u32 i = min_t(u32, nr, BLAME_PLACES);

	if (i == BLAME_PLACES && !is_cheaper(p, &places[i - 1]))
		return;
	i = min_t(u32, i, BLAME_PLACES - 1);
	for (; i && is_cheaper(p, &places[i - 1]); i--)
		places[i] = places[i - 1];
	places[i] = *p;
}

static void add_place(struct umbra_zone_blame *z, const struct umbra_place *p)
{
	if (p->stuck)
		keep(z->stuck, z->nr_stuck++, p);
	else if (p->moves)
		keep(z->moves, z->nr_moves++, p);
	else
		z->nr_free++;
}

/* Look at all places of a zone. Returns 0, -EINTR or -ENOMEM. */
static int look_at_zone(struct umbra_blame *b, const struct umbra_state *s,
			unsigned int nr)
{
	const struct umbra_zone *zone = &b->umbra->zones[nr];
	const struct umbra_zone_state *z = s->zones[nr];
	u32 size = BIT(b->order);
	u32 first = ALIGN(zone->start, size) - zone->start;
	unsigned long *movable;
	struct umbra_place p;
	int err = 0;

	movable = umbra_large_zalloc(BITS_TO_LONGS(z->nr_frames), sizeof(long),
				     GFP_KERNEL_ACCOUNT, NULL);
	if (!movable)
		return -ENOMEM;
	mark_movables(movable, s, zone, z);
	for (; first + size <= z->nr_frames && !err; first += size) {
		look(&p, z, movable, zone->start, first, b->order);
		if (p.culprit != UMBRA_NO_FRAME)
			p.culprit += zone->start;
		add_place(&b->zones[nr], &p);
		if (first / size % BATCH)
			continue;
		cond_resched();
		err = fatal_signal_pending(current) ? -EINTR : 0;
	}
	kvfree(movable);
	return err;
}

/**
 * umbra_blame() - look at each place that a block could have
 * @u: the instance, which may be in use and does not change
 * @order: order of the block
 *
 * Context: may sleep.
 * Return: the places, which the caller frees with kvfree(), or an ERR_PTR:
 * -ENOMEM, -EINTR after a fatal signal, or -EIO if an invariant of the instance
 * is broken.
 */
struct umbra_blame *umbra_blame(struct umbra *u, unsigned int order)
{
	struct umbra_state *s = umbra_state_take(u);
	struct umbra_blame *b;
	unsigned int i;
	int err = 0;

	if (IS_ERR(s))
		return ERR_CAST(s);
	b = umbra_large_zalloc(1, struct_size(b, zones, u->nr_zones),
			       GFP_KERNEL_ACCOUNT, NULL);
	if (!b) {
		err = -ENOMEM;
		goto out;
	}
	b->umbra = u;
	b->order = order;
	b->is_exact = s->exact;
	for (i = 0; !err && i < s->nr_zones; i++)
		err = look_at_zone(b, s, i);
out:
	umbra_state_delete(s);
	if (!err)
		return b;
	kvfree(b);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_blame);

/* The room for the text, in bytes. Context: any. */
size_t umbra_blame_room(const struct umbra_blame *b)
{
	return 256 + b->umbra->nr_zones * (BLAME_PLACES + 1) *
		     (PLACE_TEXT + 256);
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

static void text_zone(struct seq_buf *s, const struct umbra_blame *b,
		      unsigned int nr)
{
	const struct umbra_zone *zone = &b->umbra->zones[nr];
	const struct umbra_zone_blame *z = &b->zones[nr];
	u32 i;

	seq_buf_printf(s, "Node %u %s, places of order %u: ", zone->nid,
		       zone->name, b->order);
	seq_buf_printf(s, "%u free, %u can be emptied, %u cannot\n",
		       z->nr_free, z->nr_moves, z->nr_stuck);
	for (i = 0; i < min_t(u32, z->nr_moves, BLAME_PLACES); i++)
		text_place(s, b->umbra, &z->moves[i]);
	for (i = 0; i < min_t(u32, z->nr_stuck, BLAME_PLACES); i++)
		text_place(s, b->umbra, &z->stuck[i]);
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
	unsigned int i;

	for (i = 0; i < b->umbra->nr_zones; i++)
		text_zone(s, b, i);
	if (!b->is_exact)
		seq_buf_printf(s, "(the instance was in use meanwhile)\n");
}
EXPORT_SYMBOL_IF_KUNIT(umbra_blame_text);
