/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions and macros of the newest kernel, for older kernels. All other code
 * is written for the newest kernel; only this file knows kernel versions. It is
 * included before all other headers. Each entry names the version with the
 * change, and can be removed when no older version is supported.
 */
#ifndef _UMBRA_COMPAT_H
#define _UMBRA_COMPAT_H

#include <linux/kconfig.h>
#include <linux/version.h>

#undef pr_fmt
#define pr_fmt(fmt) "umbra: " fmt

#ifndef __ASSEMBLY__
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

/*
 * 6.2 added <kunit/visibility.h>, for symbols that are exported only for tests.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/*
 * 6.4 added <kunit/static_stub.h>, with which a test replaces a function.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#include <kunit/static_stub.h>
#else
#define KUNIT_STATIC_STUB_REDIRECT(...) do { } while (0)
#endif

/*
 * 6.16 added EXPORT_SYMBOL_FOR_MODULES(), which exports to the modules named.
 */
#define UMBRA_TEST_MODULES "umbra_test,umbra_bench"
#ifndef EXPORT_SYMBOL_FOR_MODULES
#define EXPORT_SYMBOL_FOR_MODULES(symbol, ...) EXPORT_SYMBOL_GPL(symbol)
#endif

/*
 * 6.13 changed the namespace of MODULE_IMPORT_NS() to a string.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define UMBRA_IMPORT_KUNIT_SYMBOLS \
	MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING")
#else
#define UMBRA_IMPORT_KUNIT_SYMBOLS \
	MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING)
#endif

/*
 * 6.6 added __counted_by().
 */
#ifndef __counted_by
#define __counted_by(member)
#endif

/*
 * 7.0 added kzalloc_obj() and kmalloc_obj(), allocations by type.
 */
#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) ((typeof(obj) *)kzalloc(sizeof(obj), gfp))
#define kmalloc_obj(obj, gfp) ((typeof(obj) *)kmalloc(sizeof(obj), gfp))
#endif

/*
 * 6.14 renamed alloc_pages_bulk_array() to alloc_pages_bulk().
 */
#ifndef alloc_pages_bulk
#define alloc_pages_bulk(gfp, nr, pages) \
	alloc_pages_bulk_array(gfp, nr, pages)
#endif

/*
 * 6.12 added rt_or_dl_task(). Before, rt_task() included deadline tasks.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define rt_or_dl_task(task) rt_task(task)
#endif

/*
 * 6.18 changed the flags of a page to a structure. %pGp prints the word in it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define umbra_page_flags(page) (&(page)->flags.f)
#else
#define umbra_page_flags(page) (&(page)->flags)
#endif

/*
 * 6.3 made vm_flags read-only, and added vm_flags_set() to change them.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/*
 * 6.19 replaced the migratetype of alloc_contig_range() with flags.
 */
static inline int umbra_host_alloc_contig(unsigned long start,
					  unsigned long end)
{
#ifdef CONFIG_CONTIG_ALLOC
#ifdef ACR_FLAGS_NONE
	return alloc_contig_range(start, end, ACR_FLAGS_NONE,
				  GFP_KERNEL | __GFP_NOWARN);
#else
	return alloc_contig_range(start, end, MIGRATE_MOVABLE,
				  GFP_KERNEL | __GFP_NOWARN);
#endif
#else
	return -ENODEV;
#endif
}

/*
 * 6.5 changed the host to refuse writable long-term pins of mappings with a
 * page_mkwrite callback. Before, the host retries such a pin without end on
 * pages of a CMA area that it cannot migrate, so CMA must not be used.
 *
 * 7.0 exported cma_alloc(), cma_release() and dev_get_cma_area(). Before,
 * modules use CMA through the DMA API.
 */
#if defined(CONFIG_DMA_CMA) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define UMBRA_HAS_CMA
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define UMBRA_HAS_CMA_EXPORTS
#endif
#endif

#endif /* !__ASSEMBLY__ */
#endif /* _UMBRA_COMPAT_H */
