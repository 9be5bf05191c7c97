// SPDX-License-Identifier: GPL-2.0-only
/* Putting content into private pages before the guest runs. */

#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "detour.h"
#include "internal.h"
#include "observer.h"
#include "trace.h"
#include "unit.h"

/* A page that is being filled, or copied, by another task */
#define CLAIMED	1
/* A source that has to be faulted in again */
#define WOULD_FAULT	2

/*
 * A page that is prepared must not be touched, unless its guest trusts the
 * host. One that is not can't become so while it is locked; its guest, if one
 * comes, finds what is copied here.
 */
static bool is_guarded(struct kvm_private_file *f,
		       const struct kvm_private_unit *unit)
{
	return atomic_read(&f->firmware_bindings) ||
	       kvm_private_unit_is_guarded(unit);
}

/*
 * The copy must not fault: the source may be a mapping of this very file, whose
 * fault handler wants the invalidate_lock.
 */
static int copy_locked(struct kvm_private_file *f, pgoff_t index, pgoff_t end,
		       const void __user *source)
{
	struct kvm_private_unit unit;
	struct page *page;
	bool own;
	int ret;

	if (!kvm_private_state_is_private(f, index))
		return -EINVAL;
	ret = kvm_private_store_lock(f, index, end, &unit);
	if (ret)
		return ret;

	if (kvm_private_must_wait(f, index, &own)) {
		ret = CLAIMED;
	} else if (is_guarded(f, &unit)) {
		ret = -EBUSY;
	} else if (source) {
		page = kvm_private_unit_page(&unit, index);
		kvm_private_tell_host_access(page, 1, true);
		pagefault_disable();
		if (kvm_private_should_retry(COPY,
					     copy_from_user(page_address(page),
							    source, PAGE_SIZE)))
			ret = WOULD_FAULT;
		pagefault_enable();
	}
	kvm_private_store_unlock(f, &unit);

	return ret;
}

/* Held for reading so that the page stays private while it is filled. */
static int copy_one(struct kvm_private_file *f, pgoff_t index, pgoff_t end,
		    const void __user *source)
{
	int ret;

	if (down_read_killable(&f->invalidate_lock))
		return -EINTR;
	ret = copy_locked(f, index, end, source);
	up_read(&f->invalidate_lock);

	return ret;
}

static int populate_one(struct kvm_private_file *f, pgoff_t index, pgoff_t end,
			const char __user *source)
{
	int ret;

	do {
		if (signal_pending(current))
			return -EINTR;
		if (atomic_read(&f->firmware_bindings))
			return -EBUSY;
		if (source && fault_in_readable(source, PAGE_SIZE))
			return -EFAULT;

		ret = copy_one(f, index, end, source);
		if (ret == CLAIMED &&
		    kvm_private_wait_for_claims_interruptible(f, index, index + 1))
			return -EINTR;
		kvm_private_cond_resched(POPULATE);
	} while (ret > 0);

	return ret;
}

/**
 * kvm_private_ioctl_populate() - KVM_PRIVATE_POPULATE
 * @file: a private file
 * @arg: the user's struct, moved past what was copied
 *
 * Context: may sleep, for long; interruptible.
 * Return: 0 or a negative errno, see &struct kvm_private_populate.
 */
long kvm_private_ioctl_populate(struct file *file,
				struct kvm_private_populate __user *arg)
{
	struct kvm_private_file *f = kvm_private_file(file);
	struct kvm_private_populate p;
	pgoff_t index, end;
	int ret;

	if (copy_from_user(&p, arg, sizeof(p)))
		return -EFAULT;
	if (p.flags || memchr_inv(p.reserved, 0, sizeof(p.reserved)))
		return -EINVAL;
	ret = kvm_private_file_range(file, p.offset, p.size, &index, &end);
	if (ret)
		return ret;

	while (index < end) {
		ret = populate_one(f, index, end,
				   u64_to_user_ptr(p.source));
		if (ret)
			break;
		index++;
		p.offset += PAGE_SIZE;
		p.size -= PAGE_SIZE;
		if (p.source)
			p.source += PAGE_SIZE;
	}

	if (copy_to_user(arg, &p, sizeof(p)))
		return -EFAULT;
	return ret;
}

/* What is prepared goes back to the host while its guest can't have it mapped. */
static void reclaim_unit(struct kvm_private_file *f,
			 const struct kvm_private_unit *prepared)
{
	pgoff_t end = kvm_private_unit_end(prepared);
	struct kvm_private_unit unit;

	down_write(&f->invalidate_lock);
	kvm_private_invalidate_begin(f, prepared->index, end);
	if (kvm_private_store_lock_unit(f, prepared->index, &unit)) {
		kvm_private_unit_reclaim(f, &unit);
		kvm_private_store_unlock(f, &unit);
	}
	kvm_private_invalidate_end(f, prepared->index, end);
	up_write(&f->invalidate_lock);
}

