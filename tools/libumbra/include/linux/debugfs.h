/* SPDX-License-Identifier: GPL-2.0 */
/* The only files are those of failslab. */
#ifndef _SIM_LINUX_DEBUGFS_H
#define _SIM_LINUX_DEBUGFS_H

#include <sim/text.h>

struct dentry;

struct inode {
	void *i_private;
};

struct dentry *debugfs_lookup(const char *name, struct dentry *parent);
struct inode *d_inode(struct dentry *dentry);

#define dput(dentry)	((void)(dentry))

#endif /* _SIM_LINUX_DEBUGFS_H */
