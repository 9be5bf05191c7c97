// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guests.h"
#include "layout.h"
#include "unit.h"
#include "vcpu.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Far above what any guest needs even where everything is emulated. */
#define WATCHDOG_SECONDS	60

#define CPUID_ENTRIES		256

static __thread struct kvm_run *running;
static __thread bool timed_out;

/*
 * Without immediate_exit a signal that arrives just before KVM_RUN would be
 * lost.
 */
static void leave_guest(int signal)
{
	if (running)
		running->immediate_exit = 1;
	if (signal == SIGALRM)
		__atomic_store_n(&timed_out, true, __ATOMIC_RELAXED);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = leave_guest };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

static struct {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[CPUID_ENTRIES];
} supported;

static void ask_for_cpuid(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	supported.head.nent = CPUID_ENTRIES;
	expect_ok(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &supported),
		  "KVM_GET_SUPPORTED_CPUID");
	close(kvm);
}

/*
 * The answer is the same for all vCPUs, and the ioctl takes longer than all
 * other steps of a start.
 */
static struct kvm_cpuid2 *supported_cpuid(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, ask_for_cpuid);
	return &supported.head;
}

static bool offers(__u32 function, unsigned int bit_of_ecx)
{
	const struct kvm_cpuid2 *cpuid = supported_cpuid();

	for (__u32 i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function)
			return cpuid->entries[i].ecx & 1U << bit_of_ecx;
	return false;
}

bool vcpu_has_svm(void)
{
	return offers(0x80000001, 2);
}

bool vcpu_has_vmx(void)
{
	return offers(1, 5);
}

bool vcpu_has_umip(void)
{
	return offers(7, 2);
}

