# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run tests in a machine: they find and build a
# kernel tree, call kunit.py, and count results. To be sourced after lib.sh.
# shellcheck shell=bash

# Print the version of a kernel tree, like 6.12: tree_version DIRECTORY
tree_version() {
	sed -n '1,/^PATCHLEVEL/{s/^VERSION = //p;s/^PATCHLEVEL = //p}' \
		"$1/Makefile" | paste -sd .
}

# Find the kernel tree to use: KSRC if it is set, else the tree of VERSION. Sets
# tree and version: kunit_source VERSION
kunit_source() {
	if [ -n "${KSRC:-}" ]; then
		tree=$(realpath "$KSRC")
	else
		tree=$("$top/scripts/ksrc.sh" "$1")
	fi
	version=$(tree_version "$tree")
	[ "$(printf '%s\n' 6.12 "$version" | sort -V | head -n 1)" = 6.12 ] ||
		die "kernel $version: the tests need KUnit of 6.12 or newer"
}

# Make a copy of a kernel tree, of hard links, for the link to this checkout: the
# tree itself is used by other builds, too. Sets tree: tree_for_builtin
tree_for_builtin() {
	local copy=$cache/builtin/$version
	lock "builtin-$version"
	if [ ! -e "$copy" ]; then
		making "$copy"
		cp -al "$tree/." "$copy.new"
		made "$copy"
	fi
	tree=$copy
}

# Build a user-mode Linux with umbra built in, and lock the tree and the build
# until the process ends: kunit_builtin NAME KUNITCONFIG... The process restores
# a tree that KSRC names when it ends. Sets tree, version and build.
kunit_builtin() {
	local name=$1 config args=()
	shift
	for config; do
		args+=("--kunitconfig=$config")
	done
	need "${kunit_packages[@]}"
	kunit_source newest
	build=$cache/build/$name-$version
	# the tree has a link to one checkout only
	if [ -n "${KSRC:-}" ]; then
		build+=-$(cksum <<<"$tree" | cut -d ' ' -f 1)
		lock "builtin-$(cksum <<<"$tree" | cut -d ' ' -f 1)"
		trap '"$top/scripts/overlay.sh" --remove "$tree"' EXIT
	else
		tree_for_builtin
	fi
	"$top/scripts/overlay.sh" "$tree"
	mkdir -p "$build"
	[ -e "$build/vmlinux" ] || say "building kernel $version, takes minutes"
	# make compares times, which mean nothing between two checkouts
	[ "$(cat "$build/umbra-checkout" 2>/dev/null)" = "$top" ] ||
		rm -rf "$build/drivers/umbra"
	printf '%s\n' "$top" >"$build/umbra-checkout"
	quietly "build-$name" kunit_py build "${args[@]}" \
		--build_dir="$build" --jobs="$jobs"
}

# Run kunit.py in the tree: kunit_py COMMAND [ARGUMENT...]
kunit_py() {
	(cd "$tree" && exec /usr/bin/python3 tools/testing/kunit/kunit.py "$@")
}

# Add the results of a KTAP file to passed, failed and skipped: judge PLATFORM
# FILE. The parser of the kernel reads the file, which may hold several reports.
# If RESULTS is set, each result is appended to the file that it names. Sets
# parsed to the number of complete reports.
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

# Print the number after "KEY: " in a line, or 0: count_of KEY LINE
count_of() {
	local n
	n=$(grep -oE "$1: [0-9]+" <<<"$2" || true)
	printf '%s\n' "${n#*: }" | grep . || echo 0
}

# Add a result of the scripts themselves: result PLATFORM ok|"not ok" NAME
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

# The machine must reach its end, and its kernel log must be clean:
# judge_machine PLATFORM LOG ENDED, where ENDED is yes or no
judge_machine() {
	local ended=ok clean=ok
	[ "$3" = yes ] || {
		tail -n 15 "$2"
		ended="not ok"
	}
	result "$1" "$ended" "the machine runs to its end"
	"$top/scripts/scan-log.sh" "$2" || clean="not ok"
	result "$1" "$clean" "the kernel log is clean"
}

# Print the totals as the last line. Fails if a test failed or none passed.
kunit_totals() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
