/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared data of an instance.
 *
 * Lock order: umbra.ranges, umbra.control, then the xa_lock of umbra.movables or
 * umbra_zone.lock, neither inside the other. Zone locks are taken with
 * interrupts off, because blocks may be freed from any context, and of two none
 * is taken inside the other; inside one there may be the lock of the accounts.
 * A section of a per-CPU cache (pcp.c) takes no lock at all.
 *
 * Usage of struct page fields:
 *
 * _refcount	one base reference per page belongs to umbra from acquire to
 *		release, whatever the state of the frame; read to learn whether
 *		others hold the page
 * lru		FREE head: link in the free list; PCP: what else is in the
 *		cache, see pcp_list.c; registered as movable: link in an LRU
 *		list, see lru.c
 * private	HELD: the account that is charged for the frame, or 0
 *
 * With UMBRA_DEBUG_GUARD a second reference is ours while a frame is
 * allocated. All of these belong to the caller while a block is allocated,
 * except the base reference, and lru while it is registered. No page flag and
 * no page type is ever set.
 */
#ifndef _UMBRA_CORE_H
#define _UMBRA_CORE_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/fault-inject.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/seqlock.h>
#include <linux/smp.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <umbra/umbra.h>
#include "../policy/policy.h"
#include "pressure.h"
#include "stats.h"

/* References to a page that nobody but umbra holds. */
#define UMBRA_BASE_COUNT 1

#define UMBRA_NO_FRAME U32_MAX
#define UMBRA_NAME_LEN 16

/* So that every frame, with what alignment takes, has an index. */
#define UMBRA_MAX_PAGES (S32_MAX & ~(BIT(UMBRA_MAX_ORDER) - 1))

#define UMBRA_DEFAULT_PB_ORDER 9
#define UMBRA_MAX_ZONES (UMBRA_MAX_NODES * UMBRA_NR_ZONE_TYPES)

struct umbra_free_area {
	struct list_head free_list[UMBRA_NR_TYPES];
	unsigned long nr_free[UMBRA_NR_TYPES];	/* blocks */
};

/* What is known of a pageblock; guarded by the lock of its zone. */
struct umbra_pageblock {
	u8 type;		/* enum umbra_migratetype, see freelist.c */
	u8 zone;		/* index into umbra.zones, constant */
	u16 nr_held;		/* HELD frames in it */
};

/* The largest batch and high of per-CPU caches, in pages. */
#define UMBRA_PCP_MOST 65536

#define UMBRA_PB_ISOLATED 0x80	/* in umbra_pageblock.type, over the type */

enum umbra_wmark {
	UMBRA_WMARK_MIN,
	UMBRA_WMARK_LOW,
	UMBRA_WMARK_HIGH,
	UMBRA_WMARK_PROMO,
	UMBRA_NR_WMARKS
};

/* Of umbra_zone.flags, with atomic bit operations. */
enum umbra_zone_flag {
	ZONE_FLAG_BELOW_HIGH,	/* caches should not grow */
	ZONE_FLAG_BOOSTED,	/* the boost has not woken anyone yet */
	ZONE_FLAG_SUSPECT,	/* a page failed while its block was freed */
	ZONE_FLAG_BELOW_LOW,	/* it fell below its low watermark */
};

struct umbra_pcp;
struct umbra_address_group;

struct umbra_zone {
	struct umbra *umbra;	/* constant, as all up to @end */
	const char *name;
	enum umbra_zone_type type;
	unsigned int nid;
	u32 start;		/* first frame, pageblock-aligned */
	u32 end;		/* first frame after it */

	/* Written under umbra.control, read with READ_ONCE. */
	unsigned long watermark[UMBRA_NR_WMARKS];
	unsigned long lowmem_reserve[UMBRA_NR_ZONE_TYPES];
	int pcp_batch;
	int pcp_high_min;
	int pcp_high_max;

	struct umbra_pcp __percpu *pcp;
	unsigned long flags;	/* enum umbra_zone_flag */
	/* Orders below need no look at a watermark. Written under @lock. */
	u8 fast_orders;		/* READ_ONCE/WRITE_ONCE */
	bool is_watched;	/* somebody cares for each change; as above */

