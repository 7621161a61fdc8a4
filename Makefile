# SPDX-License-Identifier: GPL-2.0
# The targets for people; what the kernel's build reads is in Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
KERNEL ?= 7
DKMS ?= dkms
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

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

kunit:
	@scripts/kunit.sh

bench:
	@scripts/bench.sh

soak:
	@scripts/soak.sh

loaded:
	@scripts/loaded.sh

vmtest:
	@scripts/vmtest.sh $(KERNEL)

matrix:
	@scripts/matrix.sh

dkms-install:
	$(DKMS) add $(CURDIR)
	$(DKMS) install -k $(KVER) umbra/$(VERSION)

dkms-remove:
	$(DKMS) remove umbra/$(VERSION) --all

help:
	@echo 'make               build umbra.ko for the running kernel, or for KDIR='
	@echo 'make demo          from nothing to free lists in a test machine (KERNEL=7 or 6.1)'
	@echo 'make test          every test; ends with a line of totals'
	@echo 'make vm            a shell in the test machine (KERNEL=)'
	@echo 'make check         compiler warnings, sparse, checkpatch, include rules, shellcheck, DKMS'
	@echo 'make kunit         KUnit tests (ARCH=um or x86_64, FILTER=, KSRC=a tree of your own)'
	@echo 'make coverage      lines and branches of the core that the KUnit tests reach'
	@echo 'make bench         umbra and the allocator of the host, timed (ARCH=um or x86_64, ROUNDS=, ONLY=)'
	@echo 'make soak          everything at once for longer (MINUTES=, SEED=), or the property tests (OPS=, SEED=)'
	@echo 'make loaded        the tests of machines while others keep all CPUs busy (ROUNDS=)'
	@echo 'make vmtest        the module on one kernel (KERNEL=6.1, 6.1-rt, 6.12, 7, um or debug)'
	@echo 'make matrix        vmtest on all of them, and KUnit in other ways'
	@echo 'make dkms-install  install by DKMS for the running kernel, or for KVER=; dkms-remove undoes it'
	@echo 'make clean         remove what make built'
	@echo 'ACCEL=kvm runs the test machines with KVM instead of emulation.'

.PHONY: module clean demo vm test check kunit coverage bench soak vmtest
.PHONY: loaded matrix
.PHONY: dkms-install dkms-remove help
