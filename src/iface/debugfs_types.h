/* SPDX-License-Identifier: GPL-2.0 */
/* pagetypeinfo of an instance; see debugfs_types.c. */
#ifndef _UMBRA_DEBUGFS_TYPES_H
#define _UMBRA_DEBUGFS_TYPES_H

struct dentry;
struct umbra;

void umbra_debugfs_types(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_TYPES_H */
