/* SPDX-License-Identifier: GPL-2.0-only */
/* The users of pages: guests through bindings, the host through mappings. */
#ifndef KVM_PRIVATE_ACCESS_H
#define KVM_PRIVATE_ACCESS_H

#include "internal.h"

struct kvm_private_unit;

/* binding.c */
void kvm_private_invalidate_begin(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
void kvm_private_invalidate_shared_begin(struct kvm_private_file *f,
					 pgoff_t start, pgoff_t end);
void kvm_private_invalidate_end(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
bool kvm_private_bindings_preserve(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, bool to_private);
bool kvm_private_bindings_movable(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
bool kvm_private_bindings_volatile(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end);
struct kvm_private_binding *
kvm_private_joining_binding(struct kvm_private_file *f,
			    const struct kvm_private_unit *block);

/* mapping.c */
int kvm_private_mmap(struct file *file, struct vm_area_struct *vma);
void kvm_private_unmap(struct kvm_private_file *f, pgoff_t start, pgoff_t end);

#endif /* KVM_PRIVATE_ACCESS_H */
