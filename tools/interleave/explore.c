// SPDX-License-Identifier: GPL-2.0
/*
 * The explorer: contexts run as tasks of the simulated machine, until they reach
 * a step; then the search chooses the context that goes on. Each schedule is
 * carried out by a process of its own, forked from the state after the setup, so
 * that all begin alike, at the same addresses.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sim/cpu.h>
#include "../libumbra/fiber.h"
#include "../libumbra/internal.h"
#include "explore.h"

#define MOST_HELD	8
#define MOST_NESTED	4

enum wait {
	WAIT_NONE,
	WAIT_LOCK,		/* for @owner to be NULL */
	WAIT_CALL,		/* for the end of a call of another CPU */
	WAIT_WOKEN,
	WAIT_OFFLINE		/* for a CPU that can go */
};

struct context {
	const char *name;
	enum context_kind kind;
	unsigned int cpu;
	void (*fn)(void *arg);
	void *arg;
	bool begun, done;
	bool is_call;		/* made by another context */
	enum wait wait;
	struct task_struct **owner;
	struct task_struct *task;	/* to be woken */
	unsigned int target;	/* CPU of a call, or that goes */
	bool unlocks;
	struct step step;
	void *held[MOST_HELD];
	unsigned int nr_held;
};

struct cpu {
	struct task_struct *task;
	struct context *stack[MOST_NESTED];
	unsigned int depth;
	unsigned long steps;
	unsigned long steps_at_call;
};

struct outcome *outcome;

static const struct scenario *now;
static struct context contexts[NR_CONTEXTS];
static struct cpu cpus[NR_CPUS_USED];
static struct task_struct *program;
static struct context *turn;	/* NULL: all contexts are done */
static bool is_limited;
static unsigned int budget;	/* preemptions that are left, if limited */
static struct context *last;	/* made the last step */

/* An access to this stands for the interrupt mask of a CPU. */
static char masks[NR_CPUS_USED][8] __aligned(8);

static struct {
	unsigned char context;
	const void *caller;
} trace[MOST_STEPS];
static unsigned int nr_steps;

static unsigned int number(const struct context *c)
{
	return c - contexts;
}

static struct context *top(unsigned int cpu)
{
	return cpus[cpu].depth ? cpus[cpu].stack[cpus[cpu].depth - 1] : NULL;
}

/* Print which context went on where, and end this process. */
static __noreturn void print_and_end(void)
{
	unsigned int i;

	outcome->failed = true;
	for (i = 0; i < nr_steps; i++)
		if (i + 1 == nr_steps ||
		    trace[i].context != trace[i + 1].context)
			printf("#   %s, up to +0x%lx\n",
			       contexts[trace[i].context].name,
			       (unsigned long)trace[i].caller -
			       (unsigned long)__executable_start);
	fflush(stdout);
	_exit(1);
}

void fail(const char *fmt, ...)
{
	va_list args;

	printf("# %s: schedule %lu: ", now->name, outcome->schedules);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	print_and_end();
}

/* The machine has printed why it ends the program. */
static void on_abort(int sig)
{
	printf("# %s: schedule %lu: %s\n", now->name, outcome->schedules,
	       sig == SIGABRT ? "the machine ended it" : "it crashed");
	print_and_end();
}

static const struct sim_context *state_of(unsigned int cpu)
{
	return cpu == sim.cpu ? &sim.now : &cpus[cpu].task->context;
}

static bool may_interrupt(const struct context *c)
{
	const struct sim_context *state = state_of(c->cpu);
	const struct cpu *cpu = &cpus[c->cpu];

	if (cpu->depth == MOST_NESTED || state->nmi)
		return false;
	if (c->kind == CONTEXT_NMI)
		return true;
	/* A call that found a section open finds it again before a step. */
	if (c->is_call && cpu->depth && cpu->steps_at_call == cpu->steps)
		return false;
	return !state->irqs_off && !state->hardirq;
}

