/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of pages: its allocation, the limits that it counts in, and its usage. */
#ifndef KVM_PRIVATE_MEMORY_H
#define KVM_PRIVATE_MEMORY_H

#include <linux/mm.h>
#include <linux/nodemask.h>

#include "compat/compat.h"
#include "internal.h"

struct mempolicy;

/* limit.c */
int kvm_private_charge(struct kvm_private_file *f, unsigned long nr);
void kvm_private_uncharge(struct kvm_private_file *f, unsigned long nr);
void kvm_private_charge_explain(struct kvm_private_file *f);
unsigned long kvm_private_nr_charged(void);
int kvm_private_charge_stop(void);
void kvm_private_charge_resume(void);

/* memlock.c */
int kvm_private_memlock_charge(struct kvm_private_memlock *memlock,
			       unsigned long nr);
void kvm_private_memlock_uncharge(struct kvm_private_memlock *memlock,
				  unsigned long nr);
bool kvm_private_memlock_explain(const struct kvm_private_memlock *memlock);
void kvm_private_memlock_init(struct kvm_private_memlock *memlock);
void kvm_private_memlock_release(struct kvm_private_memlock *memlock);

/**
 * struct kvm_private_usage - base pages in a file's store, or in those of all
 * @small: that were allocated one by one, or are left of a block
 * @huge: in huge pages
 * @gigantic: in gigantic pages
 */
struct kvm_private_usage {
	unsigned long small;
	unsigned long huge;
	unsigned long gigantic;
};

/* usage.c */
unsigned long kvm_private_nr_pages(struct kvm_private_file *f);
struct kvm_private_usage kvm_private_usage_of(struct kvm_private_file *f);
struct kvm_private_usage kvm_private_usage_of_all(void);
void kvm_private_usage_add(struct kvm_private_file *f, bool gigantic, long nr);
void kvm_private_leaked_add(struct kvm_private_file *f, unsigned long nr);
unsigned long kvm_private_nr_leaked(const struct kvm_private_file *f);
unsigned long kvm_private_nr_leaked_by_all(void);

/* gigantic.c */
struct page *kvm_private_gigantic_alloc(struct kvm_private_file *f,
					pgoff_t index);

/* policy.c */
#ifdef CONFIG_NUMA
int kvm_private_policy_set(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end, const struct mempolicy *mempolicy);
void kvm_private_policy_destroy(struct kvm_private_file *f);
void kvm_private_policy_exit(void);
struct folio *kvm_private_policy_alloc(struct kvm_private_file *f,
				       pgoff_t index, gfp_t gfp);
struct page *kvm_private_policy_alloc_block(struct kvm_private_file *f,
					    pgoff_t index, unsigned int order,
					    gfp_t gfp);
bool kvm_private_policy_nodes(struct kvm_private_file *f, pgoff_t index,
			      unsigned int order, nodemask_t *nodes);
struct mempolicy *kvm_private_vm_get_policy(struct vm_area_struct *vma,
					    unsigned long KVM_PRIVATE_ADDRESS_AND_ILX);
int kvm_private_node_in_turn(const nodemask_t *nodes, unsigned long turn);
#else
static inline void kvm_private_policy_destroy(struct kvm_private_file *f)
{
}

static inline void kvm_private_policy_exit(void)
{
}

static inline struct folio *
kvm_private_policy_alloc(struct kvm_private_file *f, pgoff_t index, gfp_t gfp)
{
	return folio_alloc(gfp, 0);
}

static inline struct page *
kvm_private_policy_alloc_block(struct kvm_private_file *f, pgoff_t index,
			       unsigned int order, gfp_t gfp)
{
	return alloc_pages(gfp, order);
}

static inline bool kvm_private_policy_nodes(struct kvm_private_file *f,
					    pgoff_t index, unsigned int order,
					    nodemask_t *nodes)
{
	*nodes = node_states[N_MEMORY];
	return true;
}
#endif

#endif /* KVM_PRIVATE_MEMORY_H */
