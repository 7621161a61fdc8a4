/* SPDX-License-Identifier: GPL-2.0 */
/* The character device /dev/umbra; see chardev.c. */
#ifndef _UMBRA_CHARDEV_H
#define _UMBRA_CHARDEV_H

struct umbra;
struct umbra_chardev;

struct umbra_chardev *umbra_chardev_create(struct umbra *u,
					   const unsigned long *limit);
void umbra_chardev_destroy(struct umbra_chardev *dev);

#endif /* _UMBRA_CHARDEV_H */
