#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the demo of umbra in a test machine.
# usage: demo.sh KERNEL

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: demo.sh KERNEL}
start=$SECONDS
"$top/scripts/vm.sh" "$kernel" demo
say "done in $((SECONDS - start)) s"
