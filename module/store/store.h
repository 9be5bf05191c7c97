/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of a file: looking them up, adding, splitting and removing them, and the guests
 * that they are prepared for.
 */
#ifndef KVM_PRIVATE_STORE_H
#define KVM_PRIVATE_STORE_H

#include "debug/detour.h"
#include "internal.h"
#include "memory/unit.h"

struct seq_file;

/* claim.c */
void kvm_private_claim(struct kvm_private_file *f,
		       struct kvm_private_claim *claim, pgoff_t start,
		       pgoff_t end);
void kvm_private_release_claim(struct kvm_private_file *f,
			       struct kvm_private_claim *claim);
bool kvm_private_page_claimed(struct kvm_private_file *f, pgoff_t index,
			      bool *own);
int kvm_private_wait_for_claims(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
int kvm_private_wait_for_claims_interruptible(struct kvm_private_file *f,
					      pgoff_t start, pgoff_t end);
void kvm_private_lock_unclaimed_uninterruptible(struct kvm_private_file *f,
						pgoff_t start, pgoff_t end);
int kvm_private_lock_unclaimed(struct kvm_private_file *f, pgoff_t start,
			       pgoff_t end);

/**
 * kvm_private_claimed_by_other() - see whether the current task must keep off a page
 * @f: the file
 * @index: page offset of a page that the caller has a reference of
 * @own: out: the current task has claimed the page itself
 *
 * Context: the page's unit is locked or the invalidate_lock held, so that the page stays
 * the file's.
 * Return: whether another task has claimed it.
 */
static inline bool kvm_private_claimed_by_other(struct kvm_private_file *f,
						pgoff_t index, bool *own)
{
	bool claimed;

	/*
	 * Pairs with smp_mb() in kvm_private_claim(): the caller's reference comes first.
	 */
	smp_mb__after_atomic();
	*own = false;
	claimed = unlikely(READ_ONCE(f->nr_claims)) &&
		  kvm_private_page_claimed(f, index, own);
	return !*own && kvm_private_should_retry(CLAIM, claimed);
}

/* guest.c */
struct kvm_private_guest *
kvm_private_guest_get(struct kvm_private_file *f,
		      const struct kvm_private_binding *binding,
		      const struct kvm_private_binding_ops *ops);
void kvm_private_guest_put(struct kvm_private_file *f,
			   struct kvm_private_guest *guest);
bool kvm_private_has_guests(struct kvm_private_file *f);
bool kvm_private_unit_is_assigned(const struct kvm_private_unit *unit);
void kvm_private_unit_set_guest(const struct kvm_private_unit *unit,
				struct kvm_private_guest *guest);
void kvm_private_unit_share_guest(const struct kvm_private_unit *unit,
				  unsigned int order);
void kvm_private_units_join_guest(const struct kvm_private_unit *units,
				  unsigned int nr);
void kvm_private_unit_reclaim(struct kvm_private_file *f,
			      const struct kvm_private_unit *unit);

/* lookup.c */
struct page *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				   struct kvm_private_unit *unit);
struct page *kvm_private_store_get_head(struct kvm_private_file *f, pgoff_t index,
					struct kvm_private_unit *unit);
bool kvm_private_store_look_for_claims(struct kvm_private_file *f, pgoff_t index,
				       const struct kvm_private_unit *unit,
				       bool *own);

/* lock.c */
bool kvm_private_store_lock_unit(struct kvm_private_file *f, pgoff_t index,
				 struct kvm_private_unit *unit);
void kvm_private_store_unlock(const struct kvm_private_unit *unit);
void kvm_private_store_unlock_head(struct page *head);
bool kvm_private_store_wait_unused(struct kvm_private_file *f, pgoff_t index,
				   unsigned long *since);

/* remove.c */
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end);

/* add.c */
int kvm_private_store_add(struct kvm_private_file *f, pgoff_t index,
			  pgoff_t until);
struct page *kvm_private_store_get_or_add(struct kvm_private_file *f, pgoff_t index,
					  pgoff_t until,
					  struct kvm_private_unit *unit);
int kvm_private_store_lock(struct kvm_private_file *f, pgoff_t index,
			   pgoff_t until, struct kvm_private_unit *unit);
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end);

/* split.c */
int kvm_private_store_split(struct kvm_private_file *f, pgoff_t index,
			    gfp_t gfp);
int kvm_private_store_split_range(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
bool kvm_private_store_is_split(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
int kvm_private_store_lock_split(struct kvm_private_file *f, pgoff_t start,
				 pgoff_t end);
int kvm_private_store_split_locked(struct kvm_private_file *f,
				   struct kvm_private_unit *unit, gfp_t gfp);
void kvm_private_store_note_poison(struct kvm_private_file *f, pgoff_t index);
void kvm_private_store_break(struct kvm_private_file *f, pgoff_t index);

/* query.c */
int kvm_private_check_unreferenced(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, pgoff_t *pinned);
int kvm_private_check_unused(struct kvm_private_file *f, pgoff_t start,
			     pgoff_t end, pgoff_t *pinned);
void kvm_private_store_show_nodes(struct kvm_private_file *f,
				  struct seq_file *m);
pgoff_t kvm_private_store_next_hole(struct kvm_private_file *f, pgoff_t start,
				    pgoff_t end);
bool kvm_private_store_next_page(struct kvm_private_file *f, pgoff_t *start,
				 pgoff_t end);
bool kvm_private_store_find_pfn(struct kvm_private_file *f, unsigned long pfn,
				pgoff_t *index);
bool kvm_private_store_find_poison(struct kvm_private_file *f, pgoff_t *index);

/**
 * kvm_private_store_is_claimed() - see whether another task has claimed a page that was
 * found
 * @f: the file
 * @index: page offset of the page
 * @unit: from kvm_private_store_get(), with a page or without
 * @own: out: the current task has claimed the page
 *
 * The lookup took its reference, looked for claims, and then found its page in the store
 * still. So if there were no claims, none that ended before has taken the page from the
 * file. Otherwise the store is asked once more.
 *
 * Context: any but interrupts.
 * Return: whether it is claimed, or not the file's page any more: then the caller drops
 * its reference, calls kvm_private_wait_for_claims() and starts again.
 */
static inline bool
kvm_private_store_is_claimed(struct kvm_private_file *f, pgoff_t index,
			     const struct kvm_private_unit *unit, bool *own)
{
	*own = false;
	return unlikely(unit->claims) &&
	       kvm_private_store_look_for_claims(f, index, unit, own);
}

#endif /* KVM_PRIVATE_STORE_H */
