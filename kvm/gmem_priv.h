/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory slots whose private pages come from a kvm_private file: the functions that the
 * rest of KVM calls. slot->gmem.priv is set for such a slot, and only for it.
 */
#ifndef KVM_GMEM_PRIV_H
#define KVM_GMEM_PRIV_H

#include <linux/kvm_host.h>

#include "gmem_priv_attributes.h"
#include "gmem_priv_provider.h"

void kvm_gmem_priv_init(struct module *vendor);

int kvm_gmem_priv_prepare(struct kvm_memory_slot *slot, struct file *file,
			  u64 offset);
int kvm_gmem_priv_bind(struct kvm *kvm, struct kvm_memory_slot *slot);
void kvm_gmem_priv_unbind(struct kvm_memory_slot *slot);
void kvm_gmem_priv_unbind_all(struct kvm *kvm);
void kvm_gmem_priv_zap_all(struct kvm *kvm);

int kvm_gmem_priv_get_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
			  kvm_pfn_t *pfn, struct page **page, int *max_order);
int kvm_gmem_priv_get_shared_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
				 kvm_pfn_t *pfn, struct page **page,
				 int *max_order);
long kvm_gmem_priv_populate(struct kvm_memory_slot *slot, gfn_t start,
			    void __user *source, long npages,
			    bool write_source,
			    kvm_gmem_populate_cb post_populate,
			    void *opaque);

int kvm_gmem_priv_read(struct kvm_memory_slot *slot, gfn_t gfn, void *data,
		       int offset, int len);
int kvm_gmem_priv_read_atomic(struct kvm_memory_slot *slot, gfn_t gfn,
			      void *data, int offset, int len);
int kvm_gmem_priv_write(struct kvm_memory_slot *slot, gfn_t gfn,
			const void *data, int offset, int len);
bool kvm_gmem_priv_cmpxchg(struct kvm_vcpu *vcpu, gpa_t gpa, void *old,
			   const void *new, unsigned int bytes, int *ret);

kvm_pfn_t kvm_gmem_priv_gpc_to_pfn(struct gfn_to_pfn_cache *gpc,
				   struct page **page);
void kvm_gmem_priv_gpc_invalidate(struct kvm *kvm, gfn_t start, gfn_t end);

#endif /* KVM_GMEM_PRIV_H */
