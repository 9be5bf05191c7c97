// SPDX-License-Identifier: GPL-2.0-only
/* Pages that are launched, in place and from a source, among others that are not */
#include <string.h>
#include <sys/mman.h>

#include "agent_machine.h"
#include "convert.h"
#include "emulated_only.h"
#include "launch.h"

#define PAGES	8
#define AT	(REGION_GPA + 5 * PAGE)
#define SECOND	(REGION_GPA + HUGE_PAGE)

static int setup(void **state)
{
	machine_new(state, 1);
	return 0;
}

static const struct fixture native =
	MACHINE_FIXTURE("native", setup, backing_native);

static const struct fixture base =
	MACHINE_FIXTURE("base pages", setup, backing_base);

static const struct fixture huge =
	MACHINE_FIXTURE("huge pages", setup, backing_huge);

static char *new_source(__u64 gpa, __u64 size)
{
	__u64 *source = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(source, MAP_FAILED);
	for (__u64 i = 0; i < size / sizeof(*source); i++)
		source[i] = REGION_WORDS + gpa + i * sizeof(*source);
	return (char *)source;
}

static void launch_from_source(struct machine *m, __u64 gpa, __u64 size)
{
	char *source = new_source(gpa, size);

	snp_launch_update(m->agent.vm, gpa, size, source);
	munmap(source, size);
}

/* The rest of the region is the guest's without content. */
static void expect_launched(struct machine *m, __u64 gpa, __u64 size)
{
	agent_go(&m->agent);
	agent_expect(&m->agent, gpa, size, REGION_WORDS + gpa, "launched");
	region_expect_private(&m->region, gpa, "launched");
	if (gpa > REGION_GPA)
		agent_validate(&m->agent, REGION_GPA, gpa - REGION_GPA);
	agent_validate(&m->agent, gpa + size, REGION_GPA + REGION_SIZE - gpa - size);
	agent_fill(&m->agent, REGION_GPA, REGION_SIZE, REGION_WORDS + REGION_GPA);
	machine_expect_filled(m, "validated beside launched pages");
}

TEST(source, &native, &base, &huge)
{
	struct machine *m = *state;

	machine_make_private(m);
	launch_from_source(m, AT, PAGES * PAGE);
	expect_launched(m, AT, PAGES * PAGE);
}

TEST(source_2m, &native, &base, &huge)
{
	struct machine *m = *state;

	machine_make_private(m);
	launch_from_source(m, REGION_GPA, HUGE_PAGE);
	expect_launched(m, REGION_GPA, HUGE_PAGE);
}

TEST(in_place, &base, &huge)
{
	struct machine *m = *state;

	region_fill(&m->region, AT, PAGES * PAGE, REGION_WORDS + AT);
	machine_make_private(m);
	snp_launch_update(m->agent.vm, AT, PAGES * PAGE, NULL);
	expect_launched(m, AT, PAGES * PAGE);
}

TEST(in_place_2m, &base, &huge)
{
	struct machine *m = *state;

	region_fill(&m->region, SECOND, HUGE_PAGE, REGION_WORDS + SECOND);
	machine_make_private(m);
	snp_launch_update(m->agent.vm, SECOND, HUGE_PAGE, NULL);
	expect_launched(m, SECOND, HUGE_PAGE);
}

/* Launched one by one, they are of 2 MiB in the end. */
TEST(joined, &huge)
{
	struct machine *m = *state;
	struct kvm_private_collapse collapse = { .offset = HUGE_PAGE, .size = HUGE_PAGE };
	const struct order rescind = { ORDER_VALIDATE, SECOND, HUGE_PAGE, VALIDATE_LARGE };

	machine_make_private(m);
	launch_from_source(m, SECOND, HUGE_PAGE);
	agent_go(&m->agent);
	expect_ok(file_collapse(m->region.file, &collapse), "joining launched pages");
	agent_expect(&m->agent, SECOND, HUGE_PAGE, REGION_WORDS + SECOND, "joined");
	assert_int_equal(agent_obey(&m->agent, &rescind), 0);
}

/* The source is a shared page of the same file. */
TEST(source_in_the_file, &base, &huge)
{
	struct machine *m = *state;

	region_fill(&m->region, SECOND, PAGE, REGION_WORDS + AT);
	expect_ok(file_make_private(m->region.file, 0, HUGE_PAGE, CONVERT_PRESERVE),
		  "the first half to private");
	snp_launch_update(m->agent.vm, AT, PAGE, region_host(&m->region, SECOND));
	expect_ok(file_make_private(m->region.file, HUGE_PAGE, HUGE_PAGE, 0),
		  "the second half to private");
	expect_launched(m, AT, PAGE);
}

/* A page that was launched and then punched is one without content. */
TEST(punched, &native, &base, &huge)
{
	struct machine *m = *state;

	machine_make_private(m);
	launch_from_source(m, AT, PAGE);
	region_punch(&m->region, AT, PAGE);
	agent_go(&m->agent);
	agent_validate(&m->agent, REGION_GPA, REGION_SIZE);
	agent_fill(&m->agent, REGION_GPA, REGION_SIZE, REGION_WORDS + REGION_GPA);
	machine_expect_filled(m, "punched before the end of the launch");
}

/* The host takes a page back that was launched already. */
TEST(shared_again, &base, &huge)
{
	struct machine *m = *state;

	machine_make_private(m);
	launch_from_source(m, AT, PAGE);
	region_make_shared(&m->agent, &m->region, AT, PAGE);
	region_fill(&m->region, AT, PAGE, HOST_WORDS);
	agent_go(&m->agent);
	agent_expect(&m->agent, SHARED_VA + AT, PAGE, HOST_WORDS, "shared before the end");
	agent_validate(&m->agent, REGION_GPA, AT - REGION_GPA);
}

EMULATED_MAIN("launches")
