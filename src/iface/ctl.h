/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of ctl/ share. Each takes one line; what cannot be is refused
 * with an error and a line in the log that names it, and changes nothing.
 *
 * Private to iface/.
 */
#ifndef _UMBRA_CTL_H
#define _UMBRA_CTL_H

#include <linux/module.h>
#include <linux/seq_file.h>

struct umbra;

/* What a file does with a line; it says itself what is wrong with it. */
typedef int (*ctl_fn)(struct umbra *u, char *line);

int umbra_ctl_refuse(struct umbra *u, const char *file, const char *line,
		     const char *must, int err);
ssize_t umbra_ctl_write(struct file *filp, const char __user *from,
			size_t count, const char *file, ctl_fn fn);

/* The operations of a file: do_NAME() for a line, and what it reads as. */
#define DEFINE_CTL(name, show)						\
static int name##_open(struct inode *inode, struct file *filp)		\
{									\
	return single_open(filp, show, inode->i_private);		\
}									\
									\
static ssize_t name##_write(struct file *filp, const char __user *from,	\
			    size_t count, loff_t *pos)			\
{									\
	return umbra_ctl_write(filp, from, count, #name, do_##name);	\
}									\
									\
static const struct file_operations name##_fops = {			\
	.owner = THIS_MODULE,						\
	.open = name##_open,						\
	.read = seq_read,						\
	.write = name##_write,						\
	.llseek = seq_lseek,						\
	.release = single_release,					\
}

#endif /* _UMBRA_CTL_H */
