/* SPDX-License-Identifier: GPL-2.0 */
/* A zone of the host that only the oracle uses; see oracle_quiet.c. */
#ifndef _UMBRA_ORACLE_H
#define _UMBRA_ORACLE_H

int oracle_quiet_begin(int nid, unsigned int zone);
unsigned long oracle_quiet_end(void);

#endif /* _UMBRA_ORACLE_H */
