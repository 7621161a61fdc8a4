// SPDX-License-Identifier: GPL-2.0
/*
 * Access to mapped memory by other means than the mapping: from other
 * processes, by system calls, and by core dumps.
 */
#include "device.h"
#include <sys/resource.h>
#include <sys/uio.h>

#define SEED 42

TEST_F(device, process_vm_calls_read_and_write_a_mapping)
{
	size_t bytes = 4 * self->page;
	char *p, *buf = malloc(bytes);
	uint64_t a = alloc_map(self->fd, 2, &p);
	struct iovec local = { buf, bytes }, remote = { p, bytes };
	int status;
	pid_t pid;

	ASSERT_NE(0, a);
	write_pattern(p, 2 * self->page, SEED);
	pid = fork();
	ASSERT_LE(0, pid);
	while (!pid)
		pause();
	EXPECT_EQ(bytes, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ(-1, find_damage(buf, 2 * self->page, SEED));
	EXPECT_TRUE(is_zero(buf + 2 * self->page, 2 * self->page));
	write_pattern(buf, bytes, SEED + 1);
	EXPECT_EQ(bytes, process_vm_writev(pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ(-1, find_damage(p, bytes, SEED + 1));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	free(buf);
}

TEST_F(device, system_calls_read_into_and_write_from_a_mapping)
{
	size_t bytes = 4 * self->page;
	char *p;
	uint64_t a = alloc_map(self->fd, 2, &p);
	FILE *file = tmpfile();

	ASSERT_NE(0, a);
	ASSERT_NE(NULL, file);
	write_pattern(p, bytes, SEED);
	EXPECT_EQ(bytes, pwrite(fileno(file), p, bytes, 0));
	memset(p, 0, bytes);
	EXPECT_EQ(bytes, pread(fileno(file), p, bytes, 0));
	EXPECT_EQ(-1, find_damage(p, bytes, SEED));
	fclose(file);
}

/* /proc/PID/mem uses get_user_pages() with FOLL_FORCE, like ptrace. */
TEST_F(device, proc_mem_reads_and_writes_a_mapping)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 0, &p), word = 7;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_NE(0, a);
	ASSERT_LE(0, fd);
	EXPECT_EQ(8, pwrite(fd, &word, 8, (uintptr_t)p + 64));
	EXPECT_EQ(7, *(uint64_t *)(p + 64));
	*(uint64_t *)p = 9;
	EXPECT_EQ(8, pread(fd, &word, 8, (uintptr_t)p));
	EXPECT_EQ(9, word);
	close(fd);
}

struct dump {
	char *p;
	size_t bytes;
};

static int crash(void *arg)
{
	struct dump *d = arg;

	memset(d->p, 'u', d->bytes);
	if (chdir("/tmp"))
		return 1;
	abort();
}

/* Returns the length of the longest run of a byte. */
static size_t longest_run(const char *p, size_t bytes, char c)
{
	size_t i, run = 0, longest = 0;

	for (i = 0; i < bytes; i++) {
		run = p[i] == c ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

TEST_F(device, core_dump_leaves_out_mapped_memory)
{
	char *p, *core;
	uint64_t a = alloc_map(self->fd, 5, &p);
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct dump d = { p, self->page << 5 };
	size_t bytes = 0;

	ASSERT_NE(0, a);
	if (write_file("/proc/sys/kernel/core_pattern", "/tmp/core") ||
	    setrlimit(RLIMIT_CORE, &unlimited))
		SKIP(return, "core dumps cannot be enabled");
	EXPECT_EQ(-SIGABRT, in_child(crash, &d));
	core = read_file("/tmp/core", &bytes);
	if (!core)
		core = read_file("/tmp/core.1", &bytes);
	unlink("/tmp/core");
	if (!core)
		SKIP(return, "this kernel writes no core dumps");
	EXPECT_LT(4096, bytes);
	EXPECT_GT(self->page / 2, longest_run(core, bytes, 'u'));
	free(core);
}

TEST_HARNESS_MAIN
