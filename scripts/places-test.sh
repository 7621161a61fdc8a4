#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of the places where people run the demo: minimal roots of Debian 12 and
# 13, as root in a container without CAP_SYS_ADMIN, and as a normal user to whom
# user namespaces are refused. Each demo begins with an empty cache. A user
# without the packages and a chroot without /proc are told so. The last line has
# the totals.
# usage: places-test.sh [SUITE...]	(default: bookworm trixie)

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"
. "$top/scripts/roots.sh"

# Run a command in a root as the place permits: in_place PLACE ROOT COMMAND...
# A container has the capabilities that Docker and Podman leave.
in_place() {
	local place=$1 root=$2 home=/root run=()
	shift 2
	case $place in
	container)
		run=(setpriv --inh-caps=-all --bounding-set="-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap") ;;
	user)
		home=/home/user
		run=(setpriv --reuid=1000 --regid=1000 --clear-groups
			--inh-caps=-all --bounding-set=-all --no-new-privs) ;;
	esac
	run=(chroot "$root" "${clean[@]}" "HOME=$home" "${run[@]}" "$@")
	if [ "$place" = chroot ]; then
		"${run[@]}" </dev/null
	else
		mounted "$root" "${run[@]}"
	fi
}

# The demo must work: demo PLACE ROOT NAME
demo() {
	local status=0 out=$own/log/places-${3// /-}
	in_place "$1" "$2" make -C /umbra demo >"$out" 2>&1 || status=$?
	result "$status" "$3: the demo"
	[ "$status" -eq 0 ] || tail -n 20 "$out"
}

# One line with some words says what a place lacks, and nothing is fetched:
# refusal PLACE ROOT NAME TARGET WORD...
refusal() {
	local place=$1 root=$2 name="$3: make $4" target=$4 status=0
	local word out=$work/out
	shift 4
	in_place "$place" "$root" make -C /umbra "$target" >"$out" 2>&1 || status=$?
	result $((status == 0)) "$name: fails"
	result $(($(grep -vcE '^make(\[|:)' "$out") != 1)) "$name: prints one line"
	for word; do
		status=0
		grep -qw "$word" "$out" || status=1
		result "$status" "$name: the line names $word"
	done
	mkdir -p "$root"/{home/user,root}/.cache
	find "$root"/{home/user,root}/.cache -type f -size +0 >"$work/fetched"
	result "$(wc -l <"$work/fetched")" "$name: fetches nothing"
	cat "$out" "$work/fetched"
}

[ $# -gt 0 ] || set -- bookworm trixie
for suite; do
	say "$suite"
	root=$work/root
	rm -rf "$root" "$root.fresh"
	minimal_root "$root.fresh" "$suite"

	cp -a "$root.fresh" "$root"
	refusal user "$root" "$suite, user without packages" demo qemu-system-x86 patchelf gcc
	refusal user "$root" "$suite, user without packages" test qemu-system-x86 patchelf \
		python3-sphinx flex xz-utils
	refusal chroot "$root" "$suite, chroot without /proc" demo /proc

	rm -rf "$root"
	mv "$root.fresh" "$root"
	status=0
	in_place container "$root" unshare -m true 2>"$work/out" || status=1
	result $((status == 0)) "$suite, container: mounts are refused"
	demo container "$root" "$suite, container"

	status=0
	in_place user "$root" unshare -r true 2>"$work/out" || status=1
	result $((status == 0)) "$suite, user: user namespaces are refused"
	demo user "$root" "$suite, user"
done

check_totals
