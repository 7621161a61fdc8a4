/* SPDX-License-Identifier: GPL-2.0 */
/* Explained requests in debugfs; see debugfs_explain.c. Private to iface/. */
#ifndef _UMBRA_DEBUGFS_EXPLAIN_H
#define _UMBRA_DEBUGFS_EXPLAIN_H

struct dentry;
struct umbra;

void umbra_debugfs_explain(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_EXPLAIN_H */
