// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the library itself: runs repeat, background work runs as time passes,
 * interrupts come where they may, and misuse ends the program.
 *
 * A test that ends the program runs in a child. "selftest --scenario" prints what
 * a fixed scenario does; a test compares two such processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sim/cpu.h>
#include <sim/mm.h>
#include "../../src/buddy/freelist.h"
#include "../../src/core/core.h"
#include "../../src/page/pcp.h"
#include "internal.h"
#include "selftest_policy.h"

#define MS		1000000ULL
#define PAGES_MOST	16384

static const char *program_path;

struct owner {
	struct umbra_movable movable;
	struct umbra *u;
	struct page *pages[PAGES_MOST];
	unsigned int nr;
};

static struct owner owner;

/* The place of a page is in its descriptor, which belongs to its owner. */
static int take_place(struct umbra_movable *movable, struct page *dst,
		      struct page *src, unsigned int order,
		      enum umbra_migrate_mode mode)
{
	owner.pages[src->private] = dst;
	dst->private = src->private;
	return 0;
}

static int give_up(struct umbra_movable *movable, struct page *page,
		   unsigned int order, gfp_t gfp)
{
	owner.pages[page->private] = NULL;
	return 0;
}

static const struct umbra_movable_operations operations = {
	.migrate = take_place,
	.reclaim = give_up,
};

static struct umbra *instance(const char *size)
{
	struct umbra_sim_parameters p;
	struct umbra *u;

	umbra_sim_parameters_init(&p);
	p.size = size;
	p.zones = "Normal";
	if (umbra_sim_create("test", &p, &u))
		sim_die("cannot make an instance");
	owner.u = u;
	owner.nr = 0;
	umbra_movable_init(&owner.movable, &operations, NULL);
	return u;
}

/* Take pages until a request fails; all of them can be moved, or reclaimed. */
static void take_all(struct umbra *u, gfp_t gfp, bool reclaimable)
{
	struct page *page;

	while (owner.nr < PAGES_MOST && (page = umbra_alloc_page(u, gfp))) {
		page->private = owner.nr;
		owner.pages[owner.nr++] = page;
		if (umbra_set_movable(u, page, 0, &owner.movable))
			sim_die("a page cannot be movable");
		if (reclaimable)
			umbra_lru_add(u, page);
	}
}

static void give_every(struct umbra *u, unsigned int step)
{
	unsigned int i;

	for (i = 0; i < owner.nr; i += step)
		if (owner.pages[i]) {
			umbra_free_movable(u, owner.pages[i], 0, NULL);
			owner.pages[i] = NULL;
		}
}

static bool finish(struct umbra *u)
{
	give_every(u, 1);
	return !umbra_sim_verify(u, NULL, NULL) && !umbra_sim_destroy(u);
}

/* A trace of a run, as a number */
static void hash_event(void *arg, const char *event, const char *text)
{
	unsigned long long *hash = arg;

	for (; *event; event++)
		*hash = *hash * 31 + *event;
	for (; *text; text++)
		*hash = *hash * 31 + *text;
	*hash = *hash * 31 + umbra_sim_time();
}

static int scenario(void)
{
	unsigned long long hash = 0;
	struct umbra *u = instance("16M");
	unsigned int i;

	umbra_sim_set_event(hash_event, &hash);
	take_all(u, GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, true);
	for (i = 0; i < 8; i++) {
		umbra_sim_set_cpu(i % 2);
		give_every(u, 5 + i);
		umbra_free_pages(u, umbra_alloc_pages(u, GFP_KERNEL, i), i);
		umbra_sim_pass(100 * MS);
	}
	printf("%llx %llx\n", hash, umbra_sim_hash(u));
	return !finish(u);
}

static void output_of(char *text, size_t size)
{
	char command[512];
	FILE *out;

	snprintf(command, sizeof(command), "%s --scenario", program_path);
	out = popen(command, "r");
	if (!out || !fgets(text, size, out))
		*text = '\0';
	if (out && pclose(out))
		*text = '\0';
}

static bool a_run_repeats_exactly(void)
{
	char first[64], second[64];

	output_of(first, sizeof(first));
	output_of(second, sizeof(second));
	return *first && !strcmp(first, second);
}

struct heard {
	unsigned int wakes, sleeps, begins;
};

static void hear(void *arg, const char *event, const char *text)
{
	struct heard *heard = arg;

	heard->wakes += !strcmp(event, "umbra_kswapd_wake");
	heard->sleeps += !strcmp(event, "umbra_kswapd_sleep");
	heard->begins += !strcmp(event, "umbra_compaction_begin");
}

