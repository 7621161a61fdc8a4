#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demo of umbra from insmod to rmmod, inside the test machine.

dir=/sys/kernel/debug/umbra/umbra0

fail() {
	echo "demo: $*"
	exit 1
}

show() {
	echo
	echo "# $*"
	"$@"
}

host_free() {
	awk '/^(CmaFree|MemFree):/ { print $1, $2, $3 }' /proc/meminfo
}

cma_free() {
	awk '/^CmaFree:/ { print $2 }' /proc/meminfo
}

show uname -r
show host_free
cma_before=$(cma_free)
show insmod /umbra.ko || fail "insmod failed"
dmesg | grep 'umbra: ' | sed 's/^\[[^]]*\] //'
show cat $dir/layout
show cat $dir/buddyinfo
before=$(cat $dir/buddyinfo)
show cat $dir/zonelists
show /demo cat $dir/buddyinfo $dir/free_lists || fail "demo program failed"
show sh -c "echo all >$dir/ctl/drain"
show cat $dir/buddyinfo
[ "$(cat $dir/buddyinfo)" = "$before" ] || fail "buddyinfo is not as before"
echo "as before"
show cat $dir/verify
[ "$(head -n 1 $dir/verify)" = ok ] || fail "verify has findings"
show rmmod umbra || fail "rmmod failed"
show host_free
[ "$(cma_free)" = "$cma_before" ] || fail "CmaFree is not as before"
echo
echo "demo: ok"
