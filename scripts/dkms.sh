#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The hooks of dkms.conf: what clients need is installed and removed with the
# module. MODULES is where DKMS keeps the modules that it built; newer versions
# keep Module.symvers there by themselves.
# usage: dkms.sh build|install|remove KERNEL-RELEASE MODULES
set -e

case $1 in
build)		cp Module.symvers "$3/" ;;
install)	make headers_install "KVER=$2" "SYMVERS=$3/Module.symvers" ;;
remove)		make headers_remove "KVER=$2" ;;
esac
