// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks: the run queue, sleep, signals, kernel threads.
 *
 * The program itself is the first task, with pid 1000, a process. All others are
 * kernel threads. A task that may run is on the run queue, but for the one that
 * runs. If none may run, time passes up to the next timer. Without a timer no task
 * can ever run again: the program ends with a list of the tasks. A task that waits
 * busily with preemption or interrupts off lets other CPUs run. Its own CPU is busy
 * then, and runs no other task.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sim/cpu.h>
#include <sim/mm.h>
#include <sim/sched.h>
#include "fiber.h"
#include "internal.h"

#undef snprintf
#undef vsnprintf

/* The program may sleep this long without a timeout, in seconds. */
#define HANG_S		600

#define FIRST_PID	1000

struct cpumask sim_all_cpus;
struct cpumask sim_one_cpu[NR_CPUS];

static LIST_HEAD(all_tasks);
static LIST_HEAD(run_queue);

static struct pid program_pid = {
	.count = { ATOMIC_INIT(1) }, .nr = FIRST_PID,
};

static struct task_struct program = {
	.run = LIST_HEAD_INIT(program.run),
	.pid = FIRST_PID,
	.tgid = FIRST_PID,
	.comm = "program",
	.signals = ~0UL,
	.thread_pid = &program_pid,
	.signal = &program.own_signal,
	.own_signal = { .live = ATOMIC_INIT(1) },
};

/* Process 1, which never runs */
static struct task_struct first = {
	.pid = 1,
	.tgid = 1,
	.comm = "init",
	.signal = &first.own_signal,
	.own_signal = { .live = ATOMIC_INIT(1) },
};

static struct pid first_pid = {
	.count = { ATOMIC_INIT(1) }, .nr = 1, .task = &first,
};

struct sim_state sim = { .task = &program, .nr_cpus = 2 };

static struct task_struct *busy[NR_CPUS];
static int last_pid = FIRST_PID;
static struct task_struct *ended;	/* its stack can be freed */

void sim_might_sleep(const char *what)
{
	if (likely(preemptible() && !sim.now.rcu))
		return;
	sim_die("%s(): may sleep, but %s", what,
		in_nmi() ? "in an NMI" :
		in_hardirq() ? "in an interrupt" :
		in_softirq() ? "in a softirq" :
		sim.now.irqs_off ? "interrupts are off" :
		"preemption is off or a spinlock is held");
}

static __attribute__((__constructor__)) void init(void)
{
	program_pid.task = &program;
	program.fiber = sim_fiber_of_program();
	list_add(&program.all, &all_tasks);
	umbra_sim_set_cpus(2);
}

void umbra_sim_set_cpus(unsigned int nr)
{
	unsigned int cpu;

	sim_check(nr && nr <= NR_CPUS, "%u CPUs: must be 1 to %u", nr, NR_CPUS);
	sim_check(!sim_percpu_used(),
		  "the number of CPUs must be set before the first instance");
	sim.nr_cpus = nr;
	bitmap_zero(sim_all_cpus.bits, NR_CPUS);
	bitmap_set(sim_all_cpus.bits, 0, nr);
	sim_online_cpus = sim_all_cpus;
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		set_bit(cpu, sim_one_cpu[cpu].bits);
}

unsigned int umbra_sim_nr_cpus(void)
{
	return sim.nr_cpus;
}

void umbra_sim_set_cpu(unsigned int cpu)
{
	sim_check(cpu < sim.nr_cpus, "CPU %u: there are %u", cpu, sim.nr_cpus);
	sim_check(cpu_online(cpu), "CPU %u is offline", cpu);
	current->cpu = cpu;
	sim.cpu = cpu;
}

static void print_tasks(void)
{
	struct task_struct *task;

	list_for_each_entry(task, &all_tasks, all)
		fprintf(stderr, "  task %d (%s) on CPU %u, state 0x%x%s%s\n",
			task->pid, task->comm, task->cpu, task->__state,
			task->waits_for ? ", waits for: " : "",
			task->waits_for ?: "");
}

