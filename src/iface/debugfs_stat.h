/* SPDX-License-Identifier: GPL-2.0 */
/* Files with the state of an instance; see debugfs_stat.c. */
#ifndef _UMBRA_DEBUGFS_STAT_H
#define _UMBRA_DEBUGFS_STAT_H

struct dentry;
struct umbra;

void umbra_debugfs_stat(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_STAT_H */
