#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# usage: demo.sh KERNEL    The main job of umbra in a test machine.

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: demo.sh KERNEL}
start=$SECONDS
"$top/scripts/vm.sh" "$kernel" demo || die "the demo failed on kernel $kernel"
say "done in $((SECONDS - start)) s"
