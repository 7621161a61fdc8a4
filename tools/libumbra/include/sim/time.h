/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time is virtual. It passes up to the next timer while every task sleeps. Busy
 * waiting takes as long as it says, cond_resched() and an interrupt of another
 * CPU take a microsecond, and a read of the clock takes a nanosecond, so that no
 * two reads are equal.
 */
#ifndef _SIM_TIME_H
#define _SIM_TIME_H

#include <sim/atomic.h>
#include <sim/list.h>

#define HZ			250
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define NSEC_PER_USEC		1000L
#define NSEC_PER_JIFFY		(NSEC_PER_SEC / HZ)

/* As in the kernel, jiffies wrap around early, so that errors show. */
#define INITIAL_JIFFIES		((unsigned long)(unsigned int)(-300 * HZ))

extern unsigned long jiffies;

#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	(!time_before(a, b))
#define time_before_eq(a, b)	(!time_after(a, b))
#define msecs_to_jiffies(ms)	DIV_ROUND_UP((unsigned long)(ms) * HZ, 1000UL)
#define jiffies_to_msecs(j)	((unsigned int)((j) * 1000 / HZ))
#define jiffies_to_usecs(j)	((unsigned int)((j) * (1000000 / HZ)))

u64 local_clock(void);
void udelay(unsigned long us);
void sim_pass(u64 ns);
bool sim_next_timer(void);

#define ktime_get_ns()		local_clock()
#define sched_clock()		local_clock()
#define mdelay(ms)		udelay((ms) * 1000UL)

/* The callback runs in a softirq. */
struct timer_list {
	struct list_head link;		/* by time; empty: not pending */
	unsigned long expires;		/* jiffies */
	u64 ns;				/* the same in virtual time */
	unsigned int cpu;
	void (*function)(struct timer_list *timer);
};

void sim_timer_start(struct timer_list *timer, u64 ns);
void timer_setup(struct timer_list *timer,
		 void (*fn)(struct timer_list *timer), unsigned int flags);
int mod_timer(struct timer_list *timer, unsigned long expires);
int timer_delete(struct timer_list *timer);

#define timer_delete_sync(timer)	timer_delete(timer)
#define timer_shutdown_sync(timer)	timer_delete(timer)
#define timer_pending(timer)		(!list_empty(&(timer)->link))
#define timer_container_of(var, timer, member)				\
	container_of(timer, typeof(*(var)), member)
#define from_timer(var, timer, member)	timer_container_of(var, timer, member)

/* Limits of reports */
struct ratelimit_state {
	int interval;			/* jiffies */
	int burst;
	int printed;
	int missed;
	unsigned long begin;
	unsigned long flags;
};

#define RATELIMIT_MSG_ON_RELEASE	1

bool sim_ratelimit(struct ratelimit_state *rs);

#define __ratelimit(rs)		sim_ratelimit(rs)

static inline void ratelimit_state_init(struct ratelimit_state *rs,
					int interval, int burst)
{
	*rs = (struct ratelimit_state) {
		.interval = interval, .burst = burst
	};
}

static inline void ratelimit_state_exit(struct ratelimit_state *rs)
{
}

static inline void ratelimit_set_flags(struct ratelimit_state *rs,
				       unsigned long flags)
{
	rs->flags = flags;
}

#endif /* _SIM_TIME_H */
