/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared data of an instance.
 *
 * Lock order: umbra_zone.lock is the innermost lock and the only one of the
 * core. It is taken with interrupts off, because blocks may be freed from
 * any context.
 *
 * Usage of struct page fields:
 *
 * _refcount	one base reference per page belongs to umbra from acquire to
 *		release, whatever the state of the frame; read to learn whether
 *		others hold the page
 * lru		FREE head: link in the free list
 * private	HELD: the account that is charged for the frame, or 0
 *
 * All of these belong to the caller while a block is allocated, except the
 * base reference. No page flag and no page type is ever set.
 */
#ifndef _UMBRA_CORE_H
#define _UMBRA_CORE_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <umbra/umbra.h>

/* References to a page that nobody but umbra holds. */
#define UMBRA_BASE_COUNT 1

#define UMBRA_NO_FRAME U32_MAX
#define UMBRA_NAME_LEN 16

/* So that every frame, with what alignment takes, has an index. */
#define UMBRA_MAX_PAGES (S32_MAX & ~(BIT(UMBRA_MAX_ORDER) - 1))

enum umbra_migratetype {
	UMBRA_UNMOVABLE,
	UMBRA_MOVABLE,
	UMBRA_RECLAIMABLE,
	UMBRA_NR_TYPES
};

struct umbra_free_area {
	struct list_head free_list[UMBRA_NR_TYPES];
	unsigned long nr_free[UMBRA_NR_TYPES];	/* blocks */
};

/* What is known of a pageblock; guarded by the lock of its zone. */
struct umbra_pageblock {
	u8 type;		/* enum umbra_migratetype */
	u8 zone;		/* index into umbra.zones, constant */
	u16 nr_held;		/* HELD frames in it */
};

struct umbra_zone {
	struct umbra *umbra;	/* constant, as all up to the lock */
	const char *name;
	unsigned int nid;
	u32 start;		/* first frame, pageblock-aligned */
	u32 end;		/* first frame after it */

	spinlock_t lock;	/* guards all below, and the shape of blocks */
	unsigned long seq;	/* counts the changes made under the lock */
	unsigned long nr_free_pages;
	unsigned long nr_held;
	unsigned long nr_managed;	/* frames that are not OFFLINE */
	bool suspect;		/* a page failed while its block was freed */
	struct umbra_free_area free_area[UMBRA_NR_ORDERS];
};

struct umbra_node {
	unsigned int nid;
	unsigned int first_zone;	/* index into umbra.zones */
	unsigned int nr_zones;
};

/*
 * One allocator. Everything not marked otherwise is constant from creation
 * to destruction.
 */
struct umbra {
	char name[UMBRA_NAME_LEN];
	const char *origin;	/* where the pages came from, for display */
	bool has_memory;	/* false: descriptors with nothing behind them */
	bool stopping;		/* accessed with READ_ONCE/WRITE_ONCE */
	unsigned int pb_order;

	u32 nr_frames;		/* size of the index space, holes included */
	u8 *map;		/* frame.h has the rules */
	struct umbra_pageblock *pageblocks;

	unsigned int nr_spans;
	struct umbra_span spans[UMBRA_MAX_SPANS];
	unsigned int nr_nodes;
	struct umbra_node *nodes;
	unsigned int nr_zones;
	struct umbra_zone *zones;

	struct delayed_work held_work;	/* looks at HELD frames again */
	unsigned long held_period;	/* jiffies; READ_ONCE/WRITE_ONCE */
	struct ratelimit_state report_limit;
	atomic_long_t nr_reports;	/* misuses seen, printed or not */
};

/* What is asked for; decided once and constant from then on. */
struct umbra_request {
	gfp_t gfp;
	unsigned int order;
	enum umbra_migratetype type;
};

#define for_each_umbra_zone(u, zone) \
	for (zone = (u)->zones; zone < (u)->zones + (u)->nr_zones; zone++)

static inline unsigned long umbra_nr_pageblocks(const struct umbra *u)
{
	return u->nr_frames >> u->pb_order;
}

