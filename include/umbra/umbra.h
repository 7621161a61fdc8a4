/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel API of umbra, a page allocator over a region of its own.
 *
 * An instance serves requests with blocks of 2^order physically contiguous
 * pages, which have the host's struct page descriptors. Two rules differ from
 * alloc_pages():
 *
 * - An allocation is not a page reference. Every page of an instance has one
 *   reference that belongs to umbra, allocated or not. An owner returns a block
 *   with umbra_free_pages(), and must never drop that last reference.
 * - A page that is still referenced when it is freed is held back. It returns
 *   to the free lists when the last of those references is gone.
 */
#ifndef _UMBRA_H
#define _UMBRA_H

#include <linux/bits.h>
#include <linux/gfp_types.h>
#include <linux/types.h>

struct notifier_block;
struct page;
struct pid;
struct umbra;
struct umbra_account;
struct umbra_policy;
struct wait_queue_head;

/* The order of the largest block. */
#define UMBRA_MAX_ORDER 10
#define UMBRA_NR_ORDERS (UMBRA_MAX_ORDER + 1)

/* The maximum number of spans of an instance. */
#define UMBRA_MAX_SPANS 16

/**
 * struct umbra_span - a run of pages with consecutive descriptors
 * @pages: descriptor of the first page
 * @base_pfn: page frame number of the first page
 * @nr_pages: number of pages
 * @first: index of the first frame in the instance; set by umbra
 */
struct umbra_span {
	struct page *pages;
	unsigned long base_pfn;
	u32 nr_pages;
	u32 first;
};

/* The maximum number of nodes of an instance; nodes have numbers from 0. */
#define UMBRA_MAX_NODES 32

/**
 * enum umbra_zone_type - the zones that a node may have, the lowest first
 * @UMBRA_ZONE_DMA: zone for requests with %__GFP_DMA
 * @UMBRA_ZONE_DMA32: zone for requests with %__GFP_DMA32
 * @UMBRA_ZONE_NORMAL: zone for requests without a zone flag
 * @UMBRA_ZONE_HIGHMEM: zone for requests with %__GFP_HIGHMEM; its pages have
 *	no kernel address
 * @UMBRA_ZONE_MOVABLE: zone for requests with %__GFP_HIGHMEM and %__GFP_MOVABLE
 * @UMBRA_NR_ZONE_TYPES: number of zone types
 */
enum umbra_zone_type {
	UMBRA_ZONE_DMA,
	UMBRA_ZONE_DMA32,
	UMBRA_ZONE_NORMAL,
	UMBRA_ZONE_HIGHMEM,
	UMBRA_ZONE_MOVABLE,
	UMBRA_NR_ZONE_TYPES
};

/**
 * enum umbra_migratetype - what the pages of a pageblock have in common
 * @UMBRA_UNMOVABLE: pages that stay where they are
 * @UMBRA_MOVABLE: pages that can be moved
 * @UMBRA_RECLAIMABLE: pages that can be reclaimed
 * @UMBRA_PCPTYPES: number of types that the caches of CPUs keep
 * @UMBRA_HIGHATOMIC: reserve for requests above order 0 that cannot sleep
 * @UMBRA_CMA: pages for movable requests only
 * @UMBRA_ISOLATE: pages that serve no request
 * @UMBRA_NR_TYPES: number of migratetypes
 */
enum umbra_migratetype {
	UMBRA_UNMOVABLE,
	UMBRA_MOVABLE,
	UMBRA_RECLAIMABLE,
	UMBRA_PCPTYPES,
	UMBRA_HIGHATOMIC = UMBRA_PCPTYPES,
	UMBRA_CMA,
	UMBRA_ISOLATE,
	UMBRA_NR_TYPES
};

/* A set of nodes; bit n stands for node n. */
typedef u32 umbra_nodemask_t;

#define UMBRA_ALL_NODES ((umbra_nodemask_t)~0U)
#define UMBRA_NO_NODE (-1)

/* The debugging of an instance, chosen when it is created. */
#define UMBRA_DEBUG_POISON	BIT(0)	/* a pattern in free memory */
#define UMBRA_DEBUG_GUARD	BIT(1)	/* a second reference while allocated */
#define UMBRA_DEBUG_REFS	BIT(2)	/* every count read on free */
#define UMBRA_DEBUG_OWNER	BIT(3)	/* task and stack of each block */
#define UMBRA_DEBUG_ALL		(BIT(4) - 1)

/* For tunables of a layout: the value that the host would compute. */
#define UMBRA_AUTO (-1)

