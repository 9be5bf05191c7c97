// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRE_FAULT_MEMORY on private and shared pages, and while they are converted. */
#include <pthread.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "touch.h"

#define TAG	0x5300000000000000ULL
#define PAGES	16
#define SIZE	(PAGES * PAGE)

TEST(private, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	assert_int_equal(vcpu_pre_fault(&m->cpu, DATA_GPA, SIZE), 0);
	assert_int_equal(file_allocated(m->file), before + SIZE);
	expect_sigbus(m->map + DATA_GPA, "a private page");
	make_shared(m, DATA_GPA, SIZE);
	*host_word(m, DATA_GPA) = TAG;
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
}

TEST(shared, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	make_shared(m, DATA_GPA, SIZE);
	assert_int_equal(vcpu_pre_fault(&m->cpu, DATA_GPA, SIZE), 0);
	assert_int_equal(file_allocated(m->file), before + SIZE);
	*host_word(m, DATA_GPA) = TAG;
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
	make_private(m, DATA_GPA, SIZE);
	expect_sigbus(m->map + DATA_GPA, "a private page");
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
}

TEST(mixed, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	for (__u64 i = 0; i < PAGES; i += 3)
		make_shared(m, DATA_GPA + i * PAGE, PAGE);
	assert_int_equal(vcpu_pre_fault(&m->cpu, DATA_GPA, SIZE), 0);
	assert_int_equal(file_allocated(m->file), before + SIZE);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	for (__u64 at = DATA_GPA; at < DATA_GPA + SIZE; at += 3 * PAGE)
		assert_int_equal(*host_word(m, at), TAG + at);
}

TEST(refused)
{
	struct machine m;
	__u64 before;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP |
		      KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	before = file_allocated(m.file);
	expect_error(ENOENT, vcpu_pre_fault(&m.cpu, DATA_GPA, PAGE),
		     "a private hole");
	make_shared(&m, DATA_GPA, PAGE);
	expect_error(ENOENT, vcpu_pre_fault(&m.cpu, DATA_GPA, PAGE),
		     "a shared hole");
	assert_int_equal(file_allocated(m.file), before);
	expect_ok(file_allocate(m.file, DATA_GPA, PAGE), "allocating");
	assert_int_equal(vcpu_pre_fault(&m.cpu, DATA_GPA, PAGE), 0);
	machine_stop(&m);
}

struct flipper {
	struct machine *machine;
	pthread_t thread;
	bool stop;
	unsigned long rounds;
	int error;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE) && !f->error) {
		if (file_make_shared(f->machine->file, DATA_GPA, SIZE,
				     CONVERT_PRESERVE))
			f->error = errno;
		/* A vCPU's fault may pin a shared page for a moment. */
		if (file_make_private(f->machine->file, DATA_GPA, SIZE,
				      CONVERT_PRESERVE) && errno != EAGAIN)
			f->error = errno;
		f->rounds++;
	}
	return NULL;
}

/* Each of the two makes the other wait, but not for ever. */
static void *delete_and_add(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
		vm_delete_slot(f->machine->vm, 0);
		vm_add_slot(f->machine->vm, &f->machine->slot);
		f->rounds++;
	}
	return NULL;
}

/* @errors: those that are right beside the other thread, ended by 0 */
static void prefault_beside(struct machine *m, void *(*others)(void *),
			    const int *errors)
{
	struct flipper f = { .machine = m };
	unsigned long rounds;
	int wrong = 0;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(pthread_create(&f.thread, NULL, others, &f), 0);
	for (rounds = 0; rounds < 300 || f.rounds < 50; rounds++) {
		if (vcpu_pre_fault(&m->cpu, DATA_GPA, SIZE) >= 0)
			continue;
		for (const int *error = errors; *error != errno; error++) {
			if (!*error) {
				wrong = errno;
				break;
			}
		}
	}
	__atomic_store_n(&f.stop, true, __ATOMIC_RELEASE);
	pthread_join(f.thread, NULL);
	assert_int_equal(f.error, 0);
	assert_int_equal(wrong, 0);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(vcpu_pre_fault(&m->cpu, DATA_GPA, SIZE), 0);
}

/* The call succeeds, or reports that it found the page with another attribute. */
TEST(while_converting, &machine_mapped)
{
	prefault_beside(*state, flip, (const int[]){ EFAULT, 0 });
}

TEST(while_slot_goes, &machine_mapped, &machine_plain)
{
	prefault_beside(*state, delete_and_add,
			(const int[]){ EAGAIN, ENOENT, EFAULT, 0 });
}

TEST_MAIN("KVM guest: prefault")
