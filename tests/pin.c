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
#define DEVICE_NO_FIXTURE
#include "pins.h"
#include <err.h>

#define NR_PAGES 8
#define SEED 1

int main(int argc, char **argv)
{
	size_t bytes = NR_PAGES * sysconf(_SC_PAGESIZE);
	const char *how = argc == 2 ? argv[1] : "";
	int fd = device_open(O_RDWR), pipe_fds[2];
	bool intact;
	uint64_t a;
	char *p;

	if (fd < 0)
		err(1, DEVICE);
	a = device_alloc(fd, 0, NR_PAGES);
	if (!a)
		err(1, "UMBRA_IOC_ALLOC");
	p = device_map(fd, a, bytes);
	if (!strcmp(how, "ghost"))
		return p == MAP_FAILED || touch(p, false) == -SIGBUS ? 0 : 1;
	if (p == MAP_FAILED)
		err(1, "mmap");
	write_pattern(p, bytes, SEED);
	if (!strcmp(how, "map")) {
		close(fd);
	} else if (!strcmp(how, "pipe")) {
		if (pipe(pipe_fds) ||
		    pin(pipe_fds[1], p, bytes, 0) != (ssize_t)bytes)
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
		intact = drain(pipe_fds[0], bytes, SEED);
	else
		intact = find_damage(p, bytes, SEED) == -1;
	if (!intact)
		errx(1, "wrong data");
	puts("intact");
	return 0;
}
