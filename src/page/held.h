/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that are freed but still referenced, and lost frames; see held.c. */
#ifndef _UMBRA_HELD_H
#define _UMBRA_HELD_H

#include "../core/core.h"

struct umbra_account;

void umbra_frame_lose(struct umbra_zone *zone, u32 index, const char *why);
void umbra_held_add(struct umbra_zone *zone, u32 index,
		    struct umbra_account *account);
bool umbra_held_check(struct umbra_zone *zone, u32 index);
unsigned long umbra_held_rescan(struct umbra *u);
void umbra_held_rescan_later(struct umbra *u);
void umbra_held_init(struct umbra *u);
void umbra_held_forget(struct umbra *u);

#endif /* _UMBRA_HELD_H */
