// SPDX-License-Identifier: GPL-2.0
/*
 * decisions and decisions.json: the decisions that ctl/record keeps. A file
 * shows those that were kept when it was opened; the file position is the number
 * of a decision among them.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/time64.h>
#include "../core/decision.h"
#include "../inspect/decision_text.h"
#include "debugfs_decisions.h"

struct decisions_reader {
	struct umbra *umbra;
	struct umbra_decision *all;
	size_t nr;
	char text[UMBRA_DECISION_TEXT];
};

static void *decisions_start(struct seq_file *m, loff_t *pos)
{
	struct decisions_reader *r = m->private;

	return *pos < r->nr ? &r->all[*pos] : NULL;
}

static void *decisions_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return decisions_start(m, pos);
}

static void decisions_stop(struct seq_file *m, void *v)
{
}

static int decisions_show(struct seq_file *m, void *v)
{
	static const char * const contexts[] = { "", " softirq", " irq", " nmi" };
	struct decisions_reader *r = m->private;
	const struct umbra_decision *d = v;
	struct seq_buf text;
	u64 seconds;
	u32 us;

	seconds = div_u64_rem(div_u64(d->ns, NSEC_PER_USEC), USEC_PER_SEC, &us);
	seq_buf_init(&text, r->text, sizeof(r->text));
	umbra_decision_text(r->umbra, d, &text);
	seq_printf(m, "%llu %llu.%06u cpu %u pid %d%s: %.*s\n", d->seq,
		   seconds, us, d->cpu, d->pid, contexts[d->context % 4],
		   (int)seq_buf_used(&text), r->text);
	return 0;
}

static int json_show(struct seq_file *m, void *v)
{
	struct decisions_reader *r = m->private;
	struct seq_buf text;

	seq_buf_init(&text, r->text, sizeof(r->text));
	umbra_decision_json(r->umbra, v, &text);
	seq_printf(m, "%.*s\n", (int)seq_buf_used(&text), r->text);
	return 0;
}

static const struct seq_operations decisions_ops = {
	.start = decisions_start,
	.next = decisions_next,
	.stop = decisions_stop,
	.show = decisions_show,
};

static const struct seq_operations json_ops = {
	.start = decisions_start,
	.next = decisions_next,
	.stop = decisions_stop,
	.show = json_show,
};

static int open_with(struct inode *inode, struct file *filp,
		     const struct seq_operations *ops)
{
	struct umbra *u = inode->i_private;
	struct decisions_reader *r;
	struct umbra_decision *all;
	size_t nr;

	all = umbra_record_read(u, &nr);
	if (!all)
		return -ENOMEM;
	r = __seq_open_private(filp, ops, sizeof(*r));
	if (!r) {
		kvfree(all);
		return -ENOMEM;
	}
	r->umbra = u;
	r->all = all;
	r->nr = nr;
	return 0;
}

static int decisions_open(struct inode *inode, struct file *filp)
{
	return open_with(inode, filp, &decisions_ops);
}

static int json_open(struct inode *inode, struct file *filp)
{
	return open_with(inode, filp, &json_ops);
}

static int decisions_release(struct inode *inode, struct file *filp)
{
	struct seq_file *m = filp->private_data;
	struct decisions_reader *r = m->private;

	kvfree(r->all);
	return seq_release_private(inode, filp);
}

static const struct file_operations decisions_fops = {
	.owner = THIS_MODULE,
	.open = decisions_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = decisions_release,
};

static const struct file_operations json_fops = {
	.owner = THIS_MODULE,
	.open = json_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = decisions_release,
};

/**
 * umbra_debugfs_decisions() - create the files of recorded decisions
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_decisions(struct umbra *u, struct dentry *dir)
{
	debugfs_create_file("decisions", 0400, dir, u, &decisions_fops);
	debugfs_create_file("decisions.json", 0400, dir, u, &json_fops);
}
