# SPDX-License-Identifier: GPL-2.0
# Features of the kernel tree, for compat.h: the preprocessor cannot ask for
# inline functions, headers and exports. Distributions add functions of newer
# kernels to older ones, so the tree is asked, and not its version.

# Does a header of the kernel name a function? $(call umbra-names,header,name)
umbra-names = $(shell grep -qsw '$(2)' $(srctree)/include/linux/$(1) && echo y)

# Does the kernel export these symbols to modules? An external module can only
# use what Module.symvers lists. Inside the kernel tree that file comes too
# late, and the sources tell. $(call umbra-exports,source,symbols)
ifneq ($(KBUILD_EXTMOD),)
umbra-exports = $(call umbra-all,$(foreach symbol,$(2),$(shell \
	grep -qsw '$(symbol)' $(objtree)/Module.symvers && echo y || echo n)))
else
umbra-exports = $(call umbra-all,$(foreach symbol,$(2),$(shell \
	cd $(srctree) && grep -qs 'EXPORT_SYMBOL.*($(symbol))' $(1) && \
	echo y || echo n)))
endif
umbra-all = $(if $(filter n,$(1)),,y)

umbra-have-$(if $(wildcard $(srctree)/include/kunit/visibility.h),y) += \
	KUNIT_VISIBILITY
umbra-have-$(if $(wildcard $(srctree)/include/kunit/static_stub.h),y) += \
	KUNIT_STATIC_STUB
umbra-have-$(call umbra-names,sched/rt.h,rt_or_dl_task) += RT_OR_DL_TASK
umbra-have-$(call umbra-names,mm.h,vm_flags_set) += VM_FLAGS_SET
umbra-have-$(call umbra-names,../uapi/linux/mempolicy.h,MPOL_WEIGHTED_INTERLEAVE) += \
	WEIGHTED_INTERLEAVE
umbra-have-$(call umbra-exports,mm/cma.c kernel/dma/contiguous.c,\
	cma_alloc cma_release dev_get_cma_area) += CMA_EXPORTS

ccflags-y += $(addprefix -DUMBRA_HAVE_,$(umbra-have-y))

# Refuse a kernel that umbra does not support. `make clean` has no configuration.
ifneq ($(shell [ $(VERSION) -gt 6 ] || { [ $(VERSION) -eq 6 ] && \
	[ $(PATCHLEVEL) -ge 1 ]; } || echo n),)
$(error umbra needs Linux 6.1 or newer; this kernel is $(KERNELVERSION))
endif
ifneq ($(CONFIG_CC_VERSION_TEXT),)
ifeq ($(CONFIG_64BIT),)
$(error umbra needs a 64-bit kernel; this one has no CONFIG_64BIT)
endif
ifeq ($(CONFIG_CONTIG_ALLOC)$(CONFIG_DMA_CMA),)
$(warning this kernel has neither CONFIG_CONTIG_ALLOC nor CONFIG_DMA_CMA: umbra has no memory there, only provider=ghost)
endif
endif
