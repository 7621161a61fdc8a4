// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual time and timers. Nothing here reads a clock of the host.
 *
 * Timers are a list in the order of time. They run in a softirq on the CPU that
 * started them, in the context of the task that lets time pass.
 */
#include <sim/cpu.h>
#include <sim/time.h>
#include "internal.h"

static u64 now_ns;
static LIST_HEAD(timers);

unsigned long jiffies = INITIAL_JIFFIES;

static void set_time(u64 ns)
{
	now_ns = ns;
	jiffies = INITIAL_JIFFIES + ns / NSEC_PER_JIFFY;
}

u64 local_clock(void)
{
	set_time(now_ns + 1);
	return now_ns;
}

unsigned long long umbra_sim_time(void)
{
	return now_ns;
}

void timer_setup(struct timer_list *timer,
		 void (*fn)(struct timer_list *timer), unsigned int flags)
{
	*timer = (struct timer_list) { .function = fn };
	INIT_LIST_HEAD(&timer->link);
}

/* Start a timer that is not pending, from now on. */
void sim_timer_start(struct timer_list *timer, u64 ns)
{
	struct timer_list *other;

	timer->ns = now_ns + ns;
	timer->cpu = sim.cpu;
	list_for_each_entry_reverse(other, &timers, link)
		if (other->ns <= timer->ns)
			break;
	list_add(&timer->link, &other->link);
}

int timer_delete(struct timer_list *timer)
{
	int pending = timer_pending(timer);

	list_del_init(&timer->link);
	return pending;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	int pending = timer_delete(timer);
	u64 at = (expires - INITIAL_JIFFIES) * NSEC_PER_JIFFY;

	timer->expires = expires;
	sim_timer_start(timer, at > now_ns ? at - now_ns : 0);
	return pending;
}

static void fire(struct timer_list *timer)
{
	unsigned int cpu = sim.cpu;

	if (timer->ns > now_ns)
		set_time(timer->ns);
	list_del_init(&timer->link);
	if (cpu_online(timer->cpu))
		sim.cpu = timer->cpu;
	sim.now.softirq++;
	timer->function(timer);
	sim.now.softirq--;
	sim.cpu = cpu;
}

/* Advance the time to the next timer and run it; false if there is none. */
bool sim_next_timer(void)
{
	if (list_empty(&timers))
		return false;
	fire(list_first_entry(&timers, struct timer_list, link));
	return true;
}

/*
 * Let time pass without sleeping. Timers run if a softirq may run here;
 * otherwise they run late.
 */
void sim_pass(u64 ns)
{
	u64 end = now_ns + ns;

	while (!sim.now.irqs_off && !in_interrupt() && !list_empty(&timers) &&
	       list_first_entry(&timers, struct timer_list, link)->ns <= end)
		sim_next_timer();
	if (end > now_ns)
		set_time(end);
}

/* Other CPUs run meanwhile. */
void udelay(unsigned long us)
{
	sim_pass((u64)us * NSEC_PER_USEC);
	sim_run_elsewhere();
}

/* Allow as many reports in an interval as the burst says. */
bool sim_ratelimit(struct ratelimit_state *rs)
{
	if (!rs->interval)
		return true;
	if (!rs->begin || time_after(jiffies, rs->begin + rs->interval)) {
		rs->begin = jiffies;
		rs->printed = 0;
	}
	if (rs->printed < rs->burst) {
		rs->printed++;
		return true;
	}
	rs->missed++;
	return false;
}
