/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks that are freed later; see later.c. */
#ifndef _UMBRA_LATER_H
#define _UMBRA_LATER_H

#include "../core/core.h"

void umbra_free_later(struct umbra *u, u32 index, unsigned int order);
void umbra_later_init(struct umbra *u);
void umbra_later_stop(struct umbra *u);

#endif /* _UMBRA_LATER_H */
