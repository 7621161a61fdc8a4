// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, for a while: processes that fill the region with memory
 * of every kind and die at random, while it is compacted, reclaimed and
 * drained, while CPUs and nodes go and come, and while allocations fail that
 * need not. Every page has a pattern of its own that is checked again and again.
 * usage: soak SECONDS SEED
 *
 * In the end half of the memory is freed, and what compaction makes of that is
 * compared with what could be made of it. Exit status 0 if no byte was wrong,
 * no process hung, no page is missing, and at least 90 % of the blocks of
 * order 9 that could be are free.
 */
#define DEVICE_NO_FIXTURE
#include "device.h"
#include <err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define NR_WORKERS 8
#define NR_SLOTS 256
#define NR_STRESSORS 2
#define HANG_SECONDS 40
#define BLOCK_ORDER 9
#define BLOCK_PAGES (1U << BLOCK_ORDER)
#define WANTED_PERCENT 90
#define EXERCISER "umbra_exercise"

enum kind { PLAIN, RECLAIMABLE, MOVABLE, VOLATILE, PINNED, NR_KINDS };

static const uint32_t flags_of[NR_KINDS] = {
	[RECLAIMABLE] = UMBRA_GFP_RECLAIMABLE,
	[MOVABLE] = UMBRA_GFP_MOVABLE,
	[VOLATILE] = UMBRA_GFP_VOLATILE,
	[PINNED] = UMBRA_GFP_MOVABLE,
};

enum phase { RUN, THIN };

/* What a worker tells; nobody else writes it while the worker lives. */
struct worker {
	pid_t pid;
	uint64_t beats, failures, purged;
	uint64_t pinned[NR_SLOTS];	/* page frame numbers, or 0 */
	bool is_thin, is_wrong;
};

static struct shared {
	enum phase phase;
	struct worker workers[NR_WORKERS];
} *shared;

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

static struct worker *self;
static unsigned int seed;
static size_t page_size;
static int device;

static unsigned int any(unsigned int n)
{
	return rand_r(&seed) % n;
}

/* Something is wrong: say it, and have the parent know. */
static void __attribute__((noreturn, format(printf, 1, 2)))
wrong(const char *format, ...)
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
 * A page that may go at any moment: as written up to some word, and zeroes
 * from there on. There may be no memory for the zeroes.
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

/* Lock; what was purged is zeroes, and no more than was told. */
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

