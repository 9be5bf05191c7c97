/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_KVM_PRIVATE_H
#define _UAPI_LINUX_KVM_PRIVATE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: /dev/kvm_private
 *
 * The device creates files whose pages a KVM guest can use and whose holder
 * can't reach: no read or write, and no mmap but of pages that are shared.
 * Opening the device is the right to create them.
 *
 * Each page of a file is private or shared, whether it is allocated or not. A
 * private page is the guest's; a shared one is the host's too. Pages start
 * private unless the file says otherwise and are converted in place with
 * KVM_SET_MEMORY_ATTRIBUTES2. A hole that is punched keeps its attribute.
 *
 * The same mistake gets the same error from every call:
 *
 *  - EINVAL: an offset or size that is not page aligned, empty, wraps or
 *    reaches past the end of the file; a flag that is unknown or that the file
 *    doesn't take; a reserved field that is not zero; a struct size that is too
 *    small to make sense; a page of the wrong attribute.
 *  - EAGAIN: a shared page that is to become private is in use, by a device for example.
 *  - EFAULT: a bad pointer.
 *  - ENOMEM: out of memory, or over a limit: of a memory cgroup, of
 *    RLIMIT_MEMLOCK, or of the module.
 *  - EPERM: a right is missing.
 *  - EINTR: a signal arrived. The work done stays; the call may be repeated.
 *  - ENOENT: a hole, where the call may not allocate.
 *  - EBUSY: only the firmware of a running guest may do that, or the guest's pages can't be
 *    moved in memory.
 *  - EOPNOTSUPP: the platform doesn't keep the content of the pages like that.
 *  - EHWPOISON: the page has a hardware memory error.
 *  - ENOTTY: an unknown ioctl.
 */

#define KVM_PRIVATE_DEVICE	"/dev/kvm_private"

#define KVM_PRIVATE_API_VERSION	1

/* An ioctl's number doesn't encode a struct's size where the struct has one. */
#define KVM_PRIVATE_IOC_TYPE	0xBC

#define KVM_PRIVATE_GET_INFO	_IO(KVM_PRIVATE_IOC_TYPE, 0x00)
#define KVM_PRIVATE_CREATE	_IOW(KVM_PRIVATE_IOC_TYPE, 0x01, \
				     struct kvm_private_create)
#define KVM_PRIVATE_POPULATE	_IOWR(KVM_PRIVATE_IOC_TYPE, 0x10, \
				      struct kvm_private_populate)
#define KVM_PRIVATE_SET_POLICY	_IOW(KVM_PRIVATE_IOC_TYPE, 0x11, \
				     struct kvm_private_set_policy)
#define KVM_PRIVATE_COLLAPSE	_IOWR(KVM_PRIVATE_IOC_TYPE, 0x12, \
				      struct kvm_private_collapse)

/*
 * Flags of KVM_PRIVATE_CREATE. kvm_private_info.create_flags tells which of
 * them this module knows. The low half is guest_memfd's numbering.
 *
 * MMAP: shared pages can be mapped (MAP_SHARED, not executable) and used like any shared
 * mapping. Touching a page that is private, past the end, or that can't be allocated raises
 * SIGBUS. KVM then goes by the attributes of the file's pages, not by the VM's memory
 * attributes.
 * INIT_SHARED: all pages start shared.
 * NO_AUTO_ALLOC: only fallocate and KVM_PRIVATE_POPULATE allocate; an access of
 * the guest, or through a mapping, to a hole fails.
 * HUGE_STRICT: where a backing page of the size wanted can't be had, fail with
 * ENOMEM rather than make do with smaller pages.
 */
#define KVM_PRIVATE_FLAG_MMAP		(1ULL << 0)
#define KVM_PRIVATE_FLAG_INIT_SHARED	(1ULL << 1)
#define KVM_PRIVATE_FLAG_NO_AUTO_ALLOC	(1ULL << 32)
#define KVM_PRIVATE_FLAG_HUGE_STRICT	(1ULL << 33)

/**
 * struct kvm_private_info - the abilities of this module (KVM_PRIVATE_GET_INFO)
 * @size: in: bytes of the caller's struct, at least 8. A shorter struct gets
 *	a prefix, a longer one is filled up with zeros. Unchanged on return.
 * @api_version: out: %KVM_PRIVATE_API_VERSION of the module
 * @create_flags: out: flags that KVM_PRIVATE_CREATE takes
 * @page_sizes: out: bit n is set if files can be backed by pages of 2^n bytes
 * @attributes: out: memory attributes that a file can hold for its pages
 * @attribute_flags: out: flags that KVM_SET_MEMORY_ATTRIBUTES2 takes for files
 *	that KVM_PRIVATE_CREATE made
 * @reserved: out: zero
 *
 * The ioctl may be issued on /dev/kvm_private only. Errors: EFAULT, EINVAL.
 */
