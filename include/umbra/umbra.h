/* SPDX-License-Identifier: GPL-2.0 */
/*
 * umbra: a page allocator over a region of its own. The kernel API.
 *
 * An instance hands out blocks of 2^order physically contiguous pages with
 * the host's struct page descriptors. Two things differ from alloc_pages():
 *
 * - An allocation is not a page reference. Every page of an instance carries
 *   one reference that belongs to umbra, allocated or not; an owner returns a
 *   block with umbra_free_pages() and never drops that last reference.
 * - A page that somebody else still references when it is freed is held back,
 *   and returns to the free lists when the last of those references is gone.
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

/* The largest block is 2^UMBRA_MAX_ORDER pages. */
#define UMBRA_MAX_ORDER 10
#define UMBRA_NR_ORDERS (UMBRA_MAX_ORDER + 1)

/* An instance is made of at most this many runs of pages. */
#define UMBRA_MAX_SPANS 16

/**
 * struct umbra_span - a run of pages with consecutive descriptors
 * @pages: descriptor of the first page
 * @base_pfn: its page frame number
 * @nr_pages: how many pages
 * @first: index of the first frame in the instance; set by the instance
 */
struct umbra_span {
	struct page *pages;
	unsigned long base_pfn;
	u32 nr_pages;
	u32 first;
};

/* An instance has at most this many nodes, numbered from 0. */
#define UMBRA_MAX_NODES 32

/* The zones a node may have, lowest first. */
enum umbra_zone_type {
	UMBRA_ZONE_DMA,
	UMBRA_ZONE_DMA32,
	UMBRA_ZONE_NORMAL,
	UMBRA_ZONE_HIGHMEM,
	UMBRA_ZONE_MOVABLE,
	UMBRA_NR_ZONE_TYPES
};

enum umbra_migratetype {
	UMBRA_UNMOVABLE,
	UMBRA_MOVABLE,
	UMBRA_RECLAIMABLE,
	UMBRA_PCPTYPES,		/* so many types are kept in per-CPU caches */
	UMBRA_HIGHATOMIC = UMBRA_PCPTYPES,
	UMBRA_CMA,
	UMBRA_ISOLATE,
	UMBRA_NR_TYPES
};

/* A set of nodes, bit n for node n. */
typedef u32 umbra_nodemask_t;

#define UMBRA_ALL_NODES ((umbra_nodemask_t)~0U)
#define UMBRA_NO_NODE (-1)

/* What debugging an instance does; chosen when it is created. */
#define UMBRA_DEBUG_POISON	BIT(0)	/* free memory has a pattern */
#define UMBRA_DEBUG_GUARD	BIT(1)	/* a second reference while allocated */
#define UMBRA_DEBUG_REFS	BIT(2)	/* every count is read on free */
#define UMBRA_DEBUG_OWNER	BIT(3)	/* who allocated what */
#define UMBRA_DEBUG_ALL		(BIT(4) - 1)

/* Sized as the host sizes its own; for the tunables of a layout. */
#define UMBRA_AUTO (-1)

/**
 * struct umbra_zone_layout - one zone of an instance
 * @nid: its node
 * @type: which of the node's zones; a node has each at most once
 * @nr_frames: size in frames, a multiple of a pageblock; 0 for what is left
 * @nr_cma: how many of its last frames are for movable allocations alone, a
 *	multiple of a pageblock
 */
struct umbra_zone_layout {
	unsigned int nid;
	enum umbra_zone_type type;
	u32 nr_frames;
	u32 nr_cma;
};

/**
 * struct umbra_layout - how to cut the pages of an instance up
 * @origin: where they came from, for display; outlives the instance
 * @pb_order: order of a pageblock
 * @has_memory: there is memory behind the descriptors
 * @nr_zones: how many @zones; 0 for one Normal zone of everything
 * @zones: the zones, in the order of the frames; for every node the lowest
 *	first
 * @distance: nodes x nodes, row by row; NULL for 10 on a node, 20 between two
 * @cpu_node: the node of each of the nr_cpu_ids CPUs; NULL for the CPU number
 *	modulo the number of nodes
 * @policy: name of the policy; NULL for mainline
 * @debug: UMBRA_DEBUG_* of the instance
 * @min_free_kbytes: reserve that watermarks are computed from, or UMBRA_AUTO
 * @watermark_scale_factor: distance of the watermarks, in 1/10000 of a zone
 * @watermark_boost_factor: limit of a boost, in 1/10000 of the high watermark
 * @lowmem_reserve_ratio: of each zone, protects 1/ratio of the zones above
 *	from requests that could have been served there; 0 for no protection
 * @dirty_limit: percent of a node's pages that may be dirty before %__GFP_WRITE
 *	prefers another; 0 for no limit
 * @pcp_batch: pages moved at once between a zone and the cache of a CPU; 0
 *	for no caches, or UMBRA_AUTO
 * @pcp_high: pages a CPU may keep of a zone, or UMBRA_AUTO
 * @background: reclaim and compact in the background, as kswapd and kcompactd do
 *
 * All zero is the plainest of allocators: no caches, and no reserves but the 32
 * pages that a HighMem or Movable zone keeps at least. umbra_layout_init() fills
 * in what the host would have.
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

/* Allocation; a negative node is the node of the current CPU. */
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
void umbra_free_pages_bulk(struct umbra *u, struct page **pages,
			   unsigned long nr_pages);

