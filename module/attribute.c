// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attribute of each page: private, or shared with the host.
 *
 * All pages of a file start with one attribute. The tree has the ranges with the other one,
 * no two of them adjacent. So a file without converted pages costs nothing, and another one
 * as much as it has boundaries, whatever its size.
 */

#include <linux/maple_tree.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat/compat.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "attribute.h"

/*
 * Ranges that one store into the tree may replace. The maple tree frees their nodes in one
 * go, without a chance for other tasks to run.
 */
#define RANGES_AT_ONCE	64

/* Nodes that a store may ask for at once, and their size: a split at each level */
#define NODES_AT_ONCE	32
#define NODE_SIZE	sizeof(struct maple_node)

/*
 * The tree's entry for a range. It is the same for all of them, since only the range
 * matters.
 */
#define CONVERTED	xa_mk_value(1)

void kvm_private_attribute_init(struct kvm_private_file *f)
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

/* kvm_private_attribute_is_private() of a file with ranges that are converted */
bool kvm_private_attribute_lookup(struct kvm_private_file *f, pgoff_t index)
{
	return kvm_private_initially_private(f) == !mtree_load(&f->converted, index);
}

/* Returns whether the range around @index is converted. RCU is read-locked. */
static bool attribute_range(struct kvm_private_file *f, pgoff_t index,
			    pgoff_t *first, pgoff_t *last)
{
	MA_STATE(mas, &f->converted, index, index);
	void *entry = mas_walk(&mas);

	*first = mas.index;
	*last = mas.last;
	return entry;
}

/* kvm_private_attribute_clip() of a file with ranges that are converted */
void kvm_private_attribute_clip_converted(struct kvm_private_file *f, pgoff_t index,
					  pgoff_t *start, pgoff_t *end)
{
	pgoff_t first, last;

	rcu_read_lock();
	attribute_range(f, index, &first, &last);
	rcu_read_unlock();

	*start = max(*start, first);
	if (last < *end - 1)
		*end = last + 1;
}

/**
 * kvm_private_attribute_find() - find pages that have an attribute
 * @f: the file
 * @private: the attribute
 * @start: in: first page offset to look at; out: of the pages that were found
 * @end: in: page offset after the last to look at; out: of those pages
 *
 * Context: may sleep. invalidate_lock held, or the answer may be old.
 * Return: whether there are any.
 */
bool kvm_private_attribute_find(struct kvm_private_file *f, bool private,
				pgoff_t *start, pgoff_t *end)
{
	bool wanted = private != kvm_private_initially_private(f);
	pgoff_t next = *start;
	pgoff_t first, last;
	bool found;

	do {
		rcu_read_lock();
		found = attribute_range(f, next, &first, &last) == wanted;
		rcu_read_unlock();
		if (found)
			break;
		next = last + 1;
		kvm_private_cond_resched(ATTRIBUTE_FIND);
	} while (last < *end - 1);

	if (!found)
		return false;

	*start = next;
	if (last < *end - 1)
		*end = last + 1;
	return true;
}

/*
 * Cuts the range after RANGES_AT_ONCE converted ones. Returns the end of the part that is
 * left; @nr is the number of its pages that are converted.
 */
static pgoff_t attribute_next_part(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, unsigned long *nr)
{
	MA_STATE(mas, &f->converted, start, start);
	unsigned int ranges = 0;
	void *entry;

	*nr = 0;
	rcu_read_lock();
	mas_for_each(&mas, entry, end - 1) {
		*nr += min(mas.last, end - 1) - max(mas.index, start) + 1;
		if (++ranges == RANGES_AT_ONCE) {
			end = min(mas.last + 1, end);
			break;
		}
	}
	rcu_read_unlock();

	return end;
}

/* Widen [first, last] by the converted ranges that are next to it. */
static void attribute_join_neighbours(struct kvm_private_file *f,
				      pgoff_t *first, pgoff_t *last)
{
	pgoff_t from, to;

	rcu_read_lock();
	if (*first && attribute_range(f, *first - 1, &from, &to))
		*first = from;
	if (attribute_range(f, *last + 1, &from, &to))
		*last = to;
	rcu_read_unlock();
}

