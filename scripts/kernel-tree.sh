#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Print the make arguments that a kernel tree needs to build a module, or one
# line that says what is missing.
#   O=		the output directory of the kernel, as of its own make
#   CC=, LD=, LLVM=	programs that the user or DKMS chose
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
	die "KDIR=$tree has no kernel headers: install those of this kernel (on Debian, the package linux-headers-amd64), or name another kernel with KVER= or KDIR="
[ -e "$built/include/config/auto.conf" ] ||
	die "$built is not prepared for modules: run make modules_prepare there"

config() {
	sed -n "s/^CONFIG_$1=//p" "$built/include/config/auto.conf"
}

# Does LLVM have all programs that the kernel needs, and is clang not older than
# the one that built the kernel? has_llvm SUFFIX
has_llvm() {
	for tool in clang ld.lld llvm-ar llvm-nm llvm-objcopy llvm-strip; do
		command -v "$tool$1" >/dev/null || return
	done
	major=$("clang$1" -dumpversion) && [ "${major%%.*}" -ge "$version" ]
}

# Print LLVM= for a suffix. DKMS says CC=clang and LD=ld.lld, even if both
# have a suffix.
use_llvm() {
	echo "LLVM=${1:-1}"
	case ${CC:-clang} in
	clang)	echo "CC=clang$1" ;;
	esac
	case ${LD:-} in
	ld.lld)	echo "LD=ld.lld$1" ;;
	esac
}

[ "$(config CC_IS_CLANG)" = y ] || exit 0
version=$(config CLANG_VERSION)
version=${version%????}
# DKMS says LLVM=1. Another value is the choice of the user, and make passes
# it on.
case ${LLVM:-1} in
1)	;;
*)	exit 0 ;;
esac
if has_llvm "-$version"; then
	use_llvm "-$version"
elif has_llvm ""; then
	use_llvm ""
else
	die "clang $version built this kernel, and a module needs it or a newer one: install the packages clang, lld and llvm, or clang-$version, lld-$version and llvm-$version, or set LLVM="
fi
