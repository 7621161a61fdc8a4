#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetch the programs of LLVM that build a kernel, and print their directory.
# They run in place. The version is one that checks at run time the bounds that
# __counted_by tells, which needs 20.1 or newer.
# usage: llvm.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/unpack.sh"

version=22
need "${stock_packages[@]}"
dir=$cache/llvm/$version
lock "llvm-$version"
# the link is broken if the cache moved, as are the paths in the executables
if [ ! -e "$dir/bin/" ]; then
	say "fetching LLVM $version"
	state=$(apt_state trixie-backports trixie trixie-backports)
	making "$dir"
	packages=$(closure "$state" {clang,lld,llvm}-"$version")
	mapfile -t packages <<<"$packages"
	unpack "$state" "$dir.new/root" "${packages[@]}"
	quietly relocate-llvm relocate "$dir.new/root" "$dir/root"
	ln -s "$dir/root/usr/lib/llvm-$version/bin" "$dir.new/bin"
	made "$dir"
fi
printf '%s\n' "$dir/bin"
