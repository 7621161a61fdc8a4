#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The property tests alone, for longer. Ends with a line of totals.
#   OPS=N	operations (default 50 million)
#   SEED=N	where the random numbers start (default: random; it is printed)
# usage: soak.sh

export OPS=${OPS:-50000000} FILTER='umbra_*property*' ARCH=um
export TIMEOUT=${TIMEOUT:-$((600 + OPS / 100000))}
[[ $OPS =~ ^[0-9]+$ && ${SEED:-0} =~ ^[0-9]+$ ]] || {
	echo "umbra: OPS and SEED are numbers" >&2
	exit 1
}
exec "$(dirname "$0")/kunit.sh"
