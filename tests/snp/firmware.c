// SPDX-License-Identifier: GPL-2.0-only
/*
 * Launches with a firmware that a test can tell what to do
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm/kvm_uapi.h"
#include "convert.h"
#include "digest.h"
#include "emulated_only.h"
#include "huge.h"
#include "launch.h"
#include "layout.h"
#include "story.h"
#include "test_port.h"
#include "unit.h"

#define FILE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

#define BAD_MEASUREMENT		0x0b
/* Any other one than those with which Linux itself has to do */
#define RESOURCE_LIMIT		0x17

/* guest_start() launches these before the VMSA: page tables, and five pages. */
#define LAUNCHED_PAGES		(ALL_TABLES_SIZE / PAGE + 5)

static void live_once(int file)
{
	struct guest guest;

	guest_start(&guest, PRIVATE, file);
	guest_live(&guest);
	guest_end(&guest);
}

/* The host gets all back that a guest had. */
static void expect_all_back(int file, const char *when)
{
	__u32 left;

	expect_ok(file_make_shared(file, 0, MEMORY_SIZE, 0), "sharing, %s", when);
	left = event_count(GUEST_PAGES);
	if (left)
		fail_msg("%u pages belong to a guest, %s", left, when);
}

static void refuse(__u32 command, __u32 skip, const char *name)
{
	int file = file_create(MEMORY_SIZE, FILE_FLAGS);
	struct guest guest;

	fail_commands(command, skip, RESOURCE_LIMIT);
	snp_expect_refusal(RESOURCE_LIMIT);
	guest_start(&guest, PRIVATE, file);
	stop_failing();
	if (!snp_was_refused())
		fail_msg("%s, %u before it: no command was refused", name, skip);
	guest_end(&guest);
	expect_all_back(file, name);
	live_once(file);
	expect_all_back(file, "after the next guest");
	close(file);
}

TEST(refused_context)
{
	refuse(SNP_GCTX_CREATE, 0, "SNP_GCTX_CREATE");
}

TEST(refused_start)
{
	refuse(SNP_LAUNCH_START, 0, "SNP_LAUNCH_START");
}

TEST(refused_asid)
{
	refuse(SNP_ACTIVATE, 0, "SNP_ACTIVATE");
}

TEST(refused_pages)
{
	for (__u32 skip = 0; skip < LAUNCHED_PAGES; skip++)
		refuse(SNP_LAUNCH_UPDATE, skip, "SNP_LAUNCH_UPDATE of a page");
}

TEST(refused_vmsa)
{
	refuse(SNP_LAUNCH_UPDATE, LAUNCHED_PAGES, "SNP_LAUNCH_UPDATE of the VMSA");
}

TEST(refused_finish)
{
	refuse(SNP_LAUNCH_FINISH, 0, "SNP_LAUNCH_FINISH");
}

/* A VM without a vCPU, whose VMSA would be part of the digest */
static int create_vm(int file, char *host)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD, .memory_size = MEMORY_SIZE,
		.userspace_addr = (uintptr_t)host, .guest_memfd = file,
	};
	int vm = snp_create_vm();

	expect_ok(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region), "adding the slot");
	return vm;
}

/* One page of each type, but for those of vCPUs */
static const __u8 types[] = {
	SNP_PAGE_SECRETS, SNP_PAGE_NORMAL, SNP_PAGE_ZERO, SNP_PAGE_UNMEASURED,
	SNP_PAGE_CPUID, SNP_PAGE_NORMAL,
};

static char content[ARRAY_SIZE(types)][PAGE] __attribute__((__aligned__(4096)));

/* In another order than that of the addresses */
static void launch_each_type(int vm, bool in_place, __u8 *digest)
{
	memset(digest, 0, SNP_DIGEST_SIZE);
	snp_launch_start(vm);
	for (size_t i = ARRAY_SIZE(types); i-- > 0;) {
		snp_launch_pages(vm, i * PAGE, PAGE, in_place ? NULL : content[i], types[i]);
		digest_extend(digest, types[i], i * PAGE,
			      types[i] == SNP_PAGE_NORMAL ? content[i] : NULL);
	}
}

static void measure(bool in_place, bool wrong)
{
	int file = file_create(MEMORY_SIZE, FILE_FLAGS);
	char *host = file_map(file, MEMORY_SIZE);
	__u8 digest[SNP_DIGEST_SIZE];
	int vm = create_vm(file, host);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		/* A CPUID page without any function is right for each processor. */
		memset(content[i], types[i] == SNP_PAGE_CPUID ? 0 : (int)i + 1, PAGE);
		if (in_place)
			memcpy(host + i * PAGE, content[i], PAGE);
	}
	expect_ok(file_make_private(file, 0, MEMORY_SIZE, CONVERT_PRESERVE), "making private");
	launch_each_type(vm, in_place, digest);
	digest[SNP_DIGEST_SIZE - 1] ^= wrong;
	if (wrong)
		snp_expect_refusal(BAD_MEASUREMENT);
	snp_launch_finish_if(vm, digest);
	assert_int_equal(snp_was_refused(), wrong);
	close(vm);
	munmap(host, MEMORY_SIZE);
	expect_all_back(file, "after a launch");
	close(file);
}

TEST(digest_of_sources)
{
	measure(false, false);
}

TEST(digest_in_place)
{
	measure(true, false);
}

TEST(wrong_digest)
{
	measure(true, true);
}

EMULATED_MAIN("firmware")
