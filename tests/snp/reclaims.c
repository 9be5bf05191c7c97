// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM gives each page to a guest once and takes it back once, whatever becomes of the file: its
 * own calls are recorded by probes. The platform itself ignores a second reclaim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_machine.h"
#include "emulated_only.h"
#include "probes.h"

/* Registers of the arguments; the order of what KVM prepares is that of a huge page or 0. */
static const char *const probes[] = {
	"p:snp_test/prepared kvm_amd:sev_gmem_prepare pfn=%si order=%cx:u32",
	"p:snp_test/launched kvm_amd:sev_gmem_post_populate pfn=%dx order=%r8:u32",
	"p:snp_test/reclaimed kvm_amd:sev_gmem_invalidate pfn=%di end=%si",
};

/* Pages of the machine: more than it has */
#define MAX_PFN		(16 * GIB / PAGE)

static unsigned char *assigned;
static unsigned long given, taken;

static int setup(void **state)
{
	(void)state;
	probes_start(probes, ARRAY_SIZE(probes));
	assigned = calloc(MAX_PFN, 1);
	given = 0;
	taken = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	probes_stop();
	free(assigned);
	return 0;
}

static const struct fixture watched = { .setup = setup, .teardown = teardown };

static void give(__u64 pfn, __u64 end)
{
	for (; pfn < end; pfn++, given++) {
		assert_true(pfn < MAX_PFN);
		if (assigned[pfn])
			fail_msg("Page %#llx is given to a guest twice", pfn);
		assigned[pfn] = 1;
	}
}

static void take(__u64 pfn, __u64 end)
{
	for (; pfn < end; pfn++, taken++) {
		assert_true(pfn < MAX_PFN);
		if (!assigned[pfn])
			fail_msg("Page %#llx is reclaimed though no guest has it", pfn);
		assigned[pfn] = 0;
	}
}

static void read_line(const char *line)
{
	const char *arguments = strstr(line, "pfn=");
	bool reclaimed = strstr(line, " reclaimed: ");
	unsigned int order = 0;
	__u64 pfn, end = 0;
	int found;

	if (!arguments)
		return;
	if (reclaimed)
		found = sscanf(arguments, "pfn=%llx end=%llx", &pfn, &end);
	else
		found = sscanf(arguments, "pfn=%llx order=%u", &pfn, &order);
	if (found != 2)
		fail_msg("A line of the trace isn't understood: %s", line);
	if (reclaimed)
		take(pfn, end);
	else
		give(pfn, pfn + (1ULL << order));
}

static void expect_balance(const struct backing *backing)
{
	struct machine m;

	machine_start(&m, backing, 1);
	machine_fill(&m);
	for (__u64 gpa = REGION_GPA; gpa < REGION_GPA + REGION_SIZE; gpa += 111 * PAGE) {
		machine_share(&m, gpa, PAGE);
		machine_take_back(&m, gpa, PAGE);
		region_punch(&m.region, gpa + PAGE, PAGE);
	}
	region_punch(&m.region, REGION_GPA + HUGE_PAGE, HUGE_PAGE);
	agent_validate(&m.agent, REGION_GPA + HUGE_PAGE, HUGE_PAGE);
	machine_end(&m);
	probes_read(read_line);
	if (given != taken || given < REGION_SIZE / PAGE)
		fail_msg("%lu pages were given to the guest, %lu were taken back", given, taken);
}

TEST(base_pages, &watched)
{
	expect_balance(&backing_base);
}

TEST(huge_pages, &watched)
{
	expect_balance(&backing_huge);
}

EMULATED_MAIN("reclaims")
