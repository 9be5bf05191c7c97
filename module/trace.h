/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints for the lives of files and of their pages. A file is known by the number of
 * its inode, which fstat() tells its holder.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_private

#if !defined(KVM_PRIVATE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KVM_PRIVATE_TRACE_H

#include <linux/tracepoint.h>

#include "internal.h"
#include "memory/unit.h"

TRACE_EVENT(kvm_private_create,
	TP_PROTO(struct kvm_private_file *f),
	TP_ARGS(f),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(loff_t,		size)
		__field(u64,		flags)
		__field(unsigned int,	order)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->size = i_size_read(f->mapping->host);
		__entry->flags = f->flags;
		__entry->order = f->order;
	),
	TP_printk("ino=%lu size=%lld flags=0x%llx order=%u", __entry->ino,
		  __entry->size, __entry->flags, __entry->order)
);

DECLARE_EVENT_CLASS(kvm_private_unit,
	TP_PROTO(struct kvm_private_file *f, const struct kvm_private_unit *unit),
	TP_ARGS(f, unit),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(pgoff_t,	index)
		__field(unsigned long,	pfn)
		__field(unsigned int,	order)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->index = unit->index;
		__entry->pfn = page_to_pfn(unit->head);
		__entry->order = unit->order;
	),
	TP_printk("ino=%lu index=0x%lx pfn=0x%lx order=%u", __entry->ino,
		  __entry->index, __entry->pfn, __entry->order)
);

/*
 * kvm_private_alloc comes after the page allocator has given memory, and kvm_private_free
 * before it gets the memory back.
 */
DEFINE_EVENT(kvm_private_unit, kvm_private_alloc,
	TP_PROTO(struct kvm_private_file *f, const struct kvm_private_unit *unit),
	TP_ARGS(f, unit)
);

DEFINE_EVENT(kvm_private_unit, kvm_private_free,
	TP_PROTO(struct kvm_private_file *f, const struct kvm_private_unit *unit),
	TP_ARGS(f, unit)
);

/* Pages that a guest had become the host's again. */
DEFINE_EVENT(kvm_private_unit, kvm_private_reclaim,
	TP_PROTO(struct kvm_private_file *f, const struct kvm_private_unit *unit),
	TP_ARGS(f, unit)
);

/* Pages have become a guest's, unless ret is an error. */
TRACE_EVENT(kvm_private_prepare,
	TP_PROTO(struct kvm_private_file *f, const struct kvm_private_unit *unit,
		 u64 guest_id, int ret),
	TP_ARGS(f, unit, guest_id, ret),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(pgoff_t,	index)
		__field(unsigned long,	pfn)
		__field(unsigned int,	order)
		__field(u64,		guest_id)
		__field(int,		ret)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->index = unit->index;
		__entry->pfn = page_to_pfn(unit->head);
		__entry->order = unit->order;
		__entry->guest_id = guest_id;
		__entry->ret = ret;
	),
	TP_printk("ino=%lu index=0x%lx pfn=0x%lx order=%u guest=%llu ret=%d",
		  __entry->ino, __entry->index, __entry->pfn, __entry->order,
		  __entry->guest_id, __entry->ret)
);

/* Pages that a guest's platform doesn't give back: they are lost. */
TRACE_EVENT(kvm_private_leak,
	TP_PROTO(struct kvm_private_file *f, unsigned long pfn, unsigned long nr),
	TP_ARGS(f, pfn, nr),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(unsigned long,	pfn)
		__field(unsigned long,	nr)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->pfn = pfn;
		__entry->nr = nr;
	),
	TP_printk("ino=%lu pfn=0x%lx nr=%lu", __entry->ino, __entry->pfn, __entry->nr)
);

/* A consumer's lookup; after an error pfn and order are 0. */
TRACE_EVENT(kvm_private_get_pfn,
	TP_PROTO(struct kvm_private_file *f, pgoff_t index, bool private,
		 unsigned long pfn, unsigned int order, int ret),
	TP_ARGS(f, index, private, pfn, order, ret),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(pgoff_t,	index)
		__field(bool,		private)
		__field(unsigned long,	pfn)
		__field(unsigned int,	order)
		__field(int,		ret)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->index = index;
		__entry->private = private;
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->ret = ret;
	),
	TP_printk("ino=%lu index=0x%lx %s pfn=0x%lx order=%u ret=%d",
		  __entry->ino, __entry->index,
		  __entry->private ? "private" : "shared", __entry->pfn,
		  __entry->order, __entry->ret)
);

DECLARE_EVENT_CLASS(kvm_private_range,
	TP_PROTO(struct kvm_private_file *f, pgoff_t start, pgoff_t end),
	TP_ARGS(f, start, end),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(pgoff_t,	start)
		__field(pgoff_t,	end)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->start = start;
		__entry->end = end;
	),
	TP_printk("ino=%lu start=0x%lx end=0x%lx", __entry->ino,
		  __entry->start, __entry->end)
);

/*
 * From here to kvm_private_invalidate_end no consumer of an overlapping binding maps the
 * range.
 */
DEFINE_EVENT(kvm_private_range, kvm_private_invalidate_begin,
	TP_PROTO(struct kvm_private_file *f, pgoff_t start, pgoff_t end),
	TP_ARGS(f, start, end)
);

DEFINE_EVENT(kvm_private_range, kvm_private_invalidate_end,
	TP_PROTO(struct kvm_private_file *f, pgoff_t start, pgoff_t end),
	TP_ARGS(f, start, end)
);

TRACE_EVENT(kvm_private_convert,
	TP_PROTO(struct kvm_private_file *f, pgoff_t start, pgoff_t end,
		 bool private, u64 flags, int ret),
	TP_ARGS(f, start, end, private, flags, ret),
	TP_STRUCT__entry(
		__field(unsigned long,	ino)
		__field(pgoff_t,	start)
		__field(pgoff_t,	end)
		__field(bool,		private)
		__field(u64,		flags)
		__field(int,		ret)
	),
	TP_fast_assign(
		__entry->ino = f->mapping->host->i_ino;
		__entry->start = start;
		__entry->end = end;
		__entry->private = private;
		__entry->flags = flags;
		__entry->ret = ret;
	),
	TP_printk("ino=%lu start=0x%lx end=0x%lx to %s flags=0x%llx ret=%d",
		  __entry->ino, __entry->start, __entry->end,
		  __entry->private ? "private" : "shared", __entry->flags,
		  __entry->ret)
);

#endif /* KVM_PRIVATE_TRACE_H */

/* <trace/define_trace.h> includes this file once more, by a path from Kbuild's -I. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
