/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the library share, and programs do not use. */
#ifndef _LIBUMBRA_INTERNAL_H
#define _LIBUMBRA_INTERNAL_H

#include <sim/sched.h>
#include "libumbra.h"

__noreturn void sim_thread_exit(int result);
int sim_thread_join(struct task_struct *task);
struct task_struct *sim_thread_new(int (*fn)(void *data), void *data,
				   const char *name);

#endif /* _LIBUMBRA_INTERNAL_H */
