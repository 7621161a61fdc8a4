/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks of an open file; see chardev_blocks.c. Private to iface/. */
#ifndef _UMBRA_CHARDEV_BLOCKS_H
#define _UMBRA_CHARDEV_BLOCKS_H

#include "file.h"

struct umbra_allocation *umbra_file_find(struct umbra_file *file,
					 unsigned long offset);
struct umbra_allocation *umbra_file_find_handle(struct umbra_file *file,
						u64 handle);
void umbra_allocation_free(struct umbra_file *file,
			   struct umbra_allocation *a);
void umbra_allocation_end(struct umbra_file *file, struct umbra_allocation *a);
void umbra_allocation_retire(struct umbra_file *file,
			     struct umbra_allocation *a);
void umbra_allocation_put(struct umbra_file *file, struct umbra_allocation *a);
struct umbra_allocation *umbra_file_allocate(struct umbra_file *file,
					     unsigned int order,
					     unsigned int count, u32 flags);
int umbra_file_restore(struct umbra_file *file, unsigned long offset);
struct page **umbra_file_lock_block(struct umbra_file *file,
				    struct page *page,
				    struct umbra_allocation **a);
int umbra_block_migrate(struct umbra_movable *movable, struct page *dst,
			struct page *src, unsigned int order,
			enum umbra_migrate_mode mode);

#endif /* _UMBRA_CHARDEV_BLOCKS_H */
