// SPDX-License-Identifier: GPL-2.0
/*
 * A client that can do without umbra. symbol_get() looks a function up when it
 * is wanted. depmod does not see that, so the softdep makes modprobe load umbra
 * first. As long as the client has functions of umbra, umbra cannot be
 * unloaded. umbra does not ask for them back: a file gives them back by hand.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <umbra/umbra.h>

/* The inline functions of umbra.h call others by name, so none is here. */
static struct {
	typeof(umbra_get_default) *get_default;
	typeof(umbra_put) *put;
	typeof(umbra_alloc_pages_nodemask) *alloc;
	typeof(umbra_free_pages_account) *free;
} api;				/* lock */

static struct umbra *umbra;	/* lock; NULL without umbra */
static struct page *page;	/* lock */
static struct dentry *file;
static DEFINE_MUTEX(lock);

static void put_functions(void)
{
	if (api.get_default)
		symbol_put(umbra_get_default);
	if (api.put)
		symbol_put(umbra_put);
	if (api.alloc)
		symbol_put(umbra_alloc_pages_nodemask);
	if (api.free)
		symbol_put(umbra_free_pages_account);
}

static bool get_functions(void)
{
	api.get_default = symbol_get(umbra_get_default);
	api.put = symbol_get(umbra_put);
	api.alloc = symbol_get(umbra_alloc_pages_nodemask);
	api.free = symbol_get(umbra_free_pages_account);
	return api.get_default && api.put && api.alloc && api.free;
}

/* Fails if umbra is not loaded, is being unloaded, or has no memory. */
static int join(void)
{
	if (get_functions())
		umbra = api.get_default();
	if (!umbra) {
		put_functions();
		return -ENODEV;
	}
	page = api.alloc(umbra, GFP_KERNEL | __GFP_NOWARN, 0, UMBRA_NO_NODE,
			 NULL);
	pr_info("uses umbra\n");
	return 0;
}

static void leave(void)
{
	if (page)
		api.free(umbra, page, 0, NULL);
	api.put(umbra);
	umbra = NULL;
	put_functions();
	pr_info("does not use umbra any more\n");
}

static int set_use(void *data, u64 use)
{
	int err = 0;

	mutex_lock(&lock);
	if (use && !umbra)
		err = join();
	else if (!use && umbra)
		leave();
	mutex_unlock(&lock);
	return err;
}

static int get_use(void *data, u64 *use)
{
	mutex_lock(&lock);
	*use = !!umbra;
	mutex_unlock(&lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(use_fops, get_use, set_use, "%llu\n");

static int __init optional_init(void)
{
	if (set_use(NULL, 1))
		pr_info("works without umbra\n");
	file = debugfs_create_file("umbra_optional", 0600, NULL, NULL,
				   &use_fops);
	return 0;
}

/* The file goes first: after that no write can take umbra again. */
static void __exit optional_exit(void)
{
	debugfs_remove(file);
	set_use(NULL, 0);
}

module_init(optional_init);
module_exit(optional_exit);

MODULE_SOFTDEP("pre: umbra");
MODULE_DESCRIPTION("Example: a client that uses umbra if it is loaded");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
