// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/umbra: allocations that belong to open files.
 *
 * A file finds its allocations by page offset, in a maple tree of ranges.
 * Offsets are handed out once in the life of an instance. The file lock
 * guards the tree and nests inside mmap_lock, so nothing is copied from or to
 * user space under it.
 *
 * Mappings hold pages by reference and not by allocation: freeing a mapped
 * allocation takes it out of the tree, so that no fault finds it any more,
 * and the pages that are still mapped become HELD.
 */
#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <umbra/umbra.h>
#include <uapi/linux/umbra.h>
#include "iface.h"

struct umbra_chardev {
	struct miscdevice misc;
	struct umbra *umbra;
	const unsigned long *limit;	/* pages a file may have; 0: no limit */
	atomic_long_t next_offset;	/* pages */
};

struct umbra_file {
	struct umbra_chardev *dev;
	struct umbra_account *account;
	struct mutex lock;		/* inside mmap_lock */
	struct maple_tree allocations;	/* by page offset; guarded by @lock */
};

/* Blocks of one order, allocated by one call. */
struct umbra_allocation {
	unsigned long offset;		/* pages */
	bool published;			/* guarded by the file lock */
	unsigned int order;
	unsigned int nr_blocks;
	struct page *blocks[] __counted_by(nr_blocks);
};

static unsigned long allocation_pages(const struct umbra_allocation *a)
{
	return (unsigned long)a->nr_blocks << a->order;
}

/*
 * The page at an offset, to be mapped: from now on its block is one whose
 * pages others reference.
 */
static struct page *allocation_map_page(struct umbra *u,
					const struct umbra_allocation *a,
					unsigned long offset)
{
	unsigned long i = offset - a->offset;
	struct page *block = a->blocks[i >> a->order];

	umbra_expose_pages(u, block, a->order);
	return block + (i & ((1UL << a->order) - 1));
}

static struct umbra_allocation *find(struct umbra_file *file,
				     unsigned long offset)
{
	struct umbra_allocation *a;

	lockdep_assert_held(&file->lock);

	a = mtree_load(&file->allocations, offset);
	return a && a->published ? a : NULL;
}

static unsigned long file_limit(const struct umbra_file *file)
{
	return READ_ONCE(*file->dev->limit) ?: ULONG_MAX;
}

/* Free blocks and what they were charged; all of the allocation goes. */
static void allocation_free(struct umbra_file *file, struct umbra_allocation *a)
{
	unsigned int i;

	for (i = 0; i < a->nr_blocks; i++) {
		umbra_free_pages_account(file->dev->umbra, a->blocks[i],
					 a->order, file->account);
		cond_resched();
	}
	kvfree(a);
}

static gfp_t gfp_of_flags(u32 flags)
{
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_NOWARN;

	if (flags & UMBRA_GFP_MOVABLE)
		gfp |= __GFP_MOVABLE;
	if (flags & UMBRA_GFP_RECLAIMABLE)
		gfp |= __GFP_RECLAIMABLE;
	return gfp;
}

/* Fill @a with blocks. On failure it holds, and stays charged for, fewer. */
static int fill(struct umbra_file *file, struct umbra_allocation *a,
		unsigned int count, gfp_t gfp)
{
	struct umbra *u = file->dev->umbra;
	struct page *page;

	while (a->nr_blocks < count) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = umbra_alloc_pages(u, gfp, a->order);
		if (!page)
			return -ENOMEM;
		a->nr_blocks++;
		a->blocks[a->nr_blocks - 1] = page;
		cond_resched();
	}
	return 0;
}

static struct umbra_allocation *allocate(struct umbra_file *file,
					 unsigned int order,
					 unsigned int count, gfp_t gfp)
{
	unsigned long nr_pages = (unsigned long)count << order;
	struct umbra_allocation *a;
	int err;

	err = umbra_account_charge(file->account, nr_pages, file_limit(file));
	if (err)
		return ERR_PTR(err);
	a = kvzalloc(struct_size(a, blocks, count),
		     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!a) {
		err = -ENOMEM;
		goto err_uncharge;
	}
	a->order = order;
	err = fill(file, a, count, gfp);
	if (err) {
		nr_pages -= allocation_pages(a);
		allocation_free(file, a);
		goto err_uncharge;
	}
	return a;

err_uncharge:
	umbra_account_uncharge(file->account, nr_pages);
	return ERR_PTR(err);
}