/* Converts pages, or undoes that unless @convert. @nr of them are converted at present. */
static int attribute_set_part(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end, bool convert, unsigned long nr,
			      gfp_t gfp)
{
	MA_STATE(mas, &f->converted, start, end - 1);
	pgoff_t first = start, last = end - 1;
	int ret;

	nr = f->nr_converted - nr;

	/* Gaps between ranges are joined by the maple tree itself. */
	if (convert) {
		nr += end - start;
		attribute_join_neighbours(f, &first, &last);
	}

	mas_set_range(&mas, first, last);
	ret = kvm_private_mas_store(&mas, convert ? CONVERTED : NULL, gfp);
	if (!ret)
		WRITE_ONCE(f->nr_converted, nr);
	return ret;
}

/*
 * Only the first part may fail. The others can't, since it isn't undone, but they need
 * little memory: each part before the last replaces RANGES_AT_ONCE ranges by one at most,
 * so the tree has shrunk.
 */
static int attribute_set_parts(struct kvm_private_file *f, pgoff_t start,
			       pgoff_t end, bool convert, gfp_t gfp)
{
	unsigned long nr;
	pgoff_t next;
	int ret;

	do {
		next = attribute_next_part(f, start, end, &nr);
		ret = attribute_set_part(f, start, next, convert, nr, gfp);
		start = next;
		gfp = GFP_KERNEL | __GFP_NOFAIL;
		kvm_private_cond_resched(ATTRIBUTE_SET);
	} while (!ret && start < end);

	return ret;
}

/**
 * kvm_private_attribute_set() - change the attribute of pages
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last, inside the file
 * @private: the new attribute
 *
 * Pages that are far apart don't change at the same moment. The range is claimed, so that
 * no lookup returns one of them meanwhile.
 *
 * Context: may sleep. invalidate_lock held for writing, the invalidation begun.
 * Return: 0, or -ENOMEM and nothing has changed. With the lock held this function doesn't
 * wait for memory; kvm_private_attribute_make_room() does, without it.
 */
int kvm_private_attribute_set(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end, bool private)
{
	lockdep_assert_held_write(&f->invalidate_lock);

	kvm_private_window(ATTRIBUTE);
	if (kvm_private_should_fail(ATTRIBUTE))
		return -ENOMEM;
	return attribute_set_parts(f, start, end,
				   private != kvm_private_initially_private(f),
				   GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
}

/**
 * kvm_private_attribute_make_room() - wait for memory that a change of attributes takes
 *
 * To be called when kvm_private_attribute_set() has returned -ENOMEM, before the next try.
 *
 * Context: may sleep, for long; the caller doesn't hold the invalidate_lock.
 * Return: 0, or -ENOMEM if there is none.
 */
int kvm_private_attribute_make_room(void)
{
	void *nodes[NODES_AT_ONCE];
	int i, nr;

	for (nr = 0; nr < NODES_AT_ONCE; nr++) {
		if (kvm_private_should_fail(ATTRIBUTE_ROOM))
			break;
		nodes[nr] = kmalloc(NODE_SIZE, KVM_PRIVATE_GFP_NODE);
		if (!nodes[nr])
			break;
	}
	for (i = 0; i < nr; i++)
		kfree(nodes[i]);

	return nr == NODES_AT_ONCE ? 0 : -ENOMEM;
}

void kvm_private_attribute_destroy(struct kvm_private_file *f)
{
	if (mtree_empty(&f->converted))
		return;

	/* The maple tree asserts its lock, though the file has no user left. */
	down_write(&f->invalidate_lock);
	attribute_set_parts(f, 0, ULONG_MAX, false, GFP_KERNEL | __GFP_NOFAIL);
	__mt_destroy(&f->converted);
	up_write(&f->invalidate_lock);
}

/* How many of a file's pages are shared, allocated or not */
unsigned long kvm_private_attribute_nr_shared(struct kvm_private_file *f,
					      unsigned long nr_pages)
{
	unsigned long nr = READ_ONCE(f->nr_converted);

	return kvm_private_initially_private(f) ? nr : nr_pages - nr;
}