/**
 * struct umbra_zone_layout - one zone of an instance
 * @nid: node of the zone
 * @type: type of the zone; a node has each type at most once
 * @nr_frames: size in frames, a multiple of a pageblock; 0 for the rest
 * @nr_cma: number of frames at the end of the zone for movable requests only, a
 *	multiple of a pageblock
 */
struct umbra_zone_layout {
	unsigned int nid;
	enum umbra_zone_type type;
	u32 nr_frames;
	u32 nr_cma;
};

/**
 * struct umbra_layout - nodes, zones and tunables of an instance to be created
 * @origin: origin of the pages, for display; must outlive the instance
 * @pb_order: order of a pageblock, at most %UMBRA_MAX_ORDER
 * @has_memory: whether there is memory behind the descriptors
 * @nr_zones: number of elements of @zones; 0 for one Normal zone of all frames
 * @zones: zones in the order of the frames; within a node the lowest first
 * @distance: distances from node to node, row by row; NULL for 10 on a node and
 *	20 between two nodes
 * @cpu_node: node of each of the nr_cpu_ids CPUs; NULL for the number of the
 *	CPU modulo the number of nodes
 * @policy: name of the policy; NULL for mainline
 * @debug: UMBRA_DEBUG_* bits
 * @min_free_kbytes: reserve that the watermarks are computed from, in KiB, or
 *	%UMBRA_AUTO
 * @watermark_scale_factor: distance between watermarks, in 1/10000 of a zone
 * @watermark_boost_factor: limit of a boost, in 1/10000 of the high watermark
 * @lowmem_reserve_ratio: for each zone type, the divisor N of a reserve: the
 *	zone keeps 1/N of the pages of the zones above it from requests that
 *	those zones could serve; 0 for no reserve
 * @dirty_limit: percent of the dirtyable pages of a node that may be dirty
 *	before %__GFP_WRITE prefers another node; 0 for no limit. Dirtyable are
 *	free pages above high watermarks and lowmem reserves, and pages on LRU
 *	lists.
 * @pcp_batch: number of pages moved at once between a zone and the cache of a
 *	CPU; 0 for no caches, or %UMBRA_AUTO
 * @pcp_high: number of pages that the cache of a CPU may keep of a zone, or
 *	%UMBRA_AUTO
 * @background: whether kswapd and kcompactd run
 *
 * A layout of zeroes makes an instance without caches and without reserves,
 * except for the 32 pages that a HighMem or Movable zone keeps at least.
 * umbra_layout_init() fills in the values of the host.
 */
struct umbra_layout {
	const char *origin;
	unsigned int pb_order;
	bool has_memory;
	unsigned int nr_zones;
	const struct umbra_zone_layout *zones;
	const u8 *distance;
	const u8 *cpu_node;
	const char *policy;
	unsigned int debug;
	long min_free_kbytes;
	unsigned int watermark_scale_factor;
	unsigned int watermark_boost_factor;
	unsigned int lowmem_reserve_ratio[UMBRA_NR_ZONE_TYPES];
	unsigned int dirty_limit;
	int pcp_batch;
	int pcp_high;
	bool background;
};

void umbra_layout_init(struct umbra_layout *layout);
struct umbra *umbra_create(const char *name, const struct umbra_layout *layout,
			   const struct umbra_span *spans,
			   unsigned int nr_spans);
unsigned long umbra_destroy(struct umbra *u,
			    void (*lost)(void *arg, struct page *page),
			    void *arg);

struct umbra *umbra_get_default(void);
void umbra_put(struct umbra *u);

/*
 * Blocks. Without a node (a negative one) the memory policy of the task applies,
 * or the node of this CPU is preferred.
 */
struct page *umbra_alloc_pages_nodemask(struct umbra *u, gfp_t gfp,
					unsigned int order, int nid,
					const umbra_nodemask_t *nodemask);
struct page *umbra_alloc_pages_nolock(struct umbra *u, gfp_t gfp, int nid,
				      unsigned int order);
unsigned long umbra_alloc_pages_bulk(struct umbra *u, gfp_t gfp, int nid,
				     const umbra_nodemask_t *nodemask,
				     unsigned int nr_pages,
				     struct page **pages);
int umbra_free_pages_account(struct umbra *u, struct page *page,
			     unsigned int order, struct umbra_account *account);
int umbra_free_pages_nolock(struct umbra *u, struct page *page,
			    unsigned int order);
void umbra_free_pages_bulk(struct umbra *u, struct page **pages,
			   unsigned long nr_pages);
