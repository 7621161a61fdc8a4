/* SPDX-License-Identifier: GPL-2.0 */
/* Compaction in the background; see kcompactd.c. */
#ifndef _UMBRA_KCOMPACTD_H
#define _UMBRA_KCOMPACTD_H

#include "../core/core.h"

void umbra_compact_wake(struct umbra *u, unsigned int nid, unsigned int order,
			enum umbra_zone_type highest);
void umbra_compact_set_proactiveness(struct umbra *u, unsigned int value);
void umbra_compact_init(struct umbra *u);
int umbra_compact_create(struct umbra *u, const struct umbra_layout *layout);
void umbra_compact_stop(struct umbra *u);
void umbra_compact_destroy(struct umbra *u);
size_t umbra_compact_bytes(const struct umbra *u);

#endif /* _UMBRA_KCOMPACTD_H */
