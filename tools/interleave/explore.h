/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exploration of schedules: up to three contexts, and the calls of other CPUs
 * that they make, in every order of their accesses that may matter.
 *
 * The model. A context is a task on a CPU of its own, or an interrupt or an NMI
 * that comes once, on top of whatever its CPU does. A step is an access to memory
 * that another context accesses as well, with at least one of them writing and
 * no lock held by all of them; or an operation of such a lock; or the begin of an
 * interrupt; or an interrupt mask that keeps one off. All other accesses commute
 * with every step of the other contexts, so that their place does not matter.
 * Memory is sequentially consistent.
 */
#ifndef _INTERLEAVE_EXPLORE_H
#define _INTERLEAVE_EXPLORE_H

#include <sim/types.h>

#define NR_OWN		3		/* contexts of a scenario, at most */
#define NR_CONTEXTS	(2 * NR_OWN)	/* with the call of each */
#define NR_CPUS_USED	3

/* All schedules that differ, instead of a limit of preemptions */
#define ALL_SCHEDULES	(~0U)

enum context_kind {
	CONTEXT_NONE,
	CONTEXT_TASK,
	CONTEXT_INTERRUPT,
	CONTEXT_NMI
};

/**
 * struct scenario - contexts that are explored together
 * @name: name
 * @claim: the sentence that holds in every schedule
 * @setup: makes the instance, before the contexts begin
 * @contexts: the contexts: name, kind, CPU, and what it does
 * @judge: calls fail() if the final state is wrong
 * @preemptions: limit of preemptions, or ALL_SCHEDULES
 * @schedules: number of schedules that are explored
 * @is_long: whether only the whole set has it
 */
struct scenario {
	const char *name;
	const char *claim;
	void (*setup)(void);
	struct {
		const char *name;
		enum context_kind kind;
		unsigned int cpu;
		void (*fn)(void);
	} contexts[NR_OWN];
	void (*judge)(void);
	unsigned int preemptions;
	unsigned long schedules;
	bool is_long;
};

/**
 * struct outcome - the result of an exploration, shared by its processes
 * @schedules: schedules that were carried out
 * @pruned: schedules that were given up, because they repeat another one
 * @steps: steps of all schedules
 * @longest: most steps of one schedule
 * @rounds: how often the exploration began
 * @shared: accesses to memory that are steps now and were not before
 * @failed: a schedule failed
 */
struct outcome {
	unsigned long schedules;
	unsigned long pruned;
	unsigned long steps;
	unsigned long longest;
	unsigned long rounds;
	unsigned long shared;
	bool failed;
};

/**
 * struct step - the next step of a context
 * @at: address that it accesses, or 0
 * @size: number of bytes
 * @cpu: CPU of the context
 * @write: whether it writes
 * @locks: whether it waits for the lock at @at
 * @unlocks: whether it releases that lock
 * @begins: whether an interrupt or an NMI begins
 * @is_masked: whether no other interrupt can come
 * @in_nmi: whether no NMI can come, or an NMI begins
 * @exists: false for a context that is done, or not made yet
 * @caller: address in the code
 */
struct step {
	unsigned long at;
	const void *caller;
	unsigned int size;
	unsigned char cpu;
	bool write;
	bool locks;
	bool unlocks;
	bool begins;
	bool is_masked;
	bool in_nmi;
	bool exists;
};

/* No context of any scenario needs as many steps in one schedule. */
#define MOST_STEPS	4000

extern struct outcome *outcome;

void explore(const struct scenario *scenario, unsigned int preemptions,
	     bool all);
__noreturn __printf(1, 2) void fail(const char *fmt, ...);

/* accesses.c */
void accesses_share(void);
void accesses_forget(void);
bool access_is_step(unsigned int context, unsigned long at, size_t size,
		    bool write, void *const *locks, unsigned int nr_locks);

/* search.c */
void search_share(void);
void search_begin(bool all);
int search_step(unsigned int enabled, unsigned int allowed, int first,
		const struct step *next);
void search_races(void);
bool search_next(void);

#endif /* _INTERLEAVE_EXPLORE_H */