/* End the program, because the code that it runs is wrong. */
void sim_die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "libumbra: task %d (%s), CPU %u: ", current->pid,
		current->comm, sim.cpu);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	print_tasks();
	abort();
}

static void free_ended(void)
{
	if (!ended)
		return;
	sim_fiber_free(ended->fiber);
	ended->fiber = NULL;
	ended = NULL;
}

static bool may_run(const struct task_struct *task)
{
	return !busy[task->cpu] || busy[task->cpu] == task;
}

/* The first task of the run queue that may run, but not on CPU @except. */
static struct task_struct *pick(unsigned int except)
{
	struct task_struct *task;

	list_for_each_entry(task, &run_queue, run)
		if (task->cpu != except && may_run(task))
			return task;
	return NULL;
}

/* Switch to another task. The current one is on the run queue, or sleeps. */
static void switch_to(struct task_struct *task, bool ends)
{
	struct task_struct *from = current;

	if (!preemptible())
		busy[sim.cpu] = from;
	from->context = sim.now;
	sim.now = task->context;
	if (busy[task->cpu] == task)
		busy[task->cpu] = NULL;
	list_del_init(&task->run);
	sim.task = task;
	sim.cpu = task->cpu;
	sim_fiber_switch(from->fiber, task->fiber, ends);
	free_ended();
}

/* Switch to a task of another CPU, whatever this one does. */
void sim_switch(struct task_struct *task)
{
	switch_to(task, false);
}

/* Move the tasks of a CPU that has gone. */
void sim_leave_cpu(unsigned int cpu)
{
	struct task_struct *task;

	sim_check(!busy[cpu], "CPU %u goes, but a task of it waits busily", cpu);
	list_for_each_entry(task, &all_tasks, all)
		if (task->cpu == cpu)
			task->cpu = sim.cpu;
}

/* The time since when the program sleeps without a timeout, or 0. */
static u64 hangs_since;

/* Let time pass until a task may run. */
static void idle(void)
{
	while (!pick(NR_CPUS)) {
		if (!sim_next_timer())
			sim_die("deadlock: every task sleeps, and no timer will wake one");
		if (hangs_since && local_clock() - hangs_since >
		    HANG_S * (u64)NSEC_PER_SEC)
			sim_die("hung: the program waits for %d s without a timeout",
				HANG_S);
	}
}

static void run_next(bool ends)
{
	struct task_struct *next;

	idle();
	next = pick(NR_CPUS);
	if (next != current)
		switch_to(next, ends);
	else
		list_del_init(&next->run);
}

/* Let another CPU run for a while; false if none has a task that may run. */
bool sim_run_elsewhere(void)
{
	struct task_struct *next = in_interrupt() ? NULL : pick(sim.cpu);

	if (!next)
		return false;
	list_add_tail(&current->run, &run_queue);
	switch_to(next, false);
	return true;
}

static bool signal_wakes(unsigned int state, struct task_struct *task)
{
	if (state & TASK_INTERRUPTIBLE)
		return signal_pending(task);
	return state & TASK_WAKEKILL && fatal_signal_pending(task);
}

bool sim_signal_ends(unsigned int state)
{
	return signal_wakes(state, current);
}

static void sleep_here(bool has_timeout)
{
	sim_might_sleep("schedule");
	if (sim.explorer) {
		sim.explorer->sleep(has_timeout);
		return;
	}
	if (signal_wakes(current->__state, current))
		current->__state = TASK_RUNNING;
	/* A task that never sleeps still takes time: else no timer would end. */
	if (current->__state == TASK_RUNNING) {
		sim_pass(NSEC_PER_USEC);
		list_add_tail(&current->run, &run_queue);
	} else {
		current->asleep = true;
	}
	if (current == &program && !has_timeout)
		hangs_since = local_clock();
	run_next(false);
	if (current == &program)
		hangs_since = 0;
}

