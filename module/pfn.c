// SPDX-License-Identifier: GPL-2.0-only
/* Pages for the guest's faults, and for the host that emulates for it. */

#include <linux/module.h>
#include <linux/pagemap.h>

#include "internal.h"
#include "observer.h"

static bool binding_has(const struct kvm_private_binding *binding,
			pgoff_t index)
{
	return index >= binding->start && index < binding->end;
}

/* Is a page in the state in which it is looked up? */
static bool state_fits(struct kvm_private_file *f,
		       const struct kvm_private_binding *binding,
		       pgoff_t index, bool private)
{
	return binding->flags & KVM_PRIVATE_BIND_STATELESS ||
	       kvm_private_state_is_private(f, index) == private;
}

/* A shared page is prepared for nobody. */
static struct kvm_private_guest *
guest_for(const struct kvm_private_binding *binding, bool private)
{
	return private ? binding->guest : NULL;
}

/*
 * Make a locked page the guest's, whosever it was before.
 *
 * Pairs with make_shared(), which first changes the state and then takes the
 * lock of each page to reclaim it: a page is prepared before that, or never.
 */
static int folio_hand_over(struct kvm_private_file *f,
			   struct kvm_private_binding *binding, pgoff_t index,
			   struct folio *folio, bool private)
{
	struct kvm_private_guest *guest = guest_for(binding, private);
	int ret;

	if (!state_fits(f, binding, index, private))
		return -EACCES;
	if (kvm_private_folio_guest(folio) == guest)
		return 0;

	kvm_private_folio_reclaim(f, folio);
	if (!guest)
		return 0;

	ret = guest->ops->prepare(binding, index, folio_pfn(folio),
				  folio_order(folio));
	if (!ret)
		kvm_private_folio_assign(folio, guest);
	return ret;
}

static struct folio *get_prepared(struct kvm_private_file *f,
				  struct kvm_private_binding *binding,
				  pgoff_t index, bool private)
{
	bool alloc = kvm_private_auto_alloc(f);
	struct folio *folio;
	int ret;

	if (!state_fits(f, binding, index, private))
		return ERR_PTR(-EACCES);

	folio = kvm_private_store_get(f, index, alloc);
	if (IS_ERR_OR_NULL(folio) ||
	    likely(kvm_private_folio_guest(folio) ==
		   guest_for(binding, private)))
		return folio;
	folio_put(folio);

	folio = kvm_private_store_lock(f, index, alloc);
	if (IS_ERR_OR_NULL(folio))
		return folio;
	ret = folio_hand_over(f, binding, index, folio, private);
	folio_unlock(folio);
	if (ret) {
		folio_put(folio);
		return ERR_PTR(ret);
	}
	return folio;
}

static int get_pfn(struct kvm_private_binding *binding, pgoff_t index,
		   unsigned long *pfn, unsigned int *max_order, bool private)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	unsigned long seq = kvm_private_observed_seq();
	struct folio *folio;

	if (!binding_has(binding, index))
		return -EINVAL;

	folio = get_prepared(f, binding, index, private);
	if (!folio)
		return -ENOENT;
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	if (unlikely(folio_test_hwpoison(folio))) {
		folio_put(folio);
		return -EHWPOISON;
	}

	if (private)
		kvm_private_tell_handed_out(binding, index, folio, seq);
	*pfn = folio_pfn(folio);
	if (max_order)
		*max_order = folio_order(folio);
	return 0;
}

/**
 * kvm_private_get_pfn() - find the page for a guest's access
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 * @pfn: out: the page frame
 * @max_order: out: up to 2^@max_order frames around @pfn, naturally aligned,
 *	are contiguous, in the same state and inside the binding. May be NULL.
 *
 * Allocates a page that is missing, unless the file was created with
 * %KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, and prepares it for the guest when that sees
 * it for the first time. A page that is there already costs neither a lock nor
 * an allocation. The page may leave the file or become shared at any moment:
 * what @pfn is good for ends with the next invalidate_begin for it.
 *
 * Context: may sleep if the page must be allocated or prepared. Takes no lock
 * that is held while an invalidation waits. A page that is allocated is
 * charged to the current task's memory cgroup.
 * Return: 0, and kvm_private_put_pfn() is owed; -EINVAL if @index is outside
 * the binding; -EACCES if the page is shared; -ENOENT for a hole that may not
 * be filled; -ENOMEM; -EHWPOISON; what the prepare operation returned.
 */
int kvm_private_get_pfn(struct kvm_private_binding *binding, pgoff_t index,
			unsigned long *pfn, unsigned int *max_order)
{
	return get_pfn(binding, index, pfn, max_order, true);
}
EXPORT_SYMBOL_GPL(kvm_private_get_pfn);

/**
 * kvm_private_get_shared_pfn() - find the page for an access to shared memory
 * @binding: as for kvm_private_get_pfn()
 * @index: page offset in the file, inside the binding
 * @pfn: out: the page frame
 * @max_order: out: as for kvm_private_get_pfn(). May be NULL.
 *
 * For a guest whose shared memory is the file's too, so that the host's
 * mappings, if there are any, need not be asked. Like kvm_private_get_pfn(),
 * but for pages in the other state, which are prepared for nobody.
 *
 * Context: as kvm_private_get_pfn().
 * Return: as kvm_private_get_pfn(), but -EACCES if the page is private.
 */