/* Give an allocation its place among the offsets, not to be found yet. */
static int place(struct umbra_file *file, struct umbra_allocation *a)
{
	unsigned long nr_pages = allocation_pages(a);
	unsigned long end;
	int err;

	end = atomic_long_add_return(nr_pages, &file->dev->next_offset);
	if (end < nr_pages || end > ULONG_MAX >> PAGE_SHIFT)
		return -EOVERFLOW;
	a->offset = end - nr_pages;
	mutex_lock(&file->lock);
	err = mtree_insert_range(&file->allocations, a->offset, end - 1, a,
				 GFP_KERNEL);
	mutex_unlock(&file->lock);
	return err;
}

static bool alloc_args_are_valid(const struct umbra_ioc_alloc *args,
				 struct umbra *u)
{
	struct umbra_info info;

	if (args->flags & ~UMBRA_GFP_ALL || args->flags == UMBRA_GFP_ALL ||
	    args->pad || args->handle || args->reserved[0] || args->reserved[1])
		return false;
	umbra_get_info(u, &info);
	return args->order <= info.max_order && args->count &&
	       args->count <= info.nr_pages >> args->order;
}

static long ioctl_alloc(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_alloc args;
	struct umbra_allocation *a;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!alloc_args_are_valid(&args, file->dev->umbra))
		return -EINVAL;

	a = allocate(file, args.order, args.count, gfp_of_flags(args.flags));
	if (IS_ERR(a))
		return PTR_ERR(a);
	err = place(file, a);
	if (err)
		goto err_free;
	args.handle = (u64)a->offset << PAGE_SHIFT;
	err = copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;

	mutex_lock(&file->lock);
	if (err)
		mtree_erase(&file->allocations, a->offset);
	else
		a->published = true;
	mutex_unlock(&file->lock);
	if (err)
		goto err_free;
	return 0;

err_free:
	allocation_free(file, a);
	return err;
}

static long ioctl_free(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_free args;
	struct umbra_allocation *a = NULL;
	unsigned long offset;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.reserved)
		return -EINVAL;
	offset = args.handle >> PAGE_SHIFT;
	if ((u64)offset << PAGE_SHIFT != args.handle)
		return -ENOENT;

	mutex_lock(&file->lock);
	a = find(file, offset);
	if (a && a->offset == offset)
		mtree_erase(&file->allocations, offset);
	else
		a = NULL;
	mutex_unlock(&file->lock);
	if (!a)
		return -ENOENT;
	allocation_free(file, a);
	return 0;
}

static long ioctl_get_info(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_info args;
	struct umbra_info info;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (memchr_inv(args.reserved, 0, sizeof(args.reserved)))
		return -EINVAL;
	umbra_get_info(file->dev->umbra, &info);
	args = (struct umbra_ioc_info) {
		.version = UMBRA_ABI_VERSION,
		.page_size = PAGE_SIZE,
		.max_order = info.max_order,
		.pb_order = info.pb_order,
		.nr_pages = info.nr_pages,
		.nr_free = info.nr_free,
		.nr_held = info.nr_held,
		.file_pages = umbra_account_pages(file->account),
		.file_held = umbra_account_held(file->account),
		.file_limit = READ_ONCE(*file->dev->limit) ?: U64_MAX,
	};
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long umbra_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct umbra_file *file = filp->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case UMBRA_IOC_GET_INFO:
		return ioctl_get_info(file, user);
	case UMBRA_IOC_ALLOC:
		return ioctl_alloc(file, user);
	case UMBRA_IOC_FREE:
		return ioctl_free(file, user);
	default:
		return -ENOTTY;
	}
}

/*
 * Map the page that an offset stands for. -EBUSY means that another thread
 * was first. Under the file lock the page cannot be freed before the mapping
 * has its reference.
 */
