// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware compares the page that tells a guest what its processor can do with the
 * processor, and refuses one that says too much. The host finds the right values in it.
 */
#include <string.h>

#include "agent_machine.h"
#include "emulated_only.h"
#include "launch.h"

#define INVALID_PARAM	0x16

#define AT		REGION_GPA
#define MAX_FUNCTIONS	64

#define LEAF_XSAVE	0xd
#define LEAF_HYPERVISOR	0x40000000
/* Of leaf 1, ECX: no processor of AMD has it, and each has the other two. */
#define EST		(1U << 7)
#define SSE3		(1U << 0)
#define CX16		(1U << 13)
/* An area of XSAVE with the states of XCR0 1 */
#define XSAVE_SIZE	0x240

struct function {
	__u32 leaf;
	__u32 index;
	__u64 xcr0;
	__u64 xss;
	__u32 eax, ebx, ecx, edx;
	__u64 reserved;
};

struct cpuid_page {
	__u32 count;
	__u32 reserved;
	__u64 reserved_2;
	struct function functions[MAX_FUNCTIONS];
};

static union {
	struct cpuid_page table;
	char bytes[PAGE];
} page __attribute__((__aligned__(4096)));

static struct machine *machine;

static int setup(void **state)
{
	machine = machine_new(state, 1);
	machine_make_private(machine);
	memset(&page, 0, sizeof(page));
	page.table.count = 3;
	page.table.functions[0] = (struct function){ .leaf = 1, .ecx = SSE3 | CX16 };
	page.table.functions[1] = (struct function){
		.leaf = LEAF_XSAVE, .xcr0 = 1, .eax = 3, .ebx = XSAVE_SIZE,
	};
	page.table.functions[2] = (struct function){ .leaf = LEAF_HYPERVISOR, .eax = ~0U };
	return 0;
}

static const struct fixture native =
	MACHINE_FIXTURE("native", setup, backing_native);

static const struct fixture base =
	MACHINE_FIXTURE("base pages", setup, backing_base);

/* Returns whether the firmware takes the page. */
static bool launch(void)
{
	snp_expect_refusal(INVALID_PARAM);
	snp_launch_pages(machine->agent.vm, AT, PAGE, &page, SNP_PAGE_CPUID);
	return !snp_was_refused();
}

/* The page is launched when it is right, and the guest runs. */
static void expect_corrected(const void *right)
{
	assert_false(launch());
	assert_memory_equal(&page, right, sizeof(page));
	assert_true(launch());
	agent_go(&machine->agent);
	agent_validate(&machine->agent, REGION_GPA + PAGE, REGION_SIZE - PAGE);
}

TEST(right, &native, &base)
{
	(void)state;
	assert_true(launch());
	agent_go(&machine->agent);
}

TEST(invented_feature, &native, &base)
{
	char right[PAGE];

	(void)state;
	memcpy(right, &page, sizeof(right));
	page.table.functions[0].ecx |= EST;
	expect_corrected(right);
}

TEST(size_of_xsave, &native, &base)
{
	char right[PAGE];

	(void)state;
	memcpy(right, &page, sizeof(right));
	page.table.functions[1].ebx = XSAVE_SIZE + 0x100;
	expect_corrected(right);
}

TEST(too_many, &native, &base)
{
	(void)state;
	page.table.count = MAX_FUNCTIONS + 1;
	assert_false(launch());
	assert_int_equal(page.table.count, MAX_FUNCTIONS + 1);
	agent_go(&machine->agent);
}

EMULATED_MAIN("cpuid_page")
