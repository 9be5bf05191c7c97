// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm/guests.h"
#include "../kvm/kvm_uapi.h"
#include "convert.h"
#include "launch.h"
#include "layout.h"
#include "story.h"
#include "touch.h"
#include "unit.h"

#define HC_MAP_GPA_RANGE	12
#define MAP_ENCRYPTED		(1 << 4)

#define GHCB_TERMINATE		0x100

#define LARGE_SHIFT		21

static const struct {
	unsigned int code;
	const char *why;
} endings[] = {
	{ END_INPLACE, "what was launched in place isn't what the host wrote" },
	{ END_SOURCE, "what was launched from a source isn't what was in it" },
	{ END_RESCIND, "a launched page was not a valid page of the guest's" },
	{ END_SHARE, "a page couldn't be made shared" },
	{ END_HOST_WORDS, "a shared page doesn't have what the host wrote" },
	{ END_TAKE_BACK, "a page couldn't be taken back" },
	{ END_VALIDATE, "a page that was taken back can't be validated" },
	{ END_SECRET, "a page that was taken back doesn't keep what is written" },
	{ END_RESCIND_AGAIN, "a page that was taken back isn't valid" },
	{ END_SHARE_AGAIN, "a page couldn't be made shared again" },
	{ END_BELL, "the host didn't answer" },
	{ END_NOT_REPLACED, "a punched page is still there, or no other one came" },
	{ END_PIECES, "a base page of memory that wasn't launched can't be validated" },
	{ END_WHOLE, "2 MiB of memory that wasn't launched can't be validated" },
	{ END_NOT_KEPT, "memory that wasn't launched doesn't keep what is written" },
	{ END_REFILL, "the page after a punched one doesn't keep what is written" },
};

static void fill(char *page, __u64 words)
{
	for (int i = 0; i < PAGE_WORDS; i++)
		((volatile __u64 *)page)[i] = words + i;
}

static int count(const char *page, __u64 words)
{
	int found = 0;

	for (int i = 0; i < PAGE_WORDS; i++)
		found += ((const volatile __u64 *)page)[i] == words + i;
	return found;
}

static void place_tables(char *memory, __u64 c_bit)
{
	const __u64 used = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
	__u64 *pml4 = (void *)(memory + PML4_GPA);
	__u64 *pdpt = (void *)(memory + PDPT_GPA);
	__u64 *pd = (void *)(memory + PD_GPA);
	__u64 *shared_pd = (void *)(memory + FINE_PD_GPA);
	__u64 *pt = (void *)(memory + PT_GPA);
	__u64 *shared_pt = (void *)(memory + FINE_PT_GPA);

	memset(memory + PML4_GPA, 0, ALL_TABLES_SIZE);
	pml4[0] = PDPT_GPA | used | c_bit;
	pdpt[0] = PD_GPA | used | c_bit;
	pdpt[FINE_VA >> 30] = FINE_PD_GPA | used | c_bit;
	pd[0] = PT_GPA | used | c_bit;
	for (int i = 1; i < MEMORY_SIZE >> LARGE_SHIFT; i++)
		pd[i] = (__u64)i << LARGE_SHIFT | PTE_LARGE | used | c_bit;
	shared_pd[0] = FINE_PT_GPA | used | c_bit;
	for (__u64 i = 0; i < PAGE / sizeof(__u64); i++) {
		pt[i] = i * PAGE | used | c_bit;
		shared_pt[i] = i * PAGE | used;
	}
}

static void place(struct guest *guest)
{
	place_tables(guest->host, guest->kind == REHEARSAL ? 0 : snp_c_bit());
	memcpy(guest->host + CODE_GPA, guests_begin, guests_end - guests_begin);
	fill(guest->host + INPLACE_GPA, INPLACE_WORDS);
	fill(guest->host + TALK_GPA, 0);
}

static void add_slot(struct guest *guest)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.memory_size = MEMORY_SIZE,
		.userspace_addr = (uintptr_t)guest->host,
		.guest_memfd = guest->file,
	};

	expect_ok(ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION2, &region),
		  "adding the slot");
}

