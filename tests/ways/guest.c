// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way in, to pages that a guest has written, whose content no process ever
 * had. KVM's interface for a VMM is tried too, and root's ways that work.
 */
#include <fcntl.h>
#include <ftw.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_probe.h"
#include "convert.h"
#include "disks.h"
#include "kcore.h"
#include "machine.h"
#include "probe.h"
#include "trial.h"

#define PAGES	16

/* The page under attack; the file goes on behind the slot */
#define SECRET_GPA	(DATA_GPA + 3 * PAGE)
#define FILE_SIZE	(2 * MEM_SIZE)

/* Slot 1 of another VM */
#define OTHER_GPA	(4 * MEM_SIZE)

/*
 * Different for each test: the content of the last test's guest may still be in free
 * memory, for root to find.
 */
static __u64 tag = 0x5e00000000000000ULL;
#define NEXT_TAG	(1ULL << 40)

static struct secret secret;
static struct machine machine;
static unsigned char *nowhere;

static int start(void **state)
{
	const char *kind = *state;
	const int file = file_of_kind(kind, FILE_SIZE);

	tag += NEXT_TAG;
	machine_start_on(&machine, file, MEM_SIZE,
			 strcmp(kind, "plain") ? KVM_PRIVATE_FLAG_MMAP : 0);
	fill(&machine.cpu, DATA_GPA, PAGES, tag);
	secret = (struct secret) {
		.kind = kind, .word = tag + SECRET_GPA,
		.target = {
			.fd = file, .offset = SECRET_GPA,
			.address = nowhere + SECRET_GPA,
			.protection = PROT_NONE,
		},
	};
	if (!machine.map)
		return 0;
	secret.target.address = (unsigned char *)machine.map + SECRET_GPA;
	secret.target.protection = PROT_READ | PROT_WRITE;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_stop(&machine);
	return 0;
}

/* After all attempts the guest finds its own content. */
static void expect_intact(void)
{
	expect_filled(&machine.cpu, DATA_GPA, PAGES, tag);
}

static void tell_kvm(const char *way, const char *error, size_t got)
{
	tell(secret.kind, "VMM", way, "%zu bytes, %s", got, error);
	assert_int_equal(got, 0);
}

static const struct fixture plain = KIND_FIXTURE(plain, start, stop);
static const struct fixture mapped = KIND_FIXTURE(mapped, start, stop);
static const struct fixture huge = KIND_FIXTURE(huge, start, stop);

TEST(every_way, &plain, &mapped, &huge)
{
	try_all_ways(&secret);
	expect_intact();
}

/* A guest of the same VMM's, in a VM of its own */
struct other {
	int file;
	int vm;
	struct vcpu cpu;
};

static void other_start(struct other *other, int file, __u64 offset)
{
	const struct slot slot = {
		.file = file, .size = MEM_SIZE, .offset = offset,
	};

	other->file = file;
	other->vm = vm_create();
	vm_load(file, offset);
	vm_add_slot(other->vm, &slot);
	vcpu_open(&other->cpu, other->vm, 0);
}

static void other_stop(struct other *other)
{
	vcpu_close(&other->cpu);
	close(other->vm);
}

TEST(second_vm, &plain, &mapped, &huge)
{
	const struct slot same = {
		.id = 1, .gpa = OTHER_GPA, .size = PAGE, .file = machine.file,
		.offset = SECRET_GPA,
	};
	struct other other;

	other_start(&other, machine.file, MEM_SIZE);
	expect_error(EEXIST, vm_try_slot(other.vm, &same), "the same page");
	tell_kvm("a second VM with the page", "EEXIST", 0);

	/* Its own part of the file has nothing but zeros. */
	assert_int_equal(zeros(&other.cpu, DATA_GPA,
			       (MEM_SIZE - DATA_GPA) / PAGE, 0),
			 (MEM_SIZE - DATA_GPA) / sizeof(__u64));
	tell_kvm("a second VM with the rest of the file", "zeros", 0);
	other_stop(&other);
	expect_intact();
}

static long compare(int one, int other)
{
	return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, one, other);
}

/* A binding of the file isn't visible, nor is another VM's part of it. */
TEST(compared, &plain, &mapped)
{
	const int again = dup(machine.vm);
	struct other other;

	other_start(&other, machine.file, MEM_SIZE);
	assert_int_equal(compare(machine.vm, again), 0);
	assert_in_range(compare(machine.vm, machine.file), 1, 2);
	assert_in_range(compare(machine.vm, other.vm), 1, 2);
	tell_kvm("kcmp of VMs and the file", "the same file or not", 0);
	other_stop(&other);
	close(again);
	expect_intact();
}

/* KVM reads such a slot through the VMM's page tables. */
TEST(ordinary_slot, &plain, &mapped, &huge)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = 1, .guest_phys_addr = OTHER_GPA, .memory_size = PAGE,
		.userspace_addr = (uintptr_t)secret.target.address,
	};
	struct other other;

	other_start(&other, file_create(MEM_SIZE, 0), 0);
	expect_ok(ioctl(other.vm, KVM_SET_USER_MEMORY_REGION2, &region),
		  "the mapping as a slot");
	vcpu_enter(&other.cpu, guest_peek, &(struct kvm_regs){
		   .rdi = OTHER_GPA });
	vcpu_expect(&other.cpu, vcpu_run(&other.cpu), -EFAULT);
	tell_kvm("the mapping as another VM's memory", "EFAULT", 0);
	other_stop(&other);
	close(other.file);
	expect_intact();
}

