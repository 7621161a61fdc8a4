/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the parts of soak, see soak.c. */
#ifndef SOAK_H
#define SOAK_H

#define DEVICE_NO_FIXTURE
#include "pins.h"
#include <err.h>
#include <stdnoreturn.h>

#define NR_WORKERS 8
#define NR_SLOTS 256

enum phase { RUN, THIN };

/* The state that a worker reports. Only the worker writes it while it lives. */
struct worker {
	pid_t pid;
	uint64_t beats, failures, purged;
	uint64_t pinned[NR_SLOTS];	/* page frame numbers, or 0 */
	bool is_thin, is_wrong;
};

struct shared {
	enum phase phase;
	struct worker workers[NR_WORKERS];
};

extern struct shared *shared;
extern struct worker *self;
extern unsigned int seed;

static inline unsigned int any(unsigned int n)
{
	return rand_r(&seed) % n;
}

/* soak_worker.c */
noreturn void work(void);

/* soak_frames.c */
bool check_compaction(unsigned long *are, unsigned long *could);

#endif /* SOAK_H */
