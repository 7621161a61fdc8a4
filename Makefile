# SPDX-License-Identifier: GPL-2.0
# Targets for users and developers. The build of the kernel reads Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
KERNEL ?= 7
DKMS ?= dkms
export PATH := $(PATH):/usr/sbin:/sbin
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# Build with kbuild: $(call kbuild,TARGET). The recipe needs a +, because make
# gives its jobs only to lines that name $(MAKE) themselves.
kbuild = args=$$(O='$(O)' CC='$(filter-out cc,$(CC))' LD='$(filter-out ld,$(LD))' \
	LLVM='$(LLVM)' scripts/kernel-tree.sh '$(KDIR)') && \
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' $$args $(1)

module:
	@+$(call kbuild,modules)

# The files that kbuild makes: they can be removed without headers of a kernel
BUILT = *.o *.ko *.mod *.mod.c .*.cmd .*.d modules.order Module.symvers

clean:
	rm -rf tools/libumbra/build
	find . -path ./.git -prune -o -type f \( -name .none $(patsubst %,-o -name '%',$(BUILT)) \) -exec rm -f {} +
	rm -f examples/user/umbra_user

demo:
	@scripts/demo.sh $(KERNEL)

vm:
	@scripts/vm.sh $(KERNEL) shell

test:
	@scripts/test.sh

check:
	@scripts/check.sh

coverage:
	@scripts/coverage.sh

htmldocs:
	@scripts/htmldocs.sh

unit:
	@scripts/unit.sh

umbractl:
	@scripts/umbractl.sh

interleave:
	@scripts/interleave.sh

fuzz:
	@scripts/fuzz.sh

states:
	@scripts/states.sh

mutants:
	@scripts/mutants.sh

kunit:
	@scripts/kunit.sh

bench:
	@scripts/bench.sh

bench-user:
	@scripts/bench-user.sh

oracle:
	@scripts/oracle.sh

soak:
	@scripts/soak.sh

loaded:
	@scripts/loaded.sh

vmtest:
	@scripts/vmtest.sh $(KERNEL)

matrix:
	@scripts/matrix.sh

# The sources that DKMS builds, and their copy: "dkms add" of a directory would
# copy all of it, with the history and the objects of other kernels.
DKMS_SOURCES = Kbuild Makefile dkms.conf include src scripts/dkms.sh scripts/kernel-tree.sh
DKMS_COPY = $(DESTDIR)/usr/src/umbra-$(VERSION)

dkms-install:
	@command -v $(DKMS) >/dev/null || \
		{ echo 'umbra: dkms is missing: apt-get install dkms' >&2; exit 1; }
	@[ -z "$$($(DKMS) status umbra/$(VERSION))" ] || { \
		echo 'umbra: DKMS has umbra/$(VERSION) already: make dkms-remove first' >&2; \
		exit 1; }
	[ . -ef $(DKMS_COPY) ] || { install -d $(DKMS_COPY) && \
		tar -c --exclude='*.o' --exclude='.*' $(DKMS_SOURCES) | \
			tar -C $(DKMS_COPY) --no-same-owner -x; }
	$(DKMS) add umbra/$(VERSION)
	$(DKMS) install -k $(KVER) umbra/$(VERSION) || \
		{ $(MAKE) dkms-remove; exit 1; }

dkms-remove:
	$(DKMS) remove umbra/$(VERSION) --all
	[ . -ef $(DKMS_COPY) ] || rm -rf $(DKMS_COPY)

# modules_install installs for the kernel of KDIR, which must be that of KVER.
INSTALL_MOD_PATH ?= $(DESTDIR)

modules_install: module
	@+$(call kbuild,INSTALL_MOD_PATH='$(INSTALL_MOD_PATH)' INSTALL_MOD_DIR=updates modules_install)

install: modules_install
	@command -v depmod >/dev/null || \
		{ echo 'umbra: depmod is missing: apt-get install kmod' >&2; exit 1; }
	depmod -b $(INSTALL_MOD_PATH)/ $(KVER)
	$(MAKE) headers_install

uninstall: headers_remove
	rm -f $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/updates/umbra.ko*
	[ ! -d $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/updates ] || \
		rmdir --ignore-fail-on-non-empty $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/updates
	[ ! -d $(INSTALL_MOD_PATH)/lib/modules/$(KVER) ] || \
		depmod -b $(INSTALL_MOD_PATH)/ $(KVER)

