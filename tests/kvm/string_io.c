// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "machine.h"
#include "string_io.h"

/* Runs to the next string I/O exit; returns its bytes. */
static __u8 *run_to_io(struct vcpu *cpu, int direction, __u32 *size)
{
	vcpu_expect(cpu, vcpu_run(cpu), KVM_EXIT_IO);
	assert_int_equal(cpu->run->io.direction, direction);
	assert_int_equal(cpu->run->io.port, STRING_IO_PORT);
	assert_int_equal(cpu->run->io.size, 1);
	*size = cpu->run->io.count;
	return (__u8 *)cpu->run + cpu->run->io.data_offset;
}

void ins(struct vcpu *cpu, __u64 gva, const __u8 *data, __u32 size)
{
	__u32 done, count;
	__u8 *bytes;

	vcpu_enter(cpu, guest_ins, &(struct kvm_regs){
		   .rdi = gva, .rcx = size, .rdx = STRING_IO_PORT });
	for (done = 0; done < size; done += count) {
		bytes = run_to_io(cpu, KVM_EXIT_IO_IN, &count);
		assert_in_range(count, 1, size - done);
		memcpy(bytes, data + done, count);
	}
	vcpu_expect(cpu, vcpu_run(cpu), KVM_EXIT_HLT);
}

void outs(struct vcpu *cpu, __u64 gva, __u8 *data, __u32 size)
{
	__u32 done, count;
	__u8 *bytes;

	vcpu_enter(cpu, guest_outs, &(struct kvm_regs){
		   .rsi = gva, .rcx = size, .rdx = STRING_IO_PORT });
	for (done = 0; done < size; done += count) {
		bytes = run_to_io(cpu, KVM_EXIT_IO_OUT, &count);
		assert_in_range(count, 1, size - done);
		memcpy(data + done, bytes, count);
	}
	vcpu_expect(cpu, vcpu_run(cpu), KVM_EXIT_HLT);
}
