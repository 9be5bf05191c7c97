// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one CPU of the guest and answers its exits.
 */
#include "vcpu.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "conversion.h"
#include "cpuid.h"
#include "kvm_abi.h"
#include "vmm.h"

/*
 * An SNP guest makes the first registers of this CPU itself (AP creation). In the state that
 * waits for an INIT instead KVM_RUN returns again and again without looking at them.
 */
static void hold(struct vcpu *vcpu)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_AP_RESET_HOLD };

	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state))
		err(1, "KVM_SET_MP_STATE");
}

void vcpu_create(struct vcpu *vcpu, struct vmm *vmm, unsigned int id)
{
	int size;

	vcpu->vmm = vmm;
	vcpu->id = id;
	vcpu->same_faults = 0;
	vcpu->fd = ioctl(vmm->vm, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		err(1, "KVM_CREATE_VCPU");

	size = ioctl(vmm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < 0)
		err(1, "KVM_GET_VCPU_MMAP_SIZE");
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		err(1, "can't map the vCPU's state");

	cpuid_set(vmm, vcpu->fd, id);
	if (vmm->snp && id)
		hold(vcpu);
}

/* An access of several bytes goes to that many ports. */
static void handle_io(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct ports *ports = &vcpu->vmm->ports;
	__u8 *data = (__u8 *)run + run->io.data_offset;

	for (__u32 i = 0; i < run->io.count; i++) {
		for (__u8 byte = 0; byte < run->io.size; byte++, data++) {
			if (run->io.direction == KVM_EXIT_IO_IN)
				*data = ports_read(ports, run->io.port + byte);
			else
				ports_write(ports, run->io.port + byte, *data);
		}
	}
}

/* Memory space has no device: reads find an empty bus. */
static void handle_mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static void explain_failure(struct vcpu *vcpu)
{
	const struct kvm_run_memory_fault *fault = &vcpu->fault;

	if (vcpu->run->exit_reason != KVM_EXIT_MEMORY_FAULT)
		err(1, "KVM_RUN of vCPU %u", vcpu->id);
	err(1, "vCPU %u has no memory at guest physical %#llx (%llu bytes, flags %#llx)",
	    vcpu->id, fault->gpa, fault->size, fault->flags);
}

static void *run(void *argument)
{
	struct vcpu *vcpu = argument;

	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0)) {
			/*
			 * A CPU that the guest hasn't started sleeps in
			 * KVM_RUN. When it wakes up KVM_RUN returns EAGAIN, and
			 * the CPU is run again.
			 */
			if (errno != EINTR && errno != EAGAIN &&
			    !conversion_fault(vcpu))
				explain_failure(vcpu);
			continue;
		}

		vcpu->same_faults = 0;
		switch (vcpu->run->exit_reason) {
		case KVM_EXIT_IO:
			handle_io(vcpu);
			break;
		case KVM_EXIT_MMIO:
			handle_mmio(vcpu);
			break;
		case KVM_EXIT_HYPERCALL:
			conversion_hypercall(vcpu);
			break;
		case KVM_EXIT_SHUTDOWN:
			/* Linux with reboot=t: a triple fault ends it. */
			vmm_ended(vcpu->vmm);
			return NULL;
		case KVM_EXIT_SYSTEM_EVENT:
			errx(1, "the guest ended itself: event %u, reason %#llx",
			     vcpu->run->system_event.type,
			     vcpu->run->system_event.data[0]);
		case KVM_EXIT_FAIL_ENTRY:
			errx(1, "vCPU %u can't enter the guest: hardware reason %#llx",
			     vcpu->id,
			     vcpu->run->fail_entry.hardware_entry_failure_reason);
		case KVM_EXIT_INTERNAL_ERROR:
			errx(1, "KVM can't go on with vCPU %u: internal error %u",
			     vcpu->id, vcpu->run->internal.suberror);
		default:
			errx(1, "vCPU %u stopped for reason %u, which this VMM doesn't know",
			     vcpu->id, vcpu->run->exit_reason);
		}
	}
}

void vcpu_start(struct vcpu *vcpu)
{
	int error = pthread_create(&vcpu->thread, NULL, run, vcpu);

	if (error)
		errx(1, "can't start vCPU %u: %s", vcpu->id, strerror(error));
}
