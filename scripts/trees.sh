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

# Replace a file of a copied tree by the output of sed: a copy is a link, and
# must not change the tree that it is of. edit FILE SED-ARGUMENT...
edit() {
	sed "${@:2}" "$1" >"$1.new"
	mv "$1.new" "$1"
}

# Give a copied tree a release: set_release TREE RELEASE
set_release() {
	edit "$1/.kernelvariables" "s/\(KERNELRELEASE *=\).*/\1 $2/"
	edit "$1/include/config/kernel.release" "s/.*/$2/"
	edit "$1/include/generated/utsrelease.h" "s/\".*\"/\"$2\"/"
}

# Give a copied tree a version: set_version TREE VERSION PATCHLEVEL
set_version() {
	edit "$1-common/Makefile" -E -e "s/^(VERSION =).*/\1 $2/" \
		-e "s/^(PATCHLEVEL =).*/\1 $3/"
}

# Take options out of the configuration of a copied tree:
# without_config TREE OPTION...
without_config() {
	local tree=$1 option file
	shift
	for option; do
		for file in .config include/config/auto.conf; do
			edit "$tree/$file" "/^$option=/d"
		done
		edit "$tree/include/generated/autoconf.h" "/^#define $option /d"
	done
}
