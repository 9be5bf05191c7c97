// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm_gmem_populate(), with which SEV-SNP and TDX launch their guests. In Linux
 * 6.12 a guest_memfd refuses a page that the guest could have seen; a private
 * file takes pages as they are.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "convert.h"
#include "kmod.h"
#include "kvm_populate_test.h"
#include "machine.h"
#include "poll_until.h"
#include "thread_state.h"
#include "touch.h"

#define MODULE	"kvm_populate_test"
/*
 * From Linux 7.2 on KVM exports kvm_gmem_populate() for modules of its own
 * alone, so that there it has the name of one.
 */
#define MODULE_OF_KVM	"kvm_intel"
#define TAG	0x3700000000000000ULL
#define PAGES	8
#define SIZE	(PAGES * PAGE)
#define NATIVE_GPA	(2 * MEM_SIZE)

static int device;

/* Pages of TAG + address, as guest_check knows them for gpa */
static __u64 *make_source(__u64 gpa)
{
	__u64 *source = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(source, MAP_FAILED);
	for (size_t i = 0; i < SIZE / 8; i++)
		source[i] = TAG + gpa + i / WORDS * PAGE;
	return source;
}

static struct kpop_populate whole(const struct machine *m, __u64 gpa,
				  const void *source)
{
	return (struct kpop_populate){
		.vm = m->vm, .gpa = gpa, .source = (uintptr_t)source,
		.pages = PAGES, .fail_at = KPOP_NEVER, .pause_at = KPOP_NEVER,
	};
}

static int populate(struct kpop_populate *args)
{
	return ioctl(device, KPOP_POPULATE, args);
}

/* Is this KVM's own guest_memfd newer than 6.12's? */
static bool is_newer(int vm)
{
	return ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD_FLAGS);
}

/* Populates all pages, or fails the test. */
static void populate_all(struct machine *m, __u64 gpa, const void *source)
{
	struct kpop_populate args = whole(m, gpa, source);

	assert_int_equal(expect_ok(populate(&args), "populating"), PAGES);
	assert_int_equal(args.filled, PAGES);
}

/* Adds a slot with a guest_memfd; returns its descriptor. */
static int add_native(struct machine *m)
{
	struct slot native = {
		.id = 1, .file = vm_native_file(m->vm, SIZE), .gpa = NATIVE_GPA,
		.size = SIZE,
	};

	vm_add_slot(m->vm, &native);
	return native.file;
}

/* Each makes some page of the range present, in one of the possible ways. */
static void leave_missing(struct machine *m, int file, __u64 offset, __u64 gpa)
{
	(void)m;
	(void)file;
	(void)offset;
	(void)gpa;
}

static void do_fallocate(struct machine *m, int file, __u64 offset, __u64 gpa)
{
	(void)m;
	(void)gpa;
	/* KVM wants that flag for a guest_memfd's range. */
	expect_ok(fallocate(file, FALLOC_FL_KEEP_SIZE, offset, SIZE),
		  "allocating");
}

static void do_prefault(struct machine *m, int file, __u64 offset, __u64 gpa)
{
	(void)file;
	(void)offset;
	assert_int_equal(vcpu_pre_fault(&m->cpu, gpa, SIZE), 0);
}

static void do_guest_write(struct machine *m, int file, __u64 offset, __u64 gpa)
{
	(void)file;
	(void)offset;
	fill(&m->cpu, gpa, PAGES, ~TAG);
}

struct way {
	const char *name;
	void (*make_present)(struct machine *m, int file, __u64 offset,
			     __u64 gpa);
	/* Does Linux 6.12's guest_memfd? Later ones take pages as they are, too. */
	bool native_refuses;
};

static const struct way ways[] = {
	{ "missing pages", leave_missing, false },
	{ "fallocated pages", do_fallocate, false },
	{ "prefaulted pages", do_prefault, true },
	{ "pages that the guest wrote", do_guest_write, true },
};

TEST(native, &machine_plain)
{
	struct machine *m = *state;
	__u64 *source = make_source(NATIVE_GPA);
	bool refuses = !is_newer(m->vm);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct kpop_populate args = whole(m, NATIVE_GPA, source);
		int file = add_native(m);

		ways[i].make_present(m, file, 0, NATIVE_GPA);
		if (refuses && ways[i].native_refuses) {
			expect_error(EEXIST, populate(&args), "%s", ways[i].name);
			assert_int_equal(args.filled, 0);
		} else {
			populate_all(m, NATIVE_GPA, source);
			expect_filled(&m->cpu, NATIVE_GPA, PAGES, TAG);
		}
		vm_delete_slot(m->vm, 1);
		close(file);
	}
	munmap(source, SIZE);
}

