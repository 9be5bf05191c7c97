// SPDX-License-Identifier: GPL-2.0-only
/* The guest, the host's mappings and calls that take pages away, all at once */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "guest.h"
#include "meminfo.h"
#include "workers.h"

#define SECONDS		2
#define GUEST_TAG	0x2100000000000000ULL
#define SECOND_TAG	0x2200000000000000ULL
#define HOST_TAG	0x2300000000000000ULL

/* Shared by the workers; the guest patrols all pages of the file. */
static struct guest guest;
static atomic_int published = -1;

static __u64 pick(struct worker *worker, __u64 *size)
{
	__u64 first = rand_r(&worker->seed) % FILE_PAGES;

	*size = (1 + rand_r(&worker->seed) % (FILE_PAGES - first)) * PAGE;
	return first * PAGE;
}

static void punch_or_allocate(struct worker *worker)
{
	__u64 size, offset = pick(worker, &size);

	if (rand_r(&worker->seed) % 2)
		worker_note(worker, "punch", fallocate(guest.file, HOLE, offset, size),
			    NULL);
	else
		worker_note(worker, "allocate", fallocate(guest.file, FALLOC_FL_KEEP_SIZE,
							  offset, size), NULL);
}

/* A word is a page's own address under one of the tags, or zero. */
static bool is_foreign(__u64 value, __u64 gpa)
{
	return value && value != GUEST_TAG + gpa && value != SECOND_TAG + gpa &&
	       value != HOST_TAG + gpa;
}

static void touch_at(struct worker *worker, volatile __u64 *word, __u64 gpa)
{
	if (rand_r(&worker->seed) % 2)
		*word = HOST_TAG + gpa;
	worker->calls++;
	if (is_foreign(*word, gpa))
		worker_failed(worker, "foreign word in a mapping");
}

static void touch(struct worker *worker)
{
	__u64 size, gpa = DATA_GPA + pick(worker, &size);

	touch_at(worker, guest_word(&guest, gpa), gpa);
}

static void map_and_touch(struct worker *worker)
{
	__u64 size, offset = pick(worker, &size);
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, guest.file,
			 offset);

	worker_note(worker, "mmap", map == MAP_FAILED ? -1 : 0, NULL);
	if (map == MAP_FAILED)
		return;
	touch_at(worker, (__u64 *)map, DATA_GPA + offset);
	touch_at(worker, (__u64 *)(map + size - PAGE), DATA_GPA + offset + size - PAGE);
	worker_note(worker, "DONTNEED", madvise(map, size, MADV_DONTNEED), NULL);
	touch_at(worker, (__u64 *)map, DATA_GPA + offset);
	worker_note(worker, "munmap", munmap(map, size), NULL);
}

static void patrol(struct vcpu *cpu, __u64 tag, bool (*carry_on)(int result))
{
	vcpu_enter(cpu, guest_patrol, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = FILE_PAGES, .rdx = tag, .r10 = GUEST_TAG,
		   .r11 = SECOND_TAG, .r12 = HOST_TAG });
	vcpu_spawn(cpu, carry_on);
}

static void end_patrol(struct vcpu *cpu)
{
	int result = vcpu_stop(cpu);
	struct kvm_regs regs = vcpu_regs(cpu);

	if (result == KVM_EXIT_HLT)
		fail_msg("The guest found %#llx at %#llx", regs.r9, regs.r8);
	vcpu_expect(cpu, result, -EINTR);
	assert_int_not_equal(regs.r15, 0);
}

