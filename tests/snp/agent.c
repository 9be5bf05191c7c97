// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm/guests.h"
#include "agent.h"
#include "convert.h"
#include "launch.h"
#include "unit.h"

#define GHCB_PSC	0x014ULL
#define PSC_TO_SHARED	(2ULL << 52)

#define LARGE		0x200000ULL
#define LARGE_SHIFT	21
#define PD_ENTRIES	512

#define VC_VECTOR	29
#define IDT_SIZE	((VC_VECTOR + 1) * 16)
#define GATE_PRESENT	0x8e00ULL
#define CODE_SELECTOR	8ULL

/* Entries for the selectors of vcpu_open(): 64-bit code, and data */
static const __u64 gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

static void place_tables(char *host)
{
	const __u64 used = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
	const __u64 c_bit = snp_c_bit();
	__u64 *pml4 = (void *)(host + PML4_GPA);
	__u64 *pdpt = (void *)(host + PDPT_GPA);
	__u64 *pds = (void *)(host + PDS_GPA);

	pml4[0] = PDPT_GPA | used | c_bit;
	for (__u64 i = 0; i < NR_PDS; i++)
		pdpt[i] = (PDS_GPA + i * PAGE) | used | c_bit;
	for (__u64 i = 0; i < NR_PDS * PD_ENTRIES; i++) {
		__u64 gpa = i << LARGE_SHIFT;

		pds[i] = PTE_LARGE | used |
			 (gpa < SHARED_VA ? gpa | c_bit : gpa - SHARED_VA);
	}
}

static void place_descriptors(char *host)
{
	const __u64 handler = CODE_GPA + (agent_vc - guests_begin);
	__u64 *gate = (void *)(host + DESCRIPTORS_GPA + IDT_OFFSET + VC_VECTOR * 16);

	memcpy(host + DESCRIPTORS_GPA, gdt, sizeof(gdt));
	gate[0] = (handler & 0xffff) | CODE_SELECTOR << 16 | GATE_PRESENT << 32 |
		  (handler >> 16 & 0xffff) << 48;
	gate[1] = handler >> 32;
}

static void make_private(struct agent *agent)
{
	struct kvm_memory_attributes all = {
		.size = AGENT_SIZE, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};
	struct kvm_memory_attributes mailboxes = {
		.address = MAILBOXES_GPA, .size = MAX_AGENTS * PAGE,
	};

	if (agent->native) {
		expect_ok(ioctl(agent->vm, KVM_SET_MEMORY_ATTRIBUTES, &all), "to private");
		expect_ok(ioctl(agent->vm, KVM_SET_MEMORY_ATTRIBUTES, &mailboxes), "to shared");
		return;
	}
	expect_ok(file_make_private(agent->file, 0, MAILBOXES_GPA, CONVERT_PRESERVE),
		  "making the agent private");
	expect_ok(file_make_private(agent->file, MAILBOXES_GPA + MAX_AGENTS * PAGE,
				    AGENT_SIZE - MAILBOXES_GPA - MAX_AGENTS * PAGE,
				    CONVERT_PRESERVE), "making the agent private");
}

static void create_memory(struct agent *agent)
{
	struct kvm_create_guest_memfd create = { .size = AGENT_SIZE };
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD, .memory_size = AGENT_SIZE,
	};

	if (agent->native) {
		agent->file = expect_ok(ioctl(agent->vm, KVM_CREATE_GUEST_MEMFD, &create),
					"KVM_CREATE_GUEST_MEMFD");
		agent->host = mmap(NULL, AGENT_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(agent->host, MAP_FAILED);
	} else {
		agent->file = file_create(AGENT_SIZE, KVM_PRIVATE_FLAG_MMAP |
					  KVM_PRIVATE_FLAG_INIT_SHARED);
		agent->host = file_map(agent->file, AGENT_SIZE);
	}
	region.guest_memfd = agent->file;
	region.userspace_addr = (uintptr_t)agent->host;
	expect_ok(ioctl(agent->vm, KVM_SET_USER_MEMORY_REGION2, &region), "adding slot 0");
}

