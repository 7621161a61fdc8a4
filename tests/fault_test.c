// SPDX-License-Identifier: GPL-2.0
/*
 * The device when allocations of the host fail. Each call is repeated: the
 * first, second, third... allocation in it fails, until a call has no more
 * allocations. A call that fails must set a fitting errno and leave nothing
 * allocated.
 */
#include "device.h"

#define FAIL_NTH "/proc/self/fail-nth"
#define MAX_FAULTS 200
#define MAX_BLOCK_FAULTS 8192

/* Opened before the first fault, since opening allocates memory. */
static int fail_nth_fd = -1;

static bool inject_begin(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (fail_nth_fd < 0)
		fail_nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return pwrite(fail_nth_fd, text, n, 0) == n;
}

/* End the injection. Returns true if a failure was injected. */
static bool inject_end(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_nth_fd, text, sizeof(text) - 1, 0);

	return pwrite(fail_nth_fd, "0", 1, 0) == 1 && n > 0 && !atoi(text);
}

static bool have_faults(void)
{
	return !access(FAIL_NTH, W_OK);
}

#define NO_FAULTS "this kernel has no fault injection"

TEST_F(device, open_fails_cleanly)
{
	unsigned int nth, failures = 0;
	bool injected = true;

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	for (nth = 1; injected && nth < MAX_FAULTS; nth++) {
		int fd, error;

		ASSERT_TRUE(inject_begin(nth));
		fd = device_open(O_RDWR);
		error = errno;
		injected = inject_end();
		if (fd >= 0) {
			EXPECT_NE(0, device_alloc(fd, 0, 1));
			close(fd);
			continue;
		}
		failures++;
		EXPECT_TRUE(error == ENOMEM || error == ENFILE)
			TH_LOG("fault %u: %s", nth, strerror(error));
	}
	EXPECT_FALSE(injected);
	TH_LOG("%u faults, %u failures", nth - 2, failures);
}

/*
 * Returns the number of failed calls. A call may succeed in spite of a fault.
 */
static unsigned int check_alloc(struct __test_metadata *_metadata, int fd,
				uint64_t nr_free, unsigned int order,
				unsigned int count)
{
	unsigned int nth, failures = 0;
	bool injected = true;

	/* Each block may fail; with many blocks, only some faults are tried. */
	for (nth = 1; injected && nth < MAX_BLOCK_FAULTS; nth += 1 + nth / 16) {
		uint64_t a;
		int error;

		ASSERT_TRUE(inject_begin(nth));
		a = device_alloc(fd, order, count);
		error = errno;
		injected = inject_end();
		if (a) {
			EXPECT_EQ(count << order, device_info(fd).file_pages);
			EXPECT_EQ(0, device_free(fd, a));
		} else {
			failures++;
			EXPECT_TRUE(error == ENOMEM || error == EFAULT)
				TH_LOG("fault %u: %s", nth, strerror(error));
		}
		EXPECT_EQ(0, device_info(fd).file_pages);
		EXPECT_EQ(nr_free, device_info(fd).nr_free);
	}
	EXPECT_FALSE(injected);
	TH_LOG("faults up to %u, %u failures", nth, failures);
	return failures;
}

TEST_F(device, alloc_fails_cleanly)
{
	if (!have_faults())
		SKIP(return, NO_FAULTS);
	EXPECT_LT(0, check_alloc(_metadata, self->fd, self->nr_free, 0, 1));
	EXPECT_LT(0, check_alloc(_metadata, self->fd, self->nr_free, 3, 20));
	check_alloc(_metadata, self->fd, self->nr_free, 0, 4096);
}

