// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a module with one system call, where busybox insmod tries a second
 * one after a failure; with -f, with the Nth memory allocation made for it
 * failing.
 * usage: load [-f N] MODULE [PARAMETER...]
 *
 * Exit status: 0 loaded; 1 not loaded, errno on standard error. With -f:
 * 3 loaded although an allocation failed; 4 not loaded and one failed; 77 no
 * fault injection here.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAIL_NTH "/proc/self/fail-nth"

static bool inject_end(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    pwrite(fd, "0", 1, 0) != 1)
		err(1, FAIL_NTH);
	/* what is left of N */
	return !atoi(text);
}

int main(int argc, char **argv)
{
	char parameters[512] = "";
	const char *nth = NULL;
	bool injected = false;
	int module, fd, error;
	long ret;

	if (argc > 2 && !strcmp(argv[1], "-f")) {
		nth = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 2)
		errx(1, "usage: load [-f N] MODULE [PARAMETER...]");
	module = open(argv[1], O_RDONLY);
	if (module < 0)
		err(1, "%s", argv[1]);
	for (argv += 2; *argv; argv++) {
		strncat(parameters, *argv, 250);
		strcat(parameters, " ");
	}
	if (nth) {
		fd = open(FAIL_NTH, O_RDWR);
		if (fd < 0)
			return 77;
		if (write(fd, nth, strlen(nth)) < 0)
			err(1, FAIL_NTH);
	}
	ret = syscall(SYS_finit_module, module, parameters, 0);
	error = errno;
	if (nth)
		injected = inject_end(fd);
	if (ret)
		warnx("%s", strerror(error));
	if (injected)
		return ret ? 4 : 3;
	return ret ? 1 : 0;
}
