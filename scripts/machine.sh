# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that boot a test machine, which is an emulated x86_64 or
# user-mode Linux. To be sourced after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# Pack a directory as the initramfs of a machine: pack DIRECTORY FILE
pack() {
	(cd "$1" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$2"
}

# Make the root of an initramfs with busybox and the first process, which
# installs the applets of busybox: machine_root ROOT INIT
machine_root() {
	rm -rf "$1"
	mkdir -p "$1"/{bin,sbin,proc,sys,dev,etc,data}
	cp /bin/busybox "$1/bin/"
	install -m 755 "$2" "$1/init"
}

# Arguments of an emulated kernel. The clocksource watchdog of 7.3 is off. Before
# there is a better clock than jiffies, it waits for the other CPU with a limit in
# jiffies, which this CPU counts. If the other CPU waits for this one to stop, as
# it does when a better clock is chosen, neither ends. The kernel does not check
# that its timer works, because it gives too little time on a busy machine.
emulated_arguments=(console=ttyS0 tsc=reliable no_timer_check)

# Set the array qemu to the first part of the command for an x86_64 machine:
# machine KERNEL INITRAMFS. ACCEL=kvm uses KVM; the default is emulation.
# ACCEL=icount emulates one CPU whose clock counts instructions.
# Page tables of five levels are off: the kernel reads the features of the boot
# CPU twice. An interrupt during the second read finds the la57 bit clear, and
# KASAN then reports every address as wild.
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

# Boot a user-mode Linux with two CPUs and wait for its end. LOG is the file for
# its log, DATA the directory for its files below /data, by hostfs. SECONDS is
# the limit on the reference machine, as in lib.sh:
# uml_boot SECONDS KERNEL LOG DATA [KERNEL ARGUMENT...]
uml_boot() {
	local seconds=$1 kernel=$2 log=$3 data=$4 status=0
	# the path must be short, since sockets in it have a limit
	local uml_dir=${TMPDIR:-/tmp}/umbra-$checkout
	shift 4
	mkdir -p "$data" "$uml_dir"
	limited "$seconds" "$kernel" ncpus=2 seccomp=on "uml_dir=$uml_dir" \
		con=null con0=fd:0,fd:1 printk.time=1 panic=-1 \
		"umbra_data=$data" "$@" \
		</dev/null >"$log" 2>&1 || status=$?
	rm -rf "$uml_dir"
	return $status
}
