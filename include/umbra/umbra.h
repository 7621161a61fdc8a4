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

struct page;
struct umbra;
struct umbra_account;

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

struct umbra *umbra_get_default(void);
void umbra_put(struct umbra *u);

struct page *umbra_alloc_pages(struct umbra *u, gfp_t gfp, unsigned int order);
void umbra_free_pages(struct umbra *u, struct page *page, unsigned int order);
int umbra_expose_pages(struct umbra *u, struct page *page, unsigned int order);
bool umbra_has_pfn(struct umbra *u, unsigned long pfn);
bool umbra_poison_pfn(struct umbra *u, unsigned long pfn);
void umbra_poison_scan(struct umbra *u);

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
unsigned long umbra_account_pages(struct umbra_account *account);
unsigned long umbra_account_held(struct umbra_account *account);
int umbra_free_pages_account(struct umbra *u, struct page *page,
			     unsigned int order, struct umbra_account *account);

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

#endif /* _UMBRA_H */