void umbra_report_shortage(struct umbra *u, gfp_t gfp, unsigned int order);

/**
 * umbra_alloc_pages_node() - allocate a block, from a preferred node
 * @u: instance
 * @nid: preferred node, or negative as for umbra_alloc_pages_nodemask()
 * @gfp: flags as for alloc_pages()
 * @order: order of the block, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the first page of the block, or NULL.
 */
static inline struct page *umbra_alloc_pages_node(struct umbra *u, int nid,
						  gfp_t gfp,
						  unsigned int order)
{
	return umbra_alloc_pages_nodemask(u, gfp, order, nid, NULL);
}

/**
 * umbra_alloc_pages() - allocate a block from the nodes that the task prefers
 * @u: instance
 * @gfp: flags as for alloc_pages()
 * @order: order of the block, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the first page of the block, or NULL.
 */
static inline struct page *umbra_alloc_pages(struct umbra *u, gfp_t gfp,
					     unsigned int order)
{
	return umbra_alloc_pages_nodemask(u, gfp, order, UMBRA_NO_NODE, NULL);
}

/**
 * umbra_alloc_page() - allocate one page
 * @u: instance
 * @gfp: flags as for alloc_pages()
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the page, or NULL.
 */
static inline struct page *umbra_alloc_page(struct umbra *u, gfp_t gfp)
{
	return umbra_alloc_pages(u, gfp, 0);
}

/**
 * umbra_free_pages() - free a block
 * @u: instance that the block came from
 * @page: first page of the block
 * @order: order of the block
 *
 * The same as umbra_free_pages_account() without an account. A wrong free is
 * reported and changes nothing.
 *
 * Context: Any context except NMI, does not sleep. May take a zone lock; on
 * PREEMPT_RT not with preemption or interrupts off.
 */
static inline void umbra_free_pages(struct umbra *u, struct page *page,
				    unsigned int order)
{
	umbra_free_pages_account(u, page, order, NULL);
}

/**
 * umbra_free_page() - free one page
 * @u: instance that the page came from
 * @page: a block of order 0
 *
 * Context: As umbra_free_pages().
 */
static inline void umbra_free_page(struct umbra *u, struct page *page)
{
	umbra_free_pages(u, page, 0);
}

/* Blocks by kernel address. */
unsigned long umbra_get_free_pages(struct umbra *u, gfp_t gfp,
				   unsigned int order);
unsigned long umbra_get_free_page(struct umbra *u, gfp_t gfp);
unsigned long umbra_get_zeroed_page(struct umbra *u, gfp_t gfp);
unsigned long umbra_get_dma_pages(struct umbra *u, gfp_t gfp,
				  unsigned int order);
void umbra_free_addr(struct umbra *u, unsigned long addr, unsigned int order);
void *umbra_alloc_pages_exact_nid(struct umbra *u, int nid, size_t size,
				  gfp_t gfp);
void umbra_free_pages_exact(struct umbra *u, void *virt, size_t size);

/**
 * umbra_alloc_pages_exact() - allocate pages for a size in bytes
 * @u: instance
 * @size: size in bytes, rounded up to pages; need not be a power of two
 * @gfp: flags as for umbra_alloc_pages_exact_nid()
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_pages_exact(), or NULL.
 * Always NULL for a @size of 0 or above that of the largest block.
 */
static inline void *umbra_alloc_pages_exact(struct umbra *u, size_t size,
					    gfp_t gfp)
{
	return umbra_alloc_pages_exact_nid(u, UMBRA_NO_NODE, size, gfp);
}

/* Ranges of page frame numbers. */
int umbra_isolate_range(struct umbra *u, unsigned long start,
			unsigned long end);
int umbra_unisolate_range(struct umbra *u, unsigned long start,
			  unsigned long end);
int umbra_alloc_contig_range(struct umbra *u, unsigned long start,
			     unsigned long end, gfp_t gfp);
void umbra_free_contig_range(struct umbra *u, unsigned long start,
			     unsigned long nr_pages);
struct page *umbra_alloc_contig_pages(struct umbra *u, unsigned long nr_pages,
				      gfp_t gfp, int nid,
				      const umbra_nodemask_t *nodemask);
void umbra_free_contig_pages(struct umbra *u, struct page *page,
			     unsigned long nr_pages);

/* Facts about a page, and the form of a block. */
int umbra_split_page(struct umbra *u, struct page *page, unsigned int order);
void *umbra_page_address(struct umbra *u, const struct page *page);
struct page *umbra_compound_head(struct umbra *u, struct page *page);
int umbra_page_order(struct umbra *u, const struct page *page);
int umbra_page_zone(struct umbra *u, const struct page *page);
int umbra_page_node(struct umbra *u, const struct page *page);
int umbra_expose_pages(struct umbra *u, struct page *page, unsigned int order);

