// SPDX-License-Identifier: GPL-2.0
/* Shared code of the files of ctl/. */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "../core/core.h"
#include "../parse/text.h"
#include "ctl.h"

/* Create files of ctl/, up to a NULL. Context: may sleep. */
void umbra_ctl_create(struct umbra *u, struct dentry *ctl,
		      const struct umbra_ctl_file * const *file)
{
	for (; *file; file++)
		debugfs_create_file((*file)->name, 0600, ctl, u, (*file)->fops);
}

/**
 * umbra_ctl_refuse() - log that a file of ctl/ refuses a line
 * @u: the instance
 * @file: name of the file
 * @line: the line
 * @must: the accepted lines, as the end of the sentence "LINE must be ..."
 * @err: the error of the write; -EINTR, a fatal signal, is not logged
 *
 * Context: any.
 * Return: @err.
 */
int umbra_ctl_refuse(struct umbra *u, const char *file, const char *line,
		     const char *must, int err)
{
	if (err != -EINTR)
		pr_warn_ratelimited("%s: ctl/%s: \"%s\": must be %s\n",
				    u->name, file, line, must);
	return err;
}

/**
 * umbra_ctl_write() - handle a write to a file of ctl/
 * @filp: the open file, a seq_file of one instance
 * @from: the line, in user space
 * @count: size of the line, in bytes
 * @file: name of the file
 * @fn: the function of the file; gets the line without white space at its ends
 *
 * Context: may sleep.
 * Return: @count, -EFAULT, -EINVAL if the line is too long, or an error of @fn.
 */
ssize_t umbra_ctl_write(struct file *filp, const char __user *from,
			size_t count, const char *file, ctl_fn fn)
{
	struct seq_file *m = filp->private_data;
	char line[UMBRA_LINE_SIZE];
	size_t n = min(count, sizeof(line) - 1);
	int err;

	if (copy_from_user(line, from, n))
		return -EFAULT;
	line[n] = '\0';
	if (n < count)
		return umbra_ctl_refuse(m->private, file, line,
					"a shorter line", -EINVAL);
	err = fn(m->private, strim(line));
	return err ?: count;
}
