#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Provision a Debian kernel source tree and print where it is.
# usage: ksrc.sh [VERSION|newest]    (6.1, 6.12, 7.2, ...)

. "$(dirname "$0")/lib.sh"

want=${1:-newest}

need xz-utils
state=$(apt_state source bookworm bookworm-security bookworm-backports \
	trixie trixie-backports)
if [ "$want" = newest ]; then
	package=$(newest "$state" 'linux-source-[0-9]+\.[0-9]+') || true
else
	package=$(newest "$state" "linux-source-${want//./\\.}") || true
fi
[ -n "$package" ] || die "no Debian package holds kernel source $want"

lock "$package"
dir=$cache/source/${package#linux-source-}
if [ ! -e "$dir/.complete" ]; then
	say "fetching $package"
	rm -rf "$dir" "$dir.deb"
	unpack "$state" "$dir.deb" "$package"
	mkdir -p "$dir"
	tar -C "$dir" --strip-components=1 -xf \
		"$dir.deb/usr/src/$package.tar.xz"
	rm -rf "$dir.deb"
	touch "$dir/.complete"
fi
printf '%s\n' "$dir"
