// SPDX-License-Identifier: GPL-2.0
/*
 * A process must not make others wait for long, and must not use the memory of
 * the host without limit.
 */
#include "pins.h"
#include <sched.h>
#include <sys/utsname.h>

#define SEED 3

/* Limits of real-time tasks: the host leaves other tasks some time by default */
#define RT_RUNTIME "/proc/sys/kernel/sched_rt_runtime_us"
#define FAIR_RUNTIME "/sys/kernel/debug/sched/fair_server/cpu1/runtime"

static bool run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* A task that leaves no time of CPU 1 to other tasks. */
struct hog {
	bool *is_spinning, was_limited;
	char *fair_runtime;
	pid_t pid;
};

static void spin(bool *is_spinning)
{
	struct sched_param param = { .sched_priority = 1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!run_on(1) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	for (;;)
		__atomic_store_n(is_spinning, true, __ATOMIC_RELAXED);
}

static bool start_hog(struct hog *hog)
{
	*hog = (struct hog) { 0 };
	hog->was_limited = !write_file(RT_RUNTIME, "-1");
	hog->fair_runtime = read_file(FAIR_RUNTIME, NULL);
	if (hog->fair_runtime)
		write_file(FAIR_RUNTIME, "0");
	hog->is_spinning = mmap(NULL, sizeof(bool), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hog->pid = fork();
	if (!hog->pid)
		spin(hog->is_spinning);
	return hog->was_limited && WAIT_UNTIL(*hog->is_spinning);
}

static void stop_hog(struct hog *hog)
{
	kill(hog->pid, SIGKILL);
	waitpid(hog->pid, NULL, 0);
	if (hog->fair_runtime)
		write_file(FAIR_RUNTIME, hog->fair_runtime);
	free(hog->fair_runtime);
	write_file(RT_RUNTIME, "950000");
	munmap(hog->is_spinning, sizeof(bool));
}

/* On PREEMPT_RT the timers of a CPU are run by a thread below the hog. */
static bool has_timer_threads(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

TEST_F(device, held_pages_are_freed_while_a_realtime_task_keeps_the_cpu_busy)
{
	struct hog hog;
	int fds[2];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "this machine has one CPU");
	if (has_timer_threads())
		SKIP(return, "timers are run by threads");
	ASSERT_EQ(0, pipe(fds));
	/* the CPU of the free, which begins to check the pages again */
	ASSERT_TRUE(run_on(1));
	ASSERT_TRUE(leave_pinned(self->fd, fds[1], 0, SEED));
	ASSERT_TRUE(run_on(0));
	EXPECT_TRUE(start_hog(&hog));
	EXPECT_TRUE(drain(fds[0], self->page, SEED));
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	stop_hog(&hog);
}

/* Map the first page of an allocation @nr times. Returns the first mapping. */
static char *map_often(int fd, uint64_t a, unsigned int nr)
{
	char *first = MAP_FAILED, *p;

	while (nr--) {
		p = device_map(fd, a, sysconf(_SC_PAGESIZE));
		if (p == MAP_FAILED)
			return MAP_FAILED;
		*p = SEED;
		if (first == MAP_FAILED)
			first = p;
	}
	return first;
}

struct mappings_case {
	unsigned int nr;
	bool moves;	/* or is purged */
};

/* Move all pages out of the pageblock of a page, if possible. */
static void move_away(uint64_t frame)
{
	empty_pageblock(frame / PB * PB);
}

/* If there are too many mappings, not one of them is taken down. */
TEST_F(device, only_a_page_with_few_mappings_is_moved)
{
	static const struct mappings_case cases[] = {
		{ 1, true }, { 256, true }, { 257, false }, { 3000, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = device_open(O_RDWR);
		uint64_t a = device_alloc_flags(fd, 0, 1, UMBRA_GFP_MOVABLE);
		char *p = map_often(fd, a, cases[i].nr);
		uint64_t before = frame_of(p), after;

		ASSERT_NE(MAP_FAILED, p);
		move_away(before);
		after = frame_of(p);
		EXPECT_EQ(cases[i].moves, before != after)
			TH_LOG("%u mappings", cases[i].nr);
		EXPECT_EQ(SEED, *p);
		close(fd);
	}
	EXPECT_TRUE(verify_is_ok());
}

static bool is_purged(int fd, uint64_t a)
{
	write_file(DEBUGFS_DIR "ctl/reclaim", "1");
	return device_lock(fd, a) == 1;
}

TEST_F(device, only_a_page_with_few_mappings_is_purged)
{
	static const struct mappings_case cases[] = {
		{ 256, true }, { 257, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t a = device_alloc_flags(self->fd, 0, 1,
						UMBRA_GFP_VOLATILE);
		char *p = map_often(self->fd, a, cases[i].nr);

		ASSERT_NE(MAP_FAILED, p);
		ASSERT_EQ(0, device_unlock(self->fd, a));
		EXPECT_EQ(cases[i].moves, is_purged(self->fd, a))
			TH_LOG("%u mappings", cases[i].nr);
		EXPECT_EQ(cases[i].moves, !*p);
		ASSERT_EQ(0, device_free(self->fd, a));
	}
}

#define MANY 4096

/*
 * Allocate many pages, map one of them, and free all while it is mapped. The
 * page must not be touched, so that it does not become held.
 */
static bool leave_mapped(int fd)
{
	uint64_t a = device_alloc(fd, 0, MANY);

	return a && device_map(fd, a, sysconf(_SC_PAGESIZE)) != MAP_FAILED &&
	       !device_free(fd, a);
}

TEST_F(device, freed_allocations_that_stay_mapped_take_little_memory)
{
	uint64_t at_first = device_info(self->fd).file_kernel_bytes;
	unsigned int nr = 40, i;

	EXPECT_EQ(0, at_first);
	for (i = 0; i < nr; i++)
		ASSERT_TRUE(leave_mapped(self->fd));
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_LT(0, device_info(self->fd).file_kernel_bytes);
	EXPECT_GE(nr * 256, device_info(self->fd).file_kernel_bytes);
}

#define BLOCKS 64

/*
 * The blocks that move lose their mapping, so they must stay after the free,
 * and only they.
 */
TEST_F(device, a_freed_allocation_keeps_the_blocks_that_moved)
{
	size_t block = 2 * self->page, i;
	uint64_t a = device_alloc_flags(self->fd, 1, BLOCKS,
					UMBRA_GFP_MOVABLE);
	char *p = device_map(self->fd, a, BLOCKS * block);
	uint64_t before;

	ASSERT_NE(MAP_FAILED, p);
	for (i = 0; i < BLOCKS; i += 3)
		write_pattern(p + i * block, block, i);
	for (i = 0; i < BLOCKS; i += 3)
		if (frame_of(p + i * block))
			move_away(frame_of(p + i * block));
	before = device_info(self->fd).file_kernel_bytes;
	ASSERT_EQ(0, device_free(self->fd, a));
	EXPECT_GT(before, device_info(self->fd).file_kernel_bytes);
	EXPECT_EQ((BLOCKS + 2) / 3 * 2, device_info(self->fd).file_pages);
	for (i = BLOCKS; i--;)
		EXPECT_TRUE(i % 3 ? touch(p + i * block, false) == -SIGBUS :
				    find_damage(p + i * block, block, i) == -1)
			TH_LOG("block %zu", i);
	EXPECT_TRUE(verify_is_ok());
}

/* A child unmaps all that it has mapped when it ends. */
static int map_until_refused(void *arg)
{
	int fd = *(int *)arg;
	unsigned int nr = 0;
	uint64_t a;

	while ((a = device_alloc(fd, 0, 1)) && nr < 100000) {
		if (device_map(fd, a, sysconf(_SC_PAGESIZE)) == MAP_FAILED ||
		    device_free(fd, a))
			return 1;
		nr++;
	}
	return errno == EDQUOT && nr ? 0 : 2;
}

TEST_F(device, memory_of_the_host_that_a_file_takes_is_limited)
{
	struct umbra_ioc_info info;
	int fd = device_open(O_RDWR);

	EXPECT_EQ(0, set_limit(1024));
	info = device_info(fd);
	EXPECT_EQ(1024 * 256, info.file_kernel_limit);
	EXPECT_EQ(0, in_child(map_until_refused, &fd));
	/* the mappings of the child are gone, and so is what they needed */
	EXPECT_EQ(0, device_info(fd).file_kernel_bytes);
	EXPECT_NE(0, device_alloc(fd, 0, 1024));
	info = device_info(fd);
	EXPECT_LT(1024 * sizeof(void *), info.file_kernel_bytes);
	EXPECT_GE(info.file_kernel_limit, info.file_kernel_bytes);
	EXPECT_EQ(0, set_limit(0));
	close(fd);
}

/* Every page may be an allocation of its own. */
TEST_F(device, the_limit_suffices_for_single_pages)
{
	uint64_t nr = 0;

	while (device_alloc(self->fd, 0, 1))
		nr++;
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(self->nr_free, nr);
}

TEST_HARNESS_MAIN