static void convert(struct guest *guest, __u64 gpa, __u64 size, bool private,
		    __u64 flags)
{
	struct kvm_memory_attributes native = {
		.address = gpa, .size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	if (guest->kind != NATIVE) {
		expect_ok(private ?
			  file_make_private(guest->file, gpa, size, flags) :
			  file_make_shared(guest->file, gpa, size, flags),
			  "making %#llx %s", gpa, private ? "private" : "shared");
		return;
	}
	expect_ok(ioctl(guest->vm, KVM_SET_MEMORY_ATTRIBUTES, &native),
		  "making %#llx %s", gpa, private ? "private" : "shared");
	if (!private)
		expect_ok(file_punch(guest->file, gpa, size), "punching %#llx", gpa);
}

/* The host's access to a page that is the guest's alone */
static void expect_private(struct guest *guest, __u64 gpa, const char *when)
{
	if (guest->kind != NATIVE)
		expect_sigbus(guest->host + gpa, "page %#llx, %s", gpa, when);
}

static void launch_from(struct guest *guest, const char *source)
{
	struct kvm_private_populate populate = {
		.offset = SOURCE_GPA, .size = PAGE, .source = (uintptr_t)source,
	};

	if (guest->kind == REHEARSAL)
		expect_ok(file_populate(guest->file, &populate), "populating");
	else
		snp_launch_update(guest->vm, SOURCE_GPA, PAGE, source);
}

/* The native guest needs a source for each page. */
static void launch(struct guest *guest)
{
	static char source[PAGE] __attribute__((__aligned__(4096)));
	const char *host = guest->kind == NATIVE ? guest->host : NULL;
	static const struct {
		__u64 gpa;
		__u64 size;
	} in_place[] = {
		{ PML4_GPA, ALL_TABLES_SIZE },
		{ CODE_GPA, PAGE },
		{ INPLACE_GPA, PAGE },
	};

	if (guest->kind != REHEARSAL)
		snp_launch_start(guest->vm);
	convert(guest, 0, MEMORY_SIZE, true,
		guest->kind == NATIVE ? 0 : CONVERT_PRESERVE);
	expect_private(guest, INPLACE_GPA, "converted to be launched");

	fill(source, SOURCE_WORDS);
	launch_from(guest, source);
	if (guest->kind == REHEARSAL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(in_place); i++)
		snp_launch_update(guest->vm, in_place[i].gpa, in_place[i].size,
				  host ? host + in_place[i].gpa : NULL);
	snp_launch_zeros(guest->vm, TALK_GPA, PAGE);
	snp_launch_zeros(guest->vm, HOLE_GPA, PAGE);
	snp_launch_finish(guest->vm);
	expect_private(guest, INPLACE_GPA, "launched in place");
	expect_private(guest, SOURCE_GPA, "launched from a source");
}

static int create_rehearsal_vm(void)
{
	struct kvm_enable_cap exits = {
		.cap = KVM_CAP_EXIT_HYPERCALL, .args = { 1 << HC_MAP_GPA_RANGE },
	};
	int kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, KVM_X86_SW_PROTECTED_VM),
			   "KVM_CREATE_VM");

	close(kvm);
	expect_ok(ioctl(vm, KVM_ENABLE_CAP, &exits), "KVM_CAP_EXIT_HYPERCALL");
	return vm;
}

static int create_native_file(int vm)
{
	struct kvm_create_guest_memfd create = { .size = MEMORY_SIZE };

	return expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create),
			 "KVM_CREATE_GUEST_MEMFD");
}

static char *map_native_host(void)
{
	char *map = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect_ok(map == MAP_FAILED ? -1 : 0, "mmap");
	return map;
}

void guest_start(struct guest *guest, enum kind kind, int file)
{
	const struct kvm_regs regs = { .r15 = kind == REHEARSAL };

	guest->kind = kind;
	guest->vm = kind == REHEARSAL ? create_rehearsal_vm() : snp_create_vm();
	guest->file = kind == NATIVE ? create_native_file(guest->vm) : file;
	guest->host = kind == NATIVE ? map_native_host() : file_map(file, MEMORY_SIZE);
	place(guest);
	add_slot(guest);
	vcpu_open(&guest->cpu, guest->vm, 0);
	vcpu_enter(&guest->cpu, guests_begin, &regs);
	launch(guest);
}

static const char *ending(unsigned int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (endings[i].code == code)
			return endings[i].why;
	return "for a reason that it doesn't have";
}

