/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_VMM_H
#define TESTS_VMM_VMM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <linux/types.h>

#include "boot.h"
#include "memory.h"
#include "ports.h"
#include "vcpu.h"

/**
 * struct vmm_config - the VM that is wanted
 * @kernel: path of a bzImage
 * @initrd: path, or NULL
 * @command_line: for the kernel
 * @memory_size: bytes, page aligned
 * @memory_kind: where its RAM comes from
 * @huge: its private file is to have pages of 2 MiB
 * @snp: it is an SEV-SNP guest, for which @memory_kind is %MEMORY_IN_PLACE
 * @nr_cpus: CPUs
 * @output: gets each byte of the guest's console, on a vCPU's thread
 * @context: handed to @output
 */
struct vmm_config {
	const char *kernel;
	const char *initrd;
	const char *command_line;
	__u64 memory_size;
	enum memory_kind memory_kind;
	bool huge;
	bool snp;
	unsigned int nr_cpus;
	void (*output)(void *context, __u8 byte);
	void *context;
};

/**
 * struct vmm - a virtual machine
 * @hypercalls: how often the guest asked for pages to be converted
 * @lock: guards @ended
 * @has_ended: signalled when @ended becomes true
 * @ended: the guest has powered off
 */
struct vmm {
	int kvm;
	int vm;
	struct guest_memory memory;
	struct ports ports;
	bool snp;
	unsigned int nr_cpus;
	struct vcpu *vcpus;
	void (*output)(void *context, __u8 byte);
	void *context;
	atomic_ulong hypercalls;
	pthread_mutex_t lock;
	pthread_cond_t has_ended;
	bool ended;
};

/* Each prints an error and exits if it fails. */
void vmm_create(struct vmm *vmm, const struct vmm_config *config);
void vmm_start(struct vmm *vmm);
void vmm_wait(struct vmm *vmm);

/*
 * Puts all that an SNP guest starts with into its memory, which the host can still reach.
 * Of @vmm it uses the files, the memory, and how many CPUs it is to have.
 */
struct boot_entry vmm_place_snp(struct vmm *vmm, const struct vmm_config *config);

/* For the vCPUs: the guest has powered off. */
void vmm_ended(struct vmm *vmm);

#endif /* TESTS_VMM_VMM_H */