/* Nothing of kswapd runs before time passes. */
static bool kswapd_wakes_below_low_and_sleeps_above_high(void)
{
	struct umbra *u = instance("16M");
	struct umbra_sim_zone before, after;
	struct heard heard = {};

	umbra_sim_set_event(hear, &heard);
	take_all(u, GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, true);
	umbra_sim_zone(u, 0, &before);
	umbra_sim_pass(1000 * MS);
	umbra_sim_zone(u, 0, &after);
	umbra_sim_set_event(NULL, NULL);
	return before.nr_free < before.low && after.nr_free >= after.high &&
	       heard.wakes && heard.sleeps && finish(u);
}

/* A request that waits in vain returns after ten seconds. */
static bool kswapd_wakes_a_request_that_it_throttled(void)
{
	struct umbra *u = instance("16M");
	unsigned long long start = umbra_sim_time();
	unsigned long throttled;
	struct page *page;

	take_all(u, GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, true);
	take_all(u, (GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC) &
		 ~__GFP_RECLAIM, true);
	page = umbra_alloc_page(u, GFP_KERNEL);
	throttled = umbra_sim_events(u, "pgscan_direct_throttle");
	if (page)
		umbra_free_page(u, page);
	return page && throttled && umbra_sim_time() - start < 1000 * MS &&
	       finish(u);
}

static bool kcompactd_makes_the_block_that_a_request_lacked(void)
{
	struct umbra *u = instance("16M");
	gfp_t gfp = GFP_NOWAIT;
	struct page *first, *second;
	struct heard heard = {};

	take_all(u, GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM, false);
	give_every(u, 2);
	umbra_drain_pages(u);
	umbra_sim_set_event(hear, &heard);
	first = umbra_alloc_pages(u, gfp, 8);
	umbra_sim_pass(2000 * MS);
	second = umbra_alloc_pages(u, gfp, 8);
	umbra_sim_set_event(NULL, NULL);
	if (second)
		umbra_free_pages(u, second, 8);
	return !first && second && heard.begins && finish(u);
}

static bool a_page_that_was_held_comes_back_by_itself(void)
{
	struct umbra *u = instance("16M");
	struct page *page = umbra_alloc_page(u, GFP_KERNEL);
	struct umbra_sim_zone z;
	unsigned long held;

	umbra_sim_page_get(page);
	umbra_free_page(u, page);
	umbra_sim_zone(u, 0, &z);
	held = z.nr_held;
	umbra_sim_page_put(page);
	umbra_sim_pass(60000 * MS);
	umbra_sim_zone(u, 0, &z);
	return held == 1 && !z.nr_held && finish(u);
}

/* Interrupts that allocate and free at every place where one may come */
struct visits {
	struct umbra *u;
	unsigned int nr, sections, locks;
	struct page *pages[8];
};

static void visit(void *arg, const char *site)
{
	struct visits *v = arg;
	unsigned int i = v->nr++ % ARRAY_SIZE(v->pages);

	v->sections += !strcmp(site, "barrier");
	v->locks += !strcmp(site, "spin_unlocked");
	if (v->pages[i])
		umbra_free_page(v->u, v->pages[i]);
	v->pages[i] = umbra_alloc_page(v->u, GFP_ATOMIC);
}

static bool end_visits(struct visits *v)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(v->pages); i++)
		if (v->pages[i])
			umbra_free_page(v->u, v->pages[i]);
	return finish(v->u);
}

static void work_a_while(struct umbra *u)
{
	struct page *pages[64];
	unsigned int round, i;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			pages[i] = umbra_alloc_pages(u, GFP_KERNEL, i % 5);
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			umbra_free_pages(u, pages[i], i % 5);
		umbra_drain_pages(u);
	}
}

static bool interrupts_come_in_sections_and_at_locks(void)
{
	struct visits v = { .u = instance("16M") };

	umbra_sim_set_interrupt(visit, &v);
	work_a_while(v.u);
	umbra_sim_set_interrupt(NULL, NULL);
	return v.nr > 1000 && v.sections && end_visits(&v);
}

static void visit_nmi(void *arg, const char *site)
{
	struct visits *v = arg;
	unsigned int i = v->nr++ % ARRAY_SIZE(v->pages);

	v->locks += !strcmp(site, "spin_locked");
	if (v->pages[i])
		umbra_free_pages_nolock(v->u, v->pages[i], 0);
	v->pages[i] = umbra_alloc_pages_nolock(v->u, 0, -1, 0);
}

