/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of umbractl: each parses its own arguments. */
#ifndef _UMBRACTL_COMMANDS_H
#define _UMBRACTL_COMMANDS_H

/* Exit status of umbractl: 2 for arguments and input that cannot be */
#define EXIT_REFUSED	2

int command_explain(int argc, char **argv);
int command_gfp(int argc, char **argv);

#endif /* _UMBRACTL_COMMANDS_H */