/* With many allocations, the tree of them has nodes to split and merge. */
TEST_F(device, alloc_and_free_fail_cleanly_with_many_allocations)
{
	uint64_t handle[100];
	unsigned int i, nth, failures = 0;
	bool injected;

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	for (i = 0; i < ARRAY_SIZE(handle); i++) {
		injected = true;
		for (nth = 1; injected && nth < MAX_FAULTS; nth++) {
			ASSERT_TRUE(inject_begin(nth));
			handle[i] = device_alloc(self->fd, 0, 1);
			injected = inject_end();
			if (!handle[i])
				continue;
			if (injected)
				EXPECT_EQ(0, device_free(self->fd, handle[i]));
		}
		ASSERT_NE(0, handle[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(handle), device_info(self->fd).file_pages);
	/* a free must succeed without memory; each free gets another fault */
	for (i = 0; i < ARRAY_SIZE(handle); i++) {
		ASSERT_TRUE(inject_begin(1 + i % 10));
		EXPECT_EQ(0, device_free(self->fd, handle[i * 37 % 100]));
		failures += inject_end();
	}
	EXPECT_LT(0, failures);
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_EQ(self->nr_free, device_info(self->fd).nr_free);
}

TEST_F(device, mmap_fails_cleanly)
{
	uint64_t a = device_alloc(self->fd, 1, 2);
	size_t bytes = 4 * self->page;
	unsigned int nth, failures = 0;
	bool injected = true;

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	ASSERT_NE(0, a);
	for (nth = 1; injected && nth < MAX_FAULTS; nth++) {
		char *p;
		int error;

		ASSERT_TRUE(inject_begin(nth));
		p = device_map(self->fd, a, bytes);
		error = errno;
		injected = inject_end();
		if (p == MAP_FAILED) {
			failures++;
			EXPECT_EQ(ENOMEM, error);
			continue;
		}
		memset(p, 1, bytes);
		EXPECT_EQ(0, munmap(p, bytes));
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(0, failures);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, device_info(self->fd).file_held);
}

/*
 * The page table for a page fault cannot be allocated. A system call makes the
 * access, because it fails with EFAULT; an access by the CPU would retry.
 */
TEST_F(device, page_fault_fails_cleanly)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	unsigned int nth;
	bool injected = true;
	int fds[2];

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	for (nth = 1; injected && nth < MAX_FAULTS; nth++) {
		char *p;
		ssize_t n;

		/* an address far from all others needs a new page table */
		p = mmap((void *)(0x100000000000 + nth * 0x8000000000UL),
			 self->page, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->fd, a);
		ASSERT_NE(MAP_FAILED, p);
		ASSERT_EQ(1, write(fds[1], "x", 1));
		ASSERT_TRUE(inject_begin(nth));
		n = read(fds[0], p, 1);
		injected = inject_end();
		if (n != 1) {
			EXPECT_EQ(-1, n);
			ASSERT_EQ(1, read(fds[0], p, 1));
		}
		EXPECT_EQ('x', *p);
		EXPECT_EQ(0, munmap(p, self->page));
	}
	EXPECT_FALSE(injected);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, device_info(self->fd).file_held);
}

TEST_F(device, info_needs_no_memory)
{
	struct umbra_ioc_info info = { 0 };
	int ret;

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	ASSERT_TRUE(inject_begin(1));
	ret = ioctl(self->fd, UMBRA_IOC_GET_INFO, &info);
	inject_end();
	EXPECT_EQ(0, ret);
	EXPECT_EQ(self->nr_pages, info.nr_pages);
}

TEST_F(device, debugfs_files_fail_cleanly)
{
	static const char * const names[] = {
		"buddyinfo", "free_lists", "layout", "frames", "verify",
	};
	char path[128], buf[64];
	unsigned int i, nth;

	if (!have_faults())
		SKIP(return, NO_FAULTS);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		bool injected = true;

		snprintf(path, sizeof(path), DEBUGFS_DIR "%s", names[i]);
		for (nth = 1; injected && nth < MAX_FAULTS; nth++) {
			ssize_t n = -1;
			int fd;

			ASSERT_TRUE(inject_begin(nth));
			fd = open(path, O_RDONLY);
			if (fd >= 0)
				n = read(fd, buf, sizeof(buf));
			injected = inject_end();
			EXPECT_TRUE(injected || n > 0);
			if (fd >= 0)
				close(fd);
		}
		EXPECT_FALSE(injected)
			TH_LOG("%s", path);
	}
}

TEST_HARNESS_MAIN
