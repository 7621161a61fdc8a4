/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the flags of a request; see gfp.c. */
#ifndef _UMBRA_PARSE_GFP_H
#define _UMBRA_PARSE_GFP_H

#include <linux/types.h>

/* The longest text of flags that is read, in bytes. */
#define UMBRA_GFP_TEXT 512

struct umbra_gfp_name {
	gfp_t flags;
	const char *name;
};

/* Names of several flags come first; the last element has no name. */
extern const struct umbra_gfp_name umbra_gfp_names[];

int umbra_parse_gfp(const char *text, gfp_t *gfp);

#endif /* _UMBRA_PARSE_GFP_H */
