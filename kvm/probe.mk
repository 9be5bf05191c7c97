# SPDX-License-Identifier: GPL-2.0-only
#
# Interfaces of the KVM in $(kvm-tree) that no macro tells of, for gmem_priv_compat.h and
# gmem_priv_provider.c

# $(call kvm-has,NAME,PATTERN,FILE)
kvm-has = $(if $(shell grep -sE '$(2)' $(kvm-tree)/$(3)),-DKVM_GMEM_PRIV_HAVE_$(1))
ccflags-y += $(call kvm-has,INVALIDATE_START,kvm_mmu_invalidate_start,include/linux/kvm_host.h) \
	     $(call kvm-has,INVALIDATE_RANGE,kvm_arch_gmem_invalidate_range,include/linux/kvm_host.h) \
	     $(call kvm-has,GPC_SEQ,gpc_invalidate_seq;,include/linux/kvm_host.h) \
	     $(call kvm-has,POPULATE_PAGES,bool may_writeback_src,include/linux/kvm_host.h)

# Early kernels of 6.12 don't let KVM call it.
ifneq ($(shell grep -shE '^(0x|EXPORT_).*\banon_inode_make_secure_inode\b' \
	$(objtree)/Module.symvers $(kvm-tree)/fs/anon_inodes.c),)
ccflags-y += -DKVM_GMEM_PRIV_HAVE_SECURE_INODE
endif
