// SPDX-License-Identifier: GPL-2.0-only
/* The events that kvm_private reports, on their way into the model */

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "platform.h"

static bool adopt;
module_param(adopt, bool, 0400);
MODULE_PARM_DESC(adopt,
		 "assign the pages of guests that trust the host as well (bool)");

/* Does the model assign pages for this binding, and to which guest? */
static bool assigned_to(const struct kvm_private_binding *binding, u64 *guest)
{
	*guest = binding->guest_id;
	if (binding->ops->prepare)
		return binding->ops->reclaim == kpp_adopt_ops.reclaim;

	*guest |= KPP_ADOPTED;
	return adopt;
}

static void handed_out(const struct kvm_private_binding *binding,
		       pgoff_t index, unsigned long pfn, unsigned int order,
		       unsigned long seq)
{
	u64 guest;

	if (assigned_to(binding, &guest))
		kpp_handed_out(binding, index, pfn, guest, seq);
}

static void begin(const struct kvm_private_binding *binding, pgoff_t start,
		  pgoff_t end)
{
	kpp_begin(binding, start, end, KPP_NOTIFIED);
}

static void end(const struct kvm_private_binding *binding, pgoff_t start,
		pgoff_t end)
{
	kpp_end(binding, start, end, KPP_NOTIFIED);
}

static struct kvm_private_observer observer = {
	.handed_out = handed_out,
	.host_access = kpp_host_access,
	.shared = kpp_shared,
	.freed = kpp_freed,
	.begin = begin,
	.end = end,
	.unbound = kpp_unbound,
};

int kpp_observer_init(void)
{
	if (adopt)
		observer.adopt = &kpp_adopt_ops;
	return kvm_private_observe(&observer);
}

void kpp_observer_exit(void)
{
	kvm_private_unobserve();
}
