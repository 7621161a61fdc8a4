# SPDX-License-Identifier: GPL-2.0
# Steps and their totals. A step is a command that prints, as its last line,
# "N passed, N failed, N skipped". Steps of one lane run one after the other;
# lanes run in parallel. The output of a step is printed in one piece at its
# end.
# shellcheck shell=bash disable=SC2154

steps=$(mktemp -d)
lanes=()
begin=$SECONDS

# End all lanes when the script ends for any reason. A lane is a process group,
# and gets some seconds to end its machines.
end_lanes() {
	local lane n
	trap '' INT TERM HUP
	for lane in "${lanes[@]}"; do
		kill -- "-$lane" 2>/dev/null || true
	done
	for lane in "${lanes[@]}"; do
		for ((n = 0; n < 40; n++)); do
			kill -0 -- "-$lane" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$lane" 2>/dev/null || true
	done
	rm -rf "$steps"
}
trap end_lanes EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Start a lane, a function that runs steps: lane FUNCTION
lane() {
	set -m	# the lane gets a new process group
	"$1" </dev/null &
	lanes+=($!)
	set +m
}

# Run a step and store its result: step NAME COMMAND...
step() {
	local name=$1 status=0 line start=$SECONDS
	local out=$steps/${1//[^A-Za-z0-9._-]/-}
	shift
	say "$name: begins"
	RESULTS=$out.tsv "$@" >"$out.out" 2>&1 || status=$?
	line=$(tail -n 1 "$out.out")
	if [[ ! $line =~ ^[0-9]+\ passed,\ [0-9]+\ failed,\ [0-9]+\ skipped$ ]]
	then
		line="0 passed, 1 failed, 0 skipped"
		echo "$name: no totals" >>"$out.out"
	elif [ "$status" -ne 0 ] && [[ $line == *", 0 failed, "* ]]; then
		line="0 passed, 1 failed, 0 skipped"
		echo "$name: exit status $status" >>"$out.out"
	fi
	printf '%s: %s: %s\n' "$line" "$((SECONDS - start))" "$name" \
		>"$out.result"
	(
		flock 9
		printf '\n== %s\n' "$name"
		cat "$out.out"
		printf '== %s took %d s\n' "$name" "$((SECONDS - start))"
	) 9>"$steps/lock"
}

# Print a table of all steps, and the totals as the last line. Fails if a step
# failed or is missing: totals NUMBER-OF-STEPS
totals() {
	local result n=0 passed=0 failed=0 skipped=0 seconds name p f s
	wait
	printf '\n%8s %8s %8s %8s  %s\n' seconds passed failed skipped step
	for result in "$steps"/*.result; do
		IFS=' ,:' read -r p _ f _ s _ seconds name <"$result"
		printf '%8d %8d %8d %8d  %s\n' \
			"$seconds" "$p" "$f" "$s" "$name"
		passed=$((passed + p)) failed=$((failed + f))
		skipped=$((skipped + s)) n=$((n + 1))
	done
	printf '%8d %8d %8d %8d  %s\n' $((SECONDS - begin)) "$passed" \
		"$failed" "$skipped" "total"
	if [ "$n" -ne "$1" ]; then
		echo "$(($1 - n)) steps did not finish"
		failed=$((failed + $1 - n))
	fi
	! compgen -G "$steps/*.tsv" >/dev/null || /usr/bin/python3 \
		"$top/scripts/results.py" table "$steps"/*.tsv
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
