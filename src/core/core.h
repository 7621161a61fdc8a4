/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared data of an instance.
 *
 * Lock order: umbra.ranges_lock, umbra.control_lock, then either the xa_lock of
 * umbra.movables or umbra_zone.lock. The last two never nest in each other, and
 * two zone locks never nest. Zone locks are taken with interrupts off, because
 * a block may be freed from any context. umbra_accounts.lock and the xa_lock of
 * umbra.held_accounts may nest in a zone lock. A section of a per-CPU cache
 * (section.h) takes no lock.
 *
 * Usage of struct page fields:
 *
 * _refcount	one base reference per page belongs to umbra from acquire to
 *		release, in every state of the frame; a higher count means
 *		that others hold the page
 * lru		FREE head: link in the free list; PCP: words of a group of
 *		blocks, see pcp_list.c, or link of a block that is freed later;
 *		registered as movable: link in an LRU list, see lru.c
 * private	HELD: the account that is charged for the frame, or 0
 *
 * With UMBRA_DEBUG_GUARD a second reference belongs to umbra while a frame is
 * allocated. While a block is allocated, the caller may use all these fields
 * except the base reference, and except lru if the block is registered as
 * movable. No page flag and no page type is ever set.
 */
#ifndef _UMBRA_CORE_H
#define _UMBRA_CORE_H

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/fault-inject.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/ratelimit_types.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <umbra/umbra.h>
#include "../policy/policy.h"

struct umbra_address_group;
struct umbra_kcompactd;
struct umbra_kswapd;
struct umbra_latency;
struct umbra_owner;
struct umbra_pcp;
struct umbra_question;
struct umbra_recorder;
struct umbra_request;
struct umbra_slow_ops;
struct workqueue_struct;

/* The reference count of a page that only umbra holds. */
#define UMBRA_BASE_COUNT 1

#define UMBRA_NO_FRAME U32_MAX
#define UMBRA_NAME_LEN 16

/* The limit leaves room for alignment, so that every frame has an index. */
#define UMBRA_MAX_PAGES (S32_MAX & ~(BIT(UMBRA_MAX_ORDER) - 1))

#define UMBRA_DEFAULT_PB_ORDER 9
#define UMBRA_MAX_ZONES (UMBRA_MAX_NODES * UMBRA_NR_ZONE_TYPES)

struct umbra_free_area {
	struct list_head free_list[UMBRA_NR_TYPES];
	unsigned long nr_free[UMBRA_NR_TYPES];	/* blocks */
};

/* Guarded by the lock of the zone of the pageblock. */
struct umbra_pageblock {
	u8 type;		/* enum umbra_migratetype, see freelist.c */
	u8 zone;		/* index into umbra.zones; constant */
	u16 nr_held;		/* HELD frames in the pageblock */
};

/* The largest batch and high of per-CPU caches, in pages. */
#define UMBRA_PCP_MOST 65536

/* With automatic size, the caches of a zone keep at most 1/8 of its pages. */
#define UMBRA_PCP_FRACTION 8

#define UMBRA_PB_ISOLATED 0x80	/* a bit of umbra_pageblock.type */

enum umbra_wmark {
	UMBRA_WMARK_MIN,
	UMBRA_WMARK_LOW,
	UMBRA_WMARK_HIGH,
	UMBRA_WMARK_PROMO,
	UMBRA_NR_WMARKS
};

/* Bits of umbra_zone.flags, for atomic bit operations. */
enum umbra_zone_flag {
	ZONE_FLAG_BELOW_HIGH,	/* below high watermark: caches do not grow */
	ZONE_FLAG_BOOSTED,	/* a boost for which kswapd is not woken yet */
	ZONE_FLAG_KSWAPD_AWAKE,	/* of several nodes: take others first */
	ZONE_FLAG_RECLAIM_ACTIVE,	/* kswapd works: small caches */
	ZONE_FLAG_SUSPECT,	/* a page failed while its block was freed */
	ZONE_FLAG_BELOW_LOW,	/* below low watermark */
	ZONE_FLAG_LATER,	/* there are blocks in state LATER */
};

/* LRU lists of a node: blocks that the module may reclaim. */
enum umbra_lru_list {
	LRU_LIST_INACTIVE,
	LRU_LIST_ACTIVE,
	LRU_LIST_ISOLATED,	/* blocks that are isolated */
	UMBRA_NR_LRU_LISTS
};