/**
 * umbra_alloc_pages_node() - allocate a block, rather from one node
 * @u: the instance
 * @nid: the node to begin with; negative for that of the current CPU
 * @gfp: as of alloc_pages()
 * @order: size, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: as umbra_alloc_pages_nodemask().
 * Return: the first page, or NULL.
 */
static inline struct page *umbra_alloc_pages_node(struct umbra *u, int nid,
						  gfp_t gfp,
						  unsigned int order)
{
	return umbra_alloc_pages_nodemask(u, gfp, order, nid, NULL);
}

/**
 * umbra_alloc_pages() - allocate a block, rather from the current node
 * @u: the instance
 * @gfp: as of alloc_pages()
 * @order: size, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: as umbra_alloc_pages_nodemask().
 * Return: the first page, or NULL.
 */
static inline struct page *umbra_alloc_pages(struct umbra *u, gfp_t gfp,
					     unsigned int order)
{
	return umbra_alloc_pages_nodemask(u, gfp, order, UMBRA_NO_NODE, NULL);
}

/**
 * umbra_alloc_page() - allocate one page
 * @u: the instance
 * @gfp: as of alloc_pages()
 *
 * Context: as umbra_alloc_pages_nodemask().
 * Return: the page, or NULL.
 */
static inline struct page *umbra_alloc_page(struct umbra *u, gfp_t gfp)
{
	return umbra_alloc_pages(u, gfp, 0);
}

/**
 * umbra_free_pages() - free a block
 * @u: the instance the block came from
 * @page: its first page
 * @order: its order
 *
 * Like umbra_free_pages_account() without an account: a free that is wrong
 * is reported and changes nothing.
 *
 * Context: any but NMI; on PREEMPT_RT not with preemption or interrupts off.
 */
static inline void umbra_free_pages(struct umbra *u, struct page *page,
				    unsigned int order)
{
	umbra_free_pages_account(u, page, order, NULL);
}

/**
 * umbra_free_page() - free one page
 * @u: the instance it came from
 * @page: a block of order 0
 *
 * Context: as umbra_free_pages().
 */
static inline void umbra_free_page(struct umbra *u, struct page *page)
{
	umbra_free_pages(u, page, 0);
}

/* The same, by address. */
unsigned long umbra_get_free_pages(struct umbra *u, gfp_t gfp,
				   unsigned int order);
unsigned long umbra_get_free_page(struct umbra *u, gfp_t gfp);
unsigned long umbra_get_zeroed_page(struct umbra *u, gfp_t gfp);
unsigned long umbra_get_dma_pages(struct umbra *u, gfp_t gfp,
				  unsigned int order);
void umbra_free_addr(struct umbra *u, unsigned long addr, unsigned int order);
void *umbra_alloc_pages_exact(struct umbra *u, size_t size, gfp_t gfp);
void umbra_free_pages_exact(struct umbra *u, void *virt, size_t size);

/* Ranges of page frame numbers. */
int umbra_isolate_range(struct umbra *u, unsigned long start,
			unsigned long end);
int umbra_unisolate_range(struct umbra *u, unsigned long start,
			  unsigned long end);
int umbra_alloc_contig_range(struct umbra *u, unsigned long start,
			     unsigned long end, gfp_t gfp);
void umbra_free_contig_range(struct umbra *u, unsigned long start,
			     unsigned long nr_pages);

/* What is known of a page. */
int umbra_split_page(struct umbra *u, struct page *page, unsigned int order);
void *umbra_page_address(struct umbra *u, const struct page *page);
struct page *umbra_compound_head(struct umbra *u, struct page *page);
int umbra_page_order(struct umbra *u, const struct page *page);
int umbra_page_zone(struct umbra *u, const struct page *page);
int umbra_page_node(struct umbra *u, const struct page *page);
int umbra_expose_pages(struct umbra *u, struct page *page, unsigned int order);