/* The code with which the guest ended, from the exit of vcpu_run() */
static unsigned int end_code(struct guest *guest, int exit)
{
	struct kvm_run *run = guest->cpu.run;

	if (guest->kind == REHEARSAL && exit == KVM_EXIT_HLT)
		return vcpu_regs(&guest->cpu).rbp;
	if (exit == KVM_EXIT_SYSTEM_EVENT &&
	    run->system_event.type == KVM_SYSTEM_EVENT_SEV_TERM &&
	    (run->system_event.data[0] & 0xfff) == GHCB_TERMINATE)
		return run->system_event.data[0] >> 16 & 0xff;
	if (exit == -EFAULT && run->exit_reason == KVM_EXIT_MEMORY_FAULT) {
		struct kvm_run_memory_fault fault = vcpu_memory_fault(&guest->cpu);

		fail_msg("The guest's access to %#llx failed, flags %#llx",
			 fault.gpa, fault.flags);
	}
	fail_msg("KVM_RUN gave %d (%s), the last exit's reason is %u", exit,
		 exit < 0 ? strerror(-exit) : "an exit reason", run->exit_reason);
	return 0;
}

/* Runs the guest until it requests another state for that page. */
static void expect_request(struct guest *guest, __u64 gpa, bool private)
{
	struct kvm_run *run = guest->cpu.run;
	int exit = vcpu_run(&guest->cpu);

	if (exit != KVM_EXIT_HYPERCALL)
		fail_msg("The guest ended: %s", ending(end_code(guest, exit)));
	assert_int_equal(run->hypercall.nr, HC_MAP_GPA_RANGE);
	assert_int_equal(run->hypercall.args[0], gpa);
	assert_int_equal(run->hypercall.args[1], 1);
	assert_int_equal(!!(run->hypercall.args[2] & MAP_ENCRYPTED), private);
	run->hypercall.ret = 0;
}

/* Once the launch is over a conversion loses the content, whichever way it goes. */
static void expect_lost(struct guest *guest, __u64 gpa, bool private)
{
	if (guest->kind != PRIVATE)
		return;
	expect_error(EOPNOTSUPP, private ?
		     file_make_private(guest->file, gpa, PAGE, CONVERT_PRESERVE) :
		     file_make_shared(guest->file, gpa, PAGE, CONVERT_PRESERVE),
		     "making %#llx %s with its content", gpa,
		     private ? "private" : "shared");
}

static void expect_words(struct guest *guest, __u64 gpa, __u64 words,
			 const char *what)
{
	int found = count(guest->host + gpa, words);

	if (found != PAGE_WORDS)
		fail_msg("%s: %d words of %d", what, found, PAGE_WORDS);
}

void guest_live(struct guest *guest)
{
	char *talk = guest->host + TALK_GPA;
	unsigned int code;

	expect_request(guest, TALK_GPA, false);
	convert(guest, TALK_GPA, PAGE, false, 0);
	fill(talk, HOST_WORDS);

	expect_request(guest, TALK_GPA, true);
	expect_words(guest, TALK_GPA, GUEST_WORDS, "What the guest said");
	expect_lost(guest, TALK_GPA, true);
	convert(guest, TALK_GPA, PAGE, true, 0);
	expect_private(guest, TALK_GPA, "taken back");

	expect_request(guest, TALK_GPA, false);
	expect_private(guest, TALK_GPA, "with a secret");
	expect_lost(guest, TALK_GPA, false);
	convert(guest, TALK_GPA, PAGE, false, 0);
	if (guest->kind == PRIVATE && count(talk, SECRET_WORDS))
		fail_msg("The host reads the guest's secret");
	/*
	 * If the page isn't reclaimed this never ends, and the script's watchdog
	 * ends it.
	 */
	fill(talk, HOST_WORDS);
	expect_words(guest, TALK_GPA, HOST_WORDS, "A page that was reclaimed");

	expect_request(guest, HOLE_GPA, true);
	expect_ok(file_punch(guest->file, HOLE_GPA, PAGE), "punching a page in use");

	code = end_code(guest, vcpu_run(&guest->cpu));
	if (code != END_DONE)
		fail_msg("The guest ended: %s", ending(code));
	expect_private(guest, HOLE_GPA, "allocated anew after it was punched");
	expect_private(guest, PIECES_GPA, "validated in pieces");
	expect_private(guest, WHOLE_GPA, "validated as a whole");
}

void guest_end(struct guest *guest)
{
	vcpu_close(&guest->cpu);
	close(guest->vm);
	munmap(guest->host, MEMORY_SIZE);
}
