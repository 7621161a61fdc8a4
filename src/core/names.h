/* SPDX-License-Identifier: GPL-2.0 */
/* Names of zones and of migratetypes. */
#ifndef _UMBRA_NAMES_H
#define _UMBRA_NAMES_H

#include <umbra/umbra.h>

const char *umbra_zone_type_name(enum umbra_zone_type type);
const char *umbra_type_name(enum umbra_migratetype type);

#endif /* _UMBRA_NAMES_H */
