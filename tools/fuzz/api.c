// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the API: a layout, then operations of its owner, drawn from the
 * input. The judges are the checker, the table of what the owner has (api.h), the
 * simulated machine, and the end: when all is free, every page is on the lists.
 */
#include <linux/gfp.h>
#include "api.h"

#define CHECK_EVERY	16
#define SHARES		256

struct api api;

static void do_tune(void)
{
	static const char * const names[] = {
		"min_free_kbytes", "watermark_scale_factor",
		"watermark_boost_factor", "extfrag_threshold",
		"compaction_proactiveness", "dirty_limit", "oom_policy",
		"percpu_pagelist_high_fraction", "defrag_mode",
		"zone_reclaim_mode", "min_unmapped_ratio", "min_slab_ratio",
	};
	const char *name = names[fuzz_pick(ARRAY_SIZE(names))];
	long value = (long)fuzz_pick(fuzz_pick(2) ? 256 : 65536) - 1;
	int err;

	if (!fuzz_pick(8))
		value *= 1L << fuzz_pick(46);
	else if (!strcmp(name, "oom_policy") || !strcmp(name, "defrag_mode"))
		value &= 1;
	else if (!strcmp(name, "zone_reclaim_mode"))
		value &= 7;
	err = umbra_sim_tune(api.u, name, value);
	fuzz_check(!err || err == -ERANGE || err == -EINTR,
		   "%s=%ld ends with %d", name, value, err);
	if (!err && !strcmp(name, "oom_policy"))
		api.kills = value;
}

static void do_drain(void)
{
	unsigned int n = fuzz_pick(8);
	int err = 0;

	switch (fuzz_pick(3)) {
	case 0:
		umbra_drain_pages(api.u);
		break;
	case 1:
		err = umbra_drain_node(api.u, n);
		fuzz_check(!err || n >= api.nr_nodes || err == -EINTR,
			   "drain of node %u: %d", n, err);
		break;
	default:
		err = umbra_drain_cpu(api.u, n);
		fuzz_check(!err || n >= FUZZ_CPUS || err == -EINTR,
			   "drain of CPU %u: %d", n, err);
	}
}

static void do_nodes(void)
{
	unsigned int nid = fuzz_pick(api.nr_nodes + 1);

	if (fuzz_pick(2))
		umbra_set_node_online(api.u, nid, fuzz_pick(3));
	else
		umbra_set_allowed_nodes(api.u, fuzz_pick(2) ? fuzz_pick(32) :
					UMBRA_ALL_NODES);
}

static void do_compact(void)
{
	if (fuzz_pick(2))
		umbra_compact(api.u);
	else
		umbra_compact_node(api.u, fuzz_pick(api.nr_nodes + 1));
}

static void do_reclaim(void)
{
	umbra_reclaim(api.u, fuzz_pick(256));
}

static void do_cpu(void)
{
	umbra_sim_set_cpu(fuzz_pick(FUZZ_CPUS));
}

static void do_pass(void)
{
	umbra_sim_pass((u64)(1 + fuzz_pick(256)) << fuzz_pick(24));
}

static void do_task(void)
{
	u32 flags = fuzz_pick(2) ? fuzz_pick(32) : 0;

	api.has_no_fs = flags & (UMBRA_SIM_NOFS | UMBRA_SIM_NOIO);
	umbra_sim_set_task("fuzz", flags);
	if (!fuzz_pick(8))
		umbra_sim_kill();
	else
		umbra_sim_revive();
}

static void do_failures(void)
{
	if (fuzz_pick(2))
		umbra_sim_fail_requests(api.u, fuzz_pick(101), fuzz_pick(8));
	else
		umbra_sim_fail_host(fuzz_pick(8));
}

static void do_info(void)
{
	struct umbra_info info;

	umbra_get_info(api.u, &info);
	fuzz_check(info.nr_nodes == api.nr_nodes &&
		   info.pb_order == api.layout.pb_order &&
		   info.has_memory == api.layout.has_memory &&
		   info.nr_pages <= api.nr_pages &&
		   info.nr_free + info.nr_held <= info.nr_pages,
		   "the numbers of the instance");
	fuzz_check(umbra_pressure_wait(api.u), "no queue for pressure");
	umbra_pressure_events(api.u);
	if (!fuzz_pick(16))
		umbra_report_shortage(api.u, api_pick_gfp(), fuzz_pick(11));
}

static void do_verify(void)
{
	api_inject(false);
	fuzz_verify(api.u);
	api_inject(true);
}

static const struct {
	unsigned int share;	/* of SHARES */
	void (*fn)(void);
} operations[] = {
	{ 44, api_alloc }, { 34, api_free }, { 16, api_alloc_form },
	{ 12, api_bulk }, { 8, api_misuse }, { 8, api_split },
	{ 4, api_expose }, { 12, api_pin }, { 8, api_query },
	{ 10, api_range }, { 20, api_register }, { 6, api_unregister },
	{ 6, api_lru }, { 6, api_caches }, { 6, api_account },
	{ 3, api_fail }, { 4, api_interrupts }, { 8, do_tune },
	{ 6, do_drain }, { 4, do_nodes }, { 6, do_compact },
	{ 4, do_reclaim }, { 4, do_cpu }, { 6, do_pass }, { 4, do_task },
	{ 3, do_failures }, { 2, do_info }, { 2, do_verify },
};

static void operate(void)
{
	unsigned int dice = fuzz_pick(SHARES), i;

	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		if (dice < operations[i].share) {
			operations[i].fn();
			return;
		}
		dice -= operations[i].share;
	}
}

/* An operation beyond the shares would never be done. */
static void check_shares(void)
{
	unsigned int sum = 0, i;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		sum += operations[i].share;
	fuzz_check(sum == SHARES, "the shares are %u, not %u", sum, SHARES);
}

static void free_all(void)
{
	unsigned int i;

	for (i = 0; i < API_BLOCKS; i++)
		if (api.blocks[i].page)
			api_give_back(&api.blocks[i]);
	api_free_injected();
	while (api.nr_pinned)
		api_unpin(0);
	for (i = 0; i < API_ACCOUNTS; i++)
		umbra_movable_retire(api.u, &api.owners[i]);
}

static void wind_up(void)
{
	api_inject(false);
	umbra_sim_fail_host(0);
	umbra_sim_fail_requests(api.u, 0, 0);
	umbra_sim_set_task("fuzz", 0);
	umbra_sim_revive();
	if (api.has_shrinker)
		umbra_unregister_shrinker(api.u, &api.shrinker);
	if (api.has_notifier)
		umbra_unregister_oom_notifier(api.u, &api.notifier);
	free_all();
	api_destroy();
}

void fuzz_one(void)
{
	unsigned int nr;

	check_shares();
	if (!api_create())
		return;
	api_owners_create();
	for (nr = 1; fuzz_has_more(); nr++) {
		operate();
		if (nr % CHECK_EVERY == 0)
			do_verify();
	}
	wind_up();
}
