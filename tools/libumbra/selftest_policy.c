// SPDX-License-Identifier: GPL-2.0
/* Tests of the library: policies, and the modules that they belong to. */
#include <string.h>
#include <umbra/policy.h>
#include "internal.h"
#include "selftest_policy.h"

/* Lines of the log about policies */
static unsigned int nr_lines;

static void count_line(void *arg, int level, const char *line)
{
	nr_lines += !!strstr(line, "policy");
}

/* The module of a policy, as a program may have one */
static struct module owner_module;

static const struct umbra_policy owned_policy = {
	.name = "owned", .owner = &owner_module, .group = true,
};

static int create_owned(struct umbra **u)
{
	struct umbra_sim_parameters p;

	umbra_sim_parameters_init(&p);
	p.policy = "owned";
	return umbra_sim_create("test", &p, u);
}

bool an_instance_has_a_reference_to_the_owner_of_its_policy(void)
{
	struct umbra *first, *second;
	bool good;

	if (umbra_policy_register(&owned_policy) || create_owned(&first) ||
	    create_owned(&second))
		return false;
	good = owner_module.refs == 2;
	umbra_sim_destroy(first);
	good &= !umbra_policy_unregister(&owned_policy);
	good &= owner_module.refs == 1;
	umbra_sim_destroy(second);
	return good && !owner_module.refs;
}

bool an_owner_that_goes_has_no_new_instance(void)
{
	struct umbra *u;
	bool good;

	if (umbra_policy_register(&owned_policy))
		return false;
	owner_module.going = true;
	good = create_owned(&u) == -EINVAL && !owner_module.refs;
	owner_module.going = false;
	good &= !create_owned(&u) && !umbra_sim_destroy(u);
	return good && !umbra_policy_unregister(&owned_policy);
}

bool a_creation_that_fails_drops_its_policy(void)
{
	unsigned int nth = 0, left;
	struct umbra *u;
	int err;

	if (umbra_policy_register(&owned_policy))
		return false;
	do {
		umbra_sim_fail_host(++nth);
		err = create_owned(&u);
		left = umbra_sim_fail_host(0);
		if (!err)
			umbra_sim_destroy(u);
		if (owner_module.refs)
			return false;
	} while (!left && nth < 1000);
	return !err && nth > 10 && !umbra_policy_unregister(&owned_policy);
}

bool a_registration_has_one_line_in_the_log(void)
{
	struct umbra_policy unnamed = owned_policy;
	bool good;

	nr_lines = 0;
	umbra_sim_set_log(count_line, NULL);
	good = !umbra_policy_register(&owned_policy) && nr_lines == 1;
	good &= umbra_policy_register(&owned_policy) == -EEXIST && nr_lines == 2;
	memset(unnamed.name, 0, sizeof(unnamed.name));
	good &= umbra_policy_register(&unnamed) == -EINVAL && nr_lines == 3;
	good &= !umbra_policy_unregister(&owned_policy) && nr_lines == 3;
	umbra_sim_fail_host(1);
	good &= umbra_policy_register(&owned_policy) == -ENOMEM;
	good &= umbra_sim_fail_host(0) == 0;
	umbra_sim_set_log(NULL, NULL);
	return good && umbra_policy_unregister(&owned_policy) == -ENOENT;
}
