/* SPDX-License-Identifier: GPL-2.0 */
/* The description of an allocation; see chardev_allocation.c. Private to iface/. */
#ifndef _UMBRA_CHARDEV_ALLOCATION_H
#define _UMBRA_CHARDEV_ALLOCATION_H

#include "file.h"

unsigned long umbra_file_limit(const struct umbra_file *file);
unsigned long umbra_file_kernel_limit(const struct umbra_file *file);
struct umbra_allocation *umbra_allocation_create(struct umbra_file *file,
						 unsigned int order,
						 unsigned int count, u32 flags);
void umbra_allocation_delete(struct umbra_file *file,
			     struct umbra_allocation *a);
void umbra_allocation_shrink(struct umbra_file *file,
			     struct umbra_allocation *a, unsigned int kept);
struct page **umbra_allocation_slot(const struct umbra_allocation *a,
				    unsigned long offset);

#endif /* _UMBRA_CHARDEV_ALLOCATION_H */