/* Can a CPU go? Its task must have ended, because tasks do not move here. */
static bool may_go(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < NR_CONTEXTS; i++)
		if (contexts[i].cpu == cpu && contexts[i].kind && !contexts[i].done)
			return false;
	return true;
}

static bool is_ready(const struct context *c)
{
	switch (c->wait) {
	case WAIT_LOCK:
		/* The machine reports a lock that is taken twice. */
		return !*c->owner || *c->owner == cpus[c->cpu].task;
	case WAIT_CALL:
		return contexts[number(c) + NR_OWN].done;
	case WAIT_WOKEN:
		return !c->task->asleep;
	case WAIT_OFFLINE:
		return may_go(c->target);
	default:
		return true;
	}
}

static bool is_enabled(const struct context *c)
{
	if (!c->kind || c->done)
		return false;
	if (c->begun)
		return top(c->cpu) == c && is_ready(c);
	return c->kind == CONTEXT_TASK || may_interrupt(c);
}

static unsigned int enabled_set(void)
{
	unsigned int i, set = 0;

	for (i = 0; i < NR_CONTEXTS; i++)
		if (is_enabled(&contexts[i]))
			set |= BIT(i);
	return set;
}

static struct context *task_to_begin(void)
{
	unsigned int i;

	for (i = 0; i < NR_OWN; i++)
		if (contexts[i].kind == CONTEXT_TASK && !contexts[i].begun)
			return &contexts[i];
	return NULL;
}

static void check_end(void)
{
	unsigned int i;

	for (i = 0; i < NR_CONTEXTS; i++)
		if (contexts[i].kind && !contexts[i].done)
			fail("%s waits without end", contexts[i].name);
}

/* The contexts that the limit of preemptions allows; 0: there is no limit */
static unsigned int allowed(unsigned int enabled)
{
	if (!is_limited)
		return 0;
	if (!budget && last && is_enabled(last))
		return BIT(number(last));
	return enabled;
}

static void note_step(struct context *c)
{
	if (nr_steps == MOST_STEPS)
		fail("%s does not end", c->name);
	trace[nr_steps].context = number(c);
	trace[nr_steps++].caller = c->step.caller;
	if (!c->is_call)
		cpus[c->cpu].steps++;
	if (is_limited && last && c != last && is_enabled(last))
		budget--;
	last = c;
}

static void get_step(const struct context *c, struct step *step)
{
	const struct sim_context *state = state_of(c->cpu);

	*step = c->step;
	step->cpu = c->cpu;
	step->exists = c->kind && !c->done;
	if (!step->exists)
		return;
	step->locks = c->wait == WAIT_LOCK;
	step->begins = !c->begun;
	step->is_masked = state->irqs_off || state->hardirq || state->nmi;
	step->in_nmi = c->begun ? state->nmi : c->kind == CONTEXT_NMI;
}

/* Choose the context that goes on; NULL if all are done. */
static struct context *choose(void)
{
	struct context *c = task_to_begin();
	struct step next[NR_CONTEXTS] = {};
	unsigned int enabled, i;
	int chosen;

	if (c)
		return c;
	enabled = enabled_set();
	if (!enabled) {
		check_end();
		return NULL;
	}
	for (i = 0; i < NR_CONTEXTS; i++)
		get_step(&contexts[i], &next[i]);
	chosen = search_step(enabled, allowed(enabled),
			     last ? (int)number(last) : -1, next);
	if (chosen < 0) {
		search_races();
		outcome->pruned++;
		_exit(0);
	}
	c = &contexts[chosen];
	note_step(c);
	return c;
}

/* Run a context on the current CPU, on top of its others. */
static void run(struct context *c)
{
	struct cpu *cpu = &cpus[c->cpu];
	struct sim_context before = sim.now;

	if (c->is_call)
		cpu->steps_at_call = cpu->steps;
	c->begun = true;
	cpu->stack[cpu->depth++] = c;
	if (c->kind == CONTEXT_INTERRUPT) {
		sim.now.hardirq++;
		sim.now.irqs_off = true;
	} else if (c->kind == CONTEXT_NMI) {
		sim.now.nmi++;
	}
	c->fn(c->arg);
	if (sim.now.preempt != before.preempt)
		fail("%s left preemption off", c->name);
	sim.now = before;
	cpu->depth--;
	c->done = true;
}

