// SPDX-License-Identifier: GPL-2.0
/*
 * References that outlive an allocation: pipes, io_uring, other processes. The
 * memory must keep its data, and stay charged, until the last reference is
 * gone.
 */
#include "pins.h"
#include <linux/io_uring.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SEED 7

TEST_F(device, page_in_a_pipe_is_held_until_it_is_read)
{
	struct umbra_ioc_info info;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_TRUE(leave_pinned(self->fd, fds[1], 2, SEED));
	info = device_info(self->fd);
	EXPECT_EQ(4, info.nr_held);
	EXPECT_EQ(4, info.file_held);
	EXPECT_EQ(4, info.file_pages);
	EXPECT_EQ(self->nr_free - 4, info.nr_free);
	EXPECT_TRUE(verify_is_ok());

	/* a held page is not given to a request, and keeps its data */
	EXPECT_NE(0, device_alloc(self->fd, 0, self->nr_free - 4));
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_TRUE(drain(fds[0], 4 * self->page, SEED));

	/* now the page is free */
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	EXPECT_EQ(0, device_info(self->fd).file_held);
	EXPECT_EQ(4, device_info(self->fd).nr_free);
	EXPECT_NE(0, device_alloc(self->fd, 2, 1));
}

TEST_F(device, allocation_scans_held_pages_before_it_fails)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_TRUE(leave_pinned(self->fd, fds[1], 0, SEED));
	ASSERT_NE(0, device_alloc(self->fd, 0, self->nr_free - 1));
	ASSERT_TRUE(drain(fds[0], self->page, SEED));
	EXPECT_NE(0, device_alloc(self->fd, 0, 1));
}

TEST_F(device, only_the_pinned_page_of_a_block_is_held)
{
	uint64_t a = device_alloc(self->fd, 10, 1);
	size_t bytes = self->page << 10;
	int fds[2];
	char *p;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	p = device_map(self->fd, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	write_pattern(p + 700 * self->page, self->page, SEED);
	ASSERT_EQ(self->page, pin(fds[1], p + 700 * self->page, self->page, 0));
	EXPECT_EQ(0, munmap(p, bytes));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(1, device_info(self->fd).file_held);
	EXPECT_EQ(self->nr_free - 1, device_info(self->fd).nr_free);
	EXPECT_TRUE(drain(fds[0], self->page, SEED));
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	EXPECT_EQ(0, device_info(self->fd).file_held);
	EXPECT_NE(0, device_alloc(self->fd, 10, self->nr_free >> 10));
}

TEST_F(device, pinned_pages_count_against_the_limit)
{
	unsigned int i;
	int fds[2];

	ASSERT_EQ(0, set_limit(8));
	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 8; i++)
		ASSERT_TRUE(leave_pinned(self->fd, fds[1], 0, i));
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(EDQUOT, errno);
	EXPECT_EQ(8, device_info(self->fd).file_held);
	for (i = 0; i < 8; i++)
		EXPECT_TRUE(drain(fds[0], self->page, i));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
	EXPECT_NE(0, device_alloc(self->fd, 3, 1));
}

TEST_F(device, pin_outlives_the_file)
{
	int fd = device_open(O_RDWR), fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_TRUE(leave_pinned(fd, fds[1], 1, SEED));
	close(fd);
	rescan_held();
	EXPECT_EQ(2, device_info(self->fd).nr_held);
	EXPECT_EQ(0, device_info(self->fd).file_held);
	EXPECT_TRUE(drain(fds[0], 2 * self->page, SEED));
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
}

TEST_F(device, pin_outlives_the_process_that_made_it)
{
	int fds[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		leave_pinned(device_open(O_RDWR), fds[1], 1, SEED);
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(2, device_info(self->fd).nr_held);
	EXPECT_TRUE(drain(fds[0], 2 * self->page, SEED));
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
}

TEST_F(device, closing_a_pipe_releases_its_pages)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_TRUE(leave_pinned(self->fd, fds[1], 2, SEED));
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
}

