// SPDX-License-Identifier: GPL-2.0-only
/*
 * A nested guest whose pages are in a file that says which are private. KVM judges
 * an access by the attribute of the page of L1's at the address that L2 used. Where L1
 * maps another page there, the access may be of the wrong kind, and no number of
 * tries changes that. So KVM_RUN ends with an exit that names L1's page, and L2
 * goes on once the VMM has converted it.
 */
#include "machine.h"
#include "nesting.h"

#define TAG	0x2400000000000000ULL
/* The address that L2 uses, and the page of L1's that it finds there */
#define L2_PAGE	(DATA_GPA + 4 * PAGE)
#define L1_PAGE	(DATA_GPA + 9 * PAGE)
#define TRIES	3

static int setup(void **state)
{
	struct machine *m;

	if (mapped_setup(state))
		return -1;
	m = *state;
	make_shared(m, NESTED_GPA, NESTED_SIZE);
	if (!nesting_is_missing())
		nested_prepare(&m->cpu, m->map);
	return 0;
}

static void finish(struct machine *m)
{
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
}

static __u64 l2_peek(struct machine *m, __u64 l2_gpa)
{
	nested_enter(&m->cpu, m->map, guest_peek, &(struct kvm_regs){ .rdi = l2_gpa });
	finish(m);
	return nested_result(m->map);
}

static void l2_poke(struct machine *m, __u64 l2_gpa, __u64 value)
{
	nested_enter(&m->cpu, m->map, guest_poke,
		     &(struct kvm_regs){ .rdi = l2_gpa, .rsi = value });
	finish(m);
	nested_result(m->map);
}

static const struct fixture vm = { .setup = setup, .teardown = machine_teardown };

/* Each access is the first one to its page, or comes after L1's own. */
TEST(right_attribute, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing())
		return;
	make_shared(m, L1_PAGE, PAGE);
	l2_poke(m, L1_PAGE, TAG);
	assert_int_equal(*host_word(m, L1_PAGE), TAG);
	l2_poke(m, L2_PAGE, TAG + 1);
	assert_int_equal(peek(&m->cpu, L2_PAGE), TAG + 1);
	poke(&m->cpu, L2_PAGE + PAGE, TAG + 2);
	assert_int_equal(l2_peek(m, L2_PAGE + PAGE), TAG + 2);
	make_private(m, L1_PAGE, PAGE);
	assert_int_equal(l2_peek(m, L1_PAGE), TAG);
}

/* Another page is there, but with the same attribute. */
TEST(other_page_with_the_right_attribute, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing())
		return;
	nested_map(m->map, L2_PAGE, L1_PAGE);
	l2_poke(m, L2_PAGE, TAG);
	assert_int_equal(peek(&m->cpu, L1_PAGE), TAG);
	make_shared(m, L1_PAGE, PAGE);
	make_shared(m, L2_PAGE, PAGE);
	assert_int_equal(l2_peek(m, L2_PAGE), TAG);
}

static void expect_exits(struct machine *m, __u64 flags)
{
	for (int i = 0; i < TRIES; i++)
		vcpu_expect_fault(&m->cpu, EFAULT, L1_PAGE, flags);
}

TEST(private_page_as_shared, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing())
		return;
	poke(&m->cpu, L1_PAGE, TAG);
	make_shared(m, L2_PAGE, PAGE);
	nested_map(m->map, L2_PAGE, L1_PAGE);

	nested_enter(&m->cpu, m->map, guest_peek, &(struct kvm_regs){ .rdi = L2_PAGE });
	expect_exits(m, 0);
	make_shared(m, L1_PAGE, PAGE);
	finish(m);
	assert_int_equal(nested_result(m->map), TAG);

	make_private(m, L1_PAGE, PAGE);
	nested_enter(&m->cpu, m->map, guest_poke,
		     &(struct kvm_regs){ .rdi = L2_PAGE, .rsi = TAG + 1 });
	expect_exits(m, 0);
	make_shared(m, L1_PAGE, PAGE);
	finish(m);
	assert_int_equal(*host_word(m, L1_PAGE), TAG + 1);
}

