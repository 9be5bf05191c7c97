/* SPDX-License-Identifier: GPL-2.0-only */
/* For the model and for the programs; each of the two includes it once. */
#ifndef KVM_PRIVATE_PLATFORM_RULE_NAMES_H
#define KVM_PRIVATE_PLATFORM_RULE_NAMES_H

#include "kvm_private_platform.h"

static const char *const rule_names[KPP_NR_RULES] = {
	[KPP_ASSIGNED_TWICE] = "assigned twice",
	[KPP_ASSIGNED_SHARED] = "assigned while it is shared",
	[KPP_ASSIGNED_ORDER] = "assigned at an order it doesn't have",
	[KPP_FREED_ASSIGNED] = "freed while it is assigned",
	[KPP_SHARED_ASSIGNED] = "shared while it is assigned",
	[KPP_RECLAIMED_UNASSIGNED] = "reclaimed though it wasn't assigned",
	[KPP_RECLAIMED_PART] = "reclaimed in part",
	[KPP_RECLAIMED_MAPPED] = "reclaimed while the guest may have it mapped",
	[KPP_NEVER_RECLAIMED] = "never reclaimed",
	[KPP_GUEST_UNASSIGNED] = "a guest has what isn't assigned to it",
	[KPP_HOST_ACCESS] = "the host reaches what is assigned",
	[KPP_HOST_USES] = "the host has mapped or pinned what is assigned",
	[KPP_CONTENT_CHANGED] = "changed by another than its guest",
	[KPP_BEGIN_OVERLAPS] = "invalidations overlap",
	[KPP_BEGIN_WITHOUT_END] = "invalidation without an end",
	[KPP_END_WITHOUT_BEGIN] = "end of no invalidation",
	[KPP_UNBOUND_INSIDE] = "unbound amid an invalidation",
	[KPP_SURVIVED] = "a mapping survived its invalidation",
	[KPP_OUTSIDE_BINDING] = "outside the binding",
	[KPP_OWNER_GONE] = "reclaimed when the owner could be gone",
};

#endif
