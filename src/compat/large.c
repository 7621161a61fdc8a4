// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations whose size follows from a number that a user chose. The host must
 * not kill processes for them: neither for the allocation itself, nor for the
 * next one of another process because this one left nothing.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/page_ref.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "large.h"

/* The part of the available memory that must stay available: 1/8. */
#define SPARE_SHIFT 3

/* Smaller allocations are not checked: no host is so short of memory. */
#define SMALL SZ_64K

/* The memory that an allocation may use, in bytes. */
static u64 spare_bytes(void)
{
	long pages = max(si_mem_available(), 0L);

	return (u64)(pages - (pages >> SPARE_SHIFT)) << PAGE_SHIFT;
}

/*
 * As kvmalloc(), which would compact the host for a contiguous table with
 * __GFP_RETRY_MAYFAIL, and refuses tables of more than INT_MAX bytes.
 */
static void *zalloc(size_t bytes, gfp_t gfp)
{
	void *table = NULL;

	gfp |= __GFP_ZERO | __GFP_NOWARN;
	if (bytes <= PAGE_SIZE)
		return kmalloc(bytes, gfp);
	if (bytes <= KMALLOC_MAX_SIZE)
		table = kmalloc(bytes, gfp | __GFP_NORETRY);
	return table ?: __vmalloc(bytes, gfp | __GFP_RETRY_MAYFAIL);
}

/**
 * umbra_large_zalloc() - allocate zeroed memory of the host for a table
 * @nr: number of elements
 * @size: size of an element, in bytes
 * @gfp: %GFP_KERNEL or %GFP_KERNEL_ACCOUNT
 * @use: use of the memory, for a line in the log if it fails, or NULL for no
 *	line
 *
 * Fails if the table would take nearly all available memory of the host, and
 * never invokes the OOM killer of the host.
 *
 * Context: may sleep.
 * Return: the table, to be freed with kvfree(), or NULL.
 */
void *umbra_large_zalloc(size_t nr, size_t size, gfp_t gfp, const char *use)
{
	size_t bytes = size_mul(nr, size);
	u64 spare = bytes > SMALL ? spare_bytes() : SMALL;
	void *table = bytes <= spare ? zalloc(bytes, gfp) : NULL;

	if (!table && use)
		pr_err("cannot allocate the %s: %zu KiB needed, %llu KiB to spare in the host\n",
		       use, bytes >> 10, spare_bytes() >> 10);
	return table;
}

/**
 * umbra_large_pages() - allocate descriptors of pages without memory
 * @nr: number of pages
 * @gfp: as for umbra_large_zalloc()
 * @use: as for umbra_large_zalloc()
 *
 * Each page has one reference.
 *
 * Context: may sleep.
 * Return: the descriptors, to be freed with kvfree(), or NULL.
 */
struct page *umbra_large_pages(size_t nr, gfp_t gfp, const char *use)
{
	struct page *pages = umbra_large_zalloc(nr, sizeof(*pages), gfp, use);
	size_t i;

	for (i = 0; pages && i < nr; i++) {
		set_page_count(pages + i, 1);
		if (i % 4096 == 0)
			cond_resched();
	}
	return pages;
}
