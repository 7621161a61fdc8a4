// SPDX-License-Identifier: GPL-2.0
/*
 * The search: from the state in which everything is free, every operation of
 * every state, until no operation makes a new state. The model predicts each
 * result. The shortest way to the first mistake is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "states.h"

struct found {
	struct state state;
	u32 before;			/* the state that it came from */
	struct operation op;		/* the operation that made it */
};

struct search {
	const struct scene *scene;
	struct instance *in;
	struct found *found;
	u32 nr;
	u32 room;
	u32 *table;			/* by hash: 1 + place in @found, or 0 */
	u32 mask;
	unsigned long steps;
};

static void *grow(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	require(p, "no memory");
	return p;
}

static u32 hash(const struct state *s)
{
	u64 word, h = 0x9e3779b97f4a7c15ULL;
	const u8 *bytes = (const u8 *)s;
	size_t i;

	static_assert(sizeof(*s) % sizeof(word) == 0);
	for (i = 0; i < sizeof(*s); i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	return h * 0xc4ceb9fe1a85ec53ULL >> 32;
}

static u32 *place_of(const struct search *f, const struct state *s)
{
	u32 at = hash(s) & f->mask;

	while (f->table[at] &&
	       memcmp(&f->found[f->table[at] - 1].state, s, sizeof(*s)))
		at = (at + 1) & f->mask;
	return &f->table[at];
}

static void make_room(struct search *f)
{
	u32 i;

	if (f->nr < f->room)
		return;
	f->room = f->room ? 2 * f->room : 1 << 16;
	f->found = grow(f->found, f->room * sizeof(*f->found));
	free(f->table);
	f->table = grow(NULL, 2UL * f->room * sizeof(*f->table));
	memset(f->table, 0, 2UL * f->room * sizeof(*f->table));
	f->mask = 2 * f->room - 1;
	for (i = 0; i < f->nr; i++)
		*place_of(f, &f->found[i].state) = i + 1;
}

/* Note a state. Returns true if it is new. */
static bool note(struct search *f, const struct state *s, u32 before,
		 const struct operation *op)
{
	u32 *place;

	make_room(f);
	place = place_of(f, s);
	if (*place)
		return false;
	f->found[f->nr] = (struct found) { *s, before, *op };
	*place = ++f->nr;
	return true;
}

static void print_way(const struct search *f, u32 at)
{
	if (!at)
		return;
	print_way(f, f->found[at].before);
	print_operation(f->scene, &f->found[at].op);
}

static bool report(const struct search *f, u32 at, const struct operation *op,
		   const struct state *is, int result,
		   const struct state *must, int right)
{
	printf("# the way from a free zone:\n");
	print_way(f, at);
	printf("#   in this state:\n");
	print_state(f->scene, &f->found[at].state);
	print_operation(f->scene, op);
	printf("#   is %d:\n", result);
	print_state(f->scene, is);
	printf("#   must be %d:\n", right);
	print_state(f->scene, must);
	return false;
}

/* Do one operation. Returns false if its result is wrong. */
static bool step(struct search *f, u32 at, const struct operation *op)
{
	const struct state from = f->found[at].state;
	struct state is, must = from;
	int result, right;

	instance_write(f->in, &from);
	result = instance_operate(f->in, &from, op);
	instance_read(f->in, &is);
	right = model_operate(f->scene, &must, op);
	f->steps++;
	if (result != right || memcmp(&is, &must, sizeof(is)))
		return report(f, at, op, &is, result, &must, right);
	if (note(f, &is, at, op) && !instance_is_good(f->in, &is))
		return report(f, at, op, &is, result, &must, right);
	return true;
}

static bool walk(struct search *f)
{
	struct operation ops[MOST_OPERATIONS];
	unsigned int nr, i;
	u32 at;

	for (at = 0; at < f->nr; at++) {
		nr = operations_of(f->scene, &f->found[at].state, ops);
		for (i = 0; i < nr; i++)
			if (!step(f, at, &ops[i]))
				return false;
	}
	return true;
}

/*
 * Search a scene, and print the result. With @pin the numbers of states and steps
 * must be those of the scene.
 */
bool search(const struct scene *scene, bool pin)
{
	struct search f = { .scene = scene };
	const struct operation start = { 0 };
	struct state first;
	bool good;

	f.in = instance_create(scene);
	instance_read(f.in, &first);
	note(&f, &first, 0, &start);
	good = instance_is_good(f.in, &first) && walk(&f);
	if (good && !instance_was_quiet(f.in)) {
		printf("# an operation was refused, or printed a warning\n");
		good = false;
	}
	if (good && pin &&
	    (f.nr != scene->nr_states || f.steps != scene->nr_steps)) {
		printf("# must be %lu states, %lu operations\n",
		       scene->nr_states, scene->nr_steps);
		good = false;
	}
	printf("%s: %s: %u states, %lu operations\n", good ? "ok" : "not ok",
	       scene->name, f.nr, f.steps);
	return good;
}
