// SPDX-License-Identifier: GPL-2.0
/*
 * The stress test. Processes fill the region with memory of every kind, and are
 * killed at random. Meanwhile memory is compacted, reclaimed and drained, CPUs
 * and nodes go offline and online, and injected faults fail allocations. Every
 * page has its own pattern, which is checked again and again.
 * usage: soak SECONDS SEED
 *
 * At the end half of the memory is freed and compacted. The exit status is 0 if
 * all data was right, no process hung, no page is missing, no reserve was used
 * up, and at least 90 % of the possible free blocks of order 9 are free.
 */
#include "soak.h"
#include <sys/syscall.h>

#define NR_STRESSORS 2
#define MAX_ZONES 8
#define LOW_SAMPLES 20	/* each takes a tenth of a second or more */
#define LOW_STEPS 5000	/* of all processes; some steps free memory */
#define EXERCISER "umbra_exercise"

struct shared *shared;
struct worker *self;
unsigned int seed;

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

/* Make @percent of all allocations fail. */
static void inject(unsigned int percent)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", percent);
	write_file(DEBUGFS_DIR "fail_umbra_alloc/verbose", "0");
	write_file(DEBUGFS_DIR "fail_umbra_alloc/times", "-1");
	write_file(DEBUGFS_DIR "fail_umbra_alloc/probability", text);
}

#define CPU "/sys/devices/system/cpu/cpu1/online"

/* Undo the changes to the state of the machine. */
static void restore_machine(void)
{
	inject(0);
	write_file(CPU, "1");
	write_file(DEBUGFS_DIR "ctl/online", "1");
}

static noreturn void stress_memory(void)
{
	for (;;) {
		switch (any(4)) {
		case 0:
			compact_all();
			break;
		case 1:
			drain_caches();
			break;
		default:
			reclaim_pages(1 + any(2000));
		}
		msleep(any(50));
	}
}

static noreturn void stress_machine(void)
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

/* Every worker must make a step within HANG_S. */
static void watch(void)
{
	static uint64_t beats[NR_WORKERS];
	static double since[NR_WORKERS];
	unsigned int i;
	int status;

	for (i = 0; i < NR_WORKERS; i++) {
		struct worker *w = &shared->workers[i];
		uint64_t seen = __atomic_load_n(&w->beats, __ATOMIC_RELAXED);

		if (w->is_wrong)
			exit(1);
		if (w->is_thin || seen != beats[i] || !since[i]) {
			beats[i] = seen;
			since[i] = now();
		} else if (now() - since[i] > HANG_S) {
			write_file("/proc/sysrq-trigger", "w");
			errx(1, "process %d hangs after %llu steps", w->pid,
			     (unsigned long long)seen);
		}
		if (waitpid(w->pid, &status, WNOHANG) && !w->is_wrong)
			errx(1, "process %d ended with status %#x", w->pid,
			     status);
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

/* Returns the steps of all processes, including killed ones. */
static uint64_t count_steps(const struct totals *t)
{
	uint64_t steps = t->beats;
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++)
		steps += __atomic_load_n(&shared->workers[i].beats,
					 __ATOMIC_RELAXED);
	return steps;
}

/* The free pages of a zone, and its reserve. */
struct reserve {
	unsigned long free_pages, pages;
};

static bool is_low(const struct reserve *r)
{
	return r->free_pages < r->pages / 4;
}

/*
 * Read the reserves of all zones. Returns their number; @low is set if one is
 * low.
 */
static unsigned int read_reserves(struct reserve r[MAX_ZONES], bool *low)
{
	char *text = read_file(DEBUGFS_DIR "zoneinfo", NULL), *s = text;
	unsigned long boost, min;
	unsigned int nr;

	*low = false;
	for (nr = 0; nr < MAX_ZONES && s; nr++) {
		s = strstr(s, "pages free");
		if (!s || sscanf(s, "pages free %lu boost %lu min %lu",
				 &r[nr].free_pages, &boost, &min) != 3)
			break;
		s++;
		/* a boost may end in between */
		r[nr].pages = min > boost ? min - boost : 0;
		*low |= is_low(&r[nr]);
	}
	if (!nr)
		errx(1, "cannot read zoneinfo");
	free(text);
	return nr;
}

/*
 * The free pages of a zone must not stay below a quarter of its reserve. Two
 * large requests that pass the check at the same moment can go below, but not
 * for long while other processes free memory. Cached pages do not count as
 * free, so the caches are drained before a zone counts as low.
 */
static void watch_reserves(const struct totals *t)
{
	static unsigned int samples[MAX_ZONES];
	static uint64_t since[MAX_ZONES];	/* in steps */
	struct reserve r[MAX_ZONES];
	unsigned int i, nr;
	uint64_t steps;
	bool low;

	nr = read_reserves(r, &low);
	if (low) {
		drain_caches();
		nr = read_reserves(r, &low);
	}
	steps = count_steps(t);
	for (i = 0; i < nr; i++) {
		if (!is_low(&r[i]))
			samples[i] = 0;
		else if (!samples[i]++)
			since[i] = steps;
		if (samples[i] > LOW_SAMPLES && steps - since[i] > LOW_STEPS)
			errx(1, "zone %u has %lu pages free, of a reserve of %lu",
			     i, r[i].free_pages, r[i].pages);
	}
}

/* Let the workers run, and kill one from time to time. */
static void run(double seconds, struct totals *t)
{
	double end = now() + seconds, death = now() + 3;

	while (now() < end) {
		struct worker *w = &shared->workers[any(NR_WORKERS)];

		msleep(100);
		watch();
		watch_reserves(t);
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

static void end_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		kill(shared->workers[i].pid, SIGKILL);
		waitpid(shared->workers[i].pid, NULL, 0);
	}
}

static void check_worker(struct worker *w)
{
	uint64_t beats = w->beats;

	kill(w->pid, SIGUSR1);
	if (!WAIT_UNTIL(w->is_wrong ||
			__atomic_load_n(&w->beats, __ATOMIC_ACQUIRE) != beats))
		errx(1, "process %d hangs in the last check", w->pid);
	if (w->is_wrong)
		exit(1);
}

/* Compact until enough large blocks are free; false if that does not happen. */
static bool compact_well(void)
{
	unsigned long are, could;
	bool well;

	/* kswapd and kcompactd may hold pages as long as they work */
	write_file(DEBUGFS_DIR "ctl/compaction_proactiveness", "0");
	if (!wait_until_idle())
		errx(1, "kswapd or kcompactd does not become idle");
	well = WAIT_UNTIL(check_compaction(&are, &could));
	printf("order 9 after compaction: %lu blocks free, %lu possible\n",
	       are, could);
	return well;
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
	compacted = compact_well();
	/* every worker checks all its memory once more */
	for (i = 0; i < NR_WORKERS; i++) {
		check_worker(&shared->workers[i]);
		count_worker(&t, &shared->workers[i]);
	}
	end_all();
	printf("%llu steps, %llu killed, %llu requests failed, %llu pages purged\n",
	       (unsigned long long)t.beats, (unsigned long long)t.kills,
	       (unsigned long long)t.failures, (unsigned long long)t.purged);

	if (WAIT_INFO(fd, nr_held, 0))
		errx(1, "%llu pages are held",
		     (unsigned long long)device_info(fd).nr_held);
	if (wait_free(fd, nr_free) != nr_free)
		errx(1, "%llu pages are free, of %llu",
		     (unsigned long long)device_info(fd).nr_free,
		     (unsigned long long)nr_free);
	if (!verify_is_ok())
		return 1;
	return compacted ? 0 : 1;
}
