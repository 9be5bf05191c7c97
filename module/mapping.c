// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's mappings of shared pages.
 *
 * A fault enters the page itself, while it holds the invalidate_lock for
 * reading: whoever holds it for writing and has removed the mappings of a range
 * knows that there are none, and that none comes.
 */

#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat/compat.h"
#include "fail_point.h"
#include "internal.h"
#include "observer.h"
#include "unit.h"

/* Pages that a fault maps at most, in a naturally aligned window of the file */
#define KVM_PRIVATE_FAULT_AROUND	16

/*
 * Who touches a page mostly goes on to the next: map those too that follow it,
 * as long as they are there and shared.
 */
static void map_following(struct kvm_private_file *f, struct vm_fault *vmf)
{
	struct page *pages[KVM_PRIVATE_FAULT_AROUND];
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t start = vmf->pgoff + 1, next = start;
	unsigned long nr = 0, left;
	struct kvm_private_unit unit;
	struct page *page;
	pgoff_t end;

	end = min3(round_up(start, KVM_PRIVATE_FAULT_AROUND),
		   vma->vm_pgoff + vma_pages(vma),
		   kvm_private_file_end(f));
	if (start >= end || !kvm_private_state_find(f, false, &next, &end) ||
	    next != start)
		return;

	for (; next < end; next++) {
		page = kvm_private_store_get(f, next, 0, &unit);
		if (!page)
			break;
		if (unlikely(PageHWPoison(page) || unit.whole)) {
			put_page(page);
			break;
		}
		kvm_private_tell_host_access(page, 1, false);
		pages[nr++] = page;
	}

	left = nr;
	if (nr && !kvm_private_fails(KVM_PRIVATE_FAIL_FOLLOWING))
		vm_insert_pages(vma, (vmf->address & PAGE_MASK) + PAGE_SIZE,
				pages, &left);
	while (nr)
		put_page(pages[--nr]);
}

/* A page that goes by itself, as those do that somebody else may come to hold */
static struct page *get_page_for(struct kvm_private_file *f, pgoff_t index)
{
	struct kvm_private_unit unit;
	struct page *page;

	for (;;) {
		page = kvm_private_store_get(f, index,
					     kvm_private_auto_alloc(f) ?
						     index + 1 : 0, &unit);
		if (IS_ERR_OR_NULL(page) || !unit.whole)
			return page;
		put_page(page);
		kvm_private_store_break(f, index);
	}
}

static vm_fault_t map_shared(struct kvm_private_file *f, struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t ret;

	if (kvm_private_state_is_private(f, vmf->pgoff))
		return VM_FAULT_SIGBUS;

	/* Over a limit it is SIGBUS too: no OOM killer could help. */
	page = get_page_for(f, vmf->pgoff);
	if (IS_ERR_OR_NULL(page))
		return VM_FAULT_SIGBUS;

	kvm_private_tell_host_access(page, 1, false);
	if (unlikely(PageHWPoison(page))) {
		ret = VM_FAULT_HWPOISON;
	} else {
		switch (kvm_private_may_fail(MAPPING, -ENOMEM,
					     vm_insert_page(vmf->vma,
							    vmf->address & PAGE_MASK,
							    page))) {
		case 0:
			map_following(f, vmf);
			ret = VM_FAULT_NOPAGE;
			break;
		case -EBUSY:	/* somebody else was faster */
			ret = VM_FAULT_NOPAGE;
			break;
		case -ENOMEM:
			ret = VM_FAULT_OOM;
			break;
		default:
			ret = VM_FAULT_SIGBUS;
		}
	}
	put_page(page);

	return ret;
}

static vm_fault_t kvm_private_vm_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct kvm_private_file *f = kvm_private_file(file);
	vm_fault_t ret;

	if (vmf->pgoff >= i_size_read(file_inode(file)) >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	/* Who is killed meanwhile comes back here no more. */
	if (down_read_killable(&f->invalidate_lock))
		return VM_FAULT_NOPAGE;
	ret = map_shared(f, vmf);
	up_read(&f->invalidate_lock);

	return ret;
}

#ifdef CONFIG_NUMA
/* The kernel holds the mmap_lock for writing, and a copy for the mapping. */
static int kvm_private_vm_set_policy(struct vm_area_struct *vma,
				     struct mempolicy *mempolicy)
{
	return kvm_private_policy_set(vma->vm_private_data, vma->vm_pgoff,
				      vma->vm_pgoff + vma_pages(vma),
				      mempolicy);
}
#endif

static const struct vm_operations_struct kvm_private_vm_ops = {
	.fault		= kvm_private_vm_fault,
#ifdef CONFIG_NUMA
	.set_policy	= kvm_private_vm_set_policy,
	.get_policy	= kvm_private_vm_get_policy,
#endif
};

/**
 * kvm_private_mmap() - map a private file
 * @file: the file
 * @vma: becomes a mapping of its shared pages
 *
 * VM_MIXEDMAP is what vm_insert_page() asks for. It also keeps mlock() away,
 * which would hold references of pages that could then not become private. It
 * doesn't keep a mapping from growing, but the kernel joins no such mappings, so
 * that growing in place is ENOMEM.
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