/*
 * Locks the unit of a claimed page, which is prepared for no guest. Where pages are prepared
 * it is a base page.
 */
static int lock_for_fill(struct kvm_private_file *f,
			 const struct kvm_private_binding *binding,
			 pgoff_t index, struct kvm_private_unit *unit)
{
	int ret;

	for (;;) {
		ret = kvm_private_store_lock(f, index, index + 1, unit);
		if (ret)
			return ret;
		if (unit->order && binding->guest) {
			ret = kvm_private_store_split_locked(f, unit,
							     KVM_PRIVATE_GFP_NODE);
			if (ret)
				return ret;
			continue;
		}
		if (!kvm_private_unit_guest(unit))
			return 0;
		kvm_private_store_unlock(f, unit);
		reclaim_unit(f, unit);
	}
}

/*
 * A page that was filled for a guest with a prepare operation is prepared, by
 * itself: what it is filled with says nothing of those beside it.
 */
static int fill_one(struct kvm_private_file *f,
		    struct kvm_private_binding *binding, pgoff_t index,
		    kvm_private_populate_cb cb, void *opaque)
{
	struct kvm_private_unit unit;
	struct page *page;
	int ret;

	ret = lock_for_fill(f, binding, index, &unit);
	if (ret)
		return ret;
	page = kvm_private_unit_page(&unit, index);
	get_page(page);
	kvm_private_store_unlock(f, &unit);

	ret = cb(binding, index, page_to_pfn(page), 0, opaque);
	if (!ret && binding->ops->prepare) {
		lock_page(unit.head);
		trace_kvm_private_prepare(f, &unit, binding->guest_id, ret);
		kvm_private_unit_assign(&unit, binding->guest);
		unlock_page(unit.head);
	}
	put_page(page);
	return ret;
}

static long fill_claimed(struct kvm_private_file *f,
			 struct kvm_private_binding *binding, pgoff_t index,
			 unsigned long nr, kvm_private_populate_cb cb,
			 void *opaque)
{
	unsigned long done;
	int ret = 0;

	for (done = 0; done < nr; done++) {
		if (signal_pending(current))
			ret = -EINTR;
		else
			ret = fill_one(f, binding, index + done, cb, opaque);
		if (ret)
			break;
		kvm_private_cond_resched(FILL);
	}
	return done ?: ret;
}

/*
 * Claims what of the range is private up to the first page that isn't: a task that has to
 * wait for a shared page may keep the callback waiting.
 */
static int begin_fill(struct kvm_private_file *f,
		      struct kvm_private_claim *claim, pgoff_t start,
		      pgoff_t *end)
{
	pgoff_t shared = start, shared_end = *end;
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, *end);
	if (ret)
		return ret;

	if (kvm_private_state_find(f, false, &shared, &shared_end))
		*end = shared;
	if (start < *end) {
		kvm_private_invalidate_begin(f, start, *end);
		kvm_private_claim(f, claim, start, *end);
		kvm_private_invalidate_end(f, start, *end);
	} else {
		ret = -EINVAL;
	}
	up_write(&f->invalidate_lock);

	return ret;
}

/**
 * kvm_private_populate() - fill pages through a callback
 * @binding: the range that the pages are in, bound
 * @index: first page offset in the file
 * @nr: number of pages; they are all inside the binding
 * @cb: fills one page
 * @opaque: handed to @cb
 *
 * Allocates the pages that are missing. Pages that are there already are
 * filled like any other; what was prepared is reclaimed first. Nothing is
 * undone after a failure. The binding's mappings of the range are invalidated before. All
 * pages are private, and stay so while @cb works on them: another task that wants to
 * convert, remove or look up one of them waits.
 *
 * Context: may sleep, for long; interruptible. Holds no lock of the file around @cb.
 * Return: the number of pages filled if there is one, else a negative errno:
 * -EINVAL for a range that is empty or not inside the binding, and for a page
 * that is shared; -EINTR; -ENOMEM; -EHWPOISON; what @cb returned.
 */
long kvm_private_populate(struct kvm_private_binding *binding, pgoff_t index,
			  unsigned long nr, kvm_private_populate_cb cb,
			  void *opaque)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct kvm_private_claim claim;
	pgoff_t end = index + nr;
	long ret;

	if (index < binding->start || index >= binding->end ||
	    !nr || nr > binding->end - index)
		return -EINVAL;

	ret = begin_fill(f, &claim, index, &end);
	if (ret)
		return ret;
	ret = fill_claimed(f, binding, index, end - index, cb, opaque);
	kvm_private_release_claim(f, &claim);

	return ret;
}
EXPORT_SYMBOL_GPL(kvm_private_populate);
