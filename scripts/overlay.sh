#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Put this checkout into a kernel tree as drivers/umbra: a link, a line in
# drivers/Kconfig and a line in drivers/Makefile. A second call changes nothing.
# usage: overlay.sh [--remove] TREE

. "$(dirname "$0")/lib.sh"

remove=
if [ "${1:-}" = --remove ]; then
	remove=yes
	shift
fi
tree=${1:?usage: overlay.sh [--remove] TREE}
drivers=$tree/drivers
link=$drivers/umbra
menu_line='source "drivers/umbra/Kconfig"'
# shellcheck disable=SC2016 # make expands this
make_line='obj-$(CONFIG_UMBRA)		+= umbra/'

[ -f "$drivers/Kconfig" ] || die "$tree: not a kernel tree"
[ -L "$link" ] || [ ! -e "$link" ] ||
	die "$link: exists and is not a link"

# Write a file only if its text changes, since a new time causes a new build:
# replace FILE TEXT
replace() {
	[ "$(cat "$1")" != "$2" ] || return 0
	printf '%s\n' "$2" >"$1.umbra-new"
	chmod --reference="$1" "$1.umbra-new"
	mv "$1.umbra-new" "$1"
}

lock "overlay-$(realpath "$tree" | cksum | cut -d ' ' -f 1)"
kconfig=$(grep -vxF "$menu_line" "$drivers/Kconfig")
makefile=$(grep -vxF "$make_line" "$drivers/Makefile")
if [ -n "$remove" ]; then
	rm -f "$link"
else
	kconfig=${kconfig/$'\nendmenu'/$'\n'$menu_line$'\nendmenu'}
	makefile+=$'\n'$make_line
	ln -sfn "$top" "$link"
fi
replace "$drivers/Kconfig" "$kconfig"
replace "$drivers/Makefile" "$makefile"
