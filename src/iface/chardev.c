// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/umbra: allocations that belong to open files.
 *
 * A file finds its allocations by page offset, in a maple tree of ranges. An
 * offset is used only once in the life of an instance.
 *
 * A mapping holds references to pages, and not the allocation. So the mapped
 * pages of a freed allocation become HELD, and faults do not find the other
 * pages any more. An exception is a page that lost its mapping when its block
 * moved: the mapping still expects the page. Such blocks stay in the freed
 * allocation, where faults find them, until all its mappings are gone.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/maple_tree.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "chardev.h"
#include "chardev_allocation.h"
#include "chardev_blocks.h"
#include "chardev_volatile.h"
#include "file.h"
#include <uapi/linux/umbra.h>

static bool alloc_args_are_valid(const struct umbra_ioc_alloc *args,
				 struct umbra *u)
{
	struct umbra_info info;

	if (args->flags & ~UMBRA_GFP_ALL || args->pad || args->handle ||
	    args->reserved[0] || args->reserved[1])
		return false;
	if (args->flags & UMBRA_GFP_RECLAIMABLE &&
	    args->flags != UMBRA_GFP_RECLAIMABLE)
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

	umbra_account_set_user(file->account, task_tgid(current));
	a = umbra_file_allocate(file, args.order, args.count, args.flags);
	if (IS_ERR(a))
		return PTR_ERR(a);
	args.handle = (u64)a->offset << PAGE_SHIFT;
	err = copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;

	mutex_lock(&file->lock);
	if (err) {
		umbra_allocation_end(file, a);
		return err;
	}
	a->published = true;
	mutex_unlock(&file->lock);
	return 0;
}

static long ioctl_free(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_free args;
	struct umbra_allocation *a;
	bool mapped = false;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.reserved)
		return -EINVAL;
	mutex_lock(&file->lock);
	a = umbra_file_find_handle(file, args.handle);
	if (a) {
		a->freed = true;
		a->unlocked = false;
		mapped = a->nr_mappings++;
	}
	mutex_unlock(&file->lock);
	if (!a)
		return -ENOENT;
	if (mapped)
		umbra_allocation_retire(file, a);
	umbra_allocation_put(file, a);
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
		.file_kernel_bytes = atomic_long_read(&file->kernel_bytes),
		.file_kernel_limit = umbra_file_kernel_limit(file),
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
	case UMBRA_IOC_UNLOCK:
		return umbra_ioctl_unlock(file, user);
	case UMBRA_IOC_LOCK:
		return umbra_ioctl_lock(file, user);
	default:
		return -ENOTTY;
	}
}

/*
 * Report EPOLLPRI if a zone fell below its low watermark since the last report
 * or, before the first report, since the file was opened. Only a caller that
 * requests EPOLLPRI gets a report and uses it up. As with the host's PSI,
 * adding the file to an epoll set is such a request.
 */
static __poll_t umbra_poll(struct file *filp, struct poll_table_struct *table)
{
	struct umbra_file *file = filp->private_data;
	struct umbra *u = file->dev->umbra;
	long events, seen;

	poll_wait(filp, umbra_pressure_wait(u), table);
	if (!(poll_requested_events(table) & EPOLLPRI))
		return 0;
	events = umbra_pressure_events(u);
	seen = atomic_long_read(&file->seen);
	do {
		if (events - seen <= 0)
			return 0;
	} while (!atomic_long_try_cmpxchg(&file->seen, &seen, events));
	return EPOLLPRI;
}

/*
 * Map the page at the offset of a fault. Returns -EBUSY if another thread
 * mapped it first, -ENODATA if its block was purged. The file lock keeps the
 * page from being freed or moved before the mapping has its reference.
 */
static int map_page(struct umbra_file *file, struct vm_fault *vmf)
{
	struct umbra_allocation *a;
	struct page **slot, *page;
	unsigned long in_block;

	lockdep_assert_held(&file->lock);

	a = umbra_file_find(file, vmf->pgoff);
	slot = a ? umbra_allocation_slot(a, vmf->pgoff) : NULL;
	if (!slot)
		return -EFAULT;
	in_block = (vmf->pgoff - a->offset) & ((1UL << a->order) - 1);
	if (a->freed &&
	    !test_bit(umbra_allocation_bit(a, slot) + in_block,
		      a->blocks->moved))
		return -EFAULT;
	if (!*slot)
		return a->freed ? -EFAULT : -ENODATA;
	if (a->unlocked)
		umbra_mark_accessed(file->dev->umbra, *slot);
	page = *slot + in_block;
	if (PageHWPoison(page))
		return -EHWPOISON;
	return vm_insert_page(vmf->vma, vmf->address & PAGE_MASK, page);
}

/*
 * If a purged page cannot be restored, the task gets SIGBUS: a fault has no
 * other way to report this.
 */
