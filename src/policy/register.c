// SPDX-License-Identifier: GPL-2.0
/*
 * Policies by name: those of umbra, and those that modules register. The list
 * belongs to no instance, because a policy is there before the instances that
 * name it.
 *
 * An instance has a copy of its policy and a reference to the module of the
 * policy. The functions stay as long as the instance, even if the policy is
 * unregistered meanwhile.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "policy.h"
#include "register.h"

struct registered {
	struct list_head link;
	const struct umbra_policy *policy;
};

static LIST_HEAD(registry);		/* registry_lock */
static DEFINE_MUTEX(registry_lock);

static struct registered *find_registered(const char *name)
{
	struct registered *r;

	lockdep_assert_held(&registry_lock);

	list_for_each_entry(r, &registry, link)
		if (!strcmp(r->policy->name, name))
			return r;
	return NULL;
}

static const struct umbra_policy *find(const char *name)
{
	const struct umbra_policy *policy = umbra_policy_find(name);
	struct registered *r;

	if (policy)
		return policy;
	r = find_registered(name);
	return r ? r->policy : NULL;
}

/* Is this a word that a parameter and a list of names can have? */
static bool is_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < UMBRA_POLICY_NAME_LEN && name[i]; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("-_", name[i])))
			return false;
	return i && i < UMBRA_POLICY_NAME_LEN;
}

/* Return an error after a message if a table cannot be registered. */
static int check(const struct umbra_policy *policy)
{
	if (!is_name(policy->name)) {
		pr_err("a policy must have a name of 1 to %u letters, digits, - and _\n",
		       UMBRA_POLICY_NAME_LEN - 1);
		return -EINVAL;
	}
	/* The functions are in a module, which could be unloaded under them. */
	if (__is_defined(MODULE) && !policy->owner) {
		pr_err("policy %s: has no owner\n", policy->name);
		return -EINVAL;
	}
	if (find(policy->name)) {
		pr_err("policy %s: already registered\n", policy->name);
		return -EEXIST;
	}
	return 0;
}

/**
 * umbra_policy_register() - make a policy known by its name
 * @policy: the policy; must not change until it is unregistered
 *
 * An instance that is created later may name the policy. A line in the kernel
 * log says that the policy is registered, or why not.
 *
 * Context: Process context, may sleep.
 * Return: 0. -EINVAL: the name is empty, too long, or has other characters than
 * letters, digits, - and _; or @policy has no owner, and umbra is a module.
 * -EEXIST: a policy has this name. -ENOMEM.
 */
int umbra_policy_register(const struct umbra_policy *policy)
{
	struct registered *r = kzalloc_obj(*r, GFP_KERNEL);
	int err;

	if (!r)
		return -ENOMEM;
	r->policy = policy;
	mutex_lock(&registry_lock);
	err = check(policy);
	if (!err)
		list_add_tail(&r->link, &registry);
	mutex_unlock(&registry_lock);
	if (err)
		kfree(r);
	else
		pr_info("policy %s: registered\n", policy->name);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_policy_register);

/**
 * umbra_policy_unregister() - take back umbra_policy_register()
 * @policy: the policy
 *
 * After this call no instance can be created with the policy, and umbra does not
 * read @policy. An instance that has the policy keeps it, and a reference to the
 * owner, until it is destroyed. A module that calls this when it is unloaded has
 * no such instance.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENOENT if @policy is not registered.
 */
int umbra_policy_unregister(const struct umbra_policy *policy)
{
	struct registered *r;
	int err = -ENOENT;

	mutex_lock(&registry_lock);
	list_for_each_entry(r, &registry, link) {
		if (r->policy != policy)
			continue;
		list_del(&r->link);
		kfree(r);
		err = 0;
		break;
	}
	mutex_unlock(&registry_lock);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_policy_unregister);

/* Replace the choices that a policy leaves to mainline. */
static void fill_in(struct umbra_policy *policy)
{
	const struct umbra_policy *mainline = umbra_policy_builtin(0);

	if (!policy->claim)
		policy->claim = mainline->claim;
	if (!policy->claim_whole)
		policy->claim_whole = mainline->claim_whole;
	if (!policy->steal)
		policy->steal = mainline->steal;
	if (!policy->to_tail)
		policy->to_tail = mainline->to_tail;
}

/**
 * umbra_policy_get() - get the policy of a name, and a reference to its owner
 * @name: name of the policy, or NULL for mainline
 * @policy: filled in with a copy that has all functions
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT if no policy has this name, or if its module is being
 * unloaded. umbra_policy_put() drops the reference.
 */
int umbra_policy_get(const char *name, struct umbra_policy *policy)
{
	const struct umbra_policy *found;
	int err = -ENOENT;

	mutex_lock(&registry_lock);
	found = find(name);
	if (found && try_module_get(found->owner)) {
		*policy = *found;
		fill_in(policy);
		err = 0;
	}
	mutex_unlock(&registry_lock);
	return err;
}

/* Drop the reference of umbra_policy_get(). Context: any. */
void umbra_policy_put(const struct umbra_policy *policy)
{
	module_put(policy->owner);
}

/* Is there a policy of this name? Context: may sleep. */
bool umbra_policy_exists(const char *name)
{
	bool exists;

	mutex_lock(&registry_lock);
	exists = find(name);
	mutex_unlock(&registry_lock);
	return exists;
}

/* Append a name and ", " before it. Returns the length of the whole list. */
static int append_name(char *names, size_t size, int len, const char *name)
{
	if (len + strlen(", ") + strlen(name) >= size)
		return len;
	return len + scnprintf(names + len, size - len, "%s%s",
			       len ? ", " : "", name);
}

/**
 * umbra_policy_names() - list the names of the policies
 * @names: filled in with the names, separated by commas
 * @size: size of @names
 *
 * Names that have no room are left out.
 *
 * Context: may sleep.
 */
void umbra_policy_names(char *names, size_t size)
{
	const struct umbra_policy *policy;
	struct registered *r;
	unsigned int i;
	int len = 0;

	*names = '\0';
	mutex_lock(&registry_lock);
	for (i = 0; (policy = umbra_policy_builtin(i)); i++)
		len = append_name(names, size, len, policy->name);
	list_for_each_entry(r, &registry, link)
		len = append_name(names, size, len, r->policy->name);
	mutex_unlock(&registry_lock);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_policy_names);
