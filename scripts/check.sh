#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Static checks. Ends with a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

need "${check_packages[@]}" "${program_packages[@]}" "${stock_packages[@]}" \
	"${source_packages[@]}"

cd "$top"

c_files() {
	git ls-files -co --exclude-standard '*.c' '*.h'
}

scripts() {
	git ls-files -co --exclude-standard '*.sh' .ci/run
}

# Print the warnings of a full build by the compiler and sparse:
# warnings KERNEL [MAKE ARGUMENT...]
warnings() {
	local kernel=$1
	shift
	rm -rf "$own/build/$kernel"
	"$top/scripts/build.sh" "$kernel" "$@" >/dev/null || return
	grep -E '(warning|error):' "$own/log/build-$kernel" || true
}

# A filter that drops findings listed in checkpatch.ignore. The input lines are
# "file:line: LEVEL:TYPE: text".
not_ignored() {
	awk 'NR == FNR { if ($0 !~ /^(#|$)/) { nr++; type[nr] = $1; path[nr] = $2 } next }
	     { split($0, part, ":"); keep = 1
	       for (i = 1; i <= nr; i++)
		       if (part[4] == type[i] && index(part[1], path[i]) == 1)
			       keep = 0 }
	     keep' "$top/scripts/checkpatch.ignore" -
}

checkpatch() {
	local source=$1
	# shellcheck disable=SC2046
	{ perl "$source/scripts/checkpatch.pl" --strict --no-tree --terse \
		--show-types --no-summary --quiet -f $(c_files) || true; } |
		not_ignored
}

kernel_doc() {
	local source=$1 tool
	tool=$source/scripts/kernel-doc
	[ -e "$tool" ] || tool=$source/tools/docs/kernel-doc
	# shellcheck disable=SC2046
	/usr/bin/python3 "$tool" -none -Wall $(c_files | grep -v '^tests/') 2>&1
}

# The kernel-doc of every exported function must have Context: and Return:
documented() {
	local file name doc
	grep -rohE '^EXPORT_SYMBOL_GPL\(\w+\)' src |
		sed 's/.*(\(.*\))/\1/' | while read -r name; do
		file=$(grep -lE "^EXPORT_SYMBOL_GPL\($name\)" -r src)
		doc=$(sed -n "/^ \* $name() - /,/^ \*\//p" "$file")
		[[ $doc == *" * Context:"* ]] ||
			echo "$name: no kernel-doc with Context:"
		grep -qE "^void $name\(" "$file" ||
			[[ $doc == *" * Return:"* ]] ||
			echo "$name: no kernel-doc with Return:"
	done
}

documents() {
	local out
	out=$(KSRC=$newest "$top/scripts/htmldocs.sh" 2>&1) || {
		printf '%s\n' "$out"
		return 1
	}
}

parameters_described() {
	local ko name
	ko=$objects/umbra.ko
	sed -n 's/^module_param(\(\w*\),.*/\1/p' src/main.c |
		while read -r name; do
			modinfo -F parm "$ko" | grep "^$name:..*[a-z]" \
				>/dev/null ||
				echo "parameter $name has no description"
		done
	modinfo -F description "$ko" | grep -q . || echo "no description"
	modinfo -F license "$ko" | grep -qx GPL || echo "licence is not GPL"
}