struct kvm_private_info {
	__u32 size;
	__u32 api_version;
	__u64 create_flags;
	__u64 page_sizes;
	__u64 attributes;
	__u64 attribute_flags;
	__u64 reserved[3];
};

/**
 * struct kvm_private_create - a new private file (KVM_PRIVATE_CREATE)
 * @size: bytes, a non-zero multiple of the page size; fixed for good. A file
 *	is sparse: its size costs nothing until pages are allocated.
 * @flags: KVM_PRIVATE_FLAG_*
 * @page_shift: log2 of the backing page size wanted: 12, or 0 for the base
 *	page, and any other bit that kvm_private_info.page_sizes shows
 * @pad: zero
 * @reserved: zero
 *
 * Laid out like struct kvm_create_guest_memfd. The ioctl may be issued on /dev/kvm_private
 * only and returns a file descriptor with close-on-exec set. Pages are charged to
 * RLIMIT_MEMLOCK of the process that makes this call (unless it has CAP_IPC_LOCK) and to
 * the memory cgroup of the task that makes them appear. Pages of 1 GiB are charged to no
 * memory cgroup, and so the call needs CAP_IPC_LOCK for them. Errors: EFAULT, EINVAL,
 * EMFILE, ENFILE, ENOMEM, EPERM.
 */
struct kvm_private_create {
	__u64 size;
	__u64 flags;
	__u32 page_shift;
	__u32 pad;
	__u64 reserved[5];
};

/**
 * struct kvm_private_set_policy - where pages are to be (KVM_PRIVATE_SET_POLICY)
 * @offset: first byte in the file, page aligned
 * @size: bytes, a non-zero multiple of the page size
 * @nodemask: user address of an array of __u64: bit n % 64 of the element n / 64
 *	stands for NUMA node n
 * @maxnode: number of bits in it, 0 for none
 * @mode: a mode of mbind(2), with %MPOL_F_STATIC_NODES or %MPOL_F_RELATIVE_NODES
 *	where those are wanted
 * @flags: zero
 * @reserved: zero
 *
 * Issued on a private file. Pages of the range that any task or guest has allocated from
 * then on are placed like those of a mapping after mbind(2); those that are there stay
 * where they are. With %MPOL_DEFAULT the policy of the task counts that allocates. mbind(2)
 * on a mapping of the file is the same, and get_mempolicy(2) on one tells of either.
 *
 * Errors: EFAULT; EINVAL, also for a mode that is unknown or doesn't go with the
 * nodes, and where none of them has memory that the task may use; ENOMEM. Without
 * NUMA in the kernel: ENOTTY.
 */
struct kvm_private_set_policy {
	__u64 offset;
	__u64 size;
	__u64 nodemask;
	__u64 maxnode;
	__u32 mode;
	__u32 flags;
	__u64 reserved[3];
};

/**
 * struct kvm_private_collapse - make pages huge (KVM_PRIVATE_COLLAPSE)
 * @offset: in/out: first byte in the file, page aligned
 * @size: in/out: bytes, a non-zero multiple of the page size
 * @flags: zero
 * @reserved: zero
 *
 * Issued on a private file whose backing page size is more than the base page. Each
 * naturally aligned block of that size that lies inside the range, has pages and is not one
 * page of that size already becomes one. If its pages are contiguous they stay where they
 * are, else they are moved to a new one. Holes in it are filled with zeros. A block without
 * any page stays a hole. Attributes don't change.
 *
 * @offset and @size are moved past the part that was done, also on error. Errors: EFAULT,
 * EINVAL, EINTR; ENOMEM: no such page could be had; EAGAIN: a page of the block at @offset is
 * pinned by more than the file and its mappings; EBUSY: the block at @offset has a
 * page that is assigned to a guest, which alone may read it, and the guest's platform can't
 * join the block's pages where they are; or the block would have to be moved while a guest
 * uses it that encrypts its memory in place (SEV, SEV-ES); EIO: the platform failed at
 * that; EHWPOISON.
 */
struct kvm_private_collapse {
	__u64 offset;
	__u64 size;
	__u64 flags;
	__u64 reserved[5];
};

