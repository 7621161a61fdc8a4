/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports of failed allocations in a kernel log, as people paste it. A number
 * that a report does not have is UNKNOWN. These files use nothing of libumbra.
 */
#ifndef _UMBRACTL_LOG_H
#define _UMBRACTL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define UNKNOWN		(-1LL)
#define LOG_ORDERS	16	/* arm64 with 64K pages has 14 */
#define LOG_RESERVES	6	/* zone types that a kernel can have */
#define LOG_NODES	32
#define LOG_ZONES	(LOG_NODES * LOG_RESERVES)
#define LOG_CALLS	32
#define LOG_NAME	64
#define LOG_REPORTS	1000	/* those after them are not read */

enum report_kind {
	REPORT_PAGES,		/* an allocation of pages failed */
	REPORT_STALL,		/* an allocation of pages takes long */
	REPORT_OOM,		/* the OOM killer, for want of memory */
	REPORT_MEMCG,		/* the OOM killer, for the limit of a cgroup */
	REPORT_VMALLOC,
	REPORT_SLAB,
	REPORT_CMA,
	REPORT_ORDER,		/* an order above the limit of the kernel */
	REPORT_HEADLESS,	/* memory information alone */
};

enum oom_constraint {
	CONSTRAINT_UNKNOWN,
	CONSTRAINT_NONE,
	CONSTRAINT_CPUSET,
	CONSTRAINT_POLICY,
};

/* The zone types of kernels, the lowest first */
enum log_zone_type {
	LOG_DMA,
	LOG_DMA32,
	LOG_NORMAL,
	LOG_HIGHMEM,
	LOG_MOVABLE,
	LOG_DEVICE,
	LOG_ZONE_TYPES
};

/* The values of a zone, in kB */
enum log_value {
	LOG_FREE,
	LOG_BOOST,
	LOG_MIN,
	LOG_LOW,
	LOG_HIGH,
	LOG_RESERVED_HIGHATOMIC,
	LOG_FREE_HIGHATOMIC,
	LOG_FREE_CMA,
	LOG_PRESENT,
	LOG_MANAGED,
	LOG_VALUES
};

/* The migratetypes that letters of a line of blocks name */
#define LOG_TYPE_UNMOVABLE	0x01	/* U */
#define LOG_TYPE_RECLAIMABLE	0x02	/* E */
#define LOG_TYPE_MOVABLE	0x04	/* M */
#define LOG_TYPE_RESERVE	0x08	/* R, before 4.4 */
#define LOG_TYPE_HIGHATOMIC	0x10	/* H */
#define LOG_TYPE_CMA		0x20	/* C */
#define LOG_TYPE_ISOLATE	0x40	/* I */

/**
 * struct log_zone - a zone of a report
 * @nid: node of the zone
 * @type: type of the zone
 * @value: values in kB, or UNKNOWN
 * @nr_reserves: number of elements of @reserve; 0 if unknown
 * @reserve: lowmem_reserve[], in pages, by the zone types of that kernel
 * @nr_orders: number of elements of @blocks; 0 if unknown
 * @blocks: number of free blocks by order
 * @types: letters of each order as LOG_TYPE_* bits; 0 if there are none
 * @complete: whether the line of blocks has its end
 */
struct log_zone {
	unsigned int nid;
	enum log_zone_type type;
	long long value[LOG_VALUES];
	unsigned int nr_reserves;
	long long reserve[LOG_RESERVES];
	unsigned int nr_orders;
	long long blocks[LOG_ORDERS];
	unsigned char types[LOG_ORDERS];
	bool complete;
};

/* The values of a machine, in pages */
enum log_total {
	TOTAL_ACTIVE_ANON,
	TOTAL_INACTIVE_ANON,
	TOTAL_ACTIVE_FILE,
	TOTAL_INACTIVE_FILE,
	TOTAL_SLAB_UNRECLAIMABLE,
	TOTAL_SHMEM,
	LOG_TOTALS
};

struct log_call {
	char function[LOG_NAME];
	char module[LOG_NAME];	/* empty for the kernel itself */
};

/**
 * struct report - one report of a log
 * @kind: kind of the report
 * @first_line: line of the log in which the report begins, from 1
 * @last_line: last line of the log that belongs to it
 * @comm: name of the task, or empty
 * @order: order of the request, or UNKNOWN
 * @mode: gfp flags as a number, or UNKNOWN
 * @mode_names: names of the gfp flags, or empty
 * @has_nodemask: whether a list of nodes limits the request; @nodemask is valid
 * @has_mems: whether a cpuset is known; @mems is valid
 * @nodemask: a bit for each node of the list
 * @mems: a bit for each node of the cpuset
 * @constraint: limit of an OOM kill to some nodes
 * @version: major << 16 | minor << 8 | patch of the kernel; 0 if unknown
 * @release: the version as printed, or empty
 * @size: bytes of a vmalloc request, pages of one to CMA, or UNKNOWN
 * @page_kb: size of a page in kB, or UNKNOWN
 * @swap_kb: size of the swap in kB, or UNKNOWN
 * @total: values of the machine in pages, or UNKNOWN
 * @nr_calls: number of elements of @calls
 * @calls: functions of the stack, the innermost first
 * @nr_zones: number of elements of @zones
 * @zones: zones in the order of the report
 * @too_many_zones: whether the report has more zones than there is room for
 */
struct report {
	enum report_kind kind;
	unsigned int first_line;
	unsigned int last_line;
	char comm[LOG_NAME];
	long long order;
	long long mode;
	char mode_names[512];
	bool has_nodemask;
	bool has_mems;
	unsigned int nodemask;
	unsigned int mems;
	enum oom_constraint constraint;
	unsigned int version;
	char release[LOG_NAME];
	long long size;
	long long page_kb;
	long long swap_kb;
	long long total[LOG_TOTALS];
	unsigned int nr_calls;
	struct log_call calls[LOG_CALLS];
	unsigned int nr_zones;
	struct log_zone zones[LOG_ZONES];
	bool too_many_zones;
};

/**
 * struct log - the reports of a log, in their order
 * @nr: number of elements of @reports
 * @has_more: whether the log has more than LOG_REPORTS of them
 * @reports: the reports
 */
struct log {
	unsigned int nr;
	bool has_more;
	struct report **reports;
};

#define KERNEL(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))

int log_parse(const char *text, size_t size, struct log *log);
void log_free(struct log *log);

#endif /* _UMBRACTL_LOG_H */
