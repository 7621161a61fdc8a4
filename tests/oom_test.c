// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is left: who is killed, who is not, and who is only told ENOMEM.
 *
 * Files of processes that are gone ask here, for nobody can be killed for
 * those.
 */
#include "device.h"
#include <sys/socket.h>

#define POLICY_FILE DEBUGFS_DIR "ctl/oom_policy"

static void set_policy(const char *policy)
{
	write_file(POLICY_FILE, policy);
}

/* Single pages, at the cost of lives if need be. */
static uint64_t alloc_killing(int fd, uint32_t nr)
{
	uint64_t a;

	set_policy("kill");
	a = device_alloc(fd, 0, nr);
	set_policy("fail");
	return a;
}

static bool send_file(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "", byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &msg, 0) == 1;
}

static int receive_file(int from)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(from, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/*
 * A process that opens a file, allocates single pages, touches the first
 * @nr_held of them, frees those while they are mapped, passes the file on, and
 * waits to be killed.
 */
struct opener {
	pid_t pid;
	int fd;
};

static void open_and_wait(int to, uint32_t nr_pages, uint32_t nr_held)
{
	size_t bytes = nr_held * sysconf(_SC_PAGESIZE);
	int fd = device_open(O_RDWR);
	uint64_t held;
	void *p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nr_held) {
		held = device_alloc(fd, 0, nr_held);
		p = device_map(fd, held, bytes);
		if (!held || p == MAP_FAILED)
			_exit(1);
		memset(p, 1, bytes);
		device_free(fd, held);
	}
	if (nr_pages && !device_alloc(fd, 0, nr_pages))
		_exit(2);
	send_file(to, fd);
	for (;;)
		pause();
}

static struct opener start_opener(uint32_t nr_pages, uint32_t nr_held)
{
	struct opener o = { .fd = -1 };
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		return o;
	o.pid = fork();
	if (!o.pid)
		open_and_wait(sv[1], nr_pages, nr_held);
	close(sv[1]);
	o.fd = receive_file(sv[0]);
	close(sv[0]);
	return o;
}

/* The same, and the opener has the file to itself. */
static pid_t start_holder(uint32_t nr_pages, uint32_t nr_held)
{
	struct opener o = start_opener(nr_pages, nr_held);

	close(o.fd);
	return o.fd < 0 ? -1 : o.pid;
}

/* A file whose opener is dead. */
static int orphan(uint32_t nr_pages)
{
	struct opener o = start_opener(nr_pages, 0);

	kill(o.pid, SIGKILL);
	waitpid(o.pid, NULL, 0);
	return o.fd;
}

static bool is_alive(pid_t pid)
{
	return pid > 0 && !waitpid(pid, NULL, WNOHANG);
}

