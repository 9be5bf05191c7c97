// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's mappings of shared pages.
 *
 * A fault inserts the page itself, with the invalidate_lock held for reading. So a task
 * that holds it for writing and has removed the mappings of a range knows that there are
 * none, and that no fault adds one. While the range is claimed (claim.c) none does either,
 * even without the lock.
 */

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "access/access.h"
#include "compat/compat.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"

/* Pages that a fault maps at most, in a naturally aligned window of the file */
#define KVM_PRIVATE_FAULT_AROUND	16

/*
 * A task that touches a page mostly goes on to the next. So the fault also maps the pages
 * that follow, up to the first one that it can't map at once.
 */
static void mapping_insert_following(struct kvm_private_file *f,
				     struct vm_fault *vmf)
{
	struct page *pages[KVM_PRIVATE_FAULT_AROUND];
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t start = vmf->pgoff + 1, next = start;
	unsigned long nr = 0, left;
	struct kvm_private_unit unit;
	struct page *page;
	pgoff_t end;
	bool own;

	end = min3(round_up(start, KVM_PRIVATE_FAULT_AROUND),
		   vma->vm_pgoff + vma_pages(vma),
		   kvm_private_file_end(f));
	if (start >= end || !kvm_private_attribute_find(f, false, &next, &end) ||
	    next != start)
		return;

	for (; next < end; next++) {
		page = kvm_private_store_get(f, next, &unit);
		if (!page)
			break;
		if (unlikely(PageHWPoison(page) || unit.unsplit ||
			     kvm_private_claimed_by_other(f, next, &own))) {
			put_page(page);
			break;
		}
		kvm_private_notify_host_access(page, 1, false);
		pages[nr++] = page;
	}

	left = nr;
	if (nr && !kvm_private_should_fail(FOLLOWING))
		vm_insert_pages(vma, (vmf->address & PAGE_MASK) + PAGE_SIZE,
				pages, &left);
	while (nr)
		put_page(pages[--nr]);
}

/*
 * Returns a page of a unit that has been split. A mapping may pin the page for long, and it
 * would keep all pages of an unsplit unit from going back: see kvm_private_store_break().
 */
static struct page *mapping_get_page(struct kvm_private_file *f, pgoff_t index)
{
	struct kvm_private_unit unit;
	struct page *page;

	for (;;) {
		page = kvm_private_store_get_or_add(f, index,
						    kvm_private_auto_alloc(f) ?
						    index + 1 : 0, &unit);
		if (IS_ERR_OR_NULL(page) || !unit.unsplit)
			return page;
		put_page(page);
		kvm_private_store_break(f, index);
	}
}

struct pte_look {
	unsigned long pfn;
	bool is_other;
};

/* Called with the page table locked. */
static int mapping_look_at_pte(pte_t *ptep, unsigned long address, void *arg)
{
	struct pte_look *look = arg;
	pte_t pte = READ_ONCE(*ptep);

	look->is_other = !pte_none(pte) &&
			 !(pte_present(pte) && pte_pfn(pte) == look->pfn);
	return 0;
}

/*
 * vm_insert_page() has found the entry in the page table in use. If it is one for @page,
 * another task's fault has inserted it. Any other would still be there when the fault came
 * again, so it ends in SIGBUS instead.
 */