int kvm_private_get_shared_pfn(struct kvm_private_binding *binding,
			       pgoff_t index, unsigned long *pfn,
			       unsigned int *max_order)
{
	return get_pfn(binding, index, pfn, max_order, false);
}
EXPORT_SYMBOL_GPL(kvm_private_get_shared_pfn);

/**
 * kvm_private_put_pfn() - end a lookup
 * @binding: as given to kvm_private_get_pfn()
 * @pfn: from kvm_private_get_pfn()
 *
 * Mappings made from the lookup stay valid until they are invalidated.
 *
 * Context: any.
 */
void kvm_private_put_pfn(struct kvm_private_binding *binding,
			 unsigned long pfn)
{
	folio_put(pfn_folio(pfn));
}
EXPORT_SYMBOL_GPL(kvm_private_put_pfn);

/* Does the host work on a page in this state for the binding's guest? */
static int may_work_on(struct kvm_private_file *f,
		       const struct kvm_private_binding *binding, bool private)
{
	if (private)
		return binding->guest && !binding->guest->trusts_host ?
		       -EPERM : 0;
	return f->flags & KVM_PRIVATE_FLAG_MMAP ? 0 : -EACCES;
}

/**
 * kvm_private_lock_page() - let the host work on a page for its guest
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 *
 * For a consumer that emulates instructions: on private pages of guests that
 * trust the host (KVM's software-protected VMs), and on shared ones of files
 * that can be mapped. The page stays what and where it is until
 * kvm_private_unlock_page(), to be called soon: removing it waits, and a shared
 * one that is to become private gets -EAGAIN. Never allocates.
 *
 * Context: may sleep. The caller takes no lock of its binding operations and
 * calls none of the functions of this interface while it holds the page.
 * Return: the page; NULL for a hole that an access of the guest would fill with
 * zeros; ERR_PTR(-ENOENT) for one that it may not fill; ERR_PTR(-EINVAL) if
 * @index is outside the binding; ERR_PTR(-EACCES) if the page is shared and the
 * file can't be mapped, so that what the guest has for it is elsewhere;
 * ERR_PTR(-EPERM) if the guest's pages are prepared for it, the host being kept
 * out; ERR_PTR(-EHWPOISON).
 */
struct page *kvm_private_lock_page(struct kvm_private_binding *binding,
				   pgoff_t index)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct kvm_private_guest *guest;
	struct folio *folio;
	bool private;
	int ret;

	if (!binding_has(binding, index))
		return ERR_PTR(-EINVAL);

	folio = kvm_private_store_lock(f, index, false);
	if (IS_ERR(folio))
		return ERR_CAST(folio);
	private = kvm_private_state_is_private(f, index);
	ret = may_work_on(f, binding, private);
	if (ret) {
		if (folio)
			kvm_private_store_unlock(folio);
		return ERR_PTR(ret);
	}
	if (!folio)
		return kvm_private_auto_alloc(f) ? NULL : ERR_PTR(-ENOENT);

	/* Left behind by an earlier guest that kept the host out? */
	guest = guest_for(binding, private);
	if (kvm_private_folio_guest(folio) != guest)
		kvm_private_folio_reclaim(f, folio);
	kvm_private_tell_host_access(folio, private);
	return folio_page(folio, 0);
}
EXPORT_SYMBOL_GPL(kvm_private_lock_page);

/**
 * kvm_private_peek_page() - find a page that the host may read for its guest
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 *
 * Like kvm_private_lock_page() for who can't sleep, but the page may leave the
 * file or change its state at any moment: what was read is good only if nothing
 * was invalidated meanwhile.
 *
 * Context: any but interrupts. Takes no lock.
 * Return: as kvm_private_lock_page(), and kvm_private_put_pfn() is owed for the
 * page's frame; also ERR_PTR(-EAGAIN) for a page that isn't ready for the guest.
 */
struct page *kvm_private_peek_page(struct kvm_private_binding *binding,
				   pgoff_t index)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct folio *folio;
	bool private;
	int ret;

	if (!binding_has(binding, index))
		return ERR_PTR(-EINVAL);

	private = kvm_private_state_is_private(f, index);
	ret = may_work_on(f, binding, private);
	if (ret)
		return ERR_PTR(ret);

	folio = kvm_private_store_get(f, index, false);
	if (!folio)
		return kvm_private_auto_alloc(f) ? NULL : ERR_PTR(-ENOENT);
	if (unlikely(folio_test_hwpoison(folio)))
		ret = -EHWPOISON;
	else if (kvm_private_folio_guest(folio) != guest_for(binding, private))
		ret = -EAGAIN;
	if (ret) {
		folio_put(folio);
		return ERR_PTR(ret);
	}
	return folio_page(folio, 0);
}
EXPORT_SYMBOL_GPL(kvm_private_peek_page);

/**
 * kvm_private_unlock_page() - the host has done its work
 * @page: from kvm_private_lock_page()
 *
 * Context: any context that can drop a page reference.
 */
void kvm_private_unlock_page(struct page *page)
{
	kvm_private_store_unlock(page_folio(page));
}
EXPORT_SYMBOL_GPL(kvm_private_unlock_page);
