/* SPDX-License-Identifier: GPL-2.0 */
#include <sim/text.h>
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(1, "")
