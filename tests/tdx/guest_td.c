// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest_td.h"
#include "huge.h"
#include "poll_until.h"
#include "text_file.h"

/* Of CPUID, and bits there */
#define EXTENDED 0x80000000
#define ADDRESS_SIZES 0x80000008
#define BITS_48 (48 << 16 | 48)
#define FEATURES 1
#define X2APIC (1 << 21)
#define X87_AND_SSE 3

int guest_td_command(int fd, __u32 id, __u32 flags, const void *data)
{
	struct kvm_tdx_cmd command = { .id = id, .flags = flags, .data = (uintptr_t)data };

	return ioctl(fd, KVM_MEMORY_ENCRYPT_OP, &command);
}

static void enable(int vm, __u32 capability, __u64 argument)
{
	struct kvm_enable_cap cap = { .cap = capability, .args = { argument } };

	expect_ok(ioctl(vm, KVM_ENABLE_CAP, &cap), "capability %u", capability);
}

struct guest_td *guest_td_new(void)
{
	int kvm = expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	struct guest_td *td = calloc(1, sizeof(*td));

	assert_non_null(td);
	model_arm(0);
	*td = (struct guest_td){ .vcpu = -1, .file = -1, .before = model_counts() };
	td->vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, KVM_X86_TDX_VM), "KVM_CREATE_VM");
	td->run_size = expect_ok(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "size of kvm_run");
	close(kvm);
	enable(td->vm, KVM_CAP_SPLIT_IRQCHIP, 24);
	enable(td->vm, KVM_CAP_EXIT_HYPERCALL, 1 << KVM_HC_MAP_GPA_RANGE);
	return td;
}

int guest_td_try_init(struct guest_td *td)
{
	struct {
		struct kvm_tdx_init_vm vm;
		struct kvm_cpuid_entry2 entry;
	} init = {
		.vm = { .xfam = X87_AND_SSE, .cpuid.nent = 1 },
		.entry = { .function = ADDRESS_SIZES, .eax = BITS_48 },
	};

	return guest_td_command(td->vm, KVM_TDX_INIT_VM, 0, &init);
}

