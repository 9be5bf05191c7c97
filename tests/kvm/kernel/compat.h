/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The callback of kvm_gmem_populate(), which each KVM calls in its own way
 */
#ifndef TESTS_KVM_KERNEL_COMPAT_H
#define TESTS_KVM_KERNEL_COMPAT_H

#include <linux/highmem.h>
#include <linux/kvm_host.h>
#include <linux/uaccess.h>

#include "../kvm_populate_test.h"

/* NULL if the guest's page is launched as it is */
struct kpop_source {
#ifdef KPOP_HAVE_PAGES
	/* KVM has pinned it. */
	struct page *page;
#else
	void __user *page;
#endif
};

static int fill(gfn_t gfn, kvm_pfn_t pfn, struct kpop_source source,
		struct kpop_populate *args);

#ifdef KPOP_HAVE_PAGES
static inline int copy_source(kvm_pfn_t pfn, struct kpop_source source)
{
	copy_highpage(pfn_to_page(pfn), source.page);
	return 0;
}

static inline int call_fill(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn,
			    struct page *page, void *opaque)
{
	struct kpop_source source = { .page = page };

	return fill(gfn, pfn, source, opaque);
}

static inline long call_populate(struct kvm *kvm, struct kpop_populate *args)
{
	return kvm_gmem_populate(kvm, gpa_to_gfn(args->gpa),
				 u64_to_user_ptr(args->source), args->pages,
				 false, call_fill, args);
}
#else
static inline int copy_source(kvm_pfn_t pfn, struct kpop_source source)
{
	void *page = kmap_local_pfn(pfn);
	int ret = 0;

	if (copy_from_user(page, source.page, PAGE_SIZE))
		ret = -EFAULT;
	kunmap_local(page);
	return ret;
}

static inline int call_fill(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn,
			    void __user *page, int order, void *opaque)
{
	struct kpop_source source = { .page = page };

	return fill(gfn, pfn, source, opaque);
}

static inline long call_populate(struct kvm *kvm, struct kpop_populate *args)
{
	return kvm_gmem_populate(kvm, gpa_to_gfn(args->gpa),
				 u64_to_user_ptr(args->source), args->pages,
				 call_fill, args);
}
#endif

#endif
