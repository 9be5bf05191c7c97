// SPDX-License-Identifier: GPL-2.0-only
#include <cpuid.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../kvm/kvm_uapi.h"
#include "device.h"
#include "launch.h"
#include "unit.h"

#define HC_MAP_GPA_RANGE	12

bool snp_supported(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int types = kvm < 0 ? 0 : ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES);

	if (kvm >= 0)
		close(kvm);
	return types > 0 && types & 1 << KVM_X86_SNP_VM;
}

__u64 snp_c_bit(void)
{
	unsigned int eax, ebx = 0, ecx, edx;

	assert_true(__get_cpuid(0x8000001f, &eax, &ebx, &ecx, &edx));
	return 1ULL << (ebx & 0x3f);
}

static __u32 expected_status;
static bool refused;

void snp_expect_refusal(__u32 status)
{
	expected_status = status;
	refused = false;
}

bool snp_was_refused(void)
{
	bool was = refused;

	snp_expect_refusal(0);
	return was;
}

/* Returns whether the command did its work. */
static bool command(int vm, const char *name, __u32 id, void *data)
{
	__u32 error = 0;
	int result;

	if (refused)
		return false;
	result = sev_command(vm, id, data, &error);
	if (!result)
		return true;
	refused = expected_status && error == expected_status;
	if (!refused)
		fail_msg("%s: %s, the firmware's error is %#x", name, strerror(result), error);
	return false;
}

int snp_create_vm(void)
{
	struct kvm_enable_cap exits = {
		.cap = KVM_CAP_EXIT_HYPERCALL, .args = { 1 << HC_MAP_GPA_RANGE },
	};
	struct kvm_sev_init init = { };
	int kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, KVM_X86_SNP_VM), "KVM_CREATE_VM");

	close(kvm);
	expect_ok(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	expect_ok(ioctl(vm, KVM_ENABLE_CAP, &exits), "KVM_CAP_EXIT_HYPERCALL");
	command(vm, "KVM_SEV_INIT2", KVM_SEV_INIT2, &init);
	return vm;
}

void snp_launch_start(int vm)
{
	struct kvm_sev_snp_launch_start start = { .policy = SNP_POLICY };

	command(vm, "SNP_LAUNCH_START", KVM_SEV_SNP_LAUNCH_START, &start);
}

void snp_launch_pages(int vm, __u64 gpa, __u64 size, const void *source, __u8 type)
{
	struct kvm_sev_snp_launch_update update = {
		.gfn_start = gpa / PAGE, .len = size, .type = type,
		.uaddr = (uintptr_t)source,
	};

	/* KVM moves all three past what it has done. */
	do {
		__u64 left = update.len;

		if (!command(vm, source ? "SNP_LAUNCH_UPDATE from a source" :
			     type == SNP_PAGE_ZERO ?
			     "SNP_LAUNCH_UPDATE of zeros" : "SNP_LAUNCH_UPDATE in place",
			     KVM_SEV_SNP_LAUNCH_UPDATE, &update))
			return;
		if (update.len >= left)
			fail_msg("SNP_LAUNCH_UPDATE gets no further than page %#llx",
				 update.gfn_start);
	} while (update.len);
	if (!source && update.uaddr)
		fail_msg("SNP_LAUNCH_UPDATE in place moved its source to %#llx",
			 update.uaddr);
}

void snp_launch_update(int vm, __u64 gpa, __u64 size, const void *source)
{
	snp_launch_pages(vm, gpa, size, source, SNP_PAGE_NORMAL);
}

void snp_launch_zeros(int vm, __u64 gpa, __u64 size)
{
	snp_launch_pages(vm, gpa, size, NULL, SNP_PAGE_ZERO);
}

void snp_launch_finish(int vm)
{
	struct kvm_sev_snp_launch_finish finish = { };

	command(vm, "SNP_LAUNCH_FINISH", KVM_SEV_SNP_LAUNCH_FINISH, &finish);
}

struct id_block {
	__u8 digest[SNP_DIGEST_SIZE];
	__u8 family[16];
	__u8 image[16];
	__u32 version;
	__u32 guest_svn;
	__u64 policy;
};

void snp_launch_finish_if(int vm, const __u8 *digest)
{
	/* Signatures, which the emulated firmware doesn't read */
	static const __u8 authentication[PAGE];
	struct id_block block = { .version = 1, .policy = SNP_POLICY };
	struct kvm_sev_snp_launch_finish finish = {
		.id_block_uaddr = (uintptr_t)&block,
		.id_auth_uaddr = (uintptr_t)authentication,
		.id_block_en = 1,
	};

	memcpy(block.digest, digest, SNP_DIGEST_SIZE);
	command(vm, "SNP_LAUNCH_FINISH with a digest", KVM_SEV_SNP_LAUNCH_FINISH, &finish);
}
