/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoint of memory_failure(), which moved to a header of its own */
#ifndef KVM_PRIVATE_COMPAT_MEMORY_FAILURE_H
#define KVM_PRIVATE_COMPAT_MEMORY_FAILURE_H

#ifdef KVM_PRIVATE_HAVE_MEMORY_FAILURE_H
#include <trace/events/memory-failure.h>
#else
#include <ras/ras_event.h>
#endif

#endif /* KVM_PRIVATE_COMPAT_MEMORY_FAILURE_H */
