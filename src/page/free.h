/* SPDX-License-Identifier: GPL-2.0 */
/* Freeing a block; see free.c. */
#ifndef _UMBRA_FREE_H
#define _UMBRA_FREE_H

#include "../core/core.h"

struct umbra_account;

unsigned long umbra_free_block(struct umbra *u, u32 index, unsigned int order,
			       bool scan, struct umbra_account *account);
void umbra_free_run(struct umbra *u, u32 index, u32 nr);
bool umbra_free_is_whole(struct umbra *u, u32 index, unsigned int order);

#endif /* _UMBRA_FREE_H */
