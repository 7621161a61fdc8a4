/* SPDX-License-Identifier: GPL-2.0 */
/* Files of ctl/, except the tunables; see debugfs_ctl.c. */
#ifndef _UMBRA_DEBUGFS_CTL_H
#define _UMBRA_DEBUGFS_CTL_H

struct dentry;
struct umbra;

void umbra_debugfs_ctl(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_CTL_H */
