/* SPDX-License-Identifier: GPL-2.0 */
/* Volatile allocations; see chardev_volatile.c. Private to iface/. */
#ifndef _UMBRA_CHARDEV_VOLATILE_H
#define _UMBRA_CHARDEV_VOLATILE_H

#include "file.h"

int umbra_volatile_reclaim(struct umbra_movable *movable, struct page *page,
			   unsigned int order, gfp_t gfp);
long umbra_ioctl_unlock(struct umbra_file *file, void __user *arg);
long umbra_ioctl_lock(struct umbra_file *file, void __user *arg);

#endif /* _UMBRA_CHARDEV_VOLATILE_H */
