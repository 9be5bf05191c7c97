// SPDX-License-Identifier: GPL-2.0-only
/* The number that a VM goes by to kvm_private, which knows no VM. */

#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/timekeeping.h>

#include "gmem_priv_internal.h"

/**
 * kvm_gmem_priv_guest_id() - the number that a VM goes by
 * @kvm: the VM
 *
 * Files that stand in for a guest_memfd keep the number when this module goes, and must fit
 * no VM of a later load of it. So each load begins above all numbers of those before: a
 * number is the time of CLOCK_MONOTONIC, or the one after the last if that isn't below.
 * Making one takes longer than a nanosecond, so the numbers aren't ahead of the clock by
 * more than one of its ticks, and no module is unloaded and loaded within that. Nothing
 * sets this clock, it doesn't go back when the machine sleeps or its time is adjusted, and
 * time namespaces have no part in it.
 *
 * Context: any.
 * Return: not 0, unique for as long as the machine is up.
 */
u64 kvm_gmem_priv_guest_id(struct kvm *kvm)
{
	static atomic64_t last = ATOMIC64_INIT(0);
	u64 id = READ_ONCE(kvm->gmem_priv_guest_id);
	s64 before;

	if (id)
		return id;

	before = atomic64_read(&last);
	do {
		id = max_t(s64, before + 1, ktime_get_ns());
	} while (!atomic64_try_cmpxchg(&last, &before, id));
	return cmpxchg(&kvm->gmem_priv_guest_id, 0, id) ?: id;
}
