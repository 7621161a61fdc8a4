// SPDX-License-Identifier: GPL-2.0
/*
 * A worker process of soak. It has memory of every kind, with a pattern in
 * every page, and checks it again and again.
 */
#include "soak.h"
#include <setjmp.h>
#include <stdarg.h>

enum kind { PLAIN, RECLAIMABLE, MOVABLE, VOLATILE, PINNED, NR_KINDS };

static const uint32_t flags_of[NR_KINDS] = {
	[RECLAIMABLE] = UMBRA_GFP_RECLAIMABLE,
	[MOVABLE] = UMBRA_GFP_MOVABLE,
	[VOLATILE] = UMBRA_GFP_VOLATILE,
	[PINNED] = UMBRA_GFP_MOVABLE,
};

struct slot {
	uint64_t handle;
	char *p;
	enum kind kind;
	unsigned int order;
	size_t nr_pages;
	uint64_t seed;
	bool unlocked;
	int pipe[2];
};

static size_t page_size;
static int device;

/* Print a failure, and report it to the parent. */
static noreturn void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	self->is_wrong = true;
	_exit(1);
}

static char *page_of(const struct slot *s, size_t i)
{
	return s->p + i * page_size;
}

static void fill_slot(const struct slot *s)
{
	size_t i;

	for (i = 0; i < s->nr_pages; i++)
		write_pattern(page_of(s, i), page_size, s->seed + i);
}

static void check_page(const struct slot *s, size_t i)
{
	long word = find_damage(page_of(s, i), page_size, s->seed + i);
	uint64_t *p = (uint64_t *)page_of(s, i);

	if (word >= 0)
		wrong("kind %d, order %u, page %zu of %zu: word %ld is %#llx",
		      s->kind, s->order, i, s->nr_pages, word,
		      (unsigned long long)p[word]);
}

static sigjmp_buf no_memory;

static void on_sigbus(int signal)
{
	(void)signal;
	siglongjmp(no_memory, 1);
}

/*
 * A page of unlocked memory may be purged during the check: up to some word it
 * has the pattern, and zeroes after that. There may be no free page for the
 * zeroes.
 */
static void check_unlocked(const struct slot *s, size_t i)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	uint64_t *p = (uint64_t *)page_of(s, i);
	long word;

	if (!sigsetjmp(no_memory, 1)) {
		sigaction(SIGBUS, &action, NULL);
		word = find_damage(p, page_size, s->seed + i);
		if (word >= 0 && !is_zero(p + word, page_size - 8 * word))
			wrong("unlocked, order %u, page %zu: word %ld is %#llx",
			      s->order, i, word, (unsigned long long)p[word]);
	}
	action.sa_handler = SIG_DFL;
	sigaction(SIGBUS, &action, NULL);
}

static void check_slot(const struct slot *s)
{
	size_t i;

	for (i = 0; i < s->nr_pages; i++) {
		if (s->unlocked)
			check_unlocked(s, i);
		else
			check_page(s, i);
	}
}

/* Lock. Purged pages must be zeroes, and not more than the lock reported. */
static void lock_slot(struct slot *s)
{
	long purged = device_lock(device, s->handle);
	size_t i, zero = 0;

	if (purged < 0) {
		if (errno != ENOMEM)
			wrong("UMBRA_IOC_LOCK: %s", strerror(errno));
		return;
	}
	s->unlocked = false;
	self->purged += purged;
	for (i = 0; i < s->nr_pages; i++) {
		if (is_zero(page_of(s, i), page_size))
			zero++;
		else
			check_page(s, i);
	}
	if (zero > (size_t)purged)
		wrong("%zu pages are zeroes, %ld were purged", zero, purged);
	if (purged)
		fill_slot(s);
}

static void toggle_slot(struct slot *s)
{
	if (s->unlocked) {
		lock_slot(s);
		return;
	}
	if (device_unlock(device, s->handle))
		wrong("UMBRA_IOC_UNLOCK: %s", strerror(errno));
	s->unlocked = true;
}

/* Pin the first page in a pipe. */
static void pin_slot(struct slot *s, uint64_t *frame)
{
	if (pipe(s->pipe))
		wrong("pipe: %s", strerror(errno));
	if (pin(s->pipe[1], s->p, page_size, 0) != (ssize_t)page_size)
		wrong("vmsplice: %s", strerror(errno));
	/* a try to move the page unmaps it for a moment, so touch it */
	WAIT_UNTIL((__atomic_load_n(s->p, __ATOMIC_RELAXED),
		    *frame = frame_of(s->p)));
	if (!*frame)
		wrong("a pinned page is not mapped");
}