	/* Guards all below, and the shape of blocks. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	unsigned long seq;	/* counts the changes made under the lock */
	unsigned long nr_free_pages;	/* without isolated ones */
	unsigned long nr_free_cma;	/* in nr_free_pages */
	unsigned long nr_free_highatomic;	/* in nr_free_pages */
	unsigned long watermark_boost;
	unsigned long nr_isolated;	/* free, in isolated pageblocks */
	unsigned long nr_reserved_highatomic;
	unsigned long nr_held;
	unsigned long nr_managed;	/* frames that are not OFFLINE */
	unsigned long fast_mark;	/* of free pages, for @fast_orders */
	unsigned long nr_free_before;	/* when a change was last told of */
	u16 listed[UMBRA_NR_TYPES];	/* orders with a free block, as bits */
	struct umbra_free_area free_area[UMBRA_NR_ORDERS];
	struct umbra_zone_compact compact;

	/* Pages on the LRU lists; guarded by the xa_lock, READ_ONCE. */
	unsigned long nr_lru[UMBRA_NR_LRU_LISTS];

	/* Where there are free blocks, if the policy takes the lowest. */
	struct umbra_address_group *by_address;
};

/*
 * A zone of a zonelist in one word, read and written at once, so that a list
 * can be walked while it is rebuilt. 0 ends a list.
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
	struct umbra_kswapd *kswapd;	/* NULL: nothing runs by itself */
	atomic_t kswapd_failures;	/* its rounds in vain, in a row */
	unsigned long kswapd_gave_up;	/* jiffies: when they were too many */
	bool kswapd_freed;	/* a page was, soon after; READ_ONCE/WRITE_ONCE */
	bool kswapd_running;	/* not asleep; READ_ONCE/WRITE_ONCE */
	struct umbra_zonelist zonelists[UMBRA_NR_ZONELISTS];
};

/* Rounds of kswapd in vain after which requests are left to themselves. */
#define UMBRA_KSWAPD_FAILURES 16

/* Has the kswapd of a node given up, until a page of the node is freed? */
static inline bool umbra_node_is_hopeless(const struct umbra_node *node)
{
	return atomic_read(&node->kswapd_failures) >= UMBRA_KSWAPD_FAILURES;
}

/* Does the kswapd of a node reclaim just now? A hint. */
static inline bool umbra_node_is_reclaimed(const struct umbra_node *node)
{
	return READ_ONCE(node->kswapd_running);
}

/* What the zone and mobility bits of a gfp ask for. */
struct umbra_gfp_kind {
	u8 highest;		/* enum umbra_zone_type, or UMBRA_NO_ZONE */
	u8 type;		/* enum umbra_migratetype, or UMBRA_NR_TYPES */
};

#define UMBRA_NO_ZONE UMBRA_NR_ZONE_TYPES
#define UMBRA_GFP_KINDS 32

struct umbra_owner;

/*
 * One allocator. Everything not marked otherwise is constant from creation
 * to destruction.
 */
struct umbra {
	/* What every allocation and free reads. */
	u8 *map;		/* frame.h has the rules */
	struct umbra_pageblock *pageblocks;
	struct umbra_zone *zones;
	struct umbra_node *nodes;
	u8 *cpu_node;		/* by CPU */
	unsigned int nr_nodes;
	unsigned int pb_order;
	unsigned int debug;	/* UMBRA_DEBUG_*; a bit of it changes, latency.h */
	bool has_memory;	/* false: descriptors with nothing behind them */
	bool walled;		/* not every node is allowed; READ_ONCE */
	bool stopping;		/* accessed with READ_ONCE/WRITE_ONCE */
	struct umbra_gfp_kind kinds[UMBRA_GFP_KINDS];	/* gfp.c */
	struct umbra_span spans[UMBRA_MAX_SPANS];
	unsigned int nr_spans;

	char name[UMBRA_NAME_LEN];
	const char *origin;	/* where the pages came from, for display */
	const struct umbra_policy *policy;
	u32 nr_frames;		/* size of the index space, holes included */
	unsigned int nr_zones;
	u8 *distance;		/* nr_nodes x nr_nodes */