# Install the module in the unpacked root, build the examples against it, and
# remove it: install_umbra KERNEL SOURCES REMOVE-TARGET INSTALL-TARGET [ARGUMENT...]
install_umbra() {
	local dir release root version status=0
	local log=$own/log/$4-$1 examples=$own/examples/$4-$1
	version=$(umbra_version)
	dir=$("$top/scripts/kernel.sh" "$1")
	release=$(cat "$dir/release")
	root=$dir/root
	lock "dkms-$1" 2>/dev/null	# a check that prints fails
	rm -rf "$root"/usr/src/umbra* "$root/var/lib/dkms" \
		"$root/lib/modules/$release/updates" "$examples"
	mkdir -p "$root/var/lib/dkms" "$examples"
	git ls-files -co --exclude-standard examples | tar -c -T - |
		tar -C "$examples" -x --strip-components 1
	# DKMS refuses a user by the output of id, although a user may write here
	env "PATH=$root/usr/bin:$PATH" bash -ec '
		id() { echo 0; }
		export -f id
		clients=$1 examples=$2 root=$3 release=$4 version=$5 sources=$6
		arguments=("KVER=$release" "KDIR=$root/lib/modules/$release/build"
			"DESTDIR=$root" "DKMS=$root/usr/sbin/dkms")
		make -C "$sources" "${arguments[@]}" "${@:8}"
		modinfo -F version "$(find "$root/lib/modules/$release/updates" \
			-name "umbra.ko*")" | grep -qx "$version"
		"$clients" "$examples" "$root" "$release"
		make -C "$sources" "${arguments[@]}" "$7"' \
		bash "$top/scripts/check-clients.sh" "$examples" "$root" \
		"$release" "$version" "${@:2}" >"$log" 2>&1 || status=$?
	[ $status -eq 0 ] || tail -n 20 "$log"
	grep 'umbra_.*warning:' "$log"
	find "$root/usr/src" "$root/var/lib/dkms" "$root/lib/modules/$release/" \
		-name 'umbra*' -printf "%p is left after $3\n"
	exec {lock_fd}>&-
	return $status
}

# With DKMS and stock headers: dkms_install KERNEL
dkms_install() {
	local source=$own/dkms/$1
	rm -rf "$source"
	copy_sources "$source" scripts/dkms.sh
	install_umbra "$1" "$source" dkms-remove dkms-install
}

# The build of build.sh, with the same arguments: make_install KERNEL
make_install() {
	local build
	build=$("$top/scripts/build.sh" "$1")
	install_umbra "$1" "$build" uninstall install \
		"${stock_arguments[@]}"
}

# debian/changelog names the version, too, and dpkg reads it from there.
version_of_package() {
	local version package
	version=$(umbra_version)
	package=$(sed -n '1s/^umbra (\(.*\)) .*/\1/p' debian/changelog)
	[ "$package" = "$version" ] ||
		echo "debian/changelog: version $package, but dkms.conf has $version"
}

# A file over 600 lines likely has two subjects. A function over 80 lines does
# not fit on a screen.
sizes() {
	local file
	for file in $(git ls-files -co --exclude-standard src kunit tests examples tools |
		grep -v '/tests/.*\.\(sim\|out\|log\|args\|masks\)$\|^tools/fuzz/\(corpus\|found\)/'); do
		awk -v file="$file" '
			/^([a-z0-9_]+\(\) )?{/ { start = NR }
			/^}/ {
				if (start && NR - start > 80)
					print file ":" start ": function of " \
						NR - start " lines"
				start = 0
			}
			END { if (NR > 600) print file ": " NR " lines" }
		' "$file"
	done
}

# Fetch everything first: a check that prints progress would fail.
newest=$("$top/scripts/ksrc.sh" newest)
for kernel in 6.1 7; do
	"$top/scripts/kernel.sh" "$kernel" >/dev/null
done
check "floors: includes" "$top/scripts/check-floors.py" "$top"
check "comment rules" "$top/scripts/check-comments.sh"
# shellcheck disable=SC2046
check "shellcheck" shellcheck -x $(scripts)
check "sizes of files and functions" sizes
check "checkpatch --strict" checkpatch "$newest"
check "kernel-doc" kernel_doc "$newest"
check "kernel-doc of exported functions" documented
check "documents" documents
check "warnings of 7, W=1" warnings 7 UMBRA_BENCH=1
check "warnings of 6.1, W=1, and sparse" warnings 6.1 C=2 UMBRA_BENCH=1
# The build of 7 again, whose warnings are checked above
objects=$("$top/scripts/build.sh" 7) || objects=none
check "floors: calls" "$top/scripts/check-floors.py" "$top" "$objects"
check "floors: violations are seen" "$top/scripts/check-floors-test.sh" "$top" \
	"$objects"
check "a kernel tree without what compat.h replaces" \
	"$top/scripts/compat-test.sh" lean-7
check "version of the Debian package" version_of_package
check "parameters described" parameters_described
check "dkms-install, 6.1 headers" dkms_install 6.1
check "dkms-install, 7 headers" dkms_install 7
check "make install, 7 headers" make_install 7
check_totals
