// SPDX-License-Identifier: GPL-2.0
/* The one place that defines the tracepoints. */
#define CREATE_TRACE_POINTS
#include <trace/events/umbra.h>