TEST(dirty_log, &plain, &mapped)
{
	__u64 bits[MEM_SIZE / PAGE / 64] = { 0 };
	struct kvm_dirty_log log = { .slot = 0, .dirty_bitmap = bits };
	struct kvm_userspace_memory_region2 region = {
		.slot = 1, .flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES,
		.guest_phys_addr = OTHER_GPA, .memory_size = PAGE,
		.userspace_addr = (uintptr_t)nowhere,
		.guest_memfd = machine.file, .guest_memfd_offset = MEM_SIZE,
	};

	expect_error(ENOENT, ioctl(machine.vm, KVM_GET_DIRTY_LOG, &log),
		     "the log of a private slot");
	tell_kvm("KVM_GET_DIRTY_LOG", "ENOENT", 0);
	expect_error(EINVAL, ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION2,
				   &region), "a slot that logs");
	tell_kvm("KVM_MEM_LOG_DIRTY_PAGES", "EINVAL", 0);
}

/* Such a VM finds the VMM's memory there then, and the file keeps its page. */
TEST(attributes, &plain, &mapped)
{
	const char *const way = "KVM_SET_MEMORY_ATTRIBUTES, shared";

	expect_ok(vm_try_attributes(machine.vm, SECRET_GPA, PAGE, false),
		  "as shared");
	vcpu_enter(&machine.cpu, guest_peek, &(struct kvm_regs){
		   .rdi = SECRET_GPA });
	if (machine.map) {
		/* The file says which pages are private. */
		vcpu_expect(&machine.cpu, vcpu_run(&machine.cpu), KVM_EXIT_HLT);
		tell_kvm(way, "ignored", 0);
	} else {
		vcpu_expect(&machine.cpu, vcpu_run(&machine.cpu), -EFAULT);
		tell_kvm(way, "EFAULT for the guest", 0);
	}
	expect_ok(vm_try_attributes(machine.vm, SECRET_GPA, PAGE, true),
		  "as private");
	expect_intact();
}

static size_t found_in_files;
static unsigned int files_read;

static int look_into(const char *path, const struct stat *stat, int type)
{
	static __u64 text[64 * KIB / sizeof(__u64)];
	ssize_t got;
	int fd;

	(void)stat;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	while (fd >= 0 && (got = read(fd, text, sizeof(text))) > 0)
		found_in_files += words_in(text, got, secret.word);
	files_read += fd >= 0;
	close(fd);
	return 0;
}

/* All that the kernel tells about KVM and about this module */
TEST(tellers, &mapped)
{
	static const char *const places[] = {
		"/sys/kernel/debug/kvm", "/sys/module/kvm", "/sys/module/kvm_private",
		"/proc/self/fdinfo",
	};

	found_in_files = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		files_read = 0;
		assert_int_equal(ftw(places[i], look_into, 16), 0);
		assert_int_not_equal(files_read, 0);
		tell_kvm(places[i], "counters", found_in_files);
	}
}

/* Root's access, by design: all memory of the machine is a file to root. */
TEST(all_memory, &plain, &mapped, &huge)
{
	const __u64 changed = secret.word + 1;
	__u64 words[WORDS], pfn = 0;
	struct bpf_probe probe;
	struct kcore kcore;

	kcore_open(&kcore);
	assert_true(kcore_find(&kcore, secret.word, &pfn) > 0);
	kcore_read(&kcore, pfn, words);
	assert_int_equal(words_in(words, PAGE, secret.word), PAGE);
	tell(secret.kind, "root", "/proc/kcore", "%llu bytes", PAGE);

	/* Root sees the page itself: the guest's next write shows there. */
	poke(&machine.cpu, SECRET_GPA, changed);
	kcore_read(&kcore, pfn, words);
	assert_int_equal(words[0], changed);
	probe_read(kcore_address(&kcore, pfn), words);
	assert_int_equal(words[0], changed);
	assert_int_equal(words_in(words, PROBE_WORDS * sizeof(*words),
				  secret.word),
			 (PROBE_WORDS - 1) * sizeof(*words));
	tell(secret.kind, "root", "a kprobe that reads there", "%zu bytes a hit",
	     PROBE_WORDS * sizeof(*words));

	memset(words, 0, sizeof(words));
	expect_ok(bpf_probe_load(&probe), "loading a BPF program");
	bpf_probe_read(&probe, kcore_address(&kcore, pfn), words);
	bpf_probe_unload(&probe);
	assert_int_equal(words[0], changed);
	assert_int_equal(words_in(words, PAGE, secret.word), PAGE - sizeof(*words));
	tell(secret.kind, "root", "a BPF program that reads there",
	     "%llu bytes a run", PAGE);
	poke(&machine.cpu, SECRET_GPA, secret.word);
	kcore_close(&kcore);
	expect_intact();
}

/* The VMM's access, by design: such a guest trusts it. */
TEST(granted_to_the_vmm, &plain, &mapped)
{
	struct other other = { .vm = vm_create() };

	assert_int_equal(peek(&machine.cpu, SECRET_GPA), secret.word);
	tell(secret.kind, "VMM", "setting the vCPU's registers",
	     "8 bytes a KVM_RUN");

	vm_delete_slot(machine.vm, 0);
	vm_load(machine.file, 0);
	vm_add_slot(other.vm, &machine.slot);
	vcpu_open(&other.cpu, other.vm, 0);
	expect_filled(&other.cpu, DATA_GPA, PAGES, tag);
	tell(secret.kind, "VMM", "a guest of one's own, once unbound",
	     "%llu bytes", PAGE);
	other_stop(&other);
}

int main(void)
{
	nowhere = mmap(NULL, FILE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	if (nowhere == MAP_FAILED)
		return 1;
	return tests_run("ways in: a guest's pages",
			 &(struct fixture){ .setup = disks_group_setup });
}
