/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of the library; programs do not use it. */
#ifndef _LIBUMBRA_INTERNAL_H
#define _LIBUMBRA_INTERNAL_H

#include <sim/sched.h>
#include "libumbra.h"

__noreturn void sim_thread_exit(int result);
int sim_thread_join(struct task_struct *task);
struct task_struct *sim_thread_new(int (*fn)(void *data), void *data,
				   const char *name);

bool sim_percpu_used(void);
void sim_fail_sleepers(void);
void sim_switch(struct task_struct *task);
void sim_leave_cpu(unsigned int cpu);

/* Symbols of the linker: the program, and the ends of tables of pointers */
struct kunit_suite;
struct sim_parameter;
struct tracepoint;

extern const char __executable_start[];
extern struct kunit_suite *__start_sim_suites[], *__stop_sim_suites[];
extern struct tracepoint *__start_sim_tracepoints[], *__stop_sim_tracepoints[];
/* A program without parameters has no such table. */
extern const struct sim_parameter *__start_sim_params[] __weak;
extern const struct sim_parameter *__stop_sim_params[] __weak;

#endif /* _LIBUMBRA_INTERNAL_H */