static vm_fault_t umbra_fault(struct vm_fault *vmf)
{
	struct umbra_file *file = vmf->vma->vm_file->private_data;
	struct umbra_allocation *a;
	struct page *page;
	int err = -EFAULT;

	mutex_lock(&file->lock);
	a = find(file, vmf->pgoff);
	if (a) {
		page = allocation_map_page(file->dev->umbra, a, vmf->pgoff);
		err = PageHWPoison(page) ? -EHWPOISON :
		      vm_insert_page(vmf->vma, vmf->address & PAGE_MASK, page);
	}
	mutex_unlock(&file->lock);

	switch (err) {
	case 0:
	case -EBUSY:
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	case -EHWPOISON:
		return VM_FAULT_HWPOISON;
	default:
		return VM_FAULT_SIGBUS;
	}
}

/*
 * Allows every write. Its presence makes the host refuse writable long-term
 * pins of the mapping, from 6.5 on: pages of a CMA area must not be pinned for
 * long, and as the host cannot migrate ours away it would try without end.
 */
static vm_fault_t umbra_page_mkwrite(struct vm_fault *vmf)
{
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct umbra_vm_ops = {
	.fault = umbra_fault,
	.page_mkwrite = umbra_page_mkwrite,
};

static int umbra_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct umbra_file *file = filp->private_data;
	struct umbra_allocation *a;
	struct umbra_info info;
	bool inside;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	umbra_get_info(file->dev->umbra, &info);
	if (!info.has_memory)
		return -ENODEV;
	mutex_lock(&file->lock);
	a = find(file, vma->vm_pgoff);
	inside = a && vma_pages(vma) <= a->offset + allocation_pages(a) -
					vma->vm_pgoff;
	mutex_unlock(&file->lock);
	if (!inside)
		return -EINVAL;
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &umbra_vm_ops;
	return 0;
}

static int umbra_open(struct inode *inode, struct file *filp)
{
	struct umbra_chardev *dev = container_of(filp->private_data,
						 struct umbra_chardev, misc);
	struct umbra_file *file;

	file = kzalloc_obj(*file, GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	file->account = umbra_account_create(dev->umbra);
	if (!file->account) {
		kfree(file);
		return -ENOMEM;
	}
	file->dev = dev;
	mutex_init(&file->lock);
	mt_init(&file->allocations);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

/* The last reference to the file is gone, and with it every mapping. */
static int umbra_release(struct inode *inode, struct file *filp)
{
	struct umbra_file *file = filp->private_data;
	struct umbra_allocation *a;
	unsigned long offset = 0;

	mt_for_each(&file->allocations, a, offset, ULONG_MAX)
		allocation_free(file, a);
	mtree_destroy(&file->allocations);
	umbra_account_put(file->account);
	kfree(file);
	return 0;
}

static const struct file_operations umbra_fops = {
	.owner = THIS_MODULE,
	.open = umbra_open,
	.release = umbra_release,
	.unlocked_ioctl = umbra_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = umbra_mmap,
};

/**
 * umbra_chardev_create() - make /dev/umbra
 * @u: the instance it allocates from
 * @limit: pages that may be charged to one file, 0 for no limit; may change
 *
 * Context: may sleep.
 * Return: the device, or an ERR_PTR: -ENOMEM, or why it cannot be registered.
 */
struct umbra_chardev *umbra_chardev_create(struct umbra *u,
					   const unsigned long *limit)
{
	struct umbra_chardev *dev;
	int err;

	dev = kzalloc_obj(*dev, GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->umbra = u;
	dev->limit = limit;
	atomic_long_set(&dev->next_offset, 1);
	dev->misc.minor = MISC_DYNAMIC_MINOR;
	dev->misc.name = "umbra";
	dev->misc.mode = 0600;
	dev->misc.fops = &umbra_fops;
	err = misc_register(&dev->misc);
	if (err) {
		kfree(dev);
		return ERR_PTR(err);
	}
	return dev;
}

/**
 * umbra_chardev_destroy() - remove /dev/umbra
 * @dev: the device; no file is open, because each holds the module
 *
 * Context: may sleep.
 */
void umbra_chardev_destroy(struct umbra_chardev *dev)
{
	misc_deregister(&dev->misc);
	kfree(dev);
}
