/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place that knows how KVM's interfaces differ between kernel lines. probe.mk looks
 * for those that no macro tells of. The rest of our files uses the newest names.
 */
#ifndef KVM_GMEM_PRIV_COMPAT_H
#define KVM_GMEM_PRIV_COMPAT_H

#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>

/* Newer KVMs' Makefile finds fault with the name of the plain export. */
#ifndef EXPORT_SYMBOL_FOR_KVM_INTERNAL
#define EXPORT_SYMBOL_FOR_KVM_INTERNAL(symbol)	_EXPORT_SYMBOL(symbol, "GPL")
#endif

/* 6.12 wants an import even of the module that the export is for. Later kernels refuse it. */
#ifdef EXPORT_SYMBOL_FOR_MODULES
#define GMEM_PRIV_IMPORT_FOR_KVM	static_assert(true)
#else
#define GMEM_PRIV_IMPORT_FOR_KVM	MODULE_INFO(import_ns, "module:kvm")
#endif

#ifndef KVM_GMEM_PRIV_HAVE_INVALIDATE_START
#define kvm_mmu_invalidate_start	kvm_mmu_invalidate_begin
#endif

/* A slot may be marked as one whose memory is in the file alone. */
static inline void gmem_priv_mark_gmem_only(struct kvm_memory_slot *slot)
{
#ifdef KVM_MEMSLOT_GMEM_ONLY
	slot->flags |= KVM_MEMSLOT_GMEM_ONLY;
#endif
}

/* Caches of pfns have a sequence count of their own. */
static inline void gmem_priv_gpc_advance(struct kvm *kvm)
{
#ifdef KVM_GMEM_PRIV_HAVE_GPC_SEQ
	lockdep_assert_held(&kvm->mn_invalidate_lock);

	kvm->gpc_invalidate_seq++;
	/* Pairs with smp_rmb() in mmu_notifier_retry_cache(). */
	smp_wmb();
#endif
}

/* Older kernels have no TDX. */
static inline bool gmem_priv_is_td(const struct kvm *kvm)
{
#ifdef KVM_X86_TDX_VM
	return kvm->arch.vm_type == KVM_X86_TDX_VM;
#else
	return false;
#endif
}

/* A KVM without SEV-SNP has no firmware that must know of pages. */
static inline int gmem_priv_make_private(struct kvm *kvm, gfn_t gfn,
					 kvm_pfn_t pfn, unsigned int order)
{
#if defined(CONFIG_HAVE_KVM_ARCH_GMEM_CONVERT)
	return kvm_arch_gmem_make_private(kvm, gfn, pfn, 1UL << order);
#elif defined(CONFIG_HAVE_KVM_ARCH_GMEM_PREPARE)
	return kvm_arch_gmem_prepare(kvm, gfn, pfn, order);
#else
	return 0;
#endif
}

static inline void gmem_priv_make_shared(kvm_pfn_t pfn, unsigned long nr)
{
#if defined(CONFIG_HAVE_KVM_ARCH_GMEM_RECLAIM)
	kvm_arch_gmem_reclaim(pfn, nr);
#elif defined(CONFIG_HAVE_KVM_ARCH_GMEM_INVALIDATE)
	kvm_arch_gmem_invalidate(pfn, pfn + nr);
#endif
}

/* The vCPUs of an SNP guest look the pages of their VMSAs up again. */
static inline void gmem_priv_invalidate_vmsas(struct kvm *kvm,
					      struct kvm_gfn_range *range)
{
#if defined(KVM_GMEM_PRIV_HAVE_INVALIDATE_RANGE) && \
	defined(CONFIG_HAVE_KVM_ARCH_GMEM_INVALIDATE)
	kvm_arch_gmem_invalidate_range(kvm, range);
#endif
}

#ifdef KVM_GMEM_PRIV_HAVE_POPULATE_PAGES
/* The callback gets the page of the source. It is pinned here, without a lock of the file. */
static inline int gmem_priv_populate_page(kvm_gmem_populate_cb post_populate,
					  struct kvm *kvm, gfn_t gfn,
					  kvm_pfn_t pfn, void __user *source,
					  bool write_source, unsigned int order,
					  void *opaque)
{
	struct page *page = NULL;
	int ret;

	if (source) {
		ret = get_user_pages_fast((unsigned long)source, 1,
					  write_source ? FOLL_WRITE : 0, &page);
		if (ret != 1)
			return ret < 0 ? ret : -EFAULT;
	}

	ret = post_populate(kvm, gfn, pfn, page, opaque);
	if (page)
		put_page(page);
	return ret;
}
#else
/*
 * The callback copies from the source. If that failed, zeros would be in a page that had
 * content.
 */
static inline int gmem_priv_populate_page(kvm_gmem_populate_cb post_populate,
					  struct kvm *kvm, gfn_t gfn,
					  kvm_pfn_t pfn, void __user *source,
					  bool write_source, unsigned int order,
					  void *opaque)
{
	if (source && fault_in_readable(source, PAGE_SIZE))
		return -EFAULT;

	return post_populate(kvm, gfn, pfn, source, order, opaque);
}
#endif

#endif /* KVM_GMEM_PRIV_COMPAT_H */
