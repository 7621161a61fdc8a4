// SPDX-License-Identifier: GPL-2.0
/*
 * Out of memory: processes that are killed, processes that are not, and
 * requests that fail with ENOMEM.
 *
 * The process of a test protects itself, so that it is not chosen. Its children
 * undo that.
 */
#include "device.h"
#include <sys/socket.h>

#define POLICY_FILE DEBUGFS_DIR "ctl/oom_policy"

static void set_score(const char *score)
{
	write_file("/proc/self/oom_score_adj", score);
}

static void set_policy(const char *policy)
{
	write_file(POLICY_FILE, policy);
}

/* Allocate single pages, with the policy to kill. */
static uint64_t alloc_killing(int fd, uint32_t nr)
{
	uint64_t a;

	set_score("-1000");
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
	set_score("0");
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

/* Like start_opener(), but only the opener has the file. */
static pid_t start_holder(uint32_t nr_pages, uint32_t nr_held)
{
	struct opener o = start_opener(nr_pages, nr_held);

	close(o.fd);
	return o.fd < 0 ? -1 : o.pid;
}

/* Returns a file that no living process has used. */
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
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Returns the counter oom_kill of vmstat. */
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

TEST_F(device, oom_policy_fail_kills_no_process)
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

/* Seconds after which a victim that has freed nothing is skipped */
#define VICTIM_S 5

/* A file that has pages, and the expected fate of its opener. */
struct holder {
	enum { LIVES, DIES } fate;
	uint32_t nr_pages, nr_held;
	pid_t pid;
};

static void start_holders(struct holder *h, unsigned int nr)
{
	for (; nr--; h++)
		h->pid = start_holder(h->nr_pages, h->nr_held);
}

static void end_holders(struct holder *h, unsigned int nr)
{
	for (; nr--; h++) {
		end(h->pid);
		h->pid = 0;
	}
}

static uint32_t count_held(const struct holder *h, unsigned int nr)
{
	uint32_t held = 0;

	for (; nr--; h++)
		held += h->nr_held;
	return held;
}

static long count_dying(const struct holder *h, unsigned int nr)
{
	long dying = 0;

	for (; nr--; h++)
		dying += h->fate == DIES;
	return dying;
}

static bool was_killed_soon(pid_t pid)
{
	int status = 0;

	WAIT_UNTIL(waitpid(pid, &status, WNOHANG));
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Does every opener have its fate? Clears the pids of dead openers. */
static bool fates_are_right(struct holder *h, unsigned int nr, long killed)
{
	bool right = killed == count_dying(h, nr);

	for (; right && nr--; h++) {
		switch (h->fate) {
		case LIVES:
			right = is_alive(h->pid);
			h->pid = right ? h->pid : 0;
			break;
		case DIES:
			right = was_killed_soon(h->pid);
			h->pid = right ? 0 : h->pid;
			break;
		}
	}
	return right;
}

/*
 * Request more pages than the holders left.
 * On a slow machine a victim may be skipped before it had time to free its
 * pages; then the result does not count, and all is repeated. Returns the file.
 */
static int ask_for(struct __test_metadata *_metadata, int fd,
		   uint32_t nr_pages, struct holder *h, unsigned int nr)
{
	const uint64_t nr_free = device_info(fd).nr_free;
	time_t deadline = time(NULL) + HANG_S;
	bool right, slow;
	double start;
	uint64_t a;
	long kills;
	int asks;

	for (;;) {
		asks = device_open(O_RDWR);
		start_holders(h, nr);
		EXPECT_EQ(count_held(h, nr), device_info(fd).nr_held);
		kills = count_kills();
		start = now();
		a = alloc_killing(asks, nr_pages);
		slow = now() - start > VICTIM_S - 1;
		kills = count_kills() - kills;
		right = a && fates_are_right(h, nr, kills);
		if (right || !slow || time(NULL) >= deadline)
			break;
		end_holders(h, nr);
		close(asks);
		wait_free(fd, nr_free);
	}
	EXPECT_TRUE(right)
		TH_LOG("%s, %ld killed", a ? "enough" : "not enough", kills);
	return asks;
}

TEST_F(device, oom_kills_the_opener_of_the_largest_file_once)
{
	uint32_t nr = self->nr_free;
	struct holder h[] = {
		{ .fate = LIVES, .nr_pages = nr / 8 },
		{ .fate = DIES, .nr_pages = nr / 2 },
		{ .fate = LIVES, .nr_pages = nr / 4 },
	};
	int asks = ask_for(_metadata, self->fd, nr / 4, h, ARRAY_SIZE(h));

	end_holders(h, ARRAY_SIZE(h));
	close(asks);
}

TEST_F(device, oom_counts_held_pages_as_pages_of_the_file)
{
	uint32_t nr = self->nr_free;
	struct holder h[] = {
		{ .fate = DIES, .nr_pages = nr / 16, .nr_held = nr / 2 },
		{ .fate = LIVES, .nr_pages = nr * 3 / 8 },
	};
	int asks = ask_for(_metadata, self->fd, nr / 4, h, ARRAY_SIZE(h));

	end_holders(h, ARRAY_SIZE(h));
	close(asks);
}

TEST_F(device, oom_kills_again_only_if_memory_is_still_short)
{
	uint32_t nr = self->nr_free;
	struct holder h[] = {
		{ .fate = DIES, .nr_pages = nr / 2 },
		{ .fate = DIES, .nr_pages = nr / 4 },
		{ .fate = LIVES, .nr_pages = nr / 8 },
	};
	int asks = ask_for(_metadata, self->fd, nr / 2 + nr / 4, h,
			   ARRAY_SIZE(h));

	end_holders(h, ARRAY_SIZE(h));
	close(asks);
}

/* The requesting task may be the opener of the largest file. */
static int ask_for_too_much(void *arg)
{
	uint32_t nr = *(uint64_t *)arg;
	int fd = device_open(O_RDWR);

	set_score("0");
	return device_alloc(fd, 0, nr) ? 0 : errno;
}

TEST_F(device, oom_kills_the_requesting_task_if_its_file_is_largest)
{
	pid_t pid = start_holder(self->nr_free / 4, 0);

	set_policy("kill");
	EXPECT_EQ(-SIGKILL, in_child(ask_for_too_much, &self->nr_free));
	set_policy("fail");
	EXPECT_TRUE(is_alive(pid));
	end(pid);
}

/* Does a request fail without waiting for a victim? */
static bool fails_at_once(struct __test_metadata *_metadata, int fd,
			  uint32_t nr)
{
	double start = now();

	EXPECT_EQ(0, device_alloc(fd, 0, nr));
	EXPECT_EQ(ENOMEM, errno);
	return now() - start < VICTIM_S - 1;
}

/* The file was passed on, and the process that has it never used it. */
TEST_F(device, oom_kills_no_process_for_a_file_without_process)
{
	uint32_t nr = self->nr_free, i;
	int hog = orphan(nr / 2), asks = device_open(O_RDWR);
	long kills = count_kills();
	pid_t innocents[7];

	for (i = 0; i < ARRAY_SIZE(innocents); i++)
		innocents[i] = start_holder(nr / 16, 0);
	set_score("-1000");
	set_policy("kill");
	EXPECT_TRUE(WAIT_UNTIL(fails_at_once(_metadata, asks, nr / 4)));
	set_policy("fail");
	EXPECT_EQ(kills, count_kills());
	EXPECT_EQ(nr / 2, device_info(hog).file_pages);
	for (i = 0; i < ARRAY_SIZE(innocents); i++) {
		EXPECT_TRUE(is_alive(innocents[i]));
		end(innocents[i]);
	}
	close(hog);
	close(asks);
}

/*
 * Start a process that uses a file that another process has opened. The pages
 * are charged to the file before they are allocated, so that the free pages tell
 * when the process has all.
 */
static pid_t start_heir(int fd, uint32_t nr_pages)
{
	uint64_t left = device_info(fd).nr_free - nr_pages;
	pid_t pid = fork();

	if (pid) {
		WAIT_UNTIL(device_info(fd).nr_free == left);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_score("0");
	if (!device_alloc(fd, 0, nr_pages))
		_exit(1);
	for (;;)
		pause();
}

TEST_F(device, oom_kills_the_process_that_uses_a_file_that_was_passed_on)
{
	uint32_t nr = self->nr_free;
	/* first, so that it does not inherit the file */
	pid_t innocent = start_holder(nr / 4, 0);
	struct opener opener = start_opener(0, 0);
	pid_t heir = start_heir(opener.fd, nr / 2);
	int asks = device_open(O_RDWR);

	close(opener.fd);
	end(opener.pid);
	EXPECT_NE(0, alloc_killing(asks, nr / 2));
	EXPECT_TRUE(was_killed_soon(heir));
	EXPECT_TRUE(is_alive(innocent));
	end(innocent);
	close(asks);
}

TEST_F(device, oom_spares_a_protected_process)
{
	uint32_t nr = self->nr_free;
	pid_t victim = start_holder(nr / 4, 0);
	int asks = device_open(O_RDWR);

	/* this process has most of the memory */
	EXPECT_NE(0, device_alloc(self->fd, 0, nr / 2));
	EXPECT_NE(0, alloc_killing(asks, nr / 4 + nr / 8));
	EXPECT_TRUE(was_killed_soon(victim));
	close(asks);
}

TEST_F(device, oom_fails_if_the_pages_of_a_victim_stay_in_use)
{
	uint32_t nr = self->nr_free;
	struct opener keeps = start_opener(nr / 2, 0);
	int asks = device_open(O_RDWR);
	long kills = count_kills();
	double start = now();

	ASSERT_LE(0, keeps.fd);
	set_score("-1000");
	set_policy("kill");
	EXPECT_EQ(0, device_alloc(asks, 0, nr - nr / 4));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_LE(VICTIM_S - 0.5, now() - start);
	EXPECT_TRUE(was_killed(keeps.pid));
	EXPECT_EQ(kills + 1, count_kills());

	/* the request must not wait for this file again */
	EXPECT_TRUE(WAIT_UNTIL(fails_at_once(_metadata, asks, nr - nr / 4)));
	set_policy("fail");
	EXPECT_EQ(kills + 1, count_kills());
	EXPECT_EQ(nr / 2, device_info(keeps.fd).file_pages);
	close(keeps.fd);
	close(asks);
}

TEST_HARNESS_MAIN
