/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks are coroutines: a task runs until it sleeps, yields or ends, and tasks
 * that can run take turns in the order in which they became able to. Sleeping
 * tasks, waiting, signals, and processes as far as a victim of a shortage of
 * memory needs them.
 */
#ifndef _SIM_SCHED_H
#define _SIM_SCHED_H

#include <signal.h>
#include <sim/atomic.h>
#include <sim/bits.h>
#include <sim/list.h>
#include <sim/text.h>
#include <sim/time.h>

#define TASK_COMM_LEN		16

#define TASK_RUNNING		0
#define TASK_INTERRUPTIBLE	1
#define TASK_UNINTERRUPTIBLE	2
#define TASK_WAKEKILL		0x100
#define TASK_KILLABLE		(TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)

#define PF_WQ_WORKER		0x00000020
#define PF_EXITING		0x00000004
#define PF_DUMPCORE		0x00000200
#define PF_MEMALLOC		0x00000800
#define PF_MEMALLOC_NOFS	0x00040000
#define PF_MEMALLOC_NOIO	0x00080000
#define PF_KTHREAD		0x00200000
#define PF_MEMALLOC_PIN		0x10000000

#define OOM_SCORE_ADJ_MIN	(-1000)
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX
#define TIF_SIGPENDING		2

typedef struct {
	unsigned long sig[1];
} sim_sigset_t;

struct sigpending {
	sim_sigset_t signal;
};

struct signal_struct {
	atomic_t live;
	short oom_score_adj;
	struct mm_struct *oom_mm;	/* set: a victim of the host */
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID
};

#define EXIT_ZOMBIE	0x20

struct pid {
	refcount_t count;
	int nr;
	struct task_struct *task;	/* NULL after its end */
};

struct mm_struct;
struct sim_fiber;
struct kunit;

struct task_struct {
	struct list_head run;		/* link of the run queue */
	struct list_head all;
	unsigned int __state;
	bool asleep;			/* and not on the run queue */
	unsigned int flags;
	unsigned int cpu;
	bool pinned;			/* to @cpu */
	bool realtime;
	int exit_state;			/* EXIT_ZOMBIE after the end */
	int pid;
	int tgid;
	char comm[TASK_COMM_LEN];
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	struct signal_struct *signal;
	struct signal_struct own_signal;
	struct sigpending pending;
	bool sigpending;		/* TIF_SIGPENDING */
	unsigned long signals;		/* not ignored; none for a kernel thread */
	unsigned int fail_nth;
	struct pid *thread_pid;
	struct kunit *kunit_test;
	struct mempolicy *mempolicy;
	/* kernel threads */
	int (*fn)(void *data);
	void *data;
	bool should_stop;
	int result;
	struct task_struct *joiner;	/* waits for the end */
	struct sim_fiber *fiber;
	const char *waits_for;		/* for messages */
	struct sim_context context;	/* while another task runs */
};

#define current			(sim.task)
#define get_current()		current

#define raw_smp_processor_id()	(sim.cpu)
#define task_cpu(task)		((task)->cpu)

/* The number is of use only as long as the task stays on the CPU. */
static inline unsigned int smp_processor_id(void)
{
	sim_check(preempt_count() || sim.now.irqs_off || current->pinned,
		  "smp_processor_id() in a task that may change its CPU");
	return sim.cpu;
}

static inline void __set_current_state(unsigned int state)
{
	current->__state = state;
}

#define set_current_state	__set_current_state

void schedule(void);
long schedule_timeout(long timeout);
long schedule_timeout_interruptible(long timeout);
long schedule_timeout_killable(long timeout);
long schedule_timeout_uninterruptible(long timeout);
int wake_up_process(struct task_struct *task);
int sim_cond_resched(void);
void cpu_relax(void);

#define cond_resched()		sim_cond_resched()
#define need_resched()		false
#define rt_or_dl_task(task)	((task)->realtime)
#define sched_set_fifo(task)	((void)((task)->realtime = true))
#define sched_set_normal(task, nice)	((void)((task)->realtime = false))

/* Signals */
static inline bool signal_pending(struct task_struct *task)
{
	return task->sigpending;
}

static inline bool fatal_signal_pending(struct task_struct *task)
{
	return signal_pending(task) &&
	       (task->pending.signal.sig[0] & (1UL << (SIGKILL - 1)));
}

static inline void sim_sigaddset(sim_sigset_t *set, int sig)
{
	set->sig[0] |= 1UL << (sig - 1);
}

static inline void sim_sigdelset(sim_sigset_t *set, int sig)
{
	set->sig[0] &= ~(1UL << (sig - 1));
}

#define sigaddset		sim_sigaddset
#define sigdelset		sim_sigdelset
#define set_tsk_thread_flag(task, flag)		((task)->sigpending = true)
#define clear_tsk_thread_flag(task, flag)	((task)->sigpending = false)

void allow_signal(int sig);
void flush_signals(struct task_struct *task);
int send_sig(int sig, struct task_struct *task, int priv);
int kill_pid(struct pid *pid, int sig, int priv);

#define is_global_init(task)	((task)->tgid == 1)
#define tsk_is_oom_victim(task)	((task)->signal->oom_mm)
#define for_each_thread(task, thread)					\
	for ((thread) = (task); (thread); (thread) = NULL)

/* Pids */
#define task_tgid(task)		((task)->thread_pid)
#define task_tgid_nr(task)	((task)->tgid)

static inline struct pid *get_pid(struct pid *pid)
{
	if (pid)
		refcount_inc(&pid->count);
	return pid;
}

