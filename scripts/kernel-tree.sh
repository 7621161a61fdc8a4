#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Print the make arguments that a kernel tree needs to build a module, or one
# line that says what is missing.
#   O=	the output directory of the kernel, as of its own make
#   CC=	a compiler that the user chose
# usage: kernel-tree.sh KERNEL_TREE

set -eu

die() {
	echo "umbra: $*" >&2
	exit 1
}

tree=$1
built=${O:-$tree}
case $PWD in
*[[:space:]:]*)	die "kbuild cannot build in $PWD: the path has a space or a colon" ;;
esac
case $tree$built in
*[[:space:]:]*)	die "kbuild cannot use KDIR=$tree${O:+ O=$O}: the path has a space or a colon" ;;
esac
[ -e "$tree/Makefile" ] ||
	die "KDIR=$tree has no kernel headers: install the package linux-headers-$(uname -r), or set KDIR="
[ -e "$built/include/config/auto.conf" ] ||
	die "$built is not prepared for modules: run make modules_prepare there"

config() {
	sed -n "s/^CONFIG_$1=//p" "$built/include/config/auto.conf"
}

# Does LLVM have all programs that the kernel needs? has_llvm SUFFIX
has_llvm() {
	for tool in clang ld.lld llvm-ar llvm-nm llvm-objcopy llvm-strip; do
		command -v "$tool$1" >/dev/null || return
	done
}

# Print LLVM= for a suffix. DKMS says CC=clang, even if clang has a suffix.
use_llvm() {
	echo "LLVM=${1:-1}"
	case ${CC:-clang} in
	clang)	echo "CC=clang$1" ;;
	esac
}

[ "$(config CC_IS_CLANG)" = y ] || exit 0
version=$(config CLANG_VERSION)
version=${version%????}
if has_llvm "-$version"; then
	use_llvm "-$version"
elif has_llvm ""; then
	use_llvm ""
else
	die "clang $version built this kernel, and a module needs it too: install the packages clang, lld and llvm, or clang-$version, lld-$version and llvm-$version"
fi
