# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that boot a test machine: an emulated x86_64, or
# user-mode Linux. To be sourced after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# Pack a directory as the initramfs of a machine: pack DIRECTORY FILE
pack() {
	(cd "$1" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$2"
}

# Lay out the root of an initramfs: busybox, whose applets the first process
# installs, and that process: machine_root ROOT INIT
machine_root() {
	rm -rf "$1"
	mkdir -p "$1"/{bin,sbin,proc,sys,dev,etc,data}
	cp /bin/busybox "$1/bin/"
	install -m 755 "$2" "$1/init"
}

# Begin the command of an emulated machine, in the array qemu: machine KERNEL
# INITRAMFS. With ACCEL=kvm it uses KVM; without, it is emulated, with
# ACCEL=icount so that its time counts instructions, on one CPU.
# Without five levels of page tables: an interrupt that comes while the boot
# CPU's features are read for the second time finds that bit clear, and KASAN
# then takes every address of theirs for a wild one.
machine() {
	local accel
	case ${ACCEL:-tcg} in
	tcg)	accel=(-accel "tcg,thread=multi" -cpu "max,la57=off") ;;
	kvm)	accel=(-accel kvm -cpu "host,la57=off") ;;
	icount)	accel=(-accel "tcg,thread=single" -cpu "max,la57=off"
			-icount "shift=0,align=off,sleep=off") ;;
	*)	die "ACCEL=$ACCEL: must be tcg, kvm or icount" ;;
	esac
	qemu=(qemu-system-x86_64 "${accel[@]}" -bios qboot.rom -nodefaults
		-no-user-config -display none -no-reboot
		-kernel "$1" -initrd "$2")
}

# Boot a user-mode Linux of two CPUs to its end, its log in a file; what it
# writes below /data, by hostfs, comes to a directory. The seconds are those
# of a machine that is not slow:
# uml_boot SECONDS KERNEL LOG DATA [KERNEL ARGUMENT...]
uml_boot() {
	local seconds=$1 kernel=$2 log=$3 data=$4 status=0
	local uml_dir=${TMPDIR:-/tmp}/umbra-$checkout	# short, for its sockets
	shift 4
	mkdir -p "$data" "$uml_dir"
	limited "$seconds" "$kernel" ncpus=2 seccomp=on "uml_dir=$uml_dir" \
		con=null con0=fd:0,fd:1 printk.time=1 panic=-1 \
		"umbra_data=$data" "$@" \
		</dev/null >"$log" 2>&1 || status=$?
	rm -rf "$uml_dir"
	return $status
}
