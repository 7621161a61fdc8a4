/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of umbra-sim. */
#ifndef _UMBRA_SIM_COMMANDS_H
#define _UMBRA_SIM_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

struct umbra;

bool command_run(struct umbra *u, char *line);
void command_help(FILE *out);
void command_end(struct umbra *u);

#endif /* _UMBRA_SIM_COMMANDS_H */
