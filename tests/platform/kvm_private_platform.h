/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between kvm_private_platform.ko, which models a platform that assigns guests'
 * memory, and the programs that drive it. One program at a time opens the
 * device. When the program closes it all bindings are removed; assigned pages
 * stay assigned.
 */
#ifndef KVM_PRIVATE_PLATFORM_H
#define KVM_PRIVATE_PLATFORM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KPP_DEVICE	"/dev/kvm_private_platform"
#define KPP_SLOTS	8

/* In kpp_bind.flags, as KVM_PRIVATE_BIND_FIRMWARE */
#define KPP_BIND_FIRMWARE	1

/* The rules, none of which may be broken; rule_names.h has their texts. */
enum kpp_rule {
	/* The life of a page */
	KPP_ASSIGNED_TWICE,
	KPP_ASSIGNED_SHARED,
	KPP_ASSIGNED_ORDER,
	KPP_FREED_ASSIGNED,
	KPP_SHARED_ASSIGNED,
	KPP_RECLAIMED_UNASSIGNED,
	KPP_RECLAIMED_PART,
	KPP_RECLAIMED_MAPPED,
	KPP_NEVER_RECLAIMED,
	/* Accesses to it */
	KPP_GUEST_UNASSIGNED,
	KPP_HOST_ACCESS,
	KPP_HOST_USES,
	KPP_CONTENT_CHANGED,
	/* The consumer's notifications */
	KPP_BEGIN_OVERLAPS,
	KPP_BEGIN_WITHOUT_END,
	KPP_END_WITHOUT_BEGIN,
	KPP_UNBOUND_INSIDE,
	KPP_SURVIVED,
	KPP_OUTSIDE_BINDING,
	/* The module with the operations */
	KPP_OWNER_GONE,
	KPP_NR_RULES,
};

/* The kind of guest whose range a binding is */
enum kpp_kind {
	/*
	 * A guest whose memory the host can't access; it finds garbage at
	 * first.
	 */
	KPP_CONFIDENTIAL,
	/* The same, but it finds the page's former content. */
	KPP_PRESERVING,
	/* A guest that trusts the host: no prepare operation of its own */
	KPP_TRUSTING,
	KPP_NR_KINDS,
};

struct kpp_bind {
	__u32 slot;
	__u32 kind;
	__s32 fd;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 guest_id;
};

struct kpp_access {
	__u32 slot;
	__u32 write;
	__u64 index;
	/* First word of the page: in or out */
	__u64 word;
	/* out */
	__u64 pfn;
};

/* First word of a page as the host finds it, assigned or not */
struct kpp_raw {
	__u64 pfn;
	__u64 word;
	__u32 write;
	__u32 pad;
};

struct kpp_populate {
	__u32 slot;
	/* errno; the callback fails with it at fail_index. */
	__s32 error;
	__u64 fail_index;
	/* in/out, moved past the pages that are done */
	__u64 index;
	__u64 nr;
	/* 0: in place */
	__u64 source;
	/* out: how often the source had to be faulted in */
	__u64 faults;
};

/* prepare fails with this errno, after so many calls that succeed, for good. */
struct kpp_fail {
	__s32 error;
	__u32 after;
};

/* Since the device was opened, unless a member says otherwise */
struct kpp_counts {
	/* How often a rule was checked, broken, broken while armed */
	__u64 checked[KPP_NR_RULES];
	__u64 violated[KPP_NR_RULES];
	__u64 provoked[KPP_NR_RULES];
	/* Pages that are assigned now */
	__u64 assigned;
	/* Invalidations that have begun and not ended now */
	__u64 invalidations;
	__u64 prepared;
	__u64 reclaimed;
	/* Lookups that were dropped because of an invalidation */
	__u64 dropped;
};

/* KPP_MISBEHAVE: the consumer's mistakes from now on, as a bit mask */
#define KPP_SKIP_ASSIGN		(1 << 0)
#define KPP_ASSIGN_AGAIN	(1 << 1)
#define KPP_LIE_ORDER		(1 << 2)
#define KPP_SKIP_RECLAIM	(1 << 3)
#define KPP_KEEP_MAPPINGS	(1 << 4)
#define KPP_MAP_INSIDE		(1 << 5)

/* KPP_CALL: reports to the model an event that didn't happen. */
enum kpp_call_type {
	KPP_CALL_ASSIGN,	/* pfn, size: order, guest_id */
	KPP_CALL_RECLAIM,	/* pfn, size: pages */
	KPP_CALL_RECLAIM_OP,	/* pfn, size: through the consumer's operation */
	KPP_CALL_FREED,		/* pfn, size */
	KPP_CALL_SHARED,	/* pfn, size */
	KPP_CALL_HOST_ACCESS,	/* pfn, size, guest_id: for_guest */
	KPP_CALL_ASSIGN_AT,	/* the same, slot, start: the page's place */
	KPP_CALL_BEGIN,		/* slot, start, end */
	KPP_CALL_END,		/* slot, start, end */
	KPP_CALL_UNBOUND,	/* slot */
	KPP_CALL_SETTLE,	/* nothing is left and nothing is under way */
};

struct kpp_call {
	__u32 type;
	__u32 slot;
	__u64 pfn;
	__u64 size;
	__u64 guest_id;
	__u64 start;
	__u64 end;
};

/*
 * Module parameters pause: where calls of the module wait; paused: how many wait
 */
#define KPP_PAUSE_PREPARE	1
#define KPP_PAUSE_RECLAIM	2
#define KPP_PAUSE_BEGIN		4

#define KPP_IOC_TYPE	0xBE

#define KPP_BIND	_IOW(KPP_IOC_TYPE, 0, struct kpp_bind)
#define KPP_UNBIND	_IO(KPP_IOC_TYPE, 1)
/* The guest's own access. EACCES: the page is shared */
#define KPP_ACCESS	_IOWR(KPP_IOC_TYPE, 2, struct kpp_access)
/* The host's access for a guest that trusts it */
#define KPP_EMULATE	_IOWR(KPP_IOC_TYPE, 3, struct kpp_access)
#define KPP_RAW		_IOWR(KPP_IOC_TYPE, 4, struct kpp_raw)
#define KPP_POPULATE	_IOWR(KPP_IOC_TYPE, 5, struct kpp_populate)
#define KPP_FAIL	_IOW(KPP_IOC_TYPE, 6, struct kpp_fail)
#define KPP_COUNTS	_IOR(KPP_IOC_TYPE, 7, struct kpp_counts)
/* Bit mask of rules that the test is going to break */
#define KPP_ARM		_IO(KPP_IOC_TYPE, 8)
#define KPP_MISBEHAVE	_IO(KPP_IOC_TYPE, 9)
#define KPP_CALL	_IOW(KPP_IOC_TYPE, 10, struct kpp_call)
/* First pfn of four that are one allocation and in no file */
#define KPP_SPARE	_IOR(KPP_IOC_TYPE, 11, __u64)

#endif
