// SPDX-License-Identifier: GPL-2.0-only
/*
 * The users of a file and of the module end in every order that there is: the
 * descriptor, a copy of it, a mapping, the VM, the slot, the vCPU, which runs, and
 * the open device. After each end the remaining users work, the guest has its
 * memory, and the module's count of users is right. After the end of the file's
 * last user its memory is back.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "machine.h"
#include "kmod.h"
#include "meminfo.h"
#include "modules.h"
#include "orders.h"
#include "poll_until.h"
#include "rights.h"
#include "touch.h"

#define TAG	0x6c00000000000000ULL

/*
 * The pages that the guest looks at: half of them private, the other half shared if
 * the file can be mapped
 */
#define PAGES	8
#define SIZE	(PAGES * PAGE)
#define SHARED	(SIZE / 2)

/* The guest's counter is in ordinary memory, which stays whatever ends. */
#define COUNTER_GPA	(2 * MEM_SIZE)

enum end { FD, COPY, DEVICE, VM, VCPU, SLOT, MAPPING, NR_ENDS };

static const char *const names[NR_ENDS] = {
	"fd", "copy", "device", "VM", "vCPU", "slot", "mapping",
};

/*
 * A kind of file. It has so many bytes from its beginning to its end. In so many
 * orders of its users' ends the slot is deleted, and in so many it goes with its
 * VM.
 */
struct kind {
	__u64 flags;
	__u32 page_shift;
	unsigned int ends;
	unsigned int orders;
	unsigned int orders_without_slot;
	__u64 bytes;
};

struct life {
	const struct kind *kind;
	bool there[NR_ENDS];
	int fd, copy, device, vm;
	char *map;
	struct vcpu cpu;
	/* In KVM_RUN, with a slot */
	bool runs;
};

static __u64 counter[PAGE / sizeof(__u64)] __attribute__((__aligned__(PAGE)));

/* Users of the module without any of these */
static unsigned int users_before;

/* The order that is being run, for messages */
static unsigned int order[NR_ENDS];
static unsigned int nr_ends;

static void tell_order(void)
{
	print_error("the order was:");
	for (unsigned int i = 0; i < nr_ends; i++)
		print_error(" %s", names[order[i]]);
	print_error("\n");
}

#define expect_here(condition) do {					\
	if (!(condition)) {						\
		tell_order();						\
		fail_msg("%s", #condition);				\
	}								\
} while (0)

static void add_counter(int vm)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = 1, .guest_phys_addr = COUNTER_GPA, .memory_size = PAGE,
		.userspace_addr = (uintptr_t)counter,
	};

	expect_ok(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region),
		  "adding the counter's slot");
}

/* The host gets the processor as soon as it wants it. */
static void run_behind(struct vcpu *cpu)
{
	const struct sched_param none = { };

	vcpu_spawn(cpu, NULL);
	assert_int_equal(pthread_setschedparam(cpu->thread, SCHED_IDLE, &none), 0);
}

static void life_begin(struct life *life, const struct kind *kind)
{
	struct slot slot = { .size = MEM_SIZE };

	memset(life, 0, sizeof(*life));
	life->kind = kind;
	life->device = device_open();
	life->fd = expect_ok(try_create_shift(life->device, MEM_SIZE, kind->flags,
					      kind->page_shift), "create");
	life->copy = expect_ok(dup(life->fd), "dup");
	vm_load(life->fd, 0);
	if (kind->flags & KVM_PRIVATE_FLAG_MMAP) {
		life->map = file_map(life->fd, MEM_SIZE);
		expect_ok(file_make_shared(life->fd, DATA_GPA + SHARED,
					   SIZE - SHARED, 0), "sharing");
	}

	life->vm = vm_create();
	slot.file = life->fd;
	slot.host = life->map;
	vm_add_slot(life->vm, &slot);
	add_counter(life->vm);
	vcpu_open(&life->cpu, life->vm, 0);
	fill(&life->cpu, DATA_GPA, PAGES, TAG);
	vcpu_enter(&life->cpu, guest_watch, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG,
		   .rcx = COUNTER_GPA });
	run_behind(&life->cpu);
	life->runs = true;

	for (enum end which = 0; which < NR_ENDS; which++)
		life->there[which] = kind->ends & 1U << which;
	if (!life->there[COPY])
		close(life->copy);
	if (!life->there[DEVICE])
		close(life->device);
}

static void end_vcpu(struct life *life)
{
	if (life->runs)
		vcpu_expect(&life->cpu, vcpu_stop(&life->cpu), -EINTR);
	life->runs = false;
	vcpu_close(&life->cpu);
}

/*
 * The vCPU runs in it. Its next access is to private memory without a slot, which
 * KVM can't emulate.
 */
static void end_slot(struct life *life)
{
	vm_delete_slot(life->vm, 0);
	if (life->runs)
		vcpu_expect(&life->cpu, vcpu_join(&life->cpu), -EFAULT);
	life->runs = false;
}

