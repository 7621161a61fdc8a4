/* SPDX-License-Identifier: GPL-2.0 */
/* A machine as a report; see live.c. */
#ifndef _UMBRACTL_LIVE_H
#define _UMBRACTL_LIVE_H

#include "log.h"

/**
 * struct live_files - the files of a machine
 * @zoneinfo: path of zoneinfo
 * @buddyinfo: path of buddyinfo
 * @pagetypeinfo: path of pagetypeinfo, or NULL
 */
struct live_files {
	const char *zoneinfo;
	const char *buddyinfo;
	const char *pagetypeinfo;
};

int live_request(struct report *r, const char *text, const char **bad);
int live_read(struct report *r, const struct live_files *files,
	      const char **bad);

#endif /* _UMBRACTL_LIVE_H */
