#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of builds for a kernel that clang built, as a user and as DKMS run them.
# The compilers are real, and a build sees only those of its test. Where only the
# arguments of make count, a module of one file stands in for umbra. The last
# line has the totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

need "${stock_packages[@]}" "${source_packages[@]}" "${kunit_packages[@]}" \
	"${program_packages[@]}" binutils kmod
dir=$(kernel_dir clang)
tree=$dir/build
stock=$("$top/scripts/kernel.sh" 7)
llvm=$("$top/scripts/llvm.sh")
version=$("$llvm/clang" -dumpversion)
version=${version%%.*}
work=$own/clang
lock "clang-$checkout"
rm -rf "$work"
mkdir -p "$work"/{bare,suffix,incomplete,old}

# The programs of the machine without LLVM, and LLVM with a suffix only, without
# a linker, and of an old version
find /usr/bin/ /usr/sbin/ -maxdepth 1 ! -type d -regextype egrep \
	! -regex '.*/(clang|lld|ld\.lld|ld64|llvm|wasm-ld).*' \
	-exec ln -sf -t "$work/bare" {} +
for tool in clang ld.lld llvm-{ar,nm,objcopy,objdump,readelf,strip}; do
	ln -s "$llvm/$tool" "$work/suffix/$tool-$version"
	ln -s "$llvm/$tool" "$work/incomplete/$tool"
	ln -s "$llvm/$tool" "$work/old/$tool"
done
rm "$work/incomplete/ld.lld" "$work/old/clang"
cat >"$work/old/clang" <<-'END'
	#!/bin/sh
	echo 14.0.6
END
# A compiler that the user chose, as ccache is
cat >"$work/chosen" <<-END
	#!/bin/sh
	case \$* in
	*src/main.c) echo "\$1" >>$work/chosen-for ;;
	esac
	exec "\$@"
END
chmod +x "$work/old/clang" "$work/chosen"

# Make a module of one file, with the Makefile and the scripts of umbra:
# small NAME
small() {
	mkdir -p "$work/$1/src" "$work/$1/scripts"
	cp "$top"/{Makefile,dkms.conf} "$work/$1/"
	cp "$top"/scripts/{kernel-tree,dkms}.sh "$work/$1/scripts/"
	printf '%s\n' 'obj-m := umbra.o' 'umbra-y := src/main.o' >"$work/$1/Kbuild"
	cat >"$work/$1/src/main.c" <<-'END'
	#include <linux/module.h>
	static int __init small_init(void)
	{
		return 0;
	}
	module_init(small_init);
	MODULE_DESCRIPTION("one file");
	MODULE_LICENSE("GPL");
	END
}

# Run make as a user: user_make NAME PROGRAMS [VARIABLE=VALUE...]. The output is
# in NAME.log.
user_make() {
	env -i "HOME=$HOME" "PATH=$2:$work/bare" "${@:3}" \
		>"$work/$1.log" 2>&1 || {
		cat "$work/$1.log"
		return 1
	}
}

# The compilers that a module names: compilers NAME
compilers() {
	readelf -p .comment "$work/$1/umbra.ko" | grep -oE 'GCC|clang version [0-9]+' |
		sort -u | paste -sd ,
}

# Print all that is wrong with a module that clang should have built with the
# options of the kernel: by_clang NAME
by_clang() {
	local symbols
	! grep -E '(warning|WARNING|error):' "$work/$1.log" || return
	[ "$(compilers "$1")" = "clang version $version" ] ||
		echo "clang $version did not build it, but $(compilers "$1")"
	symbols=$(nm "$work/$1/umbra.ko")
	[[ $symbols == *" __cfi_"* ]] || echo "no types of functions for kCFI"
}

by_gcc() {
	[ "$(compilers "$1")" = GCC ] ||
		echo "gcc did not build it, but $(compilers "$1")"
}

# A build of umbra as `make` of a user, with more warnings:
# user_build NAME PROGRAMS
user_build() {
	copy_sources "$work/$1"
	user_make "$1" "$2" make -C "$work/$1" -j "$jobs" "KDIR=$tree" \
		"${stock_arguments[@]}" && by_clang "$1"
}

