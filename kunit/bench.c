// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark compares umbra's default instance with the host's allocator, in
 * one kernel and one run. Rounds alternate between the two, and the median of
 * each counts.
 *
 *	echo ROUNDS [SHARE [NAME]] >/sys/kernel/debug/umbra_bench/run
 *	cat /sys/kernel/debug/umbra_bench/results
 *
 * A SHARE above 1, for slow machines, runs only 1/SHARE of the work, and not the
 * facts. NAME selects the cases with this prefix, or "facts".
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "bench.h"

#define SHARE_MOST 1000

static struct {
	struct mutex lock;	/* serializes runs; guards @text */
	char *text;		/* results of the last run, or NULL */
	struct dentry *dir;
} bench_state = {
	.lock = __MUTEX_INITIALIZER(bench_state.lock),
};

static int job_fn(void *arg)
{
	struct bench_job *job = arg;

	/* Only interrupts may preempt the measurement. */
	sched_set_fifo(current);
	job->ns = job->c->work[job->side](job);
	kthread_complete_and_exit(&job->done, 0);
}

/* Run a case once on one side. Returns picoseconds per pair, or an error. */
static s64 run_once(struct bench *b, const struct bench_case *c,
		    enum bench_side side)
{
	struct task_struct *threads[BENCH_CPUS];
	struct bench_job jobs[BENCH_CPUS];
	unsigned int i;
	u64 ns = 0;
	int err = 0;

	for (i = 0; i < c->cpus; i++) {
		jobs[i] = (struct bench_job) {
			.c = c, .u = b->u, .side = side, .cpu = i,
			.nr = max_t(unsigned long, c->nr / b->share,
				    c->burst ?: BENCH_BULK),
			.mine = b->cpu[i], .bench = b,
		};
		init_completion(&jobs[i].done);
		threads[i] = kthread_create(job_fn, &jobs[i], "umbra_bench/%u",
					    i);
		if (IS_ERR(threads[i])) {
			err = PTR_ERR(threads[i]);
			break;
		}
		kthread_bind(threads[i], b->cpu_ids[i]);
	}
	if (err) {
		while (i--)
			kthread_stop(threads[i]);
		return err;
	}
	atomic_set(&b->waiting, c->cpus);
	for (i = 0; i < c->cpus; i++)
		wake_up_process(threads[i]);
	for (i = 0; i < c->cpus; i++) {
		wait_for_completion(&jobs[i].done);
		err = err ?: jobs[i].err;
		ns += jobs[i].ns;
	}
	return err ?: div64_u64(ns * 1000, jobs[0].nr * c->cpus);
}

static int run_case(struct bench *b, const struct bench_case *c,
		    struct bench_samples *s)
{
	unsigned int round, side;

	/* Warm up: the caches must not hold pages of other cases. */
	for (side = 0; side < BENCH_SIDES; side++) {
		s64 ps = run_once(b, c, side);

		if (ps < 0)
			return ps;
	}
	for (round = 0; round < b->rounds; round++) {
		for (side = 0; side < BENCH_SIDES; side++) {
			s64 ps = run_once(b, c, side);

			if (ps < 0)
				return ps;
			s->ps[side][round] = max_t(u64, ps, 1);
		}
		s->ratio[round] = div64_u64(s->ps[BENCH_UMBRA][round] * 1000,
					    s->ps[BENCH_HOST][round]);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	bench_print_row(b, c, s);
	return 0;
}

static int run_cases(struct bench *b)
{
	struct bench_samples *s = kvzalloc(sizeof(*s), GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!s)
		return -ENOMEM;
	bench_print_header(b);
	for (i = 0; i < bench_nr_cases && !err; i++) {
		const struct bench_case *c = &bench_cases[i];

		if (!strstarts(c->name, b->only))
			continue;
		if (c->cpus > b->nr_cpus)
			bench_print_skip(b, c);
		else
			err = run_case(b, c, s);
		if (err)
			pr_err("%s on %u CPUs: error %d\n", c->name, c->cpus,
			       err);
	}
	kvfree(s);
	return err;
}

static void bench_free(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < BENCH_CPUS; i++)
		vfree(b->cpu[i]);
	kvfree(b->text);
	if (b->u)
		umbra_put(b->u);
	vfree(b);
}

static struct bench *bench_alloc(void)
{
	struct bench *b = vzalloc(sizeof(*b));
	unsigned int cpu;

	if (!b)
		return NULL;
	b->text = kvzalloc(BENCH_TEXT_SIZE, GFP_KERNEL);
	if (!b->text)
		goto err_free;
	for_each_online_cpu(cpu) {
		struct bench_cpu *mine;

		if (b->nr_cpus == BENCH_CPUS)
			break;
		mine = vzalloc(sizeof(*mine));
		if (!mine)
			goto err_free;
		mine->random = 1 + cpu;
		b->cpu[b->nr_cpus] = mine;
		b->cpu_ids[b->nr_cpus++] = cpu;
	}
	return b;

err_free:
	bench_free(b);
	return NULL;
}

static int run(unsigned int rounds, unsigned int share, const char *only)
{
	struct bench *b = bench_alloc();
	int err;

	if (!b)
		return -ENOMEM;
	b->rounds = rounds;
	b->share = share;
	b->only = only;
	b->u = umbra_get_default();
	if (!b->u) {
		pr_err("umbra has no instance with memory\n");
		err = -ENODEV;
		goto out;
	}
	err = run_cases(b);
	if (!err && share == 1 && strstarts("facts", only))
		err = bench_facts(b);
	if (!err)
		swap(bench_state.text, b->text);
out:
	bench_free(b);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *user,
			 size_t count, loff_t *pos)
{
	unsigned int rounds, share = 1;
	char buf[64], only[32] = "";
	int err, n;

	if (count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, user, count))
		return -EFAULT;
	buf[count] = 0;
	n = sscanf(buf, "%u %u %31s", &rounds, &share, only);
	if (n < 1 || !rounds || rounds > BENCH_ROUNDS_MOST || !share ||
	    share > SHARE_MOST) {
		pr_err_ratelimited("run: must be ROUNDS, 1 to %u, and SHARE, 1 to %u\n",
				   BENCH_ROUNDS_MOST, SHARE_MOST);
		return -EINVAL;
	}
	if (mutex_lock_killable(&bench_state.lock))
		return -EINTR;
	err = run(rounds, share, only);
	mutex_unlock(&bench_state.lock);
	return err ?: count;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int results_show(struct seq_file *m, void *v)
{
	mutex_lock(&bench_state.lock);
	if (bench_state.text)
		seq_puts(m, bench_state.text);
	mutex_unlock(&bench_state.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int __init bench_init(void)
{
	bench_state.dir = debugfs_create_dir("umbra_bench", NULL);
	debugfs_create_file("run", 0200, bench_state.dir, NULL, &run_fops);
	debugfs_create_file("results", 0400, bench_state.dir, NULL,
			    &results_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove_recursive(bench_state.dir);
	kvfree(bench_state.text);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Benchmark of umbra against the host's page allocator");
MODULE_LICENSE("GPL");
