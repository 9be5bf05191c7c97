/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the module may fail for lack of something, so that a test can make each
 * of these places fail (tests/failures). The kernel's own fault injection isn't
 * enough: the XArray and the maple tree ask again for what they were denied, and
 * Debian's kernels don't have it. Only a build with KVM_PRIVATE_FAIL_POINTS=1 can
 * fail here; in all others this is nothing.
 */
#ifndef KVM_PRIVATE_FAIL_POINT_H
#define KVM_PRIVATE_FAIL_POINT_H

#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/xarray.h>

/* Named for what isn't to be had; fail_points.h has them all. */
#define FAIL_POINT(name)	KVM_PRIVATE_FAIL_##name
enum kvm_private_fail_point {
#include "fail_points.h"
	KVM_PRIVATE_NR_FAIL_POINTS,
};

#undef FAIL_POINT

#ifdef KVM_PRIVATE_FAIL_POINTS
bool kvm_private_fails(enum kvm_private_fail_point point);
#else
static inline bool kvm_private_fails(enum kvm_private_fail_point point)
{
	return false;
}
#endif

/* @call, or what it is when it fails */
#define kvm_private_may_fail(point, failure, call)			\
	(kvm_private_fails(KVM_PRIVATE_FAIL_##point) ? (failure) : (call))

/*
 * Before a store: as if no node was to be had while the lock is held. It may have
 * been the last of several, and the XArray keeps those that it has got by then.
 */
static inline void kvm_private_xas_may_fail(struct xa_state *xas,
					    enum kvm_private_fail_point point)
{
	if (xas->xa_alloc || !kvm_private_fails(point))
		return;
	if (!xas->xa_shift)
		xas_create_range(xas);
	xas_set_err(xas, -ENOMEM);
}

/* xas_nomem(), or as if there was no node without the lock either */
static inline bool kvm_private_xas_nomem(struct xa_state *xas, gfp_t gfp,
					 enum kvm_private_fail_point point)
{
	if (xas_error(xas) == -ENOMEM && kvm_private_fails(point))
		return false;
	return xas_nomem(xas, gfp);
}

/* xas_split_alloc(), or what it does when it fails: no node is left. */
static inline void kvm_private_xas_split_alloc(struct xa_state *xas, void *entry,
					       unsigned int order, gfp_t gfp)
{
	if (!(gfp & __GFP_NOFAIL) && kvm_private_fails(KVM_PRIVATE_FAIL_SPLIT)) {
		xas_nomem(xas, gfp);
		xas_set_err(xas, -ENOMEM);
	} else {
		xas_split_alloc(xas, entry, order, gfp);
	}
}

#endif /* KVM_PRIVATE_FAIL_POINT_H */
