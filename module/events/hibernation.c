// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hibernation writes all memory to a disk, private pages among it, where they can be read.
 * The kernel refuses it while memfd_secret() has memory, and kvm_private while a file has
 * pages.
 */

#include <linux/notifier.h>
#include <linux/suspend.h>

#include "debug/fail_point.h"
#include "events/events.h"
#include "internal.h"
#include "memory/memory.h"

static int hibernation_notify(struct notifier_block *block, unsigned long event,
			      void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		return notifier_from_errno(kvm_private_charge_stop());
	case PM_POST_HIBERNATION:
		kvm_private_charge_resume();
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block power_block = {
	.notifier_call = hibernation_notify,
};

int kvm_private_hibernation_init(void)
{
	if (kvm_private_should_fail(HIBERNATION))
		return -ENOMEM;
	return register_pm_notifier(&power_block);
}

void kvm_private_hibernation_exit(void)
{
	unregister_pm_notifier(&power_block);
}