static bool nmis_come_inside_locks(void)
{
	struct visits v = { .u = instance("16M") };

	umbra_sim_set_nmi(visit_nmi, &v);
	work_a_while(v.u);
	umbra_sim_set_nmi(NULL, NULL);
	return v.nr > 1000 && v.locks && end_visits(&v);
}

/* A large table has a second try, so that a creation may succeed nevertheless. */
/* The work of a CPU that goes runs on another one. */
static bool a_cpu_that_goes_leaves_no_page_behind(void)
{
	struct umbra *u = instance("16M");
	const struct umbra_zone *zone = u->zones;
	unsigned long before;
	bool gone, back;

	umbra_sim_set_cpu(1);
	umbra_free_page(u, umbra_alloc_page(u, GFP_KERNEL));
	before = umbra_pcp_count(zone, 1);
	umbra_sim_set_cpu(0);
	umbra_sim_set_cpu_online(1, false);
	umbra_sim_pass(10 * MS);
	gone = !umbra_pcp_count(zone, 1) && !cpu_online(1) &&
	       num_online_cpus() == 1;
	umbra_sim_set_cpu_online(1, true);
	back = cpu_online(1) && num_online_cpus() == 2;
	return finish(u) && before && gone && back;
}

static bool every_allocation_of_a_creation_may_fail(void)
{
	struct umbra_sim_parameters p;
	unsigned int nth = 0, left, failed = 0;
	struct umbra *u;
	int err;

	umbra_sim_parameters_init(&p);
	p.debug = "owner";
	do {
		umbra_sim_fail_host(++nth);
		err = umbra_sim_create("test", &p, &u);
		left = umbra_sim_fail_host(0);
		failed += err == -ENOMEM;
		if ((err && err != -ENOMEM) || (!err && umbra_sim_destroy(u)))
			return false;
	} while (!left && nth < 1000);
	return !err && failed > 10;
}

static bool requests_fail_as_often_as_wanted(void)
{
	struct umbra *u = instance("16M");
	struct page *first, *second;

	umbra_sim_fail_requests(u, 100, 1);
	first = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
	second = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
	if (second)
		umbra_free_page(u, second);
	return !first && second && finish(u);
}

/* The reserves are used up, and nothing can be reclaimed. */
static bool the_task_decides_what_a_request_may_use(void)
{
	struct umbra *u = instance("16M");
	struct page *user, *urgent;

	take_all(u, GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM, false);
	umbra_sim_set_task("reader", 0);
	user = umbra_alloc_page(u, GFP_NOWAIT);
	umbra_sim_set_task("writeback", UMBRA_SIM_MEMALLOC);
	urgent = umbra_alloc_page(u, GFP_NOWAIT);
	umbra_sim_set_task("program", 0);
	if (urgent)
		umbra_free_page(u, urgent);
	return !user && urgent && finish(u);
}

/* Misuse */
static spinlock_t lock;
static struct mutex mutex;

static void takes_a_lock_twice(void)
{
	spin_lock(&lock);
	spin_lock(&lock);
}

static void releases_a_lock_that_is_free(void)
{
	spin_unlock(&lock);
}

static void takes_a_mutex_twice(void)
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
}

static void sleeps_with_a_lock(void)
{
	spin_lock(&lock);
	mutex_lock(&mutex);
}

static void sleeps_with_interrupts_off(void)
{
	unsigned long flags;

	local_irq_save(flags);
	schedule_timeout_uninterruptible(flags + 1);
}

static void allocates_and_waits_with_preemption_off(void)
{
	struct umbra *u = instance("16M");

	preempt_disable();
	umbra_alloc_page(u, GFP_KERNEL);
}

static void changes_lists_without_the_lock(void)
{
	struct umbra *u = instance("16M");

	umbra_freelist_set_types(u, 0, UMBRA_MAX_ORDER, UMBRA_MOVABLE);
}

static void uses_data_of_a_cpu_that_may_change(void)
{
	this_cpu_ptr(instance("16M")->zones[0].pcp);
}

static void waits_for_nobody(void)
{
	DECLARE_WAIT_QUEUE_HEAD(queue);

	wait_event(queue, READ_ONCE(mutex.owner));
}

/* Timers of the instance go on, but none of them wakes the program. */
static void waits_for_ever(void)
{
	instance("16M");
	waits_for_nobody();
}

static void leaves_an_interrupt_with_a_lock(void *arg, const char *site)
{
	spin_lock(&lock);
}

static void has_a_bad_interrupt(void)
{
	umbra_sim_set_interrupt(leaves_an_interrupt_with_a_lock, NULL);
	preempt_disable();
}

