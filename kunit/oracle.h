/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The caches of the host, and a zone of the host that only the oracle uses; see
 * oracle_caches.c and oracle_quiet.c.
 */
#ifndef _UMBRA_ORACLE_H
#define _UMBRA_ORACLE_H

struct umbra_zone;
struct zone;

void oracle_caches_load(struct zone *host, struct umbra_zone *ours);
int oracle_caches_differ(struct zone *host, struct umbra_zone *ours);
int oracle_quiet_begin(int nid, unsigned int zone);
unsigned long oracle_quiet_end(void);

#endif /* _UMBRA_ORACLE_H */