/**
 * struct kvm_private_populate - fill private pages (KVM_PRIVATE_POPULATE)
 * @offset: in/out: first byte in the file, page aligned
 * @size: in/out: bytes, a non-zero multiple of the page size
 * @source: in/out: user address to copy from, of any alignment
 * @flags: zero
 * @reserved: zero
 *
 * Issued on a private file. Allocates the pages that are missing and overwrites those that
 * are there. With a @source of zero the content of pages is left as it is, that is zeros in
 * those that were missing. Pages that are shared get EINVAL; none changes its attribute while
 * it is filled. The source is read through the caller's mappings, so it may be another
 * file's shared pages, or this one's.
 *
 * @offset, @size and (unless zero) @source are moved past the part that was done, also on
 * error, so that an interrupted call is simply made again. Nothing is undone. Errors:
 * EFAULT, EINVAL, EINTR, ENOMEM, EHWPOISON, and EBUSY while the file is bound to a guest
 * whose memory only its firmware may fill.
 */
struct kvm_private_populate {
	__u64 offset;
	__u64 size;
	__u64 source;
	__u64 flags;
	__u64 reserved[4];
};

/*
 * KVM's own numbers, for programs whose <linux/kvm.h> is older than they are.
 * Where it is newer, include it before this header.
 */
#ifndef KVM_CAP_GUEST_MEMFD_FLAGS
#define KVM_CAP_GUEST_MEMFD_FLAGS	244
#endif

#ifndef GUEST_MEMFD_FLAG_MMAP
#define GUEST_MEMFD_FLAG_MMAP		(1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED	(1ULL << 1)
#endif

#ifndef KVM_MEMORY_ATTRIBUTE_PRIVATE
#define KVM_MEMORY_ATTRIBUTE_PRIVATE	(1ULL << 3)
#endif

#ifndef KVM_SET_MEMORY_ATTRIBUTES2

#define KVM_SET_MEMORY_ATTRIBUTES2	_IOWR(0xAE, 0xd2, \
					      struct kvm_memory_attributes2)

/**
 * struct kvm_memory_attributes2 - convert pages (KVM_SET_MEMORY_ATTRIBUTES2)
 * @offset: first byte in the file, page aligned
 * @size: bytes, a non-zero multiple of the page size
 * @attributes: %KVM_MEMORY_ATTRIBUTE_PRIVATE, or 0: shared
 * @flags: 0, or a flag that says what becomes of the content: KVM_SET_MEMORY_ATTRIBUTES2_*
 * @error_offset: out, where an error names a page: its first byte in the file
 * @reserved: zero
 *
 * Issued on a private file: a private page becomes shared in place, and the
 * other way round. After an error nothing has changed, but that mappings of
 * the range may have to be faulted in again. A TDX guest may then have lost what was in
 * private pages that were to become shared.
 *
 * Linux 7.4 has the same ioctl for its guest_memfd, with @flags 0 alone. The content of the
 * pages then stays where the platform keeps it: always in ordinary and in
 * software-protected VMs; with SEV-SNP and TDX until the guest's launch is over, while afterwards
 * neither side finds the data of the other one.
 *
 * Errors: EFAULT, EINVAL; ENOMEM: no memory to note the attributes of the range;
 * EAGAIN: the shared page at @error_offset is pinned by more than the file and
 * its mappings (get_user_pages(), DMA ...), or is the first of a huge page of which one is,
 * so it can't become private yet. The call has waited for pins that end
 * soon, for a second at most;
 * EOPNOTSUPP: the content can't be had as @flags wants it; EINTR: a fatal
 * signal arrived.
 */
struct kvm_memory_attributes2 {
	__u64 offset;
	__u64 size;
	__u64 attributes;
	__u64 flags;
	__u64 error_offset;
	__u64 reserved[11];
};

#endif /* KVM_SET_MEMORY_ATTRIBUTES2 */

/*
 * Flags of KVM_SET_MEMORY_ATTRIBUTES2, one of them at most: an extension, for files
 * that KVM_PRIVATE_CREATE made. A file that KVM made to stand in for a guest_memfd
 * (kvm.guest_memfd_provider) takes none: EINVAL, as Linux 7.4 has it.
 * kvm_private_info.attribute_flags tells which of them this module knows. They are
 * about the pages of the range that are allocated, also those that were in the
 * wanted attribute already.
 *
 * ZERO: they read as zeros. To shared only: the content of a private page is between a
 * guest and its platform (EOPNOTSUPP).
 * PRESERVE: they hold the data that was last written to them. EOPNOTSUPP where the platform
 * scrambles them. That is so in three cases: pages that are bound to a guest with firmware
 * are to become shared; a page is to become private whose guest is running already; a guest
 * that encrypts its memory in place (SEV, SEV-ES) uses pages of the range.
 */
#ifndef KVM_SET_MEMORY_ATTRIBUTES2_ZERO
#define KVM_SET_MEMORY_ATTRIBUTES2_ZERO		(1ULL << 0)
#define KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE	(1ULL << 1)
#endif

#endif /* _UAPI_LINUX_KVM_PRIVATE_H */
