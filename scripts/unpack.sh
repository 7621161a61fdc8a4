# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that unpack programs of Debian in the cache, with all
# that they need, so that they run in place: without a chroot, a mount or root.
# To be sourced after lib.sh.
# shellcheck shell=bash

# Print a package and all that it needs, with versions: closure STATE PACKAGE...
closure() {
	local state=$1
	shift
	private_apt "$state" apt-get -s --no-install-recommends install "$@" |
		sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p'
}

# Make the programs in a root run from its final place. Executables use its
# loader and libraries, and links point into it. Documents are removed. The path
# of the libraries is set first: patchelf 0.18 breaks programs if it sets both at
# once, or the loader first. relocate ROOT FINAL-ROOT
relocate() {
	local root=$1 final=$2 file libs
	rm -rf "$root"/usr/share/{doc,man,locale}
	[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
	libs=$final/lib/x86_64-linux-gnu
	# programs of klibc have a loader and no libraries, and no build uses them
	find "$root/usr" -type f -perm -u+x ! -name '*.so*' |
		while read -r file; do
			patchelf --print-interpreter --print-rpath "$file" \
				>/dev/null 2>&1 ||
				continue
			patchelf --force-rpath --set-rpath \
				"$libs:$final/usr/lib/x86_64-linux-gnu" \
				"$file" &&
				patchelf --set-interpreter \
				"$libs/ld-linux-x86-64.so.2" "$file" ||
				return
		done || return
	find "$root" -type l -lname '/*' | while read -r file; do
		ln -sfn "$final$(readlink "$file")" "$file" || return
	done
}
