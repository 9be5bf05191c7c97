// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conversion in place, between private and shared.
 *
 * All that can fail comes before the attribute changes, so that nothing has changed after
 * an error. By then consumers and the host's mappings have let go of the range; both fault
 * in again the pages that they may still have.
 */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "access/access.h"
#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/pages.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "trace.h"
#include "user/user.h"

/* How often a conversion waits for memory for the attributes that other tasks then take */
#define MAX_TRIES	16

/**
 * struct conversion - a change of the attribute of pages
 * @file: the file
 * @start: first page offset
 * @end: page offset after the last
 * @private: the new attribute
 * @flags: KVM_SET_MEMORY_ATTRIBUTES2_*
 * @pinned: out: with an error, the offset of the page that was in the way, or of the first
 */
struct conversion {
	struct file *file;
	pgoff_t start;
	pgoff_t end;
	bool private;
	u64 flags;
	pgoff_t pinned;
};

/* Results of a try to convert beside 0 and an error */
enum {
	UNITS_STRADDLE = 1,	/* units have to come apart before */
};

static bool convert_is_done(struct kvm_private_file *f,
			    const struct conversion *c)
{
	pgoff_t start = c->start, end = c->end;

	return !kvm_private_attribute_find(f, !c->private, &start, &end);
}

/*
 * The content of an assigned page is its guest's alone. The guest may have gone and left
 * the page behind, so the bindings don't tell of all such pages.
 */
static bool convert_has_assigned(struct kvm_private_file *f,
				 const struct conversion *c)
{
	pgoff_t index = c->start;
	bool assigned = false;

	if (!kvm_private_has_guests(f))
		return false;

	while (!assigned && kvm_private_store_next_page(f, &index, c->end)) {
		struct kvm_private_unit unit;

		if (!kvm_private_store_lock_unit(f, index++, &unit))
			continue;
		assigned = kvm_private_unit_is_assigned(&unit);
		index = kvm_private_unit_end(&unit);
		kvm_private_store_unlock(&unit);
		kvm_private_cond_resched(CONVERT);
	}
	return assigned;
}

static bool convert_can_preserve(struct kvm_private_file *f,
				 const struct conversion *c)
{
	if (!(c->flags & KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE))
		return true;
	if (!kvm_private_bindings_preserve(f, c->start, c->end, c->private))
		return false;
	return c->private || !convert_has_assigned(f, c);
}

static int convert_to_private(struct kvm_private_file *f, struct conversion *c)
{
	int ret;

	kvm_private_unmap(f, c->start, c->end);
	ret = kvm_private_check_unused(f, c->start, c->end, &c->pinned);
	if (ret)
		return ret;
	return kvm_private_attribute_set(f, c->start, c->end, true);
}

/*
 * Splits units that were allocated across the borders of the range after those had been
 * split. Such a unit may be prepared for a guest, which keeps the part outside. This can't
 * fail, since the attribute has changed already.
 */
static void convert_split_again(struct kvm_private_file *f,
				const struct conversion *c)
{
	if (kvm_private_has_guests(f)) {
		kvm_private_store_split(f, c->start, GFP_KERNEL | __GFP_NOFAIL);
		kvm_private_store_split(f, c->end, GFP_KERNEL | __GFP_NOFAIL);
	}
}

static void convert_zero(const struct conversion *c,
			 const struct kvm_private_unit *unit)
{
	pgoff_t start = max(c->start, unit->index);
	pgoff_t end = min(c->end, kvm_private_unit_end(unit));

	kvm_private_pages_clear(kvm_private_unit_page(unit, start),
				end - start);
}

/* Reclaims prepared pages before the host can fault them in. */
static void convert_reclaim(struct kvm_private_file *f,
			    const struct conversion *c)
{
	bool zero = c->flags & KVM_SET_MEMORY_ATTRIBUTES2_ZERO;
	pgoff_t index = c->start;

	/* Without a guest's record no page was prepared, or can be. */
	if (!zero && !kvm_private_has_guests(f))
		return;

	convert_split_again(f, c);
	while (kvm_private_store_next_page(f, &index, c->end)) {
		struct kvm_private_unit unit;

		if (!kvm_private_store_lock_unit(f, index++, &unit))
			continue;
		kvm_private_unit_reclaim(f, &unit);
		kvm_private_notify_shared(unit.head, kvm_private_unit_nr(&unit));
		if (zero)
			convert_zero(c, &unit);
		index = kvm_private_unit_end(&unit);
		kvm_private_store_unlock(&unit);
		kvm_private_cond_resched(CONVERT);
	}
}