# A client is built with the headers and the symbol versions of the module.
CLIENT_DIR = $(DESTDIR)/usr/src/umbra/$(KVER)
SYMVERS ?= Module.symvers

headers_install:
	install -D -m 644 -t $(CLIENT_DIR)/include/umbra include/umbra/umbra.h include/umbra/policy.h
	install -D -m 644 -t $(CLIENT_DIR)/include/uapi/linux include/uapi/linux/umbra.h
	install -m 644 $(SYMVERS) $(CLIENT_DIR)/Module.symvers

headers_remove:
	rm -rf $(CLIENT_DIR)
	[ ! -d $(DESTDIR)/usr/src/umbra ] || \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)/usr/src/umbra

# Programs for the command line, which need no kernel
PREFIX ?= /usr/local

install-tools:
	@+$(MAKE) -s -C tools/libumbra umbractl
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin tools/libumbra/build/umbractl
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 tools/umbractl/umbractl.1

uninstall-tools:
	rm -f $(DESTDIR)$(PREFIX)/bin/umbractl $(DESTDIR)$(PREFIX)/share/man/man1/umbractl.1

help:
	@echo 'make               build umbra.ko for the running kernel, or for KDIR='
	@echo 'make demo          build, load and show umbra in a test machine (KERNEL=7 or 6.1)'
	@echo 'make test          run every test; the last line has the totals'
	@echo 'make vm            open a shell in the test machine (KERNEL=)'
	@echo 'make check         compiler warnings, sparse, checkpatch, floors, comments, documents, shellcheck, DKMS'
	@echo 'make htmldocs      build the documents as HTML and print the path of the first page'
	@echo 'make unit          run the KUnit tests in a program, in seconds (FILTER=, OPS=, SEED=; ALL=1 for all compilers)'
	@echo 'make umbractl      build umbractl and compare what it prints with its tests'
	@echo 'make interleave    explore the order of steps of several contexts (FILTER=; SET=whole for all scenarios)'
	@echo 'make fuzz          look for inputs that break the allocator in a program (SECONDS=60 or MINUTES=, ONLY=)'
	@echo 'make states        search every state of small zones, and for planted faults (SET=short or whole, FAULTS=1)'
	@echo 'make kunit         run the KUnit tests (ARCH=um or x86_64, FILTER=, KSRC=a kernel tree)'
	@echo 'make coverage      list the lines and branches of the core that the KUnit tests reach'
	@echo 'make bench         time umbra and the allocator of the host (ARCH=um or x86_64, ROUNDS=, ONLY=, POLICY=)'
	@echo 'make bench-user    count instructions and cache lines of the benchmark in a program, against a budget (KEEP=1)'
	@echo 'make mutants       plant faults in the allocator, one at a time, and list those that no test notices (SAMPLE=, FILES=)'
	@echo 'make oracle        compare decisions with those of a stock kernel (STEPS=, SEEDS=, MACHINES=, REPLAY=)'
	@echo 'make soak          run the stress test (MINUTES=, SEED=) or the property tests for longer (OPS=, SEED=)'
	@echo 'make loaded        repeat the machine tests while other processes keep all CPUs busy (ROUNDS=, MINUTES=)'
	@echo 'make vmtest        test the module on one kernel (KERNEL=6.1, 6.1-rt, 6.12, 7, um, debug or clang)'
	@echo 'make matrix        vmtest on every kernel, and KUnit in its other configurations'
	@echo 'make dkms-install  install with DKMS for the running kernel, or for KVER=; dkms-remove undoes it'
	@echo 'make install       install umbra.ko, headers and Module.symvers for KVER= (DESTDIR=); uninstall undoes it'
	@echo 'make install-tools  build and install umbractl and its manual page (PREFIX=, DESTDIR=); uninstall-tools undoes it'
	@echo 'make modules_install  install umbra.ko alone (INSTALL_MOD_PATH=)'
	@echo 'make clean         remove the files that make built'
	@echo 'ACCEL=kvm runs the test machines with KVM instead of emulation.'

.PHONY: module clean demo vm test check unit states kunit coverage bench soak vmtest
.PHONY: loaded matrix htmldocs oracle interleave fuzz bench-user mutants umbractl
.PHONY: install-tools uninstall-tools
.PHONY: dkms-install dkms-remove modules_install install uninstall headers_install headers_remove help
