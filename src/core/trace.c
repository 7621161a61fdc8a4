// SPDX-License-Identifier: GPL-2.0
/* The definitions of the tracepoints. */
#include "decision.h"

#define CREATE_TRACE_POINTS
#include <trace/events/umbra.h>
#include <trace/events/umbra_decision.h>
