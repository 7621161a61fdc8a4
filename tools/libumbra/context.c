// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: those that the program injects at sim_point(), irq_work, tasklets,
 * and calls of other CPUs.
 */
#include <sim/cpu.h>
#include "internal.h"

/* An interrupt of another CPU takes this long, in nanoseconds. */
#define CALL_NS		1000

struct injected {
	void (*fn)(void *arg, const char *site);
	void *arg;
};

static struct injected interrupt, nmi;
static LIST_HEAD(irq_works);
static LIST_HEAD(tasklets);

void umbra_sim_set_interrupt(void (*fn)(void *arg, const char *site), void *arg)
{
	interrupt = (struct injected) { fn, arg };
	sim.injects = interrupt.fn || nmi.fn;
}

void umbra_sim_set_nmi(void (*fn)(void *arg, const char *site), void *arg)
{
	nmi = (struct injected) { fn, arg };
	sim.injects = interrupt.fn || nmi.fn;
}

static void begin_interrupt(void)
{
	sim.now.hardirq++;
	sim.now.irqs_off = true;
}

static void end_interrupt(const char *what, int preempt)
{
	sim_check(sim.now.preempt == preempt && sim.now.irqs_off,
		  "%s left preemption off, a spinlock held, or interrupts on",
		  what);
	sim.now.hardirq--;
	sim_irqs_on();
}

/* Called at every place where an interrupt may come, if one is wanted. */
void sim_interrupt(const char *site)
{
	int preempt = sim.now.preempt;

	if (in_nmi())
		return;
	if (nmi.fn) {
		sim.now.nmi++;
		nmi.fn(nmi.arg, site);
		sim_check(sim.now.preempt == preempt,
			  "an NMI left preemption off or a spinlock held");
		sim.now.nmi--;
		sim_run_pending();
	}
	if (!interrupt.fn || sim.now.irqs_off || in_hardirq())
		return;
	begin_interrupt();
	interrupt.fn(interrupt.arg, site);
	end_interrupt("an interrupt", preempt);
}

static void run_irq_works(void)
{
	int preempt = sim.now.preempt;

	begin_interrupt();
	while (!list_empty(&irq_works)) {
		struct irq_work *work = list_first_entry(&irq_works,
							 struct irq_work, link);

		list_del(&work->link);
		work->queued = false;
		work->func(work);
	}
	sim.pending = !list_empty(&tasklets);
	sim_check(sim.now.preempt == preempt, "an irq_work left preemption off");
	sim.now.hardirq--;
	sim.now.irqs_off = false;
}

static void run_tasklets(void)
{
	sim.now.softirq++;
	while (!list_empty(&tasklets)) {
		struct tasklet_struct *tasklet =
			list_first_entry(&tasklets, struct tasklet_struct, link);

		list_del(&tasklet->link);
		tasklet->queued = false;
		tasklet->callback(tasklet);
	}
	sim.now.softirq--;
	sim.pending = !list_empty(&irq_works);
}

/* Run what waits for interrupts, and for softirqs, as far as they are on. */
void sim_run_pending(void)
{
	if (sim.now.irqs_off || in_hardirq() || in_nmi())
		return;
	if (!list_empty(&irq_works))
		run_irq_works();
	if (!list_empty(&tasklets) && !in_interrupt())
		run_tasklets();
}

bool irq_work_queue(struct irq_work *work)
{
	if (work->queued)
		return false;
	work->queued = true;
	list_add_tail(&work->link, &irq_works);
	sim.pending = true;
	sim_run_pending();
	return true;
}

/* Nothing that was queued is left once interrupts are on. */
void irq_work_sync(struct irq_work *work)
{
	sim_check(!sim.now.irqs_off, "irq_work_sync() with interrupts off");
	sim_check(!work->queued, "an irq_work waits although interrupts are on");
}

void tasklet_schedule(struct tasklet_struct *tasklet)
{
	if (tasklet->queued)
		return;
	tasklet->queued = true;
	list_add_tail(&tasklet->link, &tasklets);
	sim.pending = true;
	sim_run_pending();
}

void tasklet_kill(struct tasklet_struct *tasklet)
{
	sim_might_sleep("tasklet_kill");
	sim_run_pending();
}

static void call_on(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	unsigned int here = sim.cpu;
	unsigned long flags;

	local_irq_save(flags);
	if (cpu != here)
		sim.now.hardirq++;
	sim.cpu = cpu;
	fn(arg);
	sim.cpu = here;
	if (cpu != here)
		sim.now.hardirq--;
	local_irq_restore(flags);
}

/* The function runs with the task of the caller as its current one. */
int smp_call_function_single(unsigned int cpu, void (*fn)(void *arg), void *arg,
			     bool wait)
{
	sim_check(!sim.now.irqs_off, "a call of another CPU with interrupts off");
	if (sim.explorer)
		return sim.explorer->call(cpu, fn, arg) ? 0 : -ENXIO;
	if (!cpu_online(cpu))
		return -ENXIO;
	sim_pass(CALL_NS);
	call_on(cpu, fn, arg);
	return 0;
}

void on_each_cpu(void (*fn)(void *arg), void *arg, bool wait)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, fn, arg, wait);
}
