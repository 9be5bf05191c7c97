// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages are private and which are shared with the host.
 *
 * A file starts in one state. The tree has the ranges that are in the other
 * one, no two of them adjacent: a file that is all in the state that it started
 * in costs nothing, and another one as much as it has boundaries, whatever its
 * size.
 */

#include <linux/maple_tree.h>
#include <linux/rcupdate_wait.h>
#include <linux/xarray.h>

#include "compat/compat.h"
#include "fail_point.h"
#include "internal.h"

/* What the tree has for a range; the range is all there is to know. */
#define CONVERTED	xa_mk_value(1)

static bool starts_private(const struct kvm_private_file *f)
{
	return !(f->flags & KVM_PRIVATE_FLAG_INIT_SHARED);
}

void kvm_private_state_init(struct kvm_private_file *f)
{
	/*
	 * As the tree of a process's mappings. The other kind of node, without
	 * MT_FLAGS_ALLOC_RANGE, keeps its metadata in its last slot, which
	 * mt_free_walk() of 6.1 and 6.12 takes for a pointer when a subtree
	 * goes.
	 */
	mt_init_flags(&f->converted, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_USE_RCU |
				     MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&f->converted, &f->invalidate_lock);
}

void kvm_private_state_destroy(struct kvm_private_file *f)
{
	if (mtree_empty(&f->converted))
		return;

	/* Nobody else is left, but the tree asks for its lock. */
	down_write(&f->invalidate_lock);
	__mt_destroy(&f->converted);
	up_write(&f->invalidate_lock);
}

/**
 * kvm_private_state_is_private() - is a page the guest's alone?
 * @f: the file
 * @index: page offset, inside the file
 *
 * Context: any. Takes no lock; the answer stays true while the caller holds
 * the invalidate_lock.
 */
bool kvm_private_state_is_private(struct kvm_private_file *f, pgoff_t index)
{
	/* No older than what the tree would say: it changes before the change ends. */
	if (!READ_ONCE(f->nr_converted))
		return starts_private(f);
	return starts_private(f) == !mtree_load(&f->converted, index);
}

/* Returns whether the range around @index is converted. RCU is read-locked. */
static bool converted_range(struct kvm_private_file *f, pgoff_t index,
			    pgoff_t *first, pgoff_t *last)
{
	MA_STATE(mas, &f->converted, index, index);
	void *entry = mas_walk(&mas);

	*first = mas.index;
	*last = mas.last;
	return entry;
}

/**
 * kvm_private_state_clip() - leave of a range what is in one state
 * @f: the file
 * @index: page offset in the range, whose state counts
 * @start: in/out: first page offset
 * @end: in/out: page offset after the last
 *
 * Context: any. Takes no lock, as kvm_private_state_is_private().
 */
void kvm_private_state_clip(struct kvm_private_file *f, pgoff_t index,
			    pgoff_t *start, pgoff_t *end)
{
	pgoff_t first, last;

	if (!READ_ONCE(f->nr_converted))
		return;

	rcu_read_lock();
	converted_range(f, index, &first, &last);
	rcu_read_unlock();

	*start = max(*start, first);
	if (last < *end - 1)
		*end = last + 1;
}

/**
 * kvm_private_state_find() - find pages that are in a state
 * @f: the file
 * @private: the state
 * @start: in: first page offset to look at; out: of the pages that were found
 * @end: in: page offset after the last to look at; out: of those pages
 *
 * Context: invalidate_lock held, or the answer may be old.
 * Return: whether there are any.
 */
bool kvm_private_state_find(struct kvm_private_file *f, bool private,
			    pgoff_t *start, pgoff_t *end)
{
	bool wanted = private != starts_private(f);
	pgoff_t next = *start;
	pgoff_t first, last;
	bool found;

	do {
		rcu_read_lock();
		found = converted_range(f, next, &first, &last) == wanted;
		rcu_read_unlock();
		if (found)
			break;
		next = last + 1;
	} while (last < *end - 1);

	if (!found)
		return false;

	*start = next;
	if (last < *end - 1)
		*end = last + 1;
	return true;
}

static unsigned long count_converted(struct kvm_private_file *f, pgoff_t start,
				     pgoff_t end)
{
	MA_STATE(mas, &f->converted, start, start);
	unsigned long nr = 0;
	void *entry;

	rcu_read_lock();
	mas_for_each(&mas, entry, end - 1) {
		nr += min(mas.last, end - 1) - max(mas.index, start) + 1;
		if (need_resched()) {
			mas_pause(&mas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();

	return nr;
}

/* Widen [first, last] by the converted ranges that are next to it. */
static void join_neighbours(struct kvm_private_file *f, pgoff_t *first,
			    pgoff_t *last)
{
	pgoff_t from, to;

	rcu_read_lock();
	if (*first && converted_range(f, *first - 1, &from, &to))
		*first = from;
	if (converted_range(f, *last + 1, &from, &to))
		*last = to;
	rcu_read_unlock();
}

/**
 * kvm_private_state_set() - change the state of pages
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last, inside the file
 * @private: the new state
 *
 * Context: may sleep. invalidate_lock held for writing, the invalidation begun.
 * Return: 0, or -ENOMEM and nothing has changed.
 */
int kvm_private_state_set(struct kvm_private_file *f, pgoff_t start,
			  pgoff_t end, bool private)
{
	MA_STATE(mas, &f->converted, start, end - 1);
	bool convert = private != starts_private(f);
	pgoff_t first = start, last = end - 1;
	unsigned long nr;
	int ret;

	lockdep_assert_held_write(&f->invalidate_lock);

	nr = f->nr_converted - count_converted(f, start, end);

	/* The tree itself joins what is empty. */
	if (convert) {
		nr += end - start;
		join_neighbours(f, &first, &last);
	}

	mas_set_range(&mas, first, last);
	ret = kvm_private_may_fail(STATE, -ENOMEM,
				   kvm_private_mas_store(&mas,
							 convert ? CONVERTED : NULL,
							 KVM_PRIVATE_GFP_NODE));
	if (!ret)
		WRITE_ONCE(f->nr_converted, nr);
	return ret;
}

/* How many of a file's pages are shared, allocated or not */
unsigned long kvm_private_state_nr_shared(struct kvm_private_file *f,
					  unsigned long nr_pages)
{
	unsigned long nr = READ_ONCE(f->nr_converted);

	return starts_private(f) ? nr : nr_pages - nr;
}
