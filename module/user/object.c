// SPDX-License-Identifier: GPL-2.0-only
/* Allocation and freeing of a file's record. */

#include <linux/slab.h>

#include "debug/fail_point.h"
#include "internal.h"
#include "memory/memory.h"
#include "attribute.h"
#include "user/user.h"

/**
 * kvm_private_file_alloc() - make the record of a file
 * @flags: KVM_PRIVATE_FLAG_*
 * @order: log2 of the number of base pages in a backing page
 * @guest_id: as for kvm_private_file_create()
 *
 * Context: may sleep.
 * Return: the record, for kvm_private_file_free(); NULL if there is no memory.
 */
struct kvm_private_file *kvm_private_file_alloc(u64 flags, unsigned int order,
						u64 guest_id)
{
	struct kvm_private_file *f;

	if (kvm_private_should_fail(FILE))
		return NULL;
	f = kzalloc(struct_size(f, nr_pages, nr_node_ids), GFP_KERNEL_ACCOUNT);
	if (!f)
		return NULL;

	f->flags = flags;
	f->guest_id = guest_id;
	f->order = order;
	xa_init_flags(&f->units, XA_FLAGS_ACCOUNT);
	kvm_private_attribute_init(f);
	init_rwsem(&f->invalidate_lock);
	f->bindings = RB_ROOT_CACHED;
	spin_lock_init(&f->claims_lock);
	f->claims = RB_ROOT_CACHED;
	init_waitqueue_head(&f->claim_released);
	spin_lock_init(&f->guests_lock);
	f->guests = RB_ROOT;
	mutex_init(&f->set_policy_lock);
	rwlock_init(&f->policy_lock);
	f->policies = RB_ROOT_CACHED;
	if (!guest_id)
		kvm_private_memlock_init(&f->memlock);

	return f;
}

/* Called when the inode is evicted, or for a file that never got one */
void kvm_private_file_free(struct kvm_private_file *f)
{
	if (!f)
		return;

	/*
	 * Nodes may be left that were allocated for a page which was not stored in the end.
	 */
	xa_destroy(&f->units);
	kvm_private_attribute_destroy(f);
	kvm_private_policy_destroy(f);
	kvm_private_memlock_release(&f->memlock);
	kfree(f);
}
