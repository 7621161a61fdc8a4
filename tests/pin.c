// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps pages of /dev/umbra in use, prints "ready", waits for a line on
 * standard input, and checks the data of the pages.
 * usage: pin open|map|pipe|ghost
 *
 * open: the file is open. map: the file is closed but mapped. pipe: only a pipe
 * has references to the pages. ghost: keep nothing in use, but check that pages
 * of a ghost instance can be allocated and cannot be mapped.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/umbra.h>

#define NR_PAGES 8

static char byte_of(size_t i)
{
	return 'A' + i * 7 % 53;
}

static void check(const char *p, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		if (p[i] != byte_of(i))
			errx(1, "wrong data at byte %zu", i);
}

static void check_pipe(int fd, size_t bytes)
{
	static char buf[NR_PAGES * 65536];
	size_t n = 0;
	ssize_t got;

	while (n < bytes) {
		got = read(fd, buf + n, bytes - n);
		if (got <= 0)
			err(1, "read from the pipe");
		n += got;
	}
	check(buf, bytes);
}

static bool read_is_sigbus(char *p)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		__atomic_load_n(p, __ATOMIC_RELAXED);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGBUS;
}

int main(int argc, char **argv)
{
	struct umbra_ioc_alloc args = { .count = NR_PAGES };
	size_t bytes = NR_PAGES * sysconf(_SC_PAGESIZE), i;
	const char *how = argc == 2 ? argv[1] : "";
	struct iovec iov;
	int fd, pipe_fds[2];
	char *p;

	fd = open("/dev/umbra", O_RDWR);
	if (fd < 0)
		err(1, "/dev/umbra");
	if (ioctl(fd, UMBRA_IOC_ALLOC, &args))
		err(1, "UMBRA_IOC_ALLOC");
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 args.handle);
	if (!strcmp(how, "ghost"))
		return p == MAP_FAILED || read_is_sigbus(p) ? 0 : 1;
	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < bytes; i++)
		p[i] = byte_of(i);
	if (!strcmp(how, "map")) {
		close(fd);
	} else if (!strcmp(how, "pipe")) {
		iov = (struct iovec) { p, bytes };
		if (pipe(pipe_fds) ||
		    vmsplice(pipe_fds[1], &iov, 1, 0) != (ssize_t)bytes)
			err(1, "vmsplice");
		if (munmap(p, bytes))
			err(1, "munmap");
		close(fd);
	} else if (strcmp(how, "open")) {
		errx(2, "usage: pin open|map|pipe|ghost");
	}
	puts("ready");
	fflush(stdout);
	getchar();
	if (!strcmp(how, "pipe"))
		check_pipe(pipe_fds[0], bytes);
	else
		check(p, bytes);
	puts("intact");
	return 0;
}
