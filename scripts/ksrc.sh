#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetch a Debian kernel source tree and print its directory.
# usage: ksrc.sh [VERSION|newest]    (6.1, 6.12, 7.2, ...)

. "$(dirname "$0")/lib.sh"

want=${1:-newest}

need "${source_packages[@]}"
state=$(apt_state source bookworm bookworm-security bookworm-backports \
	trixie trixie-backports)
if [ "$want" = newest ]; then
	package=$(newest "$state" 'linux-source-[0-9]+\.[0-9]+') || true
else
	package=$(newest "$state" "linux-source-${want//./\\.}") || true
fi
[ -n "$package" ] || die "Debian has no package of kernel source $want"

dir=$cache/source/${package#linux-source-}
lock "$package"
if [ ! -e "$dir" ]; then
	say "fetching $package"
	making "$dir"
	unpack "$state" "$dir.new/deb" "$package"
	mkdir "$dir.new/tree"
	quietly unpack-source tar -C "$dir.new/tree" --strip-components=1 -xf \
		"$dir.new/deb/usr/src/$package.tar.xz"
	mv "$dir.new/tree" "$dir"
fi
printf '%s\n' "$dir"