static void open_processor(struct agent *agent, unsigned int i)
{
	const __u64 box = MAILBOXES_GPA + i * PAGE;
	const __u64 stack = STACKS_GPA + (i + 1) * PAGE;
	const struct kvm_regs regs = {
		.rbx = stack, .rsp = stack, .r12 = GHCB_PSC | PSC_TO_SHARED | box,
		.r14 = SHARED_VA + box,
	};
	/* Not waiting for the first processor to start it */
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct vcpu *cpu = &agent->cpus[i];
	struct kvm_sregs sregs;

	vcpu_open(cpu, agent->vm, i);
	vcpu_enter(cpu, guests_begin, &regs);
	expect_ok(ioctl(cpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.gdt = (struct kvm_dtable){ DESCRIPTORS_GPA, sizeof(gdt) - 1, { } };
	sregs.idt = (struct kvm_dtable){ DESCRIPTORS_GPA + IDT_OFFSET, IDT_SIZE - 1, { } };
	expect_ok(ioctl(cpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	expect_ok(ioctl(cpu->fd, KVM_SET_MP_STATE, &runnable), "KVM_SET_MP_STATE");
}

void agent_start(struct agent *agent, bool native, unsigned int processors)
{
	memset(agent, 0, sizeof(*agent));
	agent->native = native;
	agent->processors = processors;
	agent->vm = snp_create_vm();
	create_memory(agent);
	place_tables(agent->host);
	place_descriptors(agent->host);
	memcpy(agent->host + CODE_GPA, guests_begin, guests_end - guests_begin);
	for (unsigned int i = 0; i < processors; i++)
		open_processor(agent, i);
	snp_launch_start(agent->vm);
	make_private(agent);
	snp_launch_update(agent->vm, LAUNCHED_GPA, LAUNCHED_SIZE,
			  native ? agent->host + LAUNCHED_GPA : NULL);
	snp_launch_update(agent->vm, CODE_GPA, PAGE, native ? agent->host + CODE_GPA : NULL);
	snp_launch_zeros(agent->vm, STACKS_GPA, processors * PAGE);
}

void agent_go(struct agent *agent)
{
	snp_launch_finish(agent->vm);
}

void agent_close_processors(struct agent *agent)
{
	for (unsigned int i = 0; i < agent->processors; i++)
		vcpu_close(&agent->cpus[i]);
}

void agent_close_vm(struct agent *agent)
{
	close(agent->vm);
	munmap(agent->host, AGENT_SIZE);
	close(agent->file);
}

void agent_end(struct agent *agent)
{
	agent_close_processors(agent);
	agent_close_vm(agent);
}

static volatile __u64 *mailbox(struct agent *agent, unsigned int processor)
{
	return (void *)(agent->host + MAILBOXES_GPA + processor * PAGE);
}

static volatile __u64 *word(struct agent *agent, unsigned int processor, unsigned int box)
{
	return &mailbox(agent, processor)[box / sizeof(__u64)];
}

static void post(struct agent *agent, unsigned int processor, const struct order *order)
{
	*word(agent, processor, BOX_ORDER) = order->order;
	*word(agent, processor, BOX_ADDRESS) = order->address;
	*word(agent, processor, BOX_SIZE) = order->size;
	*word(agent, processor, BOX_VALUE) = order->value;
	*word(agent, processor, BOX_STOP) = 0;
	*word(agent, processor, BOX_ROUNDS) = 0;
}

/* The agent rings for its host when it has answered. */
static __u64 take_answer(struct agent *agent, unsigned int processor, int exit)
{
	struct kvm_run *run = agent->cpus[processor].run;

	if (exit == -EFAULT && run->exit_reason == KVM_EXIT_MEMORY_FAULT) {
		struct kvm_run_memory_fault fault =
			vcpu_memory_fault(&agent->cpus[processor]);

		fail_msg("The agent's access to %#llx failed, flags %#llx", fault.gpa,
			 fault.flags);
	}
	if (exit != KVM_EXIT_HYPERCALL)
		fail_msg("Order %llu of %#llx: KVM_RUN gave %d (%s)",
			 *word(agent, processor, BOX_ORDER),
			 *word(agent, processor, BOX_ADDRESS), exit,
			 exit < 0 ? strerror(-exit) : "an exit reason");
	run->hypercall.ret = 0;
	return *word(agent, processor, BOX_RESULT);
}

int agent_try(struct agent *agent, const struct order *order)
{
	post(agent, 0, order);
	return vcpu_run(&agent->cpus[0]);
}

__u64 agent_obey(struct agent *agent, const struct order *order)
{
	return take_answer(agent, 0, agent_try(agent, order));
}

__u64 agent_said(struct agent *agent, unsigned int processor, unsigned int box)
{
	return *word(agent, processor, box);
}

void agent_begin(struct agent *agent, unsigned int processor, const struct order *order,
		 bool (*carry_on)(int result))
{
	post(agent, processor, order);
	agent->cpus[processor].result = 0;
	vcpu_spawn(&agent->cpus[processor], carry_on);
}

/* An order that ends by itself has failed: agent_stop() tells. */
static bool has_ended(const struct vcpu *cpu)
{
	int result = __atomic_load_n(&cpu->result, __ATOMIC_RELAXED);

	return result && !(cpu->carry_on && cpu->carry_on(result));
}

void agent_wait_rounds(struct agent *agent, unsigned int processor, __u64 rounds)
{
	volatile __u64 *done = word(agent, processor, BOX_ROUNDS);
	__u64 until = *done + rounds;

	while (*done < until && !has_ended(&agent->cpus[processor]))
		sched_yield();
}

__u64 agent_stop(struct agent *agent, unsigned int processor)
{
	*word(agent, processor, BOX_STOP) = 1;
	return take_answer(agent, processor, vcpu_join(&agent->cpus[processor]));
}

static __u64 validate(struct agent *agent, __u64 gpa, __u64 size, __u64 how)
{
	const struct order order = { ORDER_VALIDATE, gpa, size, how };

	return agent_obey(agent, &order);
}

__u64 agent_validate_small(struct agent *agent, __u64 gpa, __u64 size, bool on)
{
	return validate(agent, gpa, size, on ? VALIDATE_ON : 0);
}

static bool validate_large(struct agent *agent, __u64 gpa)
{
	__u64 result = validate(agent, gpa, LARGE, VALIDATE_ON | VALIDATE_LARGE);

	if (result && result != RESULT_SIZE_MISMATCH)
		fail_msg("PVALIDATE of 2 MiB at %#llx gave %#llx", gpa, result);
	return !result;
}

__u64 agent_validate(struct agent *agent, __u64 gpa, __u64 size)
{
	__u64 end = gpa + size, large = 0, next, result;

	for (; gpa < end; gpa = next) {
		next = (gpa + LARGE) & -LARGE;
		if (next > end)
			next = end;
		if (next - gpa == LARGE && validate_large(agent, gpa)) {
			large += LARGE;
			continue;
		}
		result = agent_validate_small(agent, gpa, next - gpa, true);
		if (result)
			fail_msg("PVALIDATE of base pages from %#llx to %#llx gave %#llx at %#llx",
				 gpa, next, result, agent_said(agent, 0, BOX_AT));
	}
	return large;
}

void agent_fill(struct agent *agent, __u64 address, __u64 size, __u64 words)
{
	const struct order order = { ORDER_FILL, address, size, words };
	__u64 result = agent_obey(agent, &order);

	if (result)
		fail_msg("Filling %#llx bytes at %#llx gave %#llx at %#llx", size, address,
			 result, agent_said(agent, 0, BOX_AT));
}

void agent_expect(struct agent *agent, __u64 address, __u64 size, __u64 words,
		  const char *when)
{
	const struct order order = { ORDER_CHECK, address, size, words };
	__u64 result = agent_obey(agent, &order);

	if (result)
		fail_msg("%#llx bytes at %#llx, %s: %#llx words are others, the first at %#llx",
			 size, address, when, result, agent_said(agent, 0, BOX_AT));
}

void agent_expect_invalid(struct agent *agent, __u64 gpa, const char *when)
{
	const struct order order = { ORDER_CHECK, gpa, sizeof(__u64), 0 };
	__u64 result = agent_obey(agent, &order);

	if (!(result & RESULT_FAULT) || agent_said(agent, 0, BOX_AT) != gpa)
		fail_msg("Reading %#llx, %s, gave %#llx at %#llx, not #VC", gpa, when, result,
			 agent_said(agent, 0, BOX_AT));
}