/* tee() makes a second reference to the pages of a pipe. */
TEST_F(device, page_in_two_pipes_is_held_until_both_are_read)
{
	int one[2], two[2];

	ASSERT_EQ(0, pipe(one));
	ASSERT_EQ(0, pipe(two));
	ASSERT_TRUE(leave_pinned(self->fd, one[1], 0, SEED));
	ASSERT_EQ(self->page, tee(one[0], two[1], self->page, 0));
	EXPECT_TRUE(drain(one[0], self->page, SEED));
	rescan_held();
	EXPECT_EQ(1, device_info(self->fd).file_held);
	EXPECT_TRUE(drain(two[0], self->page, SEED));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

/* The receiver of a gift may steal the page, but not a page of umbra. */
TEST_F(device, gifted_page_is_held_like_any_other)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	int fds[2], file;
	char *p, *buf;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	p = device_map(self->fd, a, self->page);
	ASSERT_NE(MAP_FAILED, p);
	write_pattern(p, self->page, SEED);
	ASSERT_EQ(self->page, pin(fds[1], p, self->page, SPLICE_F_GIFT));
	EXPECT_EQ(0, munmap(p, self->page));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(1, device_info(self->fd).file_held);

	file = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, file);
	EXPECT_EQ(self->page, splice(fds[0], NULL, file, NULL, self->page,
				     SPLICE_F_MOVE));
	buf = mmap(NULL, self->page, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, buf);
	EXPECT_EQ(-1, find_damage(buf, self->page, SEED));
	EXPECT_EQ(0, munmap(buf, self->page));
	close(file);
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, held_page_still_mapped_is_held_until_both_are_gone)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	int fds[2];
	char *p;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	p = device_map(self->fd, a, self->page);
	ASSERT_NE(MAP_FAILED, p);
	write_pattern(p, self->page, SEED);
	ASSERT_EQ(self->page, pin(fds[1], p, self->page, 0));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_TRUE(drain(fds[0], self->page, SEED));
	rescan_held();
	EXPECT_EQ(1, device_info(self->fd).file_held);
	EXPECT_EQ(-1, find_damage(p, self->page, SEED));
	EXPECT_EQ(0, munmap(p, self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

struct pinner {
	int fd;
	unsigned long errors;
};

static void *pin_again_and_again(void *arg)
{
	struct pinner *w = arg;
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	int fds[2];

	if (pipe(fds)) {
		w->errors++;
		return NULL;
	}
	for (i = 0; i < 200; i++) {
		unsigned int order = i % 4;

		w->errors += !leave_pinned(w->fd, fds[1], order, i);
		w->errors += !drain(fds[0], page << order, i);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

TEST_F(device, threads_pin_and_free_concurrently)
{
	struct pinner w[4];
	pthread_t thread[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		w[i] = (struct pinner) { self->fd, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL,
					    pin_again_and_again, &w[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, w[i].errors);
	}
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
}

struct registration {
	int ring;
	struct iovec iov;
};

/* The exit status of the child is the errno, or 0 on success. */
static int register_buffer(void *arg)
{
	struct registration *r = arg;

	alarm(HANG_S);
	if (!syscall(SYS_io_uring_register, r->ring, IORING_REGISTER_BUFFERS,
		     &r->iov, 1))
		return 0;
	return errno;
}

static int ring_open(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 1, &params);
}

/*
 * A writable long-term pin of pages that cannot be migrated away would be
 * retried by the host without end.
 */
TEST_F(device, io_uring_buffers_are_refused_at_once)
{
	uint64_t a = device_alloc(self->fd, 3, 1);
	size_t bytes = 8 * self->page;
	struct registration r;
	int error;
	char *p;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	r.ring = ring_open();
	if (r.ring < 0)
		SKIP(return, "no io_uring here: %s", strerror(errno));

	r.iov = (struct iovec) { p, bytes };
	error = in_child(register_buffer, &r);
	EXPECT_TRUE(error == EFAULT || error == EOPNOTSUPP)
		TH_LOG("untouched: %d", error);
	write_pattern(p, bytes, SEED);
	error = in_child(register_buffer, &r);
	EXPECT_TRUE(error == EFAULT || error == EOPNOTSUPP)
		TH_LOG("written to: %d", error);
	EXPECT_EQ(-1, find_damage(p, bytes, SEED));
	close(r.ring);

	EXPECT_EQ(0, munmap(p, bytes));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, io_uring_reads_into_a_mapping)
{
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *p, *sq, *cq;
	uint64_t a = device_alloc(self->fd, 0, 1);
	FILE *file = tmpfile();
	int ring;

	ASSERT_NE(0, a);
	ASSERT_NE(NULL, file);
	p = device_map(self->fd, a, self->page);
	ASSERT_NE(MAP_FAILED, p);
	write_pattern(p, self->page, SEED);
	ASSERT_EQ(self->page, pwrite(fileno(file), p, self->page, 0));
	memset(p, 0, self->page);

	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		SKIP(return, "no io_uring here: %s", strerror(errno));
	sq = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	sqe = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	ASSERT_NE(MAP_FAILED, sq);
	ASSERT_NE(MAP_FAILED, cq);
	ASSERT_NE(MAP_FAILED, sqe);
	*sqe = (struct io_uring_sqe) {
		.opcode = IORING_OP_READ,
		.fd = fileno(file),
		.addr = (uintptr_t)p,
		.len = self->page,
	};
	*(uint32_t *)(sq + params.sq_off.array) = 0;
	__atomic_fetch_add((uint32_t *)(sq + params.sq_off.tail), 1,
			   __ATOMIC_RELEASE);
	ASSERT_EQ(1, syscall(SYS_io_uring_enter, ring, 1, 1,
			     IORING_ENTER_GETEVENTS, NULL, 0));
	cqe = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	EXPECT_EQ(self->page, cqe->res);
	EXPECT_EQ(-1, find_damage(p, self->page, SEED));
	close(ring);
	fclose(file);
}

TEST_HARNESS_MAIN
