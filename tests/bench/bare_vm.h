/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM with the code of guests.h and one vCPU; only slot 0 is in use. */
#ifndef TESTS_BENCH_BARE_VM_H
#define TESTS_BENCH_BARE_VM_H

#include <stdint.h>

#include "../kvm/vcpu.h"

struct bare_vm {
	int fd;
	int code;
	struct vcpu cpu;
};

void bare_vm_open(struct bare_vm *vm);
void bare_vm_close(struct bare_vm *vm);

/* vcpu_call() without the system calls of its watchdog */
uint64_t bare_vm_call(struct bare_vm *vm, const char *guest, uint64_t rdi,
		      uint64_t rsi, uint64_t rdx, uint64_t rcx);

#endif /* TESTS_BENCH_BARE_VM_H */
