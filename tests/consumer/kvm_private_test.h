/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between kvm_private_test.ko and the programs that drive it. The whole system has one
 * consumer: one program at a time opens the device. When it closes the device, all
 * bindings and events go.
 */
#ifndef KVM_PRIVATE_TEST_H
#define KVM_PRIVATE_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KPT_DEVICE	"/dev/kvm_private_test"
#define KPT_SLOTS	65536

/* In kpt_bind.flags, as KVM_PRIVATE_BIND_* */
#define KPT_BIND_FIRMWARE	1
#define KPT_BIND_NO_ATTRIBUTES	2
#define KPT_BIND_VOLATILE	4
/* The lowest flag that has no meaning */
#define KPT_BIND_UNKNOWN	8

/* The operations that a binding is given */
enum kpt_ops {
	KPT_OPS_PLAIN,
	KPT_OPS_PREPARE,
	/* As KPT_OPS_PREPARE, on a platform that joins pages */
	KPT_OPS_JOIN,
	/* As KPT_OPS_PLAIN, of a guest that encrypts its memory in place */
	KPT_OPS_ENCRYPTS,
	/* As KPT_OPS_PREPARE, and told where private pages may stay mapped */
	KPT_OPS_KEEPS,
	/* Not well-formed */
	KPT_OPS_NULL,
	KPT_OPS_NO_BEGIN,
	KPT_OPS_NO_END,
	KPT_OPS_NO_RECLAIM,
	KPT_OPS_NO_PREPARE,
	KPT_OPS_NO_JOINED,
	KPT_OPS_NO_JOIN,
	KPT_OPS_NR,
};

struct kpt_bind {
	__u32 slot;
	__u32 ops;
	__s32 fd;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 guest_id;
	__u64 guest_offset;
};

struct kpt_page {
	__u32 slot;
	/* in, KPT_GET_PFN: keep it pinned until KPT_PUT_PFN */
	__u32 pin;
	__u64 index;
	/* out (KPT_PUT_PFN: in) */
	__u64 pfn;
	/* out, poisoned before the call so that a missing value shows */
	__u32 max_order;
	/* in, KPT_GET_PFN: ask without max_order */
	__u32 no_order;
	/* first word: out of KPT_READ, into KPT_WRITE */
	__u64 word;
	/* in, KPT_GET_PFN: kvm_private_get_shared_pfn() */
	__u32 shared;
	__u32 pad;
};

struct kpt_create {
	__u64 size;
	__u64 flags;
	__u64 guest_id;
};

struct kpt_is_private {
	__s32 fd;
	__u32 pad;
	__u64 index;
};

/* In kpt_populate.flags: the callback ... */
/* looks its own page up; the event has the result */
#define KPT_FILL_LOOKS_UP	1
/* needs the firmware's lock */
#define KPT_FILL_FIRMWARE	2

struct kpt_populate {
	__u32 slot;
	/* The callback returns this for the page fail_index. */
	__s32 error;
	__u64 index;
	__u64 nr;
	__u64 fail_index;
	/* Each word of page i becomes word + i. */
	__u64 word;
	/* out: the result of kvm_private_populate() */
	__s64 result;
	/* KPT_FILL_* */
	__u32 flags;
	__u32 pad;
};

struct kpt_sweep {
	__u32 slot;
	__u32 pad;
	__u64 start;
	__u64 end;
};

/* Pages that the platform keeps */
struct kpt_leak {
	__u32 slot;
	__u32 pad;
	__u64 pfn;
	__u64 nr;
};

struct kpt_control {
	/* The result of prepare */
	__s32 prepare_error;
	/* invalidate_begin of this slot doesn't return; -1: none */
	__s32 block_slot;
	/* Look the first page of the range up in invalidate_begin and _end. */
	__u32 probe;
	/* prepare sleeps for a tick, so that other tasks get in between. */
	__u32 slow;
	/* 1 + the offset of a page whose prepare doesn't return; 0: none */
	__u64 block_prepare;
	/* The same for the callback that fills pages */
	__u64 block_fill;
	/* A call of the firmware doesn't return before this is 0. */
	__u64 block_firmware;
	/* The result of join */
	__s32 join_error;
	/* The platform has each block in pieces, until it joins one. */
	__u32 in_pieces;
};

