// SPDX-License-Identifier: GPL-2.0
/* The operations that a state allows, and the text of states and operations. */
#include <stdio.h>
#include "../../src/core/names.h"
#include "states.h"

struct operations {
	struct operation *ops;
	unsigned int nr;
};

static void add(struct operations *o, unsigned int kind, unsigned int at,
		unsigned int cpu)
{
	require(o->nr < MOST_OPERATIONS, "a state has too many operations");
	o->ops[o->nr++] = (struct operation) { kind, at, cpu };
}

static bool has(const struct scene *scene, enum operation_kind kind)
{
	return scene->kinds & BIT(kind);
}

static bool is_pinned(const struct state *s, unsigned int unit)
{
	return s->pinned & BIT(unit);
}

/* Others may reference the head of a block, and all pages of an exposed one. */
static void add_pins(struct operations *o, const struct scene *scene,
		     const struct state *s, unsigned int head)
{
	unsigned int nr = 1, i;

	if (frame_has(s->map[head], FRAME_EXPOSED))
		nr = 1U << frame_order(s->map[head]);
	else if (frame_order(s->map[head]))
		add(o, OP_EXPOSE, head, 0);
	for (i = head; i < head + nr; i++)
		if (!is_pinned(s, i) && hweight_long(s->pinned) < scene->most_pinned)
			add(o, OP_PIN, i, 0);
}

static void add_heads(struct operations *o, const struct scene *scene,
		      const struct state *s)
{
	unsigned int unit, cpu;

	for (unit = 0; unit < UNITS; unit++) {
		if (scene->used & BIT(unit))
			continue;
		if (has(scene, OP_PIN) && is_pinned(s, unit))
			add(o, OP_UNPIN, unit, 0);
		if (has(scene, OP_SPLIT) && frame_order(s->map[unit]) &&
		    frame_state(s->map[unit]) == FRAME_FREE)
			add(o, OP_SPLIT, unit, 0);
		if (!frame_is_allocated(s->map[unit]))
			continue;
		for (cpu = 0; cpu < scene_cpus(scene); cpu++)
			add(o, OP_FREE, unit, cpu);
		if (has(scene, OP_PIN))
			add_pins(o, scene, s, unit);
	}
}

static void add_zone(struct operations *o, const struct scene *scene,
		     const struct state *s)
{
	unsigned int i, force;

	for (i = 0; i < UNITS >> scene->pb_order && has(scene, OP_ISOLATE);
	     i++) {
		add(o, OP_ISOLATE, i, 0);
		add(o, OP_UNISOLATE, i, 0);
	}
	for (i = 0; i < UMBRA_PCPTYPES && has(scene, OP_UNRESERVE); i++)
		for (force = 0; force < 2; force++) {
			add(o, OP_UNRESERVE, i, 0);
			o->ops[o->nr - 1].force = force;
		}
	if (has(scene, OP_UNBOOST))
		add(o, OP_UNBOOST, 0, 0);
	if (has(scene, OP_RESCAN))
		add(o, OP_RESCAN, 0, 0);
}

static bool is_at_limit(const struct scene *scene, const struct state *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (scene->most_freed &&
		    s->cache[cpu].free_count > scene->most_freed)
			return true;
	return false;
}

/* Fill in the operations that a state allows. Returns their number. */
unsigned int operations_of(const struct scene *scene, const struct state *s,
			   struct operation *ops)
{
	struct operations o = { ops, 0 };
	unsigned int i, cpu;

	if (is_at_limit(scene, s))
		return 0;
	for (cpu = 0; cpu < scene_cpus(scene); cpu++) {
		for (i = 0; i < scene->nr_requests; i++)
			add(&o, OP_TAKE, i, cpu);
		if (has(scene, OP_DRAIN))
			add(&o, OP_DRAIN, 0, cpu);
	}
	if (has(scene, OP_DRAIN_ALL))
		add(&o, OP_DRAIN_ALL, 0, 0);
	add_heads(&o, scene, s);
	add_zone(&o, scene, s);
	return o.nr;
}

static const char * const kinds[NR_OPERATIONS] = {
	[OP_TAKE] = "take",
	[OP_FREE] = "free",
	[OP_SPLIT] = "split",
	[OP_EXPOSE] = "expose",
	[OP_PIN] = "reference",
	[OP_UNPIN] = "end the reference of",
	[OP_RESCAN] = "look at held pages",
	[OP_ISOLATE] = "isolate pageblock",
	[OP_UNISOLATE] = "end the isolation of pageblock",
	[OP_UNRESERVE] = "unreserve for type",
	[OP_UNBOOST] = "end the boost",
	[OP_DRAIN] = "drain the cache",
	[OP_DRAIN_ALL] = "drain all caches",
};

void print_operation(const struct scene *scene, const struct operation *op)
{
	const struct request *rq = &scene->requests[op->at];

	printf("#   CPU %u: %s", op->cpu, kinds[op->kind]);
	if (op->kind == OP_TAKE)
		printf(" order %u, %s, flags 0x%x", rq->order,
		       umbra_type_name(rq->type), rq->flags);
	else if (op->kind <= OP_UNPIN || op->kind == OP_ISOLATE ||
		 op->kind == OP_UNISOLATE || op->kind == OP_UNRESERVE)
		printf(" %u%s", op->at, op->force ? ", the last one too" : "");
	putchar('\n');
}

static void print_blocks(const struct state *s)
{
	unsigned int i;

	for (i = 0; i < UNITS; i++) {
		u8 byte = s->map[i];

		if (frame_state(byte) != FRAME_TAIL)
			printf(" %u:%s/%u%s", i,
			       umbra_frame_state_name(frame_state(byte)),
			       frame_order(byte), is_pinned(s, i) ? "!" : "");
	}
}

static void print_cache(const struct state *s, unsigned int cpu)
{
	const struct state_cache *c = &s->cache[cpu];
	unsigned int i;

	printf("#     cache %u: high %u, factor %u, freed %u%s;", cpu, c->high,
	       c->alloc_factor, c->free_count,
	       c->freed_high_order ? " of high order" : "");
	for (i = 0; i < UNITS && s->cached[cpu][i] != NONE; i++)
		printf(" %u of order %u, %s", s->cached[cpu][i] & CACHED_HEAD,
		       (s->cached[cpu][i] >> CACHED_BITS) / UMBRA_PCPTYPES,
		       umbra_type_name((s->cached[cpu][i] >> CACHED_BITS) %
				       UMBRA_PCPTYPES));
	putchar('\n');
}

void print_state(const struct scene *scene, const struct state *s)
{
	unsigned int i;

	printf("#    ");
	print_blocks(s);
	printf("\n#     pageblocks:");
	for (i = 0; i < UNITS >> scene->pb_order; i++)
		printf(" %s%s", umbra_type_name(s->types[i] &
						~UMBRA_PB_ISOLATED),
		       s->types[i] & UMBRA_PB_ISOLATED ? " (isolated)" : "");
	printf("\n#     lists:");
	for (i = 0; i < FREE_BLOCKS && s->free[i] != NONE; i++)
		printf(" %u", s->free[i]);
	printf("; boost %u, flags 0x%x\n", s->boost, s->flags);
	for (i = 0; i < scene_cpus(scene) && scene->batch; i++)
		print_cache(s, i);
}