void schedule(void)
{
	sleep_here(false);
}

struct sleeper {
	struct timer_list timer;
	struct task_struct *task;
};

static void wake_sleeper(struct timer_list *timer)
{
	wake_up_process(container_of(timer, struct sleeper, timer)->task);
}

/* Sleep for some time, or until the task is woken. */
static void sleep_ns(u64 ns)
{
	struct sleeper sleeper = { .task = current };

	timer_setup(&sleeper.timer, wake_sleeper, 0);
	sim_timer_start(&sleeper.timer, ns);
	sleep_here(true);
	timer_delete(&sleeper.timer);
}

/* Returns the jiffies that are left when the task is woken. */
long schedule_timeout(long timeout)
{
	unsigned long end = jiffies + timeout;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	if (timeout > 0)
		sleep_ns((u64)timeout * NSEC_PER_JIFFY);
	__set_current_state(TASK_RUNNING);
	return max((long)(end - jiffies), 0L);
}

long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_killable(long timeout)
{
	__set_current_state(TASK_KILLABLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

void umbra_sim_pass(unsigned long long ns)
{
	sim_run_pending();	/* an irq_work of an NMI */
	__set_current_state(TASK_UNINTERRUPTIBLE);
	sleep_ns(ns);
	__set_current_state(TASK_RUNNING);
}

/* Returns 1 if the task was asleep. */
int wake_up_process(struct task_struct *task)
{
	if (task->__state == TASK_RUNNING || task->exit_state)
		return 0;
	task->__state = TASK_RUNNING;
	if (task->asleep)
		list_add_tail(&task->run, &run_queue);
	task->asleep = false;
	return 1;
}

/* Let the other tasks that may run go first. */
static void let_others_run(void)
{
	if (list_empty(&run_queue))
		return;
	list_add_tail(&current->run, &run_queue);
	run_next(false);
}

/* Code that calls this works, which takes time: else no timer would end it. */
int sim_cond_resched(void)
{
	sim_might_sleep("cond_resched");
	if (sim.explorer)
		return 0;
	sim_pass(NSEC_PER_USEC);
	if (likely(list_empty(&run_queue)))
		return 0;
	let_others_run();
	return 1;
}

/* Busy waiting takes time, and other CPUs run meanwhile. */
void cpu_relax(void)
{
	if (sim.explorer) {
		sim.explorer->sleep(true);
		return;
	}
	sim_pass(NSEC_PER_USEC);
	if (preemptible() && !sim.now.rcu && current->__state == TASK_RUNNING)
		let_others_run();
	else
		sim_run_elsewhere();
}

void sim_wait_begin(wait_queue_head_t *wq, struct sim_waiter *waiter,
		    unsigned int state, const char *what)
{
	if (waiter->task != current) {
		waiter->task = current;
		list_add_tail(&waiter->link, &wq->waiters);
		current->waits_for = what;
	}
	__set_current_state(state);
}

void sim_wait_end(struct sim_waiter *waiter)
{
	__set_current_state(TASK_RUNNING);
	list_del(&waiter->link);
	current->waits_for = NULL;
}

void wake_up_all(wait_queue_head_t *wq)
{
	struct sim_waiter *waiter;

	list_for_each_entry(waiter, &wq->waiters, link)
		wake_up_process(waiter->task);
}

unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout)
{
	long left = sim_wait(&c->wait, c->done, TASK_UNINTERRUPTIBLE,
			     (long)timeout);

	if (left && c->done < UINT_MAX / 2)
		c->done--;
	return left;
}

void allow_signal(int sig)
{
	current->signals |= BIT(sig - 1);
}

void flush_signals(struct task_struct *task)
{
	task->pending.signal.sig[0] = 0;
	task->sigpending = false;
}

int send_sig(int sig, struct task_struct *task, int priv)
{
	if (!(task->signals & BIT(sig - 1)))
		return 0;
	sigaddset(&task->pending.signal, sig);
	task->sigpending = true;
	if (signal_wakes(task->__state, task))
		wake_up_process(task);
	return 0;
}

int kill_pid(struct pid *pid, int sig, int priv)
{
	return pid->task ? send_sig(sig, pid->task, priv) : -ESRCH;
}

void put_pid(struct pid *pid)
{
	if (pid && refcount_dec_and_test(&pid->count))
		free(pid);
}

struct pid *find_get_pid(int nr)
{
	struct task_struct *task;

	if (nr == first_pid.nr)
		return get_pid(&first_pid);
	list_for_each_entry(task, &all_tasks, all)
		if (task->pid == nr)
			return get_pid(task->thread_pid);
	return NULL;
}

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask)
{
	unsigned int cpu = cpumask_first(mask);

	task->pinned = bitmap_weight(mask->bits, sim.nr_cpus) == 1;
	if (!test_bit(task->cpu, mask->bits))
		task->cpu = cpu;
	if (task == current)
		sim.cpu = task->cpu;
	return 0;
}