TEST(ours, &machine_plain)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		__u64 before = file_allocated(m->file);

		ways[i].make_present(m, m->file, DATA_GPA, DATA_GPA);
		populate_all(m, DATA_GPA, source);
		expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
		/* And once more, over pages that the guest has mapped now */
		source[0]++;
		populate_all(m, DATA_GPA, source);
		assert_int_equal(peek(&m->cpu, DATA_GPA), source[0]);
		source[0]--;
		assert_int_equal(file_allocated(m->file), before + SIZE);
		expect_ok(file_punch(m->file, DATA_GPA, SIZE), "punching");
	}
	munmap(source, SIZE);
}

TEST(in_place, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, SIZE);
	for (__u64 at = 0; at < SIZE; at += 8)
		*host_word(m, DATA_GPA + at) = TAG + DATA_GPA + (at & -PAGE);
	make_private(m, DATA_GPA, SIZE);
	populate_all(m, DATA_GPA, NULL);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	populate_all(m, DATA_GPA + SIZE, NULL);
	assert_int_equal(zeros(&m->cpu, DATA_GPA + SIZE, PAGES, TAG),
			 PAGES * WORDS);
}

/* The source is a mapping of the very file, whose lock is held meanwhile. */
TEST(source_in_the_same_file, &machine_mapped)
{
	struct machine *m = *state;
	const __u64 source = DATA_GPA + MIB;
	__u64 *pages = make_source(DATA_GPA);

	make_shared(m, source, SIZE);
	memcpy(m->map + source, pages, SIZE);
	populate_all(m, DATA_GPA, m->map + source);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);

	/* Not mapped yet, not even allocated: faulted in on the way */
	expect_ok(file_punch(m->file, source, SIZE), "punching");
	populate_all(m, DATA_GPA, m->map + source);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	munmap(pages, SIZE);
}

TEST(source_in_another_file, &machine_mapped)
{
	struct machine *m = *state;
	int other = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);
	char *source = file_map(other, SIZE);
	__u64 *pages = make_source(DATA_GPA);

	memcpy(source, pages, SIZE);
	populate_all(m, DATA_GPA, source);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	munmap(source, SIZE);
	munmap(pages, SIZE);
	close(other);
}

/* A private page can't be read to fill another one, nor to fill itself. */
TEST(private_source, &machine_mapped)
{
	struct machine *m = *state;
	struct kpop_populate args;
	__u64 *pages = make_source(DATA_GPA);

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	args = whole(m, DATA_GPA, m->map + DATA_GPA);
	expect_error(EFAULT, populate(&args), "a page from itself");
	args = whole(m, DATA_GPA, m->map + DATA_GPA + MIB);
	expect_error(EFAULT, populate(&args), "a private hole");
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);

	/* The third page of the source is private: two pages are done. */
	make_shared(m, DATA_GPA + MIB, SIZE);
	make_private(m, DATA_GPA + MIB + 2 * PAGE, PAGE);
	memcpy(m->map + DATA_GPA + MIB, pages + WORDS, 2 * PAGE);
	assert_int_equal(populate(&args), 2);
	assert_int_equal(args.filled, 2);
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), TAG + DATA_GPA + 2 * PAGE);
	expect_filled(&m->cpu, DATA_GPA + 2 * PAGE, PAGES - 2, TAG);
	munmap(pages, SIZE);
}

/*
 * Anonymous memory that wasn't touched before, and a file that wasn't read
 * before
 */
TEST(absent_source, &machine_plain)
{
	struct machine *m = *state;
	void *source = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(source, MAP_FAILED);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	populate_all(m, DATA_GPA, source);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	munmap(source, SIZE);
}

TEST(unmapped_source, &machine_plain)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct kpop_populate args = whole(m, DATA_GPA, source);

	munmap((char *)source + 3 * PAGE, PAGE);
	assert_int_equal(populate(&args), 3);
	args.source += 3 * PAGE;
	expect_error(EFAULT, populate(&args), "no memory");
	expect_filled(&m->cpu, DATA_GPA, 3, TAG);
	munmap(source, SIZE);
}

/* The call tells how far it got and undoes nothing; a second call goes on. */
TEST(failure_in_the_middle, &machine_plain)
{
	static const int errors[] = { -EIO, -ENOMEM, -EBUSY, -EEXIST };
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct kpop_populate args;
	__u64 before = file_allocated(m->file);

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		args = whole(m, DATA_GPA, source);
		args.error = errors[i];
		args.fail_at = 0;
		expect_error(-errors[i], populate(&args), "failing at once");
		args.fail_at = 3;
		assert_int_equal(populate(&args), 3);
		assert_int_equal(args.filled, 3);
		expect_between(file_allocated(m->file), before + 3 * PAGE,
			       before + 4 * PAGE, "allocated");

		expect_filled(&m->cpu, DATA_GPA, 3, TAG);
		args = whole(m, DATA_GPA + 3 * PAGE,
			     (char *)source + 3 * PAGE);
		args.pages -= 3;
		assert_int_equal(populate(&args), PAGES - 3);
		expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
		expect_ok(file_punch(m->file, DATA_GPA, SIZE), "punching");
	}
	munmap(source, SIZE);
}

