/* SPDX-License-Identifier: GPL-2.0 */
/* The file page_owner; see debugfs_owner.c. */
#ifndef _UMBRA_DEBUGFS_OWNER_H
#define _UMBRA_DEBUGFS_OWNER_H

struct dentry;
struct umbra;

void umbra_debugfs_owner(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_OWNER_H */
