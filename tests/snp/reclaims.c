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

/* Registers of the arguments, of Linux 7.3 and of 6.12. The launch there takes one page. */
static const char *const newer_probes[] = {
	"p:snp_test/prepared kvm_amd:sev_gmem_make_private pfn=%dx pages=%cx",
	"p:snp_test/launched kvm_amd:sev_gmem_post_populate pfn=%dx",
	"p:snp_test/reclaimed kvm_amd:sev_gmem_make_shared pfn=%di pages=%si",
};

/* The order of what KVM prepares is that of a huge page or 0. */
static const char *const older_probes[] = {
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
	if (probes_have("kvm_amd:sev_gmem_make_private"))
		probes_start(newer_probes, ARRAY_SIZE(newer_probes));
	else
		probes_start(older_probes, ARRAY_SIZE(older_probes));
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

/* Whether the line has an argument of that name, and its value */
static bool argument(const char *line, const char *name, __u64 *value)
{
	const char *found = strstr(line, name);

	if (found)
		*value = strtoull(found + strlen(name), NULL, 0);
	return found;
}

static void read_line(const char *line)
{
	__u64 pfn, end, size;

	if (!argument(line, " pfn=", &pfn))
		return;
	if (argument(line, " pages=", &size))
		end = pfn + size;
	else if (argument(line, " order=", &size))
		end = pfn + (1ULL << size);
	else if (!argument(line, " end=", &end))
		end = pfn + 1;
	if (strstr(line, " reclaimed: "))
		take(pfn, end);
	else
		give(pfn, end);
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
