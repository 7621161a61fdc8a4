/* SPDX-License-Identifier: GPL-2.0 */
/* Tunables in ctl/; see debugfs_tune.c. */
#ifndef _UMBRA_DEBUGFS_TUNE_H
#define _UMBRA_DEBUGFS_TUNE_H

struct dentry;
struct umbra;
struct umbra_ctl_file;

extern const struct umbra_ctl_file * const umbra_tune_files[];

void umbra_debugfs_tune(struct umbra *u, struct dentry *dir,
			struct dentry *ctl);

#endif /* _UMBRA_DEBUGFS_TUNE_H */
