// SPDX-License-Identifier: GPL-2.0
/*
 * poll() on /dev/umbra: it reports low memory once.
 */
#include "device.h"
#include <poll.h>
#include <sys/epoll.h>

/* Returns the events that poll() reports for a file, or -1 for an error. */
static int poll_file(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI | POLLIN | POLLOUT };
	int n = poll(&p, 1, ms);

	return n < 0 ? -1 : n ? p.revents : 0;
}

/* Allocate and free all memory, so that a zone falls below low once. */
static bool fall_short(int fd)
{
	uint64_t a = device_alloc(fd, 0, device_info(fd).nr_free);

	return a && !device_free(fd, a);
}

TEST_F(device, poll_reports_nothing_while_memory_is_free)
{
	uint64_t a;

	EXPECT_EQ(0, poll_file(self->fd, 0));
	a = device_alloc(self->fd, 0, self->nr_free / 2);
	ASSERT_NE(0, a);
	EXPECT_EQ(0, poll_file(self->fd, 100));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, poll_file(self->fd, 0));
}

TEST_F(device, poll_reports_low_memory_once)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(fall_short(self->fd));
		EXPECT_EQ(POLLPRI, poll_file(self->fd, HANG_S * 1000));
		EXPECT_EQ(0, poll_file(self->fd, 0));
		EXPECT_EQ(0, poll_file(self->fd, 50));
	}
}

TEST_F(device, poll_reports_events_since_the_file_was_opened)
{
	int before = device_open(O_RDONLY), after;

	ASSERT_TRUE(fall_short(self->fd));
	after = device_open(O_RDONLY);
	EXPECT_EQ(POLLPRI, poll_file(self->fd, 0));
	EXPECT_EQ(POLLPRI, poll_file(before, 0));
	EXPECT_EQ(0, poll_file(after, 0));
	EXPECT_EQ(0, poll_file(self->fd, 0));
	EXPECT_EQ(0, poll_file(before, 0));
	ASSERT_TRUE(fall_short(self->fd));
	EXPECT_EQ(POLLPRI, poll_file(after, 0));
	close(before);
	close(after);
}

TEST_F(device, poll_reports_low_memory_only_if_requested)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };

	ASSERT_TRUE(fall_short(self->fd));
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(POLLPRI, poll_file(self->fd, 0));
}

static int wait_for_low_memory(void *arg)
{
	int *ready = arg, fd = device_open(O_RDONLY);

	if (poll_file(fd, 0) || write(*ready, "", 1) != 1)
		return 1;
	return poll_file(fd, HANG_S * 1000) == POLLPRI ? 0 : 2;
}

TEST_F(device, low_memory_wakes_a_task_that_polls)
{
	int ready[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(wait_for_low_memory(&ready[1]));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_TRUE(WAIT_UNTIL(thread_stat(pid).state == 'S'));
	ASSERT_TRUE(fall_short(self->fd));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(device, epoll_reports_low_memory_once)
{
	struct epoll_event event = { .events = EPOLLPRI };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 50));
	ASSERT_TRUE(fall_short(self->fd));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, HANG_S * 1000));
	EXPECT_EQ(EPOLLPRI, event.events);
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 50));
	close(ep);
}

TEST_HARNESS_MAIN
