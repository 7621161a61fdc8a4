/* SPDX-License-Identifier: GPL-2.0 */
/* Strings, errors in pointers, the log, and random numbers. */
#ifndef _SIM_TEXT_H
#define _SIM_TEXT_H

#include <stdio.h>
#include <sim/bits.h>
#include <sim/context.h>

#define MAX_ERRNO		4095
#define ERR_PTR(err)		((void *)(long)(err))
#define PTR_ERR(p)		((long)(p))
#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-MAX_ERRNO)
#define IS_ERR_OR_NULL(p)	(!(p) || IS_ERR(p))
#define PTR_ERR_OR_ZERO(p)	(IS_ERR(p) ? (int)PTR_ERR(p) : 0)
#define ERR_CAST(p)		((void *)(p))

/*
 * The formats of the kernel: %pV, %pGg and %pS as there. Any other pointer is
 * printed as a word, because an address differs from run to run.
 */
struct va_format {
	const char *fmt;
	va_list *va;
};

int sim_vscnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 4) int sim_snprintf(char *buf, size_t size, const char *fmt, ...);
__printf(3, 4) int sim_scnprintf(char *buf, size_t size, const char *fmt, ...);
char *kvasprintf(unsigned int gfp, const char *fmt, va_list args);

#define snprintf		sim_snprintf
#define scnprintf		sim_scnprintf
#define vscnprintf		sim_vscnprintf
#define vsnprintf		sim_vscnprintf

ssize_t strscpy_bytes(char *dst, const char *src, size_t size);

#define sim_strscpy(dst, src, size, ...)	strscpy_bytes(dst, src, size)
#define strscpy(dst, ...)	sim_strscpy(dst, __VA_ARGS__, sizeof(dst))

char *skip_spaces(const char *s);
char *strim(char *s);
void *memchr_inv(const void *s, int c, size_t n);
char *strreplace(char *s, char old, char by);
int match_string(const char * const *array, size_t n, const char *s);
int kstrtoull(const char *s, unsigned int base, unsigned long long *value);
int kstrtoll(const char *s, unsigned int base, long long *value);
int kstrtoint(const char *s, unsigned int base, int *value);
int kstrtouint(const char *s, unsigned int base, unsigned int *value);
int kstrtou8(const char *s, unsigned int base, u8 *value);

#define kstrtou64		kstrtoull
#define kstrtou32		kstrtouint

static inline int kstrtoul(const char *s, unsigned int base,
			   unsigned long *value)
{
	return kstrtoull(s, base, (unsigned long long *)value);
}

static inline int kstrtol(const char *s, unsigned int base, long *value)
{
	return kstrtoll(s, base, (long long *)value);
}

char *strsep(char **s, const char *delimiters);

static inline size_t str_has_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? 0 : n;
}

static inline void *memset32(u32 *p, u32 value, size_t n)
{
	while (n--)
		p[n] = value;
	return p;
}

#define isspace(c)		((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))
#define isdigit(c)		((c) >= '0' && (c) <= '9')
#define tolower(c)		((c) >= 'A' && (c) <= 'Z' ? (c) + 32 : (c))
#define isascii(c)		((unsigned char)(c) < 0x80)
#define isalnum(c)		(((c) >= '0' && (c) <= '9') ||		\
				 (tolower(c) >= 'a' && tolower(c) <= 'z'))

/* The log goes to the function that umbra_sim_set_log() sets. */
__printf(2, 3) int sim_printk(const char *level, const char *fmt, ...);

#ifndef pr_fmt
#define pr_fmt(fmt)		fmt
#endif
#define pr_err(fmt, ...)	sim_printk("3", pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	sim_printk("4", pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	sim_printk("5", pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	sim_printk("6", pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	do { } while (0)
#define printk(...)		sim_printk("4", __VA_ARGS__)

void dump_stack(void);
__printf(3, 4) void sim_warn(const char *file, int line, const char *fmt, ...);

#define WARN(cond, ...)							\
({									\
	bool warn_ = (cond);						\
									\
	if (unlikely(warn_))						\
		sim_warn(__FILE__, __LINE__, __VA_ARGS__);		\
	warn_;								\
})
#define WARN_ON(cond)		WARN(cond, "%s\n", #cond)
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN_ONCE(cond, ...)	WARN(cond, __VA_ARGS__)

/* The lines of the log */
struct kmsg_dump_iter {
	u64 next;
};

void kmsg_dump_rewind(struct kmsg_dump_iter *iter);
bool kmsg_dump_get_line(struct kmsg_dump_iter *iter, bool syslog, char *line,
			size_t size, size_t *len);

/*
 * Random numbers are the same in every run, and for the same seed those of the
 * kernel, so that a property test does the same operations there.
 */
struct rnd_state {
	u32 s[4];
};

u32 prandom_u32_state(struct rnd_state *rnd);
u32 get_random_u32(void);
u32 get_random_u32_below(u32 limit);

void prandom_seed_state(struct rnd_state *rnd, u64 seed);

#define get_random_long()	((unsigned long)get_random_u32() << 32 | \
				 get_random_u32())
#define get_random_u64()	((u64)get_random_long())

/*
 * Everything is linked, so a module is nothing but its references. A program may
 * have one, and let it go.
 */
struct module {
	unsigned int refs;
	bool going;
};

static inline bool try_module_get(struct module *module)
{
	if (module && module->going)
		return false;
	if (module)
		module->refs++;
	return true;
}

static inline void module_put(struct module *module)
{
	if (module)
		module->refs--;
}

#define EXPORT_SYMBOL(symbol)		static_assert(1, "")
#define EXPORT_SYMBOL_GPL(symbol)	static_assert(1, "")
#define EXPORT_SYMBOL_FOR_MODULES(symbol, ...)	static_assert(1, "")
#define MODULE_INFO(tag, info)		static_assert(1, "")
#define MODULE_LICENSE(text)		static_assert(1, "")
#define MODULE_DESCRIPTION(text)	static_assert(1, "")
#define MODULE_AUTHOR(text)		static_assert(1, "")
#define MODULE_PARM_DESC(name, text)	static_assert(1, "")
#define THIS_MODULE			NULL

/* A parameter is a variable that a program sets by its name: sim_parameter(). */
struct sim_parameter {
	const char *name;
	unsigned long *value;
};

unsigned long *sim_parameter(const char *name);

#define module_param_named(name, variable, type, mode)			\
	static const struct sim_parameter sim_param_##name = {		\
		#name, &(variable)					\
	};								\
	static const struct sim_parameter *sim_param_ptr_##name		\
		__attribute__((__used__, __section__("sim_params"))) =	\
		&sim_param_##name

#endif /* _SIM_TEXT_H */
