#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What takes longer than a test may. Ends with a line of totals. Either
#   MINUTES=N	everything at once on the debug kernel, see tests/soak.c
# or the property tests alone:
#   OPS=N	operations (default 50 million)
# and for both
#   SEED=N	where the random numbers start (default: random; it is printed)
# usage: soak.sh

export OPS=${OPS:-50000000} FILTER='umbra_*property*' ARCH=um
[[ $OPS =~ ^[0-9]+$ && ${SEED:-0} =~ ^[0-9]+$ && ${MINUTES:-0} =~ ^[0-9]+$ ]] ||
{
	echo "umbra: OPS, SEED and MINUTES are numbers" >&2
	exit 1
}
if [ -n "${MINUTES:-}" ]; then
	export LIMIT=${LIMIT:-$((600 + MINUTES * 60))}
	exec "$(dirname "$0")/vmtest.sh" debug umbra_tests=soak_test \
		"umbra_soak=$((MINUTES * 60))" ${SEED:+"umbra_seed=$SEED"}
fi
export LIMIT=${LIMIT:-$((600 + OPS / 100000))}
exec "$(dirname "$0")/kunit.sh"
