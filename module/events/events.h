/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of the machine: it runs out of memory, a page of it fails, it hibernates. */
#ifndef KVM_PRIVATE_EVENTS_H
#define KVM_PRIVATE_EVENTS_H

#include "internal.h"

/* creators.c */
extern const struct attribute_group *kvm_private_creators_groups[];
int kvm_private_creators_init(void);
void kvm_private_creators_exit(void);
void kvm_private_creator_add(struct kvm_private_file *f);
void kvm_private_creator_remove(struct kvm_private_file *f);
void kvm_private_creators_visit(bool (*visitor)(struct kvm_private_file *f,
						void *arg), void *arg);

/* memory_error.c */
#if defined(CONFIG_MEMORY_FAILURE) && defined(CONFIG_TRACEPOINTS)
int kvm_private_memory_error_init(void);
void kvm_private_memory_error_exit(void);
#else
static inline int kvm_private_memory_error_init(void)
{
	return 0;
}

static inline void kvm_private_memory_error_exit(void)
{
}
#endif

/* hibernation.c */
int kvm_private_hibernation_init(void);
void kvm_private_hibernation_exit(void);

#endif /* KVM_PRIVATE_EVENTS_H */
