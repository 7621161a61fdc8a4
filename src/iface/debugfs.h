/* SPDX-License-Identifier: GPL-2.0 */
/* Directory of an instance in debugfs; see debugfs.c. */
#ifndef _UMBRA_DEBUGFS_H
#define _UMBRA_DEBUGFS_H

struct dentry;
struct umbra;

void umbra_debugfs_create(struct umbra *u, struct dentry *root);

#endif /* _UMBRA_DEBUGFS_H */
