/* SPDX-License-Identifier: GPL-2.0 */
/* The state of a zone of the host; see import.c. */
#ifndef _UMBRA_IMPORT_H
#define _UMBRA_IMPORT_H

struct umbra_zone_state;

struct umbra_zone_state *umbra_import_zone(int nid, unsigned int zone);

#endif /* _UMBRA_IMPORT_H */
