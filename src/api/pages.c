// SPDX-License-Identifier: GPL-2.0
/* Public functions on pages: more forms of allocation and free, and queries. */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/owner.h"
#include "../core/report.h"
#include "../core/span.h"
#include "../page/free.h"

/* Pages that are freed together at most: bounds the time until a reschedule. */
#define RUN_MOST BIT(UMBRA_MAX_ORDER)

/* The number of pages from the first of an array that follow each other. */
static u32 run_of(struct umbra *u, struct page **pages, unsigned long nr_pages)
{
	u32 index = umbra_page_to_index(u, pages[0]), nr = 1;

	if (index == UMBRA_NO_FRAME)
		return 0;
	while (nr < min(nr_pages, RUN_MOST) && pages[nr] &&
	       umbra_page_to_index(u, pages[nr]) == index + nr)
		nr++;
	return nr;
}

/**
 * umbra_free_pages_bulk() - free single pages
 * @u: instance that the pages came from
 * @pages: array of pages; NULL elements are passed over
 * @nr_pages: number of elements
 *
 * Pages that follow each other in the array and in the instance are freed
 * together, as the largest aligned blocks that they make.
 *
 * Context: Process context, may sleep.
 */
void umbra_free_pages_bulk(struct umbra *u, struct page **pages,
			   unsigned long nr_pages)
{
	unsigned long i = 0;
	u32 nr;

	while (i < nr_pages) {
		nr = pages[i] ? run_of(u, pages + i, nr_pages - i) : 0;
		if (nr)
			umbra_free_run(u, umbra_page_to_index(u, pages[i]), nr);
		else if (pages[i])
			umbra_report_free(u, pages[i], UMBRA_NO_FRAME, 0);
		i += nr ?: 1;
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(umbra_free_pages_bulk);

/**
 * umbra_page_address() - get the kernel address of a page
 * @u: instance
 * @page: page
 *
 * Context: Any context, does not sleep.
 * Return: the address. NULL for a page of a HighMem zone, which has none by
 * contract, of an instance without memory, or of another instance.
 */
void *umbra_page_address(struct umbra *u, const struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	if (index == UMBRA_NO_FRAME || !u->has_memory ||
	    umbra_frame_zone(u, index)->type == UMBRA_ZONE_HIGHMEM)
		return NULL;
	return page_address(page);
}
EXPORT_SYMBOL_GPL(umbra_page_address);

/**
 * umbra_get_free_pages() - allocate a block by address
 * @u: instance
 * @gfp: flags as for alloc_pages(); %__GFP_HIGHMEM is ignored
 * @order: order of the block, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_addr(), or 0. Always 0 for
 * an instance without memory.
 */
unsigned long umbra_get_free_pages(struct umbra *u, gfp_t gfp,
				   unsigned int order)
{
	struct page *page;

	if (!u->has_memory)
		return 0;
	page = umbra_alloc_pages(u, gfp & ~__GFP_HIGHMEM, order);
	return page ? (unsigned long)page_address(page) : 0;
}
EXPORT_SYMBOL_GPL(umbra_get_free_pages);

/**
 * umbra_get_free_page() - allocate a page by address
 * @u: instance
 * @gfp: flags as for alloc_pages(); %__GFP_HIGHMEM is ignored
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_addr(), or 0.
 */
unsigned long umbra_get_free_page(struct umbra *u, gfp_t gfp)
{
	return umbra_get_free_pages(u, gfp, 0);
}
EXPORT_SYMBOL_GPL(umbra_get_free_page);

/**
 * umbra_get_zeroed_page() - allocate a zeroed page by address
 * @u: instance
 * @gfp: flags as for alloc_pages(); %__GFP_HIGHMEM is ignored
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_addr(), or 0.
 */
unsigned long umbra_get_zeroed_page(struct umbra *u, gfp_t gfp)
{
	return umbra_get_free_pages(u, gfp | __GFP_ZERO, 0);
}
EXPORT_SYMBOL_GPL(umbra_get_zeroed_page);

/**
 * umbra_get_dma_pages() - allocate a block of the DMA zone by address
 * @u: instance
 * @gfp: flags as for alloc_pages(), without %__GFP_HIGHMEM
 * @order: order of the block, 2^@order pages, at most %UMBRA_MAX_ORDER
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_addr(), or 0. A request with
 * %__GFP_HIGHMEM is reported and fails.
 */
unsigned long umbra_get_dma_pages(struct umbra *u, gfp_t gfp,
				  unsigned int order)
{
	if (gfp & __GFP_HIGHMEM) {
		umbra_report_flags(u, "allocation for DMA", gfp);
		return 0;
	}
	return umbra_get_free_pages(u, gfp | __GFP_DMA, order);
}
EXPORT_SYMBOL_GPL(umbra_get_dma_pages);

/**
 * umbra_free_addr() - free a block by address
 * @u: instance that the block came from
 * @addr: address from umbra_get_free_pages(); 0 is ignored
 * @order: order of the block
 *
 * Context: As umbra_free_pages().
 */
void umbra_free_addr(struct umbra *u, unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	if (virt_addr_valid((void *)addr))
		umbra_free_pages(u, virt_to_page((void *)addr), order);
	else
		umbra_report_free(u, (void *)addr, UMBRA_NO_FRAME, order);
}
EXPORT_SYMBOL_GPL(umbra_free_addr);

/**
 * umbra_split_page() - make single pages of an allocated block
 * @u: instance that the block came from
 * @page: first page of the block, which the caller owns
 * @order: order of the block
 *
 * Each of the pages is then a block of order 0, and is freed by itself.
 *
 * Context: Any context except NMI, does not sleep. Takes the zone lock; on
 * PREEMPT_RT not with preemption or interrupts off.
 * Return: 0, or -EINVAL if @page is no allocated block of that order, a
 * compound page, or registered as movable.
 */
int umbra_split_page(struct umbra *u, struct page *page, unsigned int order)
{
	u32 index = umbra_page_to_index(u, page);
	struct umbra_zone *zone;
	unsigned long flags;
	int err = -EINVAL;
	u8 frame;
	u32 i;

	if (index == UMBRA_NO_FRAME)
		return -EINVAL;
	zone = umbra_frame_zone(u, index);
	spin_lock_irqsave(&zone->lock, flags);
	frame = frame_read(u, index);
	if (frame_is_allocated(frame) && frame_order(frame) == order &&
	    !frame_has(frame, FRAME_COMP) && !umbra_is_movable(u, index)) {
		err = 0;
		umbra_owner_split(u, index, order);
		for (i = 0; i < 1U << order; i++)
			frame_set(u, index + i, frame_state(frame), 0);
		zone->seq++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_split_page);

/**
 * umbra_alloc_pages_exact_nid() - allocate pages of a node for a size in bytes
 * @u: instance
 * @nid: preferred node, or negative as for umbra_alloc_pages_nodemask()
 * @size: size in bytes, rounded up to pages; need not be a power of two
 * @gfp: flags as for alloc_pages(), without %__GFP_COMP; %__GFP_HIGHMEM is
 *	ignored. Other nodes are used if @nid has no memory, except with
 *	%__GFP_THISNODE
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the address, to be freed with umbra_free_pages_exact(), or NULL.
 * Always NULL for a @size of 0 or above that of the largest block, and for an
 * instance without memory.
 */
void *umbra_alloc_pages_exact_nid(struct umbra *u, int nid, size_t size,
				  gfp_t gfp)
{
	unsigned long addr, used, end;
	unsigned int order;
	struct page *page;

	if (!size || size > PAGE_SIZE << UMBRA_MAX_ORDER || !u->has_memory)
		return NULL;
	if (gfp & __GFP_COMP) {
		umbra_report_flags(u, "exact allocation", gfp);
		return NULL;
	}
	order = get_order(size);
	page = umbra_alloc_pages_node(u, nid, gfp & ~__GFP_HIGHMEM, order);
	if (!page)
		return NULL;
	addr = (unsigned long)page_address(page);
	if (umbra_split_page(u, page, order)) {
		/* Untaken: a new block without __GFP_COMP can be split. */
		umbra_free_addr(u, addr, order);
		return NULL;
	}
	end = addr + (PAGE_SIZE << order);
	for (used = addr + PAGE_ALIGN(size); used < end; used += PAGE_SIZE)
		umbra_free_addr(u, used, 0);
	return (void *)addr;
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages_exact_nid);

/**
 * umbra_free_pages_exact() - free pages from umbra_alloc_pages_exact()
 * @u: instance
 * @virt: address
 * @size: size in bytes, as it was requested
 *
 * Context: As umbra_free_pages().
 */
void umbra_free_pages_exact(struct umbra *u, void *virt, size_t size)
{
	unsigned long addr = (unsigned long)virt;
	unsigned long end = addr + PAGE_ALIGN(size);

	for (; addr < end; addr += PAGE_SIZE)
		umbra_free_addr(u, addr, 0);
}
EXPORT_SYMBOL_GPL(umbra_free_pages_exact);

/* Return the head of the allocated block with @page, or UMBRA_NO_FRAME. */
static u32 allocated_head(struct umbra *u, const struct page *page)
{
	u32 index = umbra_page_to_index(u, page);
	u32 head = UMBRA_NO_FRAME;

	if (index != UMBRA_NO_FRAME)
		head = umbra_frame_head(u, index);
	if (head == UMBRA_NO_FRAME || !frame_is_allocated(frame_read(u, head)))
		return UMBRA_NO_FRAME;
	return head;
}

/**
 * umbra_compound_head() - get the first page of a compound page
 * @u: instance
 * @page: page that the caller owns
 *
 * Context: Any context, does not sleep.
 * Return: the first page of the block if it was allocated with %__GFP_COMP,
 * else
 * @page.
 */
struct page *umbra_compound_head(struct umbra *u, struct page *page)
{
	u32 head = allocated_head(u, page);

	if (head == UMBRA_NO_FRAME || !frame_has(frame_read(u, head),
						 FRAME_COMP))
		return page;
	return umbra_index_to_page(u, head);
}
EXPORT_SYMBOL_GPL(umbra_compound_head);

/**
 * umbra_page_order() - get the order of the block that a page is in
 * @u: instance
 * @page: page that the caller owns
 *
 * Context: Any context, does not sleep.
 * Return: the order, or -EINVAL if the page is not allocated.
 */
int umbra_page_order(struct umbra *u, const struct page *page)
{
	u32 head = allocated_head(u, page);

	return head == UMBRA_NO_FRAME ? -EINVAL :
					(int)frame_order(frame_read(u, head));
}
EXPORT_SYMBOL_GPL(umbra_page_order);

/**
 * umbra_page_zone() - get the zone of a page
 * @u: instance
 * @page: page
 *
 * Context: Any context, does not sleep.
 * Return: an enum umbra_zone_type, or -EINVAL if the page is not of @u.
 */
int umbra_page_zone(struct umbra *u, const struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	return index == UMBRA_NO_FRAME ? -EINVAL :
					 (int)umbra_frame_zone(u, index)->type;
}
EXPORT_SYMBOL_GPL(umbra_page_zone);

/**
 * umbra_page_node() - get the node of a page
 * @u: instance
 * @page: page
 *
 * Context: Any context, does not sleep.
 * Return: the node, or -EINVAL if the page is not of @u.
 */
int umbra_page_node(struct umbra *u, const struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	return index == UMBRA_NO_FRAME ? -EINVAL :
					 (int)umbra_frame_zone(u, index)->nid;
}
EXPORT_SYMBOL_GPL(umbra_page_node);

/**
 * umbra_mod_dirty() - count pages that have to be written back
 * @u: instance
 * @page: any page of the node
 * @nr_pages: number of pages that became dirty; negative for pages that became
 *	clean
 *
 * A request with %__GFP_WRITE avoids nodes above their share of dirty pages.
 *
 * Context: Any context, does not sleep.
 */
void umbra_mod_dirty(struct umbra *u, const struct page *page,
		     long nr_pages)
{
	int nid = umbra_page_node(u, page);

	if (nid >= 0)
		atomic_long_add(nr_pages, &u->nodes[nid].nr_dirty);
}
EXPORT_SYMBOL_GPL(umbra_mod_dirty);

/**
 * umbra_get_info() - read size and state of an instance
 * @u: instance
 * @info: structure to fill in
 *
 * The numbers of several zones may be of different moments.
 *
 * Context: Any context, does not sleep.
 */
void umbra_get_info(struct umbra *u, struct umbra_info *info)
{
	struct umbra_zone *zone;

	*info = (struct umbra_info) {
		.nr_nodes = u->nr_nodes,
		.max_order = UMBRA_MAX_ORDER,
		.pb_order = u->pb_order,
		.has_memory = u->has_memory,
	};
	for_each_umbra_zone(u, zone) {
		info->nr_pages += READ_ONCE(zone->nr_managed);
		info->nr_free += READ_ONCE(zone->nr_free_pages);
		info->nr_held += READ_ONCE(zone->nr_held);
	}
}
EXPORT_SYMBOL_GPL(umbra_get_info);