int guest_td_try_vcpu(struct guest_td *td)
{
	struct {
		struct kvm_cpuid2 cpuid;
		struct kvm_cpuid_entry2 entries[3];
	} cpu = {
		.cpuid.nent = 3,
		.entries = {
			{ .function = FEATURES, .ecx = X2APIC },
			{ .function = EXTENDED, .eax = ADDRESS_SIZES },
			{ .function = ADDRESS_SIZES, .eax = BITS_48 },
		},
	};

	td->vcpu = expect_ok(ioctl(td->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	td->run = mmap(NULL, td->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, td->vcpu, 0);
	assert_ptr_not_equal(td->run, MAP_FAILED);
	expect_ok(ioctl(td->vcpu, KVM_SET_CPUID2, &cpu), "KVM_SET_CPUID2");
	return guest_td_command(td->vcpu, KVM_TDX_INIT_VCPU, 0, NULL);
}

int guest_td_try_attributes(struct guest_td *td, __u64 gpa, __u64 size, bool private)
{
	struct kvm_memory_attributes attributes = {
		.address = gpa, .size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return ioctl(td->vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

static void set_slot(struct guest_td *td, __u64 size)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = TD_GPA,
		.memory_size = size,
		.userspace_addr = (uintptr_t)td->shared,
		.guest_memfd = td->file,
	};

	expect_ok(ioctl(td->vm, KVM_SET_USER_MEMORY_REGION2, &region), "slot of %llu bytes", size);
}

/* KVM maps huge pages only where the slot's host address is aligned as the guest's. */
static char *map_aligned(void)
{
	char *start = mmap(NULL, TD_SIZE + HUGE_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = -(uintptr_t)start % HUGE_PAGE;

	assert_ptr_not_equal(start, MAP_FAILED);
	if (before)
		munmap(start, before);
	munmap(start + before + TD_SIZE, HUGE_PAGE - before);
	return start + before;
}

void guest_td_add_slot_of(struct guest_td *td, int file, char *shared)
{
	td->file = file;
	td->shared = shared ?: map_aligned();
	set_slot(td, TD_SIZE);
	expect_ok(guest_td_try_attributes(td, TD_GPA, TD_SIZE, true), "private at first");
}

void guest_td_add_slot(struct guest_td *td)
{
	struct kvm_create_guest_memfd file = { .size = TD_SIZE };
	int fd = expect_ok(ioctl(td->vm, KVM_CREATE_GUEST_MEMFD, &file), "guest_memfd");

	guest_td_add_slot_of(td, fd, NULL);
}

void guest_td_delete_slot(struct guest_td *td)
{
	set_slot(td, 0);
}

bool guest_td_maps_huge(void)
{
	char value[2];

	text_file_read("/sys/module/kvm_intel/parameters/tdx_huge_pages", value, sizeof(value));
	return value[0] == 'Y';
}

static int setup(void **state)
{
	struct guest_td *td = guest_td_new();

	expect_ok(guest_td_try_init(td), "KVM_TDX_INIT_VM");
	expect_ok(guest_td_try_vcpu(td), "KVM_TDX_INIT_VCPU");
	guest_td_add_slot(td);
	*state = td;
	return 0;
}

void guest_td_stop(struct guest_td *td)
{
	if (td->vcpu >= 0) {
		munmap(td->run, td->run_size);
		close(td->vcpu);
	}
	if (td->file >= 0) {
		munmap(td->shared, TD_SIZE);
		close(td->file);
	}
	close(td->vm);
	free(td);
}

/* A guest_memfd keeps its VM, and both end a moment after they are closed. */
static void expect_all_host(const struct tdx_model_counts *before)
{
	struct poll poll = poll_start();

	while (model_counts().given != before->given)
		if (!poll_again(&poll))
			fail_msg("the module has %llu frames of a TD that has gone",
				 model_counts().given - before->given);
}

static void expect_kept(const struct tdx_model_counts *before)
{
	struct tdx_model_counts after = model_counts();
	int rule;

	for (rule = 0; rule < TDXM_NR_RULES; rule++)
		if (after.broken[rule] != before->broken[rule])
			fail_msg("rule %d of rules.h was broken; see the kernel's log", rule);
}

static int teardown(void **state)
{
	struct guest_td *td = *state;
	struct tdx_model_counts before = td->before;

	guest_td_stop(td);
	expect_all_host(&before);
	expect_kept(&before);
	return 0;
}

const struct fixture td_native = { .setup = setup, .teardown = teardown };

int guest_td_try_add(struct guest_td *td, __u64 gpa, const void *source, __u64 pages,
		     bool measured)
{
	struct kvm_tdx_init_mem_region region = {
		.source_addr = (uintptr_t)source, .gpa = gpa, .nr_pages = pages,
	};

	return guest_td_command(td->vcpu, KVM_TDX_INIT_MEM_REGION,
				measured ? KVM_TDX_MEASURE_MEMORY_REGION : 0, &region);
}

int guest_td_try_finalize(struct guest_td *td)
{
	return guest_td_command(td->vm, KVM_TDX_FINALIZE_VM, 0, NULL);
}

void guest_td_launch(struct guest_td *td)
{
	static const char page[PAGE] __attribute__((aligned(PAGE))) = "launched";

	expect_ok(guest_td_try_add(td, TD_LAUNCHED_GPA, page, 1, false), "KVM_TDX_INIT_MEM_REGION");
	expect_ok(guest_td_try_finalize(td), "KVM_TDX_FINALIZE_VM");
}

int guest_td_prefault(struct guest_td *td, __u64 gpa, __u64 size)
{
	struct kvm_pre_fault_memory memory = { .gpa = gpa, .size = size };

	return ioctl(td->vcpu, KVM_PRE_FAULT_MEMORY, &memory);
}

int guest_td_run(struct guest_td *td)
{
	return ioctl(td->vcpu, KVM_RUN, 0) ? -errno : (int)td->run->exit_reason;
}

bool guest_td_asks(struct guest_td *td, __u64 gpa, __u64 size, bool private)
{
	return td->run->exit_reason == KVM_EXIT_HYPERCALL &&
	       td->run->hypercall.nr == KVM_HC_MAP_GPA_RANGE &&
	       td->run->hypercall.args[0] == gpa && td->run->hypercall.args[1] == size / PAGE &&
	       td->run->hypercall.args[2] == (private ? MAP_GPA_PRIVATE : 0);
}

void guest_td_play(struct guest_td *td)
{
	model_step(TDXM_STEP_MAP_GPA, TD_END_GPA, 0, PAGE);
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	assert_true(guest_td_asks(td, TD_END_GPA, PAGE, true));
}