	struct mutex ranges;	/* guards which pageblocks are isolated */
	struct mutex control;	/* guards tunables and drains */
	u32 *drain_buf;		/* of a drain, guarded by @control */
	seqcount_t zonelist_seq;	/* changes when zonelists do */
	umbra_nodemask_t online_nodes;	/* READ_ONCE/WRITE_ONCE */
	umbra_nodemask_t allowed_nodes;	/* READ_ONCE/WRITE_ONCE */
	long min_free_kbytes;	/* guarded by @control, as up to pcp_high */
	unsigned int watermark_scale_factor;
	unsigned int lowmem_reserve_ratio[UMBRA_NR_ZONE_TYPES];
	int pcp_batch;		/* or UMBRA_AUTO */
	int pcp_high;		/* or UMBRA_AUTO */
	unsigned int watermark_boost_factor;	/* READ_ONCE/WRITE_ONCE */
	unsigned int dirty_limit;		/* READ_ONCE/WRITE_ONCE */
	struct hlist_node cpuhp;	/* to hear of CPUs that went offline */
	struct work_struct drain_work;
	struct work_struct boost_work;

	struct dentry *files;	/* of whoever shows the instance; or NULL */
	struct umbra_owner *owners;	/* by frame, with UMBRA_DEBUG_OWNER */

	struct xarray movables;	/* struct umbra_movable by head, movable.c */
	wait_queue_head_t movable_wait;	/* for the end of an isolation */
	struct umbra_shrinkers shrinkers;
	struct umbra_compact_state compact;
	struct umbra_waiters wait;
	struct umbra_oom_state oom;
	struct umbra_accounts accounts;
	struct umbra_latency *latency;	/* constant */
	const struct umbra_slow_ops *slow_ops;	/* constant but for tests */

	struct delayed_work held_work;	/* looks at HELD frames again */
	unsigned long held_period;	/* jiffies; READ_ONCE/WRITE_ONCE */
	struct ratelimit_state report_limit;
	atomic_long_t nr_reports;	/* misuses seen, printed or not */
	struct ratelimit_state failure_limit;
	atomic_long_t nr_failures;	/* failed requests told of */
#ifdef CONFIG_FAULT_INJECTION
	struct fault_attr fail_alloc;
#endif
};

/* How to go about an allocation; the lowest two bits are a watermark. */
#define ALLOC_WMARK_MIN	UMBRA_WMARK_MIN
#define ALLOC_WMARK_LOW	UMBRA_WMARK_LOW
#define ALLOC_WMARK_MASK	3
#define ALLOC_NO_WATERMARKS BIT(2)
#define ALLOC_OOM		BIT(3)	/* half of the reserve, for a victim */
#define ALLOC_NON_BLOCK	BIT(4)	/* cannot wait: a part of the reserve */
#define ALLOC_MIN_RESERVE	BIT(5)	/* half of the reserve */
#define ALLOC_CPUSET	BIT(6)	/* mind the allowed nodes */
#define ALLOC_CMA		BIT(7)	/* may use CMA pageblocks */
#define ALLOC_NOFRAGMENT	BIT(8)	/* whole pageblocks change type only */
#define ALLOC_HIGHATOMIC	BIT(9)	/* may use the highatomic reserve */
#define ALLOC_TRYLOCK	BIT(10)	/* may not wait for a lock */
#define ALLOC_KSWAPD	BIT(11)	/* wakes kswapd */
#define ALLOC_RESERVES (ALLOC_NON_BLOCK | \
			      ALLOC_MIN_RESERVE | ALLOC_OOM)

/*
 * What is asked for; decided once and constant from then on. The slow path
 * works on copies.
 */
struct umbra_request {
	gfp_t gfp;
	unsigned int order;
	enum umbra_migratetype type;
	enum umbra_zone_type highest;
	unsigned int flags;		/* ALLOC_* */
	bool spread_dirty;
	bool hardwall;			/* no way over the allowed nodes */
	umbra_nodemask_t nodemask;
	int nid;			/* preferred */
	const struct umbra_zonelist *zonelist;
	struct umbra_zone *preferred;	/* first allowed zone, or NULL */
};

#define for_each_umbra_zone(u, zone) \
	for ((zone) = (u)->zones; (zone) < (u)->zones + (u)->nr_zones; (zone)++)

static inline unsigned long umbra_nr_pageblocks(const struct umbra *u)
{
	return u->nr_frames >> u->pb_order;
}

