#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The VM tests on every kernel. Ends with a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"

for kernel in 6.1 6.1-rt 6.12 7 debug; do
	step "vmtest $kernel" "$top/scripts/vmtest.sh" "$kernel"
done
totals 5
