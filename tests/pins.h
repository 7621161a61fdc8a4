/* SPDX-License-Identifier: GPL-2.0 */
/* References to pages of /dev/umbra that a pipe has. */
#ifndef PINS_H
#define PINS_H

#include "device.h"

/* Put references to mapped memory into a pipe. */
static inline ssize_t pin(int pipe_fd, void *p, size_t bytes, unsigned int flags)
{
	struct iovec iov = { p, bytes };

	return vmsplice(pipe_fd, &iov, 1, flags);
}

/*
 * Allocate one block, write it with the pattern of @seed, pin it in a pipe,
 * unmap it, and free it. Returns true on success.
 */
static inline bool leave_pinned(int fd, int pipe_fd, unsigned int order,
				uint64_t seed)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE) << order;
	uint64_t a = device_alloc(fd, order, 1);
	void *p;

	if (!a)
		return false;
	p = device_map(fd, a, bytes);
	if (p == MAP_FAILED)
		return false;
	write_pattern(p, bytes, seed);
	return pin(pipe_fd, p, bytes, 0) == (ssize_t)bytes &&
	       !munmap(p, bytes) && !device_free(fd, a);
}

/*
 * Read @bytes from a pipe. Returns true if they are as write_pattern() wrote.
 */
static inline bool drain(int pipe_fd, size_t bytes, uint64_t seed)
{
	char *buf = malloc(bytes);
	size_t n = 0;
	ssize_t got;
	bool same;

	while (n < bytes && (got = read(pipe_fd, buf + n, bytes - n)) > 0)
		n += got;
	same = n == bytes && find_damage(buf, bytes, seed) == -1;
	free(buf);
	return same;
}

#endif /* PINS_H */
