// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: allocations of the module, the data of virtual CPUs, and the pages of
 * the host. The host has HOST_PAGES pages, which take memory of the machine only
 * when they are used. A page with a count of 0 is free.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <linux/debugfs.h>
#include <sim/cpu.h>
#include <sim/mm.h>
#include <sim/xarray.h>
#include "internal.h"

#define HOST_PAGES	32768UL
#define HOST_PFN	0x10000UL
#define HOST_ALIGN	(PAGE_SIZE << UMBRA_MAX_ORDER)

/* The memory that tables may take, in pages: enough for any instance. */
#define HOST_AVAILABLE	(16UL << (30 - PAGE_SHIFT))

const struct sim_node sim_host_node = { HOST_PFN, HOST_PAGES };

static struct page host_pages[HOST_PAGES];
static char *host_memory;
static unsigned long host_used;		/* pages */
static unsigned long bytes_used;

/* The control files of failslab that tests write */
static bool failslab_spares_sleepers = true;
static unsigned long failslab_verbose;

struct dentry {
	const char *name;
	struct inode inode;
};

static struct dentry failslab_files[] = {
	{ "failslab", {} },
	{ "ignore-gfp-wait", { &failslab_spares_sleepers } },
	{ "verbose", { &failslab_verbose } },
};

struct dentry *debugfs_lookup(const char *name, struct dentry *parent)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(failslab_files); i++)
		if (!strcmp(failslab_files[i].name, name))
			return &failslab_files[i];
	return NULL;
}

struct inode *d_inode(struct dentry *dentry)
{
	return &dentry->inode;
}

/* Let allocations that may sleep fail, too. */
void sim_fail_sleepers(void)
{
	failslab_spares_sleepers = false;
}

/* Fault injection: does the allocation @fail_nth of this task come? */
bool sim_must_fail(gfp_t gfp)
{
	if (likely(!current->fail_nth) || gfp & __GFP_NOFAIL || in_interrupt())
		return false;
	if (failslab_spares_sleepers && gfpflags_allow_blocking(gfp))
		return false;
	return !--current->fail_nth;
}

void *sim_alloc(size_t bytes, gfp_t gfp)
{
	void *p;

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (sim_must_fail(gfp) || bytes > HOST_AVAILABLE << PAGE_SHIFT)
		return NULL;
	/* Objects of the kernel are aligned to lines where that matters. */
	bytes = ALIGN(bytes ?: 1, SMP_CACHE_BYTES);
	if (gfp & __GFP_ZERO && bytes > SZ_64K)
		p = calloc(1, bytes);
	else
		p = aligned_alloc(SMP_CACHE_BYTES, bytes);
	if (!p)
		return NULL;
	if (gfp & __GFP_ZERO && bytes <= SZ_64K)
		memset(p, 0, bytes);
	bytes_used += malloc_usable_size(p);
	return p;
}

void kfree(const void *p)
{
	if (!p)
		return;
	bytes_used -= malloc_usable_size((void *)p);
	free((void *)p);
}

/**
 * umbra_sim_memory() - get the memory that instances and the library use
 *
 * Return: allocations from the host, in bytes; the pages of instances, and data
 * of CPUs, are not among them.
 */
unsigned long long umbra_sim_memory(void)
{
	return bytes_used;
}

void *kmemdup(const void *src, size_t bytes, gfp_t gfp)
{
	void *p = kmalloc(bytes, gfp);

	return p ? memcpy(p, src, bytes) : NULL;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup(s, strlen(s) + 1, gfp) : NULL;
}

/* Data of virtual CPUs: what is freed serves allocations of the same size. */
struct percpu_block {
	struct percpu_block *next;
	size_t bytes;
};

static char *percpu_base;
static size_t percpu_used;
static struct percpu_block *percpu_free;

static struct percpu_block *percpu_reuse(size_t bytes)
{
	struct percpu_block **at, *block;

	for (at = &percpu_free; (block = *at); at = &block->next)
		if (block->bytes == bytes) {
			*at = block->next;
			return block;
		}
	return NULL;
}

static struct percpu_block *percpu_carve(size_t bytes)
{
	struct percpu_block *block;

	if (!percpu_base)
		percpu_base = mmap(NULL, NR_CPUS * SIM_CPU_STRIDE,
				   PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				   -1, 0);
	if (percpu_base == MAP_FAILED || percpu_used + bytes > SIM_CPU_STRIDE)
		sim_die("no memory for data of CPUs");
	block = (struct percpu_block *)(percpu_base + percpu_used);
	percpu_used += bytes;
	block->bytes = bytes;
	return block;
}

