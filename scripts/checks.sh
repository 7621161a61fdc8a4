# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that count results and print their totals. Read after
# lib.sh.
# shellcheck shell=bash disable=SC2154

passed=0 failed=0
report=$own/log/check
mkdir -p "$report"

# Count and print a result, which is good if the status is 0: result STATUS NAME
result() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok: $2"
	else
		failed=$((failed + 1))
		echo "not ok: $2"
	fi
}

# Run one check. It passes if the command succeeds and prints nothing:
# check NAME COMMAND...
check() {
	local name=$1 out=$report/${1//[^A-Za-z0-9._-]/-} status=0
	local start=$SECONDS word=ok
	shift
	"$@" >"$out" 2>&1 || status=$?
	if [ "$status" -eq 0 ] && [ ! -s "$out" ]; then
		result 0 "$name"
	else
		word="not ok"
		result 1 "$name (exit status $status)"
		head -n 40 "$out" | sed 's/^/  /'
		echo "  (whole output: $out)"
	fi
	[ -z "${RESULTS:-}" ] || printf 'check\t%s\t%d\t%s\n' "$word" \
		$((SECONDS - start)) "$name" >>"$RESULTS"
}

# A build must end with one line of its own, which has some words. Prints the whole
# log otherwise: one_line LOG WORDS
one_line() {
	local lines
	lines=$(grep -vE '^make(\[|:)' "$1") || true
	if [ "$(wc -l <<<"$lines")" -ne 1 ] || ! grep -qE "$2" <<<"$lines"; then
		cat "$1"
	fi
}

# Print the totals. The result is the result of the script.
check_totals() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}
