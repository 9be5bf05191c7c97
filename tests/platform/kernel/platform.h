/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared between the files of kvm_private_platform.ko
 *
 * The model of the platform (rules.c, table.c, invalidation.c) trusts neither
 * kvm_private nor the consumer in this module (slots.c, guest.c, ops.c,
 * populate.c), which is as careful as KVM and can be told to misbehave.
 *
 * Lock order, outermost first: a page's lock, kpp_slot.lock, kpp_lock.
 */
#ifndef KVM_PRIVATE_PLATFORM_KERNEL_H
#define KVM_PRIVATE_PLATFORM_KERNEL_H

#include <linux/kvm_private.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "debug/observer.h"

#include "../kvm_private_platform.h"

/* A model without memory would have to stop watching. */
#define KPP_GFP		(GFP_KERNEL | __GFP_NOFAIL)

/* Marks guests whose pages are prepared by kvm_private_observer.adopt */
#define KPP_ADOPTED	BIT_ULL(63)

/* The model's state */
extern struct mutex kpp_lock;

/* rules.c */
bool __printf(3, 4) kpp_rule(enum kpp_rule rule, bool kept, const char *format,
			     ...);
void kpp_rules_arm(unsigned long rules);
void kpp_rules_clear(void);
void kpp_rules_counts(struct kpp_counts *counts);
void kpp_rules_log(void);

/* cipher.c */
u64 kpp_cipher_word(u64 key, unsigned long i);
void kpp_cipher_page(void *page, u64 key);
u64 kpp_cipher_sum_word(u64 word, unsigned long i);
u64 kpp_cipher_sum(const void *page);

/* table.c */

/* The content that the guest finds in a page that becomes its own */
enum kpp_content {
	KPP_CONTENT_OPEN,	/* the host can read it as well */
	KPP_CONTENT_KEPT,
	KPP_CONTENT_LOST,
};

struct kpp_watch;

/**
 * struct kpp_page - a page that is assigned
 * @guest: its guest
 * @serial: of this assignment, the same for all pages of it
 * @sum: of the content that the host finds, unless @open
 * @open: the guest trusts the host
 * @order: log2 of pages that were assigned at once
 * @nr_mapped: entries in mapping tables of our own guests
 * @watch: the binding that may have it mapped
 * @index: where in its file
 * @binding: that was given it, if it is the same one still
 * @bound: serial of that binding's watch
 */
struct kpp_page {
	u64 guest;
	u64 serial;
	u64 sum;
	bool open;
	unsigned int order;
	unsigned int nr_mapped;
	struct kpp_watch *watch;
	pgoff_t index;
	const struct kvm_private_binding *binding;
	u64 bound;
};

struct kpp_page *kpp_page(unsigned long pfn);
void kpp_assign(const struct kvm_private_binding *binding, pgoff_t index,
		u64 guest, unsigned long pfn, unsigned int order,
		enum kpp_content content);
void kpp_reclaim(unsigned long pfn, unsigned long nr);
void kpp_freed(unsigned long pfn, unsigned long nr);
void kpp_shared(unsigned long pfn, unsigned long nr);
void kpp_host_access(unsigned long pfn, unsigned long nr, bool for_guest);
u64 kpp_map(u64 guest, unsigned long pfn);
void kpp_unmap(unsigned long pfn, u64 serial);
void kpp_guest_access(u64 guest, unsigned long pfn, u64 *word, bool write);
unsigned long kpp_nr_assigned(void);
void kpp_table_settle(void);

/* invalidation.c */

/*
 * Whose report it is: kvm_private's operations can be wrong where its observer
 * is right.
 */
enum kpp_reporter {
	KPP_NOTIFIED,
	KPP_CALLED,
};

void kpp_begin(const struct kvm_private_binding *binding, pgoff_t start,
	       pgoff_t end, enum kpp_reporter reporter);
void kpp_end(const struct kvm_private_binding *binding, pgoff_t start,
	     pgoff_t end, enum kpp_reporter reporter);
bool kpp_may_map(const struct kpp_page *page);
bool kpp_is_begun(const struct kvm_private_binding *binding, pgoff_t index);
void kpp_check_inside(const struct kvm_private_binding *binding, pgoff_t start,
		      pgoff_t end, const char *what);
void kpp_handed_out(const struct kvm_private_binding *binding, pgoff_t index,
		    unsigned long pfn, u64 guest, unsigned long seq);
void kpp_unbound(const struct kvm_private_binding *binding);
unsigned long kpp_nr_invalidations(void);
void kpp_invalidations_settle(void);

/* observer.c */
int kpp_observer_init(void);
void kpp_observer_exit(void);

/* settle.c */
void kpp_settle(void);

/* ops.c */
extern const struct kvm_private_binding_ops kpp_ops[KPP_NR_KINDS];
extern const struct kvm_private_binding_ops kpp_adopt_ops;
bool kpp_misbehaves(unsigned long how);
void kpp_misbehave(unsigned long how);
void kpp_fail(const struct kpp_fail *fail);
void kpp_ops_clear(void);
void kpp_ops_counts(struct kpp_counts *counts);

/* device.c */
int kpp_nr_opens(void);

/* slots.c */

/**
 * struct kpp_slot - a binding and what its guest has mapped
 * @binding: valid while @bound
 * @kind: &enum kpp_kind
 * @bound: changes under the lock of all slots, held for writing
 * @lock: guards the rest, as KVM's mmu_lock does
 * @seq: invalidations that have ended
 * @begun: invalidations that are under way
 * @start: of the union of them
 * @end: likewise
 * @mappings: struct kpp_mapping by page offset
 */
struct kpp_slot {
	struct kvm_private_binding binding;
	unsigned int kind;
	bool bound;
	struct mutex lock;	/* guards the guest's mappings */
	unsigned long seq;
	unsigned int begun;
	pgoff_t start;
	pgoff_t end;
	struct xarray mappings;
};

struct kpp_mapping {
	unsigned long pfn;
	u64 serial;
};

void kpp_slots_init(void);
int kpp_bind(const struct kpp_bind *args);
int kpp_unbind(unsigned int nr);
void kpp_unbind_all(void);
struct kpp_slot *kpp_slot_get(unsigned int nr);
void kpp_slot_put(void);

static inline struct kpp_slot *
kpp_slot_of(const struct kvm_private_binding *binding)
{
	return container_of(binding, struct kpp_slot, binding);
}

/* guest.c */
int kpp_access(struct kpp_access *args);
int kpp_emulate(struct kpp_access *args);
void kpp_slot_map(struct kpp_slot *slot, pgoff_t index, unsigned long pfn);
void kpp_slot_unmap(struct kpp_slot *slot, pgoff_t start, pgoff_t end);
unsigned long kpp_nr_dropped(void);
void kpp_guest_clear(void);

/* populate.c */
int kpp_populate(struct kpp_populate *args);

/* misuse.c */
int kpp_misuse_init(void);
void kpp_misuse_exit(void);
u64 kpp_spare(void);
int kpp_call(const struct kpp_call *call);

#endif
