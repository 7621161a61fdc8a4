// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a module with one system call; the insmod of busybox makes a second
 * call after a failure. With -f, the Nth memory allocation of the call fails.
 * With -n, loads and unloads the module COUNT times.
 * usage: load [-f N | -n COUNT] MODULE [PARAMETER...]
 *
 * Exit status: 0 loaded; 1 not loaded, errno on standard error. With -f: 3 an
 * allocation failed and the module is loaded; 4 an allocation failed and the
 * module is not loaded; 77 the kernel has no fault injection. With -n: 0 loaded
 * and unloaded each time.
 */
#define DEVICE_NO_FIXTURE
#include "device.h"
#include <err.h>
#include <sys/syscall.h>

#define FAIL_NTH "/proc/self/fail-nth"
#define NAME "umbra"

static bool inject_end(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    pwrite(fd, "0", 1, 0) != 1)
		err(1, FAIL_NTH);
	/* the rest of N is 0 if the fault was injected */
	return !atoi(text);
}

static long load(int module, const char *parameters)
{
	return syscall(SYS_finit_module, module, parameters, 0);
}

/* Load while the Nth allocation fails. Returns the exit status. */
static int load_with_fault(int module, const char *parameters, const char *nth)
{
	bool injected;
	int fd, error;
	long ret;

	fd = open(FAIL_NTH, O_RDWR);
	if (fd < 0)
		return 77;
	if (write(fd, nth, strlen(nth)) < 0)
		err(1, FAIL_NTH);
	ret = load(module, parameters);
	error = errno;
	injected = inject_end(fd);
	if (ret)
		warnx("%s", strerror(error));
	if (injected)
		return ret ? 4 : 3;
	return ret ? 1 : 0;
}

static bool host_is_busy(void)
{
	return errno == ENOMEM || errno == EBUSY;
}

/* The host may have no free range at a moment, so a failed load is repeated. */
static void load_often(int module, const char *parameters, long count)
{
	long nr, ret = 0;

	for (nr = 1; nr <= count; nr++) {
		WAIT_UNTIL(!(ret = load(module, parameters)) ||
			   !host_is_busy());
		if (ret)
			err(1, "load number %ld", nr);
		if (syscall(SYS_delete_module, NAME, O_NONBLOCK))
			err(1, "unload number %ld", nr);
	}
}

int main(int argc, char **argv)
{
	const char *nth = NULL, *count = NULL;
	char parameters[1024] = "";
	int module;

	if (argc > 2 && !strcmp(argv[1], "-f"))
		nth = argv[2];
	else if (argc > 2 && !strcmp(argv[1], "-n"))
		count = argv[2];
	if (nth || count) {
		argv += 2;
		argc -= 2;
	}
	if (argc < 2)
		errx(1, "usage: load [-f N | -n COUNT] MODULE [PARAMETER...]");
	module = open(argv[1], O_RDONLY);
	if (module < 0)
		err(1, "%s", argv[1]);
	for (argv += 2; *argv; argv++) {
		if (strlen(parameters) + strlen(*argv) + 2 > sizeof(parameters))
			errx(1, "too many parameters");
		strcat(parameters, *argv);
		strcat(parameters, " ");
	}
	if (nth)
		return load_with_fault(module, parameters, nth);
	if (count)
		load_often(module, parameters, atol(count));
	else if (load(module, parameters))
		err(1, "%s", NAME);
	return 0;
}
