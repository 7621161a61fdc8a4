// SPDX-License-Identifier: GPL-2.0
/*
 * The frame of each fuzzer: it brings the simulated machine back to one state
 * before every input, and looks for warnings and for lost memory after it.
 *
 * With FUZZ_PRINT in the environment, the program prints a number for each input
 * that depends on everything the input did. It must not depend on the inputs
 * before.
 */
#include <stdarg.h>
#include <stdint.h>
#include <sim/cpu.h>
#include <sim/sched.h>
#include "fuzz.h"

#undef snprintf
#undef vsnprintf

static const u8 *at, *end;
static bool prints;
static u64 trail;

bool fuzz_has_more(void)
{
	return at < end;
}

/* Returns a number below @limit. */
u32 fuzz_pick(u32 limit)
{
	u64 left = limit - 1, value = 0;

	for (; left && at < end; left >>= 8)
		value = value << 8 | *at++;
	return value % limit;
}

/* Read text up to a character, or to the end of the input. Returns its length. */
size_t fuzz_text(char *text, size_t size, char stop)
{
	size_t len = 0;

	while (at < end && *at != stop && len < size - 1)
		text[len++] = *at++;
	if (at < end && *at == stop)
		at++;
	text[len] = '\0';
	return len;
}

void fuzz_fail(const char *fmt, ...)
{
	va_list args;

	umbra_sim_set_log(NULL, NULL);
	fputs("fuzz: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static void print_finding(void *arg, const char *finding, unsigned int frame)
{
	fprintf(stderr, "fuzz: finding: %s: frame %u\n", finding, frame);
}

/* Check all invariants. The state also gets into the number of the input. */
void fuzz_verify(struct umbra *u)
{
	umbra_sim_fail_host(0);
	fuzz_check(!umbra_sim_verify(u, print_finding, NULL),
		   "the checker has findings");
	if (prints)
		trail = trail * 31 + umbra_sim_hash(u);
}

/*
 * Time only goes on. An interval of the log, and the phase of the tick, begin
 * anew with each input.
 */
static void reset(void)
{
	static const struct cpumask *all = cpu_possible_mask;
	u64 interval = 64 * FUZZ_SECOND;

	set_cpus_allowed_ptr(current, all);
	umbra_sim_set_interrupt(NULL, NULL);
	umbra_sim_set_nmi(NULL, NULL);
	umbra_sim_set_cpu(0);
	umbra_sim_set_task("fuzz", 0);
	umbra_sim_revive();
	umbra_sim_fail_host(0);
	umbra_sim_set_seed(1);
	umbra_sim_pass(interval - umbra_sim_time() % interval);
}

static void print_log(void *arg, int level, const char *line)
{
	fprintf(stderr, "  log: %s\n", line);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	umbra_sim_set_cpus(FUZZ_CPUS);
	prints = getenv("FUZZ_PRINT");
	if (getenv("FUZZ_LOG"))
		umbra_sim_set_log(print_log, NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned long warnings = umbra_sim_warnings();
	unsigned long long memory;

	at = data;
	end = data + size;
	trail = 0;
	reset();
	memory = umbra_sim_memory();
	fuzz_one();
	fuzz_check(umbra_sim_warnings() == warnings,
		   "a warning of the kernel came");
	fuzz_check(umbra_sim_memory() == memory,
		   "%lld bytes are left allocated",
		   umbra_sim_memory() - memory);
	if (prints)
		printf("%llx\n", (unsigned long long)trail);
	return 0;
}
