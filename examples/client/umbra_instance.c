// SPDX-License-Identifier: GPL-2.0
/*
 * An instance over pages of this module, with a policy that a parameter names.
 * All pages are allocated as movable, then 12 of the 16 pages of one pageblock
 * are freed, and one page is allocated that cannot be moved. It can only come
 * from that pageblock. fallback_claim or fallback_steal in
 * /sys/kernel/debug/umbra/example/vmstat says how the policy got it.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <umbra/umbra.h>

#define ORDER		8
#define NR_PAGES	BIT(ORDER)
#define PB_ORDER	4
#define NR_FREED	12

static char *policy = "mainline";
module_param(policy, charp, 0444);
MODULE_PARM_DESC(policy, "Policy of the instance (default: mainline)");

static struct umbra *umbra;
static struct page *pages;	/* all pages of the instance */
static struct page *page;	/* the one that cannot be moved */

static void free_pages_of_host(void)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		__free_page(pages + i);
}

/* A page that somebody still uses must not go back to the host. */
static void keep(void *arg, struct page *lost)
{
	get_page(lost);
}

static void mix(void)
{
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN;
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		umbra_alloc_page(umbra, gfp);
	for (i = 0; i < NR_FREED; i++)
		umbra_free_page(umbra, pages + i);
	page = umbra_alloc_page(umbra, GFP_KERNEL | __GFP_NOWARN);
}

static int __init instance_init(void)
{
	/* No caches and no reserves: every page can be had, in a known order. */
	const struct umbra_layout layout = {
		.origin = "example",
		.pb_order = PB_ORDER,
		.has_memory = true,
		.policy = policy,
	};
	struct umbra_span span = { .nr_pages = NR_PAGES };

	pages = alloc_pages(GFP_KERNEL, ORDER);
	if (!pages)
		return -ENOMEM;
	split_page(pages, ORDER);
	span.pages = pages;
	span.base_pfn = page_to_pfn(pages);
	umbra = umbra_create("example", &layout, &span, 1);
	if (IS_ERR(umbra)) {
		free_pages_of_host();
		return PTR_ERR(umbra);
	}
	mix();
	return 0;
}

/* From here on nothing uses the instance, so the policy may go, too. */
static void __exit instance_exit(void)
{
	unsigned int i;

	for (i = NR_FREED; i < NR_PAGES; i++)
		umbra_free_page(umbra, pages + i);
	if (page)
		umbra_free_page(umbra, page);
	umbra_destroy(umbra, keep, NULL);
	free_pages_of_host();
}

module_init(instance_init);
module_exit(instance_exit);

MODULE_DESCRIPTION("Example: an instance over pages of a module");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
