/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places where the module may fail for lack of a resource, each of which a test can make
 * fail (tests/failures). The kernel's own fault injection isn't enough: the XArray and the
 * maple tree repeat a request that was denied, and Debian's kernels don't have it. Only a
 * build with KVM_PRIVATE_FAIL_POINTS=1 can fail here; in all others
 * kvm_private_should_fail() is false.
 */
#ifndef KVM_PRIVATE_FAIL_POINT_H
#define KVM_PRIVATE_FAIL_POINT_H

#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/xarray.h>

/* Each is named for the resource that is denied; fail_points.h has them all. */
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

/* Whether the place of this name is to fail, instead of asking for the resource */
#define kvm_private_should_fail(name)					\
	kvm_private_fails(KVM_PRIVATE_FAIL_##name)

/*
 * Called before xas_store(): has it fail as if no node could be allocated under the lock.
 * That may be the last of several nodes; xas_create_range() makes the others, which the
 * XArray would keep.
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

/* xas_split_alloc(); if the place is to fail it leaves no node, as after a real failure. */
static inline void kvm_private_xas_split_alloc(struct xa_state *xas, void *entry,
					       unsigned int order, gfp_t gfp)
{
	if (!(gfp & __GFP_NOFAIL) && kvm_private_should_fail(SPLIT)) {
		xas_nomem(xas, gfp);
		xas_set_err(xas, -ENOMEM);
	} else {
		xas_split_alloc(xas, entry, order, gfp);
	}
}

#endif /* KVM_PRIVATE_FAIL_POINT_H */