/* Guarded by the xa_lock of umbra.movables. */
struct umbra_lru {
	struct list_head lists[UMBRA_NR_LRU_LISTS];	/* newest first */
	unsigned long nr[UMBRA_NR_LRU_LISTS];		/* pages; READ_ONCE */
	unsigned long seq;	/* counts the changes of the lists */
};

/* Compaction of a zone; guarded by the zone lock. */
struct umbra_zone_compact {
	u32 cached_migrate[2];	/* next position: async, sync */
	u32 cached_free;	/* next position */
	u32 first_migrate;	/* position after a reset */
	u32 first_free;		/* position after a reset */
	unsigned int considered;	/* requests since the last failure */
	unsigned int defer_shift;	/* log2 of the requests to pass over */
	unsigned int order_failed;	/* lowest order that failed */
	bool flush_skip;	/* kswapd must reset the skip hints */
};

struct umbra_zone {
	struct umbra *umbra;	/* constant, like all members up to @end */
	const char *name;
	enum umbra_zone_type type;
	unsigned int nid;
	u32 start;		/* first frame, pageblock-aligned */
	u32 end;		/* first frame after it */

	/* Written under umbra.control_lock; read with READ_ONCE. */
	unsigned long watermark[UMBRA_NR_WMARKS];
	unsigned long lowmem_reserve[UMBRA_NR_ZONE_TYPES];
	int pcp_batch;
	int pcp_high_min;
	int pcp_high_max;

	bool fast_caches;	/* that of the policy; constant */
	/* ALLOC_* of requests that prefer the zone, see gfp.c. READ_ONCE. */
	u16 nofragment;
	struct umbra_pcp __percpu *pcp;
	unsigned long flags;	/* enum umbra_zone_flag */
	/* Lower orders skip the watermark check. Written under @lock. */
	u8 fast_orders;		/* READ_ONCE/WRITE_ONCE */
	bool is_watched;	/* every change is reported; as above */

	/* Guards the members below, and the shape of blocks. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	struct llist_head later;	/* added to without the lock: later.c */
	unsigned long seq;	/* counts the changes made under the lock */
	unsigned long nr_free_pages;	/* without isolated pages */
	unsigned long nr_free_cma;	/* part of nr_free_pages */
	unsigned long nr_free_highatomic;	/* part of nr_free_pages */
	unsigned long watermark_boost;
	unsigned long nr_isolated;	/* free pages of isolated pageblocks */
	unsigned long nr_held;
	unsigned long nr_managed;	/* frames that are not OFFLINE */
	unsigned long fast_mark;	/* free pages that @fast_orders needs */
	unsigned long nr_free_before;	/* at the last reported change */
	u16 listed[UMBRA_NR_TYPES];	/* bitmap: orders with a free block */
	struct umbra_free_area free_area[UMBRA_NR_ORDERS];
	unsigned long nr_reserved_highatomic;
	struct umbra_zone_compact compact;

	/* Pages on the LRU lists; guarded by the xa_lock, READ_ONCE. */
	unsigned long nr_lru[UMBRA_NR_LRU_LISTS];

	/* Index by address; NULL unless the policy takes the lowest block. */
	struct umbra_address_group *by_address;
};

/*
 * A zone of a zonelist: its type in the upper byte, 1 + its index in the lower.
 * One word is read and written at once, so that a list can be walked while it
 * is rebuilt. 0 ends a list.
 */
typedef u16 umbra_zoneref_t;

enum {
	UMBRA_ZONELIST_FALLBACK,
	UMBRA_ZONELIST_NOFALLBACK,
	UMBRA_NR_ZONELISTS
};

struct umbra_zonelist {
	umbra_zoneref_t refs[UMBRA_MAX_ZONES + 1];
};

struct umbra_node {
	unsigned int nid;
	u8 zones[UMBRA_NR_ZONE_TYPES];	/* 1 + index into umbra.zones, or 0 */
	/* The first zone of each zonelist, by highest zone: 1 + index, or 0. */
	u8 first[UMBRA_NR_ZONELISTS][UMBRA_NR_ZONE_TYPES + 1];
	atomic_long_t nr_dirty;	/* pages */
	struct umbra_lru lru;
	struct umbra_kswapd *kswapd;	/* NULL without background reclaim */
	atomic_t kswapd_failures;	/* failed rounds in a row */
	unsigned long kswapd_gave_up;	/* jiffies of the last failure */
	bool kswapd_freed;	/* a free soon after; READ_ONCE/WRITE_ONCE */
	bool kswapd_running;	/* READ_ONCE/WRITE_ONCE */
	struct umbra_zonelist zonelists[UMBRA_NR_ZONELISTS];
};

