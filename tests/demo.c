// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates one block of every order through /dev/umbra, and maps, writes and
 * checks each block. Then runs a command, and frees the blocks.
 * usage: demo COMMAND [ARGUMENT...]
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/umbra.h>

#define MAX_ORDERS 16

static uint64_t pattern(unsigned int order, size_t i)
{
	return 0x9e3779b97f4a7c15ull * (i + 1) + order;
}

static void write_and_check(uint64_t *p, size_t bytes, unsigned int order)
{
	size_t i, n = bytes / sizeof(*p);

	for (i = 0; i < n; i++)
		if (p[i])
			errx(1, "order %u: not zeroed at byte %zu", order,
			     i * sizeof(*p));
	for (i = 0; i < n; i++)
		p[i] = pattern(order, i);
	for (i = 0; i < n; i++)
		if (p[i] != pattern(order, i))
			errx(1, "order %u: wrong data at byte %zu", order,
			     i * sizeof(*p));
}

static uint64_t allocate(int fd, unsigned int order, size_t page_size)
{
	struct umbra_ioc_alloc args = { .order = order, .count = 1 };
	size_t bytes = page_size << order;
	void *p;

	if (ioctl(fd, UMBRA_IOC_ALLOC, &args))
		err(1, "UMBRA_IOC_ALLOC order %u", order);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 args.handle);
	if (p == MAP_FAILED)
		err(1, "mmap order %u", order);
	write_and_check(p, bytes, order);
	printf("order %2u: %5zu KiB, offset 0x%llx: zeroed, written, read back\n",
	       order, bytes >> 10, (unsigned long long)args.handle);
	if (munmap(p, bytes))
		err(1, "munmap");
	return args.handle;
}

static int run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	struct umbra_ioc_info info = { 0 };
	uint64_t handles[MAX_ORDERS];
	unsigned int order;
	int fd, status;

	if (argc < 2)
		errx(2, "usage: demo COMMAND [ARGUMENT...]");
	fd = open("/dev/umbra", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/umbra");
	if (ioctl(fd, UMBRA_IOC_GET_INFO, &info))
		err(1, "UMBRA_IOC_GET_INFO");
	if (info.max_order >= MAX_ORDERS)
		errx(1, "unexpected largest order %u", info.max_order);

	for (order = 0; order <= info.max_order; order++)
		handles[order] = allocate(fd, order, info.page_size);
	fflush(stdout);
	status = run(argv + 1);
	for (order = 0; order <= info.max_order; order++) {
		struct umbra_ioc_free args = { .handle = handles[order] };

		if (ioctl(fd, UMBRA_IOC_FREE, &args))
			err(1, "UMBRA_IOC_FREE");
	}
	close(fd);
	return status;
}
