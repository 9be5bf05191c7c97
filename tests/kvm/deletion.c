// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events for a slot and its file while the slot is being deleted. KVM marks the
 * slot and waits for all accesses under way. An access that waits for a page of
 * user space's holds the deletion up for as long as user space likes.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "away.h"
#include "convert.h"
#include "machine.h"
#include "poll_until.h"
#include "nesting.h"
#include "text_file.h"

#define RECREATE_SECONDS	3
#define TAG		0x3100000000000000ULL

/* Slot 0 is common memory, slot 1 the file, slot 2 a missing page. */
#define FILE_SLOT	1
#define FILE_GPA	MEM_SIZE
#define FILE_SIZE	(2 * MIB)
#define AWAY_GPA	(FILE_GPA + FILE_SIZE)

struct scene {
	int vm;
	int file;
	/* The file's shared pages, if it can be mapped */
	char *map;
	/* Slot 0 */
	char *memory;
	/* Slot 2 */
	struct away away;
	/* One waits for the missing page, the other works. */
	struct vcpu waiting;
	struct vcpu cpu;

	pthread_t thread;
	pid_t tid;
	int deleted;
};

static char *map_anonymous(__u64 size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void add_plain_slot(int vm, __u32 id, __u64 gpa, char *memory, __u64 size)
{
	const struct kvm_userspace_memory_region2 region = {
		.slot = id, .guest_phys_addr = gpa, .memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	expect_ok(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region), "slot %u", id);
}

static void add_file_slot(struct scene *s)
{
	const struct slot slot = {
		.id = FILE_SLOT, .file = s->file, .gpa = FILE_GPA,
		.size = FILE_SIZE, .host = s->map,
	};

	expect_ok(vm_try_slot(s->vm, &slot), "the file's slot");
}

static void start(struct scene *s, int vm, int file, char *map)
{
	*s = (struct scene){ .vm = vm, .file = file, .map = map };
	s->memory = map_anonymous(MEM_SIZE);
	vm_load_at(s->memory);
	away_start(&s->away, map_anonymous(PAGE));
	add_plain_slot(vm, 0, 0, s->memory, MEM_SIZE);
	add_plain_slot(vm, 2, AWAY_GPA, s->away.page, PAGE);
	add_file_slot(s);
	vcpu_open(&s->waiting, vm, 0);
	vcpu_open(&s->cpu, vm, 1);
}

static void stop(struct scene *s)
{
	vcpu_close(&s->waiting);
	vcpu_close(&s->cpu);
	close(s->vm);
	close(s->file);
	away_stop(&s->away);
	if (s->map)
		munmap(s->map, FILE_SIZE);
	munmap(s->memory, MEM_SIZE);
	munmap(s->away.page, PAGE);
}

static void *delete(void *arg)
{
	struct kvm_userspace_memory_region2 region = { .slot = FILE_SLOT };
	struct scene *s = arg;

	__atomic_store_n(&s->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	s->deleted = ioctl(s->vm, KVM_SET_USER_MEMORY_REGION2, &region);
	return NULL;
}

/* Does the deletion wait for readers of the slots, with the slot marked? */
static bool waits_for_readers(struct scene *s)
{
	pid_t tid = __atomic_load_n(&s->tid, __ATOMIC_ACQUIRE);
	char path[64], where[128];

	if (!tid)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", tid);
	text_file_read(path, where, sizeof(where));
	return strstr(where, "synchronize_srcu");
}

/* From here to end_deletion() the slot is marked. */
static void begin_deletion(struct scene *s)
{
	struct poll poll = poll_start();

	vcpu_enter(&s->waiting, guest_peek, &(struct kvm_regs){ .rdi = AWAY_GPA });
	vcpu_spawn(&s->waiting, NULL);
	away_wait(&s->away);

	assert_int_equal(pthread_create(&s->thread, NULL, delete, s), 0);
	while (!waits_for_readers(s))
		assert_true(poll_again(&poll));
}

static void end_deletion(struct scene *s)
{
	away_arrive(&s->away, 0);
	vcpu_expect(&s->waiting, vcpu_join(&s->waiting), KVM_EXIT_HLT);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	expect_ok(s->deleted, "deleting");
}

/* The first shadow root of the VM makes KVM allocate its reverse maps. */
static void nest(struct scene *s)
{
	nested_prepare(&s->cpu, s->memory);
	nested_enter(&s->cpu, s->memory, guest_peek,
		     &(struct kvm_regs){ .rdi = DATA_GPA });
	vcpu_expect(&s->cpu, vcpu_run(&s->cpu), KVM_EXIT_HLT);
	nested_result(s->memory);
}

static void start_with(struct scene *s, int (*create)(int vm))
{
	const int vm = vm_create();

	start(s, vm, create(vm), NULL);
	expect_ok(vm_try_attributes(vm, FILE_GPA, FILE_SIZE, true), "attributes");
}

static int create_private(int vm)
{
	(void)vm;
	return file_create(FILE_SIZE, 0);
}

static int create_native(int vm)
{
	return vm_native_file(vm, FILE_SIZE);
}

static void expect_usable(struct scene *s)
{
	add_file_slot(s);
	assert_int_equal(peek(&s->cpu, FILE_GPA), TAG);
	assert_int_equal(peek(&s->cpu, FILE_GPA + PAGE), 0);
	poke(&s->cpu, FILE_GPA + PAGE, TAG + 2);
	expect_ok(file_punch(s->file, PAGE, PAGE), "punching");
	assert_int_equal(peek(&s->cpu, FILE_GPA + PAGE), 0);
	nest(s);
}

/*
 * A hole is punched while the slot is marked and the VM has had a shadow root
 * since.
 */
static void punch_when_marked(int (*create)(int vm))
{
	struct scene s;

	if (nesting_is_missing())
		return;
	start_with(&s, create);
	poke(&s.cpu, FILE_GPA, TAG);
	poke(&s.cpu, FILE_GPA + PAGE, TAG + 1);
	begin_deletion(&s);
	nest(&s);
	expect_ok(file_punch(s.file, PAGE, PAGE), "punching");
	end_deletion(&s);
	expect_usable(&s);
	stop(&s);
}

TEST(punch_private)
{
	punch_when_marked(create_private);
}

TEST(punch_native)
{
	punch_when_marked(create_native);
}

/*
 * The guest has a page mapped when the slot is marked, and keeps it until it is
 * punched. Its next access waits for the slot to go, and then finds no slot.
 */
static void lose_page_when_marked(int (*create)(int vm))
{
	struct scene s;

	if (nesting_is_missing())
		return;
	start_with(&s, create);
	nest(&s);
	poke(&s.cpu, FILE_GPA, TAG);
	poke(&s.cpu, FILE_GPA + PAGE, TAG + 1);
	begin_deletion(&s);
	assert_int_equal(peek(&s.cpu, FILE_GPA + PAGE), TAG + 1);
	expect_ok(file_punch(s.file, PAGE, PAGE), "punching");
	vcpu_enter(&s.cpu, guest_peek, &(struct kvm_regs){ .rdi = FILE_GPA + PAGE });
	vcpu_spawn(&s.cpu, NULL);
	/* Time for the vCPU to fault on the page that is gone */
	usleep(200000);
	end_deletion(&s);
	vcpu_expect(&s.cpu, vcpu_join(&s.cpu), -EFAULT);
	expect_usable(&s);
	stop(&s);
}

TEST(lost_page_private)
{
	lose_page_when_marked(create_private);
}

TEST(lost_page_native)
{
	lose_page_when_marked(create_native);
}

struct puncher {
	pthread_t thread;
	int file;
	bool over;
	unsigned long punched;
	int error;
};

static void *punch(void *arg)
{
	struct puncher *p = arg;

	while (!__atomic_load_n(&p->over, __ATOMIC_ACQUIRE)) {
		if (file_punch(p->file, PAGE, PAGE)) {
			p->error = errno;
			break;
		}
		p->punched++;
	}
	return NULL;
}

/*
 * A file is bound before its slot is complete and in force, and is still bound
 * after the slot is out of force.
 */
static void recreate_under_punches(int (*create)(int vm))
{
	const double end = seconds_now() + RECREATE_SECONDS;
	struct puncher p = { .file = -1 };
	unsigned long rounds = 0;
	struct scene s;

	if (nesting_is_missing())
		return;
	start_with(&s, create);
	nest(&s);
	p.file = s.file;
	assert_int_equal(pthread_create(&p.thread, NULL, punch, &p), 0);
	for (; seconds_now() < end; rounds++) {
		vm_delete_slot(s.vm, FILE_SLOT);
		add_file_slot(&s);
	}
	__atomic_store_n(&p.over, true, __ATOMIC_RELEASE);
	pthread_join(p.thread, NULL);
	assert_int_equal(p.error, 0);
	print_message("# %lu slots, %lu punches\n", rounds, p.punched);
	stop(&s);
}

TEST(recreate_private)
{
	recreate_under_punches(create_private);
}

TEST(recreate_native)
{
	recreate_under_punches(create_native);
}

/*
 * The file says which pages are private until the slot is gone: an access that
 * KVM makes for the guest goes to the file, whatever the VM's attributes are.
 */
TEST(attribute_when_marked)
{
	const int file = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	struct scene s;

	start(&s, vm_create(), file, file_map(file, FILE_SIZE));
	expect_ok(file_make_shared(s.file, PAGE, PAGE, 0), "sharing");
	vcpu_call(&s.cpu, guest_emulated_poke, FILE_GPA, TAG, 0);
	begin_deletion(&s);
	assert_int_equal(vcpu_call(&s.cpu, guest_emulated_peek, FILE_GPA, 0, 0), TAG);
	vcpu_call(&s.cpu, guest_emulated_poke, FILE_GPA + PAGE, TAG + 1, 0);
	assert_int_equal(*(volatile __u64 *)(s.map + PAGE), TAG + 1);
	end_deletion(&s);
	add_file_slot(&s);
	assert_int_equal(peek(&s.cpu, FILE_GPA), TAG);
	stop(&s);
}

TEST_MAIN("KVM guest: deletion of slots", .setup = emulation_setup)
