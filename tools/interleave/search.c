// SPDX-License-Identifier: GPL-2.0
/*
 * The search through all schedules, by dynamic partial-order reduction with source
 * sets and sleep sets (Abdulla, Aronis, Jonsson and Sagonas, 2014). A node is a
 * state from which one context makes a step. After each schedule, a node gets
 * another choice if a later step of another context depends on the step that was
 * made, and if nothing else orders the two. A context whose step was explored
 * already is asleep, until another one makes a step on which that step depends.
 *
 * Sleep sets alone leave out the same schedules, but only late, after many steps.
 * They are the check of the reduction: both must count the same.
 *
 * With a limit of preemptions there is no reduction: a node has all choices that
 * the limit allows.
 *
 * The nodes are shared by the processes of an exploration.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "explore.h"

#define BIT(n)		(1U << (n))

struct node {
	uint8_t enabled;	/* bits of contexts */
	uint8_t choices;	/* to be explored */
	uint8_t done;		/* explored */
	uint8_t asleep;
	uint8_t chosen;
	struct step next[NR_CONTEXTS];
};

/* For each context, the number of its last step that happens before, plus 1 */
struct clock {
	uint16_t of[NR_CONTEXTS];
};

static struct {
	unsigned int nr;
	unsigned int replay;	/* nodes whose choice is given */
	struct node nodes[MOST_STEPS + 1];
} *path;

static bool has_all;
static unsigned int at;		/* nodes of this schedule that are passed */
static struct clock clocks[MOST_STEPS];

