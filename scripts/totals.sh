# SPDX-License-Identifier: GPL-2.0
# Adding up results: each step is a command whose last line of output is
# "N passed, N failed, N skipped".
# shellcheck shell=bash

passed=0 failed=0 skipped=0
broken=()

# Run a step and add its totals: step NAME COMMAND...
step() {
	local name=$1 out status=0 line start=$SECONDS
	shift
	out=$cache/log/step-${name//[^A-Za-z0-9._-]/-}
	mkdir -p "$cache/log"
	say "$name"
	"$@" 2>&1 | tee "$out" || status=$?
	line=$(tail -n 1 "$out")
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]
	then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
		[ "${BASH_REMATCH[2]}" -eq 0 ] || broken+=("$name")
		[ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || {
			failed=$((failed + 1))
			broken+=("$name (exit status $status)")
		}
	else
		failed=$((failed + 1))
		broken+=("$name (no totals)")
	fi
	say "$name took $((SECONDS - start)) s"
}

# Print the totals of all steps; fail if anything failed.
totals() {
	local name
	for name in "${broken[@]}"; do
		echo "failed: $name"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