static void unpin_slot(struct slot *s, uint64_t *frame)
{
	if (!drain(s->pipe[0], page_size, s->seed))
		wrong("wrong data in a pipe");
	close(s->pipe[0]);
	close(s->pipe[1]);
	*frame = 0;
}

static unsigned int any_order(void)
{
	unsigned int r = any(100);

	return r < 45 ? 0 : r < 85 ? 1 + any(3) : r < 97 ? 4 + any(3) : 9;
}

/* Allocate memory of any kind. Returns false if there is not enough memory. */
static bool make_slot(struct slot *s, uint64_t *frame)
{
	unsigned int order = any_order(), count = order < 4 ? 1 + any(4) : 1;
	size_t i;

	*s = (struct slot) {
		.kind = any(NR_KINDS),
		.order = order,
		.nr_pages = (size_t)count << order,
		.seed = (uint64_t)rand_r(&seed) << 20,
	};
	s->handle = device_alloc_flags(device, order, count,
				       flags_of[s->kind]);
	if (!s->handle) {
		if (errno != ENOMEM)
			wrong("UMBRA_IOC_ALLOC: %s", strerror(errno));
		self->failures++;
		return false;
	}
	s->p = device_map(device, s->handle, s->nr_pages * page_size);
	if (s->p == MAP_FAILED)
		wrong("mmap: %s", strerror(errno));
	for (i = 0; i < s->nr_pages; i++)
		if (!is_zero(page_of(s, i), page_size))
			wrong("new memory is not zeroed");
	fill_slot(s);
	if (s->kind == PINNED)
		pin_slot(s, frame);
	return true;
}

/*
 * Free before or after unmapping, and drop pins before, between or after these.
 */
static void free_slot(struct slot *s, uint64_t *frame)
{
	unsigned int how = any(4);

	if (s->kind == PINNED && how & 2)
		unpin_slot(s, frame);
	if (how & 1) {
		/* touched pages stay after the free */
		if (s->kind != VOLATILE)
			check_slot(s);
		if (device_free(device, s->handle))
			wrong("UMBRA_IOC_FREE: %s", strerror(errno));
		if (s->kind != VOLATILE)
			check_slot(s);
	}
	if (munmap(s->p, s->nr_pages * page_size))
		wrong("munmap: %s", strerror(errno));
	if (!(how & 1) && device_free(device, s->handle))
		wrong("UMBRA_IOC_FREE: %s", strerror(errno));
	if (s->kind == PINNED && !(how & 2))
		unpin_slot(s, frame);
	s->handle = 0;
}

static void use_slot(struct slot *s, uint64_t *frame)
{
	unsigned int r = any(100);

	if (r < 35) {
		check_slot(s);
	} else if (r < 65 && s->kind == VOLATILE) {
		toggle_slot(s);
	} else if (r < 65 && s->kind != PINNED && !s->unlocked) {
		check_slot(s);
		s->seed += 1 << 10;
		fill_slot(s);
	} else if (r < 75) {
		madvise(s->p, s->nr_pages * page_size, MADV_DONTNEED);
	} else if (r < 90) {
		free_slot(s, frame);
	}
}

/* Free half of the memory, and wait for the signal to end. */
static noreturn void become_thin(struct slot *slots)
{
	sigset_t usr1;
	unsigned int i;
	int signal;

	/* a signal that comes before sigwait() must not be lost */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	for (i = 0; i < NR_SLOTS; i++) {
		self->beats++;
		if (slots[i].handle &&
		    (slots[i].unlocked || slots[i].order > 4 || any(2)))
			free_slot(&slots[i], &self->pinned[i]);
	}
	for (i = 0; i < NR_SLOTS; i++)
		if (slots[i].handle)
			check_slot(&slots[i]);
	self->is_thin = true;
	for (;;) {
		sigwait(&usr1, &signal);
		for (i = 0; i < NR_SLOTS; i++)
			if (slots[i].handle)
				check_slot(&slots[i]);
		self->beats++;
	}
}

noreturn void work(void)
{
	static struct slot slots[NR_SLOTS];
	unsigned int i;

	page_size = sysconf(_SC_PAGESIZE);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	device = device_open(O_RDWR);
	if (device < 0)
		wrong("%s: %s", DEVICE, strerror(errno));
	while (__atomic_load_n(&shared->phase, __ATOMIC_ACQUIRE) == RUN) {
		self->beats++;
		i = any(NR_SLOTS);
		if (slots[i].handle)
			use_slot(&slots[i], &self->pinned[i]);
		else
			make_slot(&slots[i], &self->pinned[i]);
	}
	become_thin(slots);
}
