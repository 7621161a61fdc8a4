/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of /dev/umbra, version 1.
 *
 * An allocation is a number of blocks of 2^order pages each. It belongs to
 * the open file that made it and goes with it. Its handle is unique in the
 * instance, never used again, and at the same time the offset at which the
 * allocation can be mapped, with MAP_SHARED: the blocks follow each other.
 * Memory is always zeroed.
 *
 * An instance without memory behind its descriptors can be allocated from,
 * but not mapped (ENODEV).
 *
 * poll() says POLLPRI once after each time that a zone of the instance fell
 * below its low watermark while the file was open: memory gets short.
 *
 * Every reserved field must be zero, and so must every flag not named here
 * (EINVAL otherwise). A command that is not known is ENOTTY.
 */
#ifndef _UAPI_LINUX_UMBRA_H
#define _UAPI_LINUX_UMBRA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define UMBRA_ABI_VERSION 1

/**
 * struct umbra_ioc_info - about the instance and this file
 * @version: UMBRA_ABI_VERSION
 * @page_size: size of a page, in bytes
 * @max_order: order of the largest block
 * @pb_order: order of a pageblock
 * @nr_pages: pages of the instance
 * @nr_free: pages on its free lists
 * @nr_held: pages freed but still referenced, of the whole instance
 * @file_pages: pages charged to this file, those held counted in
 * @file_held: pages freed by this file but still referenced
 * @file_limit: how many pages may be charged to a file; all ones: no limit
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
	__u64 reserved[4];
};

/*
 * Flags of an allocation: which free lists it comes from, and whether umbra
 * may drop it when it is unlocked. Volatile memory is movable, too.
 */
#define UMBRA_GFP_MOVABLE	(1U << 0)
#define UMBRA_GFP_RECLAIMABLE	(1U << 1)
#define UMBRA_GFP_VOLATILE	(1U << 2)
#define UMBRA_GFP_ALL \
	(UMBRA_GFP_MOVABLE | UMBRA_GFP_RECLAIMABLE | UMBRA_GFP_VOLATILE)

/**
 * struct umbra_ioc_alloc - allocate blocks
 * @order: in: order of each block, at most max_order
 * @count: in: how many blocks, at least one
 * @flags: in: UMBRA_GFP_*; UMBRA_GFP_RECLAIMABLE with none of the others
 * @pad: in: zero
 * @handle: in: zero; out: handle of the allocation, and its offset for mmap()
 * @reserved: in: zero
 *
 * EINVAL: a field is out of range; EDQUOT: more than the file may have;
 * ENOMEM: not enough free blocks; EINTR: a fatal signal.
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
 * struct umbra_ioc_free - free an allocation
 * @handle: in: its handle
 * @reserved: in: zero
 *
 * It may still be mapped: pages that were touched stay mapped with what is in
 * them, and are free when the mapping is gone. They remain charged to the file
 * until then. Touching another page of the mapping is SIGBUS from now on.
 *
 * ENOENT: this file has no such allocation.
 */
struct umbra_ioc_free {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct umbra_ioc_unlock - let volatile memory be dropped
 * @handle: in: handle of an allocation with UMBRA_GFP_VOLATILE
 * @reserved: in: zero
 *
 * Such an allocation is locked at first, and its memory as any other. From
 * now on, whenever memory is short, its blocks may be taken away and with them
 * what was in them, the one not used for longest first; nothing is charged for
 * a block that is gone. A block that something else than a mapping has a
 * reference to (a pin, a pipe) is not taken.
 *
 * Unlocked memory can be used. A page that is gone reads as zeroes: touching
 * it allocates a new block, or is SIGBUS if there is none to be had.
 *
 * Unlocking twice is as good as once.
 *
 * ENOENT: this file has no such allocation; EINVAL: it is not volatile; EINTR:
 * a fatal signal.
 */
struct umbra_ioc_unlock {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct umbra_ioc_lock - keep volatile memory
 * @handle: in: handle of an allocation with UMBRA_GFP_VOLATILE
 * @purged: in: zero; out: how many pages were taken away since it was unlocked.
 *	One that was touched and taken away again counts twice
 * @reserved: in: zero
 *
 * Blocks that were taken away are allocated anew, zeroed; all others have what
 * was in them, and none is taken away any more. If this fails the allocation is
 * still unlocked, and the next time that it is locked says what was purged.
 *
 * Locking what is locked does nothing, and nothing was purged.
 *
 * ENOENT: this file has no such allocation; EINVAL: it is not volatile; EDQUOT,
 * ENOMEM: blocks cannot be brought back; EINTR: a fatal signal.
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
