/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for memory; see wait.c. */
#ifndef _UMBRA_WAIT_H
#define _UMBRA_WAIT_H

struct umbra;

void umbra_pressure_watch(struct umbra *u);
void umbra_memory_wait_begin(struct umbra *u);
void umbra_memory_wait_end(struct umbra *u);
int umbra_memory_freed(struct umbra *u);
void umbra_memory_wait(struct umbra *u, int seen);
void umbra_wait_init(struct umbra *u);
void umbra_wait_destroy(struct umbra *u);

#endif /* _UMBRA_WAIT_H */
