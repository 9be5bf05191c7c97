/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over the store's entries; see lookup.c. */
#ifndef KVM_PRIVATE_WALK_H
#define KVM_PRIVATE_WALK_H

#include <linux/xarray.h>

#include "debug/detour.h"

/*
 * Returns whether the walk has met a node on its way out of the store, and then has it look
 * again.
 */
static inline bool kvm_private_walk_retry(struct xa_state *xas, void *entry)
{
	if (unlikely(kvm_private_should_retry(NODE, xas_retry(xas, entry)))) {
		xas_reset(xas);
		return true;
	}
	return false;
}

/* Has a walk go on at @next after it has let go of the lock; see lookup.c */
static inline void kvm_private_walk_set(struct xa_state *xas, pgoff_t next)
{
	xas_set(xas, next);
}

#endif /* KVM_PRIVATE_WALK_H */
