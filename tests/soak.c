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
 * order 9 that could be are free. Nor may a reserve be used up.
 */
#include "soak.h"
#include <sys/syscall.h>

#define NR_STRESSORS 2
#define HANG_SECONDS 40
#define MAX_ZONES 8
#define LOW_SAMPLES 20	/* of a tenth of a second */
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
	int status;

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
		if (waitpid(w->pid, &status, WNOHANG) && !w->is_wrong)
			errx(1, "process %d ended with status %#x", w->pid,
			     status);
	}
}

/*
 * Nobody may go below a quarter of a zone's reserve. Two large requests that
 * are decided at the same moment can, together; but then it does not last.
 */
static void watch_reserves(void)
{
	static unsigned int too_low[MAX_ZONES];
	char *text = read_file(DEBUGFS_DIR "zoneinfo", NULL), *s = text;
	unsigned long free_pages, boost, min;
	unsigned int zone;

	for (zone = 0; zone < MAX_ZONES && s; zone++) {
		s = strstr(s, "pages free");
		if (!s || sscanf(s, "pages free %lu boost %lu min %lu",
				 &free_pages, &boost, &min) != 3)
			break;
		s++;
		if (free_pages >= (min - boost) / 4)
			too_low[zone] = 0;
		else if (++too_low[zone] > LOW_SAMPLES)
			errx(1, "zone %u has %lu pages free, of a reserve of %lu",
			     zone, free_pages, min - boost);
	}
	if (!zone)
		errx(1, "cannot read zoneinfo");
	free(text);
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
		watch_reserves();
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
	unsigned int ms;

	kill(w->pid, SIGUSR1);
	for (ms = 0; __atomic_load_n(&w->beats, __ATOMIC_ACQUIRE) == beats;
	     ms += 50) {
		if (w->is_wrong)
			exit(1);
		if (ms > HANG_SECONDS * 1000)
			errx(1, "process %d hangs at last", w->pid);
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
	/* everybody looks at all of it once more */
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
	drain_caches();
	if (WAIT_INFO(fd, nr_free, nr_free) != nr_free)
		errx(1, "%llu pages are free, of %llu",
		     (unsigned long long)device_info(fd).nr_free,
		     (unsigned long long)nr_free);
	if (!verify_is_ok())
		return 1;
	return compacted ? 0 : 1;
}
