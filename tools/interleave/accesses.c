// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that contexts access, and which accesses are steps. The table is
 * shared by all processes of an exploration, and grows while schedules are
 * explored. If an access becomes a step, the exploration begins again, until a
 * whole one has added nothing: then every access that is no step commutes with
 * all others, in every schedule.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "explore.h"

/* A word of memory. The masks have a bit for each of its bytes. */
#define WORD		8UL
#define NR_WORDS	65536UL
#define NR_LOCKS	4

struct word {
	unsigned long at;		/* 0: not used */
	uint8_t reads[NR_CONTEXTS];
	uint8_t writes[NR_CONTEXTS];
	uint8_t steps;			/* accesses to these bytes are steps */
	bool has_locks;			/* @locks are those of all accesses */
	void *locks[NR_LOCKS];
};

static struct word *words;

/* Make the table that child processes share. */
void accesses_share(void)
{
	words = mmap(NULL, NR_WORDS * sizeof(*words), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED || outcome == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
}

void accesses_forget(void)
{
	memset(words, 0, NR_WORDS * sizeof(*words));
}

static struct word *word_of(unsigned long at)
{
	unsigned long i = (at / WORD * 0x9e3779b97f4a7c15UL) >> 48, tries;

	for (tries = 0; tries < NR_WORDS; tries++) {
		struct word *word = &words[(i + tries) % NR_WORDS];

		if (!word->at)
			word->at = at;
		if (word->at == at)
			return word;
	}
	fail("the contexts access more than %lu words", NR_WORDS);
}

static bool has(void *const *locks, unsigned int nr, const void *lock)
{
	while (nr--)
		if (locks[nr] == lock)
			return true;
	return false;
}

/* Keep the locks that are held now as well. Returns false if none is left. */
static bool keep_locks(struct word *word, void *const *locks, unsigned int nr)
{
	unsigned int i, left = 0;

	if (!word->has_locks) {
		if (nr > NR_LOCKS)
			nr = NR_LOCKS;
		memcpy(word->locks, locks, nr * sizeof(*locks));
		word->has_locks = true;
	}
	for (i = 0; i < NR_LOCKS; i++) {
		if (!has(locks, nr, word->locks[i]))
			word->locks[i] = NULL;
		left += !!word->locks[i];
	}
	return left;
}

/* The bytes that two contexts access, and at least one of them writes. */
static uint8_t shared_bytes(const struct word *word)
{
	uint8_t bytes = 0;
	unsigned int a, b;

	for (a = 0; a < NR_CONTEXTS; a++)
		for (b = 0; b < NR_CONTEXTS; b++)
			if (a != b)
				bytes |= word->writes[a] &
					 (word->reads[b] | word->writes[b]);
	return bytes;
}

/* As access_is_step(), for the bytes in @mask of one word */
static bool note(unsigned int context, unsigned long at, uint8_t mask,
		 bool write, void *const *locks, unsigned int nr_locks)
{
	struct word *word = word_of(at);
	uint8_t *seen = write ? &word->writes[context] : &word->reads[context];
	uint8_t steps;

	*seen |= mask;
	if (!keep_locks(word, locks, nr_locks)) {
		steps = shared_bytes(word);
		if (steps & ~word->steps)
			outcome->shared++;
		word->steps |= steps;
	}
	return word->steps & mask;
}

/*
 * Note an access of a context that holds some locks. Returns true if it is a
 * step.
 */
bool access_is_step(unsigned int context, unsigned long at, size_t size,
		    bool write, void *const *locks, unsigned int nr_locks)
{
	unsigned long end = at + size, word;
	bool step = false;

	for (word = at & ~(WORD - 1); word < end; word += WORD) {
		uint8_t mask = 0xff;

		if (word < at)
			mask &= 0xff << (at - word);
		if (end - word < WORD)
			mask &= 0xff >> (WORD - (end - word));
		step |= note(context, word, mask, write, locks, nr_locks);
	}
	return step;
}
