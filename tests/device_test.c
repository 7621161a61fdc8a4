// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of /dev/umbra: refused arguments, results, and that no page is
 * lost when an allocation ends in any way.
 */
#include "device.h"
#include <sys/uio.h>

TEST_F(device, info_describes_the_instance)
{
	struct umbra_ioc_info info = device_info(self->fd);

	EXPECT_EQ(UMBRA_ABI_VERSION, info.version);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info.page_size);
	EXPECT_EQ(10, info.max_order);
	EXPECT_EQ(9, info.pb_order);
	EXPECT_LT(0, info.nr_pages);
	EXPECT_EQ(info.nr_pages, info.nr_free);
	EXPECT_EQ(0, info.nr_held);
	EXPECT_EQ(0, info.file_pages);
	EXPECT_EQ(0, info.file_held);
	EXPECT_EQ(UINT64_MAX, info.file_limit);
	EXPECT_TRUE(is_zero(info.reserved, sizeof(info.reserved)));
}

TEST_F(device, info_counts_the_pages_of_a_file)
{
	int other = device_open(O_RDWR);
	struct umbra_ioc_info info;
	uint64_t a, b;

	a = device_alloc(self->fd, 3, 2);
	ASSERT_NE(0, a);
	b = device_alloc(other, 0, 5);
	ASSERT_NE(0, b);
	info = device_info(self->fd);
	EXPECT_EQ(16, info.file_pages);
	EXPECT_EQ(self->nr_free - 21, info.nr_free);
	EXPECT_EQ(5, device_info(other).file_pages);
	EXPECT_EQ(0, device_free(self->fd, a));
	info = device_info(self->fd);
	EXPECT_EQ(0, info.file_pages);
	EXPECT_EQ(self->nr_free - 5, info.nr_free);
	close(other);
	EXPECT_EQ(self->nr_free, device_info(self->fd).nr_free);
}

TEST_F(device, only_root_can_open_the_device)
{
	struct stat st;

	ASSERT_EQ(0, stat(DEVICE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
}

TEST_F(device, alloc_refuses_arguments_out_of_range)
{
	const uint32_t whole = self->nr_pages;
	const struct umbra_ioc_alloc bad[] = {
		{ .count = 1, .flags = 1U << 3 },
		{ .count = 1, .flags = 1U << 31 },
		{ .count = 1, .flags = ~UMBRA_GFP_ALL },
		{ .count = 1, .flags = UMBRA_GFP_ALL },
		{ .count = 1, .flags = UMBRA_GFP_MOVABLE | 1U << 3 },
		{ .count = 1,
		  .flags = UMBRA_GFP_MOVABLE | UMBRA_GFP_RECLAIMABLE },
		{ .count = 1,
		  .flags = UMBRA_GFP_VOLATILE | UMBRA_GFP_RECLAIMABLE },
		{ .count = 1, .pad = 1 },
		{ .count = 1, .pad = 1U << 31 },
		{ .count = 1, .handle = 1 },
		{ .count = 1, .handle = 1ULL << 63 },
		{ .count = 1, .reserved = { 1, 0 } },
		{ .count = 1, .reserved = { 0, 1ULL << 63 } },
		{ .count = 1, .order = 11 },
		{ .count = 1, .order = 31 },
		{ .count = 1, .order = 32 },
		{ .count = 1, .order = 64 },
		{ .count = 1, .order = UINT32_MAX },
		{ .count = 0 },
		{ .count = 0, .order = 10 },
		{ .count = whole + 1 },
		{ .count = (whole >> 10) + 1, .order = 10 },
		{ .count = UINT32_MAX },
		{ .count = UINT32_MAX, .order = 10 },
		{ .count = 1U << 31, .order = 1 },
		{ .count = 1U << 22, .order = 10 },
		{ .count = (1U << 22) + 1, .order = 10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct umbra_ioc_alloc args = bad[i];

		errno = 0;
		EXPECT_EQ(-1, ioctl(self->fd, UMBRA_IOC_ALLOC, &args));
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("case %u: %s", i, strerror(errno));
		EXPECT_EQ(0, memcmp(&args, &bad[i], sizeof(args)));
	}
	EXPECT_UNCHANGED();
}

TEST_F(device, alloc_accepts_each_flag_alone_and_volatile_with_movable)
{
	EXPECT_NE(0, device_alloc_flags(self->fd, 0, 1, UMBRA_GFP_MOVABLE));
	EXPECT_NE(0, device_alloc_flags(self->fd, 0, 1,
					UMBRA_GFP_RECLAIMABLE));
	EXPECT_NE(0, device_alloc_flags(self->fd, 0, 1, UMBRA_GFP_VOLATILE));
	EXPECT_NE(0, device_alloc_flags(self->fd, 0, 1, UMBRA_GFP_VOLATILE |
					UMBRA_GFP_MOVABLE));
	EXPECT_EQ(4, device_info(self->fd).file_pages);
}

TEST_F(device, reserved_fields_must_be_zero)
{
	uint64_t handle = device_alloc(self->fd, 0, 1);
	struct umbra_ioc_free args = { .handle = handle, .reserved = 1 };
	unsigned int i;

	ASSERT_NE(0, handle);
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, UMBRA_IOC_FREE, &args));
	args.reserved = 1ULL << 63;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, UMBRA_IOC_FREE, &args));
	EXPECT_EQ(1, device_info(self->fd).file_pages);

	for (i = 0; i < 2; i++) {
		struct umbra_ioc_info info = { 0 };

		info.reserved[i] = 1ULL << (i * 21);
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->fd, UMBRA_IOC_GET_INFO, &info));
	}
}

