// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include "bare_vm.h"
#include "device.h"

#include "../kvm/layout.h"
#include "../kvm/vm.h"

void bare_vm_open(struct bare_vm *vm)
{
	struct slot code = { .size = MEM_SIZE };

	vm->fd = vm_create();
	vm->code = file_create(code.size, 0);
	vm_load(vm->code, 0);
	code.file = vm->code;
	vm_add_slot(vm->fd, &code);
	vcpu_open(&vm->cpu, vm->fd, 0);
}

void bare_vm_close(struct bare_vm *vm)
{
	vcpu_close(&vm->cpu);
	close(vm->fd);
	close(vm->code);
}

uint64_t bare_vm_call(struct bare_vm *vm, const char *guest, uint64_t rdi,
		      uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	const struct kvm_regs regs = {
		.rdi = rdi, .rsi = rsi, .rdx = rdx, .rcx = rcx,
	};
	int ret;

	vcpu_enter(&vm->cpu, guest, &regs);
	ret = ioctl(vm->cpu.fd, KVM_RUN, 0);
	vcpu_expect(&vm->cpu, ret ? -errno : (int)vm->cpu.run->exit_reason,
		    KVM_EXIT_HLT);
	return vcpu_regs(&vm->cpu).rax;
}
