// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's page gets a hardware memory error. The guest's next access ends in an
 * exit that names the page, instead of in a machine check. With another page in its
 * place the guest goes on.
 */
#include "machine.h"
#include "huge.h"
#include "poison.h"
#include "poll_until.h"
#include "touch.h"

#define TAG	0x4100000000000000ULL
#define AT	(DATA_GPA + PAGE + 16)
#define AT_PAGE	(DATA_GPA + PAGE)

/* The pages that a guest patrols, and the address of its counter */
#define PAGES	8
#define COUNT_GPA (DATA_GPA + PAGES * PAGE)

#define PRIVATE	KVM_MEMORY_EXIT_FLAG_PRIVATE

/* A page's pfn can be seen while the page is shared. */
static void poison_page(struct machine *m)
{
	poke(&m->cpu, AT, TAG);
	poke(&m->cpu, AT + PAGE, TAG);
	make_shared(m, AT_PAGE, PAGE);
	poison_pfn(pfn_at(m->map + AT_PAGE));
}

static void expect_exits(struct machine *m, __u64 flags)
{
	for (int i = 0; i < 3; i++) {
		vcpu_enter(&m->cpu, guest_peek,
			   &(struct kvm_regs){ .rdi = AT });
		vcpu_expect_fault(&m->cpu, EHWPOISON, AT_PAGE, flags);
	}
	assert_int_equal(peek(&m->cpu, AT + PAGE), TAG);
}

TEST(private, &machine_mapped)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	expect_exits(m, PRIVATE);
}

TEST(shared, &machine_mapped)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	make_shared(m, AT_PAGE, PAGE);
	expect_exits(m, 0);
	expect_sigbus(m->map + AT_PAGE, "the VMM's access");
}

/* The guest repeats the failed access, and finds a new page. */
TEST(replaced, &machine_mapped)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	expect_exits(m, PRIVATE);
	vcpu_enter(&m->cpu, guest_peek, &(struct kvm_regs){ .rdi = AT });
	vcpu_expect_fault(&m->cpu, EHWPOISON, AT_PAGE, PRIVATE);
	expect_ok(file_punch(m->file, AT_PAGE, PAGE), "punch");
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
	assert_int_equal(peek(&m->cpu, AT), 0);
	poke(&m->cpu, AT, TAG);
	assert_int_equal(peek(&m->cpu, AT), TAG);
}

/* The error is found through a slot that is added again, too. */
TEST(slot_is_made_anew, &machine_mapped)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	vm_delete_slot(m->vm, 0);
	vm_add_slot(m->vm, &m->slot);
	expect_exits(m, PRIVATE);
}

/*
 * The guest has the page mapped, and patrols it, when the error is reported. The vCPU
 * leaves KVM_RUN by itself.
 */
static void expect_to_come_out(struct machine *m, bool private)
{
	const __u64 flags = private ? PRIVATE : 0;
	struct poll poll = poll_start();
	struct kvm_run_memory_fault fault;
	bool running = true;
	__u64 pfn;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	make_shared(m, COUNT_GPA, PAGE);
	make_shared(m, AT_PAGE, PAGE);
	pfn = pfn_at(m->map + AT_PAGE);
	if (private)
		make_private(m, AT_PAGE, PAGE);
	*host_word(m, COUNT_GPA) = 0;
	vcpu_enter(&m->cpu, guest_watch, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG, .rcx = COUNT_GPA });
	vcpu_spawn(&m->cpu, NULL);
	while (running && *host_word(m, COUNT_GPA) < 2)
		running = poll_again(&poll);
	if (running)
		poison_pfn(pfn);
	vcpu_expect(&m->cpu, vcpu_join(&m->cpu), -EHWPOISON);
	fault = vcpu_memory_fault(&m->cpu);
	assert_int_equal(fault.gpa, AT_PAGE);
	assert_int_equal(fault.flags, flags);
	vcpu_expect_fault(&m->cpu, EHWPOISON, AT_PAGE, flags);

	/* The other pages are unchanged, and a new one is where the page was. */
	expect_ok(file_punch(m->file, AT_PAGE, PAGE), "punch");
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG),
			 PAGE / sizeof(__u64));
}

TEST(running, &machine_mapped)
{
	expect_to_come_out(*state, true);
}

TEST(running_shared, &machine_mapped)
{
	expect_to_come_out(*state, false);
}

TEST(running_huge)
{
	struct machine m;

	machine_start_on(&m, huge_create(MEM_SIZE, KVM_PRIVATE_FLAG_MMAP),
			 MEM_SIZE, KVM_PRIVATE_FLAG_MMAP);
	expect_ok(file_allocate(m.file, 0, MEM_SIZE), "allocate");
	expect_to_come_out(&m, true);
	machine_stop(&m);
}

TEST_MAIN("guests and memory errors")
