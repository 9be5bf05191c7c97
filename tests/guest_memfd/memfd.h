/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's own interface to guest_memfd, with any implementation behind it */
#ifndef TESTS_GUEST_MEMFD_MEMFD_H
#define TESTS_GUEST_MEMFD_MEMFD_H

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm/kvm_uapi.h"
#include "device.h"
#include "unit.h"

#ifndef KVM_CAP_USER_MEMORY2
#define KVM_CAP_USER_MEMORY2		231
#define KVM_CAP_MEMORY_FAULT_INFO	232
#define KVM_CAP_MEMORY_ATTRIBUTES	233
#define KVM_CAP_GUEST_MEMFD		234
#endif

#ifndef KVM_CAP_PRE_FAULT_MEMORY
#define KVM_CAP_PRE_FAULT_MEMORY	236
#endif

#define ORDINARY	0
#define MMAP		GUEST_MEMFD_FLAG_MMAP
#define SHARED		(GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

/* A VM of a type; these fail the test or work. */
int memfd_vm(unsigned long type);
int memfd_create_for(int vm, __u64 size, __u64 flags);

/* System calls: -1 and errno on an error */
int memfd_try(int vm, __u64 size, __u64 flags);
int region_try(int vm, const struct kvm_userspace_memory_region2 *region);
int region_delete(int vm, __u32 slot);
int attributes_try(int vm, __u64 address, __u64 size, __u64 attributes);

/* Of /dev/kvm; of a VM with KVM_CAP_CHECK_EXTENSION_VM */
long system_cap(long cap);
long vm_cap(int vm, long cap);

/* Has this KVM such VMs? If not it prints so, and the test has nothing to do. */
bool has_vm_type(unsigned long type);

/* A region of size bytes at gpa with a file */
static inline struct kvm_userspace_memory_region2
region_of(__u32 slot, __u64 gpa, __u64 size, int file, __u64 offset)
{
	return (struct kvm_userspace_memory_region2){
		.slot = slot,
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.guest_memfd = file,
		.guest_memfd_offset = offset,
	};
}

/* Fails the test unless setting the region gives error, which is 0 or an errno. */
void expect_region(int error, int vm, struct kvm_userspace_memory_region2 region,
		   const char *what);

/* The same for any system call, for tables of calls that work and that don't */
#define expect_result(error, call, ...) do {				\
	const int _wanted[] = { (error), 0 };				\
	long _ret = (call);						\
	if (_wanted[0])							\
		unit_check_error(_ret, errno, _wanted, __FILE__,	\
				 __LINE__, __VA_ARGS__);		\
	else								\
		unit_check_ok(_ret, errno, __FILE__, __LINE__,		\
			      __VA_ARGS__);				\
} while (0)

/* Maps the start of the file, shared, for reading and writing; or fails. */
char *memfd_map(int file, __u64 size);

/* For most tests: one VM and one file of FILE_SIZE bytes */
#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)

struct pair {
	int vm;
	int file;
};

/* An ordinary VM and a file with no flags, MMAP or SHARED; *state is the pair. */
extern const struct fixture pair, pair_mmap, pair_shared;

#endif
