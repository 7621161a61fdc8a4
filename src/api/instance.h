/* SPDX-License-Identifier: GPL-2.0 */
/* Creation and destruction of an instance; see instance.c. */
#ifndef _UMBRA_INSTANCE_H
#define _UMBRA_INSTANCE_H

struct page;
struct umbra;
struct umbra_layout;
struct umbra_span;

void umbra_background_stop(struct umbra *u);
struct umbra *umbra_instance_create(const char *name,
				    const struct umbra_layout *layout,
				    const struct umbra_span *spans,
				    unsigned int nr_spans);
unsigned long umbra_instance_stop(struct umbra *u);
bool umbra_frame_releasable(struct umbra *u, struct page *page);
void umbra_instance_free(struct umbra *u);
unsigned long umbra_instance_destroy(struct umbra *u,
				     void (*lost)(void *arg, struct page *page),
				     void *arg);

#endif /* _UMBRA_INSTANCE_H */