/* Number of failed rounds after which kswapd gives up. */
#define UMBRA_KSWAPD_FAILURES 16

/* Has the kswapd of a node given up? It tries again after a page is freed. */
static inline bool umbra_node_is_hopeless(const struct umbra_node *node)
{
	return atomic_read(&node->kswapd_failures) >= UMBRA_KSWAPD_FAILURES;
}

/* Is the kswapd of a node awake? The answer may be out of date. */
static inline bool umbra_node_kswapd_is_awake(const struct umbra_node *node)
{
	return READ_ONCE(node->kswapd_running);
}

/* The zone and the migratetype that the lowest bits of a gfp name. */
struct umbra_gfp_kind {
	u8 highest;		/* enum umbra_zone_type, or UMBRA_NO_ZONE */
	u8 type;		/* enum umbra_migratetype, or UMBRA_NR_TYPES */
};

#define UMBRA_NO_ZONE UMBRA_NR_ZONE_TYPES
#define UMBRA_GFP_KINDS 32

/* Requests and tasks that wait for free memory; see wait.c. */
struct umbra_waiters {
	wait_queue_head_t memory;	/* requests that wait for a free */
	atomic_t nr_waiting;		/* requests on @memory */
	atomic_t nr_freed;		/* counts frees while a request waits */
	wait_queue_head_t low;		/* tasks that wait for low memory */
	atomic_long_t nr_low;		/* counts zones that fall below low */
	struct irq_work wake;		/* wakes both, outside zone locks */
};

enum umbra_oom_policy {
	UMBRA_OOM_FAIL,
	UMBRA_OOM_KILL
};

struct umbra_oom_state {
	struct mutex lock;		/* one kill at a time */
	struct blocking_notifier_head notifiers;
	unsigned int policy;		/* enum umbra_oom_policy; READ_ONCE */
};

struct umbra_accounts {
	spinlock_t lock;		/* innermost lock; see account.h */
	struct list_head list;
	atomic_t nr_victims;		/* accounts whose process was killed */
	bool victim_is_gone;	/* the last account of a victim was freed */
};

struct umbra_shrinkers {
	struct rw_semaphore lock;	/* guards @list */
	struct list_head list;
};

/* For memory policies of tasks; see mempolicy.c. */
struct umbra_mempolicy {
	umbra_nodemask_t regular_nodes;	/* with a zone below Movable; constant */
	u8 highest;	/* the highest zone type below Movable; constant */
	u8 weights[UMBRA_MAX_NODES];	/* READ_ONCE/WRITE_ONCE */
	atomic_t interleaved;	/* node of the last request */
	atomic_t weighted;	/* the same, and requests left for this node */
};

/* Frees the blocks that wait for it; see later.c. */
struct umbra_later {
	struct irq_work irq;
	struct work_struct work;
};

struct umbra_compact_state {
	unsigned int extfrag_threshold;	/* READ_ONCE/WRITE_ONCE */
	unsigned int proactiveness;	/* READ_ONCE/WRITE_ONCE */
	unsigned long *skip_blocks;	/* bitmap of pageblocks to skip */
	struct umbra_kcompactd *kcompactd;	/* by node; constant */
	struct workqueue_struct *wq;	/* runs kcompactd; constant */
};

/*
 * One allocator. A member is constant from creation to destruction, unless its
 * comment says otherwise.
 */
struct umbra {
	/* Members that every allocation and free reads. */
	u8 *map;		/* the frame map, see frame.h */
	struct umbra_pageblock *pageblocks;
	struct umbra_zone *zones;
	struct umbra_node *nodes;
	u8 *cpu_node;		/* the node of each CPU */
	unsigned int nr_nodes;
	unsigned int pb_order;
	unsigned int debug;	/* UMBRA_DEBUG_*; see umbra_debug_switch() */
	bool has_memory;	/* false: descriptors without memory */
	bool walled;		/* not every node is allowed; READ_ONCE */
	bool stopping;		/* accessed with READ_ONCE/WRITE_ONCE */
	struct umbra_gfp_kind kinds[UMBRA_GFP_KINDS];	/* see gfp.c */
	struct umbra_span spans[UMBRA_MAX_SPANS];
	unsigned int nr_spans;

