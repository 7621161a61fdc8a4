/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens when memory is short: kswapd, reclaim, compaction, migration,
 * OOM, and who waits for memory.
 *
 * Locks: umbra.movables.xa_lock guards the registration of movable blocks and
 * the LRU lists; it is taken in process context, nests inside everything of
 * the owners and inside umbra.control, and nothing nests inside it. An
 * owner's callback runs without a lock of ours, but for umbra.ranges while a
 * range is emptied; and from an allocation of anyone, so it may only try locks
 * that are held around allocations.
 */
#ifndef _UMBRA_PRESSURE_H
#define _UMBRA_PRESSURE_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <umbra/umbra.h>

struct umbra;
struct umbra_kcompactd;
struct umbra_kswapd;
struct umbra_latency;
struct umbra_layout;
struct umbra_node;
struct umbra_request;
struct umbra_zone;
struct workqueue_struct;

/* Results of compaction, from worst to best, as the host has them. */
enum umbra_compact_result {
	UMBRA_COMPACT_SKIPPED,	/* not suitable: too little is free, or enough */
	UMBRA_COMPACT_DEFERRED,	/* failed too often lately */
	UMBRA_COMPACT_CONTINUE,	/* not done yet; not a final result */
	UMBRA_COMPACT_COMPLETE,	/* all of the zone was scanned in vain */
	UMBRA_COMPACT_PARTIAL_SKIPPED,	/* a part of it was */
	UMBRA_COMPACT_CONTENDED,	/* given up: somebody waits */
	UMBRA_COMPACT_SUCCESS	/* a block of the order is there */
};

/* How hard to compact; a lower number is harder. */
enum umbra_compact_priority {
	UMBRA_COMPACT_PRIO_FULL,	/* sync, skip hints ignored */
	UMBRA_COMPACT_PRIO_LIGHT,	/* sync light */
	UMBRA_COMPACT_PRIO_ASYNC
};

/*
 * The parts that the slow path is made of; replaced by tests, which script
 * their outcomes. Each may sleep but wake_kswapd.
 */
struct umbra_slow_ops {
	void (*wake_kswapd)(struct umbra *u, const struct umbra_request *rq);
	unsigned long (*reclaim)(struct umbra *u,
				 const struct umbra_request *rq);
	enum umbra_compact_result
		(*compact)(struct umbra *u, const struct umbra_request *rq,
			   enum umbra_compact_priority priority, u32 *index);
	bool (*compact_suitable)(struct umbra *u,
				 const struct umbra_request *rq);
	unsigned long (*reclaimable)(const struct umbra_zone *zone);
	bool (*oom)(struct umbra *u, const struct umbra_request *rq);
	void (*wait)(struct umbra *u, int seen);
};

extern const struct umbra_slow_ops umbra_slow_ops;

/* Pages of one node that their owners gave a way to reclaim. */
enum umbra_lru_list {
	LRU_LIST_INACTIVE,
	LRU_LIST_ACTIVE,
	LRU_LIST_ISOLATED,	/* in the hands of somebody */
	UMBRA_NR_LRU_LISTS
};

/* Guarded by the xa_lock of umbra.movables. */
struct umbra_lru {
	struct list_head lists[UMBRA_NR_LRU_LISTS];	/* newest first */
	unsigned long nr[UMBRA_NR_LRU_LISTS];		/* pages; READ_ONCE */
	unsigned long seq;	/* counts the changes of the lists */
};

/* Where the scanners of compaction go on; guarded by the zone lock. */
struct umbra_zone_compact {
	u32 cached_migrate[2];	/* async, sync */
	u32 cached_free;
	u32 first_migrate;	/* where scanners begin after a reset */
	u32 first_free;
	unsigned int considered;
	unsigned int defer_shift;
	unsigned int order_failed;
	bool flush_skip;	/* forget the skip hints before kswapd sleeps */
};

enum umbra_oom_policy {
	UMBRA_OOM_FAIL,
	UMBRA_OOM_KILL
};

/* Requests and tasks that wait for free memory; see wait.c. */
struct umbra_waiters {
	wait_queue_head_t memory;	/* for memory that comes free */
	atomic_t nr_waiting;		/* on @memory */
	atomic_t nr_freed;		/* counts frees while a request waits */
	wait_queue_head_t low;		/* for a zone that falls below low */
	atomic_long_t nr_low;		/* how often one fell */
	struct irq_work wake;		/* wakes both from under a zone lock */
};

struct umbra_oom_state {
	struct mutex lock;		/* one kill at a time */
	struct blocking_notifier_head notifiers;
	unsigned int policy;		/* enum umbra_oom_policy; READ_ONCE */
};

struct umbra_accounts {
	spinlock_t lock;		/* innermost; guards @list */
	struct list_head list;
	atomic_t nr_victims;		/* accounts whose opener was killed */
	bool victim_is_gone;	/* since the last judgement; by @lock */
};

struct umbra_shrinkers {
	struct rw_semaphore lock;	/* guards @list */
	struct list_head list;
};

struct umbra_compact_state {
	unsigned int extfrag_threshold;	/* READ_ONCE/WRITE_ONCE */
	unsigned int proactiveness;	/* READ_ONCE/WRITE_ONCE */
	unsigned long *skip_blocks;	/* pageblocks not worth a look, as bits */
	struct umbra_kcompactd *kcompactd;	/* by node, constant */
	struct workqueue_struct *wq;	/* where it runs; constant */
};

