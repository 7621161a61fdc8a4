// SPDX-License-Identifier: GPL-2.0
/*
 * The definitions of the tracepoints of two headers. Those of the others are in
 * files of their own: each definition names the enums of mmflags.h.
 */
#include "decision.h"

#define CREATE_TRACE_POINTS
#include <trace/events/umbra.h>
#include <trace/events/umbra_decision.h>
