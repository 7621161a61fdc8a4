# SPDX-License-Identifier: GPL-2.0
# Steps and their totals: a step is a command whose last line of output is
# "N passed, N failed, N skipped". Steps of one lane run one after the other,
# lanes side by side; what a step says comes out whole, when it is done.
# shellcheck shell=bash

steps=$(mktemp -d)
lanes=()

# Nothing goes on when this ends, however it ends.
end_lanes() {
	local lane
	for lane in "${lanes[@]}"; do
		kill -- "-$lane" 2>/dev/null || true
	done
	rm -rf "$steps"
}
trap end_lanes EXIT
trap 'exit 130' INT TERM

# Run a step and note what came of it: step NAME COMMAND...
step() {
	local name=$1 status=0 line start=$SECONDS
	local out=$steps/${1//[^A-Za-z0-9._-]/-}
	shift
	say "$name: begins"
	"$@" >"$out.out" 2>&1 || status=$?
	line=$(tail -n 1 "$out.out")
	if [[ ! $line =~ ^[0-9]+\ passed,\ [0-9]+\ failed,\ [0-9]+\ skipped$ ]]
	then
		line="0 passed, 1 failed, 0 skipped"
		echo "$name: no totals" >>"$out.out"
	elif [ "$status" -ne 0 ] && [[ $line == *", 0 failed, "* ]]; then
		line="0 passed, 1 failed, 0 skipped"
		echo "$name: exit status $status" >>"$out.out"
	fi
	printf '%s: %s\n' "$line" "$name" >"$out.result"
	(
		flock 9
		printf '\n== %s\n' "$name"
		cat "$out.out"
		printf '== %s took %d s\n' "$name" "$((SECONDS - start))"
	) 9>"$steps/lock"
}

# Print the totals of all steps as the last line; fail if anything failed:
# totals NUMBER-OF-STEPS
totals() {
	local result n=0 passed=0 failed=0 skipped=0 name p f s
	wait
	echo
	for result in "$steps"/*.result; do
		IFS=' ,:' read -r p _ f _ s _ name <"$result"
		echo "$name: $p passed, $f failed, $s skipped"
		passed=$((passed + p)) failed=$((failed + f))
		skipped=$((skipped + s)) n=$((n + 1))
	done
	if [ "$n" -ne "$1" ]; then
		echo "$(($1 - n)) steps did not come to their end"
		failed=$((failed + $1 - n))
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
