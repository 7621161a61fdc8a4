/* SPDX-License-Identifier: GPL-2.0 */
/* sim/trace.h defines an event where it is declared. */