/* Caches, nodes, and memory that fails. */
void umbra_drain_pages(struct umbra *u);
int umbra_drain_node(struct umbra *u, unsigned int nid);
int umbra_drain_cpu(struct umbra *u, unsigned int cpu);
int umbra_set_node_online(struct umbra *u, unsigned int nid, bool online);
int umbra_set_allowed_nodes(struct umbra *u, umbra_nodemask_t nodes);
void umbra_mod_dirty(struct umbra *u, const struct page *page,
		     long nr_pages);
bool umbra_has_pfn(struct umbra *u, unsigned long pfn);
bool umbra_hwpoison_pfn(struct umbra *u, unsigned long pfn);
void umbra_hwpoison_scan(struct umbra *u);

/* Accounts: a limit on the pages of one user, held pages counted in. */
struct umbra_account *umbra_account_create(struct umbra *u);
void umbra_account_put(struct umbra_account *account);
int umbra_account_charge(struct umbra_account *account, unsigned long nr_pages,
			 unsigned long limit);
void umbra_account_uncharge(struct umbra_account *account,
			    unsigned long nr_pages);
void umbra_account_promise(struct umbra_account *account, long nr_pages);
unsigned long umbra_account_pages(struct umbra_account *account);
unsigned long umbra_account_held(struct umbra_account *account);

/**
 * struct umbra_info - size and state of an instance
 * @nr_pages: number of pages that the instance manages
 * @nr_free: number of pages on its free lists
 * @nr_held: number of pages that were freed and are still referenced
 * @nr_nodes: number of nodes
 * @max_order: order of the largest block
 * @pb_order: order of a pageblock
 * @has_memory: whether there is memory behind the descriptors
 */
struct umbra_info {
	unsigned long nr_pages;
	unsigned long nr_free;
	unsigned long nr_held;
	unsigned int nr_nodes;
	unsigned int max_order;
	unsigned int pb_order;
	bool has_memory;
};

void umbra_get_info(struct umbra *u, struct umbra_info *info);

/**
 * enum umbra_migrate_mode - how long a migration may wait
 * @UMBRA_MIGRATE_ASYNC: no waiting
 * @UMBRA_MIGRATE_SYNC_LIGHT: short waits
 * @UMBRA_MIGRATE_SYNC: long waits
 */
enum umbra_migrate_mode {
	UMBRA_MIGRATE_ASYNC,
	UMBRA_MIGRATE_SYNC_LIGHT,
	UMBRA_MIGRATE_SYNC,
};

struct umbra_movable;

/**
 * struct umbra_movable_operations - callbacks of an owner of movable blocks
 * @isolate: callback that says whether the block may be moved now; NULL for
 *	always
 * @migrate: callback that copies @src to @dst and uses @dst from then on;
 *	returns 0, or an error if @src stays in use. Both are allocated. umbra
 *	frees the one that is not in use
 * @putback: callback for a block that was isolated and stays where it is; may
 *	be NULL
 * @reclaim: callback that gives the block up; returns 0 if umbra may free it,
 *	or an error if the owner keeps it. NULL for blocks that cannot be
 *	reclaimed
 *
 * A callback runs in the context of any task that allocates. That task may be
 * the owner and hold locks of the owner. A callback must therefore only try
 * locks that are held around an allocation anywhere. No lock of umbra is held,
 * except for the one of ranges while a range is emptied.
 *
 * A callback may sleep. It must not allocate from the instance. It must not
 * call umbra_clear_movable(), umbra_free_movable() or umbra_movable_retire(),
 * because the same task may have isolated further blocks. While a callback
 * runs, umbra_clear_movable() and umbra_free_movable() of its block wait.
 *
 * The task may have %PF_MEMALLOC set. An allocation from the host should have
 * %__GFP_NOMEMALLOC.
 */
struct umbra_movable_operations {
	bool (*isolate)(struct umbra_movable *movable, struct page *page,
			unsigned int order);
	int (*migrate)(struct umbra_movable *movable, struct page *dst,
		       struct page *src, unsigned int order,
		       enum umbra_migrate_mode mode);
	void (*putback)(struct umbra_movable *movable, struct page *page,
			unsigned int order);
	int (*reclaim)(struct umbra_movable *movable, struct page *page,
		       unsigned int order, gfp_t gfp);
};