static inline struct umbra_zone *umbra_frame_zone(const struct umbra *u,
						  u32 index)
{
	return &u->zones[u->pageblocks[index >> u->pb_order].zone];
}

/* The type of the lists that free blocks of the pageblock are on. */
static inline enum umbra_migratetype umbra_frame_type(const struct umbra *u,
						      u32 index)
{
	u8 type = READ_ONCE(u->pageblocks[index >> u->pb_order].type);

	return type & UMBRA_PB_ISOLATED ? UMBRA_ISOLATE : type;
}

/* The type of the pageblock, isolated or not. */
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

/*
 * Leave the lock of a zone whose free pages or watermarks may have changed:
 * decide anew which orders it has plenty of. Whoever writes either leaves so.
 */
static inline void umbra_zone_unlock(struct umbra_zone *zone,
				     unsigned long flags)
	__releases(&zone->lock)
{
	unsigned long useful = zone->nr_free_pages - zone->nr_free_cma -
			       zone->nr_free_highatomic;
	unsigned int orders = 0;

	if (useful > zone->fast_mark)
		orders = fls(zone->listed[UMBRA_UNMOVABLE] |
			     zone->listed[UMBRA_MOVABLE] |
			     zone->listed[UMBRA_RECLAIMABLE]);
	if (unlikely(zone->fast_orders != orders || zone->is_watched))
		umbra_zone_changed(zone, orders);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static inline bool umbra_type_is_mergeable(enum umbra_migratetype type)
{
	return type < UMBRA_PCPTYPES;
}

/* instance.c */

int umbra_spans_place(struct umbra_span *spans, unsigned int nr_spans,
		      u32 *nr_frames);
struct umbra *umbra_instance_create(const char *name,
				    const struct umbra_layout *layout,
				    const struct umbra_span *spans,
				    unsigned int nr_spans);
unsigned long umbra_instance_stop(struct umbra *u);
bool umbra_frame_releasable(struct umbra *u, struct page *page);
void umbra_background_stop(struct umbra *u);
void umbra_instance_free(struct umbra *u);
size_t umbra_metadata_bytes(const struct umbra *u);
u32 umbra_pfn_to_index(const struct umbra *u, unsigned long pfn);
const struct umbra_span *umbra_index_span(const struct umbra *u, u32 index);
u32 umbra_page_to_index_far(const struct umbra *u, const struct page *page);

/* The descriptor of a frame that a span covers. */
static inline struct page *umbra_index_to_page(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = u->spans;

	if (unlikely(index - span->first >= span->nr_pages))
		span = umbra_index_span(u, index);
	return span->pages + (index - span->first);
}

static inline unsigned long umbra_index_to_pfn(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = umbra_index_span(u, index);

	return span->base_pfn + index - span->first;
}

/* The frame of any pointer to a descriptor; UMBRA_NO_FRAME if not of @u. */
static inline u32 umbra_page_to_index(const struct umbra *u,
				      const struct page *page)
{
	const struct umbra_span *span = u->spans;
	unsigned long offset = (unsigned long)page - (unsigned long)span->pages;

	if (likely(offset < span->nr_pages * sizeof(*page) &&
		   offset % sizeof(*page) == 0))
		return span->first + offset / sizeof(*page);
	return umbra_page_to_index_far(u, page);
}

/* gfp.c */
struct umbra_gfp_name {
	const char *name;
	const char *meant;
	const char *today;
};

void umbra_gfp_init(struct umbra *u);

/*
 * What the bits of a gfp that are about zone and mobility ask for; gfp.c sees to
 * it that they are the lowest ones.
 */
static inline const struct umbra_gfp_kind *umbra_gfp_kind(const struct umbra *u,
							  gfp_t gfp)
{
	return &u->kinds[(__force unsigned int)gfp % UMBRA_GFP_KINDS];
}

int umbra_request_init(struct umbra_request *rq, struct umbra *u, gfp_t gfp,
		       unsigned int order, int nid,
		       const umbra_nodemask_t *nodemask, unsigned int flags);
void umbra_request_slow(struct umbra_request *rq, struct umbra *u,
			const umbra_nodemask_t *nodemask);
unsigned int umbra_request_reserves(struct umbra *u,
				    const struct umbra_request *rq);
const struct umbra_gfp_name *umbra_gfp_old_name(unsigned int i);

/* zonelist.c */
int umbra_zonelist_create(struct umbra *u, const struct umbra_layout *layout);
void umbra_zonelist_destroy(struct umbra *u);
const char *umbra_zone_type_name(enum umbra_zone_type type);
struct umbra_zone *umbra_node_first_zone(const struct umbra *u,
					 const struct umbra_node *node);

/* The node of the current CPU. */
static inline int umbra_current_node(const struct umbra *u)
{
	return u->cpu_node[raw_smp_processor_id()];
}

/* The zone of a node that is of a type, or NULL. */
static inline struct umbra_zone *umbra_node_zone(const struct umbra *u,
						 const struct umbra_node *node,
						 enum umbra_zone_type type)
{
	return node->zones[type] ? &u->zones[node->zones[type] - 1] : NULL;
}

static inline struct umbra_zone *umbra_ref_zone(const struct umbra *u,
						umbra_zoneref_t ref)
{
	return &u->zones[(ref & 0xff) - 1];
}

const umbra_zoneref_t *umbra_zonelist_next(const struct umbra *u,
					   const umbra_zoneref_t *ref,
					   enum umbra_zone_type highest,
					   umbra_nodemask_t nodemask,
					   struct umbra_zone **zone);

/* Every zone of @list that is at most @highest and of a node in @mask. */
#define for_each_umbra_zoneref(u, zone, ref, list, highest, mask)	\
	for (ref = umbra_zonelist_next(u, (list)->refs, highest, mask, &zone); \
	     zone;							\
	     ref = umbra_zonelist_next(u, ref + 1, highest, mask, &zone))

/* watermark.c */
void umbra_watermark_init(struct umbra *u, const struct umbra_layout *layout);
void umbra_watermark_setup(struct umbra *u);
unsigned long umbra_low_pages(const struct umbra *u);
long umbra_auto_min_free(const struct umbra *u);
bool umbra_watermark_ok(const struct umbra_zone *zone, unsigned int order,
			unsigned long mark, enum umbra_zone_type highest,
			unsigned int flags);
bool umbra_watermark_with(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags, unsigned long more);
bool umbra_watermark_fast(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags);
bool umbra_watermark_boost(struct umbra_zone *zone);
void umbra_watermark_unboost(struct umbra_zone *zone, unsigned long pages);
void umbra_boost_init(struct umbra *u);
bool umbra_watermark_wake(struct umbra *u, bool now);
bool umbra_watermark_end_boosts(struct umbra *u,
				const struct umbra_request *rq);
unsigned long umbra_wmark(const struct umbra_zone *zone,
			  enum umbra_wmark mark);

/* freelist.c */
int umbra_freelist_init(struct umbra_zone *zone);
void umbra_freelist_exit(struct umbra_zone *zone);
size_t umbra_freelist_bytes(const struct umbra_zone *zone);
void umbra_freelist_free(struct umbra_zone *zone, u32 index,
			 unsigned int order);
void umbra_freelist_remove(struct umbra_zone *zone, u32 index,
			   unsigned int order);
u32 umbra_freelist_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type);
unsigned int umbra_freelist_take_many(struct umbra_zone *zone,
				      unsigned int order,
				      enum umbra_migratetype type, u32 *frames,
				      unsigned int nr, bool lines);
