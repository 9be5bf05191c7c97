// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts the machine together, in the order that KVM wants.
 */
#include "vmm.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "acpi.h"
#include "boot.h"
#include "conversion.h"
#include "cpuid.h"
#include "kvm_abi.h"
#include "long_mode.h"
#include "mptable.h"
#include "sev.h"
#include "snp.h"

#define CONSOLE_IRQ	4

#define HUGE_PAGE_SHIFT	21

/* Three pages just below the BIOS's usual place; only Intel CPUs use them. */
#define TSS_GPA		0xfffbd000UL

/* RAM is one slot from 0 on and must end below the interrupt controllers. */
#define MEMORY_MAX	(3ULL << 30)

static void console_output(void *context, __u8 byte)
{
	struct vmm *vmm = context;

	vmm->output(vmm->context, byte);
}

static void console_interrupt(void *context, bool level)
{
	struct vmm *vmm = context;
	struct kvm_irq_level line = { .irq = CONSOLE_IRQ, .level = level };

	if (ioctl(vmm->vm, KVM_IRQ_LINE, &line))
		err(1, "KVM_IRQ_LINE");
}

/* Returns the type of the VM, which this KVM has. */
static unsigned long vm_type(int kvm, const struct vmm_config *config)
{
	int types = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES);

	if (config->memory_kind == MEMORY_PLAIN)
		return 0;
	if (types < 0)
		types = 0;
	if (config->snp) {
		if (!(types & 1 << KVM_X86_SNP_VM))
			errx(1, "this KVM has no SEV-SNP guests");
		return KVM_X86_SNP_VM;
	}
	if (!(types & 1 << KVM_X86_SW_PROTECTED_VM))
		errx(1, "this KVM has no software-protected VMs; load the patched one");
	return KVM_X86_SW_PROTECTED_VM;
}

static void open_kvm(struct vmm *vmm, const struct vmm_config *config)
{
	vmm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vmm->kvm < 0)
		err(1, "can't open /dev/kvm; is KVM's module for this CPU loaded?");

	vmm->vm = ioctl(vmm->kvm, KVM_CREATE_VM, vm_type(vmm->kvm, config));
	if (vmm->vm < 0)
		err(1, "KVM_CREATE_VM");
	if (config->snp)
		snp_begin(vmm->vm);
}

static void create_irqchip_and_timer(struct vmm *vmm)
{
	/* With the "speaker" KVM has port 0x61 too, which timing needs. */
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	if (ioctl(vmm->vm, KVM_SET_TSS_ADDR, TSS_GPA))
		err(1, "KVM_SET_TSS_ADDR");
	if (ioctl(vmm->vm, KVM_CREATE_IRQCHIP, 0))
		err(1, "KVM_CREATE_IRQCHIP");
	if (ioctl(vmm->vm, KVM_CREATE_PIT2, &pit))
		err(1, "KVM_CREATE_PIT2");
}

/*
 * An SNP guest trusts no clock of its host. Linux would measure the TSC's speed against the
 * timer, each access to which is an exit by way of a #VC.
 */
static char *snp_command_line(struct vmm *vmm, const char *given)
{
	int khz = ioctl(vmm->vm, KVM_GET_TSC_KHZ, 0);
	char *text;

	if (khz <= 0)
		err(1, "KVM_GET_TSC_KHZ");
	if (asprintf(&text, "%s tsc=reliable tsc_early_khz=%d", given, khz) < 0)
		err(1, "the command line");
	return text;
}

struct boot_entry vmm_place_snp(struct vmm *vmm, const struct vmm_config *config)
{
	struct kvm_cpuid2 *cpuid = cpuid_make(vmm, 0);
	char *command_line = snp_command_line(vmm, config->command_line);
	struct guest_memory *memory = &vmm->memory;
	struct boot_entry entry;

	entry = boot_load(memory, config->kernel, config->initrd, command_line, true);
	acpi_place(memory, config->nr_cpus);
	long_mode_place(memory, snp_c_bit(cpuid));
	snp_place(memory, cpuid, &entry);
	free(command_line);
	free(cpuid);
	return entry;
}

static struct boot_entry fill_snp_memory(struct vmm *vmm, const struct vmm_config *config)
{
	struct boot_entry entry = vmm_place_snp(vmm, config);

	memory_launch(&vmm->memory);
	snp_launch(vmm->vm, &vmm->memory);
	return entry;
}

/* Puts all that the guest starts with into its memory, and makes that private. */
static struct boot_entry fill_memory(struct vmm *vmm, const struct vmm_config *config)
{
	struct guest_memory *memory = &vmm->memory;
	struct boot_entry entry;

	entry = boot_load(memory, config->kernel, config->initrd, config->command_line, false);
	mptable_place(memory, config->nr_cpus);
	long_mode_place(memory, 0);
	memory_launch(memory);
	return entry;
}

void vmm_create(struct vmm *vmm, const struct vmm_config *config)
{
	const struct serial_host host = {
		.output = console_output,
		.interrupt = console_interrupt,
		.context = vmm,
	};
	struct boot_entry entry;

	if (!config->nr_cpus || config->nr_cpus > MPTABLE_MAX_CPUS)
		errx(1, "1 to %d CPUs are possible", MPTABLE_MAX_CPUS);
	if (config->memory_size > MEMORY_MAX)
		errx(1, "at most %llu MiB of memory are possible",
		     MEMORY_MAX >> 20);

	vmm->snp = config->snp;
	vmm->nr_cpus = config->nr_cpus;
	vmm->output = config->output;
	vmm->context = config->context;
	vmm->hypercalls = 0;
	vmm->ended = false;
	pthread_mutex_init(&vmm->lock, NULL);
	pthread_cond_init(&vmm->has_ended, NULL);

	open_kvm(vmm, config);
	create_irqchip_and_timer(vmm);
	if (config->memory_kind == MEMORY_IN_PLACE)
		conversion_offer(vmm);
	ports_init(&vmm->ports, &host);

	memory_create(&vmm->memory, config->memory_kind, config->memory_size,
		      config->huge ? HUGE_PAGE_SHIFT : 0);
	memory_attach(&vmm->memory, vmm->vm);
	entry = config->snp ? fill_snp_memory(vmm, config) : fill_memory(vmm, config);

	vmm->vcpus = calloc(config->nr_cpus, sizeof(vmm->vcpus[0]));
	if (!vmm->vcpus)
		err(1, "vCPUs");
	for (unsigned int i = 0; i < config->nr_cpus; i++)
		vcpu_create(&vmm->vcpus[i], vmm, i);
	long_mode_enter(vmm->vcpus[0].fd, &entry);
	if (config->snp)
		snp_finish(vmm->vm);
}

void vmm_start(struct vmm *vmm)
{
	for (unsigned int i = 0; i < vmm->nr_cpus; i++)
		vcpu_start(&vmm->vcpus[i]);
}

void vmm_ended(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->lock);
	vmm->ended = true;
	pthread_cond_broadcast(&vmm->has_ended);
	pthread_mutex_unlock(&vmm->lock);
}

void vmm_wait(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->lock);
	while (!vmm->ended)
		pthread_cond_wait(&vmm->has_ended, &vmm->lock);
	pthread_mutex_unlock(&vmm->lock);
}