void *sim_alloc_percpu(size_t size)
{
	size_t bytes = ALIGN(size, SMP_CACHE_BYTES) + SMP_CACHE_BYTES;
	struct percpu_block *block;
	unsigned int cpu;
	char *data;

	might_sleep();
	if (sim_must_fail(GFP_KERNEL))
		return NULL;
	block = percpu_reuse(bytes) ?: percpu_carve(bytes);
	data = (char *)block + SMP_CACHE_BYTES;
	for_each_possible_cpu(cpu)
		memset(data + cpu * SIM_CPU_STRIDE, 0, size);
	return data;
}

void free_percpu(void *data)
{
	struct percpu_block *block;

	if (!data)
		return;
	block = (struct percpu_block *)((char *)data - SMP_CACHE_BYTES);
	block->next = percpu_free;
	percpu_free = block;
}

/* Was data of CPUs ever allocated? */
bool sim_percpu_used(void)
{
	return percpu_used;
}

/* Pages of the host */
struct page *pfn_to_page(unsigned long pfn)
{
	return pfn - HOST_PFN < HOST_PAGES ? &host_pages[pfn - HOST_PFN] : NULL;
}

static bool is_host_page(const struct page *page)
{
	return page >= host_pages && page < host_pages + HOST_PAGES;
}

unsigned long page_to_pfn(const struct page *page)
{
	sim_check(is_host_page(page), "the frame number of a ghost page");
	return HOST_PFN + (page - host_pages);
}

/* An address has the alignment of its frame number, up to the largest block. */
static void map_host_memory(void)
{
	void *memory = mmap(NULL, (HOST_PAGES << PAGE_SHIFT) + HOST_ALIGN,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	sim_check(memory != MAP_FAILED, "no memory for pages");
	host_memory = (char *)ALIGN((unsigned long)memory, HOST_ALIGN);
}

void *page_address(const struct page *page)
{
	sim_check(is_host_page(page), "the memory of a ghost page");
	if (!host_memory)
		map_host_memory();
	return host_memory + ((page - host_pages) << PAGE_SHIFT);
}

bool virt_addr_valid(const void *addr)
{
	return host_memory && (size_t)((const char *)addr - host_memory) <
	       HOST_PAGES << PAGE_SHIFT;
}

struct page *virt_to_page(const void *addr)
{
	return &host_pages[((const char *)addr - host_memory) >> PAGE_SHIFT];
}

void get_page(struct page *page)
{
	sim_check(page_ref_count(page) > 0, "get_page() of a free page");
	page_ref_inc(page);
}

/* The last reference of a page gives it to the host. */
void put_page(struct page *page)
{
	sim_check(page_ref_count(page) > 0, "put_page() of a free page");
	page_ref_dec(page);
	if (!page_ref_count(page)) {
		sim_check(is_host_page(page), "a ghost page was freed");
		host_used--;
	}
}

static bool is_free_run(unsigned long first, unsigned long nr)
{
	unsigned long i;

	for (i = first; i < first + nr; i++)
		if (page_ref_count(&host_pages[i]) ||
		    PageHWPoison(&host_pages[i]))
			return false;
	return true;
}

static void take_run(unsigned long first, unsigned long nr)
{
	unsigned long i;

	for (i = first; i < first + nr; i++) {
		set_page_count(&host_pages[i], 1);
		atomic_set(&host_pages[i]._mapcount, -1);
	}
	host_used += nr;
}

int alloc_contig_range(unsigned long start, unsigned long end, int flags,
		       gfp_t gfp)
{
	might_sleep();
	if (sim_must_fail(gfp))
		return -ENOMEM;
	if (!is_free_run(start - HOST_PFN, end - start))
		return -EBUSY;
	take_run(start - HOST_PFN, end - start);
	return 0;
}

void free_contig_range(unsigned long pfn, unsigned long nr_pages)
{
	while (nr_pages--)
		put_page(pfn_to_page(pfn + nr_pages));
}

/* Every page of a block gets a count: nothing looks at the tails. */
struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long first, nr = 1UL << order;

	might_sleep_if(gfpflags_allow_blocking(gfp));
	for (first = 0; first + nr <= HOST_PAGES; first += nr)
		if (is_free_run(first, nr)) {
			take_run(first, nr);
			return &host_pages[first];
		}
	return NULL;
}

void __free_pages(struct page *page, unsigned int order)
{
	free_contig_range(page_to_pfn(page), 1UL << order);
}

long si_mem_available(void)
{
	return HOST_AVAILABLE - host_used - (bytes_used >> PAGE_SHIFT);
}

unsigned long totalram_pages(void)
{
	return HOST_AVAILABLE;
}