static int convert_to_shared(struct kvm_private_file *f, struct conversion *c)
{
	int ret = kvm_private_attribute_set(f, c->start, c->end, false);

	if (!ret)
		convert_reclaim(f, c);
	return ret;
}

static int convert_locked(struct kvm_private_file *f, struct conversion *c)
{
	struct kvm_private_claim claim;
	int ret;

	if (convert_is_done(f, c)) {
		if (!c->private)
			convert_reclaim(f, c);
		return 0;
	}
	if (!convert_can_preserve(f, c))
		return -EOPNOTSUPP;
	if (kvm_private_has_guests(f) &&
	    !kvm_private_store_is_split(f, c->start, c->end))
		return UNITS_STRADDLE;

	if (c->private)
		kvm_private_invalidate_shared_begin(f, c->start, c->end);
	else
		kvm_private_invalidate_begin(f, c->start, c->end);
	kvm_private_claim(f, &claim, c->start, c->end);
	ret = c->private ? convert_to_private(f, c) : convert_to_shared(f, c);
	kvm_private_release_claim(f, &claim);
	kvm_private_invalidate_end(f, c->start, c->end);

	return ret;
}

static int convert_try(struct kvm_private_file *f, struct conversion *c)
{
	int ret = kvm_private_lock_unclaimed(f, c->start, c->end);

	c->pinned = c->start;
	if (ret)
		return ret;
	ret = convert_locked(f, c);
	up_write(&f->invalidate_lock);
	return ret;
}

/**
 * struct retries - the waits of a conversion up to now
 * @memory: number of waits for memory
 * @since: for kvm_private_store_wait_unused()
 */
struct retries {
	unsigned int memory;
	unsigned long since;
};

/*
 * Prepares the next try of a conversion that failed for @reason, without the
 * invalidate_lock. Returns an error if there is no point in another try.
 */
static int convert_wait(struct kvm_private_file *f, const struct conversion *c,
			struct retries *retries, int reason)
{
	switch (reason) {
	case -EAGAIN:
		return kvm_private_store_wait_unused(f, c->pinned, &retries->since) ?
		       0 : reason;
	case -ENOMEM:
		return ++retries->memory < MAX_TRIES ?
		       kvm_private_attribute_make_room() : reason;
	case UNITS_STRADDLE:
		return fatal_signal_pending(current) ? -EINTR :
		       kvm_private_store_split_range(f, c->start, c->end);
	default:
		return reason;
	}
}

static int convert_range(struct conversion *c)
{
	struct kvm_private_file *f = kvm_private_file(c->file);
	struct retries retries = { 0 };
	int ret;

	do {
		ret = convert_try(f, c);
	} while (ret && !(ret = convert_wait(f, c, &retries, ret)));

	trace_kvm_private_convert(f, c->start, c->end, c->private, c->flags, ret);
	return ret;
}

/**
 * kvm_private_ioctl_convert() - KVM_SET_MEMORY_ATTRIBUTES2
 * @file: a private file
 * @arg: the range and what becomes of it
 * @user: the user's struct, whose error_offset is written if an error names a page
 *
 * Context: may sleep, for long.
 * Return: 0 or a negative errno, see &struct kvm_memory_attributes2.
 */
long kvm_private_ioctl_convert(struct file *file, void *arg, void __user *user)
{
	struct kvm_memory_attributes2 __user *out = user;
	const struct kvm_memory_attributes2 *a = arg;
	struct conversion c = { .file = file };
	int ret;

	if (a->attributes & ~KVM_PRIVATE_ATTRIBUTES ||
	    a->flags & ~KVM_PRIVATE_ATTRIBUTE_FLAGS ||
	    a->flags == KVM_PRIVATE_ATTRIBUTE_FLAGS ||
	    (a->flags && kvm_private_file(file)->guest_id))
		return -EINVAL;
	ret = kvm_private_file_range(file, a->offset, a->size, &c.start, &c.end);
	if (ret)
		return ret;

	c.private = a->attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE;
	c.flags = a->flags;
	c.pinned = c.start;
	if (c.private && c.flags & KVM_SET_MEMORY_ATTRIBUTES2_ZERO)
		ret = -EOPNOTSUPP;
	else
		ret = convert_range(&c);

	if (ret && put_user((u64)c.pinned << PAGE_SHIFT, &out->error_offset))
		return -EFAULT;
	return ret;
}
