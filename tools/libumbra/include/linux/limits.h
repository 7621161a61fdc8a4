/* SPDX-License-Identifier: GPL-2.0 */
/* The C library includes this name, too. */
#include_next <linux/limits.h>
#include <sim/types.h>
