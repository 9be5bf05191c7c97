// SPDX-License-Identifier: GPL-2.0-only
/* ASIDs that can't be used again because the firmware refuses SNP_DF_FLUSH */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../kvm/kvm_uapi.h"
#include "agent_machine.h"
#include "emulated_only.h"
#include "test_port.h"

#define KVM_SNP_VM	4
#define KVM_INIT2	22

#define RESOURCE_LIMIT	0x17

/* More than there are ASIDs */
#define MANY		100

/* Takes an ASID for a moment. Returns whether there was one. */
static bool use_asid(void)
{
	__u64 init[8] = { };
	struct kvm_sev_cmd command = { .id = KVM_INIT2, .data = (uintptr_t)init, .sev_fd = -1 };
	int kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, KVM_SNP_VM), "KVM_CREATE_VM");
	bool used = !ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &command);

	if (!used)
		assert_int_equal(errno, EBUSY);
	close(vm);
	close(kvm);
	return used;
}

static bool use_asids(unsigned int most)
{
	while (most--)
		if (!use_asid())
			return false;
	return true;
}

/*
 * A guest that ran before leaves its pages in the file. The host gets them back whether the
 * ASID is free or not, and the file serves the next guest.
 */
static void refuse_flush(const struct backing *backing)
{
	struct machine m;

	machine_start(&m, backing, 1);
	machine_fill(&m);
	fail_commands(SNP_DF_FLUSH, 0, RESOURCE_LIMIT);
	agent_end(&m.agent);
	assert_false(use_asids(MANY));
	region_expect_back(&m.region, "without a flush");
	region_destroy(&m.region);
	assert_int_equal(event_count(GUEST_PAGES), 0);

	stop_failing();
	assert_true(use_asids(MANY));
	machine_start(&m, backing, 1);
	machine_fill(&m);
	machine_expect_filled(&m, "after a flush that was refused");
	machine_end(&m);
}

TEST(refused_flush_base)
{
	refuse_flush(&backing_base);
}

TEST(refused_flush_huge)
{
	refuse_flush(&backing_huge);
}

EMULATED_MAIN("flushes")