/* Steering. */
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

/*
 * Accounts: a limit on the pages that one user may have, with the pages held
 * back by references counted in.
 */
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
 * struct umbra_info - what an instance is made of, and how it stands
 * @nr_pages: pages the instance manages, in pages
 * @nr_free: pages on its free lists
 * @nr_held: pages freed while somebody still held a reference
 * @nr_nodes: nodes
 * @max_order: order of the largest block
 * @pb_order: order of a pageblock
 * @has_memory: false if there is nothing behind the descriptors
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

/* How long a migration may take. */
enum umbra_migrate_mode {
	UMBRA_MIGRATE_ASYNC,	/* waits for nothing */
	UMBRA_MIGRATE_SYNC_LIGHT,	/* may wait for short */
	UMBRA_MIGRATE_SYNC,
};

struct umbra_movable;

/**
 * struct umbra_movable_operations - what can be done to an owner's blocks
 * @isolate: may the block be moved now? NULL for always
 * @migrate: copy @src to @dst and use that from now on; 0, or an error if @src
 *	stays in use. Both are allocated; afterwards the other one is freed
 * @putback: the block was isolated, and stays where it is; may be NULL
 * @reclaim: give the block up: 0 if it is not used any more, and may be freed;
 *	an error if the owner keeps it. NULL for blocks that cannot be
 *
 * They run with no lock of umbra's held, in the context of whoever allocates,
 * which may be the owner himself with a lock of his own: they only try locks
 * that are ever held around an allocation. They may sleep, but not allocate from
 * the instance. While one runs, umbra_clear_movable() of its block waits; as other
 * blocks may be in the hands of the same task, they clear and retire nothing.
 * The task may have %PF_MEMALLOC: what they allocate of the host should have
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
 * @ops: how
 * @account: what they are charged to, or NULL
 * @nr_isolated: callbacks may be running for so many
 *
 * To be embedded in something of the owner's, and made by umbra_movable_init().
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
bool umbra_page_is_pinned(struct umbra *u, struct page *page,
			  unsigned int order);

/* Blocks that can be reclaimed, from the least to the most recently used. */
int umbra_lru_add(struct umbra *u, struct page *page);
void umbra_lru_del(struct umbra *u, struct page *page);
void umbra_mark_accessed(struct umbra *u, struct page *page);

struct umbra_shrinker;

/**
 * struct umbra_shrink_control - one call of a shrinker
 * @gfp: what it may do
 * @nid: the node whose memory is short
 * @nr_to_scan: objects to look at
 * @nr_scanned: objects it looked at; @nr_to_scan unless it says otherwise
 */
struct umbra_shrink_control {
	gfp_t gfp;
	int nid;
	unsigned long nr_to_scan;
	unsigned long nr_scanned;
};

#define UMBRA_SHRINK_STOP (~0UL)	/* scan cannot go on now */
#define UMBRA_SHRINK_EMPTY (~0UL - 1)	/* count found nothing at all */
#define UMBRA_DEFAULT_SEEKS 2

/**
 * struct umbra_shrinker - a cache that can be made smaller
 * @count: how many objects could be freed; 0 if now is no good time
 * @scan: free of @nr_to_scan objects those that can be; how many were, or
 *	%UMBRA_SHRINK_STOP
 * @batch: objects a call, 0 for 128
 * @seeks: what an object costs to make again; the more, the less is freed
 * @list: umbra's
 * @nr_deferred: umbra's
 *
 * As a shrinker of the host's, for the memory of one instance.
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
 * Called before a task is killed for its memory, with a pointer to an unsigned
 * long: the number of pages freed is to be added to it.
 */
int umbra_register_oom_notifier(struct umbra *u, struct notifier_block *nb);
int umbra_unregister_oom_notifier(struct umbra *u, struct notifier_block *nb);
void umbra_account_set_opener(struct umbra_account *account, struct pid *pid);

/* Do it now. */
unsigned long umbra_reclaim(struct umbra *u, unsigned long nr_pages);
int umbra_compact(struct umbra *u);
int umbra_compact_node(struct umbra *u, unsigned int nid);

/* Memory that falls short: see umbra_pressure_wait(). */
unsigned long umbra_pressure_events(struct umbra *u);
struct wait_queue_head *umbra_pressure_wait(struct umbra *u);

#endif /* _UMBRA_H */
