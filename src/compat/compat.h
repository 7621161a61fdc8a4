/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions and macros of the newest kernel, for older kernels. All other code
 * is written for the newest kernel; only this folder knows kernel versions. This
 * file is included before all other headers. Each entry names the version with
 * the change, and can be removed when no older version is supported.
 *
 * Distributions add such changes to older kernels. So an entry asks whether the
 * macro is defined, or whether probe.mk found it in the kernel tree
 * (UMBRA_HAVE_*), and asks for a version only where neither can tell.
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
#include <linux/overflow.h>
#include <linux/slab.h>

/*
 * 6.2 added <kunit/visibility.h>, for symbols that are exported only for tests.
 */
#ifdef UMBRA_HAVE_KUNIT_VISIBILITY
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/*
 * 6.4 added <kunit/static_stub.h>, with which a test replaces a function.
 */
#ifdef UMBRA_HAVE_KUNIT_STATIC_STUB
#include <kunit/static_stub.h>
#else
#define KUNIT_STATIC_STUB_REDIRECT(...) do { } while (0)
#endif

/*
 * 6.16 added EXPORT_SYMBOL_FOR_MODULES(), which exports to the modules named.
 */
#define UMBRA_TEST_MODULES "umbra_test,umbra_bench,umbra_oracle"
#ifndef EXPORT_SYMBOL_FOR_MODULES
#define EXPORT_SYMBOL_FOR_MODULES(symbol, ...) EXPORT_SYMBOL_GPL(symbol)
#endif

/*
 * 6.13 changed the namespace of MODULE_IMPORT_NS() to a string. The record that
 * it makes is the same.
 */
#define UMBRA_IMPORT_KUNIT_SYMBOLS \
	MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING")

/*
 * 6.5 added struct_size_t().
 */
#ifndef struct_size_t
#define struct_size_t(type, member, count) \
	struct_size((type *)NULL, member, count)
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
#endif
#ifndef kmalloc_obj
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
#ifndef UMBRA_HAVE_RT_OR_DL_TASK
#define rt_or_dl_task(task) rt_task(task)
#endif

/*
 * 6.18 changed the flags of a page from a word to a structure of that word.
 * %pGp prints the word.
 */
#define umbra_page_flags(page) ((unsigned long *)&(page)->flags)

/*
 * 6.3 made vm_flags read-only, and added vm_flags_set() to change them.
 */
#ifndef UMBRA_HAVE_VM_FLAGS_SET
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
 * pages of a CMA area that it cannot migrate, so CMA must not be used. Only a
 * version can tell: the change is inside a function of mm/gup.c. An older kernel
 * with this change added has no provider cma, and is otherwise complete.
 *
 * 7.2 exported cma_alloc(), cma_release() and dev_get_cma_area(). Before,
 * modules use CMA through the DMA API.
 */
#if defined(CONFIG_DMA_CMA) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define UMBRA_HAS_CMA
#endif
#define UMBRA_CMA_NEEDS "Linux 6.5 or newer with CONFIG_DMA_CMA"

#endif /* !__ASSEMBLY__ */
#endif /* _UMBRA_COMPAT_H */