static void end(struct life *life, enum end which)
{
	switch (which) {
	case FD:
		close(life->fd);
		break;
	case COPY:
		close(life->copy);
		break;
	case DEVICE:
		close(life->device);
		break;
	case MAPPING:
		munmap(life->map, MEM_SIZE);
		break;
	case VM:
		close(life->vm);
		break;
	case VCPU:
		end_vcpu(life);
		break;
	default:
		end_slot(life);
	}
	life->there[which] = false;

	/*
	 * The VM's descriptor and its vCPU each keep the VM. Its end removes a slot
	 * that wasn't deleted.
	 */
	if (!life->there[VM] && !life->there[VCPU])
		life->there[SLOT] = false;
}

static bool file_is_there(const struct life *life)
{
	return life->there[FD] || life->there[COPY] || life->there[MAPPING] ||
	       life->there[SLOT];
}

/* The device, the file, the file system that either of them keeps, and the slot */
static unsigned int expected_users(const struct life *life)
{
	const bool device = life->there[DEVICE], file = file_is_there(life);

	return users_before + device + file + (device || file) + life->there[SLOT];
}

/* The guest has gone over all its pages since, and finds its own words. */
static void expect_progress(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	const volatile __u64 *rounds = counter;
	const __u64 seen = *rounds;
	const double limit = seconds_now() + 20;

	while (*rounds < seen + 2) {
		expect_here(seconds_now() < limit);
		nanosleep(&pause, NULL);
	}
}

static void expect_content(const char *map)
{
	unsigned char value;

	for (__u64 at = DATA_GPA + SHARED; at < DATA_GPA + SIZE; at += PAGE)
		expect_here(*(const volatile __u64 *)(map + at) == TAG + at);
	expect_here(touch_read(map + DATA_GPA, &value) == SIGBUS);
}

static void expect_rest(const struct life *life)
{
	expect_here(module_users("kvm_private") == expected_users(life));
	if (life->there[FD])
		expect_here(file_allocated(life->fd) == life->kind->bytes);
	if (life->there[COPY])
		expect_here(file_allocated(life->copy) == life->kind->bytes);
	if (life->there[MAPPING])
		expect_content(life->map);
	if (life->runs)
		expect_progress();
}

/* A slot is deleted through its VM. */
static bool is_possible(void)
{
	bool vm_has_gone = false;

	for (unsigned int i = 0; i < nr_ends; i++) {
		if (order[i] == SLOT && vm_has_gone)
			return false;
		vm_has_gone |= order[i] == VM;
	}
	return true;
}

static void run_order(const struct kind *kind)
{
	struct life life;

	life_begin(&life, kind);
	expect_rest(&life);
	for (unsigned int i = 0; i < nr_ends; i++) {
		end(&life, order[i]);
		expect_rest(&life);
	}
	expect_here(!file_is_there(&life));
	expect_here(!module_users(modules_vendor()));
}

static unsigned int run_orders(const struct kind *kind, unsigned int ends)
{
	unsigned int count = 0;

	nr_ends = 0;
	for (enum end which = 0; which < NR_ENDS; which++) {
		if (ends & 1U << which)
			order[nr_ends++] = which;
	}
	do {
		if (!is_possible())
			continue;
		run_order(kind);
		count++;
	} while (next_order(order, nr_ends));
	return count;
}

/*
 * The limit has room for one file, to the byte: memory that one leaves charged
 * keeps the next from being filled.
 */
static void run_kind(void *arg)
{
	struct kind *kind = arg;

	kind->bytes = kind->page_shift ? HUGE_PAGE :
					 TABLES_SIZE + CODE_SIZE + SIZE;
	limit_locked_memory(kind->bytes);
	drop_ipc_lock();
	assert_int_equal(run_orders(kind, kind->ends), kind->orders);
	assert_int_equal(run_orders(kind, kind->ends & ~(1U << SLOT)),
			 kind->orders_without_slot);
}

static void every_order(struct kind kind)
{
	const __u64 before = settled_memfree();

	users_before = module_users("kvm_private");
	child_run(run_kind, &kind);
	assert_int_equal(module_users("kvm_private"), users_before);
	wait_for_memfree(before - MEMINFO_NOISE);
}

#define ALL_ENDS	((1U << NR_ENDS) - 1)

TEST(plain)
{
	every_order((struct kind){
		.ends = ALL_ENDS & ~(1U << MAPPING),
		.orders = 360, .orders_without_slot = 120,
	});
}

TEST(mapped)
{
	every_order((struct kind){
		.flags = KVM_PRIVATE_FLAG_MMAP, .ends = ALL_ENDS,
		.orders = 2520, .orders_without_slot = 720,
	});
}

/*
 * The number of descriptors makes no difference to huge pages, so the copy and the
 * device are left out.
 */
TEST(huge)
{
	every_order((struct kind){
		.flags = KVM_PRIVATE_FLAG_MMAP, .page_shift = HUGE_SHIFT,
		.ends = ALL_ENDS & ~(1U << COPY | 1U << DEVICE),
		.orders = 60, .orders_without_slot = 24,
	});
}

/* No user is left that would keep a module. */
TEST(unload)
{
	modules_unload();
	modules_load();
}

TEST_MAIN("KVM guest: every order of ends")
