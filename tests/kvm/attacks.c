// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdlib.h>

#include "attacks.h"

bool despite_efault(int result)
{
	return result == -EFAULT;
}

int attack_punch(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return file_punch(a->race->machine.file, DATA_GPA + offset, size);
}

int attack_allocate(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return file_allocate(a->race->machine.file, DATA_GPA + offset, size);
}

int attack_populate(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return file_try_stamp(a->race->machine.file, DATA_GPA + offset, size,
			      RACE_HOST_TAG);
}

int attack_recreate_slot(struct attacker *a)
{
	struct kvm_userspace_memory_region2 none = { .slot = 0 };
	struct machine *m = &a->race->machine;

	if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION2, &none))
		return -1;
	if (rand_r(&a->seed) % 2)
		sched_yield();
	return vm_try_slot(m->vm, &m->slot);
}

int attack_set_clock(struct attacker *a)
{
	const struct kvm_clock_data clock = { .clock = ++a->data << 20 };

	return ioctl(a->race->machine.vm, KVM_SET_CLOCK, &clock);
}
