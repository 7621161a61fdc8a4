// SPDX-License-Identifier: GPL-2.0
/* The reference model of a zone: states as bytes, and operations. */
#include <errno.h>
#include <string.h>
#include "model.h"

static void load_cache(struct model *m, const struct state *s, unsigned int cpu)
{
	struct model_cache *c = &m->cache[cpu];
	unsigned int i;

	for (i = 0; i < UNITS && s->cached[cpu][i] != NONE; i++)
		blocks_add_tail(&c->slot[s->cached[cpu][i] >> CACHED_BITS],
				s->cached[cpu][i] & CACHED_HEAD);
	c->alloc_factor = s->cache[cpu].alloc_factor;
	c->freed_high_order = s->cache[cpu].freed_high_order;
	c->high = s->cache[cpu].high;
	c->free_count = s->cache[cpu].free_count;
}

static void load(struct model *m, const struct scene *scene,
		 const struct state *s)
{
	unsigned int i, cpu;

	memset(m, 0, sizeof(*m));
	m->scene = scene;
	memcpy(m->map, s->map, sizeof(m->map));
	memcpy(m->types, s->types, sizeof(m->types));
	for (i = 0; i < FREE_BLOCKS && s->free[i] != NONE; i++) {
		u8 head = s->free[i];

		blocks_add_tail(&m->list[frame_order(s->map[head])]
					[model_type(m, head)], head);
	}
	for (cpu = 0; cpu < scene_cpus(scene); cpu++)
		load_cache(m, s, cpu);
	m->boost = s->boost;
	m->flags = s->flags;
	m->pinned = s->pinned;
}

static void store_cache(const struct model *m, struct state *s,
			unsigned int cpu)
{
	const struct model_cache *c = &m->cache[cpu];
	unsigned int slot, i, nr = 0;

	for (slot = 0; slot < SLOTS; slot++)
		for (i = 0; i < c->slot[slot].nr; i++)
			s->cached[cpu][nr++] = slot << CACHED_BITS |
					       c->slot[slot].at[i];
	s->cache[cpu] = (struct state_cache) {
		.alloc_factor = c->alloc_factor,
		.freed_high_order = c->freed_high_order,
		.high = c->high,
		.free_count = c->free_count,
	};
}

static void store(const struct model *m, struct state *s)
{
	unsigned int order, type, i, nr = 0, cpu;

	memset(s, 0, sizeof(*s));
	memset(s->free, NONE, sizeof(s->free));
	memset(s->cached, NONE, sizeof(s->cached));
	memcpy(s->map, m->map, sizeof(s->map));
	memcpy(s->types, m->types, sizeof(s->types));
	for (order = 0; order < ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			for (i = 0; i < m->list[order][type].nr; i++)
				s->free[nr++] = m->list[order][type].at[i];
	for (cpu = 0; cpu < scene_cpus(m->scene); cpu++)
		store_cache(m, s, cpu);
	s->boost = m->boost;
	s->flags = m->flags;
	s->pinned = m->pinned;
}

static bool is_pinned(const struct model *m, unsigned int unit)
{
	return m->pinned & BIT(unit);
}

/* Free a block; pages with a reference become HELD, the runs between are free. */
static void free_apart(struct model *m, unsigned int head, unsigned int order)
{
	unsigned int i, run = head, end = head + block_units(order);

	for (i = head; i < end; i++) {
		if (!is_pinned(m, i))
			continue;
		model_free_range(m, run, i);
		m->map[i] = frame_make(FRAME_HELD, 0);
		run = i + 1;
	}
	model_free_range(m, run, end);
}

static int free_block(struct model *m, unsigned int head, unsigned int cpu)
{
	u8 byte = m->map[head];
	unsigned int order = frame_order(byte), i;
	bool whole = !is_pinned(m, head);

	/* Only an exposed block has tails that others may reference. */
	for (i = 1; i < block_units(order); i++)
		whole = whole && !(frame_has(byte, FRAME_EXPOSED) &&
				   is_pinned(m, head + i));
	m->map[head] = frame_make(FRAME_PCP, order);
	if (!whole)
		free_apart(m, head, order);
	else if (!model_cache_free(m, head, order, cpu))
		model_free(m, head, order);
	return 0;
}

static int rescan(struct model *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < UNITS; i++)
		if (frame_state(m->map[i]) == FRAME_HELD && !is_pinned(m, i)) {
			model_free(m, i, 0);
			nr++;
		}
	return nr;
}

static void drain_all(struct model *m)
{
	unsigned int cpu;

	for (cpu = 0; cpu < scene_cpus(m->scene); cpu++)
		model_cache_drain(m, cpu);
}

static int isolate(struct model *m, unsigned int pageblock)
{
	if (m->types[pageblock] & UMBRA_PB_ISOLATED)
		return -EBUSY;
	model_change(m, pageblock, m->types[pageblock] | UMBRA_PB_ISOLATED);
	drain_all(m);
	return 0;
}

static int unisolate(struct model *m, unsigned int pageblock)
{
	if (m->types[pageblock] & UMBRA_PB_ISOLATED)
		model_change(m, pageblock,
			     m->types[pageblock] & ~UMBRA_PB_ISOLATED);
	return 0;
}

static int expose(struct model *m, unsigned int head)
{
	m->map[head] |= frame_make(FRAME_EXPOSED, 0);
	return 0;
}

static int split(struct model *m, unsigned int head)
{
	unsigned int order = frame_order(m->map[head]);

	model_remove(m, head, order);
	model_split(m, head, order, 0);
	m->map[head] = frame_make(FRAME_ALLOC, 0);
	return 0;
}

static int operate(struct model *m, const struct operation *op)
{
	switch (op->kind) {
	case OP_TAKE:
		return model_take(m, &m->scene->requests[op->at], op->cpu);
	case OP_FREE:
		return free_block(m, op->at, op->cpu);
	case OP_SPLIT:
		return split(m, op->at);
	case OP_EXPOSE:
		return expose(m, op->at);
	case OP_PIN:
	case OP_UNPIN:
		m->pinned ^= BIT(op->at);
		return 0;
	case OP_RESCAN:
		return rescan(m);
	case OP_ISOLATE:
		return isolate(m, op->at);
	case OP_UNISOLATE:
		return unisolate(m, op->at);
	case OP_UNRESERVE:
		return model_unreserve(m, op->at, op->force);
	case OP_UNBOOST:
		m->boost = 0;
		return 0;
	case OP_DRAIN:
		model_cache_drain(m, op->cpu);
		return 0;
	default:
		drain_all(m);
		return 0;
	}
}

int model_operate(const struct scene *scene, struct state *s,
		  const struct operation *op)
{
	struct model m;
	int result;

	load(&m, scene, s);
	result = operate(&m, op);
	store(&m, s);
	return result;
}
