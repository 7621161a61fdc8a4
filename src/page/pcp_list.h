/* SPDX-License-Identifier: GPL-2.0 */
/* Groups of older blocks in a list of a per-CPU cache; private to page/. */
#ifndef _UMBRA_PCP_LIST_H
#define _UMBRA_PCP_LIST_H

#include "../core/section.h"

void umbra_pcp_spill(const struct umbra *u, struct umbra_pcp_list *list);
u32 umbra_pcp_unspill(const struct umbra *u, struct umbra_pcp_list *list);
unsigned int umbra_pcp_read_group(const struct umbra *u,
				  const struct umbra_pcp_list *list, u32 *group,
				  u32 *frames);
unsigned int umbra_pcp_list_order(const struct umbra *u, unsigned int list);
unsigned int umbra_pcp_collect(struct umbra_pcp *pcp, const struct umbra *u,
			       u32 *frames, unsigned int room, int pages,
			       unsigned int grown);

#endif /* _UMBRA_PCP_LIST_H */
