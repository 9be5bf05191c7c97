/* SPDX-License-Identifier: GPL-2.0-only */
/* Huge entries of TDs' page tables: functions that tdp_mmu.c and kvm_intel call */
#ifndef KVM_GMEM_PRIV_MIRROR_H
#define KVM_GMEM_PRIV_MIRROR_H

#include <linux/kvm_host.h>

struct kvm_mmu_page;
struct kvm_page_fault;
struct tdp_iter;

/* gmem_priv_mirror.c */
int kvm_gmem_priv_mirror_max_level(struct kvm *kvm);
struct kvm_mmu_page *kvm_gmem_priv_mirror_alloc(void);
void kvm_gmem_priv_mirror_split_range(struct kvm *kvm, gfn_t start, gfn_t end);
void kvm_gmem_priv_mirror_split(struct kvm *kvm, gfn_t gfn);
void kvm_gmem_priv_mirror_adjust(struct kvm_page_fault *fault,
				 const struct tdp_iter *iter);

/* tdp_mmu.c, with mmu_lock held for writing, which is dropped to sleep */
void kvm_tdp_mmu_split_mirror(struct kvm *kvm, gfn_t gfn);

#endif /* KVM_GMEM_PRIV_MIRROR_H */
