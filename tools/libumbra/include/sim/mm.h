/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page descriptors, memory of the host, and the allocations of the module from
 * it. The host has one region of memory, with a descriptor for each page: see
 * memory.c. All other descriptors are ghosts.
 */
#ifndef _SIM_MM_H
#define _SIM_MM_H

#include <sim/bits.h>
#include <sim/gfp.h>
#include <sim/sched.h>

#define PAGE_SHIFT		12
#define PAGE_SIZE		BIT(PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(n)		ALIGN(n, PAGE_SIZE)
#define PAGE_ALLOC_COSTLY_ORDER	3
#define KMALLOC_MAX_SIZE	SZ_4M
#define SWAP_CLUSTER_MAX	32UL
#define COMPACT_CLUSTER_MAX	SWAP_CLUSTER_MAX
#define pageblock_order		9

/* The members that umbra uses, and those that other owners may use. */
struct page {
	unsigned long flags;
	struct list_head lru;
	struct address_space *mapping;
	unsigned long index;
	unsigned long private;
	atomic_t _refcount;
	atomic_t _mapcount;
};

#define SIM_PG_HWPOISON		BIT(0)

#define PageHWPoison(page)	(!!(READ_ONCE((page)->flags) & SIM_PG_HWPOISON))
#define SetPageHWPoison(page)	((void)((page)->flags |= SIM_PG_HWPOISON))
#define ClearPageHWPoison(page)	((void)((page)->flags &= ~SIM_PG_HWPOISON))
#define PageCompound(page)	false
#define PageTail(page)		false
#define page_private(page)	((page)->private)
#define set_page_private(page, value)	((void)((page)->private = (value)))
#define page_ref_count(page)	atomic_read(&(page)->_refcount)
#define page_count(page)	page_ref_count(page)
#define set_page_count(page, n)	atomic_set(&(page)->_refcount, n)
#define page_ref_inc(page)	atomic_inc(&(page)->_refcount)
#define page_ref_dec(page)	atomic_dec(&(page)->_refcount)
#define page_ref_add(page, n)	atomic_add(n, &(page)->_refcount)
#define page_ref_sub(page, n)	atomic_sub(n, &(page)->_refcount)
#define page_to_nid(page)	0

void get_page(struct page *page);
void put_page(struct page *page);

/* The memory of the host */
struct page *pfn_to_page(unsigned long pfn);
unsigned long page_to_pfn(const struct page *page);
void *page_address(const struct page *page);
struct page *virt_to_page(const void *addr);
bool virt_addr_valid(const void *addr);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
long si_mem_available(void);
unsigned long totalram_pages(void);

#define pfn_to_online_page(pfn)		pfn_to_page(pfn)
#define alloc_page(gfp)			alloc_pages(gfp, 0)
#define __free_page(page)		__free_pages(page, 0)
#define kmap_local_page(page)		page_address(page)
#define kunmap_local(addr)		((void)(addr))
#define clear_highpage(page)		((void)memset(page_address(page), 0, PAGE_SIZE))
#define copy_highpage(to, from)						\
	((void)memcpy(page_address(to), page_address(from), PAGE_SIZE))
#define memset_page(page, offset, value, len)				\
	((void)memset((char *)page_address(page) + (offset), value, len))
#define vm_unmap_aliases()		do { } while (0)

static inline int get_order(unsigned long size)
{
	return size <= PAGE_SIZE ? 0 : ilog2((size - 1) >> PAGE_SHIFT) + 1;
}

/* Allocations from the host, which may fail on purpose: task_struct.fail_nth */
void *sim_alloc(size_t bytes, gfp_t gfp);
void kfree(const void *p);
bool sim_must_fail(gfp_t gfp);

#define kvfree(p)		kfree(p)
#define vfree(p)		kfree(p)
#define kmalloc(n, gfp)		sim_alloc(n, gfp)
#define kzalloc(n, gfp)		sim_alloc(n, (gfp) | __GFP_ZERO)
#define kcalloc(n, size, gfp)	sim_alloc(size_mul(n, size), (gfp) | __GFP_ZERO)
#define kmalloc_array(n, size, gfp)	sim_alloc(size_mul(n, size), gfp)
#define kvmalloc(n, gfp)	sim_alloc(n, gfp)
#define kvzalloc(n, gfp)	kzalloc(n, gfp)
#define kvcalloc(n, size, gfp)	kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)
#define __vmalloc(n, gfp)	sim_alloc(n, gfp)
#define vmalloc(n)		sim_alloc(n, GFP_KERNEL)
#define vzalloc(n)		kzalloc(n, GFP_KERNEL)
#define kzalloc_obj(obj, gfp)	((typeof(obj) *)kzalloc(sizeof(obj), gfp))
#define kmalloc_obj(obj, gfp)	((typeof(obj) *)kmalloc(sizeof(obj), gfp))
#define bitmap_alloc(n, gfp)						\
	((unsigned long *)sim_alloc(BITS_TO_LONGS(n) * sizeof(long), gfp))
#define bitmap_zalloc(n, gfp)	bitmap_alloc(n, (gfp) | __GFP_ZERO)
#define bitmap_free(map)	kfree(map)

void *kmemdup(const void *src, size_t bytes, gfp_t gfp);
char *kstrdup(const char *s, gfp_t gfp);

static inline gfp_t current_gfp_context(gfp_t gfp)
{
	unsigned int flags = READ_ONCE(current->flags);

	if (flags & PF_MEMALLOC_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	else if (flags & PF_MEMALLOC_NOFS)
		gfp &= ~__GFP_FS;
	if (flags & PF_MEMALLOC_PIN)
		gfp &= ~__GFP_MOVABLE;
	return gfp;
}

#define ZONE_MOVABLE			3
#define page_zonenum(page)		0
#define pageblock_nr_pages		BIT(pageblock_order)
#define N_MEMORY			0
#define num_node_state(state)		1
#define for_each_online_node(nid)	for ((nid) = 0; (nid) < 1; (nid)++)
#define for_each_node_state(nid, state)	for_each_online_node(nid)
#define NODE_DATA(nid)			(&sim_host_node)

struct sim_node {
	unsigned long node_start_pfn;
	unsigned long node_spanned_pages;
};

extern const struct sim_node sim_host_node;

#define ACR_FLAGS_NONE			0

#define RECLAIM_ZONE			1
#define RECLAIM_WRITE			2
#define RECLAIM_UNMAP			4

int alloc_contig_range(unsigned long start, unsigned long end, int flags,
		       gfp_t gfp);
void free_contig_range(unsigned long pfn, unsigned long nr_pages);

#define NR_FREE_CMA_PAGES		0
#define global_zone_page_state(item)	0UL

#endif /* _SIM_MM_H */