static const struct misuse {
	const char *name;
	void (*fn)(void);
	const char *message;
} misuses[] = {
	{ "a lock is taken twice", takes_a_lock_twice, "that this task holds" },
	{ "a free lock is released", releases_a_lock_that_is_free,
	  "does not hold" },
	{ "a mutex is taken twice", takes_a_mutex_twice, "that this task holds" },
	{ "a task sleeps with a spinlock", sleeps_with_a_lock,
	  "a spinlock is held" },
	{ "a task sleeps with interrupts off", sleeps_with_interrupts_off,
	  "interrupts are off" },
	{ "a request may wait with preemption off",
	  allocates_and_waits_with_preemption_off, "preemption is off" },
	{ "lists change without the lock", changes_lists_without_the_lock,
	  "is not held" },
	{ "data of a CPU is used in a task that may move",
	  uses_data_of_a_cpu_that_may_change, "may change its CPU" },
	{ "every task sleeps", waits_for_nobody, "deadlock" },
	{ "the program waits for ever", waits_for_ever, "hung" },
	{ "an interrupt leaves a lock held", has_a_bad_interrupt,
	  "an interrupt left" },
};

/* Does the library end a child with the message? */
static bool is_detected(const struct misuse *m)
{
	char text[4096] = "";
	size_t len = 0;
	ssize_t n;
	int pipes[2], status;
	pid_t child;

	fflush(stdout);
	if (pipe(pipes))
		return false;
	child = fork();
	if (!child) {
		dup2(pipes[1], STDERR_FILENO);
		m->fn();
		_exit(0);
	}
	close(pipes[1]);
	while ((n = read(pipes[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(pipes[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && strstr(text, m->message);
}

static unsigned int passed, failed;

static void result(bool good, const char *name)
{
	passed += good;
	failed += !good;
	printf("%s %u %s\n", good ? "ok" : "not ok", passed + failed, name);
}

/* The texts of the last events of two kinds */
struct texts {
	char alloc[256];
	char extfrag[256];
};

static void keep_text(void *arg, const char *event, const char *text)
{
	struct texts *texts = arg;

	if (!strcmp(event, "umbra_page_alloc"))
		snprintf(texts->alloc, sizeof(texts->alloc), "%s", text);
	if (!strcmp(event, "umbra_page_alloc_extfrag"))
		snprintf(texts->extfrag, sizeof(texts->extfrag), "%s", text);
}

/* As the host: the flags after the scope of the task, the order of a pageblock */
static bool events_show_the_flags_of_the_scope(void)
{
	struct umbra *u = instance("16M");
	struct texts texts = {};
	struct page *page;

	umbra_sim_set_event(keep_text, &texts);
	umbra_sim_set_task("program", UMBRA_SIM_NOFS);
	page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	umbra_sim_set_task("program", 0);
	umbra_sim_set_event(NULL, NULL);
	umbra_free_pages(u, page, 0);
	return strstr(texts.alloc, umbra_sim_gfp_name(GFP_NOFS)) &&
	       strstr(texts.extfrag, "pageblock_order=9") && finish(u);
}

#define RUN(test)	result(test(), #test)

int main(int argc, char **argv)
{
	unsigned int i;

	program_path = argv[0];
	mutex_init(&mutex);
	if (argc == 2 && !strcmp(argv[1], "--scenario"))
		return scenario();
	printf("KTAP version 1\n");
	RUN(a_run_repeats_exactly);
	RUN(kswapd_wakes_below_low_and_sleeps_above_high);
	RUN(kswapd_wakes_a_request_that_it_throttled);
	RUN(kcompactd_makes_the_block_that_a_request_lacked);
	RUN(a_page_that_was_held_comes_back_by_itself);
	RUN(a_cpu_that_goes_leaves_no_page_behind);
	RUN(every_allocation_of_a_creation_may_fail);
	RUN(an_instance_has_a_reference_to_the_owner_of_its_policy);
	RUN(an_owner_that_goes_has_no_new_instance);
	RUN(a_creation_that_fails_drops_its_policy);
	RUN(a_registration_has_one_line_in_the_log);
	RUN(requests_fail_as_often_as_wanted);
	RUN(the_task_decides_what_a_request_may_use);
	RUN(interrupts_come_in_sections_and_at_locks);
	RUN(nmis_come_inside_locks);
	RUN(events_show_the_flags_of_the_scope);
	for (i = 0; i < ARRAY_SIZE(misuses); i++)
		result(is_detected(&misuses[i]), misuses[i].name);
	printf("1..%u\n%u passed, %u failed, 0 skipped\n", passed + failed,
	       passed, failed);
	return failed > 0;
}
