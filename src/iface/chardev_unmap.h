/* SPDX-License-Identifier: GPL-2.0 */
/* Taking down the mappings of a block; see chardev_unmap.c. Private to iface/. */
#ifndef _UMBRA_CHARDEV_UNMAP_H
#define _UMBRA_CHARDEV_UNMAP_H

#include "file.h"

int umbra_file_unmap(struct umbra_file *file, struct umbra_allocation *a,
		     struct page **slot);

#endif /* _UMBRA_CHARDEV_UNMAP_H */