TEST_F(device, bad_pointers_are_refused)
{
	const unsigned long commands[] = {
		UMBRA_IOC_GET_INFO, UMBRA_IOC_ALLOC, UMBRA_IOC_FREE,
		UMBRA_IOC_UNLOCK, UMBRA_IOC_LOCK,
	};
	char *guard = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *edge = guard + self->page - 8;
	void *bad[] = {
		NULL, (void *)1, guard + self->page, edge,
		(void *)0x7ffffffff000, (void *)-4096L,
		(void *)0xffff888000000000, (void *)0x8000000000000000,
	};
	unsigned int c, i;

	ASSERT_NE(MAP_FAILED, guard);
	ASSERT_EQ(0, mprotect(guard + self->page, self->page, PROT_NONE));
	for (c = 0; c < ARRAY_SIZE(commands); c++)
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			EXPECT_ERRNO(EFAULT,
				     ioctl(self->fd, commands[c], bad[i]));
	EXPECT_UNCHANGED();
}

TEST_F(device, alloc_is_undone_if_the_result_cannot_be_stored)
{
	struct umbra_ioc_alloc *args;
	unsigned int order;

	args = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	for (order = 0; order <= 10; order += 5) {
		args->order = order;
		args->count = 3;
		ASSERT_EQ(0, mprotect(args, self->page, PROT_READ));
		EXPECT_ERRNO(EFAULT, ioctl(self->fd, UMBRA_IOC_ALLOC, args));
		EXPECT_EQ(0, args->handle);
		EXPECT_UNCHANGED();
		ASSERT_EQ(0, mprotect(args, self->page,
				      PROT_READ | PROT_WRITE));
	}
	EXPECT_EQ(0, ioctl(self->fd, UMBRA_IOC_ALLOC, args));
}

TEST_F(device, info_cannot_be_stored_in_read_only_memory)
{
	void *p = mmap(NULL, self->page, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, UMBRA_IOC_GET_INFO, p));
}

TEST_F(device, unknown_commands_fail_with_enotty)
{
	char buf[256] = { 0 };
	const unsigned long unknown[] = {
		_IOWR(UMBRA_IOC_MAGIC, 3, struct umbra_ioc_alloc),
		_IOWR(UMBRA_IOC_MAGIC, 255, struct umbra_ioc_alloc),
		_IO(UMBRA_IOC_MAGIC, 0), _IO(UMBRA_IOC_MAGIC, 1),
		_IO(UMBRA_IOC_MAGIC, 2),
		_IOWR(UMBRA_IOC_MAGIC, 1, struct umbra_ioc_free),
		_IOWR(UMBRA_IOC_MAGIC, 1, char[48]),
		_IOW(UMBRA_IOC_MAGIC, 1, struct umbra_ioc_alloc),
		_IOR(UMBRA_IOC_MAGIC, 0, struct umbra_ioc_info),
		_IOWR(UMBRA_IOC_MAGIC, 0, char[88]),
		_IOWR(UMBRA_IOC_MAGIC, 2, struct umbra_ioc_free),
		_IOW(UMBRA_IOC_MAGIC, 2, char[8]),
		_IOWR(UMBRA_IOC_MAGIC + 1, 1, struct umbra_ioc_alloc),
		_IOWR(0, 1, struct umbra_ioc_alloc),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		errno = 0;
		EXPECT_EQ(-1, ioctl(self->fd, unknown[i], buf));
		EXPECT_EQ(ENOTTY, errno)
			TH_LOG("case %u: %s", i, strerror(errno));
	}
	EXPECT_UNCHANGED();
}

