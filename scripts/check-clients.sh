#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build the examples against the umbra that is installed below a root. modprobe
# must load umbra before each client.
# usage: check-clients.sh EXAMPLES ROOT KERNEL-RELEASE

set -e
examples=$1 root=$2 release=$3
updates=$root/lib/modules/$release/updates

# shellcheck disable=SC2016 # for Kbuild
make -C "$examples/client" "KDIR=$root/lib/modules/$release/build" W=1 \
	"UMBRA=$root"'/usr/src/umbra/$(KERNELRELEASE)'
make -C "$examples/user" "UMBRA=$root/usr/src/umbra/$release"
cp "$examples"/client/*.ko "$updates/"
depmod -b "$root" "$release"
for client in umbra_client umbra_optional umbra_instance umbra_whole; do
	order=$(modprobe -d "$root" -S "$release" -D $client |
		sed 's,.*/\(.*\)\.ko.*,\1,' | tr '\n' ' ')
	[ "$order" = "umbra $client " ] || {
		echo "modprobe $client loads $order"
		exit 1
	}
	rm "$updates/$client.ko"
done
