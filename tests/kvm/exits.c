// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses that the attribute of a page, or a limit, doesn't allow. KVM_RUN tells
 * which page and which attribute, the VMM changes it, and the guest goes on. The
 * guest doesn't notice how the VMM has mapped the page.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "machine.h"
#include "rights.h"
#include "touch.h"

#define TAG	0x3900000000000000ULL
#define AT	(DATA_GPA + PAGE + 16)
#define AT_PAGE	(DATA_GPA + PAGE)
#define PRIVATE	KVM_MEMORY_EXIT_FLAG_PRIVATE

static void start_poke(struct machine *m)
{
	vcpu_enter(&m->cpu, guest_poke,
		   &(struct kvm_regs){ .rdi = AT, .rsi = TAG });
}

static void start_peek(struct machine *m)
{
	vcpu_enter(&m->cpu, guest_peek, &(struct kvm_regs){ .rdi = AT });
}

/* The access fails as often as it is tried, and changes nothing. */
static void expect_stuck(struct machine *m, int error, __u64 flags)
{
	__u64 before = file_allocated(m->file);

	for (int i = 0; i < 3; i++)
		vcpu_expect_fault(&m->cpu, error, AT_PAGE, flags);
	assert_int_equal(file_allocated(m->file), before);
}

static void finish(struct machine *m)
{
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
}

/* The guest's access succeeds whatever the VMM has mapped there. */
static void expect_access(struct machine *m)
{
	assert_int_equal(peek(&m->cpu, AT), 0);
	start_poke(m);
	finish(m);
	assert_int_equal(peek(&m->cpu, AT), TAG);
}

static void expect_in_file(struct machine *m)
{
	__u64 *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m->file, AT_PAGE);

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(page[AT % PAGE / 8], TAG);
	munmap(page, PAGE);
}

TEST(no_access, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, AT_PAGE, PAGE);
	expect_ok(mprotect(m->map + AT_PAGE, PAGE, PROT_NONE), "mprotect");
	expect_access(m);
	expect_in_file(m);
}

TEST(read_only, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, AT_PAGE, PAGE);
	expect_ok(mprotect(m->map + AT_PAGE, PAGE, PROT_READ), "mprotect");
	expect_access(m);
	expect_in_file(m);
}

TEST(nothing_mapped, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, AT_PAGE, PAGE);
	expect_ok(munmap(m->map + AT_PAGE, PAGE), "munmap");
	expect_access(m);
	expect_in_file(m);
	make_private(m, AT_PAGE, PAGE);
	assert_int_equal(peek(&m->cpu, AT), TAG);
}

/* Mapped there is a private page of the file, and then memory past its end */
TEST(another_page_mapped, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, AT_PAGE, PAGE);
	expect_ok(mmap(m->map + AT_PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, m->file, 0) == MAP_FAILED ? -1 : 0,
		  "mapping a private page");
	expect_access(m);
	poke(&m->cpu, AT, 0);
	expect_ok(mmap(m->map + AT_PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, m->file, MEM_SIZE) == MAP_FAILED ?
		  -1 : 0, "mapping behind the end");
	expect_access(m);
	expect_in_file(m);
}

TEST(no_auto_alloc)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP |
		      KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	start_poke(&m);
	expect_stuck(&m, ENOENT, PRIVATE);
	make_shared(&m, AT_PAGE, PAGE);
	expect_stuck(&m, ENOENT, 0);
	expect_sigbus(m.map + AT_PAGE, "a hole");
	expect_ok(file_allocate(m.file, AT_PAGE, PAGE), "allocating");
	finish(&m);
	assert_int_equal(*host_word(&m, AT), TAG);

	expect_ok(file_punch(m.file, AT_PAGE, PAGE), "punching");
	start_peek(&m);
	expect_stuck(&m, ENOENT, 0);
	make_private(&m, AT_PAGE, PAGE);
	expect_stuck(&m, ENOENT, PRIVATE);
	expect_ok(file_allocate(m.file, AT_PAGE, PAGE), "allocating");
	finish(&m);
	machine_stop(&m);
}

static void with_memlock(void *arg)
{
	struct rlimit limit = { .rlim_max = MEM_SIZE };
	struct machine m;

	(void)arg;
	drop_ipc_lock();
	limit.rlim_cur = MEM_SIZE;
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP);
	make_shared(&m, AT_PAGE, PAGE);
	peek(&m.cpu, DATA_GPA);
	limit.rlim_cur = file_allocated(m.file);
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");

	start_poke(&m);
	expect_stuck(&m, ENOMEM, 0);
	limit.rlim_cur += PAGE;
	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	finish(&m);
	assert_int_equal(*host_word(&m, AT), TAG);
	machine_stop(&m);
}

