/* SPDX-License-Identifier: GPL-2.0 */
/* The choice of a process to kill; see victim.c. Private to pressure/. */
#ifndef _UMBRA_VICTIM_H
#define _UMBRA_VICTIM_H

#include "../core/core.h"
#include "../core/request.h"

struct umbra_account;

/* An account, and the process to kill for it; a reference to each. */
struct umbra_victim {
	struct umbra_account *account;
	struct pid *pid;
};

bool umbra_victim_can_help(struct umbra *u, const struct umbra_request *rq);
bool umbra_victim_select(struct umbra *u, const struct umbra_request *rq,
			 struct umbra_victim *victim);
void umbra_victim_release(struct umbra_victim *victim);
bool umbra_victim_is_exiting(struct pid *pid);
struct pid *umbra_victim_of(const struct umbra_account *account);

#endif /* _UMBRA_VICTIM_H */
