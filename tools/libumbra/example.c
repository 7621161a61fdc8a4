// SPDX-License-Identifier: GPL-2.0
/* A program that uses the library; see Documentation/library.rst. */
#include <stdio.h>
#include <libumbra.h>

static void print_event(void *arg, const char *event, const char *text)
{
	(void)arg;
	printf("%s: %s\n", event, text);
}

int main(void)
{
	struct umbra_sim_parameters parameters;
	struct page *page;
	struct umbra *u;
	gfp_t gfp;

	umbra_sim_parameters_init(&parameters);
	parameters.size = "16M";
	parameters.zones = "DMA:4M,Normal";
	if (umbra_sim_create("example", &parameters, &u) ||
	    umbra_sim_gfp_parse("GFP_KERNEL|__GFP_DMA", &gfp))
		return 1;
	umbra_sim_set_event(print_event, NULL);
	page = umbra_alloc_pages(u, gfp, 3);
	if (!page)
		return 1;
	printf("frame %u\n", umbra_sim_frame(u, page));
	umbra_free_pages(u, page, 3);
	umbra_sim_pass(1000000000);	/* a second for kswapd and kcompactd */
	if (umbra_sim_verify(u, NULL, NULL))
		return 1;
	return umbra_sim_destroy(u) > 0;
}
