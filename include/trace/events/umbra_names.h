/* SPDX-License-Identifier: GPL-2.0 */
/* Names that several events print for numbers. */
#ifndef _TRACE_UMBRA_NAMES_H
#define _TRACE_UMBRA_NAMES_H

/* enum umbra_zone_type */
#define UMBRA_TRACE_ZONES					\
	{ 0, "DMA" }, { 1, "DMA32" }, { 2, "Normal" },		\
	{ 3, "HighMem" }, { 4, "Movable" }

/*
 * enum umbra_compact_result. The last two are for umbra_compaction_finished and
 * umbra_compaction_suitable only, as in the host: a run that goes on, and a zone
 * that is short of memory.
 */
#define UMBRA_TRACE_COMPACTION					\
	{ 0, "skipped" }, { 1, "deferred" }, { 2, "continue" },	\
	{ 3, "complete" }, { 4, "partial_skipped" },		\
	{ 5, "contended" }, { 6, "success" },			\
	{ 7, "no_suitable_page" }, { 8, "not_suitable_zone" }

#endif /* _TRACE_UMBRA_NAMES_H */
