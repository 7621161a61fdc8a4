/* SPDX-License-Identifier: GPL-2.0 */
/* Files of debugfs, as far as those of ctl/ use them; see ctl.c. */
#ifndef _FUZZ_LINUX_FS_H
#define _FUZZ_LINUX_FS_H

#include <sim/text.h>

struct dentry;

struct inode {
	void *i_private;
};

struct file {
	void *private_data;
};

struct file_operations {
	void *owner;
	int (*open)(struct inode *inode, struct file *file);
	ssize_t (*read)(struct file *file, char *to, size_t count, loff_t *pos);
	ssize_t (*write)(struct file *file, const char *from, size_t count,
			 loff_t *pos);
	loff_t (*llseek)(struct file *file, loff_t pos, int whence);
	int (*release)(struct inode *inode, struct file *file);
};

#define THIS_MODULE	NULL
#define __user

/* Each line counts. */
#define pr_warn_ratelimited	pr_warn

#endif /* _FUZZ_LINUX_FS_H */
