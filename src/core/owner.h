/* SPDX-License-Identifier: GPL-2.0 */
/* Records of owners: the task that allocated a block, and its stack. */
#ifndef _UMBRA_OWNER_H
#define _UMBRA_OWNER_H

#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/types.h>

struct umbra;

/* Why a block was moved. */
enum umbra_migrate_reason {
	UMBRA_MIGRATE_FOR_COMPACTION,
	UMBRA_MIGRATE_FOR_RANGE,
	UMBRA_MIGRATE_NEVER	/* the block was not moved */
};

/**
 * struct umbra_owner - the last allocation of a block
 * @stack: stack of the allocation, a handle of the stack depot
 * @free_stack: stack of the free, or 0 while the block is allocated
 * @gfp: flags of the request
 * @ts_ns: time of the allocation by local_clock(), in nanoseconds
 * @pid: thread that allocated the block
 * @tgid: process of the thread
 * @order: order of the block
 * @migrated: enum umbra_migrate_reason of the last move of the block
 * @valid: true once the frame was allocated as a head
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
	u8 migrated;
	bool valid;
	char comm[TASK_COMM_LEN];
};

int umbra_owner_create(struct umbra *u);
int umbra_owner_stack(const struct umbra_owner *owner, char *buf, size_t size);
void umbra_owner_destroy(struct umbra *u);
void umbra_owner_set(struct umbra *u, u32 index, unsigned int order, gfp_t gfp);
void umbra_owner_split(struct umbra *u, u32 index, unsigned int order);
void umbra_owner_move(struct umbra *u, u32 dst, u32 src,
		      enum umbra_migrate_reason reason);
void umbra_owner_clear(struct umbra *u, u32 index, unsigned int order);
bool umbra_owner_get(const struct umbra *u, u32 index,
		     struct umbra_owner *owner);

#endif /* _UMBRA_OWNER_H */
