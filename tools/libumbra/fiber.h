/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks of tasks, and the switch from one to another. */
#ifndef _SIM_FIBER_H
#define _SIM_FIBER_H

#include <stdbool.h>

struct sim_fiber;

struct sim_fiber *sim_fiber_of_program(void);
struct sim_fiber *sim_fiber_new(void (*entry)(void));
void sim_fiber_free(struct sim_fiber *fiber);
void sim_fiber_switch(struct sim_fiber *from, struct sim_fiber *to, bool ends);
bool sim_fiber_contains(const struct sim_fiber *fiber, unsigned long addr);

#endif /* _SIM_FIBER_H */
