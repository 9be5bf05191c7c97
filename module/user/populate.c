// SPDX-License-Identifier: GPL-2.0-only
/* Putting content into private pages before the guest runs. */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "user/user.h"

/* Results of a try to copy a page beside 0 and an error */
enum {
	CLAIMED = 1,		/* another task fills the page, or copies it */
	WOULD_FAULT,		/* the source has to be faulted in again */
};

/*
 * Whether the host must not touch a page: it is prepared for a guest that doesn't trust the
 * host, or firmware alone may fill the file. While its unit is locked a page doesn't become
 * prepared. A guest that it is prepared for later finds the content that is copied here.
 */
static bool populate_is_assigned(struct kvm_private_file *f,
				 const struct kvm_private_unit *unit)
{
	return atomic_read(&f->firmware_bindings) ||
	       kvm_private_unit_is_assigned(unit);
}

/*
 * The copy must not fault: the source may be a mapping of this very file, whose
 * fault handler wants the invalidate_lock.
 */
static int populate_copy_locked(struct kvm_private_file *f, pgoff_t index,
				pgoff_t end, const void __user *source)
{
	struct kvm_private_unit unit;
	struct page *page;
	bool own;
	int ret;

	if (!kvm_private_attribute_is_private(f, index))
		return -EINVAL;
	ret = kvm_private_store_lock(f, index, end, &unit);
	if (ret)
		return ret;

	if (kvm_private_claimed_by_other(f, index, &own)) {
		ret = CLAIMED;
	} else if (populate_is_assigned(f, &unit)) {
		ret = -EBUSY;
	} else if (source) {
		page = kvm_private_unit_page(&unit, index);
		kvm_private_notify_host_access(page, 1, true);
		pagefault_disable();
		if (kvm_private_should_retry(COPY,
					     copy_from_user(page_address(page),
							    source, PAGE_SIZE)))
			ret = WOULD_FAULT;
		pagefault_enable();
	}
	kvm_private_store_unlock(&unit);

	return ret;
}

/*
 * Holds the invalidate_lock for reading, so that the page stays private while it is filled.
 */
static int populate_copy(struct kvm_private_file *f, pgoff_t index, pgoff_t end,
			 const void __user *source)
{
	int ret;

	if (down_read_killable(&f->invalidate_lock))
		return -EINTR;
	ret = populate_copy_locked(f, index, end, source);
	up_read(&f->invalidate_lock);

	return ret;
}

static int populate_page(struct kvm_private_file *f, pgoff_t index, pgoff_t end,
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

		ret = populate_copy(f, index, end, source);
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
 * @arg: the range and its source
 * @user: the user's struct, moved past the pages that are filled
 *
 * Context: may sleep, for long; interruptible.
 * Return: 0 or a negative errno, see &struct kvm_private_populate.
 */
long kvm_private_ioctl_populate(struct file *file, void *arg, void __user *user)
{
	struct kvm_private_file *f = kvm_private_file(file);
	struct kvm_private_populate *p = arg;
	pgoff_t index, end;
	int ret;

	if (p->flags)
		return -EINVAL;
	ret = kvm_private_file_range(file, p->offset, p->size, &index, &end);
	if (ret)
		return ret;

	while (index < end) {
		ret = populate_page(f, index, end,
				    u64_to_user_ptr(p->source));
		if (ret)
			break;
		index++;
		p->offset += PAGE_SIZE;
		p->size -= PAGE_SIZE;
		if (p->source)
			p->source += PAGE_SIZE;
	}

	if (copy_to_user(user, p, sizeof(*p)))
		return -EFAULT;
	return ret;
}
