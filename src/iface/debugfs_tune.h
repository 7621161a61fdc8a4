/* SPDX-License-Identifier: GPL-2.0 */
/* Tunables in ctl/; see debugfs_tune.c. */
#ifndef _UMBRA_DEBUGFS_TUNE_H
#define _UMBRA_DEBUGFS_TUNE_H

struct dentry;
struct umbra;

void umbra_debugfs_tune(struct umbra *u, struct dentry *dir,
			struct dentry *ctl);

#endif /* _UMBRA_DEBUGFS_TUNE_H */