	char name[UMBRA_NAME_LEN];
	const char *origin;	/* source of the pages, for display */
	struct umbra_policy policy;	/* a copy; see umbra_policy_get() */
	u32 nr_frames;		/* size of the index space, holes included */
	u32 broken_index;	/* frame of @broken, or UMBRA_NO_FRAME */
	const char *broken;	/* see assert.h; NULL: nothing is. READ_ONCE */
	unsigned int nr_zones;
	u8 *distance;		/* nr_nodes x nr_nodes */

	struct mutex ranges_lock;	/* guards the isolation of blocks */
	struct mutex control_lock;	/* guards tunables and drains */
	u32 *drain_buf;		/* for drains; guarded by @control_lock */
	seqcount_t zonelist_seq;	/* changes with the zonelists */
	umbra_nodemask_t online_nodes;	/* READ_ONCE/WRITE_ONCE */
	umbra_nodemask_t allowed_nodes;	/* READ_ONCE/WRITE_ONCE */
	/* The next members are guarded by @control_lock, up to @pcp_high_fraction. */
	long min_free_kbytes;
	unsigned int watermark_scale_factor;
	unsigned int lowmem_reserve_ratio[UMBRA_NR_ZONE_TYPES];
	int pcp_batch;		/* or UMBRA_AUTO */
	int pcp_high;		/* or UMBRA_AUTO */
	unsigned int pcp_high_fraction;	/* or 0: by the low watermark */
	unsigned int watermark_boost_factor;	/* READ_ONCE/WRITE_ONCE */
	unsigned int dirty_limit;		/* READ_ONCE/WRITE_ONCE */
	bool defrag_mode;			/* READ_ONCE/WRITE_ONCE */
	struct hlist_node cpuhp;	/* link in the CPU hotplug state */
	struct workqueue_struct *wq;	/* runs the work items below */
	struct work_struct drain_work;
	struct delayed_work decay_work;	/* of instances with background work */
	struct work_struct boost_work;
	struct umbra_later later;
	struct umbra_mempolicy mempolicy;

	struct dentry *files;	/* directory of the interface, or NULL */
	struct umbra_owner *owners;	/* by frame, with UMBRA_DEBUG_OWNER */

	struct xarray movables;	/* registered blocks by head; registry.h */
	wait_queue_head_t movable_wait;	/* for the end of an isolation */
	struct umbra_shrinkers shrinkers;
	struct umbra_compact_state compact;
	struct umbra_waiters wait;
	struct umbra_oom_state oom;
	struct umbra_accounts accounts;
	struct umbra_latency *latency;	/* constant */
	/*
	 * Guards @recorder, and the bits of @debug that change. @control_lock
	 * would deadlock: it nests inside the locks of CPU hotplug, which a
	 * static key takes.
	 */
	struct mutex debug_lock;
	struct umbra_recorder __rcu *recorder;	/* NULL: nothing is recorded */
	struct mutex explain_lock;	/* guards @question; one answer at a time */
	struct umbra_question *question;	/* to be explained, or NULL */
	unsigned int blame_order;	/* of places to look at; READ_ONCE */
	const struct umbra_slow_ops *slow_ops;	/* only tests change it */

	/* Node reclaim, see node_reclaim.c. READ_ONCE/WRITE_ONCE. */
	unsigned int zone_reclaim_mode;		/* RECLAIM_* of the host */
	unsigned int min_unmapped_ratio;	/* percent of a node */
	unsigned int min_slab_ratio;		/* percent of a node */
	unsigned long reclaimed_nodes;	/* bits: a request reclaims from them */
	/* NULL while @zone_reclaim_mode is 0. Returns whether pages were freed. */
	bool (*node_reclaim)(struct umbra_zone *zone,
			     const struct umbra_request *rq);

