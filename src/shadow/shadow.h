/* SPDX-License-Identifier: GPL-2.0 */
/* Events of the host that concern an instance; see memory_failure.c. */
#ifndef _UMBRA_SHADOW_H
#define _UMBRA_SHADOW_H

struct umbra;
struct umbra_failure_watch;

struct umbra_failure_watch *umbra_failure_watch_start(struct umbra *u);
void umbra_failure_watch_stop(struct umbra_failure_watch *watch);

#endif /* _UMBRA_SHADOW_H */
