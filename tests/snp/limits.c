// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest validates memory, and its VMM's memory cgroup has no room for that: KVM_RUN fails
 * with ENOMEM. With more room the guest goes on as if nothing had been.
 */
#include <string.h>

#include "agent_machine.h"
#include "cgroup.h"
#include "child.h"
#include "emulated_only.h"

#define SIZE		(32 * MIB)
#define TRIES		5

static const struct order validate = {
	ORDER_VALIDATE, REGION_GPA, SIZE, VALIDATE_ON,
};

static void start(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	m->region = (struct region){
		.backing = &backing_base, .file_size = SIZE, .gpa = REGION_GPA, .size = SIZE,
	};
	agent_start(&m->agent, false, 1);
	region_create(&m->region, &m->agent, 0);
	region_add(&m->agent, 1, &m->region);
	agent_go(&m->agent);
	region_make_private(&m->agent, &m->region, REGION_GPA, SIZE);
	/* mlockall() leaves mappings of the file alone. */
	memset(m->agent.host + MAILBOXES_GPA, 0, PAGE);
}

/* Returns where the guest is kept. */
static __u64 expect_enomem(struct machine *m)
{
	struct vcpu *cpu = &m->agent.cpus[0];

	vcpu_expect(cpu, agent_try(&m->agent, &validate), -ENOMEM);
	for (int i = 0; i < TRIES; i++)
		vcpu_expect(cpu, vcpu_run(cpu), -ENOMEM);
	return vcpu_memory_fault(cpu).gpa;
}

static void expect_validated(struct machine *m)
{
	vcpu_expect(&m->agent.cpus[0], vcpu_run(&m->agent.cpus[0]), KVM_EXIT_HYPERCALL);
	assert_int_equal(agent_said(&m->agent, 0, BOX_RESULT), 0);
}

static void raise_limit(void *arg)
{
	const struct cgroup *cgroup = arg;
	int root = cgroup_open_root();
	struct machine m;

	cgroup_enter(cgroup);
	start(&m);
	cgroup_leave_room(cgroup, SIZE / 2);
	expect_enomem(&m);
	cgroup_lift_limit(cgroup, root);
	expect_between(file_allocated(m.region.file), SIZE / 4, SIZE * 3 / 4,
		       "bytes allocated at the limit");
	expect_validated(&m);
	agent_fill(&m.agent, REGION_GPA, SIZE, REGION_WORDS);
	agent_expect(&m.agent, REGION_GPA, SIZE, REGION_WORDS, "with more room");
	machine_end(&m);
}

/* Pages that the host takes from the guest make room, too. */
static void make_room(void *arg)
{
	const struct cgroup *cgroup = arg;
	int root = cgroup_open_root();
	struct machine m;

	cgroup_enter(cgroup);
	start(&m);
	cgroup_leave_room(cgroup, SIZE * 3 / 4);
	expect_between(expect_enomem(&m), REGION_GPA + SIZE / 2, REGION_GPA + SIZE - PAGE,
		       "the address that there is no room for");
	region_punch(&m.region, REGION_GPA, SIZE / 2);
	expect_validated(&m);
	agent_fill(&m.agent, REGION_GPA + SIZE / 2, SIZE / 2, REGION_WORDS);
	agent_expect(&m.agent, REGION_GPA + SIZE / 2, SIZE / 2, REGION_WORDS,
		     "in the room of punched pages");
	cgroup_lift_limit(cgroup, root);
	machine_end(&m);
}

static void run_in_cgroup(void (*body)(void *arg))
{
	struct cgroup cgroup;

	cgroup_make(&cgroup, "snp_limits");
	child_run(body, &cgroup);
	assert_int_equal(cgroup_event(&cgroup, "oom_kill"), 0);
	cgroup_remove(&cgroup);
}

TEST(limit_raised)
{
	run_in_cgroup(raise_limit);
}

TEST(room_by_punch)
{
	run_in_cgroup(make_room);
}

EMULATED_MAIN("limits")
