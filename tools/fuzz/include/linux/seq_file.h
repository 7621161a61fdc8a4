/* SPDX-License-Identifier: GPL-2.0 */
/* A file whose text is printed as a whole; see ctl.c. */
#ifndef _FUZZ_LINUX_SEQ_FILE_H
#define _FUZZ_LINUX_SEQ_FILE_H

#include <linux/fs.h>

struct seq_file {
	void *private;
	char *buf;
	size_t size;
	size_t count;
	int (*show)(struct seq_file *m, void *v);
};

__printf(2, 3) void seq_printf(struct seq_file *m, const char *fmt, ...);
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v),
		void *data);
int single_release(struct inode *inode, struct file *file);
ssize_t seq_read(struct file *file, char *to, size_t count, loff_t *pos);

#define seq_puts(m, s)		seq_printf(m, "%s", s)
#define seq_putc(m, c)		seq_printf(m, "%c", c)
#define seq_lseek		NULL

#define DEFINE_SHOW_ATTRIBUTE(name)					\
static int name##_open(struct inode *inode, struct file *file)		\
{									\
	return single_open(file, name##_show, inode->i_private);	\
}									\
									\
static const struct file_operations name##_fops = {			\
	.owner = THIS_MODULE,						\
	.open = name##_open,						\
	.read = seq_read,						\
	.llseek = seq_lseek,						\
	.release = single_release,					\
}

#endif /* _FUZZ_LINUX_SEQ_FILE_H */