u32 umbra_freelist_split(struct umbra_zone *zone, u32 index,
			 unsigned int order, unsigned int wanted);
u32 umbra_freelist_first(struct umbra_zone *zone, unsigned int order,
			 enum umbra_migratetype type);
u32 umbra_freelist_pop(struct umbra_zone *zone, unsigned int order,
		       enum umbra_migratetype type);
void umbra_freelist_free_range(struct umbra_zone *zone, u32 index, u32 end);
void umbra_freelist_set_types(struct umbra *u, u32 index, unsigned int order,
			      enum umbra_migratetype type);
void umbra_freelist_remerge(struct umbra_zone *zone, u32 index);
unsigned int umbra_freelist_move(struct umbra_zone *zone, u32 index, u8 type);

/* fallback.c */
enum umbra_take_mode {
	TAKE_NORMAL,
	TAKE_CMA,
	TAKE_CLAIM,
	TAKE_STEAL,
};

u32 umbra_fallback_rmqueue(struct umbra_zone *zone, unsigned int order,
			   enum umbra_migratetype type, unsigned int flags,
			   enum umbra_take_mode *mode);
bool umbra_fallback_can_claim(const struct umbra_zone *zone,
			      unsigned int order, enum umbra_migratetype type);
void umbra_highatomic_reserve(struct umbra_zone *zone, u32 index,
			      unsigned int order);
