/* SPDX-License-Identifier: GPL-2.0-only */
/* The files that are compared, of FILE_SIZE: ours, and those of KVM_CREATE_GUEST_MEMFD */
#ifndef TESTS_LSM_KINDS_H
#define TESTS_LSM_KINDS_H

#include <stdbool.h>

struct kind {
	const char *name;
	/* A system call: a new file, or -1 and errno */
	int (*create)(void);
	/* The only domain that may use a file of its class */
	const char *domain_of_class;
	const char *domain_of_other;
	/* The role of its label; a process has system_r */
	const char *role;
	/* The results of calls that SELinux allows: 0 or an errno */
	int map;
	int ioctl;
};

extern const struct kind private_file;

/* Is our KVM loaded? */
bool has_kvm(void);

/*
 * The files of KVM_CREATE_GUEST_MEMFD here: with the provider those of kvm_private, else
 * Linux's own.
 */
const struct kind *guest_memfd_kind(void);

/* For a VM of its own, whose descriptor goes to @vm */
int guest_memfd_create(int *vm);

/* A process of that domain creates the file, and is gone then. */
int kind_made_by(const struct kind *kind, const char *domain);

#endif