/* Neither guest nor host ever sees another page's content, or another owner's. */
TEST(for_pages)
{
	struct worker workers[] = {
		{ .one_call = punch_or_allocate }, { .one_call = punch_or_allocate },
		{ .one_call = touch }, { .one_call = map_and_touch },
	};
	__u64 before = settled_memfree();
	struct vcpu second;

	guest_start(&guest, FILE_SIZE, SHARED, NULL);
	vcpu_open(&second, guest.vm, 1);
	patrol(&guest.cpu, GUEST_TAG, NULL);
	patrol(&second, SECOND_TAG, NULL);
	workers_run(workers, ARRAY_SIZE(workers), SECONDS);
	end_patrol(&guest.cpu);
	end_patrol(&second);
	vcpu_close(&second);
	guest_stop(&guest);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static bool is_gone(int error)
{
	return error == EBADF || error == EEXIST || error == EINVAL;
}

/*
 * Each slot number is one worker's. Another worker may close the file meanwhile.
 */
static void make_and_bind(struct worker *worker)
{
	__u32 slot = (uintptr_t)worker->arg;
	struct kvm_userspace_memory_region2 region;
	int fd = memfd_try(guest.vm, FILE_SIZE, SHARED), old;

	worker_note(worker, "create", fd, NULL);
	if (fd < 0)
		return;
	region = region_of(slot, slot * GIB, FILE_SIZE, fd, 0);
	old = atomic_exchange(&published, fd);
	worker_note(worker, "bind", region_try(guest.vm, &region), is_gone);
	if (old >= 0)
		close(old);
	worker_note(worker, "delete", region_delete(guest.vm, slot), is_gone);
}

static void close_published(struct worker *worker)
{
	int fd = atomic_exchange(&published, -1);

	worker->calls++;
	if (fd >= 0)
		close(fd);
}

TEST(for_descriptors)
{
	struct worker workers[] = {
		{ .one_call = make_and_bind, .arg = (void *)2 },
		{ .one_call = make_and_bind, .arg = (void *)3 },
		{ .one_call = close_published }, { .one_call = close_published },
	};
	__u64 before = settled_memfree();
	unsigned int fds = open_fds();

	guest_start(&guest, FILE_SIZE, SHARED, NULL);
	workers_run(workers, ARRAY_SIZE(workers), SECONDS);
	close_published(&workers[2]);
	guest_stop(&guest);
	assert_int_equal(open_fds(), fds);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* The guest leaves KVM_RUN when it finds no slot, and is sent back. */
static bool after_mmio(int result)
{
	return result == KVM_EXIT_MMIO;
}

static void change_slot(struct worker *worker)
{
	struct kvm_userspace_memory_region2 region =
		region_of(DATA_SLOT, DATA_GPA, FILE_SIZE, guest.file, 0);

	worker_note(worker, "delete", region_delete(guest.vm, DATA_SLOT), NULL);
	worker_note(worker, "add", region_try(guest.vm, &region), NULL);
}

TEST(for_the_slot)
{
	struct worker workers[] = {
		{ .one_call = change_slot }, { .one_call = punch_or_allocate },
		{ .one_call = touch },
	};
	__u64 before = settled_memfree();
	int result;

	guest_start(&guest, FILE_SIZE, SHARED, NULL);
	/* The guest only looks: a write might go to no slot. */
	vcpu_enter(&guest.cpu, guest_patrol, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = FILE_PAGES, .r10 = HOST_TAG,
		   .r11 = HOST_TAG, .r12 = HOST_TAG });
	memset(guest.cpu.run->mmio.data, 0, 8);
	vcpu_spawn(&guest.cpu, after_mmio);
	workers_run(workers, ARRAY_SIZE(workers), SECONDS);
	result = vcpu_stop(&guest.cpu);
	if (result != KVM_EXIT_MMIO)
		vcpu_expect(&guest.cpu, result, -EINTR);
	guest_stop(&guest);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static bool is_on_its_way(int error)
{
	return error == ENOENT || error == EAGAIN || error == EINTR;
}

static void pre_fault(struct worker *worker)
{
	struct kvm_pre_fault_memory range = { };
	sigset_t signals;

	/* Only this thread gets the timer's signals. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);

	range.gpa = DATA_GPA + pick(worker, &range.size);
	worker_note(worker, "prefault", ioctl(guest.cpu.fd, KVM_PRE_FAULT_MEMORY, &range),
		    is_on_its_way);
}

/*
 * A lookup while its slot is being deleted may be tried again and again, also in
 * Linux 7.3, and that holds up the slot's end as well. A signal ends it.
 */
TEST(for_prefaulting)
{
	const struct itimerspec often = { { .tv_nsec = 5000000 }, { .tv_nsec = 5000000 } };
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};
	struct worker workers[] = {
		{ .one_call = pre_fault }, { .one_call = change_slot },
		{ .one_call = punch_or_allocate },
	};
	__u64 before = settled_memfree();
	sigset_t signals;
	timer_t timer;

	guest_start(&guest, FILE_SIZE, SHARED, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	expect_ok(timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create");
	expect_ok(timer_settime(timer, 0, &often, NULL), "timer_settime");
	workers_run(workers, ARRAY_SIZE(workers), SECONDS);
	timer_delete(timer);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	guest_stop(&guest);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST_MAIN("guest_memfd: contests")
