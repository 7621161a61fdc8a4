#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who may include whom. Prints what breaks the rules, one line each.
# usage: check-includes.sh [TREE]

tree=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$tree" || exit 2
status=0

offence() {
	printf '%s\n' "$*"
	status=1
}

# Rooms that a room may include from, besides the kernel's own headers;
# "public" is include/umbra and the tracepoints, "uapi" the ABI.
allowed() {
	case $1 in
	core)		echo "core policy public" ;;
	policy)		echo "policy public" ;;
	provider)	echo "provider public" ;;
	layer|shadow)	echo "$1 public" ;;
	iface)		echo "iface core public uapi" ;;
	compat)		echo "" ;;
	main)		echo "core policy provider layer shadow iface public uapi" ;;
	esac
}

# The room of a source file, or of a header it includes
room_of() {
	case $1 in
	src/main.c)		echo main ;;
	src/*/*)		local room=${1#src/}; echo "${room%%/*}" ;;
	umbra/*|trace/events/umbra.h)	echo public ;;
	uapi/linux/umbra.h)	echo uapi ;;
	esac
}

# A quoted include as a path from the top
resolve() {
	realpath -m --relative-to="$PWD" "$(dirname "$1")/$2"
}

for file in src/main.c src/*/*.[ch]; do
	room=$(room_of "$file")
	may=" $(allowed "$room") "
	while read -r header; do
		case $header in
		\"*)	target=$(resolve "$file" "${header//\"/}") ;;
		*)	target=${header//[<>]/} ;;
		esac
		to=$(room_of "$target")
		[ -z "$to" ] || [[ $may == *" $to "* ]] ||
			offence "$file: room $room may not include $header"
	done < <(sed -n 's/^#[[:space:]]*include[[:space:]]*//p' "$file")
done

while read -r line; do
	offence "$line: kernel versions are known in src/compat alone"
done < <(grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|linux/version\.h' \
	-r src kunit include Kbuild 2>/dev/null | grep -v '^src/compat/' |
	cut -d: -f1,2)

exit "$status"
