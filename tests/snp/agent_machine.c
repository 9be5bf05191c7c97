// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent_machine.h"
#include "convert.h"
#include "test_port.h"

const struct backing backing_native = { .native = true };
const struct backing backing_base = { .shift = 12 };
const struct backing backing_huge = { .shift = HUGE_SHIFT };

void machine_start(struct machine *m, const struct backing *backing, unsigned int processors)
{
	memset(m, 0, sizeof(*m));
	m->region = (struct region){
		.backing = backing, .file_size = REGION_SIZE, .gpa = REGION_GPA,
		.size = REGION_SIZE,
	};
	agent_start(&m->agent, backing->native, processors);
	region_create(&m->region, &m->agent, 0);
	region_add(&m->agent, 1, &m->region);
}

void machine_make_private(struct machine *m)
{
	if (m->region.backing->native)
		region_make_private(&m->agent, &m->region, REGION_GPA, REGION_SIZE);
	else
		expect_ok(file_make_private(m->region.file, 0, REGION_SIZE, CONVERT_PRESERVE),
			  "to private, to be launched");
}

void machine_fill(struct machine *m)
{
	agent_go(&m->agent);
	region_make_private(&m->agent, &m->region, REGION_GPA, REGION_SIZE);
	agent_validate(&m->agent, REGION_GPA, REGION_SIZE);
	agent_fill(&m->agent, REGION_GPA, REGION_SIZE, REGION_WORDS + REGION_GPA);
}

void machine_end(struct machine *m)
{
	agent_end(&m->agent);
	if (!m->region.backing->native)
		region_expect_back(&m->region, "after the guest");
	region_destroy(&m->region);
	assert_int_equal(event_count(GUEST_PAGES), 0);
}

void machine_share(struct machine *m, __u64 gpa, __u64 size)
{
	region_make_shared(&m->agent, &m->region, gpa, size);
	region_fill(&m->region, gpa, size, HOST_WORDS + gpa);
	agent_expect(&m->agent, SHARED_VA + gpa, size, HOST_WORDS + gpa, "shared");
	agent_fill(&m->agent, SHARED_VA + gpa, size, GUEST_WORDS + gpa);
	region_expect(&m->region, gpa, size, GUEST_WORDS + gpa, "answered");
}

void machine_take_back(struct machine *m, __u64 gpa, __u64 size)
{
	region_make_private(&m->agent, &m->region, gpa, size);
	region_expect_private(&m->region, gpa, "taken back");
	agent_expect_invalid(&m->agent, gpa, "taken back");
	agent_validate(&m->agent, gpa, size);
	agent_fill(&m->agent, gpa, size, REGION_WORDS + gpa);
}

void machine_move_host_address(struct machine *m)
{
	static char *nowhere;

	if (!nowhere)
		nowhere = mmap(NULL, REGION_SIZE + HUGE_PAGE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(nowhere, MAP_FAILED);
	region_delete(&m->agent, 1, &m->region);
	m->region.elsewhere = nowhere + HUGE_PAGE - (uintptr_t)nowhere % HUGE_PAGE;
	region_add(&m->agent, 1, &m->region);
}

void machine_expect_filled(struct machine *m, const char *when)
{
	agent_expect(&m->agent, REGION_GPA, REGION_SIZE, REGION_WORDS + REGION_GPA, when);
}

struct machine *machine_new(void **state, unsigned int processors)
{
	struct machine *m = malloc(sizeof(*m));

	machine_start(m, *state, processors);
	*state = m;
	return m;
}

int machine_teardown(void **state)
{
	machine_end(*state);
	free(*state);
	return 0;
}

static int setup(void **state)
{
	machine_fill(machine_new(state, 1));
	return 0;
}

const struct fixture on_native =
	MACHINE_FIXTURE("native", setup, backing_native);

const struct fixture on_base =
	MACHINE_FIXTURE("base pages", setup, backing_base);

const struct fixture on_huge =
	MACHINE_FIXTURE("huge pages", setup, backing_huge);
