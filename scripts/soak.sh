#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests that take too long for `make test`. The last line has the totals. Either
#   MINUTES=N	the stress test on the debug kernel, see tests/soak.c
# or the property tests only:
#   OPS=N	operations (default 50 million)
# For both:
#   SEED=N	the seed of the random numbers (default: random; it is printed)
# usage: soak.sh

export OPS=${OPS:-50000000} FILTER='umbra_*property*' ARCH=um
[[ $OPS =~ ^[0-9]+$ && ${SEED:-0} =~ ^[0-9]+$ && ${MINUTES:-0} =~ ^[0-9]+$ ]] ||
{
	echo "umbra: OPS, SEED and MINUTES must be numbers" >&2
	exit 1
}
if [ -n "${MINUTES:-}" ]; then
	export LIMIT=${LIMIT:-$((600 + MINUTES * 60))}
	exec "$(dirname "$0")/vmtest.sh" debug umbra_tests=soak_test \
		"umbra_soak=$((MINUTES * 60))" ${SEED:+"umbra_seed=$SEED"}
fi
export LIMIT=${LIMIT:-$((600 + OPS / 100000))}
exec "$(dirname "$0")/kunit.sh"
