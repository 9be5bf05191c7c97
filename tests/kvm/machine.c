// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"

/*
 * Off unless a test asks for it: the prefix lets a guest choose the
 * instructions that KVM emulates.
 */
#define EMULATION_PREFIX "/sys/module/kvm/parameters/force_emulation_prefix"

void machine_start(struct machine *machine, __u64 size, __u64 flags)
{
	machine_start_on(machine, file_create(size, flags), size, flags);
}

void machine_start_on(struct machine *machine, int file, __u64 size,
		      __u64 flags)
{
	machine->file = file;
	machine->map = NULL;
	if (flags & KVM_PRIVATE_FLAG_MMAP)
		machine->map = file_map(machine->file, size);
	if (flags & KVM_PRIVATE_FLAG_INIT_SHARED)
		vm_load_at(machine->map);
	else
		vm_load(machine->file, 0);

	machine->vm = vm_create();
	machine->slot = (struct slot){
		.file = machine->file,
		.size = size,
		.host = machine->map,
	};
	vm_add_slot(machine->vm, &machine->slot);
	vcpu_open(&machine->cpu, machine->vm, 0);
}

void machine_stop(struct machine *machine)
{
	vcpu_close(&machine->cpu);
	close(machine->vm);
	close(machine->file);
	if (machine->map)
		munmap(machine->map, machine->slot.size);
}

static int setup(void **state, __u64 flags)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return -1;
	machine_start(machine, MEM_SIZE, flags);
	*state = machine;
	return 0;
}

static int machine_setup(void **state)
{
	return setup(state, 0);
}

int mapped_setup(void **state)
{
	return setup(state, KVM_PRIVATE_FLAG_MMAP);
}

int machine_teardown(void **state)
{
	machine_stop(*state);
	free(*state);
	return 0;
}

const struct fixture machine_plain = { .setup = machine_setup, .teardown = machine_teardown };
const struct fixture machine_mapped = {
	.name = "mapped", .setup = mapped_setup, .teardown = machine_teardown,
};

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

void make_shared(struct machine *machine, __u64 gpa, __u64 size)
{
	expect_ok(file_make_shared(machine->file, gpa, size, CONVERT_PRESERVE),
		  "sharing %#llx", gpa);
}

void make_private(struct machine *machine, __u64 gpa, __u64 size)
{
	expect_ok(file_make_private(machine->file, gpa, size, CONVERT_PRESERVE),
		  "making %#llx private", gpa);
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
