// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's page gets a hardware memory error. The guest's next fault there ends
 * in an exit that says where, instead of in a machine check; with another page in
 * its place the guest goes on.
 */
#include "machine.h"
#include "huge.h"
#include "poison.h"
#include "touch.h"

#define TAG	0x4100000000000000ULL
#define AT	(DATA_GPA + PAGE + 16)
#define AT_PAGE	(DATA_GPA + PAGE)
#define PRIVATE	KVM_MEMORY_EXIT_FLAG_PRIVATE

/* While it is shared the page's frame can be seen. */
static void poison_page(struct machine *m)
{
	poke(&m->cpu, AT, TAG);
	poke(&m->cpu, AT + PAGE, TAG);
	make_shared(m, AT_PAGE, PAGE);
	poison_frame(frame_at(m->map + AT_PAGE));
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

static void test_private(void **state)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	expect_exits(m, PRIVATE);
}

static void test_shared(void **state)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	make_shared(m, AT_PAGE, PAGE);
	expect_exits(m, 0);
	expect_sigbus(m->map + AT_PAGE, "the VMM's access");
}

/* The access that has failed is made again, and finds a new page. */
static void test_replaced(void **state)
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

/* A slot that is made anew finds it, too. */
static void test_slot_is_made_anew(void **state)
{
	struct machine *m = *state;

	poison_page(m);
	make_private(m, AT_PAGE, PAGE);
	vm_delete_slot(m->vm, 0);
	vm_add_slot(m->vm, &m->slot);
	expect_exits(m, PRIVATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		mapped_test(test_private),
		mapped_test(test_shared),
		mapped_test(test_replaced),
		mapped_test(test_slot_is_made_anew),
	};

	return cmocka_run_group_tests_name("guests and memory errors", tests,
					   NULL, NULL);
}