/* The first page goes into a pipe, too. */
static void pin_slot(struct slot *s, uint64_t *frame)
{
	if (pipe(s->pipe))
		wrong("pipe: %s", strerror(errno));
	if (pin(s->pipe[1], s->p, page_size, 0) != (ssize_t)page_size)
		wrong("vmsplice: %s", strerror(errno));
	*frame = frame_of(s->p);
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

/* Allocate something; false if there is not enough memory. */
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

/* Free before or after unmapping, and pinned pages at any time of these. */
static void free_slot(struct slot *s, uint64_t *frame)
{
	unsigned int how = any(4);

	if (s->kind == PINNED && how & 2)
		unpin_slot(s, frame);
	if (how & 1) {
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

/* Free half of everything, and wait for the end. */
static void __attribute__((noreturn)) become_thin(struct slot *slots)
{
	unsigned int i;

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
		pause();
		for (i = 0; i < NR_SLOTS; i++)
			if (slots[i].handle)
				check_slot(&slots[i]);
		self->beats++;
	}
}

static void on_usr1(int signal)
{
	(void)signal;
}

static void __attribute__((noreturn)) work(void)
{
	static struct slot slots[NR_SLOTS];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, on_usr1);
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

static void start_worker(struct worker *w)
{
	memset(w, 0, sizeof(*w));
	seed = rand_r(&seed);
	fflush(stdout);
	w->pid = fork();
	if (w->pid < 0)
		err(1, "fork");
	self = w;
	if (!w->pid) {
		w->pid = getpid();
		work();
	}
}

/* Ask for failures in so many percent of all allocations. */
static void inject(unsigned int percent)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", percent);
	write_file(DEBUGFS_DIR "fail_umbra_alloc/verbose", "0");
	write_file(DEBUGFS_DIR "fail_umbra_alloc/times", "-1");
	write_file(DEBUGFS_DIR "fail_umbra_alloc/probability", text);
}

#define CPU "/sys/devices/system/cpu/cpu1/online"

/* What belongs to the machine is as it was. */
static void restore_machine(void)
{
	inject(0);
	write_file(CPU, "1");
	write_file(DEBUGFS_DIR "ctl/online", "1");
}

static void __attribute__((noreturn)) stress_memory(void)
{
	for (;;) {
		switch (any(4)) {
		case 0:
			compact();
			break;
		case 1:
			drain_caches();
			break;
		default:
			reclaim(1 + any(2000));
		}
		msleep(any(50));
	}
}

static void __attribute__((noreturn)) stress_machine(void)
{
	for (;;) {
		inject(any(2) * 5);
		msleep(any(300));
		write_file(DEBUGFS_DIR "ctl/offline", "1");
		msleep(any(200));
		write_file(DEBUGFS_DIR "ctl/online", "1");
		msleep(any(200));
		write_file(CPU, "0");
		msleep(any(200));
		write_file(CPU, "1");
	}
}

static pid_t start_stressor(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn();
	_exit(0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Everybody who is at work has done something lately. */
static void watch(void)
{
	static uint64_t beats[NR_WORKERS];
	static double since[NR_WORKERS];
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		struct worker *w = &shared->workers[i];
		uint64_t seen = __atomic_load_n(&w->beats, __ATOMIC_RELAXED);

		if (w->is_wrong)
			exit(1);
		if (w->is_thin || seen != beats[i] || !since[i]) {
			beats[i] = seen;
			since[i] = now();
		} else if (now() - since[i] > HANG_SECONDS) {
			write_file("/proc/sysrq-trigger", "w");
			errx(1, "process %d hangs after %llu steps", w->pid,
			     (unsigned long long)seen);
		}
		if (waitpid(w->pid, NULL, WNOHANG))
			errx(1, "process %d ended by itself", w->pid);
	}
}

struct totals {
	uint64_t beats, failures, purged, kills;
};

static void count_worker(struct totals *t, const struct worker *w)
{
	t->beats += w->beats;
	t->failures += w->failures;
	t->purged += w->purged;
}

/* Let them run, and die. */
static void run(double seconds, struct totals *t)
{
	double end = now() + seconds, death = now() + 3;

	while (now() < end) {
		struct worker *w = &shared->workers[any(NR_WORKERS)];

		msleep(100);
		watch();
		if (now() < death)
			continue;
		death = now() + (200 + any(2000)) / 1e3;
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
		count_worker(t, w);
		t->kills++;
		start_worker(w);
	}
}

static void wait_until_thin(void)
{
	unsigned int i;

	__atomic_store_n(&shared->phase, THIN, __ATOMIC_RELEASE);
	for (i = 0; i < NR_WORKERS; i++) {
		while (!__atomic_load_n(&shared->workers[i].is_thin,
					__ATOMIC_ACQUIRE)) {
			msleep(50);
			watch();
		}
	}
}

/* The frame map, and which of its frames are pinned. */
struct frames {
	uint8_t *map;
	bool *pinned;
	size_t nr;
};

static bool is_pinned(uint64_t pfn)
{
	unsigned int i, j;

	for (i = 0; i < NR_WORKERS; i++)
		for (j = 0; j < NR_SLOTS; j++)
			if (shared->workers[i].pinned[j] == pfn)
				return true;
	return false;
}

static struct frames read_frames(const char *layout)
{
	struct frames f = { 0 };
	const char *line;

	f.map = (uint8_t *)read_file(DEBUGFS_DIR "frames", &f.nr);
	if (!f.map)
		err(1, "frames");
	f.pinned = calloc(f.nr, sizeof(*f.pinned));
	for (line = strstr(layout, "span "); line;
	     line = strstr(line + 1, "span ")) {
		unsigned long pfn, end, first, last;

		if (sscanf(line, "span %*u: pfn %lx-%lx, frames %lu-%lu", &pfn,
			   &end, &first, &last) != 4 || last >= f.nr)
			errx(1, "layout: %.60s", line);
		for (; first <= last; first++, pfn++)
			f.pinned[first] = is_pinned(pfn);
	}
	return f;
}

enum { FRAME_FREE = 1, FRAME_TAIL = 2, FRAME_ALLOC = 8, FRAME_EXPOSED = 9 };

/*
 * One zone: how many blocks of BLOCK_ORDER are free, and how many could be if
 * all that can move were packed into as few of them as possible.
 */
static void count_blocks(const struct frames *f, size_t first, size_t last,
			 unsigned long *are, unsigned long *could)
{
	unsigned long blocks = 0, used = 0;
	size_t start, i;

	for (start = first; start <= last; start += BLOCK_PAGES) {
		unsigned long here = 0;
		bool stuck = false;

		/* a block of an order above: its first byte says it */
		i = start & ~(size_t)1023;
		if ((f->map[i] & 15) > BLOCK_ORDER)
			i = f->map[i] >> 4 == FRAME_FREE ? start : (size_t)-1;
		else
			i = start;
		if (i == (size_t)-1)
			continue;
		if (f->map[start] == (FRAME_TAIL << 4) ||
		    (f->map[start] >> 4 == FRAME_FREE &&
		     (f->map[start] & 15) >= BLOCK_ORDER)) {
			(*are)++;
			blocks++;
			continue;
		}
		for (i = start; i < start + BLOCK_PAGES; i++) {
			unsigned int state = f->map[i] >> 4;

			stuck |= f->pinned[i];
			if (state == FRAME_FREE || state == FRAME_TAIL)
				continue;
			if (state < FRAME_ALLOC || !(state & 1) ||
			    (f->map[i] & 15) >= BLOCK_ORDER)
				stuck = true;
			else
				here += 1UL << (f->map[i] & 15);
		}
		if (!stuck) {
			blocks++;
			used += here;
		}
	}
	used = (used + BLOCK_PAGES - 1) / BLOCK_PAGES;
	*could += blocks > used ? blocks - used : 0;
}

/* What compaction made of the memory; false if that is too little. */
static bool check_compaction(void)
{
	unsigned long are = 0, could = 0;
	struct frames f;
	char *layout, *line;

	drain_caches();
	compact();
	drain_caches();
	layout = read_file(DEBUGFS_DIR "layout", NULL);
	if (!layout)
		err(1, "layout");
	f = read_frames(layout);
	for (line = strstr(layout, "node "); line;
	     line = strstr(line + 1, "node ")) {
		unsigned long first, last;

		if (sscanf(line, "node %*u, zone %*[^:]: frames %lu-%lu",
			   &first, &last) == 2 && last < f.nr)
			count_blocks(&f, first, last, &are, &could);
	}
	printf("order %d after compaction: %lu blocks free, of %lu that could be\n",
	       BLOCK_ORDER, are, could);
	return could && are * 100 >= could * WANTED_PERCENT;
}

static void end_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		kill(shared->workers[i].pid, SIGKILL);
		waitpid(shared->workers[i].pid, NULL, 0);
	}
}

