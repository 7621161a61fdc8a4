// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that come and go. There is one state of CPU hotplug, that of the module,
 * whose callbacks run on the CPU of the caller: before a CPU comes, and after it
 * has gone.
 */
#include <sim/cpu.h>
#include "internal.h"

struct cpumask sim_online_cpus;

static sim_cpuhp_fn come, gone;
static struct hlist_node *nodes;

/* Returns the number of the state. */
int sim_cpuhp_setup(sim_cpuhp_fn up, sim_cpuhp_fn down)
{
	come = up;
	gone = down;
	return 1;
}

int sim_cpuhp_add(struct hlist_node *node)
{
	node->next = nodes;
	node->pprev = &nodes;
	if (nodes)
		nodes->pprev = &node->next;
	nodes = node;
	return 0;
}

void sim_cpuhp_remove(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	*node = (struct hlist_node) {};
}

static void tell(sim_cpuhp_fn fn, unsigned int cpu)
{
	struct hlist_node *node;

	for (node = nodes; node && fn; node = node->next)
		fn(cpu, node);
}

/**
 * umbra_sim_set_cpu_online() - let a CPU come or go
 * @cpu: the CPU, not that of the caller
 * @online: whether it runs tasks from now on
 *
 * Tasks of a CPU that goes move to the CPU of the caller.
 */
void umbra_sim_set_cpu_online(unsigned int cpu, bool online)
{
	sim_might_sleep("umbra_sim_set_cpu_online");
	sim_check(cpu < sim.nr_cpus && cpu != sim.cpu,
		  "CPU %u cannot come or go: there are %u, and this is CPU %u",
		  cpu, sim.nr_cpus, sim.cpu);
	if (online == !!test_bit(cpu, sim_online_cpus.bits))
		return;
	if (online) {
		tell(come, cpu);
		set_bit(cpu, sim_online_cpus.bits);
		return;
	}
	if (sim.explorer)
		sim.explorer->offline(cpu, sim_caller());
	clear_bit(cpu, sim_online_cpus.bits);
	sim_leave_cpu(cpu);
	tell(gone, cpu);
}
