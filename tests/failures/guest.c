// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing: KVM with a private file. The guest goes on as if all had succeeded.
 */
#include <stdlib.h>
#include <unistd.h>

#include "fdinfo.h"
#include "huge.h"
#include "machine.h"
#include "sweep.h"
#include "unit.h"

#define VALUE 0x7e57ULL

/* Beside the machine's own pages */
#define OTHER_SLOT 1
#define OTHER_GPA 0x10000000ULL

/* In a huge page that the guest hasn't touched by then */
#define FAULT_GPA HUGE_PAGE

#define PREFAULTED (4 * PAGE)

static struct machine *machine(struct scene *scene)
{
	return scene->more;
}

static void prepare_machine(const struct sweep *sweep, struct scene *scene)
{
	struct machine *m = calloc(1, sizeof(*m));

	(void)sweep;
	assert_non_null(m);
	machine_start_on(m, scene->fd, scene->size, 0);
	scene->more = m;
}

/* The scene closes the file. */
static void end_machine(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	machine(scene)->file = -1;
	machine_stop(machine(scene));
	free(scene->more);
}

static void prepare_guest(const struct sweep *sweep, struct scene *scene)
{
	prepare_machine(sweep, scene);
	/* Not to be failed: loading the guest's code, the watchdog */
	poke(&machine(scene)->cpu, DATA_GPA, VALUE);
	vcpu_enter(&machine(scene)->cpu, guest_poke, &(struct kvm_regs){
		   .rdi = FAULT_GPA, .rsi = VALUE });
}

static long call_run(const struct sweep *sweep, struct scene *scene)
{
	int ret = vcpu_run(&machine(scene)->cpu);

	(void)sweep;
	if (ret == KVM_EXIT_HLT)
		return 0;
	errno = -ret;
	return -1;
}

static void check_run(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(peek(&machine(scene)->cpu, FAULT_GPA), VALUE);
	assert_int_equal(peek(&machine(scene)->cpu, DATA_GPA), VALUE);
}

static long call_pre_fault(const struct sweep *sweep, struct scene *scene)
{
	long left = vcpu_pre_fault(&machine(scene)->cpu, FAULT_GPA, PREFAULTED);

	(void)sweep;
	/* The call doesn't say why it got no further. */
	if (left > 0)
		errno = ENOMEM;
	return left ? -1 : 0;
}

static void check_pre_faulted(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	for (__u64 gpa = FAULT_GPA; gpa < FAULT_GPA + PREFAULTED; gpa += PAGE)
		assert_int_equal(peek(&machine(scene)->cpu, gpa), 0);
}

/* The slot's file, of the same kind as the machine's */
static void prepare_slot(const struct sweep *sweep, struct scene *scene)
{
	prepare_machine(sweep, scene);
	scene->made = expect_ok(try_create_shift(scene->device, scene->size, 0,
						 sweep->file.page_shift),
				"create the slot's file");
}

static struct slot other_slot(const struct scene *scene)
{
	return (struct slot){
		.id = OTHER_SLOT, .file = scene->made, .gpa = OTHER_GPA,
		.size = scene->size,
	};
}

static long call_add_slot(const struct sweep *sweep, struct scene *scene)
{
	const struct slot slot = other_slot(scene);

	(void)sweep;
	return vm_try_slot(machine(scene)->vm, &slot);
}

static void expect_unbound(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(fdinfo_number(scene->made, "bindings"), 0);
}

static void check_slot(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(fdinfo_number(scene->made, "bindings"), 1);
	expect_ok(vm_try_attributes(machine(scene)->vm, OTHER_GPA, scene->size,
				    true), "make the slot private");
	vm_delete_slot(machine(scene)->vm, OTHER_SLOT);
}

static const struct sweep sweeps[] = {
	{
		.name = "add a slot",
		.file = { .size = MEM_SIZE },
		.prepare = prepare_slot,
		.call = call_add_slot,
		.check = check_slot,
		.intact = expect_unbound,
		.end = end_machine,
	}, {
		.name = "guest fault",
		.file = { .size = MEM_SIZE },
		.prepare = prepare_guest,
		.call = call_run,
		.check = check_run,
		.end = end_machine,
		.leftover = MORE_PAGES,
	}, {
		.name = "guest fault, huge pages",
		.file = { MEM_SIZE, 0, HUGE_SHIFT },
		.prepare = prepare_guest,
		.call = call_run,
		.check = check_run,
		.end = end_machine,
		.leftover = MORE_PAGES,
	}, {
		.name = "prefault",
		.file = { .size = MEM_SIZE },
		.prepare = prepare_machine,
		.call = call_pre_fault,
		.check = check_pre_faulted,
		.end = end_machine,
		.leftover = MORE_PAGES,
	},
};

int main(void)
{
	return sweeps_run("failures: guest", sweeps, ARRAY_SIZE(sweeps), NULL,
			  NULL);
}
