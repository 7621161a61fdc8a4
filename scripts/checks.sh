# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run checks: commands that print nothing if all is
# well. Read after lib.sh.
# shellcheck shell=bash disable=SC2154

passed=0 failed=0
report=$own/log/check
mkdir -p "$report"

# Run one check. It passes if the command succeeds and prints nothing:
# check NAME COMMAND...
check() {
	local name=$1 out=$report/${1//[^A-Za-z0-9._-]/-} status=0
	local start=$SECONDS result=ok
	shift
	"$@" >"$out" 2>&1 || status=$?
	if [ "$status" -eq 0 ] && [ ! -s "$out" ]; then
		passed=$((passed + 1))
		echo "ok: $name"
	else
		result="not ok"
		failed=$((failed + 1))
		echo "not ok: $name (exit status $status)"
		head -n 40 "$out" | sed 's/^/  /'
		echo "  (whole output: $out)"
	fi
	[ -z "${RESULTS:-}" ] || printf 'check\t%s\t%d\t%s\n' "$result" \
		$((SECONDS - start)) "$name" >>"$RESULTS"
}

# Print the totals. The result is the result of the script.
check_totals() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}
