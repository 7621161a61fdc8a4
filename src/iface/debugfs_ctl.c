// SPDX-License-Identifier: GPL-2.0
/* ctl/: files that act on an instance, except the tunables. */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/kstrtox.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "../buddy/fragmentation.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/span.h"
#include "../move/lru.h"
#include "../page/pcp.h"
#include "../page/pcp_setup.h"
#include "../parse/text.h"
#include "ctl.h"
#include "debugfs_ctl.h"
#include "debugfs_tune.h"

/* Accepts "all", "cpu N" or "node N". */
static int do_drain(struct umbra *u, char *line)
{
	unsigned int n;
	int err = -EINVAL;

	if (!strcmp(line, "all")) {
		umbra_drain_pages(u);
		err = 0;
	} else if (umbra_parse_word_number(line, "cpu", &n)) {
		err = umbra_drain_cpu(u, n);
	} else if (umbra_parse_word_number(line, "node", &n)) {
		err = umbra_drain_node(u, n);
	}
	return err ? umbra_ctl_refuse(u, "drain", line,
				      "all, \"cpu N\" or \"node N\" that there is",
				      err) : 0;
}

static int set_online(struct umbra *u, char *line, bool online)
{
	const char *file = online ? "online" : "offline";
	unsigned int nid;
	int err = kstrtouint(line, 0, &nid);

	if (!err)
		err = umbra_set_node_online(u, nid, online);
	return err ? umbra_ctl_refuse(u, file, line,
				      "a node that there is, and not the last online",
				      err == -EBUSY || err == -EINTR ? err :
				      -EINVAL) : 0;
}

static int do_online(struct umbra *u, char *line)
{
	return set_online(u, line, true);
}

static int do_offline(struct umbra *u, char *line)
{
	return set_online(u, line, false);
}

static int do_allowed_nodes(struct umbra *u, char *line)
{
	int err = -EINVAL;
	u32 nodes;

	if (!kstrtou32(line, 0, &nodes))
		err = umbra_set_allowed_nodes(u, nodes);
	return err ? umbra_ctl_refuse(u, "allowed_nodes", line,
				      "a mask with a node that there is",
				      err) : 0;
}

/*
 * Accepts "FIRST-LAST", both page frame numbers. @must describes the accepted
 * lines, see umbra_ctl_refuse().
 */
static int do_range(struct umbra *u, const char *file, char *line,
		    const char *must,
		    int (*fn)(struct umbra *u, unsigned long start,
			      unsigned long end))
{
	char text[UMBRA_LINE_SIZE], *rest = text, *word;
	unsigned long first, last;
	int err = -EINVAL;

	strscpy(text, line, sizeof(text));
	word = strsep(&rest, "-");
	if (rest && !kstrtoul(word, 0, &first) && !kstrtoul(rest, 0, &last) &&
	    last + 1 > first)
		err = fn(u, first, last + 1);
	return err ? umbra_ctl_refuse(u, file, line, must, err) : 0;
}

static int do_isolate(struct umbra *u, char *line)
{
	return do_range(u, "isolate", line,
			"FIRST-LAST, page frame numbers of one zone, not isolated already",
			umbra_isolate_range);
}

static int do_unisolate(struct umbra *u, char *line)
{
	return do_range(u, "unisolate", line,
			"FIRST-LAST, page frame numbers of one zone",
			umbra_unisolate_range);
}

/* Accepts "BATCH HIGH", in pages; -1 stands for the host's formula. */
static int do_pcp(struct umbra *u, char *line)
{
	char text[UMBRA_LINE_SIZE], *rest = text, *word;
	int batch, high, err = -EINVAL;

	strscpy(text, line, sizeof(text));
	word = strsep(&rest, " \t");
	if (rest && !kstrtoint(word, 0, &batch) &&
	    !kstrtoint(skip_spaces(rest), 0, &high))
		err = umbra_pcp_tune(u, batch, high);
	return err ? umbra_ctl_refuse(u, "pcp", line,
				      "\"BATCH HIGH\" in pages, from 0 to 65536, or -1 for automatic",
				      err) : 0;
}

/* Accepts "all" or "node N". */
static int do_compact(struct umbra *u, char *line)
{
	unsigned int n;
	int err = -EINVAL;

	if (!strcmp(line, "all"))
		err = umbra_compact(u);
	else if (umbra_parse_word_number(line, "node", &n))
		err = umbra_compact_node(u, n);
	return err == -EINVAL ? umbra_ctl_refuse(u, "compact", line,
						 "all or \"node N\" that there is",
						 err) : err;
}

/* Accepts a number of pages. Returns -EAGAIN if it reclaims fewer pages. */
static int do_reclaim(struct umbra *u, char *line)
{
	unsigned long nr;
	int err = kstrtoul(line, 0, &nr);

	if (err || !nr)
		return umbra_ctl_refuse(u, "reclaim", line,
					"a number of pages, 1 or more",
					err ?: -EINVAL);
	return umbra_reclaim(u, nr) < nr ? -EAGAIN : 0;
}

