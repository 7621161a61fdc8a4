/* SPDX-License-Identifier: GPL-2.0 */
/* Start positions and skip hints of compaction; see compact_hints.c. */
#ifndef _UMBRA_COMPACT_HINTS_H
#define _UMBRA_COMPACT_HINTS_H

#include "../core/core.h"

struct umbra_compaction;

int umbra_compact_hints_create(struct umbra *u);
void umbra_compact_hints_destroy(struct umbra *u);
bool umbra_compact_is_skipped(const struct umbra_compaction *c, u32 index);
void umbra_compact_skip(const struct umbra_compaction *c, u32 index);
void umbra_compact_pass_source(const struct umbra_compaction *c, u32 index);
void umbra_compact_pass_target(const struct umbra_compaction *c, u32 index);
void umbra_compact_flush_hints(struct umbra *u, unsigned int nid);
void umbra_compact_begin(struct umbra_compaction *c);
void umbra_compact_begin_anew(struct umbra_compaction *c);
void umbra_compact_end(struct umbra_compaction *c, u32 highest);
void umbra_compact_defer(struct umbra_zone *zone, unsigned int order);
bool umbra_compact_is_deferred(struct umbra_zone *zone, unsigned int order);
void umbra_compact_expect(struct umbra_zone *zone, unsigned int order);
void umbra_compact_worked(struct umbra_zone *zone, unsigned int order);

#endif /* _UMBRA_COMPACT_HINTS_H */
