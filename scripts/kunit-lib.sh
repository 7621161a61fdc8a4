# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run the KUnit tests: which kernel tree, where it
# is built, how kunit.py is called, and what its words mean. To be sourced
# after lib.sh.
# shellcheck shell=bash

kunit_packages=(gcc libc6-dev make flex bison bc libelf-dev libssl-dev
	perl python3)

# The version of a kernel tree, as 6.12
tree_version() {
	sed -n '1,/^PATCHLEVEL/{s/^VERSION = //p;s/^PATCHLEVEL = //p}' \
		"$1/Makefile" | paste -sd .
}

# Take a tree and its build directory for this process alone, with umbra in
# it: kunit_tree ARCH VERSION. KSRC names a tree of the user's own, which is
# as before when the process ends. Sets tree, version and build.
kunit_tree() {
	local arch=$1
	need "${kunit_packages[@]}"
	if [ -n "${KSRC:-}" ]; then
		tree=$(realpath "$KSRC")
	else
		tree=$("$top/scripts/ksrc.sh" "$2")
	fi
	version=$(tree_version "$tree")
	[ "$(printf '%s\n' 6.12 "$version" | sort -V | head -n 1)" = 6.12 ] ||
		die "kernel $version: the tests need the KUnit of 6.12 or newer"
	build=$cache/build/$arch-$version
	[ -z "${KSRC:-}" ] ||
		build+=-$(cksum <<<"$tree" | cut -d ' ' -f 1)
	lock "$(basename "$build")"
	[ -z "${KSRC:-}" ] ||
		trap '"$top/scripts/overlay.sh" --remove "$tree"' EXIT
	"$top/scripts/overlay.sh" "$tree"
	mkdir -p "$build"

	# To make, another checkout is the same files with other times
	if [ "$(cat "$build/umbra-checkout" 2>/dev/null)" != "$top" ]; then
		rm -rf "$build/drivers/umbra"
		printf '%s\n' "$top" >"$build/umbra-checkout"
	fi
}

# Go on with a build directory of its own for another configuration of the
# same tree: kunit_variant NAME. Changes build.
kunit_variant() {
	build+=-$1
	lock "$(basename "$build")"
	mkdir -p "$build"
	[ -e "$build/vmlinux" ] || say "building kernel $version, for minutes"
	# Another checkout has other sources under the same names
	[ "$(cat "$build/umbra-checkout" 2>/dev/null)" = "$top" ] ||
		rm -rf "$build/drivers/umbra"
	printf '%s\n' "$top" >"$build/umbra-checkout"
}

# Boot a UML with a busybox, and a first process that is read from stdin and
# powers off in the end; what it leaves in /data stays:
# uml_boot ROOT LOG [KERNEL ARGUMENT...]
uml_boot() {
	local root=$1 log=$2
	shift 2
	rm -rf "$root"
	mkdir -p "$root"/{bin,proc,sys,dev,data}
	cp /bin/busybox "$root/bin/"
	cat >"$root/init"
	chmod 755 "$root/init"
	timeout "${TIMEOUT:-600}" "$build/linux" ncpus=2 seccomp=on con=null \
		con0=fd:0,fd:1 rw rootfstype=hostfs "rootflags=$root" \
		init=/init "$@" </dev/null >"$log" 2>&1
}

# kunit_py COMMAND [ARGUMENT...], in the tree
kunit_py() {
	(cd "$tree" && exec /usr/bin/python3 tools/testing/kunit/kunit.py "$@")
}

# Put what kunit.py said into words, and its numbers into passed, failed and
# skipped: kunit_result OUTPUT
kunit_result() {
	local line
	grep -E '(FAILED|SKIPPED|CRASHED|ERROR)\]|\] =+ \[' "$1" |
		sed 's/^\[[0-9:]*\] //' || true
	line=$(grep 'Testing complete\.' "$1" | tail -n 1 || true)
	passed=$(count_of passed "$line")
	skipped=$(count_of skipped "$line")
	failed=$(($(count_of failed "$line") + $(count_of crashed "$line") +
		$(count_of errors "$line")))
	[ "$passed" -gt 0 ] || failed=$((failed + 1))
}

# count_of WHAT LINE
count_of() {
	local n
	n=$(grep -oE "$1: [0-9]+" <<<"$2" || true)
	printf '%s\n' "${n#*: }" | grep . || echo 0
}

# Print the totals as the last line; false if anything failed.
kunit_totals() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}
