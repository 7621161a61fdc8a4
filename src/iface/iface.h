/* SPDX-License-Identifier: GPL-2.0 */
/* What the interfaces offer to whoever wires them up. */
#ifndef _UMBRA_IFACE_H
#define _UMBRA_IFACE_H

struct dentry;
struct umbra;
struct umbra_chardev;

struct umbra_chardev *umbra_chardev_create(struct umbra *u,
					   const unsigned long *limit);
void umbra_chardev_destroy(struct umbra_chardev *dev);

void umbra_debugfs_create(struct umbra *u, struct dentry *root);

#endif /* _UMBRA_IFACE_H */