static void set_long_mode(int vcpu)
{
	const struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 16, .type = 3,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_sregs sregs;

	expect_ok(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.ds = data;
	sregs.es = data;
	sregs.ss = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.cs = data;
	sregs.cs.selector = 8;
	sregs.cs.type = 11;
	sregs.cs.db = 0;
	sregs.cs.l = 1;
	sregs.cr0 = 0x80050033;	/* PG, AM, WP, NE, ET, MP, PE */
	sregs.cr3 = PML4_GPA;
	sregs.cr4 = 0x20;	/* PAE */
	sregs.efer = 0x500;	/* LMA, LME */
	expect_ok(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

void vcpu_open(struct vcpu *vcpu, int vm, unsigned int id)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	catch_signals();
	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->fd = ioctl(vm, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		fail_msg("KVM_CREATE_VCPU: %s", strerror(errno));
	vcpu->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	assert_ptr_not_equal(vcpu->run, MAP_FAILED);
	close(kvm);
	expect_ok(ioctl(vcpu->fd, KVM_SET_CPUID2, supported_cpuid()), "KVM_SET_CPUID2");
	set_long_mode(vcpu->fd);
}

void vcpu_close(struct vcpu *vcpu)
{
	if (vcpu->watched)
		timer_delete(vcpu->watchdog);
	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->fd);
}

struct kvm_regs vcpu_regs(struct vcpu *vcpu)
{
	struct kvm_regs regs;

	expect_ok(ioctl(vcpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	return regs;
}

void vcpu_set_regs(struct vcpu *vcpu, const struct kvm_regs *regs)
{
	expect_ok(ioctl(vcpu->fd, KVM_SET_REGS, regs), "KVM_SET_REGS");
}

void vcpu_enter(struct vcpu *vcpu, const char *guest,
		const struct kvm_regs *regs)
{
	struct kvm_regs all = { };

	if (regs)
		all = *regs;
	all.rip = CODE_GPA + (guest - guests_begin);
	/*
	 * With IF set, which is nothing to a vCPU without an interrupt controller. Bochs 2.7
	 * never leaves a guest without IF for an interrupt of the host's.
	 */
	all.rflags = 0x202;
	vcpu_set_regs(vcpu, &all);
}

static void set_watchdog(struct vcpu *vcpu, unsigned int seconds)
{
	const struct itimerspec limit = { .it_value.tv_sec = seconds };

	timer_settime(vcpu->watchdog, 0, &limit, NULL);
}

/*
 * Made anew only for a new thread: a VMM at the limit of its cgroup may not
 * need more memory for each KVM_RUN.
 */
static int make_watchdog(struct vcpu *vcpu)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
	};
	pid_t self = syscall(SYS_gettid);

	if (vcpu->watched == self)
		return 0;
	if (vcpu->watched)
		timer_delete(vcpu->watchdog);
	vcpu->watched = 0;
	event.sigev_notify_thread_id = self;
	if (timer_create(CLOCK_MONOTONIC, &event, &vcpu->watchdog))
		return -errno;
	vcpu->watched = self;
	return 0;
}

int vcpu_run(struct vcpu *vcpu)
{
	int ret = make_watchdog(vcpu);

	if (ret)
		return ret;
	__atomic_store_n(&timed_out, false, __ATOMIC_RELAXED);
	running = vcpu->run;
	set_watchdog(vcpu, WATCHDOG_SECONDS);
	ret = ioctl(vcpu->fd, KVM_RUN, 0) ? -errno : (int)vcpu->run->exit_reason;
	set_watchdog(vcpu, 0);
	running = NULL;
	vcpu->run->immediate_exit = 0;
	return __atomic_load_n(&timed_out, __ATOMIC_RELAXED) ? -ETIMEDOUT : ret;
}

void vcpu_expect(struct vcpu *vcpu, int result, int want)
{
	struct kvm_regs regs;

	if (result == want)
		return;
	regs = vcpu_regs(vcpu);
	print_error("the guest is at guests_begin + %#llx, rax %#llx, rdi %#llx\n",
		    regs.rip - CODE_GPA, regs.rax, regs.rdi);
	print_error("its last exit reason was %u\n", vcpu->run->exit_reason);
	fail_msg("KVM_RUN gave %d (%s), not %d", result,
		 result < 0 ? strerror(-result) : "an exit reason", want);
}

__u64 vcpu_call(struct vcpu *vcpu, const char *guest, __u64 rdi, __u64 rsi,
		__u64 rdx)
{
	const struct kvm_regs regs = { .rdi = rdi, .rsi = rsi, .rdx = rdx };

	vcpu_enter(vcpu, guest, &regs);
	vcpu_expect(vcpu, vcpu_run(vcpu), KVM_EXIT_HLT);
	return vcpu_regs(vcpu).rax;
}

struct kvm_run_memory_fault vcpu_memory_fault(struct vcpu *vcpu)
{
	struct kvm_run_memory_fault fault;

	assert_int_equal(vcpu->run->exit_reason, KVM_EXIT_MEMORY_FAULT);
	memcpy(&fault, vcpu->run->padding, sizeof(fault));
	return fault;
}

void vcpu_expect_fault(struct vcpu *vcpu, int error, __u64 gpa, __u64 flags)
{
	struct kvm_run_memory_fault fault;

	vcpu_expect(vcpu, vcpu_run(vcpu), -error);
	fault = vcpu_memory_fault(vcpu);
	assert_int_equal(fault.flags, flags);
	assert_int_equal(fault.gpa, gpa);
	assert_int_equal(fault.size, 4096);
}

long vcpu_pre_fault(struct vcpu *vcpu, __u64 gpa, __u64 size)
{
	struct kvm_pre_fault_memory range = { .gpa = gpa, .size = size };
	int ret;

	do {
		ret = ioctl(vcpu->fd, KVM_PRE_FAULT_MEMORY, &range);
	} while (ret && errno == EINTR);
	return ret ? -1 : (long)range.size;
}

static void *run_thread(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		vcpu->result = vcpu_run(vcpu);
		if (__atomic_load_n(&vcpu->stopping, __ATOMIC_ACQUIRE) ||
		    !vcpu->carry_on ||
		    !vcpu->carry_on(vcpu->result))
			return NULL;
		vcpu->carried_on++;
		sched_yield();
	}
}

void vcpu_spawn(struct vcpu *vcpu, bool (*carry_on)(int result))
{
	vcpu->carry_on = carry_on;
	vcpu->stopping = false;
	vcpu->carried_on = 0;
	assert_int_equal(pthread_create(&vcpu->thread, NULL, run_thread, vcpu), 0);
}

int vcpu_join(struct vcpu *vcpu)
{
	pthread_join(vcpu->thread, NULL);
	return vcpu->result;
}

int vcpu_stop(struct vcpu *vcpu)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	/*
	 * The signal may come before the thread has told its handler which vCPU
	 * it runs, so it is repeated until the thread is gone.
	 */
	__atomic_store_n(&vcpu->stopping, true, __ATOMIC_RELEASE);
	do {
		vcpu->run->immediate_exit = 1;
		pthread_kill(vcpu->thread, SIGUSR1);
		nanosleep(&pause, NULL);
	} while (pthread_tryjoin_np(vcpu->thread, NULL));
	vcpu->run->immediate_exit = 0;
	return vcpu->result;
}
