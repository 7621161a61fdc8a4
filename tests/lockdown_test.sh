#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A host that is locked down for integrity, as with Secure Boot: umbra can be
# read and used, and not steered. The lockdown lasts until the machine ends, and
# refuses to load umbra again, so this test is the last one.

plan=7

. /module.sh

reason=
lockdown=/sys/kernel/security/lockdown

# Run a function as a test; umbra stays loaded: try NAME FUNCTION
try() {
	name=$1
	shift
	nr=$((nr + 1))
	if [ "$reason" ]; then
		echo "ok $nr $name # SKIP $reason"
	elif ( "$@" ) >$out 2>&1; then
		echo "ok $nr $name"
	else
		note "$(cat $out)"
		echo "not ok $nr $name"
	fi
}

# Print the lines that settings must have, from the files of ctl/.
values() {
	for file in "$dir"/ctl/*; do
		case ${file##*/} in
		offline|isolate|unisolate)	;;
		*)	read_head "$file"
			echo "${file##*/}: $head" ;;
		esac
	done | sort
}

settings_agree() {
	ctl watermark_scale_factor 33
	ctl lowmem_reserve_ratio "256 128 16 0 0"
	ctl oom_policy kill
	ctl allowed_nodes 1
	ctl latency 1
	values >$out.values
	sort $dir/settings >$out.settings
	[ "$(wc -l <$out.settings)" -eq 22 ] || fail "$(cat $out.settings)"
	cmp $out.values $out.settings || fail "$(cat $out.settings)"
}

isolated_agrees() {
	read_head $dir/isolated
	[ ! "$head" ] || fail "isolated: $head"
	range=$(sed -n 's/^span 0: pfn \(0x[0-9a-f]*\)-.*/\1/p' $dir/layout)
	ctl isolate "$range-$(printf '0x%x' $((range + 511)))"
	cmp $dir/ctl/isolate $dir/isolated || fail "$(cat $dir/isolated)"
	[ "$(wc -l <$dir/isolated)" -eq 1 ] || fail "$(cat $dir/isolated)"
}

# Questions are written to explain and blame.
readable() {
	find $dir -type f ! -path '*/ctl/*' ! -path '*/fail_umbra_alloc/*' \
		! -name explain ! -name blame >$out.files
	[ "$(wc -l <$out.files)" -ge 14 ] || fail "$(cat $out.files)"
	while read -r file; do
		# without a question and a recorded failure there is no answer
		[ "${file##*/}" != explain.json ] || continue
		cat "$file" >$out.text || fail "$file"
	done <$out.files
	sort $dir/settings | cmp - $out.settings || fail "$(cat $dir/settings)"
}

not_steered() {
	for file in "$dir"/ctl/* $dir/explain $dir/blame; do
		cat "$file" >$out.text 2>&1 && fail "$file can be read"
		grep -q "Operation not permitted" $out.text ||
			fail "$(cat $out.text)"
		echo 1 2>/dev/null >"$file" && fail "$file can be written"
	done
	sort $dir/settings | cmp - $out.settings || fail "$(cat $dir/settings)"
}

usable() {
	/demo true >$out.demo 2>&1 || fail "$(cat $out.demo)"
	read_head /sys/kernel/debug/umbra/umbra0/verify
	case $head in
	ok*)	;;
	*)	fail "$head" ;;
	esac
}

unloadable() {
	rmmod umbra || fail "rmmod"
	[ ! -e /dev/umbra ] || fail "/dev/umbra is left"
}

# The module of these tests has no signature.
not_loadable() {
	insmod $ko 2>$out.load && fail "a module without a signature was loaded"
	grep -q "Operation not permitted" $out.load || fail "$(cat $out.load)"
}

mount -t securityfs security /sys/kernel/security 2>/dev/null
echo "1..$plan"
load size=32M
try settings_has_the_values_of_ctl settings_agree
try isolated_has_the_ranges_of_ctl isolated_agrees
if [ -e $lockdown ]; then
	echo integrity >$lockdown
else
	reason="this kernel has no lockdown"
fi
try files_that_only_read_can_be_read_under_lockdown readable
try files_of_ctl_are_refused_under_lockdown not_steered
try dev_umbra_works_under_lockdown usable
try umbra_can_be_unloaded_under_lockdown unloadable
try umbra_without_a_signature_is_refused not_loadable
