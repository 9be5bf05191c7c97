/* SPDX-License-Identifier: GPL-2.0-only */
/* The files that are compared, of FILE_SIZE: ours, and those of KVM_CREATE_GUEST_MEMFD. */
#ifndef TESTS_LSM_KINDS_H
#define TESTS_LSM_KINDS_H

#include <stdbool.h>

struct kind {
	const char *name;
	/* A system call: a new file, or -1 and errno */
	int (*create)(void);
	/* Of what class it is to SELinux: the domain that may use no other */
	const char *domain_of_class;
	const char *domain_of_other;
	/* The role of its label; a process has system_r */
	const char *role;
	/* What the calls give where nothing is refused: 0 or an errno */
	int map;
	int ioctl;
};

extern const struct kind private_file;

/* Is our KVM loaded? */
bool has_kvm(void);

/*
 * What KVM_CREATE_GUEST_MEMFD makes here: with the provider a file of
 * kvm_private, else Linux's own.
 */
const struct kind *guest_memfd_kind(void);

/* For a VM of one's own, which @vm becomes */
int guest_memfd_create(int *vm);

/* Made by a process of that domain, which is gone then */
int kind_made_by(const struct kind *kind, const char *domain);

#endif