/* Everybody looks at all of it once more. */
static void check_all(void)
{
	uint64_t beats[NR_WORKERS];
	unsigned int i, ms;

	for (i = 0; i < NR_WORKERS; i++) {
		beats[i] = shared->workers[i].beats;
		kill(shared->workers[i].pid, SIGUSR1);
	}
	for (i = 0; i < NR_WORKERS; i++)
		for (ms = 0; beats[i] == __atomic_load_n(
			&shared->workers[i].beats, __ATOMIC_ACQUIRE);
		     ms += 50) {
			if (shared->workers[i].is_wrong)
				exit(1);
			if (ms > HANG_SECONDS * 1000)
				errx(1, "process %d hangs at last",
				     shared->workers[i].pid);
			msleep(50);
		}
}

int main(int argc, char **argv)
{
	pid_t stressors[NR_STRESSORS];
	struct totals t = { 0 };
	uint64_t nr_free;
	bool compacted;
	unsigned int i;
	int fd;

	if (argc != 3)
		errx(2, "usage: soak SECONDS SEED");
	seed = atoi(argv[2]);
	printf("seed %u\n", seed);
	page_size = sysconf(_SC_PAGESIZE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = device_open(O_RDWR);
	if (fd < 0 || shared == MAP_FAILED)
		err(1, DEVICE);
	drain_caches();
	nr_free = device_info(fd).nr_pages;

	for (i = 0; i < NR_WORKERS; i++)
		start_worker(&shared->workers[i]);
	stressors[0] = start_stressor(stress_memory);
	stressors[1] = start_stressor(stress_machine);
	run(atof(argv[1]), &t);
	for (i = 0; i < NR_STRESSORS; i++)
		stop_traffic(stressors[i]);
	restore_machine();
	wait_until_thin();
	if (syscall(SYS_delete_module, EXERCISER, 0) && errno != ENOENT)
		err(1, "cannot unload %s", EXERCISER);
	WAIT_INFO(fd, nr_held, 0);
	compacted = check_compaction();
	check_all();
	for (i = 0; i < NR_WORKERS; i++)
		count_worker(&t, &shared->workers[i]);
	end_all();
	printf("%llu steps, %llu killed, %llu requests failed, %llu pages purged\n",
	       (unsigned long long)t.beats, (unsigned long long)t.kills,
	       (unsigned long long)t.failures, (unsigned long long)t.purged);

	if (WAIT_INFO(fd, nr_held, 0))
		errx(1, "%llu pages are held",
		     (unsigned long long)device_info(fd).nr_held);
	drain_caches();
	if (WAIT_INFO(fd, nr_free, nr_free) != nr_free)
		errx(1, "%llu pages are free, of %llu",
		     (unsigned long long)device_info(fd).nr_free,
		     (unsigned long long)nr_free);
	if (!verify_is_ok())
		return 1;
	return compacted ? 0 : 1;
}
