/* SPDX-License-Identifier: GPL-2.0 */
/* Virtual CPUs, their data, and nodes of the host, of which there is one. */
#ifndef _SIM_CPU_H
#define _SIM_CPU_H

#include <sim/bits.h>
#include <sim/mempolicy.h>
#include <sim/work.h>

#define NR_CPUS			64
#define nr_cpu_ids		(sim.nr_cpus)
#define num_possible_cpus()	(sim.nr_cpus)
#define num_online_cpus()	bitmap_weight(sim_online_cpus.bits, NR_CPUS)

typedef struct cpumask {
	DECLARE_BITMAP(bits, NR_CPUS);
} cpumask_t;

extern struct cpumask sim_all_cpus;
extern struct cpumask sim_online_cpus;
extern struct cpumask sim_one_cpu[NR_CPUS];

#define cpu_online_mask		(&sim_online_cpus)
#define cpu_possible_mask	(&sim_all_cpus)
#define cpumask_of(cpu)		(&sim_one_cpu[cpu])
#define cpumask_first(mask)	((unsigned int)find_first_bit((mask)->bits, \
							      NR_CPUS))
#define cpumask_next(cpu, mask)	((unsigned int)find_next_bit((mask)->bits, \
							     NR_CPUS, (cpu) + 1))
#define cpu_online(cpu)		test_bit(cpu, sim_online_cpus.bits)
#define cpu_possible(cpu)	((unsigned int)(cpu) < sim.nr_cpus)
#define for_each_possible_cpu(cpu)					\
	for ((cpu) = 0; (unsigned int)(cpu) < sim.nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu)					\
	for_each_set_bit(cpu, sim_online_cpus.bits, NR_CPUS)

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask);
int smp_call_function_single(unsigned int cpu, void (*fn)(void *arg), void *arg,
			     bool wait);
void on_each_cpu(void (*fn)(void *arg), void *arg, bool wait);

/* The data of each CPU is at a fixed distance from that of the CPU before. */
#define SIM_CPU_STRIDE		0x1000000UL

void *sim_alloc_percpu(size_t size);
void free_percpu(void *data);

#define alloc_percpu(type)	((type *)sim_alloc_percpu(sizeof(type)))
#define per_cpu_ptr(p, cpu)						\
	((typeof(p))((char *)(p) + (cpu) * SIM_CPU_STRIDE))
#define raw_cpu_ptr(p)		per_cpu_ptr(p, sim.cpu)

#define this_cpu_ptr(p)							\
({									\
	sim_check(preempt_count() || sim.now.irqs_off || current->pinned,	\
		  "this_cpu_ptr() in a task that may change its CPU");	\
	raw_cpu_ptr(p);							\
})

#ifdef SIM_EXPLORED
#define this_cpu_add(var, n)						\
	((void)__atomic_fetch_add(raw_cpu_ptr(&(var)), n, __ATOMIC_SEQ_CST))
#else
#define this_cpu_add(var, n)	(*raw_cpu_ptr(&(var)) += (n))
#endif

/* One state of CPU hotplug, with the instances that it tells: see hotplug.c. */
#define CPUHP_BP_PREPARE_DYN	1

typedef int (*sim_cpuhp_fn)(unsigned int cpu, struct hlist_node *node);

int sim_cpuhp_setup(sim_cpuhp_fn up, sim_cpuhp_fn down);
int sim_cpuhp_add(struct hlist_node *node);
void sim_cpuhp_remove(struct hlist_node *node);

#define cpuhp_setup_state_multi(state, name, up, down)	sim_cpuhp_setup(up, down)
#define cpuhp_remove_multi_state(state)		((void)sim_cpuhp_setup(NULL, NULL))
#define cpuhp_state_add_instance_nocalls(state, link)	sim_cpuhp_add(link)
#define cpuhp_state_remove_instance_nocalls(state, link)	sim_cpuhp_remove(link)

#define LOCAL_DISTANCE		10
#define REMOTE_DISTANCE		20
#define RECLAIM_DISTANCE	30
#define cpu_to_node(cpu)	0
#define node_distance(a, b)	LOCAL_DISTANCE
#define numa_node_id()		0

#endif /* _SIM_CPU_H */
