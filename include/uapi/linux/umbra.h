/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of /dev/umbra, version 1.
 *
 * An allocation consists of a number of blocks of 2^order pages each. It
 * belongs to the open file that made it, and goes when the file goes. Its
 * handle is unique in the instance and is never used again. The handle is also
 * the offset for mmap(), with MAP_SHARED; in a mapping the blocks follow each
 * other. Memory is always zeroed.
 *
 * An instance without memory behind its descriptors can be allocated from, but
 * not mapped (ENODEV).
 *
 * poll() reports POLLPRI once after each time that a zone of the instance fell
 * below its low watermark while the file was open.
 *
 * Every reserved field must be zero, and so must every flag that is not named
 * here; otherwise an ioctl fails with EINVAL. An unknown command fails with
 * ENOTTY, a bad pointer with EFAULT.
 */
#ifndef _UAPI_LINUX_UMBRA_H
#define _UAPI_LINUX_UMBRA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define UMBRA_ABI_VERSION 1

/**
 * struct umbra_ioc_info - argument of UMBRA_IOC_GET_INFO
 * @version: UMBRA_ABI_VERSION
 * @page_size: size of a page, in bytes
 * @max_order: order of the largest block
 * @pb_order: order of a pageblock
 * @nr_pages: number of pages of the instance
 * @nr_free: number of pages on its free lists
 * @nr_held: number of pages of the instance that were freed and are still
 *	referenced
 * @file_pages: number of pages charged to this file, held pages counted in
 * @file_held: number of pages freed by this file that are still referenced
 * @file_limit: maximum number of pages of a file; all ones for no limit
 * @file_kernel_bytes: memory of the host that describes the allocations of this
 *	file, in bytes
 * @file_kernel_limit: maximum of @file_kernel_bytes
 * @reserved: zero
 */
struct umbra_ioc_info {
	__u32 version;
	__u32 page_size;
	__u32 max_order;
	__u32 pb_order;
	__u64 nr_pages;
	__u64 nr_free;
	__u64 nr_held;
	__u64 file_pages;
	__u64 file_held;
	__u64 file_limit;
	__u64 file_kernel_bytes;
	__u64 file_kernel_limit;
	__u64 reserved[2];
};

/*
 * Flags of an allocation. MOVABLE and RECLAIMABLE choose the free lists.
 * VOLATILE lets umbra purge the memory while it is unlocked, and implies
 * MOVABLE.
 */
#define UMBRA_GFP_MOVABLE	(1U << 0)
#define UMBRA_GFP_RECLAIMABLE	(1U << 1)
#define UMBRA_GFP_VOLATILE	(1U << 2)
#define UMBRA_GFP_ALL \
	(UMBRA_GFP_MOVABLE | UMBRA_GFP_RECLAIMABLE | UMBRA_GFP_VOLATILE)

/**
 * struct umbra_ioc_alloc - argument of UMBRA_IOC_ALLOC
 * @order: in: order of each block, at most max_order
 * @count: in: number of blocks, at least 1
 * @flags: in: UMBRA_GFP_*; UMBRA_GFP_RECLAIMABLE must be the only one
 * @pad: in: zero
 * @handle: in: zero; out: handle of the allocation, and its offset for mmap()
 * @reserved: in: zero
 *
 * Errors: EINVAL, a field is out of range; EDQUOT, more pages or more memory of
 * the host than the file may have; ENOMEM, not enough free blocks; EINTR, a
 * fatal signal; EOVERFLOW, no offset is left.
 */
struct umbra_ioc_alloc {
	__u32 order;
	__u32 count;
	__u32 flags;
	__u32 pad;
	__u64 handle;
	__u64 reserved[2];
};

/**
 * struct umbra_ioc_free - argument of UMBRA_IOC_FREE
 * @handle: in: handle of the allocation
 * @reserved: in: zero
 *
 * The allocation may still be mapped. Pages that were touched stay mapped with
 * their contents. They stay charged to the file until the mapping is gone,
 * and are free then. Touching another page of the mapping is SIGBUS.
 *
 * Errors: ENOENT, this file has no such allocation.
 */
struct umbra_ioc_free {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct umbra_ioc_unlock - argument of UMBRA_IOC_UNLOCK
 * @handle: in: handle of an allocation with UMBRA_GFP_VOLATILE
 * @reserved: in: zero
 *
 * Lets umbra purge blocks of the allocation when memory is short: their
 * contents are lost. A new allocation is locked. The block that was not used
 * for longest is purged first. A purged block is not charged. A block with a
 * reference other than a mapping (a pin, a pipe) is not purged.
 *
 * Unlocked memory can be used. A purged page reads as zeroes: touching it
 * allocates a new block, and is SIGBUS if there is none.
 *
 * Unlocking an unlocked allocation has no effect.
 *
 * Errors: ENOENT, this file has no such allocation; EINVAL, it is not volatile;
 * EINTR, a fatal signal.
 */
struct umbra_ioc_unlock {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct umbra_ioc_lock - argument of UMBRA_IOC_LOCK
 * @handle: in: handle of an allocation with UMBRA_GFP_VOLATILE
 * @purged: in: zero; out: number of pages purged since the allocation was
 *	unlocked. A page that was touched and purged again counts twice
 * @reserved: in: zero
 *
 * Keeps the blocks of the allocation from now on. Purged blocks are allocated
 * anew, zeroed; all others keep their contents. If the call fails
 * the allocation is still unlocked, and the next call reports what was purged.
 *
 * Locking a locked allocation has no effect; @purged is 0 then.
 *
 * Errors: ENOENT, this file has no such allocation; EINVAL, it is not volatile;
 * EDQUOT or ENOMEM, blocks cannot be brought back; EINTR, a fatal signal.
 */
struct umbra_ioc_lock {
	__u64 handle;
	__u64 purged;
	__u64 reserved[2];
};

#define UMBRA_IOC_MAGIC 0xB7

#define UMBRA_IOC_GET_INFO _IOWR(UMBRA_IOC_MAGIC, 0, struct umbra_ioc_info)
#define UMBRA_IOC_ALLOC _IOWR(UMBRA_IOC_MAGIC, 1, struct umbra_ioc_alloc)
#define UMBRA_IOC_FREE _IOW(UMBRA_IOC_MAGIC, 2, struct umbra_ioc_free)
#define UMBRA_IOC_UNLOCK _IOW(UMBRA_IOC_MAGIC, 3, struct umbra_ioc_unlock)
#define UMBRA_IOC_LOCK _IOWR(UMBRA_IOC_MAGIC, 4, struct umbra_ioc_lock)

#endif /* _UAPI_LINUX_UMBRA_H */
