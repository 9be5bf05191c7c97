/* SPDX-License-Identifier: GPL-2.0-only */
/* Private pages of TDs: functions that kvm_intel's tdx.c calls */
#ifndef KVM_GMEM_PRIV_TDX_H
#define KVM_GMEM_PRIV_TDX_H

#include <linux/kvm_host.h>

struct page;
struct tdx_td;

/* gmem_priv_leak.c, in kvm */
void kvm_gmem_priv_leak(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, int level);

/* gmem_priv_tdx.c */
int tdx_gmem_priv_max_level(struct kvm *kvm);
bool tdx_gmem_priv_in_place(struct kvm *kvm, gfn_t gfn);
void tdx_gmem_priv_write_back(kvm_pfn_t pfn, enum pg_level level);
u64 tdx_gmem_priv_wbinvd(u16 hkid, kvm_pfn_t pfn, enum pg_level level);
void tdx_gmem_priv_accept(struct kvm *kvm, gfn_t gfn, u64 exit_qualification);

/* gmem_priv_seamcall.c; named as the kernel's own functions for other commands are */
u64 tdh_mem_page_demote(struct tdx_td *td, u64 gpa, enum pg_level level,
			struct page *page, u64 *ext_err1, u64 *ext_err2);

#endif /* KVM_GMEM_PRIV_TDX_H */
