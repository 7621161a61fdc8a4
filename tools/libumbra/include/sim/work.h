/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work items run in kernel threads, each in one that has nothing to do; an item
 * never runs twice at the same time. irq_work, tasklets and calls of other CPUs
 * run at once, or as soon as interrupts are on.
 */
#ifndef _SIM_WORK_H
#define _SIM_WORK_H

#include <sim/lock.h>

struct work_struct {
	struct list_head link;
	void (*func)(struct work_struct *work);
	struct workqueue_struct *wq;	/* while pending */
	unsigned int cpu;
	bool pending;
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
};

#define WQ_UNBOUND		1
#define WQ_FREEZABLE		2
#define WQ_MEM_RECLAIM		4

#define INIT_WORK(work, fn)	sim_work_init(work, fn)
#define INIT_WORK_ONSTACK(work, fn)	sim_work_init(work, fn)
#define INIT_DELAYED_WORK(work, fn)	sim_delayed_work_init(work, fn)
#define INIT_DEFERRABLE_WORK(work, fn)	sim_delayed_work_init(work, fn)
#define destroy_work_on_stack(work)	do { } while (0)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define work_pending(w)		((w)->pending)
#define delayed_work_pending(w)	((w)->work.pending || \
				 timer_pending(&(w)->timer))

void sim_work_init(struct work_struct *work,
		   void (*fn)(struct work_struct *work));
void sim_delayed_work_init(struct delayed_work *work,
			   void (*fn)(struct work_struct *work));
__printf(1, 4)
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...);
void destroy_workqueue(struct workqueue_struct *wq);
bool sim_queue_work(struct workqueue_struct *wq, unsigned int cpu,
		    struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
bool flush_work(struct work_struct *work);

#define queue_work(wq, work)		sim_queue_work(wq, sim.cpu, work)
#define schedule_work(work)		sim_queue_work(NULL, sim.cpu, work)
#define schedule_work_on(cpu, work)	sim_queue_work(NULL, cpu, work)

struct irq_work {
	struct list_head link;
	void (*func)(struct irq_work *work);
	bool queued;
};

#define IRQ_WORK_INIT_HARD(fn)	((struct irq_work){ .func = (fn) })
#define IRQ_WORK_INIT(fn)	IRQ_WORK_INIT_HARD(fn)

static inline void init_irq_work(struct irq_work *work,
				 void (*fn)(struct irq_work *work))
{
	*work = (struct irq_work) { .func = fn };
}

bool irq_work_queue(struct irq_work *work);
void irq_work_sync(struct irq_work *work);

struct tasklet_struct {
	struct list_head link;
	void (*callback)(struct tasklet_struct *tasklet);
	bool queued;
};

static inline void tasklet_setup(struct tasklet_struct *tasklet,
				 void (*fn)(struct tasklet_struct *tasklet))
{
	*tasklet = (struct tasklet_struct) { .callback = fn };
}

void tasklet_schedule(struct tasklet_struct *tasklet);
void tasklet_kill(struct tasklet_struct *tasklet);

#endif /* _SIM_WORK_H */
