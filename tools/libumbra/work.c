// SPDX-License-Identifier: GPL-2.0
/*
 * Work items: pending ones are a list, in the order in which they were queued. A
 * worker takes the first one that no other worker runs. An item may free itself,
 * so that a worker does not touch it after its function has begun.
 */
#include <stdlib.h>
#include <sim/cpu.h>
#include <sim/mm.h>
#include "internal.h"

struct workqueue_struct {
	unsigned int busy;	/* items that are pending or run */
};

struct worker {
	struct list_head all;
	struct list_head idle;
	struct task_struct *task;
	struct work_struct *runs;
};

static struct workqueue_struct system_wq;
static LIST_HEAD(all_workers);
static LIST_HEAD(idle_workers);
static LIST_HEAD(pending);
static DECLARE_WAIT_QUEUE_HEAD(work_done);

static bool is_running(const struct work_struct *work)
{
	struct worker *worker;

	list_for_each_entry(worker, &all_workers, all)
		if (worker->runs == work)
			return true;
	return false;
}

static struct work_struct *next_work(void)
{
	struct work_struct *work;

	list_for_each_entry(work, &pending, link)
		if (!is_running(work))
			return work;
	return NULL;
}

static void run_work(struct worker *worker, struct work_struct *work)
{
	struct workqueue_struct *wq = work->wq;

	list_del_init(&work->link);
	work->pending = false;
	worker->runs = work;
	if (cpu_online(work->cpu))
		set_cpus_allowed_ptr(current, cpumask_of(work->cpu));
	work->func(work);
	sim_check(preemptible(), "a work item left preemption or interrupts off");
	worker->runs = NULL;
	wq->busy--;
	wake_up_all(&work_done);
}

static int worker_fn(void *data)
{
	struct worker *worker = data;
	struct work_struct *work;

	current->flags |= PF_WQ_WORKER;
	for (;;) {
		while ((work = next_work()))
			run_work(worker, work);
		list_add(&worker->idle, &idle_workers);
		current->waits_for = "work";
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
		current->waits_for = NULL;
	}
	return 0;
}

static void wake_worker(void)
{
	struct worker *worker;

	if (!list_empty(&idle_workers)) {
		worker = list_first_entry(&idle_workers, struct worker, idle);
		list_del_init(&worker->idle);
	} else {
		worker = calloc(1, sizeof(*worker));
		if (!worker)
			sim_die("no memory for a worker");
		worker->task = sim_thread_new(worker_fn, worker, "kworker");
		list_add_tail(&worker->all, &all_workers);
	}
	wake_up_process(worker->task);
}

void sim_work_init(struct work_struct *work,
		   void (*fn)(struct work_struct *work))
{
	*work = (struct work_struct) { .func = fn };
	INIT_LIST_HEAD(&work->link);
}

/* Without a queue, the work is for that of the system. */
bool sim_queue_work(struct workqueue_struct *wq, unsigned int cpu,
		    struct work_struct *work)
{
	if (work->pending)
		return false;
	work->pending = true;
	work->wq = wq ?: &system_wq;
	work->wq->busy++;
	work->cpu = cpu;
	list_add_tail(&work->link, &pending);
	wake_worker();
	return true;
}

static bool unqueue(struct work_struct *work)
{
	if (!work->pending)
		return false;
	work->pending = false;
	work->wq->busy--;
	list_del_init(&work->link);
	return true;
}

bool cancel_work_sync(struct work_struct *work)
{
	bool was_pending = unqueue(work);

	wait_event(work_done, !is_running(work));
	return was_pending;
}

bool flush_work(struct work_struct *work)
{
	bool waits = work->pending || is_running(work);

	wait_event(work_done, !work->pending && !is_running(work));
	return waits;
}

static void queue_now(struct timer_list *timer)
{
	struct delayed_work *work = container_of(timer, struct delayed_work,
						 timer);

	sim_queue_work(work->wq, sim.cpu, &work->work);
}

void sim_delayed_work_init(struct delayed_work *work,
			   void (*fn)(struct work_struct *work))
{
	sim_work_init(&work->work, fn);
	timer_setup(&work->timer, queue_now, 0);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	if (delayed_work_pending(work))
		return false;
	if (!delay)
		return sim_queue_work(wq, sim.cpu, &work->work);
	work->wq = wq;
	mod_timer(&work->timer, jiffies + delay);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	bool was_pending = timer_delete(&work->timer) | unqueue(&work->work);

	queue_delayed_work(wq, work, delay);
	return was_pending;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	bool was_pending = timer_delete(&work->timer);

	return was_pending | cancel_work_sync(&work->work);
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...)
{
	return kzalloc(sizeof(struct workqueue_struct), GFP_KERNEL);
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	wait_event(work_done, !wq->busy);
	kfree(wq);
}