TEST(memlock)
{
	child_run(with_memlock, NULL);
}

/*
 * In the slot of a file that can't be mapped the VM says which pages are
 * private. Pages that are shared in the file aren't given out as private ones.
 */
struct contradiction {
	struct machine machine;
	__u64 *memory;
};

static int contradiction_setup(void **state)
{
	static struct contradiction c;
	struct machine *m = &c.machine;

	c.memory = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(c.memory, MAP_FAILED);
	machine_start(m, MEM_SIZE, 0);
	vm_delete_slot(m->vm, 0);
	m->slot.host = c.memory;
	vm_add_slot(m->vm, &m->slot);
	*state = &c;
	return 0;
}

static int contradiction_teardown(void **state)
{
	struct contradiction *c = *state;

	machine_stop(&c->machine);
	munmap(c->memory, MEM_SIZE);
	return 0;
}

static const struct fixture contradiction = {
	.setup = contradiction_setup, .teardown = contradiction_teardown,
};

TEST(shared_in_the_file, &contradiction)
{
	struct contradiction *c = *state;
	struct machine *m = &c->machine;

	poke(&m->cpu, AT, TAG - 1);
	expect_ok(file_make_shared(m->file, AT_PAGE, PAGE, 0), "sharing");
	start_peek(m);
	expect_stuck(m, EFAULT, PRIVATE);
	start_poke(m);
	expect_stuck(m, EFAULT, PRIVATE);
	assert_int_equal(c->memory[AT / 8], 0);

	make_private(m, AT_PAGE, PAGE);
	finish(m);
	assert_int_equal(peek(&m->cpu, AT), TAG);
	assert_int_equal(c->memory[AT / 8], 0);
}

TEST(hole_shared_in_the_file, &contradiction)
{
	struct contradiction *c = *state;
	struct machine *m = &c->machine;

	expect_ok(file_make_shared(m->file, AT_PAGE, PAGE, 0), "sharing");
	start_poke(m);
	expect_stuck(m, EFAULT, PRIVATE);
	make_private(m, AT_PAGE, PAGE);
	finish(m);
	assert_int_equal(peek(&m->cpu, AT), TAG);
}

/* The VMM may instead change the VM's attributes to match. */
TEST(shared_in_both, &contradiction)
{
	struct contradiction *c = *state;
	struct machine *m = &c->machine;
	__u64 before = file_allocated(m->file);

	expect_ok(file_make_shared(m->file, AT_PAGE, PAGE, 0), "sharing");
	start_poke(m);
	expect_stuck(m, EFAULT, PRIVATE);
	expect_ok(vm_try_attributes(m->vm, AT_PAGE, PAGE, false), "attributes");
	finish(m);
	assert_int_equal(c->memory[AT / 8], TAG);
	assert_int_equal(file_allocated(m->file), before);
}

/* A page that is shared for the VM isn't in the file at all. */
TEST(private_in_the_file_alone, &contradiction)
{
	struct contradiction *c = *state;
	struct machine *m = &c->machine;
	__u64 before = file_allocated(m->file);

	expect_ok(vm_try_attributes(m->vm, AT_PAGE, PAGE, false), "attributes");
	poke(&m->cpu, AT, TAG);
	assert_int_equal(c->memory[AT / 8], TAG);
	assert_int_equal(file_allocated(m->file), before);
}

/* KVM's own accesses get no zeros where the guest couldn't read. */
TEST(emulated_contradiction, &contradiction)
{
	struct contradiction *c = *state;
	struct machine *m = &c->machine;
	__u64 before;
	int result;

	poke(&m->cpu, AT, TAG);
	before = file_allocated(m->file);
	expect_ok(file_make_shared(m->file, AT_PAGE, PAGE, CONVERT_PRESERVE),
		  "sharing");
	vcpu_enter(&m->cpu, guest_emulated_peek, &(struct kvm_regs){ .rdi = AT });
	result = vcpu_run(&m->cpu);
	assert_int_not_equal(result, KVM_EXIT_HLT);
	assert_int_equal(file_allocated(m->file), before);
	assert_int_equal(c->memory[AT / 8], 0);
}

TEST_MAIN("KVM guest: exits", .setup = emulation_setup)