TEST(shared_destination, &machine_mapped)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct kpop_populate args = whole(m, DATA_GPA, source);

	make_shared(m, DATA_GPA, PAGE);
	*host_word(m, DATA_GPA) = 5;
	expect_error(EINVAL, populate(&args), "a shared page");
	assert_int_equal(*host_word(m, DATA_GPA), 5);
	make_private(m, DATA_GPA, PAGE);
	make_shared(m, DATA_GPA + 4 * PAGE, PAGE);
	assert_int_equal(populate(&args), 4);
	expect_filled(&m->cpu, DATA_GPA, 4, TAG);
	assert_int_equal(*host_word(m, DATA_GPA + 4 * PAGE), 0);
	munmap(source, SIZE);
}

/* In a slot whose file can't be mapped the VM says which pages are private. */
TEST(shared_by_attribute, &machine_plain)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct kpop_populate args = whole(m, DATA_GPA, source);

	expect_ok(vm_try_attributes(m->vm, DATA_GPA + PAGE, PAGE, false),
		  "attributes");
	assert_int_equal(populate(&args), 1);
	args.gpa += PAGE;
	expect_error(EINVAL, populate(&args), "a shared page");
	munmap(source, SIZE);
}

TEST(range, &machine_plain)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct kpop_populate args = whole(m, MEM_SIZE - 2 * PAGE, source);

	/*
	 * The call stops at the end of the slot, as it does for a guest_memfd.
	 */
	assert_int_equal(populate(&args), 2);
	args.gpa = MEM_SIZE;
	expect_error(EINVAL, populate(&args), "no slot");
	args.gpa = DATA_GPA;
	args.pages = -1;
	/* Newer kernels also warn of the caller's mistake. */
	if (!is_newer(m->vm))
		expect_error(EINVAL, populate(&args), "less than nothing");
	munmap(source, SIZE);
}

struct call {
	pthread_t thread;
	struct machine *machine;
	struct kpop_populate args;
	pid_t tid;
	bool done;
	int result;
};

static void *call_populate(void *arg)
{
	struct call *call = arg;

	call->result = populate(&call->args);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *call_share(void *arg)
{
	struct call *call = arg;

	__atomic_store_n(&call->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	call->result = file_make_shared(call->machine->file, DATA_GPA, SIZE,
					CONVERT_PRESERVE);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Does the thread sleep in the kernel, waiting for a lock? */
static bool is_waiting(struct call *call)
{
	return thread_state(__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE)) == 'D';
}

/* The whole range keeps its attribute until the last page has its content. */
TEST(no_conversion_in_between, &machine_mapped)
{
	struct machine *m = *state;
	__u64 *source = make_source(DATA_GPA);
	struct call fills = { .machine = m, .args = whole(m, DATA_GPA, source) };
	struct call shares = { .machine = m };
	struct poll poll;
	bool early;

	fills.args.pause_at = PAGES / 2;
	assert_int_equal(pthread_create(&fills.thread, NULL, call_populate,
					&fills), 0);
	expect_ok(ioctl(device, KPOP_AWAIT), "waiting for the callback");
	assert_int_equal(pthread_create(&shares.thread, NULL, call_share,
					&shares), 0);
	poll = poll_start();
	while (!is_waiting(&shares) && poll_again(&poll))
		;
	early = __atomic_load_n(&shares.done, __ATOMIC_ACQUIRE) ||
		!is_waiting(&shares);
	expect_ok(ioctl(device, KPOP_RELEASE), "releasing the callback");
	pthread_join(fills.thread, NULL);
	pthread_join(shares.thread, NULL);

	assert_false(early);
	assert_int_equal(fills.result, PAGES);
	assert_int_equal(shares.result, 0);
	for (__u64 at = DATA_GPA; at < DATA_GPA + SIZE; at += PAGE)
		assert_int_equal(*host_word(m, at), TAG + at);
	munmap(source, SIZE);
}

static int group_setup(void **state)
{
	(void)state;
	expect_ok(module_load(MODULE),
		  "loading " MODULE ", which tests/build-module makes");
	device = expect_ok(open(KPOP_DEVICE, O_RDWR | O_CLOEXEC),
			   "opening " KPOP_DEVICE);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	close(device);
	if (module_unload(MODULE))
		expect_ok(module_unload(MODULE_OF_KVM), "unloading " MODULE);
	return 0;
}

TEST_MAIN("KVM guest: populating", .setup = group_setup, .teardown = group_teardown)