/* Accepts a number of decisions for each CPU; 0 ends the recording. */
static int do_record(struct umbra *u, char *line)
{
	unsigned int nr;
	int err = kstrtouint(line, 0, &nr);

	if (!err)
		err = umbra_record_set(u, nr);
	if (!err || err == -ENOMEM)
		return err;
	return umbra_ctl_refuse(u, "record", line,
				"a number of decisions for each CPU, from 0 to 65536",
				err);
}

static int record_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", umbra_record_size(m->private));
	return 0;
}

static int drain_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	struct umbra_zone *zone;
	unsigned long pages = 0;

	for_each_umbra_zone(u, zone)
		pages += umbra_pcp_count(zone, -1);
	seq_printf(m, "%lu pages in caches\n", pages);
	return 0;
}

static int nodes_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;

	seq_printf(m, "%#x\n", READ_ONCE(u->online_nodes));
	return 0;
}

static int allowed_nodes_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;

	seq_printf(m, "%#x\n", READ_ONCE(u->allowed_nodes));
	return 0;
}

/* Print isolated pageblocks as pfn ranges; a range is in one zone. */
static int isolated_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	u32 pageblock = 1U << u->pb_order, first, last;
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone) {
		for (first = zone->start; first < zone->end; first = last) {
			unsigned long pfn = umbra_index_to_pfn(u, first);

			last = first + pageblock;
			if (umbra_frame_type(u, first) != UMBRA_ISOLATE)
				continue;
			while (last < zone->end &&
			       umbra_frame_type(u, last) == UMBRA_ISOLATE &&
			       umbra_index_to_pfn(u, last) - pfn ==
			       last - first)
				last += pageblock;
			seq_printf(m, "0x%lx-0x%lx\n", pfn,
				   pfn + (last - first) - 1);
		}
	}
	return 0;
}

static int pcp_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;

	seq_printf(m, "%d %d\n", READ_ONCE(u->pcp_batch),
		   READ_ONCE(u->pcp_high));
	return 0;
}

/* Print the free memory in blocks of at least a pageblock, in pageblocks. */
static int compact_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned long nr_free[UMBRA_NR_ORDERS], pageblocks = 0;
	struct umbra_zone *zone;
	unsigned int order;

	for_each_umbra_zone(u, zone) {
		umbra_snapshot_buddyinfo(zone, nr_free);
		for (order = u->pb_order; order < UMBRA_NR_ORDERS; order++)
			pageblocks += nr_free[order] << (order - u->pb_order);
	}
	seq_printf(m, "%lu free pageblocks\n", pageblocks);
	return 0;
}

static int reclaim_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned long pages = 0;
	struct umbra_zone *zone;

	for_each_umbra_zone(u, zone)
		pages += umbra_zone_reclaimable(zone);
	seq_printf(m, "%lu pages could be reclaimed\n", pages);
	return 0;
}

DEFINE_CTL(drain, drain_show);
DEFINE_CTL(online, nodes_show);
DEFINE_CTL(offline, nodes_show);
DEFINE_CTL(allowed_nodes, allowed_nodes_show);
DEFINE_CTL(isolate, isolated_show);
DEFINE_CTL(unisolate, isolated_show);
DEFINE_CTL(pcp, pcp_show);
DEFINE_CTL(compact, compact_show);
DEFINE_CTL(reclaim, reclaim_show);
DEFINE_CTL(record, record_show);

/*
 * The files with one line, which settings has; offline has that of online. Both
 * tables end with NULL.
 */
static const struct umbra_ctl_file * const lines[] = {
	&drain_file, &online_file, &allowed_nodes_file, &pcp_file,
	&compact_file, &reclaim_file, &record_file, NULL
};

static const struct umbra_ctl_file * const others[] = {
	&offline_file, &isolate_file, &unisolate_file, NULL
};

static void show_lines(struct seq_file *m,
		       const struct umbra_ctl_file * const *file)
{
	for (; *file; file++) {
		seq_printf(m, "%s: ", (*file)->name);
		(*file)->show(m, NULL);
	}
}

/*
 * A host that is locked down refuses to open a file of debugfs that can be
 * written, for reads too, so the lines of ctl/ are also here.
 */
static int settings_show(struct seq_file *m, void *v)
{
	show_lines(m, lines);
	show_lines(m, umbra_tune_files);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(settings);
DEFINE_SHOW_ATTRIBUTE(isolated);

/**
 * umbra_debugfs_ctl() - create ctl/ and its files, settings, and isolated
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_ctl(struct umbra *u, struct dentry *dir)
{
	struct dentry *ctl = debugfs_create_dir("ctl", dir);

	umbra_ctl_create(u, ctl, lines);
	umbra_ctl_create(u, ctl, others);
	debugfs_create_file("settings", 0400, dir, u, &settings_fops);
	debugfs_create_file("isolated", 0400, dir, u, &isolated_fops);
	umbra_debugfs_tune(u, dir, ctl);
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
	fault_create_debugfs_attr("fail_umbra_alloc", dir, &u->fail_alloc);
#endif
}
