/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A search over every state of a small zone; see main.c.
 *
 * A zone has UNITS units, which are its last frames: pages, or larger blocks if
 * the scene has a shift. Orders, heads and pageblocks count units. All other
 * frames of the zone are in use, or do not exist.
 */
#ifndef _STATES_H
#define _STATES_H

#include "../../src/core/core.h"
#include "../../src/core/frame.h"
#include "../../src/core/request.h"

#define UNITS		8
#define ORDERS		4		/* of units */
#define PAGEBLOCKS	(UNITS / 2)	/* at most */
#define FREE_BLOCKS	(UNITS / 2)	/* at most, because buddies merge */
#define CPUS		2
#define SLOTS		(ORDERS * UMBRA_PCPTYPES)	/* lists of a cache */

#define NONE		0xff		/* no unit */
#define NO_BLOCK	(-1)		/* the result of a request that fails */
#define BOOSTED		0x100		/* in a result: kswapd must wake */

/* The cache of a CPU, without its blocks */
struct state_cache {
	u8 alloc_factor;
	u8 freed_high_order;
	u16 high;
	u16 free_count;
};

/*
 * Everything that decides what an operation does. Equal states have equal bytes.
 */
struct state {
	u8 map[UNITS];			/* bytes of the frame map */
	u8 types[PAGEBLOCKS];		/* as in struct umbra_pageblock */
	u8 free[FREE_BLOCKS];		/* heads, list by list, or NONE */
	u8 cached[CPUS][UNITS];		/* slot and head, slot by slot, or NONE */
	struct state_cache cache[CPUS];
	u16 boost;			/* pages */
	u8 flags;			/* of the zone */
	u8 pinned;			/* bitmap of units with a reference */
};

/* A block in a cache: its slot, and its head in the lowest bits */
#define CACHED_BITS	3
#define CACHED_HEAD	(UNITS - 1)

/* The flags of a zone that are a part of its state; others follow from it. */
#define STATE_FLAGS	(BIT(ZONE_FLAG_BELOW_HIGH) | BIT(ZONE_FLAG_BOOSTED))

struct request {
	u8 order;
	u8 type;
	u16 flags;			/* ALLOC_* */
};

enum operation_kind {
	OP_TAKE,
	OP_FREE,
	OP_SPLIT,
	OP_EXPOSE,
	OP_PIN,
	OP_UNPIN,
	OP_RESCAN,
	OP_ISOLATE,
	OP_UNISOLATE,
	OP_UNRESERVE,
	OP_UNBOOST,
	OP_DRAIN,
	OP_DRAIN_ALL,
	NR_OPERATIONS
};

struct operation {
	u8 kind;
	u8 at;		/* number of a request, head, pageblock, or type */
	u8 cpu;
	u8 force;	/* of OP_UNRESERVE */
};

/**
 * struct scene - a zone and the operations of a search
 * @name: name of the scene
 * @shift: log2 of the frames of a unit
 * @pb_order: order of a pageblock, from 1 to 2
 * @managed: number of pages of the zone
 * @nr_cma: units of CMA pageblocks, which are the last ones
 * @used: bitmap of units that are in use for good
 * @mark: the watermarks, in pages
 * @boost_factor: limit of the boost, as the tunable
 * @batch: pages that move to or from a cache; 0 for no caches
 * @high: pages that a cache may keep, or UMBRA_AUTO
 * @fast: true for the policy fast, false for mainline
 * @most_freed: states with a cache that counts more frees in a row have no
 *	successors; 0 for no limit
 * @most_pinned: pages that others reference at the same time, at most
 * @kinds: bitmap of operations, besides OP_TAKE and OP_FREE
 * @whole: true if only the whole set has the scene
 * @nr_requests: number of elements of @requests
 * @requests: the requests
 * @nr_states: number of states that the search must find
 * @nr_steps: number of operations that the search must do
 */
struct scene {
	const char *name;
	unsigned int shift;
	unsigned int pb_order;
	unsigned int managed;
	unsigned int nr_cma;
	unsigned int used;
	long mark[UMBRA_NR_WMARKS];
	unsigned int boost_factor;
	int batch;
	int high;
	bool fast;
	unsigned int most_freed;
	unsigned int most_pinned;
	unsigned int kinds;
	bool whole;
	unsigned int nr_requests;
	const struct request *requests;
	unsigned long nr_states;
	unsigned long nr_steps;
};

extern const struct scene scenes[];
extern const unsigned int nr_scenes;

static inline unsigned int scene_cpus(const struct scene *scene)
{
	return scene->batch ? CPUS : 1;
}

/* The instance of a scene */
struct instance;

struct instance *instance_create(const struct scene *scene);
void instance_read(struct instance *in, struct state *s);
void instance_write(struct instance *in, const struct state *s);
int instance_operate(struct instance *in, const struct state *s,
		     const struct operation *op);
bool instance_is_good(struct instance *in, const struct state *s);
bool instance_was_quiet(const struct instance *in);

/* The model: changes @s as the operation must change the zone */
int model_operate(const struct scene *scene, struct state *s,
		  const struct operation *op);

/* Operations */
#define MOST_OPERATIONS 128

unsigned int operations_of(const struct scene *scene, const struct state *s,
			   struct operation *ops);
void print_operation(const struct scene *scene, const struct operation *op);
void print_state(const struct scene *scene, const struct state *s);

/* End the program with a message, unless a condition holds */
void require(bool holds, const char *what);

bool search(const struct scene *scene, bool pin);

#endif /* _STATES_H */
