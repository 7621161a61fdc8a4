/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocator of umbra in user space.
 *
 * libumbra.a has the sources of the module as they are: an instance over ghost
 * descriptors or over memory, with every function of umbra.h, in a kernel that is
 * simulated. One thread runs all of it. A program compiles with
 * -Itools/libumbra, -Itools/libumbra/include and -Iinclude, and links libumbra.a.
 *
 * The simulated machine has virtual CPUs, tasks and a virtual clock. The program
 * is a task. kswapd of an instance with background work is another task;
 * kcompactd, drains and rechecks of held pages are work items. They run while the
 * program sleeps: in umbra_sim_pass(), or when a call waits. A run is the same
 * every time: nothing depends on addresses, time or the machine.
 *
 * The machine also judges. It ends the program with a message if code takes a
 * lock twice, releases a lock of another task, sleeps with preemption or
 * interrupts off, calls a function without the lock that it needs, or if every
 * task sleeps and no timer will wake one.
 *
 * The library cannot show: two CPUs at the same time, so neither races nor the
 * order of memory accesses (other tasks run where a task sleeps, other contexts
 * where umbra_sim_set_interrupt() has them); the descriptors of a host, its flags
 * and types of pages, and what a host does with pages; debugfs and /dev/umbra;
 * how long anything takes.
 */
#ifndef _LIBUMBRA_H
#define _LIBUMBRA_H

#include <stdbool.h>
#include <stddef.h>
#include <umbra/umbra.h>

/**
 * struct umbra_sim_parameters - the parameters of an instance, as text
 * @size: size, in bytes or with a suffix K, M or G
 * @memory: whether there is memory behind the pages; at most 128M in all
 * @nodes: number of equal nodes
 * @zones: zones as NAME:SIZE,..., or NULL for the default
 * @distance: rows of the distance table, or NULL
 * @cpu_node: node of each CPU, or NULL
 * @pb_order: order of a pageblock
 * @policy: name of the policy
 * @debug: names of debugging options, or NULL
 * @min_free_kbytes: reserve in KiB, or -1
 * @pcp_batch: number of pages that move to or from a cache, or -1
 * @pcp_high: number of pages that a cache may keep, or -1
 * @background: whether kswapd and kcompactd run
 *
 * Text and numbers mean what the parameters of the module with the same name
 * mean. umbra_sim_parameters_init() fills in their defaults.
 */
struct umbra_sim_parameters {
	const char *size;
	bool memory;
	unsigned int nodes;
	const char *zones;
	const char *distance;
	const char *cpu_node;
	unsigned int pb_order;
	const char *policy;
	const char *debug;
	int min_free_kbytes;
	int pcp_batch;
	int pcp_high;
	bool background;
};

/* Instances */
void umbra_sim_parameters_init(struct umbra_sim_parameters *p);
int umbra_sim_create(const char *name, const struct umbra_sim_parameters *p,
		     struct umbra **instance);
int umbra_sim_create_layout(const char *name, const struct umbra_layout *layout,
			    unsigned long nr_pages, struct umbra **instance);
unsigned long umbra_sim_destroy(struct umbra *u);

/* Tunables by the name of their file in ctl/ */
int umbra_sim_tune(struct umbra *u, const char *name, long value);

/* Pages by their frame, and the other way round */
struct page *umbra_sim_page(const struct umbra *u, unsigned int frame);
unsigned int umbra_sim_frame(const struct umbra *u, const struct page *page);
void umbra_sim_page_get(struct page *page);
void umbra_sim_page_put(struct page *page);

/**
 * struct umbra_sim_zone - the state of a zone
 * @name: name of the zone
 * @nid: node of the zone
 * @start: first frame
 * @end: first frame after the zone
 * @nr_managed: number of pages that are not offline
 * @nr_free: number of pages on the free lists
 * @nr_held: number of pages that were freed and are still referenced
 * @nr_cached: number of pages in the caches of CPUs
 * @min: minimum watermark, in pages
 * @low: low watermark
 * @high: high watermark
 * @boost: boost of the watermarks
 * @blocks: number of free blocks by order and migratetype
 */
