/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether each page is private or shared. All layers ask for that, so it is beside them. */
#ifndef KVM_PRIVATE_ATTRIBUTE_H
#define KVM_PRIVATE_ATTRIBUTE_H

#include "internal.h"

/* attribute.c, for a file that has been converted */
bool kvm_private_attribute_lookup(struct kvm_private_file *f, pgoff_t index);
void kvm_private_attribute_clip_converted(struct kvm_private_file *f, pgoff_t index,
					  pgoff_t *start, pgoff_t *end);

static inline bool kvm_private_initially_private(const struct kvm_private_file *f)
{
	return !(f->flags & KVM_PRIVATE_FLAG_INIT_SHARED);
}

/**
 * kvm_private_attribute_is_private() - see whether a page is the guest's alone
 * @f: the file
 * @index: page offset, inside the file
 *
 * Context: any. Takes no lock; the answer stays true while the caller holds
 * the invalidate_lock.
 */
static inline bool kvm_private_attribute_is_private(struct kvm_private_file *f,
						    pgoff_t index)
{
	/*
	 * nr_converted is as new as the tree: kvm_private_attribute_set() stores it before
	 * the invalidation ends.
	 */
	return READ_ONCE(f->nr_converted) ? kvm_private_attribute_lookup(f, index) :
					    kvm_private_initially_private(f);
}

/**
 * kvm_private_attribute_clip() - cut a range down to the pages around one of its attribute
 * @f: the file
 * @index: page offset in the range, whose attribute counts
 * @start: in/out: first page offset
 * @end: in/out: page offset after the last
 *
 * Context: any. Takes no lock, as kvm_private_attribute_is_private().
 */
static inline void kvm_private_attribute_clip(struct kvm_private_file *f,
					      pgoff_t index, pgoff_t *start,
					      pgoff_t *end)
{
	if (READ_ONCE(f->nr_converted))
		kvm_private_attribute_clip_converted(f, index, start, end);
}

void kvm_private_attribute_init(struct kvm_private_file *f);
void kvm_private_attribute_destroy(struct kvm_private_file *f);
bool kvm_private_attribute_find(struct kvm_private_file *f, bool private,
				pgoff_t *start, pgoff_t *end);
int kvm_private_attribute_set(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end, bool private);
int kvm_private_attribute_make_room(void);
unsigned long kvm_private_attribute_nr_shared(struct kvm_private_file *f,
					      unsigned long nr_pages);

#endif /* KVM_PRIVATE_ATTRIBUTE_H */
