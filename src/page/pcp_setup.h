/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes and setup of per-CPU caches; see pcp_setup.c. */
#ifndef _UMBRA_PCP_SETUP_H
#define _UMBRA_PCP_SETUP_H

#include "../core/core.h"

void umbra_pcp_resize(struct umbra *u);
int umbra_pcp_tune(struct umbra *u, int batch, int high);
void umbra_pcp_decay_start(struct umbra *u);
void umbra_pcp_decay_stop(struct umbra *u);
int umbra_pcp_create(struct umbra *u, const struct umbra_layout *layout);
void umbra_pcp_destroy(struct umbra *u);
size_t umbra_pcp_bytes(const struct umbra *u);
int umbra_pcp_register(void);
void umbra_pcp_unregister(void);
bool umbra_pcp_try_drain(struct umbra *u);

#endif /* _UMBRA_PCP_SETUP_H */
