// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdlib.h>

#include "attacks.h"
#include "convert.h"

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

bool conversion_failed(int ret)
{
	/* A vCPU's fault pins a shared page for a moment, which is EAGAIN. */
	return ret && errno != EAGAIN;
}

int attack_convert_range(struct attacker *a, __u64 start, __u64 size)
{
	static const __u64 to_shared[] = { 0, CONVERT_PRESERVE, CONVERT_ZERO };
	static const __u64 to_private[] = { 0, CONVERT_PRESERVE };
	const int file = a->race->machine.file;
	int ret;

	if (rand_r(&a->seed) % 2)
		ret = file_make_shared(file, start, size,
				       to_shared[rand_r(&a->seed) % 3]);
	else
		ret = file_make_private(file, start, size,
					to_private[rand_r(&a->seed) % 2]);
	return conversion_failed(ret) ? -1 : 0;
}

int attack_convert(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return attack_convert_range(a, DATA_GPA + offset, size);
}