static inline int pid_nr(struct pid *pid)
{
	return pid ? pid->nr : 0;
}

static inline struct task_struct *pid_task(struct pid *pid, enum pid_type type)
{
	return pid ? pid->task : NULL;
}

void put_pid(struct pid *pid);
struct pid *find_get_pid(int nr);

/* Kernel threads */
__printf(3, 4)
struct task_struct *kthread_create(int (*fn)(void *data), void *data,
				   const char *fmt, ...);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);
void kthread_bind(struct task_struct *task, unsigned int cpu);

#define kthread_run(fn, data, ...)					\
({									\
	struct task_struct *task_ = kthread_create(fn, data, __VA_ARGS__); \
									\
	if (!IS_ERR(task_))						\
		wake_up_process(task_);					\
	task_;								\
})

/* Nothing freezes tasks. */
#define set_freezable()		do { } while (0)
#define freezing(task)		false
#define kthread_freezable_should_stop(was)	kthread_should_stop()

/* Allocations of a task that gets a limit: as in the kernel */
#define SIM_MEMALLOC(name, flag)					\
static inline unsigned int memalloc_##name##_save(void)			\
{									\
	unsigned int old = current->flags & (flag);			\
									\
	current->flags |= (flag);					\
	return old;							\
}									\
static inline void memalloc_##name##_restore(unsigned int old)		\
{									\
	current->flags = (current->flags & ~(flag)) | old;		\
}

SIM_MEMALLOC(noreclaim, PF_MEMALLOC)
SIM_MEMALLOC(nofs, PF_MEMALLOC_NOFS)
SIM_MEMALLOC(noio, PF_MEMALLOC_NOIO)
SIM_MEMALLOC(pin, PF_MEMALLOC_PIN)

/* Wait queues wake all waiters, in the order in which they came. */
typedef struct wait_queue_head {
	struct list_head waiters;
} wait_queue_head_t;

struct sim_waiter {
	struct list_head link;
	struct task_struct *task;
};

#define DECLARE_WAIT_QUEUE_HEAD(name)					\
	wait_queue_head_t name = { LIST_HEAD_INIT((name).waiters) }

static inline void init_waitqueue_head(wait_queue_head_t *wq)
{
	INIT_LIST_HEAD(&wq->waiters);
}

#define wq_has_sleeper(wq)	(!list_empty(&(wq)->waiters))
#define waitqueue_active(wq)	wq_has_sleeper(wq)

void wake_up_all(wait_queue_head_t *wq);
void sim_wait_begin(wait_queue_head_t *wq, struct sim_waiter *waiter,
		    unsigned int state, const char *what);
void sim_wait_end(struct sim_waiter *waiter);
bool sim_signal_ends(unsigned int state);

#define DEFINE_WAIT(name)		struct sim_waiter name = {}
#define prepare_to_wait(wq, w, state)	sim_wait_begin(wq, w, state, #wq)

static inline void finish_wait(wait_queue_head_t *wq, struct sim_waiter *waiter)
{
	sim_wait_end(waiter);
	waiter->task = NULL;
}

#define wake_up(wq)			wake_up_all(wq)
#define wake_up_poll(wq, events)	wake_up_all(wq)
#define EPOLLPRI			0x2

/*
 * The remaining jiffies, at least 1, if the condition holds; 0 after the
 * timeout; -ERESTARTSYS after a signal.
 */
#define sim_wait(wq, cond, state, timeout)				\
({									\
	struct sim_waiter w_ = {};					\
	long left_ = (timeout);						\
									\
	might_sleep();							\
	for (;;) {							\
		sim_wait_begin(wq, &w_, state, #cond);			\
		if (cond) {						\
			left_ = max(left_, 1L);				\
			break;						\
		}							\
		if (sim_signal_ends(state)) {				\
			left_ = -ERESTARTSYS;				\
			break;						\
		}							\
		if (!left_)						\
			break;						\
		left_ = schedule_timeout(left_);			\
	}								\
	sim_wait_end(&w_);						\
	left_;								\
})

#define wait_event(wq, cond)						\
	((void)sim_wait(&(wq), cond, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT))
#define wait_event_timeout(wq, cond, timeout)				\
	sim_wait(&(wq), cond, TASK_UNINTERRUPTIBLE, timeout)
#define wait_event_killable_timeout(wq, cond, timeout)			\
	sim_wait(&(wq), cond, TASK_KILLABLE, timeout)
#define wait_event_interruptible(wq, cond)				\
({									\
	long ret_ = sim_wait(&(wq), cond, TASK_INTERRUPTIBLE,		\
			     MAX_SCHEDULE_TIMEOUT);			\
									\
	(int)min(ret_, 0L);						\
})
#define wait_event_freezable(wq, cond)	wait_event_interruptible(wq, cond)
#define wait_event_freezable_timeout(wq, cond, timeout)			\
	sim_wait(&(wq), cond, TASK_INTERRUPTIBLE, timeout)

struct completion {
	unsigned int done;
	wait_queue_head_t wait;
};

static inline void init_completion(struct completion *c)
{
	c->done = 0;
	init_waitqueue_head(&c->wait);
}

static inline void complete(struct completion *c)
{
	c->done++;
	wake_up_all(&c->wait);
}

static inline void complete_all(struct completion *c)
{
	c->done = UINT_MAX / 2;
	wake_up_all(&c->wait);
}

static inline bool completion_done(struct completion *c)
{
	return c->done;
}

unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout);
#define wait_for_completion(c)						\
	((void)wait_for_completion_timeout(c, MAX_SCHEDULE_TIMEOUT))

#endif /* _SIM_SCHED_H */
