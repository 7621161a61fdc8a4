/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contexts of the simulated machine: the CPU, the task, and whether preemption
 * and interrupts are off on this CPU. Another CPU can run a task only when the
 * task of this one sleeps, yields, or waits busily.
 *
 * sim_point() marks the places where an interrupt may come: see
 * umbra_sim_set_interrupt().
 */
#ifndef _SIM_CONTEXT_H
#define _SIM_CONTEXT_H

#include <sim/types.h>

struct task_struct;

/* Of a CPU, or of its task while another task of the same CPU runs */
struct sim_context {
	int preempt;		/* depth of preempt_disable() and spinlocks */
	int bh;			/* depth of local_bh_disable() */
	int hardirq;		/* depth of interrupts */
	int softirq;
	int nmi;
	int rcu;		/* depth of rcu_read_lock() */
	bool irqs_off;
};

/*
 * The functions of an explorer of schedules. Every context that reaches one of
 * them may lose its turn to a context of another CPU, or to an interrupt.
 */
struct sim_explorer {
	void (*access)(const volatile void *p, size_t size, bool write,
		       const void *caller);
	/* Before a lock is taken, until it is free; and after a trylock */
	void (*lock)(struct task_struct **owner, const void *caller);
	void (*locked)(struct task_struct **owner);
	void (*unlock)(struct task_struct **owner, const void *caller);
	/* Before interrupts of this CPU are turned off */
	void (*mask)(const void *caller);
	/* The task sleeps, or until it is woken */
	void (*sleep)(bool has_timeout);
	/* A call of another CPU, or false if the CPU is offline */
	bool (*call)(unsigned int cpu, void (*fn)(void *arg), void *arg);
	/* Until a CPU can go: no call waits for it, and it runs no task */
	void (*offline)(unsigned int cpu, const void *caller);
};

struct sim_state {
	struct sim_context now;
	unsigned int cpu;
	unsigned int nr_cpus;
	bool injects;		/* sim_point() calls sim_interrupt() */
	bool pending;		/* irq_work or softirqs wait for interrupts */
	struct task_struct *task;
	const struct sim_explorer *explorer;	/* or NULL */
};

extern struct sim_state sim;

void sim_interrupt(const char *site);
void sim_run_pending(void);
bool sim_run_elsewhere(void);
__noreturn __printf(1, 2) void sim_die(const char *fmt, ...);

#define sim_point(site)							\
do {									\
	if (unlikely(sim.injects))					\
		sim_interrupt(site);					\
} while (0)

/* In the code of an explorer's build: the context may lose its turn here. */
#ifdef SIM_EXPLORED
#define sim_explore(fn, ...)						\
do {									\
	if (sim.explorer)						\
		sim.explorer->fn(__VA_ARGS__);				\
} while (0)
#else
#define sim_explore(fn, ...)	do { } while (0)
#endif

#define sim_caller()	__builtin_return_address(0)

__sim_step void sim_will_mask(void)
{
	if (!sim.now.irqs_off)
		sim_explore(mask, sim_caller());
}

/* In the code under test an interrupt may come at every marked access as well. */
#ifdef SIM_ACCESS_POINTS
#undef READ_ONCE
#define READ_ONCE(x)							\
({									\
	sim_point("read_once");						\
	*(const volatile typeof(x) *)&(x);				\
})

#undef WRITE_ONCE
#define WRITE_ONCE(x, value)						\
do {									\
	*(volatile typeof(x) *)&(x) = (value);				\
	sim_point("write_once");					\
} while (0)
#endif

#define sim_check(cond, ...)						\
do {									\
	if (unlikely(!(cond)))						\
		sim_die(__VA_ARGS__);					\
} while (0)

/* A section of a cache opens and closes with a barrier. */
#define barrier()						\
do {								\
	__asm__ __volatile__("" ::: "memory");			\
	sim_point("barrier");					\
} while (0)

#define smp_mb()		__asm__ __volatile__("" ::: "memory")
#define smp_rmb()		smp_mb()
#define smp_wmb()		smp_mb()
#define smp_mb__before_atomic()	smp_mb()
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)
#define smp_acquire__after_ctrl_dep()	smp_mb()

#define in_nmi()		(sim.now.nmi > 0)
#define in_hardirq()		(sim.now.hardirq > 0)
#define in_serving_softirq()	(sim.now.softirq > 0)
#define in_softirq()		(sim.now.softirq + sim.now.bh > 0)
#define in_interrupt()		(in_nmi() || in_hardirq() || in_softirq())
#define in_task()		(!in_nmi() && !in_hardirq() && !in_serving_softirq())
#define irqs_disabled()		(sim.now.irqs_off)
#define preempt_count()		(sim.now.preempt + sim.now.bh + sim.now.hardirq + sim.now.nmi + \
				 sim.now.softirq)
#define preemptible()		(!preempt_count() && !sim.now.irqs_off)
#define in_atomic()		(preempt_count() > 0)

static inline void preempt_disable(void)
{
	sim_point("preempt_disable");
	sim.now.preempt++;
	sim_point("preempt_disabled");
}

static inline void preempt_enable(void)
{
	sim_check(sim.now.preempt > 0, "preempt_enable() without preempt_disable()");
	sim_point("preempt_enable");
	sim.now.preempt--;
	sim_point("preempt_enabled");
}

static inline void sim_irqs_on(void)
{
	sim.now.irqs_off = false;
	if (unlikely(sim.pending))
		sim_run_pending();
}

#define local_irq_save(flags)						\
do {									\
	sim_point("irq_save");						\
	sim_will_mask();						\
	(flags) = sim.now.irqs_off;						\
	sim.now.irqs_off = true;						\
} while (0)

#define local_irq_restore(flags)					\
do {									\
	sim_check(sim.now.irqs_off, "interrupts are on already");		\
	if (!(flags))							\
		sim_irqs_on();						\
	sim_point("irq_restore");					\
} while (0)

static inline void local_irq_disable(void)
{
	sim_point("irq_disable");
	sim_will_mask();
	sim.now.irqs_off = true;
}

static inline void local_irq_enable(void)
{
	sim_irqs_on();
	sim_point("irq_enable");
}

static inline void local_bh_disable(void)
{
	sim.now.bh++;
}

static inline void local_bh_enable(void)
{
	sim_check(sim.now.bh > 0, "local_bh_enable() without local_bh_disable()");
	sim.now.bh--;
	if (unlikely(sim.pending))
		sim_run_pending();
}

/* Sleeping where it is not allowed ends the program, unlike in a kernel. */
void sim_might_sleep(const char *what);

#define might_sleep()		sim_might_sleep(__func__)
#define might_sleep_if(cond)	do { if (cond) might_sleep(); } while (0)

#endif /* _SIM_CONTEXT_H */
