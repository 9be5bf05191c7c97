// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

/* Off unless asked for: it lets a guest choose what KVM emulates. */
#define EMULATION_PREFIX "/sys/module/kvm/parameters/force_emulation_prefix"

void machine_start(struct machine *machine, __u64 size, __u64 flags)
{
	machine->file = file_create(size, flags);
	vm_load(machine->file, 0);
	machine->vm = vm_create();
	machine->slot = (struct slot){
		.file = machine->file,
		.size = size,
	};
	vm_add_slot(machine->vm, &machine->slot);
	vcpu_open(&machine->cpu, machine->vm, 0);
}

void machine_stop(struct machine *machine)
{
	vcpu_close(&machine->cpu);
	close(machine->vm);
	close(machine->file);
}

int machine_setup(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return -1;
	machine_start(machine, MEM_SIZE, 0);
	*state = machine;
	return 0;
}

int machine_teardown(void **state)
{
	machine_stop(*state);
	free(*state);
	return 0;
}

int emulation_setup(void **state)
{
	FILE *file = fopen(EMULATION_PREFIX, "w");

	(void)state;
	if (!file || fputs("1", file) < 0 || fclose(file)) {
		print_error("Can't write " EMULATION_PREFIX ": %s\n",
			    strerror(errno));
		return -1;
	}
	return 0;
}

__u64 zeros(struct vcpu *cpu, __u64 gpa, __u64 pages, __u64 tag)
{
	__u64 bad = vcpu_call(cpu, guest_check, gpa, pages, tag);
	struct kvm_regs regs = vcpu_regs(cpu);

	if (bad)
		fail_msg("The guest found %llu foreign words, the first at %#llx: %#llx",
			 bad, regs.r8,
			 regs.r9);
	return regs.rbx;
}