/* Let others go on until it is the turn of @me. Without @me it never is. */
static void wait_turn(struct context *me, unsigned int cpu)
{
	while (!me || turn != me) {
		if (turn && turn->cpu == cpu) {
			run(turn);
			turn = choose();
		} else {
			sim_switch(turn ? cpus[turn->cpu].task : program);
		}
	}
}

static int idle(void *data)
{
	wait_turn(NULL, sim.cpu);
	return 0;
}

static void make_step(struct context *me, unsigned long at, size_t size,
		      bool write, const void *caller)
{
	me->step = (struct step) {
		.at = at, .size = size, .write = write, .caller = caller,
		.unlocks = me->unlocks
	};
	turn = choose();
	wait_turn(me, me->cpu);
	me->wait = WAIT_NONE;
}

/* Memory of the machine itself, and stacks, which calls of other CPUs share */
static bool is_private(unsigned long at)
{
	unsigned int i;

	if (at - (unsigned long)&sim < sizeof(sim))
		return true;
	for (i = 0; i < NR_CPUS_USED; i++)
		if (sim_fiber_contains(cpus[i].task->fiber, at))
			return true;
	return false;
}

static void on_access(const volatile void *p, size_t size, bool write,
		      const void *caller)
{
	struct context *me = top(sim.cpu);
	unsigned long at = (unsigned long)p;

	if (me && !is_private(at) &&
	    access_is_step(number(me), at, size, write, me->held, me->nr_held))
		make_step(me, at, size, write, caller);
}

static void on_locked(struct task_struct **owner)
{
	struct context *me = top(sim.cpu);

	if (!me)
		return;
	if (me->nr_held == MOST_HELD)
		fail("%s holds too many locks", me->name);
	me->held[me->nr_held++] = owner;
}

static bool lock_is_step(struct context *me, struct task_struct **owner)
{
	return access_is_step(number(me), (unsigned long)owner, sizeof(*owner),
			      true, NULL, 0);
}

static void on_lock(struct task_struct **owner, const void *caller)
{
	struct context *me = top(sim.cpu);

	if (!me)
		return;
	me->wait = WAIT_LOCK;
	me->owner = owner;
	if (lock_is_step(me, owner) || !is_ready(me))
		make_step(me, (unsigned long)owner, sizeof(*owner), true, caller);
	me->wait = WAIT_NONE;
	on_locked(owner);
}

static void on_unlock(struct task_struct **owner, const void *caller)
{
	struct context *me = top(sim.cpu);
	unsigned int i;

	if (!me)
		return;
	me->unlocks = true;
	if (lock_is_step(me, owner))
		make_step(me, (unsigned long)owner, sizeof(*owner), true, caller);
	me->unlocks = false;
	for (i = me->nr_held; i--;)
		if (me->held[i] == owner) {
			me->held[i] = me->held[--me->nr_held];
			return;
		}
}

static void on_mask(const void *caller)
{
	struct context *me = top(sim.cpu);
	unsigned long at = (unsigned long)masks[sim.cpu];

	if (me && access_is_step(number(me), at, 1, true, NULL, 0))
		make_step(me, at, 1, true, caller);
}

/* Time may pass at once, so that only a task without a timeout waits. */
static void on_sleep(bool has_timeout)
{
	struct context *me = top(sim.cpu);

	if (!me)
		return;
	if (has_timeout)
		current->__state = TASK_RUNNING;
	if (current->__state != TASK_RUNNING) {
		current->asleep = true;
		me->wait = WAIT_WOKEN;
		me->task = current;
	}
	make_step(me, 0, 0, false, sim_caller());
	list_del_init(&current->run);
}