	struct xarray held_accounts;	/* of HELD frames, see held.c */
	struct delayed_work held_work;	/* on @wq; checks HELD frames again */
	unsigned long held_period;	/* jiffies; READ_ONCE/WRITE_ONCE */
	struct ratelimit_state report_limit;
	atomic_long_t nr_reports;	/* detected misuses, printed or not */
	struct ratelimit_state failure_limit;
	atomic_long_t nr_failures;	/* failed requests with a report */
	struct ratelimit_state shortage_limit;
#ifdef CONFIG_FAULT_INJECTION
	struct fault_attr fail_alloc;
#endif
};

#define for_each_umbra_zone(u, zone) \
	for ((zone) = (u)->zones; (zone) < (u)->zones + (u)->nr_zones; (zone)++)

static inline unsigned long umbra_nr_pageblocks(const struct umbra *u)
{
	return u->nr_frames >> u->pb_order;
}

/* The first frame of the pageblock of a frame. */
static inline u32 umbra_pageblock_start(const struct umbra *u, u32 index)
{
	return ALIGN_DOWN(index, 1U << u->pb_order);
}

/* The first frame after the pageblock of a frame. */
static inline u32 umbra_pageblock_end(const struct umbra *u, u32 index)
{
	return umbra_pageblock_start(u, index) + (1U << u->pb_order);
}

/* Walk the pageblocks from the frame @start up to @end, by their first frame. */
#define for_each_umbra_pageblock(u, index, start, end)			\
	for ((index) = (start); (index) < (end); (index) += 1U << (u)->pb_order)

static inline struct umbra_zone *umbra_frame_zone(const struct umbra *u,
						  u32 index)
{
	return &u->zones[u->pageblocks[index >> u->pb_order].zone];
}

/* The type of the free lists that the pageblock of a frame uses. */
static inline enum umbra_migratetype umbra_frame_type(const struct umbra *u,
						      u32 index)
{
	u8 type = READ_ONCE(u->pageblocks[index >> u->pb_order].type);

	return type & UMBRA_PB_ISOLATED ? UMBRA_ISOLATE : type;
}

/* The type of the pageblock of a frame, without regard to isolation. */
static inline enum umbra_migratetype umbra_pageblock_type(const struct umbra *u,
							  u32 index)
{
	return READ_ONCE(u->pageblocks[index >> u->pb_order].type) &
	       ~UMBRA_PB_ISOLATED;
}

static inline bool umbra_zone_is_suspect(const struct umbra_zone *zone)
{
	return unlikely(READ_ONCE(zone->flags) & BIT(ZONE_FLAG_SUSPECT));
}

static inline bool umbra_type_is_mergeable(enum umbra_migratetype type)
{
	return type < UMBRA_PCPTYPES;
}

/* Is a node at LOCAL_DISTANCE from itself, and at least as far from others? */
static inline bool umbra_distances_are_valid(const u8 *distance,
					     unsigned int nr_nodes)
{
	unsigned int i;

	for (i = 0; i < nr_nodes * nr_nodes; i++)
		if (distance[i] < LOCAL_DISTANCE ||
		    (i / nr_nodes == i % nr_nodes &&
		     distance[i] != LOCAL_DISTANCE))
			return false;
	return true;
}

static inline int umbra_current_node(const struct umbra *u)
{
	return u->cpu_node[raw_smp_processor_id()];
}

static inline unsigned int umbra_distance(const struct umbra *u,
					  unsigned int from, unsigned int to)
{
	return u->distance[from * u->nr_nodes + to];
}

/* The zone of a type in a node, or NULL. */
static inline struct umbra_zone *umbra_node_zone(const struct umbra *u,
						 const struct umbra_node *node,
						 enum umbra_zone_type type)
{
	return node->zones[type] ? &u->zones[node->zones[type] - 1] : NULL;
}

/* A watermark of a zone with its boost, in pages. */
static inline unsigned long umbra_mark(const struct umbra_zone *zone,
				       enum umbra_wmark mark)
{
	return READ_ONCE(zone->watermark[mark]) +
	       READ_ONCE(zone->watermark_boost);
}

/**
 * umbra_is_movable() - test whether a block is registered as movable
 * @u: the instance
 * @index: head of the block
 *
 * Context: any. The registration may end at any time, unless the caller
 * prevents it.
 * Return: true if it is registered.
 */
static inline bool umbra_is_movable(struct umbra *u, u32 index)
{
	return xa_load(&u->movables, index);
}

#endif /* _UMBRA_CORE_H */