TEST(shared_page_as_private, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing())
		return;
	make_shared(m, L1_PAGE, PAGE);
	*host_word(m, L1_PAGE) = TAG;
	nested_map(m->map, L2_PAGE, L1_PAGE);

	nested_enter(&m->cpu, m->map, guest_peek, &(struct kvm_regs){ .rdi = L2_PAGE });
	expect_exits(m, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	make_private(m, L1_PAGE, PAGE);
	finish(m);
	assert_int_equal(nested_result(m->map), TAG);

	make_shared(m, L1_PAGE, PAGE);
	nested_enter(&m->cpu, m->map, guest_poke,
		     &(struct kvm_regs){ .rdi = L2_PAGE, .rsi = TAG + 1 });
	expect_exits(m, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_int_equal(*host_word(m, L1_PAGE), TAG);
	make_private(m, L1_PAGE, PAGE);
	finish(m);
	assert_int_equal(peek(&m->cpu, L1_PAGE), TAG + 1);
}

static void expect_bits(struct machine *m, bool accessed, bool dirty)
{
	assert_int_equal(nested_accessed(m->map, L2_PAGE), accessed);
	assert_int_equal(nested_dirty(m->map, L2_PAGE), dirty);
}

/* KVM sets the bits in L1's tables, which are shared pages of the file. */
TEST(accessed_and_dirty, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing() || !nested_has_bits(&m->cpu))
		return;
	expect_bits(m, false, false);
	assert_int_equal(l2_peek(m, L2_PAGE), 0);
	expect_bits(m, true, false);
	l2_poke(m, L2_PAGE, TAG);
	expect_bits(m, true, true);
}

/* KVM reads and writes L1's structures for L2 while they are in private pages. */
static __u64 l2_call_in_private(struct machine *m, const char *guest, __u64 l2_gpa, __u64 value)
{
	const __u64 gpa = nested_private_gpa();
	const __u64 size = NESTED_GPA + NESTED_SIZE - gpa;

	nested_enter(&m->cpu, m->map, guest,
		     &(struct kvm_regs){ .rdi = l2_gpa, .rsi = value });
	make_private(m, gpa, size);
	finish(m);
	make_shared(m, gpa, size);
	return nested_result(m->map);
}

TEST(structures_in_private_pages, &vm)
{
	struct machine *m = *state;

	if (nesting_is_missing())
		return;
	l2_call_in_private(m, guest_poke, L2_PAGE, TAG);
	assert_int_equal(peek(&m->cpu, L2_PAGE), TAG);
	if (nested_has_bits(&m->cpu))
		expect_bits(m, true, true);
	nested_map(m->map, L2_PAGE + PAGE, L1_PAGE);
	poke(&m->cpu, L1_PAGE, TAG + 1);
	assert_int_equal(l2_call_in_private(m, guest_peek, L2_PAGE + PAGE, 0), TAG + 1);
}

/*
 * The VMCB in one, which KVM would have to map: VMRUN raises an exception, of which L1 dies, or
 * on Linux 7.3 ends KVM_RUN.
 */
TEST(vmcb_in_private_page, &vm)
{
	struct machine *m = *state;
	int result;

	if (nesting_is_missing() || nested_private_gpa() == NESTED_GPA)
		return;
	nested_enter(&m->cpu, m->map, guest_peek, &(struct kvm_regs){ .rdi = L2_PAGE });
	make_private(m, NESTED_GPA, nested_private_gpa() - NESTED_GPA);
	result = vcpu_run(&m->cpu);
	if (result != KVM_EXIT_INTERNAL_ERROR)
		vcpu_expect(&m->cpu, result, KVM_EXIT_SHUTDOWN);
}

TEST_MAIN("KVM guest: nested")
