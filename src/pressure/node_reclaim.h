/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim from a near node; see node_reclaim.c. */
#ifndef _UMBRA_NODE_RECLAIM_H
#define _UMBRA_NODE_RECLAIM_H

#include "../core/core.h"

void umbra_node_reclaim_init(struct umbra *u);
void umbra_node_reclaim_set_mode(struct umbra *u, unsigned int mode);

#endif /* _UMBRA_NODE_RECLAIM_H */
