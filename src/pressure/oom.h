/* SPDX-License-Identifier: GPL-2.0 */
/* The last resort of a request; see oom.c. */
#ifndef _UMBRA_OOM_H
#define _UMBRA_OOM_H

#include "../core/request.h"

/* The next act of a request after the last resort. */
enum umbra_oom_result {
	UMBRA_OOM_NOTHING,	/* fail */
	UMBRA_OOM_PROGRESS,	/* try again: memory is freed, or will be */
	UMBRA_OOM_DYING		/* the same with the reserves of a victim */
};

void umbra_oom_init(struct umbra *u);
void umbra_oom_report_holders(struct umbra *u);
enum umbra_oom_result umbra_oom(struct umbra *u,
				const struct umbra_request *rq);

#endif /* _UMBRA_OOM_H */
