/* SPDX-License-Identifier: GPL-2.0 */
/* Recorded decisions in debugfs; see debugfs_decisions.c. Private to iface/. */
#ifndef _UMBRA_DEBUGFS_DECISIONS_H
#define _UMBRA_DEBUGFS_DECISIONS_H

struct dentry;
struct umbra;

void umbra_debugfs_decisions(struct umbra *u, struct dentry *dir);

#endif /* _UMBRA_DEBUGFS_DECISIONS_H */
