#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of the ways to build and install umbra without DKMS, against header trees
# of stock kernels, and of the trees and paths that a build refuses. The last line
# has the totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"
. "$top/scripts/trees.sh"

need "${stock_packages[@]}" kmod
version=0.1.0.r5.gabc		# a version of a packager
work=$own/builds
lock "builds-$checkout"
rm -rf "$work"
mkdir -p "$work"
trees=()
trap 'remove_all' EXIT

remove_all() {
	local tree
	for tree in "${trees[@]}"; do
		remove_tree "$tree"
	done
	rm -rf "$work"
}

# Set kernel, and the directory, release and tree of its headers: choose KERNEL
choose() {
	kernel=$1
	dir=$("$top/scripts/kernel.sh" "$1")
	release=$(cat "$dir/release")
	tree=$dir/root/usr/src/linux-headers-$release
}

# Make a new copy of the sources: sources_in DIRECTORY
sources_in() {
	rm -rf "$1"
	copy_sources "$1"
}

# Copy the tree of the kernel under a name, and set copy to its path: changed NAME
changed() {
	copy=$dir/root/usr/src/$1-$checkout
	trees+=("$copy")
	copy_tree "$tree" "$copy"
}

# Run make with the compiler of the kernel, and show what it prints only if it
# fails: run_make ARGUMENT...
run_make() {
	env -u MAKEFLAGS -u MAKELEVEL "PATH=$dir/root/usr/bin:$PATH" \
		make -j "$jobs" "$@" >"$work/out" 2>&1 || {
		tail -n 20 "$work/out"
		return 1
	}
}

# Print a complaint of the last make: complaints WORDS
complaints() {
	grep -iE "$1" "$work/out" || true
}

# make must fail with one line of its own, which has some words:
# refuses WORDS ARGUMENT...
refuses() {
	local words=$1
	shift
	! run_make "$@" >/dev/null || echo "make succeeds"
	one_line "$work/out" "$words"
}

# The module below a directory is of a version: module_is DIRECTORY VERSION
module_is() {
	local module found
	module=$(find "$1" -name 'umbra.ko*')
	[ -n "$module" ] || { echo "no module in $1"; return; }
	found=$(modinfo -F version "$module")
	[ "$found" = "$2" ] || echo "$module is of version $found"
}

# Build with MO=, and install from there
with_separate_output() {
	local source=$work/source out=$work/out-of-source
	sources_in "$source"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$version\"/" \
		"$source/dkms.conf"
	chmod -R a-w "$source"
	(cd "$source" && find . -type f -exec cksum {} +) >"$work/before"
	mkdir "$out"
	run_make -C "$tree" "M=$source" "MO=$out" modules || return
	complaints 'warning|error'
	run_make -C "$tree" "M=$source" "MO=$out" \
		"INSTALL_MOD_PATH=$work/installed-mo" modules_install || return
	(cd "$source" && find . -type f -exec cksum {} +) |
		diff "$work/before" -
	module_is "$out" "$version"
	module_is "$work/installed-mo/lib/modules/$release" "$version"
}

# A kernel tree of two directories: the sources in KDIR, the rest in O
of_two_directories() {
	local source=$work/two
	sources_in "$source"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$version\"/" \
		"$source/dkms.conf"
	run_make -C "$source" "KDIR=$(sed -n 's,^include \(.*\)/Makefile,\1,p' \
		"$tree/Makefile")" "O=$tree" || return
	complaints 'warning|error|jobserver'
	module_is "$source" "$version"
}

# Install what of_two_directories built: installs_to DIRECTORY ARGUMENT...
# kbuild has another default for the directory since 6.3.
installs_to() {
	rm -rf "$work/installed"
	run_make "${@:2}" "INSTALL_MOD_PATH=$work/installed" modules_install ||
		return
	module_is "$work/installed/lib/modules/$release/$1" "$version"
}

# A kernel that has no contiguous memory for umbra is no error
without_memory() {
	sources_in "$work/source"
	run_make -C "$work/source" "KDIR=$copy" || return
	[ -e "$work/source/umbra.ko" ] || echo "no module"
	grep -q 'neither CONFIG_CONTIG_ALLOC nor CONFIG_DMA_CMA' "$work/out" ||
		echo "no warning about memory"
}

choose 6.1
check "$kernel: O= with KDIR=" of_two_directories
check "$kernel: modules_install of kbuild" \
	installs_to "" -C "$tree" "M=$work/two"
check "$kernel: make modules_install" \
	installs_to updates -C "$work/two" "KDIR=$tree"
sources_in "$work/source"
changed old-6.1
set_version "$copy" 5 15
check "a kernel that is too old" refuses \
	'needs Linux 6\.1 or newer; this kernel is 5\.15' \
	-C "$work/source" "KDIR=$copy"
changed narrow-6.1
without_config "$copy" CONFIG_64BIT
check "a kernel without CONFIG_64BIT" refuses \
	'needs a 64-bit kernel; this one has no CONFIG_64BIT' \
	-C "$work/source" "KDIR=$copy"
changed unprepared-6.1
rm "$copy/include/config/auto.conf"
check "a tree that is not prepared" refuses \
	'is not prepared for modules: run make modules_prepare there' \
	-C "$work/source" "KDIR=$copy"
check "no headers" refuses \
	'/none has no kernel headers: install those of this kernel \(.*, the package linux-headers-amd64\)' \
	-C "$work/source" "KDIR=$work/none"
for name in "a space" a:colon; do
	sources_in "$work/$name"
	check "checkout in '$name'" refuses \
		"cannot build in .*/$name: the path has a space or a colon" \
		-C "$work/$name" "KDIR=$tree"
	mv "$work/$name" "$work/gone"
	ln -s "$tree" "$work/$name"
	check "KDIR in '$name'" refuses \
		"KDIR=.*/$name: the path has a space or a colon" \
		-C "$work/source" "KDIR=$work/$name"
	rm -rf "${work:?}/$name" "$work/gone"
done
check "a kernel with the functions of newer ones" \
	"$top/scripts/compat-test.sh" rich-6.1

choose 7
check "$kernel: MO= leaves the sources as they are" with_separate_output
changed poor-7
without_config "$copy" CONFIG_CONTIG_ALLOC CONFIG_DMA_CMA
check "$kernel: without CONFIG_CONTIG_ALLOC and CONFIG_DMA_CMA" \
	without_memory
check_totals