/* pressure.c */
void umbra_wait_init(struct umbra *u);
void umbra_wait_destroy(struct umbra *u);
void umbra_zone_changed(struct umbra_zone *zone, unsigned int orders);
void umbra_node_freed(struct umbra_node *node);
void umbra_pressure_watch(struct umbra *u);
void umbra_memory_wait_begin(struct umbra *u);
void umbra_memory_wait_end(struct umbra *u);
int umbra_memory_freed(struct umbra *u);
void umbra_memory_wait(struct umbra *u, int seen);

/* lru.c */

/* Pages of blocks that were looked at, and of those passed over. */
struct umbra_lru_seen {
	unsigned long scanned;
	unsigned long passed;
};

void umbra_lru_create(struct umbra *u);
unsigned int umbra_lru_isolate(struct umbra *u, struct umbra_node *node,
			       enum umbra_zone_type highest, u32 *frames,
			       unsigned int nr, struct umbra_lru_seen *seen);
void umbra_lru_age(struct umbra *u, struct umbra_node *node,
		   enum umbra_zone_type highest, unsigned int nr,
		   struct umbra_lru_seen *seen);

/* movable.c */
void umbra_movables_init(struct umbra *u);
void umbra_movables_destroy(struct umbra *u);
struct umbra_movable *umbra_movable_of(struct umbra *u, u32 index);
struct umbra_movable *umbra_movable_isolate(struct umbra *u, u32 index);
void umbra_movable_putback(struct umbra *u, u32 index);
int umbra_movable_migrate(struct umbra *u, u32 dst, u32 src,
			  enum umbra_migrate_mode mode);
unsigned long umbra_movable_reclaim(struct umbra *u, u32 index, gfp_t gfp);

/* reclaim.c */
void umbra_shrinkers_init(struct umbra *u);
unsigned long umbra_reclaim_direct(struct umbra *u,
				   const struct umbra_request *rq);
unsigned long umbra_zone_reclaimable(const struct umbra_zone *zone);

/**
 * struct umbra_scan - one pass of reclaim over a node
 * @gfp: what callbacks may do
 * @order: order that is wanted
 * @highest: pages of higher zones are of no use
 * @priority: so much of it is looked at: 1/2^priority
 * @nr_to_reclaim: when to stop, in pages
 * @nr_reclaimed: pages freed so far
 * @nr_scanned: pages of LRU lists looked at so far
 * @is_kswapd: who does it
 * @waited: for what others had isolated
 */
struct umbra_scan {
	gfp_t gfp;
	unsigned int order;
	enum umbra_zone_type highest;
	int priority;
	unsigned long nr_to_reclaim;
	unsigned long nr_reclaimed;
	unsigned long nr_scanned;
	bool is_kswapd;
	bool waited;
};

#define UMBRA_SCAN_PRIORITY 12

void umbra_shrink_node(struct umbra *u, struct umbra_node *node,
		       struct umbra_scan *scan);

/* kswapd.c */
int umbra_kswapd_start(struct umbra *u);
void umbra_kswapd_stop(struct umbra *u);
void umbra_kswapd_destroy(struct umbra *u);
void umbra_kswapd_wake_all(struct umbra *u, const struct umbra_request *rq);
void umbra_kswapd_wake(struct umbra_zone *zone, gfp_t gfp, unsigned int order,
		       enum umbra_zone_type highest);
u32 umbra_take_waking(struct umbra *u, const struct umbra_request *rq);
bool umbra_kswapd_throttle(struct umbra *u, const struct umbra_request *rq);

/* compact.c */
void umbra_compact_init(struct umbra *u);
int umbra_compact_create(struct umbra *u, const struct umbra_layout *layout);
void umbra_compact_stop(struct umbra *u);
void umbra_compact_destroy(struct umbra *u);
size_t umbra_compact_bytes(const struct umbra *u);
enum umbra_compact_result
umbra_compact_direct(struct umbra *u, const struct umbra_request *rq,
		     enum umbra_compact_priority priority, u32 *index);
bool umbra_compact_suitable(struct umbra *u, const struct umbra_request *rq);
void umbra_compact_worked(struct umbra_zone *zone, unsigned int order);
unsigned long umbra_compact_gap(unsigned int order);

/* compact_hints.c */
void umbra_compact_flush_hints(struct umbra *u, unsigned int nid);

/* compact_move.c */
int umbra_compact_migrate_range(struct umbra_zone *zone, u32 start, u32 end);

/* kcompactd.c */
void umbra_compact_wake(struct umbra *u, unsigned int nid, unsigned int order,
			enum umbra_zone_type highest);
void umbra_compact_set_proactiveness(struct umbra *u, unsigned int value);

/* oom.c */
bool umbra_oom(struct umbra *u, const struct umbra_request *rq);
bool umbra_oom_is_victim(struct umbra *u);
void umbra_oom_report_holders(struct umbra *u);
void umbra_oom_remember(struct umbra_account *account);
void umbra_oom_forget(struct umbra_account *account);
void umbra_oom_init(struct umbra *u);
void umbra_accounts_init(struct umbra *u);
void umbra_accounts_leave(struct umbra *u);

/* report.c */
void umbra_report_failure(struct umbra *u, const struct umbra_request *rq);
void umbra_report_stall(struct umbra *u, const struct umbra_request *rq,
			unsigned int seconds);

/* latency.c */
enum umbra_latency_kind {
	LATENCY_FAST,		/* only while it is asked for */
	LATENCY_SLOW,
	LATENCY_RECLAIM,
	LATENCY_COMPACT,
	NR_LATENCY_KINDS
};

void umbra_latency_add(struct umbra *u, enum umbra_latency_kind kind,
		       unsigned int order, u64 start_ns);

#endif /* _UMBRA_PRESSURE_H */
