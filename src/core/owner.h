/* SPDX-License-Identifier: GPL-2.0 */
/* Records of owners: which task has a block, and from where. */
#ifndef _UMBRA_OWNER_H
#define _UMBRA_OWNER_H

#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/types.h>

struct umbra;

/**
 * struct umbra_owner - who has a block, or had it last
 * @stack: where from, a handle of the stack depot
 * @free_stack: where it was freed, or 0 while it is allocated
 * @gfp: of the request
 * @ts_ns: when, by the local clock
 * @pid: thread
 * @tgid: process
 * @order: of the block
 * @valid: it was allocated at all
 * @comm: name of the thread
 */
struct umbra_owner {
	u32 stack;
	u32 free_stack;
	gfp_t gfp;
	u64 ts_ns;
	pid_t pid;
	pid_t tgid;
	u8 order;
	bool valid;
	char comm[TASK_COMM_LEN];
};

int umbra_owner_create(struct umbra *u);
int umbra_owner_stack(const struct umbra_owner *owner, char *buf, size_t size);
int umbra_owner_create(struct umbra *u);
int umbra_owner_stack(const struct umbra_owner *owner, char *buf, size_t size);
void umbra_owner_destroy(struct umbra *u);
void umbra_owner_set(struct umbra *u, u32 index, unsigned int order, gfp_t gfp);
void umbra_owner_split(struct umbra *u, u32 index, unsigned int order);
void umbra_owner_copy(struct umbra *u, u32 dst, u32 src);
void umbra_owner_clear(struct umbra *u, u32 index, unsigned int order);
bool umbra_owner_get(const struct umbra *u, u32 index,
		     struct umbra_owner *owner);

#endif /* _UMBRA_OWNER_H */