# A build of the small module, for a kernel that clang built:
# small_build NAME PROGRAMS [VARIABLE=VALUE...]
small_build() {
	small "$1"
	user_make "$1" "$2" make -C "$work/$1" "KDIR=$tree" "${@:3}" &&
		by_clang "$1"
}

# The same with the DKMS of a stock kernel: dkms_build NAME PROGRAMS KERNEL
dkms_build() {
	local root release
	root=$("$top/scripts/kernel.sh" "$3")/root
	release=$(cat "$dir/release")
	small "$1"
	mkdir "$work/$1.tree" "$work/$1.source"
	# DKMS refuses a user by the output of id
	# shellcheck disable=SC2016 # for the inner shell
	user_make "$1" "$2" bash -ec '
		id() { echo 0; }
		export -f id
		dkms() {
			"$root/usr/sbin/dkms" "$@" --dkmstree "$tree" \
				--sourcetree "$source"
		}
		root=$1 tree=$2.tree source=$2.source build=$3 release=$4
		version=$(sed -n "s/^PACKAGE_VERSION=\"\(.*\)\"/\1/p" \
			"$2/dkms.conf")
		dkms add "$2"
		dkms build "umbra/$version" -k "$release" --kernelsourcedir "$build" \
			--config "$build/.config"
		cp "$tree"/umbra/*/"$release"/*/module/umbra.ko* "$2/"' \
		bash "$root" "$work/$1" "$tree" "$release" &&
		by_clang "$1"
}

# The build must end with one line, which has a text:
# refused NAME PROGRAMS TEXT
refused() {
	local lines
	small "$1"
	! user_make "$1" "$2" make -C "$work/$1" --no-print-directory \
		"KDIR=$tree" >/dev/null || echo "the build succeeds"
	lines=$(grep -v '^make: \*\*\*' "$work/$1.log") || true
	[ "$(wc -l <<<"$lines")" -eq 1 ] && [[ $lines == "umbra: "*"$3"* ]] ||
		printf '%s\n' "$lines"
}

# The compiler that the user chose builds: chosen NAME PROGRAMS TREE COMPILER
chosen() {
	rm -f "$work/chosen-for"
	small "$1"
	user_make "$1" "$2" make -C "$work/$1" "KDIR=$3" \
		"CC=$work/chosen $4" || return
	[ "$(sort -u "$work/chosen-for")" = "$4" ] ||
		echo "the compiler is not $4"
}

gcc_build() {
	small "$1"
	user_make "$1" "$stock/root/usr/bin:$llvm" make -C "$work/$1" \
		"KDIR=$stock/build" "${@:2}" && by_gcc "$1"
}

clang=clang-$version
check "umbra, W=1, clang" user_build user "$llvm"
check "$clang, with a suffix only" small_build suffix-only "$work/suffix"
check "both, and old programs without a suffix" \
	small_build both "$work/suffix:$work/old"
check "DKMS of 7, clang" dkms_build dkms-7 "$llvm" 7
check "DKMS of 7, $clang" dkms_build dkms-7-suffix "$work/suffix" 7
check "DKMS of 6.1, clang" dkms_build dkms-6.1 "$llvm" 6.1
check "DKMS of 6.1, $clang" dkms_build dkms-6.1-suffix "$work/suffix" 6.1
check "LLVM= names a directory" small_build directory "$work/bare" "LLVM=$llvm/"
check "LLVM= names a suffix" small_build named "$work/suffix:$work/old" \
	"LLVM=-$version"
check "CC= is the choice of the user" chosen cc "$llvm" "$tree" clang
check "no compiler: one line" refused none "$work/bare" "clang-$version"
check "no linker: one line" refused linker "$work/incomplete" "lld-$version"
check "an old compiler: one line" refused old-one "$work/old" "or a newer one"
check "a kernel that gcc built: gcc, with clang in the PATH" gcc_build gcc
check "a kernel that gcc built: CC= is the choice of the user" \
	chosen gcc-cc "$stock/root/usr/bin:$llvm" "$stock/build" gcc-14
rm -rf "$work"
check_totals