/**
 * struct umbra_movable - the owner of blocks that can be moved or reclaimed
 * @ops: callbacks of the owner
 * @account: account that the blocks are charged to, or NULL
 * @nr_isolated: number of blocks that callbacks may be running for; umbra's
 *
 * Embedded in a structure of the owner; umbra_movable_init() initialises it.
 */
struct umbra_movable {
	const struct umbra_movable_operations *ops;
	struct umbra_account *account;
	atomic_t nr_isolated;
};

void umbra_movable_init(struct umbra_movable *movable,
			const struct umbra_movable_operations *ops,
			struct umbra_account *account);
void umbra_movable_retire(struct umbra *u, struct umbra_movable *movable);
int umbra_set_movable(struct umbra *u, struct page *page, unsigned int order,
		      struct umbra_movable *movable);
void umbra_clear_movable(struct umbra *u, struct page *page);
int umbra_free_movable(struct umbra *u, struct page *page, unsigned int order,
		       struct umbra_account *account);
bool umbra_page_is_pinned(struct umbra *u, struct page *page,
			  unsigned int order);

/* LRU lists: blocks that can be reclaimed. */
int umbra_lru_add(struct umbra *u, struct page *page);
void umbra_lru_del(struct umbra *u, struct page *page);
void umbra_mark_accessed(struct umbra *u, struct page *page);

struct umbra_shrinker;

/**
 * struct umbra_shrink_control - one call of a shrinker
 * @gfp: flags of the request; they limit what the shrinker may do
 * @nid: node that is short of memory
 * @nr_to_scan: number of objects to look at
 * @nr_scanned: number of objects that were looked at; @nr_to_scan unless the
 *	shrinker writes another number
 */
struct umbra_shrink_control {
	gfp_t gfp;
	int nid;
	unsigned long nr_to_scan;
	unsigned long nr_scanned;
};

#define UMBRA_SHRINK_STOP (~0UL)	/* scan: cannot go on now */
#define UMBRA_SHRINK_EMPTY (~0UL - 1)	/* count: no object at all */
#define UMBRA_DEFAULT_SEEKS 2

/**
 * struct umbra_shrinker - a cache that can be made smaller
 * @count: callback that returns the number of objects that can be freed; 0 if
 *	this is no good time, %UMBRA_SHRINK_EMPTY if there are none
 * @scan: callback that looks at nr_to_scan objects and frees what it can;
 *	returns the number of freed objects, or %UMBRA_SHRINK_STOP
 * @batch: number of objects for one call of @scan; 0 for 128
 * @seeks: cost of making an object again; fewer objects are freed if it is
 *	higher. %UMBRA_DEFAULT_SEEKS is usual
 * @list: link in the list of shrinkers; umbra's
 * @nr_deferred: for each node, work left for the next call; umbra's
 *
 * A shrinker works as those of the host do, for the memory of one instance. Its
 * callbacks may sleep. They must only try locks that are held around an
 * allocation.
 */
struct umbra_shrinker {
	unsigned long (*count)(struct umbra_shrinker *shrinker,
			       struct umbra_shrink_control *sc);
	unsigned long (*scan)(struct umbra_shrinker *shrinker,
			      struct umbra_shrink_control *sc);
	long batch;
	int seeks;
	struct list_head list;
	atomic_long_t nr_deferred[UMBRA_MAX_NODES];
};

void umbra_register_shrinker(struct umbra *u, struct umbra_shrinker *shrinker);
void umbra_unregister_shrinker(struct umbra *u,
			       struct umbra_shrinker *shrinker);

/*
 * A notifier is called before a task is killed for its memory, or the request
 * fails. Its argument points to an unsigned long; the notifier adds the number
 * of pages that it freed.
 */
int umbra_register_oom_notifier(struct umbra *u, struct notifier_block *nb);
int umbra_unregister_oom_notifier(struct umbra *u, struct notifier_block *nb);
void umbra_account_set_opener(struct umbra_account *account, struct pid *pid);
void umbra_account_set_user(struct umbra_account *account, struct pid *pid);

/* Reclaim and compaction at the caller's wish. */
unsigned long umbra_reclaim(struct umbra *u, unsigned long nr_pages);
int umbra_compact(struct umbra *u);
int umbra_compact_node(struct umbra *u, unsigned int nid);

/* Waiting for memory to fall short. */
unsigned long umbra_pressure_events(struct umbra *u);
struct wait_queue_head *umbra_pressure_wait(struct umbra *u);

#endif /* _UMBRA_H */
