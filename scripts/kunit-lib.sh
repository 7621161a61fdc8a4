# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run tests in a machine: which kernel tree, where it is
# built, how kunit.py is called, and what its words mean. To be sourced after
# lib.sh.
# shellcheck shell=bash

kunit_packages=(gcc libc6-dev make flex bison bc libelf-dev libssl-dev
	perl python3)

# The version of a kernel tree, as 6.12
tree_version() {
	sed -n '1,/^PATCHLEVEL/{s/^VERSION = //p;s/^PATCHLEVEL = //p}' \
		"$1/Makefile" | paste -sd .
}

# Find the kernel tree to use: the one that KSRC names, or a version's. Sets
# tree and version: kunit_source VERSION
kunit_source() {
	if [ -n "${KSRC:-}" ]; then
		tree=$(realpath "$KSRC")
	else
		tree=$("$top/scripts/ksrc.sh" "$1")
	fi
	version=$(tree_version "$tree")
	[ "$(printf '%s\n' 6.12 "$version" | sort -V | head -n 1)" = 6.12 ] ||
		die "kernel $version: the tests need the KUnit of 6.12 or newer"
}

# Build a user-mode Linux with umbra in it, and keep the tree and the build
# for this process alone: kunit_builtin NAME KUNITCONFIG... A tree of the
# user's own is as before when the process ends. Sets tree, version and build.
kunit_builtin() {
	local name=$1 config args=()
	shift
	for config; do
		args+=("--kunitconfig=$config")
	done
	need "${kunit_packages[@]}"
	kunit_source newest
	build=$cache/build/$name-$version
	[ -z "${KSRC:-}" ] ||
		build+=-$(cksum <<<"$tree" | cut -d ' ' -f 1)
	# the link to this checkout is in the tree
	lock "builtin-$(cksum <<<"$tree" | cut -d ' ' -f 1)"
	[ -z "${KSRC:-}" ] ||
		trap '"$top/scripts/overlay.sh" --remove "$tree"' EXIT
	"$top/scripts/overlay.sh" "$tree"
	mkdir -p "$build"
	[ -e "$build/vmlinux" ] || say "building kernel $version, for minutes"
	# to make, another checkout is the same files with other times
	[ "$(cat "$build/umbra-checkout" 2>/dev/null)" = "$top" ] ||
		rm -rf "$build/drivers/umbra"
	printf '%s\n' "$top" >"$build/umbra-checkout"
	quietly "build-$name" kunit_py build "${args[@]}" \
		--build_dir="$build" --jobs="$jobs"
}

# kunit_py COMMAND [ARGUMENT...], in the tree
kunit_py() {
	(cd "$tree" && exec /usr/bin/python3 tools/testing/kunit/kunit.py "$@")
}

# Count what a machine's KTAP says into passed, failed and skipped, and note each
# result in the file that RESULTS names, if it names one. The kernel's own parser
# judges; a file may hold several reports, one after the other. Sets parsed to the
# number of reports that had an end: judge PLATFORM FILE
judge() {
	local part line parts
	rm -f "$2".part*
	awk -v file="$2" '
		/^(\[[^]]*\] )?KTAP version 1\r?$/ { n++ }
		n { sub(/\r$/, ""); print >(file ".part" n) }' "$2"
	parsed=0
	parts=("$2".part*)
	for part in "${parts[@]}"; do
		[ -e "$part" ] || continue
		kunit_py parse "$part" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' \
			>"$part.parsed" || true
		grep -E '(FAILED|CRASHED|ERROR)\]' "$part.parsed" |
			sed 's/^\[[0-9:]*\] //' || true
		line=$(grep 'Testing complete\.' "$part.parsed" | tail -n 1) ||
			continue
		parsed=$((parsed + 1))
		passed=$((passed + $(count_of passed "$line")))
		skipped=$((skipped + $(count_of skipped "$line")))
		failed=$((failed + $(count_of failed "$line") +
			$(count_of crashed "$line") + $(count_of errors "$line")))
		[ -z "${RESULTS:-}" ] || /usr/bin/python3 \
			"$top/scripts/results.py" read "$1" "$part" >>"$RESULTS"
	done
}

# count_of WHAT LINE
count_of() {
	local n
	n=$(grep -oE "$1: [0-9]+" <<<"$2" || true)
	printf '%s\n' "${n#*: }" | grep . || echo 0
}

# One more test, of the scripts themselves: result PLATFORM ok|"not ok" NAME
result() {
	if [ "$2" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	echo "$2: $3"
	[ -z "${RESULTS:-}" ] ||
		printf '%s\t%s\t0\t%s\n' "$1" "$2" "$3" >>"$RESULTS"
}

# The machine came to its end, and its log has nothing that it must not have:
# judge_machine PLATFORM LOG WHETHER-IT-ENDED
judge_machine() {
	if [ "$3" = yes ]; then
		result "$1" ok "the machine came to its end"
	else
		tail -n 15 "$2"
		result "$1" "not ok" "the machine came to its end"
	fi
	if "$top/scripts/scan-log.sh" "$2"; then
		result "$1" ok "the kernel's log is clean"
	else
		result "$1" "not ok" "the kernel's log is clean"
	fi
}

# Print the totals as the last line; false if anything failed.
kunit_totals() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