struct umbra_sim_zone {
	const char *name;
	unsigned int nid;
	unsigned int start;
	unsigned int end;
	unsigned long nr_managed;
	unsigned long nr_free;
	unsigned long nr_held;
	unsigned long nr_cached;
	unsigned long min;
	unsigned long low;
	unsigned long high;
	unsigned long boost;
	unsigned long blocks[UMBRA_NR_ORDERS][UMBRA_NR_TYPES];
};

/**
 * struct umbra_sim_block - the state of a frame
 * @state: name of the state
 * @order: order of the block, for its head
 * @head: whether the frame is the head of a block
 */
struct umbra_sim_block {
	const char *state;
	unsigned int order;
	bool head;
};

/* Snapshots */
unsigned int umbra_sim_nr_zones(const struct umbra *u);
void umbra_sim_zone(struct umbra *u, unsigned int nr, struct umbra_sim_zone *z);
unsigned int umbra_sim_nr_frames(const struct umbra *u);
void umbra_sim_block(struct umbra *u, unsigned int frame,
		     struct umbra_sim_block *block);
bool umbra_sim_walk_free(struct umbra *u,
			 void (*fn)(void *arg, unsigned int zone,
				    unsigned int order, unsigned int type,
				    unsigned int frame), void *arg);
unsigned long umbra_sim_events(struct umbra *u, const char *event);
unsigned long long umbra_sim_hash(struct umbra *u);
unsigned long umbra_sim_verify(struct umbra *u,
			       void (*found)(void *arg, const char *finding,
					     unsigned int frame), void *arg);

int umbra_sim_explain(struct umbra *u, const char *question, bool json,
		      char **text);

/* Names */
const char *umbra_sim_type_name(unsigned int type);
const char *umbra_sim_gfp_name(gfp_t gfp);
int umbra_sim_gfp_parse(const char *text, gfp_t *gfp);
int umbra_sim_bytes_parse(const char *text, unsigned long long *bytes);

/* The machine. CPUs can be chosen only before the first instance. */
void umbra_sim_set_cpus(unsigned int nr);
unsigned int umbra_sim_nr_cpus(void);
void umbra_sim_set_cpu(unsigned int cpu);
void umbra_sim_set_cpu_online(unsigned int cpu, bool online);
void umbra_sim_pass(unsigned long long ns);
unsigned long long umbra_sim_time(void);
unsigned long long umbra_sim_memory(void);
void umbra_sim_set_seed(unsigned long long seed);

/* The task of the program: what the allocator asks of a task */
#define UMBRA_SIM_KTHREAD	BIT(0)	/* a kernel thread */
#define UMBRA_SIM_MEMALLOC	BIT(1)	/* may use all reserves */
#define UMBRA_SIM_NOFS		BIT(2)	/* its requests have no __GFP_FS */
#define UMBRA_SIM_NOIO		BIT(3)	/* its requests have no __GFP_IO */
#define UMBRA_SIM_REALTIME	BIT(4)

void umbra_sim_set_task(const char *name, unsigned int flags);
void umbra_sim_kill(void);
void umbra_sim_revive(void);

/*
 * Interrupts: @fn runs in the context of an interrupt, on the CPU of the task,
 * wherever one may come at a point that the simulation knows: around every change
 * of preemption and of interrupts, at every lock, at both ends of a section of a
 * cache, and at every READ_ONCE() and WRITE_ONCE(). @site names the point. An NMI
 * also comes with interrupts off. NULL ends it.
 */
void umbra_sim_set_interrupt(void (*fn)(void *arg, const char *site),
			     void *arg);
void umbra_sim_set_nmi(void (*fn)(void *arg, const char *site), void *arg);

/* Failures on purpose */
void umbra_sim_fail_requests(struct umbra *u, unsigned int percent, int times);
unsigned int umbra_sim_fail_host(unsigned int nth);

/* Listeners: lines of the log, with their level, and trace events */
void umbra_sim_set_log(void (*fn)(void *arg, int level, const char *line),
		       void *arg);
void umbra_sim_set_event(void (*fn)(void *arg, const char *event,
				    const char *text), void *arg);
unsigned long umbra_sim_warnings(void);

#endif /* _LIBUMBRA_H */
