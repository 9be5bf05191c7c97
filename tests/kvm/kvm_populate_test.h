/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared between the programs and kvm_populate_test.ko. The module calls
 * kvm_gmem_populate() as SEV-SNP's LAUNCH_UPDATE does.
 */
#ifndef TESTS_KVM_POPULATE_TEST_H
#define TESTS_KVM_POPULATE_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KPOP_DEVICE	"/dev/kvm_populate_test"

#define KPOP_NEVER	(~0ULL)

/*
 * Populates pages from gpa on. The ioctl returns the result of
 * kvm_gmem_populate(): the number of pages, or an error.
 */
struct kpop_populate {
	__s32 vm;
	/* The callback's negative errno for the page with the number fail_at */
	__s32 error;
	__u64 gpa;
	/* Page aligned, or 0 */
	__u64 source;
	__u64 pages;
	__u64 fail_at;
	/* The callback waits at the page with this number for KPOP_RELEASE. */
	__u64 pause_at;
	/* out: the number of pages for which the callback did its work */
	__u64 filled;
};

#define KPOP_POPULATE	_IOWR('P', 0, struct kpop_populate)
/* Returns once the callback waits. */
#define KPOP_AWAIT	_IO('P', 1)
#define KPOP_RELEASE	_IO('P', 2)

#endif
