// SPDX-License-Identifier: GPL-2.0-only
/* The bindings of our own guests */

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/rwsem.h>

#include "platform.h"

static_assert(KPP_BIND_FIRMWARE == KVM_PRIVATE_BIND_FIRMWARE);

/*
 * Bindings are added and removed with the lock held for writing, and used with
 * it held for reading. The operations don't take it.
 */
static DECLARE_RWSEM(slots_lock);
static struct kpp_slot slots[KPP_SLOTS];

void kpp_slots_init(void)
{
	unsigned int nr;

	for (nr = 0; nr < KPP_SLOTS; nr++) {
		mutex_init(&slots[nr].lock);
		xa_init(&slots[nr].mappings);
	}
}

int kpp_bind(const struct kpp_bind *args)
{
	struct kpp_slot *slot;
	struct file *file;
	int ret = -ENXIO;

	if (args->slot >= KPP_SLOTS || args->kind >= KPP_NR_KINDS)
		return ret;

	file = kvm_private_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);

	down_write(&slots_lock);
	slot = &slots[args->slot];
	if (!slot->bound) {
		slot->kind = args->kind;
		slot->binding.ops = &kpp_ops[args->kind];
		slot->binding.start = args->start;
		slot->binding.end = args->end;
		slot->binding.guest_id = args->guest_id;
		slot->binding.flags = args->flags;
		ret = kvm_private_bind(file, &slot->binding);
		slot->bound = !ret;
	}
	up_write(&slots_lock);
	fput(file);
	return ret;
}

int kpp_unbind(unsigned int nr)
{
	struct kpp_slot *slot;
	int ret = -ENXIO;

	if (nr >= KPP_SLOTS)
		return ret;

	down_write(&slots_lock);
	slot = &slots[nr];
	if (slot->bound) {
		mutex_lock(&slot->lock);
		kpp_slot_unmap(slot, 0, ULONG_MAX);
		mutex_unlock(&slot->lock);
		kvm_private_unbind(&slot->binding);
		slot->bound = false;
		ret = 0;
	}
	up_write(&slots_lock);
	return ret;
}

void kpp_unbind_all(void)
{
	unsigned int nr;

	for (nr = 0; nr < KPP_SLOTS; nr++)
		kpp_unbind(nr);
}

/*
 * Returns NULL for a slot that isn't bound; else the caller owes a
 * kpp_slot_put().
 */
struct kpp_slot *kpp_slot_get(unsigned int nr)
{
	down_read(&slots_lock);
	if (nr < KPP_SLOTS && slots[nr].bound)
		return &slots[nr];
	up_read(&slots_lock);
	return NULL;
}

void kpp_slot_put(void)
{
	up_read(&slots_lock);
}
