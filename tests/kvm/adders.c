// SPDX-License-Identifier: GPL-2.0-only
#include "adders.h"

#define ADDS	2000

static void *add(void *arg)
{
	struct adder *adder = arg;
	const struct kvm_regs regs = { .rdi = adder->address, .rsi = 1 };

	for (int i = 0; i < ADDS && !adder->failed; i++) {
		vcpu_enter(adder->cpu, guest_emulated_xadd, &regs);
		adder->exit = vcpu_run(adder->cpu);
		adder->failed = adder->exit != KVM_EXIT_HLT;
	}
	__atomic_store_n(&adder->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void adders_start(struct adders *adders, struct machine *machine,
		  __u64 address)
{
	vcpu_open(&adders->second, machine->vm, 1);
	for (int i = 0; i < 2; i++) {
		struct adder *adder = &adders->adder[i];

		*adder = (struct adder){
			.cpu = i ? &adders->second : &machine->cpu,
			.address = address,
		};
		assert_int_equal(pthread_create(&adder->thread, NULL, add,
						adder), 0);
	}
}

bool adders_are_done(const struct adders *adders)
{
	for (int i = 0; i < 2; i++)
		if (!__atomic_load_n(&adders->adder[i].done, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

__u64 adders_join(struct adders *adders)
{
	for (int i = 0; i < 2; i++)
		pthread_join(adders->adder[i].thread, NULL);
	for (int i = 0; i < 2; i++)
		vcpu_expect(adders->adder[i].cpu, adders->adder[i].exit,
			    KVM_EXIT_HLT);
	vcpu_close(&adders->second);
	return 2 * ADDS;
}
