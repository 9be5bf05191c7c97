# SPDX-License-Identifier: GPL-2.0-only
# Tells compat.h what features the kernel has. Its headers are searched, not its
# version: distributions backport.

kvm_private_probe = $(if $(shell grep -sE '$(2)' $(srctree)/include/linux/$(1)),-D$(3))

ccflags-y += $(call kvm_private_probe,export.h,EXPORT_SYMBOL_NS_GPL.*__stringify,KVM_PRIVATE_HAVE_NS_TOKEN)
ccflags-y += $(call kvm_private_probe,fs.h,struct mnt_idmap .,KVM_PRIVATE_HAVE_MNT_IDMAP)
ccflags-y += $(call kvm_private_probe,fs.h,generic_fillattr.struct mnt_idmap .*u32,KVM_PRIVATE_HAVE_FILLATTR_MASK)
ccflags-y += $(call kvm_private_probe,mm.h,void vm_flags_set.struct,KVM_PRIVATE_HAVE_VM_FLAGS_SET)
ccflags-y += $(call kvm_private_probe,mm.h,void release_fault_lock.struct,KVM_PRIVATE_HAVE_RELEASE_FAULT_LOCK)
ccflags-y += $(call kvm_private_probe,workqueue.h,system_dfl_wq;,KVM_PRIVATE_HAVE_DFL_WQ)
ccflags-y += $(call kvm_private_probe,mm.h,unsigned long addr.*pgoff_t .ilx,KVM_PRIVATE_HAVE_GET_POLICY_ILX)
ccflags-y += $(call kvm_private_probe,maple_tree.h,struct slab_sheaf .sheaf,KVM_PRIVATE_HAVE_MAPLE_SHEAVES)
ccflags-y += $(call kvm_private_probe,mm_types.h,__folio_index;,KVM_PRIVATE_HAVE_FOLIO_INDEX)
ccflags-y += $(call kvm_private_probe,gfp.h,define ACR_FLAGS_NONE,KVM_PRIVATE_HAVE_ACR_FLAGS)
ccflags-y += $(call kvm_private_probe,gfp.h,unsigned long addr$(comma) bool hugepage,KVM_PRIVATE_HAVE_VMA_ALLOC_HUGEPAGE)
ccflags-y += $(call kvm_private_probe,memcontrol.h,obj_cgroup .__folio_objcg,KVM_PRIVATE_HAVE_KMEM_FOLIO_OBJCG)
ccflags-y += $(call kvm_private_probe,../trace/events/memory-failure.h,memory_failure_event,KVM_PRIVATE_HAVE_MEMORY_FAILURE_H)

# The headers also declare functions that modules can't call.
kvm_private_probe_export = $(if $(shell grep -sEw '$(1)' $(objtree)/Module.symvers),-D$(2))

ccflags-y += $(call kvm_private_probe_export,mas_preallocate,KVM_PRIVATE_HAVE_MAS_PREALLOCATE)
ccflags-y += $(call kvm_private_probe_export,alloc_contig_range(_noprof)?,KVM_PRIVATE_HAVE_ALLOC_CONTIG)
ccflags-y += $(call kvm_private_probe_export,__alloc_pages(_noprof)?,KVM_PRIVATE_HAVE_ALLOC_NODEMASK)
