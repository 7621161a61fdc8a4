/* SPDX-License-Identifier: GPL-2.0 */
/* Watermarks of zones; see watermark.c. */
#ifndef _UMBRA_WATERMARK_H
#define _UMBRA_WATERMARK_H

#include "../core/core.h"

unsigned long umbra_low_pages(const struct umbra *u);
long umbra_auto_min_free(const struct umbra *u);
void umbra_watermark_setup(struct umbra *u);
void umbra_watermark_init(struct umbra *u, const struct umbra_layout *layout);
void umbra_watermark_load(struct umbra_zone *zone, const unsigned long *marks,
			  unsigned long boost, const unsigned long *reserve);
bool umbra_watermark_ok(const struct umbra_zone *zone, unsigned int order,
			unsigned long mark, enum umbra_zone_type highest,
			unsigned int flags);
bool umbra_watermark_with(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags, unsigned long more);
bool umbra_watermark_whole(const struct umbra_zone *zone, unsigned int order,
			   unsigned long mark, enum umbra_zone_type highest,
			   unsigned int flags);
bool umbra_watermark_fast(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags);
bool umbra_watermark_boost(struct umbra_zone *zone);
void umbra_watermark_unboost(struct umbra_zone *zone, unsigned long pages);

#endif /* _UMBRA_WATERMARK_H */