static vm_fault_t mapping_check_failure(struct vm_fault *vmf, struct page *page)
{
	struct pte_look look = { .pfn = page_to_pfn(page) };
	int ret;

	/* Allocates a page table if the kernel has freed the empty one meanwhile. */
	ret = apply_to_page_range(vmf->vma->vm_mm, vmf->address & PAGE_MASK,
				  PAGE_SIZE, mapping_look_at_pte, &look);
	if (ret == -ENOMEM)
		return VM_FAULT_OOM;
	return ret || look.is_other ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

static vm_fault_t mapping_insert(struct kvm_private_file *f,
				 struct vm_fault *vmf, struct page *page)
{
	int ret;

	if (kvm_private_should_fail(MAPPING))
		ret = -ENOMEM;
	else
		ret = vm_insert_page(vmf->vma, vmf->address & PAGE_MASK, page);
	if (kvm_private_should_fail(MAPPED_BY_OTHER))
		ret = -EBUSY;

	switch (ret) {
	case 0:
		mapping_insert_following(f, vmf);
		return VM_FAULT_NOPAGE;
	case -EBUSY:
		return mapping_check_failure(vmf, page);
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}

/* Returns 0 if the page is claimed, so that the caller has to wait. */
static vm_fault_t mapping_map_shared(struct kvm_private_file *f,
				     struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t ret;
	bool own;

	if (kvm_private_attribute_is_private(f, vmf->pgoff))
		return VM_FAULT_SIGBUS;

	page = mapping_get_page(f, vmf->pgoff);
	if (IS_ERR_OR_NULL(page)) {
		if (PTR_ERR(page) == -ENOMEM)
			kvm_private_charge_explain(f);
		/* Not VM_FAULT_OOM: the OOM killer can't help against a limit. */
		return VM_FAULT_SIGBUS;
	}

	kvm_private_notify_host_access(page, 1, false);
	if (kvm_private_claimed_by_other(f, vmf->pgoff, &own))
		ret = 0;
	else if (unlikely(PageHWPoison(page)))
		ret = VM_FAULT_HWPOISON;
	else
		ret = mapping_insert(f, vmf, page);
	put_page(page);

	return ret;
}

static bool mapping_may_drop_mmap_lock(const struct vm_fault *vmf)
{
	return fault_flag_allow_retry_first(vmf->flags) &&
	       !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT);
}

static int mapping_wait_for_lock(struct kvm_private_file *f)
{
	if (down_read_killable(&f->invalidate_lock))
		return -EINTR;
	up_read(&f->invalidate_lock);
	return 0;
}

/*
 * Drops the mmap_lock where the fault allows it, so that other tasks can take it while this
 * one waits. It waits for the invalidate_lock or, if @claimed, for a claim of a shared
 * page, which only KVM_PRIVATE_COLLAPSE makes.
 *
 * A killed task gives up waiting. After VM_FAULT_RETRY the architecture's fault handler
 * looks for a fatal signal; where the mmap_lock was kept VM_FAULT_SIGBUS ends the access. A
 * task in kernel mode would otherwise repeat its access, and so the fault, at once.
 */
static vm_fault_t mapping_wait_and_retry(struct kvm_private_file *f,
					 struct vm_fault *vmf,
					 struct file *file, bool claimed)
{
	bool drop = mapping_may_drop_mmap_lock(vmf);
	pgoff_t index = vmf->pgoff;
	int ret;

	if (!drop && vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	if (drop) {
		/* Without the mmap_lock the mapping may go, and the file with it. */
		get_file(file);
		kvm_private_release_fault_lock(vmf);
	}

	ret = claimed ? kvm_private_wait_for_claims(f, index, index + 1) :
			mapping_wait_for_lock(f);
	if (!drop)
		return ret ? VM_FAULT_SIGBUS : 0;
	fput(file);
	return VM_FAULT_RETRY;
}

static vm_fault_t kvm_private_mapping_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct kvm_private_file *f = kvm_private_file(file);
	vm_fault_t ret = 0;
	bool locked;

	if (vmf->pgoff >= i_size_read(file_inode(file)) >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	while (!ret) {
		locked = !kvm_private_should_retry(FAULT, false) &&
			 down_read_trylock(&f->invalidate_lock);
		if (locked) {
			ret = mapping_map_shared(f, vmf);
			up_read(&f->invalidate_lock);
		}
		if (!ret)
			ret = mapping_wait_and_retry(f, vmf, file, locked);
	}
	return ret;
}

#ifdef CONFIG_NUMA
/*
 * mbind() calls this with the mmap_lock held for writing, and keeps a copy for the mapping
 * itself.
 */
static int kvm_private_mapping_set_policy(struct vm_area_struct *vma,
					  struct mempolicy *mempolicy)
{
	return kvm_private_policy_set(vma->vm_private_data, vma->vm_pgoff,
				      vma->vm_pgoff + vma_pages(vma),
				      mempolicy);
}
#endif

static const struct vm_operations_struct kvm_private_vm_ops = {
	.fault		= kvm_private_mapping_fault,
#ifdef CONFIG_NUMA
	.set_policy	= kvm_private_mapping_set_policy,
	.get_policy	= kvm_private_vm_get_policy,
#endif
};

/**
 * kvm_private_mmap() - map a private file
 * @file: the file
 * @vma: becomes a mapping of its shared pages
 *
 * vm_insert_page() needs VM_MIXEDMAP. It also keeps mlock() away, which would hold
 * references of pages that could then not become private. It doesn't keep a mapping from
 * growing, but the kernel joins no such mappings, so that growing in place is ENOMEM.
 *
 * Return: 0; -ENODEV unless the file has %KVM_PRIVATE_FLAG_MMAP; -EINVAL unless
 * it is a shared mapping.
 */
int kvm_private_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(kvm_private_file(file)->flags & KVM_PRIVATE_FLAG_MMAP))
		return -ENODEV;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;

	kvm_private_vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_private_data = kvm_private_file(file);
	vma->vm_ops = &kvm_private_vm_ops;
	return 0;
}

/**
 * kvm_private_unmap() - remove the host's mappings of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Context: may sleep. The invalidate_lock is held for writing; when that ends,
 * mappings may come back.
 */
void kvm_private_unmap(struct kvm_private_file *f, pgoff_t start, pgoff_t end)
{
	lockdep_assert_held_write(&f->invalidate_lock);

	unmap_mapping_pages(f->mapping, start, end - start, false);
}