bool umbra_highatomic_unreserve(struct umbra *u,
				const struct umbra_request *rq, bool force);

/* pcp.c */
int umbra_pcp_create(struct umbra *u, const struct umbra_layout *layout);
void umbra_pcp_destroy(struct umbra *u);
size_t umbra_pcp_bytes(const struct umbra *u);
void umbra_pcp_resize(struct umbra *u);
u32 umbra_pcp_alloc(struct umbra_zone *zone, const struct umbra_request *rq);
unsigned int umbra_pcp_alloc_bulk(struct umbra_zone *zone,
				  const struct umbra_request *rq, u32 *frames,
				  unsigned int nr);
void umbra_pcp_drain(struct umbra *u, umbra_nodemask_t nodes, int cpu,
		     bool force);
bool umbra_pcp_try_drain(struct umbra *u);
void umbra_pcp_drain_dead(struct umbra *u, unsigned int cpu);
unsigned long umbra_pcp_count(const struct umbra_zone *zone, int cpu);
int umbra_pcp_tune(struct umbra *u, int batch, int high);
int umbra_pcp_register(void);
void umbra_pcp_unregister(void);

/* alloc.c */
enum umbra_zone_take {
	ZONE_TAKE_RESERVES = BIT(0),	/* also of what is kept, if allowed to */
	ZONE_TAKE_LINES = BIT(1),	/* rather less than a part of a line */
};

unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, unsigned int how);
bool umbra_zone_is_allowed(const struct umbra_zone *zone,
			   const struct umbra_request *rq);
struct page *umbra_hand_out(struct umbra *u, u32 index, unsigned int order,
			    gfp_t gfp, unsigned int flags);
u32 umbra_take(struct umbra *u, const struct umbra_request *rq,
	       struct umbra_zone **boosted);

/* free.c */
unsigned long umbra_free_block(struct umbra *u, u32 index, unsigned int order,
			       bool scan, struct umbra_account *account);
unsigned long umbra_free_locked(struct umbra_zone *zone, u32 index,
				unsigned int order, bool looked_at,
				struct umbra_account *account);
bool umbra_free_prepare(struct umbra *u, u32 index, unsigned int order);
u32 umbra_free_captured(struct umbra *u, u32 index, unsigned int order,
			const struct umbra_request *rq);

/* slowpath.c */
u32 umbra_take_slow(struct umbra *u, const struct umbra_request *fast,
		    const umbra_nodemask_t *nodemask);

/* debug.c */
int umbra_debug_create(struct umbra *u, unsigned int debug);
void umbra_debug_destroy(struct umbra *u);

/* held.c */
void umbra_held_init(struct umbra *u);
void umbra_held_add(struct umbra_zone *zone, u32 index,
		    struct umbra_account *account);
bool umbra_held_check(struct umbra_zone *zone, u32 index);
unsigned long umbra_held_rescan(struct umbra *u);
void umbra_held_rescan_later(struct umbra *u);
void umbra_held_forget(struct umbra *u);

/* account.c */
void umbra_account_get(struct umbra_account *account);
void umbra_account_drop(struct umbra_account *account);
void umbra_account_hold(struct umbra_account *account);
void umbra_account_unhold(struct umbra_account *account);

/* report.c */
void umbra_report_order(struct umbra *u, const char *what, unsigned int order);
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order);
void umbra_report_frame(struct umbra *u, const char *what, u32 index);
void umbra_report_write(struct umbra *u, u32 index);
void umbra_report_guard(struct umbra *u, u32 index);
void umbra_report_flags(struct umbra *u, const char *what, gfp_t gfp);

/* snapshot.c */

/* Frames of a batch of a walk by index. */
#define UMBRA_SNAPSHOT_BATCH BIT(UMBRA_MAX_ORDER)

const char *umbra_type_name(enum umbra_migratetype type);

#endif /* _UMBRA_CORE_H */
