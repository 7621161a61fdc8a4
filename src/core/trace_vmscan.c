// SPDX-License-Identifier: GPL-2.0
/* The definitions of the tracepoints of umbra_vmscan.h; see trace.c. */
#define CREATE_TRACE_POINTS
#include <trace/events/umbra_vmscan.h>
