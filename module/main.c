// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading. */

#include <linux/module.h>

#include "events/events.h"
#include "internal.h"
#include "memory/memory.h"
#include "user/user.h"

static int __init kvm_private_init(void)
{
	int ret;

	ret = kvm_private_creators_init();
	if (ret)
		return ret;
	ret = kvm_private_hibernation_init();
	if (ret)
		goto creators;
	ret = kvm_private_memory_error_init();
	if (ret)
		goto hibernation;
	ret = kvm_private_device_init();
	if (ret)
		goto memory_error;
	return 0;

memory_error:
	kvm_private_memory_error_exit();
hibernation:
	kvm_private_hibernation_exit();
creators:
	kvm_private_creators_exit();
	return ret;
}
module_init(kvm_private_init);

static void __exit kvm_private_exit(void)
{
	kvm_private_device_exit();
	kvm_private_memory_error_exit();
	kvm_private_hibernation_exit();
	kvm_private_creators_exit();
	kvm_private_policy_exit();
}
module_exit(kvm_private_exit);

MODULE_DESCRIPTION("Private memory for KVM guests, behind a file descriptor");
MODULE_AUTHOR("The kvm_private developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