/* Make the nodes that child processes share. */
void search_share(void)
{
	path = mmap(NULL, sizeof(*path), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (path == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
}

/* Begin a search; with @all every node has all choices, and some are asleep. */
void search_begin(bool all)
{
	has_all = all;
	path->nr = 0;
	path->replay = 0;
}

/* Do two steps of different contexts depend on each other? */
static bool depend(const struct step *a, const struct step *b)
{
	if (a->cpu == b->cpu)
		return true;
	return a->at && b->at && (a->write || b->write) &&
	       a->at < b->at + b->size && b->at < a->at + a->size;
}

/* Contexts that stay asleep after the step from a node */
static uint8_t sleepers(const struct node *node)
{
	uint8_t before = node->asleep | node->done, after = 0;
	unsigned int c;

	for (c = 0; c < NR_CONTEXTS; c++)
		if (before & BIT(c) && c != node->chosen &&
		    !depend(&node->next[c], &node->next[node->chosen]))
			after |= BIT(c);
	return after;
}

static void check_replay(const struct node *node, unsigned int enabled,
			 const struct step *next)
{
	if (node->enabled != enabled ||
	    memcmp(node->next, next, sizeof(node->next)))
		fail("step %u differs when it is repeated", at);
}

/**
 * search_step() - choose the context that makes the next step
 * @enabled: contexts that can
 * @allowed: those of them that the limit of preemptions allows; 0: no limit
 * @first: the preferred one, or -1
 * @next: the next step of each context
 *
 * Return: the context, or -1 if the rest of the schedule was explored before.
 */
int search_step(unsigned int enabled, unsigned int allowed, int first,
		const struct step *next)
{
	struct node *node = &path->nodes[at];
	unsigned int awake;

	if (at < path->replay) {
		check_replay(node, enabled, next);
		at++;
		return node->chosen;
	}
	*node = (struct node) { .enabled = enabled };
	memcpy(node->next, next, sizeof(node->next));
	if (at && !allowed)
		node->asleep = sleepers(&path->nodes[at - 1]);
	awake = (allowed ?: enabled) & ~node->asleep;
	if (!awake)
		return -1;
	if (first < 0 || !(awake & BIT(first)))
		first = __builtin_ctz(awake);
	node->chosen = first;
	node->choices = allowed ?: has_all ? enabled : BIT(first);
	path->nr = ++at;
	return first;
}

/*
 * Can @context not make @step in place of the step of a node? Because the step of
 * the node releases the lock that it needs, because interrupts are off there, or
 * because the step is of an interrupt on top of the context.
 */
static bool is_kept_off(const struct node *node, unsigned int context,
			const struct step *step)
{
	const struct step *other = &node->next[node->chosen];

	if (step->locks && other->unlocks && other->at == step->at)
		return true;
	if (other->cpu != step->cpu)
		return false;
	if (step->begins)
		return step->in_nmi ? other->in_nmi : other->is_masked;
	return node->next[context].exists && !(node->enabled & BIT(context));
}

static void join(struct clock *clock, const struct clock *other)
{
	unsigned int c;

	for (c = 0; c < NR_CONTEXTS; c++)
		if (clock->of[c] < other->of[c])
			clock->of[c] = other->of[c];
}

/* Does the step of node @j happen after that of node @i? */
static bool follows(unsigned int j, unsigned int i)
{
	return i < clocks[j].of[path->nodes[i].chosen];
}

/*
 * The contexts that can begin a schedule from node @i in which the step of node
 * @end comes before that of node @i. The steps between the two that do not follow
 * the one of node @i come first.
 */
static unsigned int beginners(unsigned int i, unsigned int end,
			      const struct clock *clock)
{
	unsigned int first = 0, seen = 0, j, k;

	for (j = i + 1; j <= end; j++) {
		const struct node *node = &path->nodes[j];
		const struct step *step = &node->next[node->chosen];
		bool is_first = !(seen & BIT(node->chosen));

		if (j < end && follows(j, i))
			continue;
		for (k = i + 1; k < j && is_first; k++)
			if (!follows(k, i) &&
			    (j < end ? follows(j, k) :
			     k < clock->of[path->nodes[k].chosen] ||
			     depend(&path->nodes[k].next[path->nodes[k].chosen],
				    step)))
				is_first = false;
		seen |= BIT(node->chosen);
		if (is_first)
			first |= BIT(node->chosen);
	}
	return first;
}

/* Give node @i a choice by which the step of node @end comes before its own. */
static void add_choice(unsigned int i, unsigned int end,
		       const struct clock *clock)
{
	struct node *node = &path->nodes[i];
	unsigned int ways = beginners(i, end, clock) & node->enabled;

	if (!ways)
		node->choices |= node->enabled;
	else if (!(ways & node->choices))
		node->choices |= ways & -ways;
}

/*
 * Find the steps with which the step of node @end races: it depends on them, and
 * no step between orders the two. @clock is that of its context before the step.
 */
static void find_races(unsigned int end, const struct clock *clock)
{
	unsigned int context = path->nodes[end].chosen, i;
	const struct step *step = &path->nodes[end].next[context];
	struct clock all = *clock;

	for (i = end; i--;) {
		const struct node *node = &path->nodes[i];

		if (i < all.of[node->chosen] || node->chosen == context ||
		    !depend(&node->next[node->chosen], step) ||
		    is_kept_off(node, context, step))
			continue;
		add_choice(i, end, clock);
		join(&all, &clocks[i]);
	}
}

/* The clock of the step of node @k: of all steps that happen before it, and it. */
static void tick(unsigned int k, struct clock *clock)
{
	const struct node *node = &path->nodes[k];
	unsigned int i;

	for (i = 0; i < k; i++) {
		const struct node *before = &path->nodes[i];

		if (i >= clock->of[before->chosen] &&
		    depend(&before->next[before->chosen],
			   &node->next[node->chosen]))
			join(clock, &clocks[i]);
	}
	clock->of[node->chosen] = k + 1;
	clocks[k] = *clock;
}

/* Add the choices that follow from this schedule. */
void search_races(void)
{
	struct clock now[NR_CONTEXTS] = {};
	unsigned int k, c;

	for (k = 0; k < at; k++) {
		struct node *node = &path->nodes[k];

		for (c = 0; k && c < NR_CONTEXTS; c++) {
			/* A call begins after the step that makes it. */
			if (c >= NR_OWN && node->next[c].exists &&
			    !node[-1].next[c].exists)
				join(&now[c], &now[c - NR_OWN]);
			if (c < NR_OWN && node[-1].next[c + NR_OWN].exists &&
			    !node->next[c + NR_OWN].exists)
				join(&now[c], &now[c + NR_OWN]);
		}
		find_races(k, &now[node->chosen]);
		tick(k, &now[node->chosen]);
	}
}

/**
 * search_next() - choose the next schedule
 *
 * Return: false if all are explored.
 */
bool search_next(void)
{
	while (path->nr) {
		struct node *node = &path->nodes[path->nr - 1];
		unsigned int left;

		node->done |= BIT(node->chosen);
		left = node->choices & ~node->done & ~node->asleep;
		if (left) {
			node->chosen = __builtin_ctz(left);
			path->replay = path->nr;
			return true;
		}
		path->nr--;
	}
	return false;
}
