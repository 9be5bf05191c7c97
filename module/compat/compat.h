/* SPDX-License-Identifier: GPL-2.0-only */
/* The differences between the kernels that the module builds for. */
#ifndef KVM_PRIVATE_COMPAT_H
#define KVM_PRIVATE_COMPAT_H

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/maple_tree.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>

/* Before idmapped mounts got a type, inode operations took the namespace. */
#ifndef KVM_PRIVATE_HAVE_MNT_IDMAP
#define mnt_idmap user_namespace
#endif

static inline void kvm_private_fillattr(struct mnt_idmap *idmap, u32 mask,
					struct inode *inode,
					struct kstat *stat)
{
#ifdef KVM_PRIVATE_HAVE_FILLATTR_MASK
	generic_fillattr(idmap, mask, inode, stat);
#else
	generic_fillattr(idmap, inode, stat);
#endif
}

static inline void kvm_private_vm_flags_set(struct vm_area_struct *vma,
					    unsigned long flags)
{
#ifdef KVM_PRIVATE_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* Lets go of the lock that a fault is handled under, before it returns VM_FAULT_RETRY. */
static inline void kvm_private_release_fault_lock(struct vm_fault *vmf)
{
#ifdef KVM_PRIVATE_HAVE_RELEASE_FAULT_LOCK
	release_fault_lock(vmf);
#else
	mmap_read_unlock(vmf->vma->vm_mm);
#endif
}

/* vm_operations_struct.get_policy may also say where interleaving begins. */
#ifdef KVM_PRIVATE_HAVE_GET_POLICY_ILX
#define KVM_PRIVATE_ADDRESS_AND_ILX	address, pgoff_t *ilx
#else
#define KVM_PRIVATE_ADDRESS_AND_ILX	address
#endif

/*
 * mas_store_gfp() tries to allocate nodes without the caller's flags first, so that no
 * memory cgroup pays for them. mas_preallocate() uses the flags, but not all kernels export
 * it.
 */
static inline int kvm_private_mas_store(struct ma_state *mas, void *entry,
					gfp_t gfp)
{
#ifdef KVM_PRIVATE_HAVE_MAS_PREALLOCATE
	int ret = mas_preallocate(mas, entry, gfp);

	if (!ret)
		mas_store_prealloc(mas, entry);
	return ret;
#else
	return mas_store_gfp(mas, entry, gfp);
#endif
}

/**
 * kvm_private_alloc_contig() - allocate these very pages
 * @start: first pfn
 * @end: pfn after the last
 * @gfp: how hard to try
 *
 * Context: may sleep, for long.
 * Return: 0, and each page has a reference of its own; a negative errno.
 */
static inline int kvm_private_alloc_contig(unsigned long start,
					   unsigned long end, gfp_t gfp)
{
#ifdef KVM_PRIVATE_HAVE_ALLOC_CONTIG
	return alloc_contig_range(start, end, MIGRATE_MOVABLE, gfp);
#else
	return -EOPNOTSUPP;
#endif
}

/**
 * kvm_private_split_charge() - let each page carry its own charge
 * @head: first page of an allocation, which carries the charge for all of them
 * @order: log2 of their number
 *
 * split_page() does the same, but the function that it has for that isn't exported.
 */
static inline void kvm_private_split_charge(struct page *head,
					    unsigned int order)
{
#ifdef CONFIG_MEMCG
	unsigned long nr = 1UL << order, i;
	struct folio *folio = page_folio(head);

	if (!folio_memcg_kmem(folio))
		return;
	for (i = 1; i < nr; i++)
		head[i].memcg_data = folio->memcg_data;
	obj_cgroup_get_many(__folio_objcg(folio), nr - 1);
#endif
}

#endif /* KVM_PRIVATE_COMPAT_H */
