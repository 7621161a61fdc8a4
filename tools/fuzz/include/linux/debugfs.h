/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_LINUX_DEBUGFS_H
#define _FUZZ_LINUX_DEBUGFS_H

#include <linux/fs.h>

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, unsigned int mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops);

#endif /* _FUZZ_LINUX_DEBUGFS_H */
