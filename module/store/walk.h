/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over the store's entries; see lookup.c. */
#ifndef KVM_PRIVATE_WALK_H
#define KVM_PRIVATE_WALK_H

#include <linux/xarray.h>

#include "debug/detour.h"

/* Has a walk met a node on its way out of the store? Then it has been set to look again. */
static inline bool kvm_private_walk_retry(struct xa_state *xas, void *entry)
{
	if (unlikely(kvm_private_should_retry(NODE, xas_retry(xas, entry)))) {
		xas_reset(xas);
		return true;
	}
	return false;
}

/* @next: where a walk goes on that lets go of what it stands on; see lookup.c */
static inline void kvm_private_walk_set(struct xa_state *xas, pgoff_t next)
{
	xas_set(xas, next);
}

#endif /* KVM_PRIVATE_WALK_H */
