// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm/guests.h"
#include "../kvm/kvm_uapi.h"
#include "convert.h"
#include "device.h"
#include "digest.h"
#include "launch.h"
#include "memory.h"
#include "requester.h"
#include "requester_layout.h"
#include "unit.h"
#include "vmsa.h"

#define FILE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static void place_tables(char *memory, __u64 c_bit)
{
	const __u64 used = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
	__u64 *pml4 = (void *)(memory + PML4_GPA);
	__u64 *pdpt = (void *)(memory + PDPT_GPA);
	__u64 *pd = (void *)(memory + PD_GPA);
	__u64 *shared_pd = (void *)(memory + SHARED_PD_GPA);

	pml4[0] = PDPT_GPA | used | c_bit;
	pdpt[0] = PD_GPA | used | c_bit;
	pdpt[SHARED_VA >> 30] = SHARED_PD_GPA | used | c_bit;
	pd[0] = PTE_LARGE | used | c_bit;
	shared_pd[0] = PTE_LARGE | used;
}

static void launch_measured(struct requester *r, __u64 gpa, __u64 size, __u8 type,
			    const char *content)
{
	snp_launch_pages(r->vm, gpa, size, NULL, type);
	for (__u64 at = 0; at < size; at += PAGE)
		digest_extend(r->digest, type, gpa + at, content ? content + at : NULL);
}

static void launch(struct requester *r)
{
	static char content[CODE_GPA + PAGE];
	static char vmsa[PAGE];

	memset(r->digest, 0, sizeof(r->digest));
	memcpy(content, r->host, sizeof(content));
	vmsa_make(vmsa, r->cpu.fd);
	snp_launch_start(r->vm);
	expect_ok(file_make_private(r->file, 0, SHARED_GPA, CONVERT_PRESERVE),
		  "making private");
	launch_measured(r, PML4_GPA, REQUESTER_TABLES_SIZE, SNP_PAGE_NORMAL,
			content + PML4_GPA);
	launch_measured(r, CODE_GPA, PAGE, SNP_PAGE_NORMAL, content + CODE_GPA);
	launch_measured(r, SECRETS_GPA, PAGE, SNP_PAGE_SECRETS, NULL);
	snp_launch_finish(r->vm);
	/* KVM launches the vCPU last. */
	digest_extend(r->digest, SNP_PAGE_VMSA, VMSA_GPA, vmsa);
}

/* Runs the guest until it asks for the conversion that rings. */
static void run_to_bell(struct requester *r)
{
	struct kvm_run *run = r->cpu.run;

	vcpu_expect(&r->cpu, vcpu_run(&r->cpu), KVM_EXIT_HYPERCALL);
	assert_int_equal(run->hypercall.args[0], BELL_GPA);
	run->hypercall.ret = 0;
}

void requester_start(struct requester *r)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD, .memory_size = SHARED_GPA + SHARED_SIZE,
	};

	r->vm = snp_create_vm();
	r->file = file_create(REQUESTER_SIZE, FILE_FLAGS);
	r->host = file_map(r->file, REQUESTER_SIZE);
	region.guest_memfd = r->file;
	region.userspace_addr = (uintptr_t)r->host;
	place_tables(r->host, snp_c_bit());
	memcpy(r->host + CODE_GPA, requester_code, requester_code_end - requester_code);
	expect_ok(ioctl(r->vm, KVM_SET_USER_MEMORY_REGION2, &region), "adding the slot");
	vcpu_open(&r->cpu, r->vm, 0);
	vcpu_enter(&r->cpu, guests_begin, NULL);
	launch(r);
	run_to_bell(r);
	memcpy(r->keys, r->host + KEYS_GPA, sizeof(r->keys));
}

void requester_end(struct requester *r)
{
	vcpu_close(&r->cpu);
	close(r->vm);
	munmap(r->host, REQUESTER_SIZE);
	close(r->file);
}

__u64 requester_send(struct requester *r, const struct message *request,
		     struct message *response)
{
	__u64 status;

	memcpy(r->host + REQUEST_GPA, request, sizeof(*request));
	run_to_bell(r);
	memcpy(response, r->host + RESPONSE_GPA, sizeof(*response));
	memcpy(&status, r->host + GHCB_GPA + GHCB_EXIT_INFO_2, sizeof(status));
	return status;
}
