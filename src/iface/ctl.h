/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared parts of the files of ctl/. A file accepts one line per write. An
 * invalid line fails with an error and changes nothing; the log names the line
 * and the accepted form.
 *
 * Private to iface/.
 */
#ifndef _UMBRA_CTL_H
#define _UMBRA_CTL_H

#include <linux/module.h>
#include <linux/seq_file.h>

struct dentry;
struct umbra;

/* Handles a line of a file. Returns 0, or an error after a line in the log. */
typedef int (*ctl_fn)(struct umbra *u, char *line);

int umbra_ctl_refuse(struct umbra *u, const char *file, const char *line,
		     const char *must, int err);
ssize_t umbra_ctl_write(struct file *filp, const char __user *from,
			size_t count, const char *file, ctl_fn fn);

/**
 * struct umbra_ctl_file - a file of ctl/
 * @name: its name
 * @fops: its operations
 * @show: function that prints its value, in one line for files in settings
 */
struct umbra_ctl_file {
	const char *name;
	const struct file_operations *fops;
	int (*show)(struct seq_file *m, void *v);
};

void umbra_ctl_create(struct umbra *u, struct dentry *ctl,
		      const struct umbra_ctl_file * const *file);

/* Define NAME_file: do_NAME() for writes, @print for reads. */
#define DEFINE_CTL(name, print)						\
static int name##_open(struct inode *inode, struct file *filp)		\
{									\
	return single_open(filp, print, inode->i_private);		\
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
};									\
									\
static const struct umbra_ctl_file name##_file = { #name, &name##_fops, print }

#endif /* _UMBRA_CTL_H */