static vm_fault_t umbra_fault(struct vm_fault *vmf)
{
	struct umbra_file *file = vmf->vma->vm_file->private_data;
	int err;

	/* Neither a process nor a thread that works in the memory of another. */
	if (current->mm == vmf->vma->vm_mm && !(current->flags & PF_KTHREAD))
		umbra_account_set_user(file->account, task_tgid(current));
	do {
		mutex_lock(&file->lock);
		err = map_page(file, vmf);
		mutex_unlock(&file->lock);
		if (err != -ENODATA)
			break;
		err = umbra_file_restore(file, vmf->pgoff);
		if (err)
			return VM_FAULT_SIGBUS;
	} while (true);

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
 * Allow every write. If a mapping has this operation, hosts from 6.5 on refuse
 * writable long-term pins of it. Without the refusal, the host would try
 * without end to migrate pages out of the CMA area before it pins them, because
 * it cannot migrate pages of umbra.
 */
static vm_fault_t umbra_page_mkwrite(struct vm_fault *vmf)
{
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

/* Count a mapping that fork copied, or that was split off another one. */
static void umbra_vma_open(struct vm_area_struct *vma)
{
	struct umbra_file *file = vma->vm_file->private_data;
	struct umbra_allocation *a = vma->vm_private_data;

	mutex_lock(&file->lock);
	a->nr_mappings++;
	mutex_unlock(&file->lock);
}

static void umbra_vma_close(struct vm_area_struct *vma)
{
	umbra_allocation_put(vma->vm_file->private_data,
			     vma->vm_private_data);
}

static const struct vm_operations_struct umbra_vm_ops = {
	.open = umbra_vma_open,
	.close = umbra_vma_close,
	.fault = umbra_fault,
	.page_mkwrite = umbra_page_mkwrite,
};

static int umbra_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct umbra_file *file = filp->private_data;
	struct umbra_allocation *a;
	bool inside;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (!file->dev->has_memory)
		return -ENODEV;
	mutex_lock(&file->lock);
	a = umbra_file_find(file, vma->vm_pgoff);
	inside = a && !a->freed &&
		 vma_pages(vma) <= a->offset + umbra_allocation_pages(a) -
				   vma->vm_pgoff;
	if (inside)
		a->nr_mappings++;
	mutex_unlock(&file->lock);
	if (!inside)
		return -EINVAL;
	vma->vm_private_data = a;
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &umbra_vm_ops;
	return 0;
}

static const struct umbra_movable_operations block_ops = {
	.migrate = umbra_block_migrate,
	.reclaim = umbra_volatile_reclaim,
};

/* Initialize the part of a file for blocks; the account must exist already. */
static void init_blocks(struct umbra_file *file)
{
	mutex_init(&file->volatile_lock);
	mutex_init(&file->lock);
	mt_init(&file->allocations);
	umbra_movable_init(&file->movable, &block_ops, file->account);
}

/*
 * Give a file an address space of its own. With that of the device, each walk of
 * mappings, and each lock of it, would concern the mappings of all files.
 */
static void init_mapping(struct umbra_file *file, struct file *filp)
{
	address_space_init_once(&file->mapping);
	file->mapping.host = filp->f_mapping->host;
	file->mapping.a_ops = filp->f_mapping->a_ops;
	mapping_set_gfp_mask(&file->mapping, mapping_gfp_mask(filp->f_mapping));
	filp->f_mapping = &file->mapping;
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
	umbra_account_set_opener(file->account, task_tgid(current));
	file->dev = dev;
	init_mapping(file, filp);
	atomic_long_set(&file->seen, umbra_pressure_events(dev->umbra));
	init_blocks(file);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

/*
 * The last reference to the file is gone, so no mapping of it is left. Only
 * callbacks may still look for blocks. They refuse blocks of an allocation that
 * is not published.
 */
static int umbra_release(struct inode *inode, struct file *filp)
{
	struct umbra_file *file = filp->private_data;
	struct umbra_allocation *a;
	unsigned long offset = 0;

	mutex_lock(&file->lock);
	mt_for_each(&file->allocations, a, offset, ULONG_MAX)
		a->published = false;
	mutex_unlock(&file->lock);
	offset = 0;
	mt_for_each(&file->allocations, a, offset, ULONG_MAX)
		umbra_allocation_free(file, a);
	mtree_destroy(&file->allocations);
	umbra_movable_retire(file->dev->umbra, &file->movable);
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
	.poll = umbra_poll,
	.mmap = umbra_mmap,
};

/**
 * umbra_chardev_create() - create /dev/umbra
 * @u: the instance that its files allocate from
 * @limit: largest number of pages charged to one file, 0 for no limit; read at
 *	each charge, and may change
 *
 * Context: may sleep.
 * Return: the device, or an ERR_PTR: -ENOMEM, or the error of its registration.
 */
struct umbra_chardev *umbra_chardev_create(struct umbra *u,
					   const unsigned long *limit)
{
	struct umbra_chardev *dev;
	struct umbra_info info;
	int err;

	dev = kzalloc_obj(*dev, GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	umbra_get_info(u, &info);
	dev->umbra = u;
	dev->has_memory = info.has_memory;
	dev->nr_pages = info.nr_pages;
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
 * @dev: the device; none of its files is open, because an open file has a
 *	reference to the module
 *
 * Context: may sleep.
 */
void umbra_chardev_destroy(struct umbra_chardev *dev)
{
	misc_deregister(&dev->misc);
	kfree(dev);
}
