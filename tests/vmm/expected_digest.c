// SPDX-License-Identifier: GPL-2.0-only
#include "expected_digest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../snp/digest.h"
#include "../snp/vmsa.h"
#include "cpuid.h"
#include "device.h"
#include "long_mode.h"
#include "sev.h"
#include "snp.h"
#include "unit.h"

static void add_pages(const struct guest_memory *memory, __u8 *digest)
{
	for (size_t i = 0; i < memory->nr_placed; i++) {
		__u64 gpa = memory->placed[i].gpa, end = gpa + memory->placed[i].size;
		__u8 type = snp_page_type(gpa);

		for (; gpa < end; gpa += PAGE)
			digest_extend(digest, type, gpa, type == SNP_PAGE_NORMAL ?
				      (const char *)memory->address + gpa : NULL);
	}
}

/* A vCPU of a VM that isn't encrypted tells its registers. */
static void add_cpu(const struct vmm *vmm, const struct boot_entry *entry, __u8 *digest)
{
	int vcpu = expect_ok(ioctl(vmm->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	__u8 vmsa[PAGE];

	cpuid_set(vmm, vcpu, 0);
	long_mode_enter(vcpu, entry);
	vmsa_make(vmsa, vcpu);
	digest_extend(digest, SNP_PAGE_VMSA, VMSA_GPA, vmsa);
	close(vcpu);
}

void expected_digest(const struct vmm_config *config, __u8 *digest)
{
	struct vmm vmm = { .snp = true, .nr_cpus = config->nr_cpus };
	struct boot_entry entry;

	/* KVM would launch the save areas of others, too. */
	assert_int_equal(config->nr_cpus, 1);
	memset(digest, 0, SNP_DIGEST_SIZE);
	vmm.kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	vmm.vm = expect_ok(ioctl(vmm.kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	memory_create(&vmm.memory, MEMORY_PLAIN, config->memory_size, 0);
	entry = vmm_place_snp(&vmm, config);
	add_pages(&vmm.memory, digest);
	add_cpu(&vmm, &entry, digest);
	munmap(vmm.memory.address, vmm.memory.size);
	close(vmm.vm);
	close(vmm.kvm);
}
