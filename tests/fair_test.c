// SPDX-License-Identifier: GPL-2.0
/*
 * What one process does must not make another one wait, and must not use the
 * memory of the host without limit.
 */
#include "device.h"
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

TEST_HARNESS_MAIN
