// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's access hits a limit: KVM_RUN fails with ENOMEM, and the VMM and the
 * host go on. Once there is room the guest goes on as well, as if nothing had
 * been.
 */
#include <sys/resource.h>

#include "cgroup.h"
#include "child.h"
#include "machine.h"
#include "rights.h"

#define TAG	0x3d00000000000000ULL
#define SIZE	(64 * MIB)
#define PAGES	(SIZE / PAGE)

/* At its limit a cgroup gives up caches, some pages with each attempt. */
#define CGROUP_SLACK	MIB

/*
 * All of the data area has been allocated once and punched again. So KVM has
 * its own tables for it and needs only the pages.
 */
static void start_warm(struct machine *m)
{
	machine_start(m, DATA_GPA + SIZE, 0);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_ok(file_punch(m->file, DATA_GPA, SIZE), "punching");
	vcpu_enter(&m->cpu, guest_fill, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG });
}

/*
 * The guest's access fails over and over, and KVM tells where. Trying again may
 * get it slack bytes further.
 */
static void expect_enomem(struct machine *m, __u64 slack)
{
	__u64 before = 0;
	struct kvm_run_memory_fault fault;

	for (int i = 0; i < 10; i++) {
		vcpu_expect(&m->cpu, vcpu_run(&m->cpu), -ENOMEM);
		fault = vcpu_memory_fault(&m->cpu);
		assert_int_equal(fault.flags, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		assert_int_equal(fault.size, PAGE);
		assert_int_equal(fault.gpa, vcpu_regs(&m->cpu).rdi & -PAGE);
		if (!i)
			before = file_allocated(m->file);
		assert_in_range(file_allocated(m->file), before, before + slack);
	}
}

static void in_cgroup(void *arg)
{
	const struct cgroup *cgroup = arg;
	int root = cgroup_open_root();
	struct machine m;
	__u64 base;

	cgroup_enter(cgroup);
	start_warm(&m);
	base = cgroup_memory(cgroup);
	cgroup_leave_room(cgroup, SIZE / 2);

	expect_enomem(&m, CGROUP_SLACK);
	cgroup_lift_limit(cgroup, root);
	expect_between(file_allocated(m.file), SIZE / 4, SIZE * 3 / 4,
		       "bytes allocated at the limit");
	vcpu_expect(&m.cpu, vcpu_run(&m.cpu), KVM_EXIT_HLT);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), 0);
	expect_between(cgroup_memory(cgroup), base + SIZE - CGROUP_NOISE,
		       base + SIZE + CGROUP_NOISE + SIZE / 32,
		       "bytes charged to the cgroup");
	expect_ok(file_punch(m.file, DATA_GPA, SIZE), "punching");
	cgroup_wait_below(cgroup, base + CGROUP_NOISE);
	machine_stop(&m);
}

/*
 * A punch makes room instead of a higher limit, and the guest's other pages
 * stay.
 */
static void in_cgroup_with_punch(void *arg)
{
	const struct cgroup *cgroup = arg;
	int root = cgroup_open_root();
	struct machine m;
	__u64 stopped;

	cgroup_enter(cgroup);
	start_warm(&m);
	cgroup_leave_room(cgroup, SIZE * 3 / 4);

	expect_enomem(&m, CGROUP_SLACK);
	stopped = vcpu_memory_fault(&m.cpu).gpa;
	expect_ok(file_punch(m.file, DATA_GPA, SIZE / 2), "punching");
	vcpu_expect(&m.cpu, vcpu_run(&m.cpu), KVM_EXIT_HLT);
	assert_in_range(stopped, DATA_GPA + SIZE / 2, DATA_GPA + SIZE - PAGE);
	assert_int_equal(zeros(&m.cpu, DATA_GPA + SIZE / 2, PAGES / 2, TAG), 0);
	cgroup_lift_limit(cgroup, root);
	machine_stop(&m);
}

static void run_in_cgroup(void (*body)(void *arg))
{
	struct cgroup cgroup;

	cgroup_make(&cgroup, "kvm_guest_limits");
	child_run(body, &cgroup);
	assert_int_equal(cgroup_event(&cgroup, "oom_kill"), 0);
	cgroup_remove(&cgroup);
}

TEST(cgroup)
{
	run_in_cgroup(in_cgroup);
}

TEST(cgroup_room_by_punch)
{
	run_in_cgroup(in_cgroup_with_punch);
}

static void with_memlock(void *arg)
{
	/* Raising the soft limit again takes no right. */
	struct rlimit limit = { .rlim_cur = SIZE / 2, .rlim_max = 4 * SIZE };
	struct machine m;

	(void)arg;
	drop_ipc_lock();
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	machine_start(&m, DATA_GPA + SIZE, 0);
	vcpu_enter(&m.cpu, guest_fill, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG });

	expect_enomem(&m, 0);
	assert_int_equal(file_allocated(m.file), SIZE / 2);
	limit.rlim_cur = SIZE / 2 + PAGE;
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	expect_enomem(&m, 0);
	assert_int_equal(file_allocated(m.file), SIZE / 2 + PAGE);

	limit.rlim_cur = 2 * SIZE;
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	vcpu_expect(&m.cpu, vcpu_run(&m.cpu), KVM_EXIT_HLT);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), 0);
	machine_stop(&m);
}

TEST(memlock)
{
	child_run(with_memlock, NULL);
}

TEST_MAIN("KVM guest: limits")