TEST_F(device, read_write_and_seek_are_refused)
{
	char c = 0;

	EXPECT_ERRNO(EINVAL, read(self->fd, &c, 1));
	EXPECT_ERRNO(EINVAL, write(self->fd, &c, 1));
	EXPECT_ERRNO(ESPIPE, lseek(self->fd, 0, SEEK_SET));
}

TEST_F(device, free_refuses_invalid_handles)
{
	uint64_t a = device_alloc(self->fd, 2, 2);
	const uint64_t bad[] = {
		0, 1, a + 1, a - 1, a + 8, a + self->page,
		a + 4 * self->page, a + 8 * self->page, a - self->page,
		a | 1ULL << 63, a | 1ULL << 52, UINT64_MAX,
		UINT64_MAX - self->page + 1, 1ULL << 63,
	};
	unsigned int i;

	ASSERT_NE(0, a);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		EXPECT_EQ(-1, device_free(self->fd, bad[i]));
		EXPECT_EQ(ENOENT, errno)
			TH_LOG("case %u: %s", i, strerror(errno));
	}
	EXPECT_EQ(8, device_info(self->fd).file_pages);
	EXPECT_EQ(0, device_free(self->fd, a));
}

TEST_F(device, second_free_is_refused)
{
	uint64_t a = device_alloc(self->fd, 1, 1);

	ASSERT_NE(0, a);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_ERRNO(ENOENT, device_free(self->fd, a));
	EXPECT_UNCHANGED();
}

TEST_F(device, handle_of_another_file_is_refused)
{
	int other = device_open(O_RDWR);
	uint64_t a = device_alloc(self->fd, 0, 1);

	ASSERT_NE(0, a);
	EXPECT_ERRNO(ENOENT, device_free(other, a));
	EXPECT_EQ(MAP_FAILED, device_map(other, a, self->page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, device_info(self->fd).file_pages);
	close(other);
	EXPECT_EQ(0, device_free(self->fd, a));
}

TEST_F(device, duplicate_descriptor_is_the_same_file)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	int fd = dup(self->fd);

	ASSERT_NE(0, a);
	EXPECT_EQ(1, device_info(fd).file_pages);
	EXPECT_EQ(0, device_free(fd, a));
	close(fd);
	EXPECT_UNCHANGED();
}

TEST_F(device, handles_are_never_reused)
{
	uint64_t last = 0, a;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		a = device_alloc(self->fd, i % 4, 1 + i % 3);
		ASSERT_LT(last, a);
		EXPECT_EQ(0, a % self->page);
		last = a;
		EXPECT_EQ(0, device_free(self->fd, a));
	}
}

TEST_F(device, blocks_of_every_order_are_zeroed_and_keep_data)
{
	unsigned int order;
	uint64_t handle[11];
	void *map[11];

	for (order = 0; order <= 10; order++) {
		size_t bytes = self->page << order;

		handle[order] = device_alloc(self->fd, order, 1);
		ASSERT_NE(0, handle[order]);
		map[order] = device_map(self->fd, handle[order], bytes);
		ASSERT_NE(MAP_FAILED, map[order]);
		EXPECT_TRUE(is_zero(map[order], bytes));
		write_pattern(map[order], bytes, order);
	}
	for (order = 0; order <= 10; order++) {
		size_t bytes = self->page << order;

		EXPECT_EQ(-1, find_damage(map[order], bytes, order));
		EXPECT_EQ(0, munmap(map[order], bytes));
		EXPECT_EQ(0, device_free(self->fd, handle[order]));
	}
	EXPECT_UNCHANGED();
}

TEST_F(device, data_of_another_file_is_never_seen)
{
	size_t bytes = self->nr_free * self->page;
	int other = device_open(O_RDWR);
	uint64_t a;
	char *p;

	a = device_alloc(other, 0, self->nr_free);
	ASSERT_NE(0, a);
	p = device_map(other, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	memset(p, 0x5a, bytes);
	EXPECT_EQ(0, munmap(p, bytes));
	EXPECT_EQ(0, device_free(other, a));
	close(other);

	a = device_alloc(self->fd, 10, self->nr_free >> 10);
	ASSERT_NE(0, a);
	bytes = (self->nr_free >> 10 << 10) * self->page;
	p = device_map(self->fd, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(is_zero(p, bytes));
	EXPECT_EQ(0, munmap(p, bytes));
}

TEST_F(device, exhaustion_fails_with_enomem_and_loses_no_pages)
{
	uint64_t a;

	a = device_alloc(self->fd, 0, self->nr_free);
	ASSERT_NE(0, a);
	EXPECT_EQ(0, device_info(self->fd).nr_free);
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, device_alloc(self->fd, 10, 1));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(self->nr_free, device_info(self->fd).file_pages);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_UNCHANGED();
}

TEST_F(device, allocation_that_fails_halfway_is_undone)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	struct umbra_ioc_info info;

	ASSERT_NE(0, a);
	EXPECT_EQ(0, device_alloc(self->fd, 0, self->nr_free));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, device_alloc(self->fd, 10, self->nr_free >> 10));
	EXPECT_EQ(ENOMEM, errno);
	info = device_info(self->fd);
	EXPECT_EQ(1, info.file_pages);
	EXPECT_EQ(self->nr_free - 1, info.nr_free);
	EXPECT_TRUE(verify_is_ok());
}

