/* SPDX-License-Identifier: GPL-2.0 */
/* The files of an instance, by topic. */
#ifndef _UMBRA_DEBUGFS_H
#define _UMBRA_DEBUGFS_H

#include "../core/core.h"

struct dentry;

void umbra_debugfs_stat(struct umbra *u, struct dentry *dir);
void umbra_debugfs_owner(struct umbra *u, struct dentry *dir);
void umbra_debugfs_ctl(struct umbra *u, struct dentry *dir);
void umbra_debugfs_tune(struct umbra *u, struct dentry *dir,
			struct dentry *ctl);

#endif /* _UMBRA_DEBUGFS_H */
