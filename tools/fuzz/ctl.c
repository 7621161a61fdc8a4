// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the files of ctl/: lines of any kind, with the code of src/iface, on
 * an instance whose pages are partly in use. A line that is refused must leave
 * the settings as they are, and must log one line. The value that a file of a
 * tunable shows must be accepted by the file.
 */
#include <stdarg.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/seq_file.h>
#include "../../src/iface/debugfs_ctl.h"
#include "fuzz.h"

#undef vsnprintf

#define FILES_MOST	32
#define TEXT		8192
#define BLOCKS		64

static struct entry {
	const char *name;
	const struct file_operations *fops;
	struct inode inode;
	bool writable;
} entries[FILES_MOST];
static unsigned int nr_entries;

static unsigned int nr_lines;

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return NULL;
}

struct dentry *debugfs_create_file(const char *name, unsigned int mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops)
{
	fuzz_check(nr_entries < FILES_MOST, "too many files");
	entries[nr_entries++] = (struct entry) {
		name, fops, { data }, mode & 0200
	};
	return NULL;
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	m->count += vsnprintf(m->buf + m->count, m->size - m->count, fmt, args);
	va_end(args);
}

static struct seq_file sequence;

int single_open(struct file *file, int (*show)(struct seq_file *m, void *v),
		void *data)
{
	sequence = (struct seq_file) { .private = data, .show = show };
	file->private_data = &sequence;
	return 0;
}

int single_release(struct inode *inode, struct file *file)
{
	return 0;
}

ssize_t seq_read(struct file *file, char *to, size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;

	m->buf = to;
	m->size = count;
	m->count = 0;
	*to = '\0';
	m->show(m, NULL);
	fuzz_check(m->count < m->size - 1, "the text of a file is cut off");
	return m->count;
}

static void read_file(struct entry *e, char *text)
{
	struct file file = {};
	loff_t pos = 0;

	e->fops->open(&e->inode, &file);
	e->fops->read(&file, text, TEXT, &pos);
	e->fops->release(&e->inode, &file);
}

/* Returns 0 or an error. */
static int write_file(struct entry *e, const char *text, size_t len)
{
	struct file file = {};
	loff_t pos = 0;
	ssize_t n;

	e->fops->open(&e->inode, &file);
	n = e->fops->write(&file, text, len, &pos);
	e->fops->release(&e->inode, &file);
	fuzz_check(n < 0 || n == len, "%zd of %zu bytes are written to %s", n,
		   len, e->name);
	return n < 0 ? n : 0;
}

static struct entry *entry_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_entries; i++)
		if (!strcmp(entries[i].name, name))
			return &entries[i];
	fuzz_fail("there is no file %s", name);
}

static void count_line(void *arg, int level, const char *line)
{
	nr_lines++;
	if (getenv("FUZZ_LOG"))
		fprintf(stderr, "  log: %s\n", line);
}

/* Errors of lines that do not leave everything as it is */
static bool may_act(int err)
{
	return err == -EAGAIN;
}

static void write_line(void)
{
	static char before[TEXT], after[TEXT], line[TEXT];
	struct entry *e = &entries[fuzz_pick(nr_entries)];
	struct entry *settings = entry_of("settings");
	size_t len = fuzz_text(line, 128, '\n');
	int err;

	if (!e->writable) {
		read_file(e, after);
		return;
	}
	read_file(settings, before);
	nr_lines = 0;
	err = write_file(e, line, len);
	if (!err || may_act(err))
		return;
	fuzz_check(err == -EINVAL || err == -ERANGE || err == -ENXIO ||
		   err == -EBUSY, "%s: error %d", e->name, err);
	fuzz_check(nr_lines == 1, "%s: %u lines in the log", e->name, nr_lines);
	read_file(settings, after);
	fuzz_check(!strcmp(before, after), "%s: a refused line changes\n%sto\n%s",
		   e->name, before, after);
}

static const char * const tunables[] = {
	"min_free_kbytes", "watermark_scale_factor", "watermark_boost_factor",
	"lowmem_reserve_ratio", "extfrag_threshold", "compaction_proactiveness",
	"dirty_limit", "percpu_pagelist_high_fraction", "oom_policy", "latency",
	"pcp", "allowed_nodes", "record", "defrag_mode", "interleave_weights",
	"zone_reclaim_mode", "min_unmapped_ratio", "min_slab_ratio",
};

/* A file must accept what it shows, and show the same afterwards. */
static void write_back(void)
{
	static char before[TEXT], after[TEXT];
	struct entry *e = entry_of(tunables[fuzz_pick(ARRAY_SIZE(tunables))]);
	int err;

	read_file(e, before);
	err = write_file(e, before, strlen(before));
	fuzz_check(!err, "%s refuses its own value, %s: error %d", e->name,
		   before, err);
	read_file(e, after);
	fuzz_check(!strcmp(before, after), "%s: %s is shown as %s", e->name,
		   before, after);
}

/* Allocate or free a block, for what the settings do. */
static void use_block(struct umbra *u, struct page **pages)
{
	unsigned int i = fuzz_pick(BLOCKS);

	if (pages[i])
		umbra_free_pages(u, pages[i], i % 5);
	pages[i] = pages[i] ? NULL :
		   umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN, i % 5);
}

static struct umbra *create(void)
{
	struct umbra_sim_parameters p;
	struct umbra *u;

	umbra_sim_parameters_init(&p);
	p.size = "8M";
	p.nodes = 2;
	p.pb_order = 6;
	p.background = false;
	fuzz_check(!umbra_sim_create("fuzz", &p, &u), "no instance");
	return u;
}

void fuzz_one(void)
{
	struct page *pages[BLOCKS];
	struct umbra *u;
	unsigned int i;

	nr_entries = 0;
	umbra_sim_set_log(count_line, NULL);
	u = create();
	umbra_debugfs_ctl(u, NULL);
	for (i = 0; i < BLOCKS; i++)
		pages[i] = umbra_alloc_pages(u, GFP_NOWAIT, i % 5);
	while (fuzz_has_more()) {
		switch (fuzz_pick(4)) {
		case 0:
			write_back();
			break;
		case 1:
			use_block(u, pages);
			break;
		default:
			write_line();
		}
	}
	fuzz_verify(u);
	for (i = 0; i < BLOCKS; i++)
		if (pages[i])
			umbra_free_pages(u, pages[i], i % 5);
	fuzz_verify(u);
	fuzz_check(!umbra_sim_destroy(u), "pages are lost");
}
