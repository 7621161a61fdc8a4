#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of the life of umbra under DKMS, in minimal roots with kernel headers of
# Debian: with the versions of DKMS in Debian 12, Debian 13 and unstable, the last
# in a root of Debian 13. The last line has the totals.
#   DKMS_SOURCE=DIRECTORY	a source tree of DKMS, which replaces that of sid
# usage: dkms-test.sh [SUITE...]	(default: bookworm trixie sid)

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"
. "$top/scripts/roots.sh"

version=$(umbra_version)
next=$version.r5.gabc		# a version of a packager
old=5.15.0-fake narrow=6.99.0-fake

# Make a root with DKMS and the headers of two kernels: dkms_root SUITE
dkms_root() {
	local suite=$1 dkms=dkms state
	if [ "$1" = sid ]; then
		suite=trixie
		state=$(apt_state sid sid)
	fi
	minimal_root "$root" "$suite"
	if [ "$1" = sid ]; then
		(cd "$root" && quietly "$name-download" \
			private_apt "$state" apt-get download dkms) || exit
		dkms=$(cd "$root" && echo ./dkms_*.deb)
	fi
	quietly "$name-install" install_in "$root" "$dkms" gcc libc6-dev kmod \
		linux-headers-cloud-amd64
	if [ "$1" = sid ] && [ -n "${DKMS_SOURCE:-}" ]; then
		cp -r "$DKMS_SOURCE" "$root/dkms"
		quietly "$name-source" in_root "$root" make -C /dkms \
			install-debian
	fi
	kernel=$(cd "$root/usr/src" && echo linux-headers-*-cloud-amd64)
	kernel=${kernel#linux-headers-}
	second=${kernel%%-*}-second
	quietly "$name-trees" in_root "$root" bash -ec '
		. /umbra/scripts/trees.sh
		second=$1 old=$2 narrow=$3
		for release; do
			tree=/usr/src/linux-headers-$release
			copy_tree /usr/src/linux-headers-*-cloud-amd64 "$tree"
			set_release "$tree" "$release"
			mkdir "/lib/modules/$release"
			ln -s "$tree" "/lib/modules/$release/build"
		done
		# without a module, DKMS takes the kernel for removed
		mkdir "/lib/modules/$second/kernel"
		gcc -c -x c -o "/lib/modules/$second/kernel/none.ko" /dev/null
		depmod "$second"
		set_version "/usr/src/linux-headers-$old" 5 15
		without_config "/usr/src/linux-headers-$narrow" CONFIG_64BIT
		' bash "$second" "$old" "$narrow"
}

# Run a command in the root. Prints all lines if it fails, or the lines with a
# complaint: silent COMMAND...
silent() {
	local status=0
	in_root "$root" "$@" >"$work/out" 2>&1 || status=$?
	if [ "$status" -eq 0 ]; then
		grep -iE 'deprecat|warning|error' "$work/out" || true
	else
		cat "$work/out"
		return "$status"
	fi
}

status_is() {
	local line
	in_root "$root" dkms status umbra >"$work/status"
	line=$(grep -F "umbra/$1, $2," "$work/status") || line=none
	[[ $line == *": $3"* ]] || echo "dkms status, umbra/$1 $2: $line"
}

# A kernel has the module of a version, and clients can be built: has KERNEL VERSION
has() {
	local module updates=/lib/modules/$1/updates/dkms found
	module=$(find "$root$updates" -name 'umbra.ko*') || true
	[ -n "$module" ] || { echo "no module in $updates"; return; }
	found=$(modinfo -F version "$module")
	[ "$found" = "$2" ] || echo "the module is of version $found"
	[ "$(in_root "$root" modinfo -k "$1" -F version umbra)" = "$2" ] ||
		echo "modinfo of the kernel finds another version"
	diff -r "$top/include/umbra" "$root/usr/src/umbra/$1/include/umbra"
	rm -rf "$root/examples"
	cp -r "$top/examples" "$root/examples"
	in_root "$root" /umbra/scripts/check-clients.sh /examples "" "$1" \
		>"$work/out" 2>&1 || tail -n 20 "$work/out"
	[ -z "$(find "$root/lib/modules/$1/updates" -name 'umbra_*')" ]
}

# Print what a removed umbra left: nothing_of [KERNEL]
nothing_of() {
	local module=/var/lib/dkms/umbra
	if [ $# -gt 0 ]; then
		find "$root/lib/modules/$1/updates" "$root/usr/src/umbra/$1" \
			"$root$module"/*/"$1" 2>/dev/null || true
	else
		find "$root"/lib/modules/*/updates "$root/usr/src/umbra" \
			"$root$module" 2>/dev/null || true
		find "$root/usr/src" -maxdepth 1 -name 'umbra*'
	fi
}

# DKMS passes over a kernel that umbra does not support, and so does the hook of
# the packages of kernels: passes_over KERNEL
passes_over() {
	local command
	for command in "dkms autoinstall -k" /etc/kernel/header_postinst.d/dkms
	do
		# shellcheck disable=SC2086
		in_root "$root" $command "$1" >"$work/out" 2>&1 || {
			echo "$command: exit status $?"
			cat "$work/out"
		}
	done
	nothing_of "$1"
}

# make fails with one line of its own: refuses KERNEL WORDS
refuses() {
	! in_root "$root" make -C /umbra "KVER=$1" >"$work/out" 2>&1 ||
		echo "make builds for $1"
	one_line "$work/out" "$2"
}

# A checkout of a user, who built for another kernel
built_for_other() {
	chroot "$root" chown -R user: /umbra
	in_root "$root" setpriv --reuid=user --regid=user --clear-groups \
		make -C /umbra -j "$jobs" "KVER=$second" \
		>"$work/out" 2>&1 || tail -n 20 "$work/out"
	grep jobserver "$work/out" || true
}

of_next_version() {
	cp -r "$root/umbra" "$root/next"
	rm -rf "$root/next/.git"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$next\"/" \
		"$root/next/dkms.conf"
}

life() {
	check "$name: a user builds for another kernel" built_for_other
	check "$name: make dkms-install" \
		silent make -C /umbra dkms-install "KVER=$kernel"
	check "$name: installed" has "$kernel" "$version"
	check "$name: status" status_is "$version" "$kernel" installed
	check "$name: make dkms-remove" silent make -C /umbra dkms-remove
	check "$name: dkms-remove leaves nothing" nothing_of

	check "$name: dkms add" silent dkms add /umbra
	check "$name: a kernel that is too old" passes_over "$old"
	check "$name: dkms build" silent dkms build -k "$kernel" "umbra/$version"
	check "$name: status after the build" status_is "$version" "$kernel" built
	check "$name: dkms install" \
		silent dkms install -k "$kernel" "umbra/$version"
	check "$name: status after the installation" \
		status_is "$version" "$kernel" installed
	check "$name: autoinstall for a second kernel" \
		silent dkms autoinstall -k "$second"
	check "$name: installed for the second kernel" has "$second" "$version"
	check "$name: a kernel that is too old, beside others" \
		passes_over "$old"
	check "$name: a kernel without CONFIG_64BIT" passes_over "$narrow"
	check "$name: make for a kernel that is too old" \
		refuses "$old" "6\.1 or newer; this kernel is 5\.15"
	check "$name: make for a kernel without CONFIG_64BIT" \
		refuses "$narrow" "64-bit.*no CONFIG_64BIT"

	of_next_version
	check "$name: dkms add of a newer version" silent dkms add /next
	check "$name: dkms install of a newer version" \
		silent dkms install -k "$kernel" "umbra/$next"
	check "$name: the newer version wins" has "$kernel" "$next"
	check "$name: the second kernel keeps the older version" \
		has "$second" "$version"
	check "$name: removal of the older version" \
		silent make -C /umbra dkms-remove
	check "$name: the newer version stays" has "$kernel" "$next"
	check "$name: the older version is gone" nothing_of "$second"

	check "$name: autoinstall of the newer version" \
		silent dkms autoinstall -k "$second"
	check "$name: removal of the first kernel" \
		silent /etc/kernel/prerm.d/dkms "$kernel"
	check "$name: the first kernel has nothing" nothing_of "$kernel"
	check "$name: the second kernel keeps the newer version" \
		has "$second" "$next"
	check "$name: removal of the newer version" \
		silent make -C /next dkms-remove
	check "$name: nothing is left" nothing_of
}

# Build the package from a copy of the sources: build_package DIRECTORY
build_package() {
	silent sh -c 'cd "$1" && dpkg-buildpackage -b -us -uc' sh "$1"
}

# The package makes and removes all that make dkms-install does
package() {
	local file=umbra-dkms_${version}_all.deb
	local newer=umbra-dkms_${next}_all.deb
	rm -rf "$root/next" "$root"/lib/modules/*-{fake,second}
	quietly "${name%%,*}-tools" install_in "$root" build-essential \
		debhelper dh-dkms lintian
	mkdir "$root/build"
	cp -r "$root/umbra" "$root/build/umbra"
	check "$name: build of the package" build_package /build/umbra
	check "$name: lintian" silent lintian --allow-root \
		--fail-on error,warning "/build/$file"
	check "$name: install the package" install_package "$file"
	check "$name: installed by the package" has "$kernel" "$version"
	of_next_version
	cp -r "$root/next" "$root/build/next"
	sed -i "1s/(.*)/($next)/" "$root/build/next/debian/changelog"
	check "$name: build of a newer package" build_package /build/next
	check "$name: upgrade of the package" install_package "$newer"
	check "$name: the newer package is installed" has "$kernel" "$next"
	check "$name: purge of the package" silent dpkg --purge umbra-dkms
	check "$name: purge leaves nothing" nothing_of
}

install_package() {
	silent env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "/build/$1"
}

[ $# -gt 0 ] || set -- bookworm trixie sid
for suite; do
	root=$work/root name=$suite
	rm -rf "$root"
	dkms_root "$suite"
	name+=", $(in_root "$root" dkms --version)"
	say "$name, kernel $kernel"
	life
	[ "$suite" = sid ] || package
done

check_totals
