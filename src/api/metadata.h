/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that an instance itself takes; see metadata.c. */
#ifndef _UMBRA_METADATA_H
#define _UMBRA_METADATA_H

#include <linux/types.h>

struct umbra;

size_t umbra_metadata_bytes(const struct umbra *u);

#endif /* _UMBRA_METADATA_H */
