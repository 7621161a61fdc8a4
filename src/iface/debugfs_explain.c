// SPDX-License-Identifier: GPL-2.0
/*
 * explain and explain.json: a question is written to explain, and the first read
 * of each open file answers it anew. Without a question, the last failure that ctl/record
 * has kept is explained. blame shows what keeps blocks of an order from being
 * free.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../parse/question.h"
#include "../parse/text.h"
#include "../study/blame.h"
#include "../study/explain.h"
#include "../study/explain_text.h"
#include "debugfs_explain.h"

struct text {
	size_t size;
	char bytes[];
};

/* Make room for a text, with @s at its beginning. Returns NULL without memory. */
static struct text *text_new(size_t room, struct seq_buf *s)
{
	struct text *t;

	t = umbra_large_zalloc(1, sizeof(*t) + room, GFP_KERNEL_ACCOUNT, NULL);
	if (t)
		seq_buf_init(s, t->bytes, room);
	return t;
}

/* Answer the question of an open file. Returns 0 or an error. Lock held. */
static int answer(struct file *filp,
		  void (*fn)(const struct umbra_answer *a, struct seq_buf *s))
{
	struct umbra *u = file_inode(filp)->i_private;
	struct umbra_answer *a;
	struct seq_buf s;
	struct text *t;

	a = u->question ? umbra_explain(u, u->question) :
			  umbra_explain_failure(u);
	if (IS_ERR(a))
		return PTR_ERR(a);
	t = text_new(umbra_answer_room(a), &s);
	if (t) {
		fn(a, &s);
		t->size = seq_buf_used(&s);
	}
	umbra_answer_delete(a);
	filp->private_data = t;
	return t ? 0 : -ENOMEM;
}

static int answer_text(struct file *filp)
{
	return answer(filp, umbra_answer_text);
}

static int answer_json(struct file *filp)
{
	return answer(filp, umbra_answer_json);
}

/* Read a text, which the first read of an open file makes. */
static ssize_t read_text(struct file *filp, char __user *to, size_t count,
			 loff_t *pos, int (*make)(struct file *filp))
{
	struct umbra *u = file_inode(filp)->i_private;
	const struct text *t;
	int err = 0;

	if (mutex_lock_killable(&u->explain_lock))
		return -EINTR;
	if (!filp->private_data)
		err = make(filp);
	t = filp->private_data;
	mutex_unlock(&u->explain_lock);
	if (err)
		return err;
	return simple_read_from_buffer(to, count, pos, t->bytes, t->size);
}

static ssize_t explain_read(struct file *filp, char __user *to, size_t count,
			    loff_t *pos)
{
	return read_text(filp, to, count, pos, answer_text);
}

static ssize_t json_read(struct file *filp, char __user *to, size_t count,
			 loff_t *pos)
{
	return read_text(filp, to, count, pos, answer_json);
}

/* Read a question from user space. Returns 0 or an error after a log line. */
static int read_question(struct umbra *u, const char __user *from,
			 size_t count, struct umbra_question *q)
{
	char *line = memdup_user_nul(from, min_t(size_t, count,
						 UMBRA_QUESTION_TEXT - 1));
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	err = count < UMBRA_QUESTION_TEXT ? umbra_parse_question(line, q) :
					    -EINVAL;
	if (!err && q->nid >= (int)u->nr_nodes)
		err = -ENXIO;
	kfree(line);
	if (err)
		pr_warn_ratelimited("%s: explain: must be FLAGS [order=0-%u] [node=N] [nodes=MASK] [count=1-%u], with flags such as GFP_KERNEL|__GFP_COMP and a node that there is\n",
				    u->name, UMBRA_MAX_ORDER,
				    UMBRA_QUESTION_MOST);
	return err;
}

/* An empty line ends the question. */
static ssize_t explain_write(struct file *filp, const char __user *from,
			     size_t count, loff_t *pos)
{
	struct umbra *u = file_inode(filp)->i_private;
	struct umbra_question *q = NULL, *old;
	char first;
	int err;

	if (!count)
		return 0;
	if (get_user(first, from))
		return -EFAULT;
	if (count > 1 || first != '\n') {
		q = kzalloc_obj(*q, GFP_KERNEL_ACCOUNT);
		if (!q)
			return -ENOMEM;
		err = read_question(u, from, count, q);
		if (err) {
			kfree(q);
			return err;
		}
	}
	if (mutex_lock_killable(&u->explain_lock)) {
		kfree(q);
		return -EINTR;
	}
	old = u->question;
	u->question = q;
	mutex_unlock(&u->explain_lock);
	kfree(old);
	return count;
}

static int explain_release(struct inode *inode, struct file *filp)
{
	kvfree(filp->private_data);
	return 0;
}

static const struct file_operations explain_fops = {
	.owner = THIS_MODULE,
	.read = explain_read,
	.write = explain_write,
	.llseek = default_llseek,
	.release = explain_release,
};

static const struct file_operations json_fops = {
	.owner = THIS_MODULE,
	.read = json_read,
	.llseek = default_llseek,
	.release = explain_release,
};

/* The places of an order, by what keeps them from being free. Lock held. */
static int blame(struct file *filp)
{
	struct umbra *u = file_inode(filp)->i_private;
	struct umbra_blame *b = umbra_blame(u, READ_ONCE(u->blame_order));
	struct seq_buf s;
	struct text *t;

	if (IS_ERR(b))
		return PTR_ERR(b);
	t = text_new(umbra_blame_room(b), &s);
	if (t) {
		umbra_blame_text(b, &s);
		t->size = seq_buf_used(&s);
	}
	kvfree(b);
	filp->private_data = t;
	return t ? 0 : -ENOMEM;
}

static ssize_t blame_read(struct file *filp, char __user *to, size_t count,
			  loff_t *pos)
{
	return read_text(filp, to, count, pos, blame);
}

static ssize_t blame_write(struct file *filp, const char __user *from,
			   size_t count, loff_t *pos)
{
	struct umbra *u = file_inode(filp)->i_private;
	char line[UMBRA_LINE_SIZE];
	size_t n = min(count, sizeof(line) - 1);
	unsigned int order;

	if (copy_from_user(line, from, n))
		return -EFAULT;
	line[n] = '\0';
	if (n < count || strncmp(line, "order=", 6) ||
	    kstrtouint(line + 6, 0, &order) || order > UMBRA_MAX_ORDER) {
		pr_warn_ratelimited("%s: blame: must be order=0 to order=%u\n",
				    u->name, UMBRA_MAX_ORDER);
		return -EINVAL;
	}
	WRITE_ONCE(u->blame_order, order);
	return count;
}

static const struct file_operations blame_fops = {
	.owner = THIS_MODULE,
	.read = blame_read,
	.write = blame_write,
	.llseek = default_llseek,
	.release = explain_release,
};

/**
 * umbra_debugfs_explain() - create the files that explain requests
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_explain(struct umbra *u, struct dentry *dir)
{
	debugfs_create_file("explain", 0600, dir, u, &explain_fops);
	debugfs_create_file("explain.json", 0400, dir, u, &json_fops);
	debugfs_create_file("blame", 0600, dir, u, &blame_fops);
}