/* A call of the firmware: writes to user memory while it holds the firmware's lock. */
struct kpt_firmware {
	__u64 address;
	__u64 word;
};

enum kpt_event_type {
	KPT_BEGIN,
	KPT_END,
	KPT_PREPARED,
	KPT_RECLAIMED,
	KPT_FILLED,
	KPT_JOINED,
	KPT_SHARED_BEGIN,
};

/* read(2) removes the oldest events. */
struct kpt_event {
	__u32 type;
	/* KPT_RECLAIMED has none. */
	__u32 slot;
	/* KPT_PREPARED, KPT_FILLED, KPT_JOINED: index */
	__u64 start;
	/* KPT_BEGIN, KPT_SHARED_BEGIN, KPT_END only */
	__u64 end;
	/* KPT_BEGIN, KPT_END: whether the probe found a page */
	__u64 pfn;
	/* log2 of pages; KPT_RECLAIMED: number of pages */
	__u32 size;
	/* The result of the probe or the operation */
	__s32 result;
};

#define KPT_IOC_TYPE	0xBD

/* 0, or the error of kvm_private_fget() */
#define KPT_FGET	_IO(KPT_IOC_TYPE, 0)
#define KPT_BIND	_IOW(KPT_IOC_TYPE, 1, struct kpt_bind)
#define KPT_UNBIND	_IO(KPT_IOC_TYPE, 2)
#define KPT_GET_PFN	_IOWR(KPT_IOC_TYPE, 3, struct kpt_page)
#define KPT_PUT_PFN	_IOW(KPT_IOC_TYPE, 4, struct kpt_page)
#define KPT_READ	_IOWR(KPT_IOC_TYPE, 5, struct kpt_page)
#define KPT_WRITE	_IOW(KPT_IOC_TYPE, 6, struct kpt_page)
/* 0 or 1 */
#define KPT_IS_PRIVATE	_IOW(KPT_IOC_TYPE, 7, struct kpt_is_private)
#define KPT_POPULATE	_IOWR(KPT_IOC_TYPE, 8, struct kpt_populate)
#define KPT_CONTROL	_IOW(KPT_IOC_TYPE, 9, struct kpt_control)
/* Waits until an operation is blocked: 0 or ETIMEDOUT */
#define KPT_WAIT_BLOCKED _IO(KPT_IOC_TYPE, 10)
/* Whether one is blocked now: 0 or 1 */
#define KPT_IS_BLOCKED	_IO(KPT_IOC_TYPE, 11)
/* One page may be locked at a time. ENODATA: kvm_private_lock_page() returned NULL */
#define KPT_LOCK_PAGE	_IOW(KPT_IOC_TYPE, 12, struct kpt_page)
#define KPT_UNLOCK_PAGE	_IO(KPT_IOC_TYPE, 13)
/* A descriptor for the file of kvm_private_create_guest_memfd() */
#define KPT_CREATE	_IOW(KPT_IOC_TYPE, 14, struct kpt_create)
/* As KPT_READ, through kvm_private_peek_page() and without sleeping */
#define KPT_PEEK	_IOWR(KPT_IOC_TYPE, 15, struct kpt_page)
/* The first word of pfn, which KPT_GET_PFN has pinned, wherever the file's page is now */
#define KPT_READ_PINNED	_IOWR(KPT_IOC_TYPE, 16, struct kpt_page)
/* Looks up each page of a range and releases it. */
#define KPT_SWEEP	_IOW(KPT_IOC_TYPE, 17, struct kpt_sweep)

/* As an ioctl of KVM for the firmware: its lock is outside of the file's. */
#define KPT_FIRMWARE	_IOW(KPT_IOC_TYPE, 18, struct kpt_firmware)
/* Keeps the processor from all other tasks, for so many microseconds. */
#define KPT_KEEP	_IO(KPT_IOC_TYPE, 19)
/* kvm_private_leak(), from where it can't sleep */
#define KPT_LEAK	_IOW(KPT_IOC_TYPE, 20, struct kpt_leak)

#endif