void kthread_bind(struct task_struct *task, unsigned int cpu)
{
	set_cpus_allowed_ptr(task, cpumask_of(cpu));
}

bool kthread_should_stop(void)
{
	return READ_ONCE(current->should_stop);
}

static __noreturn void end_task(int result)
{
	current->result = result;
	current->exit_state = EXIT_ZOMBIE;
	current->thread_pid->task = NULL;
	current->__state = TASK_UNINTERRUPTIBLE;
	if (current->joiner)
		wake_up_process(current->joiner);
	ended = current;
	run_next(true);
	sim_die("a task runs after its end");
}

/* Leave the current thread at once, whatever it was doing. */
void sim_thread_exit(int result)
{
	end_task(result);
}

static void thread_entry(void)
{
	free_ended();
	end_task(current->should_stop ? -EINTR : current->fn(current->data));
}

static struct task_struct *thread_alloc(int (*fn)(void *data), void *data)
{
	struct task_struct *task = calloc(1, sizeof(*task));
	struct pid *pid = calloc(1, sizeof(*pid));

	if (task)
		task->fiber = sim_fiber_new(thread_entry);
	if (!task || !pid || !task->fiber)
		sim_die("no memory for a task");
	INIT_LIST_HEAD(&task->run);
	task->__state = TASK_UNINTERRUPTIBLE;
	task->asleep = true;
	task->flags = PF_KTHREAD;
	task->cpu = sim.cpu;
	task->pid = ++last_pid;
	task->tgid = task->pid;
	task->signal = &task->own_signal;
	atomic_set(&task->own_signal.live, 1);
	task->active_mm = (struct mm_struct *)task;
	task->thread_pid = pid;
	task->fn = fn;
	task->data = data;
	*pid = (struct pid) { .nr = task->pid, .task = task };
	refcount_set(&pid->count, 1);
	list_add_tail(&task->all, &all_tasks);
	return task;
}

/* The thread sleeps until it is woken. Context: any. */
struct task_struct *sim_thread_new(int (*fn)(void *data), void *data,
				   const char *name)
{
	struct task_struct *task = thread_alloc(fn, data);

	strscpy(task->comm, name);
	return task;
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data,
				   const char *fmt, ...)
{
	char name[TASK_COMM_LEN];
	va_list args;

	might_sleep();
	if (sim_must_fail(GFP_KERNEL))
		return ERR_PTR(-ENOMEM);
	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	return sim_thread_new(fn, data, name);
}

/* Wait for the end of a thread, and free it. Returns its result. */
int sim_thread_join(struct task_struct *task)
{
	int result;

	while (!task->exit_state) {
		task->joiner = current;
		current->waits_for = "the end of a thread";
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	current->waits_for = NULL;
	free_ended();
	result = task->result;
	list_del(&task->all);
	put_pid(task->thread_pid);
	free(task);
	return result;
}

int kthread_stop(struct task_struct *task)
{
	task->should_stop = true;
	wake_up_process(task);
	return sim_thread_join(task);
}
