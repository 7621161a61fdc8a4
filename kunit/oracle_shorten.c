// SPDX-License-Identifier: GPL-2.0
/*
 * A shorter sequence of steps that diverges as well. Each try brings the host to
 * the same state, loads this state into a new instance, and replays the sequence
 * without some steps.
 */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "oracle.h"

/* When to stop, with the shortest sequence so far. */
#define MOST_TRIES 600
#define MOST_SECONDS 600

/* A divergence in the lists is found after so many steps, or at the end. */
#define CHECK_PERIOD 1000

struct search {
	struct oracle *o;
	struct oracle_log *log;
	unsigned int tries;
	unsigned long deadline;
};

static int replay_steps(struct oracle *o, const struct oracle_log *log,
			u32 from, u32 to, u32 *done)
{
	int err = oracle_compare(o);
	u32 i;

	for (i = 0; i < log->nr && !err; i++) {
		if (i >= from && i < to)
			continue;
		*done = i + 1;
		err = oracle_do(o, &log->steps[i]);
		if (!err && (i % CHECK_PERIOD == 0 || i == log->nr - 1))
			err = oracle_compare(o);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	oracle_free_all(o);
	return err ?: oracle_compare(o);
}

/*
 * Replay a sequence without the steps from @from to before @to. @done is the
 * number of steps of the sequence up to the divergence. Returns 0, -EIO if both
 * differ, or another error.
 */
int oracle_replay(struct oracle *o, const struct oracle_log *log, u32 from,
		  u32 to, u32 *done)
{
	int err = oracle_quiet_reset(o);

	*done = 0;
	if (!err)
		err = oracle_begin(o);
	if (err)
		return err;
	err = replay_steps(o, log, from, to, done);
	oracle_end(o);
	return err;
}

static bool is_over(const struct search *s)
{
	return s->tries == MOST_TRIES || time_after(jiffies, s->deadline) ||
	       fatal_signal_pending(current);
}

/* Drop some steps, and those after the divergence, if it still comes then. */
static bool drop(struct search *s, u32 from, u32 to)
{
	struct oracle_log *log = s->log;
	u32 done;

	s->tries++;
	if (oracle_replay(s->o, log, from, to, &done) != -EIO)
		return false;
	log->nr = done;
	if (done > to) {
		memmove(log->steps + from, log->steps + to,
			(done - to) * sizeof(*log->steps));
		log->nr -= to - from;
	}
	return true;
}

/* Keep the last steps alone, as few as is enough. */
static bool keep_last(struct search *s)
{
	u32 nr;

	for (nr = 16; nr < s->log->nr && !is_over(s); nr *= 4)
		if (drop(s, 0, s->log->nr - nr))
			return true;
	return drop(s, 0, 0);
}

/* Try to drop each run of so many steps. Returns whether one was dropped. */
static bool drop_runs(struct search *s, u32 nr)
{
	bool dropped = false;
	u32 end = s->log->nr;

	/* From the end: a step needs those before it, not those after it. */
	while (end && !is_over(s)) {
		u32 from = end > nr ? end - nr : 0;

		dropped |= drop(s, from, end);
		end = min(from, s->log->nr);
	}
	return dropped;
}

/* Shorten and print the log of an oracle that diverged. Context: may sleep. */
void oracle_shorten(struct oracle *o)
{
	struct search s = {
		.o = o,
		.log = &o->log,
		.deadline = jiffies + MOST_SECONDS * HZ,
	};
	u32 all = o->log.nr, nr;

	o->silent = true;
	if (!keep_last(&s)) {
		pr_err("the %u steps do not diverge again, after %u tries\n",
		       all, s.tries);
		return;
	}
	for (nr = o->log.nr / 2; nr && !is_over(&s); nr /= 2)
		while (drop_runs(&s, nr) && nr == 1 && !is_over(&s))
			;
	o->silent = false;
	pr_err("%u of %u steps diverge, after %u tries:\n", o->log.nr, all,
	       s.tries);
	oracle_print(&o->log);
}
