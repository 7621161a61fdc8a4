/* SPDX-License-Identifier: GPL-2.0 */
/* Files in the formats of the host. */
#ifndef _UMBRA_DEBUGFS_STAT_H
#define _UMBRA_DEBUGFS_STAT_H

struct dentry;
struct umbra;

void umbra_debugfs_stat(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_STAT_H */