static bool on_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct context *me = top(sim.cpu), *call = me + NR_OWN;
	unsigned long at = (unsigned long)sim_online_cpus.bits;

	if (access_is_step(number(me), at, 1, false, NULL, 0))
		make_step(me, at, 1, false, sim_caller());
	if (!cpu_online(cpu))
		return false;
	if (cpu == me->cpu) {
		sim.now.irqs_off = true;
		fn(arg);
		sim.now.irqs_off = false;
		return true;
	}
	*call = (struct context) {
		.name = "call of another CPU",
		.kind = CONTEXT_INTERRUPT,
		.cpu = cpu,
		.fn = fn,
		.arg = arg,
		.is_call = true,
	};
	access_is_step(number(call), (unsigned long)masks[cpu], 1, false, NULL, 0);
	me->wait = WAIT_CALL;
	make_step(me, 0, 0, false, sim_caller());
	return true;
}

static void on_offline(unsigned int cpu, const void *caller)
{
	struct context *me = top(sim.cpu);
	unsigned long at = (unsigned long)sim_online_cpus.bits;

	access_is_step(number(me), at, 1, true, NULL, 0);
	me->wait = WAIT_OFFLINE;
	me->target = cpu;
	make_step(me, at, 1, true, caller);
}

static const struct sim_explorer explorer = {
	.access = on_access,
	.lock = on_lock,
	.locked = on_locked,
	.unlock = on_unlock,
	.mask = on_mask,
	.sleep = on_sleep,
	.call = on_call,
	.offline = on_offline,
};

static void call_fn(void *arg)
{
	void (*fn)(void) = arg;

	fn();
}

static void prepare(void)
{
	unsigned int i;

	for (i = 0; i < NR_CPUS_USED; i++) {
		cpus[i].task = sim_thread_new(idle, NULL, "cpu");
		kthread_bind(cpus[i].task, i);
		cpus[i].task->pinned = false;
		cpus[i].steps_at_call = -1;
	}
	for (i = 0; i < NR_OWN; i++) {
		struct context *c = &contexts[i];

		c->name = now->contexts[i].name;
		c->kind = now->contexts[i].kind;
		c->cpu = now->contexts[i].cpu;
		c->fn = call_fn;
		c->arg = now->contexts[i].fn;
		if (c->kind == CONTEXT_INTERRUPT)
			access_is_step(i, (unsigned long)masks[c->cpu], 1, false,
				       NULL, 0);
	}
}

/* Carry out one schedule, and end the process. */
static __noreturn void run_schedule(void)
{
	/* No process outlives the program. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	program = current;
	sim.explorer = &explorer;
	turn = choose();
	sim_switch(cpus[turn->cpu].task);
	sim.explorer = NULL;
	if (!is_limited)
		search_races();
	outcome->schedules++;
	outcome->steps += nr_steps;
	if (nr_steps > outcome->longest)
		outcome->longest = nr_steps;
	now->judge();
	_exit(0);
}

/* Carry out one schedule in a child. */
static void try_schedule(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child < 0)
		fail("no process for a schedule");
	if (!child)
		run_schedule();
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		fail("a process of the explorer was killed");
}

/* Explore until no access became a step on the way. */
static void explore_rounds(bool all)
{
	unsigned long rounds = 0;

	do {
		*outcome = (struct outcome) { .rounds = ++rounds };
		search_begin(all);
		do {
			try_schedule();
		} while (!outcome->failed && !outcome->shared && search_next());
	} while (!outcome->failed && outcome->shared);
}

/**
 * explore() - explore a scenario
 * @scenario: the scenario
 * @preemptions: limit of preemptions, or ALL_SCHEDULES
 * @all: whether sleep sets are the only reduction
 *
 * Context: a process for nothing else.
 */
void explore(const struct scenario *scenario, unsigned int preemptions,
	     bool all)
{
	now = scenario;
	signal(SIGABRT, on_abort);
	signal(SIGSEGV, on_abort);
	now->setup();
	prepare();
	is_limited = preemptions != ALL_SCHEDULES;
	budget = preemptions;
	explore_rounds(all);
}