static bool was_killed(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The oom_kill of vmstat */
static long count_kills(void)
{
	char *text = read_file(DEBUGFS_DIR "vmstat", NULL), *line;
	long n = -1;

	line = text ? strstr(text, "oom_kill ") : NULL;
	if (line)
		n = atol(line + strlen("oom_kill "));
	free(text);
	return n;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

TEST_F(device, oom_policy_fail_kills_nobody)
{
	long kills = count_kills();
	pid_t pid = start_holder(self->nr_free / 2, 0);

	EXPECT_LE(0, kills);
	EXPECT_EQ(0, device_alloc(self->fd, 0, self->nr_free));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, device_alloc(self->fd, 10, self->nr_free >> 10));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_TRUE(is_alive(pid));
	EXPECT_EQ(kills, count_kills());
	end(pid);
}

TEST_F(device, oom_kills_the_opener_of_the_file_that_has_most_and_once)
{
	int fd = orphan(0);
	uint32_t nr = self->nr_free;
	long kills = count_kills();
	pid_t small = start_holder(nr / 8, 0);
	pid_t large = start_holder(nr / 2, 0);
	pid_t other = start_holder(nr / 4, 0);

	EXPECT_NE(0, alloc_killing(fd, nr / 4));
	EXPECT_TRUE(was_killed(large));
	EXPECT_TRUE(is_alive(small));
	EXPECT_TRUE(is_alive(other));
	EXPECT_EQ(kills + 1, count_kills());
	end(small);
	end(other);
	close(fd);
}

TEST_F(device, oom_counts_held_pages_to_the_file)
{
	int fd = orphan(0);
	uint32_t nr = self->nr_free;
	pid_t holds = start_holder(nr / 16, nr / 2);
	pid_t has = start_holder(nr * 3 / 8, 0);

	EXPECT_EQ(nr / 2, device_info(self->fd).nr_held);
	EXPECT_NE(0, alloc_killing(fd, nr / 4));
	EXPECT_TRUE(was_killed(holds));
	EXPECT_TRUE(is_alive(has));
	end(has);
	close(fd);
}

TEST_F(device, oom_kills_again_only_if_that_was_not_enough)
{
	int fd = orphan(0);
	uint32_t nr = self->nr_free;
	long kills = count_kills();
	pid_t first = start_holder(nr / 2, 0);
	pid_t second = start_holder(nr / 4, 0);
	pid_t third = start_holder(nr / 8, 0);

	EXPECT_NE(0, alloc_killing(fd, nr / 2 + nr / 4));
	EXPECT_TRUE(was_killed(first));
	EXPECT_TRUE(was_killed(second));
	EXPECT_TRUE(is_alive(third));
	EXPECT_EQ(kills + 2, count_kills());
	end(third);
	close(fd);
}

/* Who asks may be the one that has most. */
static int ask_for_too_much(void *arg)
{
	uint32_t nr = *(uint64_t *)arg;
	int fd = device_open(O_RDWR);

	return device_alloc(fd, 0, nr) ? 0 : errno;
}

TEST_F(device, oom_kills_who_asks_if_its_file_has_most)
{
	pid_t pid = start_holder(self->nr_free / 4, 0);

	set_policy("kill");
	EXPECT_EQ(-SIGKILL, in_child(ask_for_too_much, &self->nr_free));
	set_policy("fail");
	EXPECT_TRUE(is_alive(pid));
	end(pid);
}

TEST_F(device, oom_passes_over_a_file_whose_opener_is_dead)
{
	uint32_t nr = self->nr_free;
	int has = orphan(nr / 2), asks = orphan(0);
	long kills = count_kills();
	pid_t pid = start_holder(nr / 4, 0);
	double start;

	EXPECT_EQ(nr / 2, device_info(has).file_pages);
	set_policy("kill");
	EXPECT_NE(0, device_alloc(asks, 0, nr / 4 + nr / 8));
	EXPECT_TRUE(was_killed(pid));
	EXPECT_EQ(kills + 1, count_kills());

	/* now there is nobody left */
	start = now();
	EXPECT_EQ(0, device_alloc(asks, 0, nr / 2));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_GT(4, now() - start);
	set_policy("fail");
	EXPECT_EQ(kills + 1, count_kills());
	EXPECT_EQ(nr / 2, device_info(has).file_pages);
	close(has);
	close(asks);
}

TEST_F(device, oom_passes_over_a_file_that_is_not_given_back)
{
	uint32_t nr = self->nr_free;
	struct opener keeps = start_opener(nr / 2, 0);
	int asks = orphan(0);
	long kills = count_kills();
	double start = now();

	ASSERT_LE(0, keeps.fd);
	set_policy("kill");
	EXPECT_EQ(0, device_alloc(asks, 0, nr - nr / 4));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_LE(4.5, now() - start);
	EXPECT_GT(30, now() - start);
	EXPECT_TRUE(was_killed(keeps.pid));
	EXPECT_EQ(kills + 1, count_kills());

	/* and is not waited for again */
	start = now();
	EXPECT_EQ(0, device_alloc(asks, 0, nr - nr / 4));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_GT(4, now() - start);
	set_policy("fail");
	EXPECT_EQ(kills + 1, count_kills());
	EXPECT_EQ(nr / 2, device_info(keeps.fd).file_pages);
	close(keeps.fd);
	close(asks);
}

TEST_HARNESS_MAIN
