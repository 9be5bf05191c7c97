/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls by which a test program controls kvm_snp_test.ko */
#ifndef KVM_SNP_TEST_H
#define KVM_SNP_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SNPT_DEVICE	"/dev/kvm_snp_test"

/*
 * The module has this many pages in one piece, for one program at a time. They
 * begin at a multiple of their size. A test names one by its number.
 */
#define SNPT_PAGES	1024
#define SNPT_PAGE_SIZE	4096

/* RMPUPDATE of a page, or of 512 */
struct snpt_update {
	__u32 page;
	__u32 asid;
	__u64 gpa;
	__u8 assigned;
	__u8 large;
	__u8 immutable;
	__u8 reserved;
	__u32 result;
};

/* The page's entry in the RMP */
struct snpt_entry {
	__u32 page;
	__u8 assigned;
	__u8 large;
	__u16 reserved;
};

/* A command of the firmware, and its buffer; size 0 means that it has none. */
#define SNPT_BUFFER_SIZE	64

struct snpt_command {
	__u32 id;
	__u32 size;
	__u8 buffer[SNPT_BUFFER_SIZE];
	__u32 status;
	__u32 reserved;
};

/* The host's own access to a page */
struct snpt_copy {
	__u32 page;
	__u32 reserved;
	__u64 user;
};

/*
 * A device reads the first bytes of a page, or writes what it has read last. Its own memory
 * has 4 KiB, and QEMU 7.2 takes an access to all of it for one too many.
 */
#define SNPT_DMA_SIZE	2048

struct snpt_dma {
	__u32 page;
	__u32 write;
};

/*
 * A page of the calling process is read while its page table is assigned and
 * has no accessed bit. error: that of the read
 */
struct snpt_table {
	__u64 address;
	__s32 error;
	__u32 reserved;
};

#define SNPT_ADDRESS	_IOR('s', 0x01, __u64)
#define SNPT_UPDATE	_IOWR('s', 0x02, struct snpt_update)
#define SNPT_ENTRY	_IOWR('s', 0x03, struct snpt_entry)
#define SNPT_COMMAND	_IOWR('s', 0x04, struct snpt_command)
#define SNPT_READ	_IOW('s', 0x05, struct snpt_copy)
#define SNPT_WRITE	_IOW('s', 0x06, struct snpt_copy)
#define SNPT_DMA	_IOW('s', 0x07, struct snpt_dma)
#define SNPT_TABLE	_IOWR('s', 0x08, struct snpt_table)

#endif
