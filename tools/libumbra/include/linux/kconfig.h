/* SPDX-License-Identifier: GPL-2.0 */
#include <sim/config.h>
#include <sim/types.h>
