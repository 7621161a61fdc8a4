/* SPDX-License-Identifier: GPL-2.0 */
/* From gfp flags to a request; see gfp.c. */
#ifndef _UMBRA_GFP_H
#define _UMBRA_GFP_H

#include "../core/core.h"
#include "../core/request.h"

/**
 * struct umbra_gfp_name - a flag of older kernels
 * @name: name of the flag
 * @meant: its meaning
 * @today: flags with this meaning in the newest kernel
 */
struct umbra_gfp_name {
	const char *name;
	const char *meant;
	const char *today;
};

void umbra_gfp_init(struct umbra *u);
void umbra_gfp_set_defrag(struct umbra *u, bool on);
int umbra_request_init(struct umbra_request *rq, struct umbra *u, gfp_t gfp,
		       unsigned int order, int nid,
		       const umbra_nodemask_t *nodemask, unsigned int flags);
void umbra_request_slow(struct umbra_request *rq, struct umbra *u,
			const umbra_nodemask_t *nodemask);
unsigned int umbra_request_reserves(struct umbra *u,
				    const struct umbra_request *rq);
const struct umbra_gfp_name *umbra_gfp_old_name(unsigned int i);

#endif /* _UMBRA_GFP_H */
