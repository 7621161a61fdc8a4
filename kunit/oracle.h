/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oracle: the same steps by the host and by an instance. oracle.c has the
 * zones and the comparison; oracle_steps.c does a step, oracle_draw.c draws one;
 * oracle_text.c prints and reads steps, oracle_shorten.c drops those that a
 * divergence does not need; oracle_caches.c has the caches of CPUs, and
 * oracle_quiet.c zones of the host that only the oracle uses.
 */
#ifndef _UMBRA_ORACLE_H
#define _UMBRA_ORACLE_H

#include <linux/prandom.h>
#include <linux/printk.h>
#include <linux/types.h>

struct page;
struct umbra;
struct umbra_zone;
struct zone;

/* The largest number of pages of a bulk request, and of a range. */
#define ORACLE_BULK 200
#define ORACLE_RANGE 3072

/* The largest number of zones of a node. */
#define ORACLE_ZONES 4

enum oracle_kind {
	ORACLE_STEP_ALLOC,
	ORACLE_STEP_BULK,
	ORACLE_STEP_RANGE,
	ORACLE_STEP_FREE,
	ORACLE_NR_KINDS
};

/**
 * struct oracle_step - a request or a free
 * @kind: enum oracle_kind
 * @order: order of an allocation
 * @nr: number of pages of a bulk request or a range
 * @at: element of a bulk request that has a page before, if below @nr
 * @gfp: flags of a request
 * @block: number of the block that is allocated or freed; a bulk request has
 *	@nr numbers from here on
 * @frame: first frame of a range, in the instance
 */
struct oracle_step {
	u8 kind;
	u8 order;
	u16 nr;
	u16 at;
	u32 gfp;
	u32 block;
	u32 frame;
};

/**
 * struct oracle_block - a block that both have given
 * @frame: its first frame in the instance
 * @place: its place in oracle.held, plus 1; 0 if it is not held
 * @nr: number of pages of a range, or 0
 * @order: its order, if it is no range
 */
struct oracle_block {
	u32 frame;
	u32 place;
	u16 nr;
	u8 order;
};

/**
 * struct oracle_log - steps in a row
 * @steps: the steps
 * @nr: number of steps
 * @most: number of steps that there is room for
 */
struct oracle_log {
	struct oracle_step *steps;
	u32 nr;
	u32 most;
};

/**
 * struct oracle_zone - a zone of both
 * @host: the zone of the host
 * @index: its number in the node, as enum zone_type of the host
 * @ours: the zone of the instance
 * @base_pfn: page frame number of its first frame
 * @first: number of its first frame in the instance
 * @nr_frames: number of frames
 */
struct oracle_zone {
	struct zone *host;
	unsigned int index;
	struct umbra_zone *ours;
	unsigned long base_pfn;
	u32 first;
	u32 nr_frames;
};

/**
 * struct oracle - both allocators, and what they have given
 * @nid: node of the host
 * @zones: zones of the node, the lowest first
 * @nr_zones: number of zones
 * @caches: whether CPUs have caches
 * @silent: whether differences are not printed
 * @u: the instance
 * @pages: descriptors of the instance
 * @blocks: the blocks by number
 * @most: number of elements of @blocks and @held
 * @held: numbers of the blocks that are allocated
 * @nr_held: number of elements of @held in use
 * @log: the steps that were drawn
 * @next_block: number of the next block that is drawn
 * @rnd: state of the drawing
 * @filling: whether allocations are drawn more often than frees
 * @favourite: with several zones, the type and zone that many requests have until
 *	they fail
 * @nr_allocs: number of blocks that were allocated
 * @nr_ranges: number of ranges that were allocated
 * @nr_refused: number of ranges that both refused
 * @nr_failed: number of requests that failed
 * @nr_turns: number of times that a zone was full
 * @host_bulk: result of a bulk request to the host
 * @our_bulk: result of a bulk request to the instance
 */
struct oracle {
	int nid;
	struct oracle_zone zones[ORACLE_ZONES];
	unsigned int nr_zones;
	bool caches;
	bool silent;
	struct umbra *u;
	struct page *pages;
	struct oracle_block *blocks;
	u32 most;
	u32 *held;
	u32 nr_held;
	struct oracle_log log;
	u32 next_block;
	struct rnd_state rnd;
	bool filling;
	gfp_t favourite;
	unsigned long nr_allocs;
	unsigned long nr_ranges;
	unsigned long nr_refused;
	unsigned long nr_failed;
	unsigned long nr_turns;
	struct page *host_bulk[ORACLE_BULK];
	struct page *our_bulk[ORACLE_BULK];
};

#define oracle_tell(o, ...)					\
	do {							\
		if (!(o)->silent)				\
			pr_err(__VA_ARGS__);			\
	} while (0)

int oracle_begin(struct oracle *o);
int oracle_compare(struct oracle *o);
void oracle_end(struct oracle *o);

int oracle_do(struct oracle *o, const struct oracle_step *step);
void oracle_free_all(struct oracle *o);

void oracle_draw_begin(struct oracle *o, unsigned long seed);
int oracle_draw_step(struct oracle *o);

void oracle_print(const struct oracle_log *log);
int oracle_read(struct oracle_log *log, const char *path);

int oracle_replay(struct oracle *o, const struct oracle_log *log, u32 from,
		  u32 to, u32 *done);
void oracle_shorten(struct oracle *o);

void oracle_caches_reset(struct zone *host);
void oracle_caches_load(struct oracle *o, struct oracle_zone *zone);
int oracle_caches_differ(struct oracle *o, const struct oracle_zone *zone);

int oracle_quiet_begin(struct oracle *o);
int oracle_quiet_reset(struct oracle *o);
unsigned long oracle_quiet_end(void);

#endif /* _UMBRA_ORACLE_H */
