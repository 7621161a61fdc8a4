# SPDX-License-Identifier: GPL-2.0
# Shared by the tests that build for changed copies of a header tree of Debian.
# shellcheck shell=bash

# Copy a header tree. The copy has two parts, as the tree has: TREE and
# TREE-common: copy_tree FROM TREE
copy_tree() {
	local common
	common=$(sed -n 's,^include \(.*\)/Makefile,\1,p' "$1/Makefile")
	rm -rf "$2" "$2-common"
	cp -al "$1" "$2"
	cp -al "$common" "$2-common"
	sed -i -e "s,$1,$2," -e "s,$common,$2-common," "$2/Makefile"
}

remove_tree() {
	rm -rf "$1" "$1-common"
}

# Give a copied tree a release: set_release TREE RELEASE
set_release() {
	sed -i "s/\(KERNELRELEASE *=\).*/\1 $2/" "$1/.kernelvariables"
	sed -i "s/.*/$2/" "$1/include/config/kernel.release"
	sed -i "s/\".*\"/\"$2\"/" "$1/include/generated/utsrelease.h"
}

# Give a copied tree a version: set_version TREE VERSION PATCHLEVEL
set_version() {
	sed -i -E -e "s/^(VERSION =).*/\1 $2/" -e "s/^(PATCHLEVEL =).*/\1 $3/" \
		"$1-common/Makefile"
}

# Take options out of the configuration of a copied tree:
# without_config TREE OPTION...
without_config() {
	local tree=$1 option
	shift
	for option; do
		sed -i "/^$option=/d" "$tree/.config" \
			"$tree/include/config/auto.conf"
		sed -i "/^#define $option /d" \
			"$tree/include/generated/autoconf.h"
	done
}
