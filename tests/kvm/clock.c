// SPDX-License-Identifier: GPL-2.0-only
/* Clocks that KVM itself writes into private memory. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "away.h"
#include "machine.h"

#define CLOCK_GPA	(DATA_GPA + 5 * PAGE + 64)
#define CLOCK_PAGE	(DATA_GPA + 5 * PAGE)

#define HOST_PATTERN	0x5a

/* The clock page of one vCPU, as KVM and Linux agree on it. */
struct clock_page {
	__u32 version;
	__u32 pad0;
	__u64 tsc_timestamp;
	__u64 system_time;
	__u32 tsc_to_system_mul;
	__s8 tsc_shift;
	__u8 flags;
	__u8 pad[2];
};

static struct clock_page read_clock(struct vcpu *cpu)
{
	struct clock_page page;
	__u64 words[sizeof(page) / 8];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = peek(cpu, CLOCK_GPA + i * 8);
	memcpy(&page, words, sizeof(page));
	return page;
}

/* KVM writes all clocks anew before its next run of the guest. */
static void set_clock(int vm, __u64 now)
{
	const struct kvm_clock_data clock = { .clock = now };

	expect_ok(ioctl(vm, KVM_SET_CLOCK, &clock), "KVM_SET_CLOCK");
}

static void check_clock(struct vcpu *cpu, __u64 at_least)
{
	struct clock_page page = read_clock(cpu);

	assert_true(page.version);
	assert_int_equal(page.version & 1, 0);
	assert_true(page.tsc_to_system_mul);
	expect_between(page.system_time, at_least, at_least + 60000000000LL,
		       "time in the clock page, in ns");
}

static void enable_clock(struct vcpu *cpu)
{
	vcpu_call(cpu, guest_wrmsr, MSR_SYSTEM_TIME, CLOCK_GPA | MSR_ENABLE, 0);
}

TEST(clock_page, &machine_plain)
{
	struct machine *m = *state;

	enable_clock(&m->cpu);
	check_clock(&m->cpu, 1);
	set_clock(m->vm, 1ULL << 50);
	check_clock(&m->cpu, 1ULL << 50);
	assert_int_equal(peek(&m->cpu, CLOCK_PAGE), 0);
}

/*
 * The page is freed to the host while KVM keeps it ready for the next update.
 * The host allocates first the page that was freed last: its new owner must
 * find it zero, and find no clock in it later.
 */
TEST(punch_the_clock_page, &machine_plain)
{
	const __u64 size = 64 * MIB;
	struct machine *m = *state;
	struct machine other;

	enable_clock(&m->cpu);
	check_clock(&m->cpu, 1);
	for (__u64 round = 1; round < 5; round++) {
		expect_ok(file_punch(m->file, CLOCK_PAGE, PAGE), "punching");
		machine_start(&other, DATA_GPA + size, 0);
		expect_ok(file_allocate(other.file, DATA_GPA, size), "allocating");

		set_clock(m->vm, round << 50);
		peek(&m->cpu, DATA_GPA);
		assert_int_equal(zeros(&other.cpu, DATA_GPA, size / PAGE, 0),
				 size / 8);
		check_clock(&m->cpu, round << 50);
		machine_stop(&other);
	}
}

/*
 * KVM's reference for the clock must not keep a punched page from being freed.
 */
TEST(punch_frees_the_clock_page, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	enable_clock(&m->cpu);
	check_clock(&m->cpu, 1);
	assert_int_equal(file_allocated(m->file), before + PAGE);
	expect_ok(file_punch(m->file, CLOCK_PAGE, PAGE), "punching");
	assert_int_equal(file_allocated(m->file), before);
}

TEST(clock_page_after_slot_moves, &machine_plain)
{
	struct machine *m = *state;

	enable_clock(&m->cpu);
	check_clock(&m->cpu, 1);
	vm_delete_slot(m->vm, 0);
	set_clock(m->vm, 1ULL << 51);
	vm_add_slot(m->vm, &m->slot);
	set_clock(m->vm, 1ULL << 52);
	check_clock(&m->cpu, 1ULL << 52);
}

TEST(vm_dies_with_clock)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, 0);
	enable_clock(&m.cpu);
	check_clock(&m.cpu, 1);
	vcpu_close(&m.cpu);
	close(m.vm);
	expect_ok(file_punch(m.file, 0, MEM_SIZE), "punching");
	assert_int_equal(file_allocated(m.file), 0);
	close(m.file);
}

/*
 * KVM looks the page up while it is shared, at the slot's host address, and has to wait
 * for it there. When that ends the page is private.
 */
static void convert_while_looked_up(__u64 flags, void (*convert)(struct machine *m, bool private))
{
	char *host = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct machine m;
	struct away away;

	assert_ptr_not_equal(host, MAP_FAILED);
	machine_start(&m, MEM_SIZE, flags);
	vm_delete_slot(m.vm, 0);
	m.slot.host = host;
	vm_add_slot(m.vm, &m.slot);
	convert(&m, false);

	away_start(&away, host + CLOCK_PAGE);
	vcpu_enter(&m.cpu, guest_wrmsr, &(struct kvm_regs){
		   .rdi = MSR_SYSTEM_TIME, .rsi = CLOCK_GPA | MSR_ENABLE });
	vcpu_spawn(&m.cpu, NULL);
	away_wait(&away);
	convert(&m, true);
	away_arrive(&away, HOST_PATTERN);
	vcpu_expect(&m.cpu, vcpu_join(&m.cpu), KVM_EXIT_HLT);

	check_clock(&m.cpu, 1);
	set_clock(m.vm, 1ULL << 50);
	check_clock(&m.cpu, 1ULL << 50);
	for (size_t i = 0; i < PAGE; i++)
		if (host[CLOCK_PAGE + i] != HOST_PATTERN)
			fail_msg("byte %zu of the host's page was written", i);
	away_stop(&away);
	machine_stop(&m);
	munmap(host, MEM_SIZE);
}

static void convert_in_vm(struct machine *m, bool private)
{
	expect_ok(vm_try_attributes(m->vm, CLOCK_PAGE, PAGE, private), "attributes");
}

/* The end of the file's mapping would tell KVM, too. */
static void convert_in_file(struct machine *m, bool private)
{
	if (m->map)
		munmap(m->map, MEM_SIZE);
	m->map = NULL;
	if (private)
		make_private(m, CLOCK_PAGE, PAGE);
	else
		make_shared(m, CLOCK_PAGE, PAGE);
}

TEST(private_in_vm_while_looked_up)
{
	convert_while_looked_up(0, convert_in_vm);
}

TEST(private_in_file_while_looked_up)
{
	convert_while_looked_up(KVM_PRIVATE_FLAG_MMAP, convert_in_file);
}

TEST(wall_clock, &machine_plain)
{
	struct machine *m = *state;
	__u64 version_and_seconds;
	__u32 version, seconds;

	vcpu_call(&m->cpu, guest_wrmsr, MSR_WALL_CLOCK, CLOCK_GPA, 0);
	version_and_seconds = peek(&m->cpu, CLOCK_GPA);
	version = version_and_seconds;
	seconds = version_and_seconds >> 32;
	assert_true(version);
	assert_int_equal(version & 1, 0);
	/* 2020, on a machine whose own clock is right */
	assert_true(seconds > 1577836800);
}

TEST_MAIN("KVM guest: clocks")
