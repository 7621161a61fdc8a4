#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the documents as HTML, and print where the first page is. A warning of
# Sphinx fails the build. kernel-doc and the Sphinx extensions for kernel-doc and
# ABI files are those of the newest kernel tree, or of KSRC=.

. "$(dirname "$0")/lib.sh"

need python3-sphinx graphviz
out=$own/htmldocs
KERNEL_TREE=${KSRC:-$("$top/scripts/ksrc.sh" newest)}
export KERNEL_TREE PYTHONDONTWRITEBYTECODE=1

lock "htmldocs-$checkout"
# Sphinx keeps what it read, but does not see that an ABI file is gone.
[ -z "$(find "$top/Documentation" -newer "$out/doctrees/environment.pickle" \
	-print -quit 2>&1)" ] || rm -rf "$out/doctrees"
quietly htmldocs /usr/bin/python3 -m sphinx -b html -W --keep-going -q -j "$jobs" \
	-d "$out/doctrees" "$top/Documentation" "$out/html"
! grep -E '(WARNING|ERROR):' "$own/log/htmldocs" >&2 ||
	die "the documents have warnings"
printf '%s\n' "$out/html/index.html"