TEST_F(device, blocks_merge_again_after_fragmentation)
{
	uint64_t *handle = calloc(self->nr_free, sizeof(*handle));
	uint64_t i, n = self->nr_free / 8;

	ASSERT_NE(NULL, handle);
	for (i = 0; i < n; i++) {
		handle[i] = device_alloc(self->fd, i % 3, 1);
		ASSERT_NE(0, handle[i]);
	}
	for (i = 0; i < n; i += 2)
		EXPECT_EQ(0, device_free(self->fd, handle[i]));
	for (i = 1; i < n; i += 2)
		EXPECT_EQ(0, device_free(self->fd, handle[i]));
	EXPECT_UNCHANGED();
	EXPECT_NE(0, device_alloc(self->fd, 10, self->nr_free >> 10));
	free(handle);
}

TEST_F(device, file_cannot_exceed_its_limit)
{
	int other = device_open(O_RDWR);
	uint64_t a;

	ASSERT_EQ(0, set_limit(8));
	EXPECT_EQ(8, device_info(self->fd).file_limit);
	EXPECT_EQ(0, device_alloc(self->fd, 0, 9));
	EXPECT_EQ(EDQUOT, errno);
	EXPECT_EQ(0, device_alloc(self->fd, 4, 1));
	EXPECT_EQ(EDQUOT, errno);
	a = device_alloc(self->fd, 2, 2);
	ASSERT_NE(0, a);
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(EDQUOT, errno);
	EXPECT_EQ(8, device_info(self->fd).file_pages);

	/* each file has its own limit */
	EXPECT_NE(0, device_alloc(other, 3, 1));
	close(other);

	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_NE(0, device_alloc(self->fd, 3, 1));
}

TEST_F(device, lowering_the_limit_keeps_the_pages_of_a_file)
{
	uint64_t a = device_alloc(self->fd, 3, 1);
	char *p;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, 8 * self->page);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, set_limit(1));
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(EDQUOT, errno);
	p[7 * self->page] = 1;
	EXPECT_EQ(8, device_info(self->fd).file_pages);
	ASSERT_EQ(0, set_limit(0));
	EXPECT_NE(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(0, munmap(p, 8 * self->page));
}

TEST_F(device, closing_a_file_frees_all_its_pages)
{
	int fd = device_open(O_RDWR);
	unsigned int i;

	for (i = 0; i < 50; i++)
		ASSERT_NE(0, device_alloc(fd, i % 11, 1 + i % 3));
	EXPECT_GT(self->nr_free, device_info(self->fd).nr_free);
	close(fd);
	EXPECT_EQ(self->nr_free, device_info(self->fd).nr_free);
}

/* Allocate, map and write, notify the parent, and wait to be killed. */
static void allocate_and_wait(size_t page, int ready)
{
	int fd = device_open(O_RDWR);
	unsigned int order;

	for (order = 0; order <= 10; order++) {
		uint64_t a = device_alloc(fd, order, 2);
		size_t bytes = 2 * page << order;
		char *p = device_map(fd, a, bytes);

		if (!a || p == MAP_FAILED)
			_exit(1);
		write_pattern(p, bytes, order);
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

TEST_F(device, killed_process_loses_no_pages)
{
	int ready[2], status;
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		allocate_and_wait(self->page, ready[1]);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(self->nr_free - 2 * 2047, device_info(self->fd).nr_free);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(self->nr_free,
		  WAIT_INFO(self->fd, nr_free, self->nr_free));
	EXPECT_EQ(0, device_info(self->fd).nr_held);
}

TEST_F(device, process_killed_while_it_allocates_loses_no_pages)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		pid_t pid = fork();
		int status;

		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = device_open(O_RDWR);

			for (;;)
				device_free(fd, device_alloc(fd, 0, 8192));
		}
		msleep(5 + 13 * i);
		EXPECT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(self->nr_free, device_info(self->fd).nr_free);
	}
}

TEST_HARNESS_MAIN
