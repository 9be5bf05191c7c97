// SPDX-License-Identifier: GPL-2.0-only
/* The kernel interface as one symbol, for consumers that load without this module. */

#include <linux/kvm_private.h>

#include "compat/export.h"

const struct kvm_private_interface kvm_private_interface = {
	.version		= KVM_PRIVATE_INTERFACE_VERSION,
	.fget			= kvm_private_fget,
	.create_guest_memfd	= kvm_private_create_guest_memfd,
	.bind			= kvm_private_bind,
	.unbind			= kvm_private_unbind,
	.get_pfn		= kvm_private_get_pfn,
	.get_shared_pfn		= kvm_private_get_shared_pfn,
	.put_pfn		= kvm_private_put_pfn,
	.lock_page		= kvm_private_lock_page,
	.unlock_page		= kvm_private_unlock_page,
	.peek_page		= kvm_private_peek_page,
	.is_private		= kvm_private_is_private,
	.populate		= kvm_private_populate,
	.leak			= kvm_private_leak,
};
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_interface);
