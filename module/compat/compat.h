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
#include <linux/slab.h>
#include <linux/workqueue.h>

/* Before idmapped mounts got a type, inode operations took the namespace. */
#ifndef KVM_PRIVATE_HAVE_MNT_IDMAP
#define mnt_idmap user_namespace
#endif

/* Newer kernels warn of the old name's use. */
#ifndef KVM_PRIVATE_HAVE_DFL_WQ
#define system_dfl_wq system_unbound_wq
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

#ifdef KVM_PRIVATE_HAVE_MAPLE_SHEAVES
/*
 * A store that takes one node allocates it with the caller's flags. One that takes several
 * has them from a sheaf of the slab allocator, for which no memory cgroup pays.
 */
static inline bool kvm_private_mas_needs_room(struct ma_state *mas)
{
	return mas->sheaf;
}

/* May the memory cgroup be charged for the nodes that a store adds? */
static inline bool kvm_private_mas_has_room(gfp_t gfp)
{
	void *room = kmalloc_array(4, sizeof(struct maple_node), gfp);

	kfree(room);
	return room;
}

static inline void kvm_private_mas_charge_leaf(struct ma_state *leaf, gfp_t gfp)
{
	mas_walk(leaf);
	if (mas_is_active(leaf))
		kmem_cache_charge((void *)((unsigned long)leaf->node &
					   ~MAPLE_NODE_MASK), gfp);
}

/*
 * A store makes three leaves side by side at most, one of which has its range. So the leaf
 * is charged, and two on each side, unless they are already. Inner nodes, of which there
 * is one for several leaves, aren't charged.
 *
 * The charge can't fail: where another task has taken the room meanwhile, the memory cgroup
 * goes beyond its limit by these leaves.
 */
static inline void kvm_private_mas_charge(struct maple_tree *tree,
					  unsigned long index, gfp_t gfp)
{
	MA_STATE(leaf, tree, index, index);
	unsigned long min, max;
	int i;

	gfp |= __GFP_NOFAIL;
	kvm_private_mas_charge_leaf(&leaf, gfp);
	if (!mas_is_active(&leaf))
		return;
	min = leaf.min;
	max = leaf.max;
	for (i = 0; i < 2 && min; i++) {
		mas_set(&leaf, min - 1);
		kvm_private_mas_charge_leaf(&leaf, gfp);
		min = leaf.min;
	}
	for (i = 0; i < 2 && max < ULONG_MAX; i++) {
		mas_set(&leaf, max + 1);
		kvm_private_mas_charge_leaf(&leaf, gfp);
		max = leaf.max;
	}
}
#else
static inline bool kvm_private_mas_needs_room(struct ma_state *mas)
{
	return false;
}

static inline bool kvm_private_mas_has_room(gfp_t gfp)
{
	return true;
}

static inline void kvm_private_mas_charge(struct maple_tree *tree,
					  unsigned long index, gfp_t gfp)
{
}
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
	unsigned long index = mas->index;
	bool charge;
	int ret;

	ret = mas_preallocate(mas, entry, gfp);
	if (ret)
		return ret;

	charge = (gfp & __GFP_ACCOUNT) && kvm_private_mas_needs_room(mas);
	if (charge && !kvm_private_mas_has_room(gfp)) {
		mas_destroy(mas);
		return -ENOMEM;
	}
	mas_store_prealloc(mas, entry);
	if (charge)
		kvm_private_mas_charge(mas->tree, index, gfp);
	return 0;
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
#if !defined(KVM_PRIVATE_HAVE_ALLOC_CONTIG)
	return -EOPNOTSUPP;
#elif defined(KVM_PRIVATE_HAVE_ACR_FLAGS)
	return alloc_contig_range(start, end, ACR_FLAGS_NONE, gfp);
#else
	return alloc_contig_range(start, end, MIGRATE_MOVABLE, gfp);
#endif
}

/* A page's offset in its file, from which rmap finds the addresses that map it */
static inline void kvm_private_set_page_index(struct page *page, pgoff_t index)
{
#ifdef KVM_PRIVATE_HAVE_FOLIO_INDEX
	page->__folio_index = index;
#else
	page->index = index;
#endif
}

static inline struct folio *
kvm_private_vma_alloc_page(gfp_t gfp, struct vm_area_struct *vma)
{
#ifdef KVM_PRIVATE_HAVE_VMA_ALLOC_HUGEPAGE
	return vma_alloc_folio(gfp, 0, vma, 0, false);
#else
	return vma_alloc_folio(gfp, 0, vma, 0);
#endif
}

/**
 * kvm_private_alloc_among() - allocate on the nearest of some nodes that has memory
 * @gfp: how to allocate
 * @order: log2 of the number of pages
 * @nodes: the nodes
 *
 * Where modules can't give the page allocator a set of nodes, it is asked for one node
 * after the other: first what is free, then with the effort that @gfp allows.
 *
 * Context: as @gfp says.
 * Return: the first page, or NULL.
 */
#ifdef KVM_PRIVATE_HAVE_ALLOC_NODEMASK
static inline struct page *
kvm_private_alloc_among(gfp_t gfp, unsigned int order, nodemask_t *nodes)
{
	return __alloc_pages(gfp, order, numa_mem_id(), nodes);
}
#else
static inline int kvm_private_nearest_node(const nodemask_t *nodes)
{
	int nearest = first_node(*nodes), here = numa_mem_id(), nid;

	for_each_node_mask(nid, *nodes)
		if (node_distance(here, nid) < node_distance(here, nearest))
			nearest = nid;
	return nearest;
}

static inline struct page *
kvm_private_alloc_nearest(gfp_t gfp, unsigned int order,
			  const nodemask_t *nodes)
{
	struct page *page = NULL;
	nodemask_t left;
	int nid;

	nodes_and(left, *nodes, node_states[N_MEMORY]);
	while (!page && !nodes_empty(left)) {
		nid = kvm_private_nearest_node(&left);
		node_clear(nid, left);
		page = alloc_pages_node(nid, gfp | __GFP_THISNODE, order);
	}
	return page;
}

static inline struct page *
kvm_private_alloc_among(gfp_t gfp, unsigned int order, nodemask_t *nodes)
{
	struct page *page;

	page = kvm_private_alloc_nearest((gfp & ~__GFP_DIRECT_RECLAIM) |
					 __GFP_NOWARN, order, nodes);
	if (!page && (gfp & __GFP_DIRECT_RECLAIM))
		page = kvm_private_alloc_nearest(gfp, order, nodes);
	return page;
}
#endif

/* The function of kmem folios alone became the one of all folios. */
#if defined(CONFIG_MEMCG) && !defined(KVM_PRIVATE_HAVE_KMEM_FOLIO_OBJCG)
#define __folio_objcg	folio_objcg
#endif

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