static inline struct umbra_zone *umbra_frame_zone(const struct umbra *u,
						  u32 index)
{
	return &u->zones[u->pageblocks[index >> u->pb_order].zone];
}

static inline enum umbra_migratetype umbra_frame_type(const struct umbra *u,
						      u32 index)
{
	return u->pageblocks[index >> u->pb_order].type;
}

/* instance.c */

/* How to cut the frames of an instance up. */
struct umbra_layout {
	const char *origin;
	unsigned int pb_order;
	bool has_memory;
};

struct umbra *umbra_instance_create(const char *name,
				    const struct umbra_layout *layout,
				    const struct umbra_span *spans,
				    unsigned int nr_spans);
unsigned long umbra_instance_stop(struct umbra *u);
bool umbra_frame_releasable(struct umbra *u, struct page *page);
void umbra_instance_free(struct umbra *u);
struct page *umbra_index_to_page(const struct umbra *u, u32 index);
unsigned long umbra_index_to_pfn(const struct umbra *u, u32 index);
u32 umbra_pfn_to_index(const struct umbra *u, unsigned long pfn);
u32 umbra_page_to_index(const struct umbra *u, const struct page *page);

/* gfp.c */
void umbra_request_init(struct umbra_request *rq, gfp_t gfp,
			unsigned int order);

/* freelist.c */
void umbra_freelist_init(struct umbra_zone *zone);
void umbra_freelist_free(struct umbra_zone *zone, u32 index,
			 unsigned int order);
void umbra_freelist_remove(struct umbra_zone *zone, u32 index,
			   unsigned int order);
u32 umbra_freelist_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type);
u32 umbra_freelist_split(struct umbra_zone *zone, u32 index,
			 unsigned int order, unsigned int wanted);
u32 umbra_freelist_pop(struct umbra_zone *zone, unsigned int order,
		       enum umbra_migratetype type);
void umbra_freelist_free_range(struct umbra_zone *zone, u32 index, u32 end);

/* fallback.c */
u32 umbra_fallback_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type);

/* held.c */
void umbra_held_init(struct umbra *u);
void umbra_held_add(struct umbra_zone *zone, u32 index,
		    struct umbra_account *account);
bool umbra_held_check(struct umbra_zone *zone, u32 index);
unsigned long umbra_held_rescan(struct umbra *u);
void umbra_held_rescan_later(struct umbra *u);
void umbra_held_forget(struct umbra *u);

/* owner.c */
void umbra_account_hold(struct umbra_account *account);
void umbra_account_unhold(struct umbra_account *account);

/* report.c */
void umbra_report_order(struct umbra *u, const char *what, unsigned int order);
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order);
void umbra_report_frame(struct umbra *u, const char *what, u32 index);

/* snapshot.c */

/* A free block as a snapshot saw it. */
struct umbra_free_block {
	u32 index;
	u8 order;
	u8 type;
	u8 zone;
};

/* Frames of a batch of a walk by index, entries of one along a list. */
#define UMBRA_SNAPSHOT_BATCH BIT(UMBRA_MAX_ORDER)
#define UMBRA_LIST_BATCH 256

/**
 * struct umbra_free_snapshot - the free blocks of an instance
 * @nr: how many
 * @capacity: how many there is room for
 * @in_list_order: as the lists have them, at one moment for each zone; else
 *	in order of address, at one moment for each batch
 * @blocks: the blocks
 */
struct umbra_free_snapshot {
	unsigned long nr;
	unsigned long capacity;
	bool in_list_order;
	struct umbra_free_block blocks[] __counted_by(capacity);
};

unsigned long umbra_snapshot_buddyinfo(struct umbra_zone *zone,
				       unsigned long nr_free[UMBRA_NR_ORDERS]);
struct umbra_free_snapshot *umbra_snapshot_free(struct umbra *u);
unsigned int umbra_snapshot_frames(struct umbra *u, u32 index, u8 *buf,
				   unsigned int nr);
const char *umbra_type_name(enum umbra_migratetype type);

#endif /* _UMBRA_CORE_H */
