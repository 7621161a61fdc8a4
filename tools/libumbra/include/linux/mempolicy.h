/* SPDX-License-Identifier: GPL-2.0 */
#include <sim/mempolicy.h>
#include <sim/mm.h>
